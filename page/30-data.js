// SPDX-License-Identifier: Apache-2.0
// Reads the blocks behind this script: docs/report-format.md tells what is in them.

const META = JSON.parse(byId('meta').textContent);
const IS_RUN = META.kind === 'run';
let PLAN = []; // all cases, in the order of the plan, behind them those that do not apply
let ENDED = null; // what the last block says; null: the run was killed, or goes on

const PROTOCOLS = {
    DIN70121: 'DIN 70121',
    'ISO15118-2': 'ISO 15118-2',
    'ISO15118-20': 'ISO 15118-20',
};

// Ids begin with what is the same in hundreds of rows: official ones, ours, other people's.
const PREFIX =
    /^(TC_(?:SECC|EVCC)_(?:CMN|AC|DC)_(?:VTB|ITB)_|DRV_[A-Z0-9]+_(?:(?:SECC|EVCC)_)?|V2GT_TC_[A-Z]+_|[A-Z0-9]+_(?:SECC|EVCC)_)(.+)$/;

// What follows is about a message, or what the first word says: AC_ChargeLoop_LEN, any_stop_CableCheck.
const AREA = /^(?:any_[a-z]+_(?:DIN_)?)?((?:(?:AC|DC|WPT)_|V2G)?[A-Z][A-Za-z]+)/;

async function unpack(text) {
    const packed = atob(text.trim().replace(/\.$/, ''));
    const bytes = Uint8Array.from(packed, (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return JSON.parse(await new Response(stream).text());
}

// A block that was being written when the run was killed lacks the dot at its end.
const isWhole = (element) => {
    const text = element.textContent;
    return text.charCodeAt(text.length - 1) === 46 || text.trimEnd().endsWith('.');
};

// Outcomes whose key here is none of results.md's words.
const OUTCOME_KEYS = { 'not reached': 'none', 'not applicable': 'na' };

function planCase(c, i, applies) {
    const [, prefix, rest] = PREFIX.exec(c.id) || [null, '', c.id];
    const area = AREA.exec(rest);
    return {
        ...c,
        i,
        prefix,
        rest,
        key: c.id + (c.round > 1 ? '#' + c.round : ''),
        protocol: PROTOCOLS[c.protocol] || c.protocol || '–',
        mode: (c.mode || '').toUpperCase(),
        area: area ? area[1] : rest.split('_')[0],
        rules: (c.cites || '').split(' ').filter(Boolean),
        outcome: applies ? 'none' : 'na',
        field: applies ? 'none' : 'na',
        reason: applies ? null : c.reason || '',
        before: c.before && {
            ...c.before,
            verdict: OUTCOME_KEYS[c.before.verdict] || c.before.verdict,
        },
    };
}

// The outcome of what nobody judges is read off its times.
const unjudged = (worst) => (worst == null ? 'untimed' : worst > 100 ? 'late' : 'seen');

function readBlock(element, cases) {
    let line;
    try {
        line = JSON.parse(element.dataset.i);
    } catch {
        return;
    }
    const [n, verdict, field, us, frames, cause, worst, shard] = line;
    const c = cases.get(n);
    if (!c || !isWhole(element)) return;
    Object.assign(c, {
        outcome: verdict || unjudged(worst),
        field: field || verdict || unjudged(worst),
        us,
        frames,
        cause,
        worst,
        shard: shard || 0,
        block: element,
    });
}

// Cases that were played several times, and not always with the same outcome.
function findChanged() {
    for (const rounds of groupBy(
        PLAN.filter((c) => c.block),
        (c) => c.id,
    ).values()) {
        const changed = rounds.length > 1 && new Set(rounds.map((c) => c.outcome)).size > 1;
        if (changed) for (const c of rounds) c.changed = true;
    }
}

// Letters of outcomes in a history; the newest is last.
const LETTERS = { P: 'pass', F: 'fail', I: 'inconclusive', E: 'error', B: 'beyond', '-': 'none' };

// A case is flaky whose verdict has changed and changed back, this run included.
function findFlaky() {
    const letterOf = (outcome) => Object.keys(LETTERS).find((l) => LETTERS[l] === outcome);
    for (const c of PLAN.filter((x) => x.history)) {
        const now = c.block ? letterOf(c.outcome) || '' : '';
        const all = c.history.last + now;
        const changes = [...all].filter((letter, i) => i && letter !== all[i - 1]).length;
        c.flaky = c.history.flaky || changes > 1;
    }
}

async function readPlan() {
    const plan = await unpack(byId('plan').textContent);
    PLAN = (plan.cases || []).map((c, i) => planCase(c, i, true));
    for (const c of plan.skipped || []) PLAN.push(planCase(c, PLAN.length, false));
    META.run = { ...(plan.run || {}), ...META };
}

function readBlocks() {
    const cases = new Map(PLAN.filter((c) => c.number != null).map((c) => [c.number, c]));
    for (const element of findAll('script.c')) readBlock(element, cases);
    const end = byId('end');
    ENDED = end && JSON.parse(end.textContent);
    for (const c of PLAN) {
        c.haystack = [
            c.key,
            c.about,
            c.about_ko,
            c.rules.join(' '),
            c.tags,
            c.protocol,
            c.suite,
            c.mode,
            c.reason,
            c.reason_ko,
            ...(c.cause || []),
        ]
            .join(' ')
            .toLowerCase();
    }
    findChanged();
    findFlaky();
}

// ---- the dictionary of each shard: paths, shapes, names, in order of first use ----

const dictionaries = new Map();

function dictionary(shard) {
    if (!dictionaries.has(shard)) {
        const blocks = findAll('script.d').filter(
            (e) => (+e.dataset.d || 0) === shard && isWhole(e),
        );
        dictionaries.set(
            shard,
            Promise.all(blocks.map((e) => unpack(e.textContent))).then((parts) => ({
                paths: parts.flatMap((p) => p[0]),
                shapes: parts.flatMap((p) => p[1]),
                names: parts.flatMap((p) => p[2]),
                certificates: parts.flatMap((p) => p[3] || []),
                summaries: new Map(),
                places: new Map(), // filled by ladder and curves, for each shape
            })),
        );
    }
    return dictionaries.get(shard);
}

// ---- a case ----

// The time nearest to its limit, or farthest beyond it.
function worstTime(timers) {
    const part = (t) => (t.limit > 0 ? t.us / t.limit : 0);
    return timers.reduce((a, b) => (!a || part(b) > part(a) ? b : a), undefined);
}

// The time that judges an answer: the worst, but of those that run over several messages only where
// there is no other.
function judging(timers) {
    const own = timers.filter((t) => !/Sequence|Setup|Ongoing/.test(t.name));
    return worstTime(own.length ? own : timers);
}

function readEntry(entry, i, names) {
    if (typeof entry[1] !== 'number') {
        const [at, kind, from, ok, text, more] = entry;
        return { i, at, kind, from, ok: !!ok, text: text || '', more: more || {} };
    }
    const [at, from, name, hex, shape, values, timers, problem, more] = entry;
    const frame = {
        i,
        at,
        from,
        name: names[name],
        hex,
        shape,
        values: values || [],
        problem,
        more: more || {},
        timers: (timers || []).map(([n, us, limit]) => ({ name: names[n], us, limit })),
    };
    frame.timer = judging(frame.timers);
    frame.code = frame.values.find((v) => /^(OK|FAILED|Failed|WARNING)(_|$)/.test(v));
    return frame;
}

let loaded = {}; // the case that was read last

async function loadCase(c) {
    if (loaded.c === c) return loaded.content;
    const [words, raw] = await Promise.all([dictionary(c.shard), unpack(c.block.textContent)]);
    const content = { ...raw, words, steps: raw.steps || [] };
    content.entries = raw.entries.map((e, i) => readEntry(e, i, words.names));
    content.frames = content.entries.filter((e) => e.hex != null);
    content.frames.forEach((frame, n) => (frame.n = n + 1));
    for (const step of content.steps) {
        if (!content.entries[step.entry]) step.entry = -1;
        if (step.kind === 'beyond' && step.verdict === 'inconclusive') step.verdict = 'beyond';
        for (const key of ['expected', 'found', 'where', 'path']) step[key] = step[key] || '';
    }
    content.bad = decidingStep(c, content.steps);
    loaded = { c, content };
    return content;
}

function decidingStep(c, steps) {
    if (['pass', 'seen'].includes(c.outcome)) return steps.find((s) => s.verdict !== 'pass');
    return steps.find((s) => s.verdict === c.outcome) || steps.find((s) => s.verdict !== 'pass');
}

// Whether the frame of a step is the one that was judged, or the last before what did not come.
const hasCome = (step, content) => {
    const frame = content.entries[step.entry];
    return (
        !!frame &&
        frame.name != null &&
        (step.verdict === 'pass' || !!step.path || step.found.includes(frame.name))
    );
};

// The field of `ServiceDiscoveryRes.ResponseCode`; '' where a path names none.
const fieldOf = (step) => (/^\w+\.(.+)$/.exec(step.path) || [])[1] || '';

// What was expected, without the name of the field that it begins with: that stands beside it.
function unnamed(expected, path) {
    const named =
        expected.startsWith(path + ' = ') || expected.startsWith(path.split('.')[0] + '.');
    return unquoted(
        named && expected.includes(' = ') ? expected.slice(expected.indexOf(' = ') + 3) : expected,
    );
}
const unquoted = (text) => (/^'[^']*'$/.test(text) ? text.slice(1, -1) : text);
// What is recorded in English has its Korean beside it, as far as the program says it itself.
const told = (object, key) => (isKorean() && object[key + '_ko']) || object[key] || '';
// What was found; `nothing` is a word of ours, all else is the device's.
const foundText = (found) => (found === 'nothing' ? say('found_nothing') : unquoted(found || ''));
const wanted = (step) => unnamed(told(step, 'expected'), step.path);

// ---- the tree of a frame, from the rows of its shape ----

// An SE row has its parent's path: the element is opened by the row behind it.
const ROW = { SE: 1, EE: 2, AT: 3, value: 6, field: 8 };
const HEADER_BITS = 64; // V2GTP

function addNode(parent, path, doc, begin, isAttribute) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const node = {
        name: isAttribute ? '@' + name : name,
        path,
        doc,
        kids: [],
        begin,
        end: begin,
    };
    parent.kids.push(node);
    return node;
}

function setValue(node, value, begin, width) {
    Object.assign(node, { value, valueBegin: begin, valueEnd: begin + width, end: begin + width });
}

function frameTree(frame, { paths, shapes }) {
    const root = { path: '', kids: [] };
    if (!(frame.shape >= 0)) return root;
    const open = [root];
    let bit = HEADER_BITS,
        v = 0,
        elementAt = null,
        attributeAt = null;
    for (const [row, p, width] of shapes[frame.shape]) {
        const doc = paths[p] || ['', '', ''],
            path = doc[0];
        if (elementAt != null && row && p >= 0) {
            open.push(addNode(open.at(-1), path, doc, elementAt, false));
            elementAt = null;
        }
        const top = open.at(-1);
        if (row === ROW.SE) elementAt = bit;
        else if (row === ROW.AT) attributeAt = bit;
        else if (row === ROW.value) {
            const isAttribute = path !== top.path && path.startsWith(top.path + '/');
            const node = isAttribute ? addNode(top, path, doc, attributeAt ?? bit, true) : top;
            setValue(node, frame.values[v++], bit, width);
        } else if (row === ROW.field) {
            setValue(addNode(top, path, doc, bit, false), frame.values[v++], bit, width);
        } else if (row === ROW.EE && open.length > 1) open.pop().end = bit + width;
        bit += width;
    }
    return root;
}

const docOf = (node) => (node.doc ? (isKorean() && node.doc[2]) || node.doc[1] || '' : '');

// The values of a shape by their paths, without building a tree: [index of the value, path].
function valuePaths(shape, { paths, shapes }) {
    let v = 0;
    return shapes[shape]
        .filter(([row]) => row === ROW.value || row === ROW.field)
        .map(([, p]) => [v++, p < 0 ? '' : paths[p][0]]);
}
