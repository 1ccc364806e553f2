// SPDX-License-Identifier: Apache-2.0
// One message: its fields or XML, and its bytes with the bits of the chosen field lit. Of what is no
// message: what the record says of it.

let chosenEntry = null; // index of the entry that is shown
let chosenPath = null; // path of the field whose bits are lit
let tab = 'fields';
let nodes = []; // all of the message's elements, in order
const MOST_BYTES = 1600; // shown of a long message

function closeMessage() {
    byId('message').hidden = true;
    document.body.classList.remove('in-message');
    for (const row of findAll('.ladder-row[aria-current]')) row.removeAttribute('aria-current');
    chosenEntry = null;
}

// Shows entry i; `quiet`: without moving the ladder.
function choose(i, quiet) {
    if (!content || !content.entries[i]) return;
    const row = () => find(`.ladder-row[data-e="${i}"]`);
    chosenEntry = i;
    if (!row()) drawLadder(current);
    for (const other of findAll('.ladder-row[aria-current]')) other.removeAttribute('aria-current');
    if (row()) {
        row().setAttribute('aria-current', 'true');
        if (!quiet) row().scrollIntoView({ block: 'nearest' });
    }
    drawMessage();
    markCurves(content.entries[i]);
}

const chooseBeside = (delta) => choose(chosenEntry + delta);

// ---- head ----

function direction(entry) {
    const [vehicle, station] = ends(current);
    return entry.from
        ? say('from_to', station, say('vehicle'))
        : say('from_to', vehicle, say('station'));
}

function messageHead(entry, name, lines) {
    const step = (delta, sign, label) =>
        h(
            'button.tool',
            {
                'aria-label': say(label),
                disabled: !content.entries[entry.i + delta],
                onclick: () => chooseBeside(delta),
            },
            sign,
        );
    return h(
        'div.message-head',
        h(
            'div.row-of',
            h('h2', breakable(name)),
            step(-1, '↑', 'previous_message'),
            step(1, '↓', 'next_message'),
            h(
                'button.tool',
                {
                    'aria-label': say('close'),
                    title: say('close') + ' (Esc)',
                    onclick: closeAndRedraw,
                },
                '✕',
            ),
        ),
        h(
            'div.facts-line',
            lines.filter(Boolean).map((line) => h('span', line)),
        ),
    );
}

function closeAndRedraw() {
    const row = chosenEntry != null && find(`.ladder-row[data-e="${chosenEntry}"]`);
    closeMessage();
    redrawWide();
    if (row) row.focus({ preventScroll: true });
}

// ---- fields ----

// Every message of DIN and -2 is wrapped in V2G_Message: fields begin within its body, header last.
function unwrapped(root) {
    const top = root.kids[0];
    if (!top || root.kids.length > 1 || top.value != null) return root.kids;
    const header = top.kids.filter((k) => k.name === 'Header');
    const rest = top.kids
        .filter((k) => k.name !== 'Header')
        .flatMap((k) => (k.name === 'Body' && k.kids[0] ? k.kids[0].kids : [k]));
    return [...rest, ...header];
}

const NUMBER_PARTS = new Set(['Value', 'Multiplier', 'Exponent', 'Unit']);

// 358 V for Multiplier -1, Unit V, Value 3580; null for all others.
function physical(node) {
    if (node.kids.length < 2 || !node.kids.every((k) => NUMBER_PARTS.has(k.name))) return null;
    const part = (name) => (node.kids.find((k) => k.name === name) || {}).value;
    const value = +part('Value') * 10 ** +(part('Multiplier') ?? part('Exponent') ?? 0);
    return isFinite(value)
        ? +value.toPrecision(9) + (part('Unit') ? ' ' + part('Unit') : '')
        : null;
}

const isBad = (node, entry) => {
    const step = content.bad;
    return (
        step &&
        step.entry === entry.i &&
        step.verdict !== 'pass' &&
        fieldOf(step).split('.').at(-1) === node.name
    );
};

function fieldRows(kids, entry) {
    const rows = [],
        told = new Set();
    const walk = (node, depth) => {
        const whole = physical(node),
            value = whole ?? node.value,
            doc = docOf(node);
        rows.push(
            h(
                'button.field-row' +
                    (value == null ? '.group' : '') +
                    (isBad(node, entry) ? '.bad' : ''),
                {
                    style: '--depth:' + depth,
                    'data-path': node.path,
                    'aria-pressed': String(node.path === chosenPath),
                    onclick: () => chooseField(node),
                },
                h('span.key', breakable(node.name)),
                h('span.value', value ?? ''),
                doc && !told.has(doc + node.name) ? h('span.doc', doc) : null,
            ),
        );
        told.add(doc + node.name);
        if (whole == null || (chosenPath && chosenPath.startsWith(node.path)))
            node.kids.forEach((k) => walk(k, depth + 1));
    };
    kids.forEach((k) => walk(k, 0));
    return rows;
}

function chooseField(node) {
    const opens = physical(node) != null;
    chosenPath = node.path;
    if (opens) return drawMessage();
    for (const row of findAll('.field-row[aria-pressed=true]'))
        row.setAttribute('aria-pressed', 'false');
    const row = find(`.field-row[data-path="${CSS.escape(node.path)}"]`);
    if (row) row.setAttribute('aria-pressed', 'true');
    drawBytes(content.entries[chosenEntry]);
}

// ---- XML, from the same rows as the fields ----

function xmlParts(root) {
    const parts = [];
    const grey = (text) => parts.push(h('span.mute', text));
    const shownValue = (node) => (node.path === chosenPath ? h('mark', node.value) : node.value);
    const openTag = (node, attributes, end) => {
        grey('<' + node.name);
        for (const a of attributes) {
            grey(` ${a.name.slice(1)}="`);
            parts.push(shownValue(a));
            grey('"');
        }
        grey(end);
    };
    const walk = (node, depth) => {
        const attributes = node.kids.filter((k) => k.name[0] === '@'),
            kids = node.kids.filter((k) => k.name[0] !== '@');
        const name = { name: node.name.replace(/\[\d+\]$/, '') };
        parts.push('  '.repeat(depth));
        if (!kids.length && node.value == null) return openTag(name, attributes, '/>\n');
        openTag(name, attributes, kids.length ? '>\n' : '>');
        if (node.value != null) parts.push(shownValue(node));
        kids.forEach((k) => walk(k, depth + 1));
        grey((kids.length ? '  '.repeat(depth) : '') + `</${name.name}>\n`);
    };
    root.kids.forEach((k) => walk(k, 0));
    return parts;
}

// ---- bytes ----

// The bits of byte i that lie within [begin, end): [first, behind the last].
const litBits = (i, begin, end) => [Math.max(begin - i * 8, 0), Math.min(end - i * 8, 8)];

function byteCell(text, i, node) {
    const [from, to] = node ? litBits(i, node[0], node[1]) : [0, 0];
    if (from >= to) return h('i' + (i < 8 ? '.mute' : ''), { 'data-i': i }, text);
    const [a, b] = [from * 12.5, to * 12.5];
    return h(
        'i.lit' + (to - from < 8 ? '.partly' : ''),
        {
            'data-i': i,
            style: `background:linear-gradient(90deg,transparent ${a}%,var(--lit) ${a}% ${b}%,transparent ${b}%)`,
        },
        text,
    );
}

function binary(bytes, [begin, end]) {
    if (end - begin > 72 || end <= begin) return null;
    const cells = [];
    for (let i = begin >> 3; i <= (end - 1) >> 3 && i < bytes.length; i++) {
        const bits = parseInt(bytes[i], 16).toString(2).padStart(8, '0'),
            [from, to] = litBits(i, begin, end);
        cells.push(h('span', bits.slice(0, from), h('b', bits.slice(from, to)), bits.slice(to)));
    }
    return h('div.binary', cells);
}

function bytesCaption(entry, node, range, count) {
    if (!node)
        return h(
            'span',
            count > MOST_BYTES
                ? say('cut_bytes', number(MOST_BYTES), number(count))
                : say('choose_field'),
        );
    const isEXI = !node.path.startsWith('SECCDiscovery');
    return h(
        'span',
        say(
            isEXI ? 'bits' : 'octets',
            node.name,
            range[0] - HEADER_BITS,
            range[1] - HEADER_BITS - 1,
        ),
    );
}

function drawBytes(entry) {
    const home = byId('bytes'),
        bytes = entry.hex.match(/../g) || [];
    const node = nodes.find((n) => n.path === chosenPath);
    const range = node ? [node.valueBegin ?? node.begin, node.valueEnd ?? node.end] : null;
    const cells = [];
    bytes.slice(0, MOST_BYTES).forEach((text, i) => {
        if (i % 16 === 0) cells.push(h('span', i.toString(16).padStart(4, '0')));
        cells.push(byteCell(text, i, range));
    });
    home.replaceChildren(
        h('div.caption', bytesCaption(entry, node, range, bytes.length)),
        h('div.hex', cells),
        (range && binary(bytes, range)) || '',
    );
    home.onclick = (event) => {
        const cell = event.target.closest('i[data-i]');
        if (cell) chooseBit(+cell.dataset.i * 8 + 4);
    };
    const lit = home.querySelector('.lit');
    if (lit) lit.scrollIntoView({ block: 'nearest' });
}

// The field that has that bit, else the next behind it.
function chooseBit(bit) {
    const leaves = nodes.filter((n) => n.value != null);
    const node =
        leaves.find((n) => n.valueBegin <= bit && bit < n.valueEnd) ||
        leaves.find((n) => n.begin <= bit && bit < n.end) ||
        leaves.find((n) => n.begin >= bit);
    if (!node) return;
    chosenPath = node.path;
    drawMessage();
}

// ---- the pane ----

const TABS = [
    ['fields', () => say('fields')],
    ['xml', () => 'XML'],
];

const tabRow = () =>
    h(
        'div.tabs',
        { role: 'tablist', 'aria-label': say('message'), onkeydown: walkTabs },
        TABS.map(([key, word]) =>
            h(
                'button',
                {
                    role: 'tab',
                    id: 'tab-' + key,
                    'aria-selected': String(tab === key),
                    'aria-controls': 'panel',
                    tabindex: tab === key ? 0 : -1,
                    onclick: () => openTab(key),
                },
                word(),
            ),
        ),
    );

function openTab(key) {
    tab = key;
    if (chosenEntry != null) drawMessage();
}

function walkTabs(event) {
    if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return;
    openTab(tab === 'fields' ? 'xml' : 'fields');
    byId('tab-' + tab).focus();
    event.preventDefault();
}

function drawFrame(pane, frame) {
    const root = frameTree(frame, content.words),
        t = frame.timer;
    nodes = [];
    const gather = (node) =>
        node.kids.forEach((k) => {
            nodes.push(k);
            gather(k);
        });
    gather(root);
    const bad = nodes.find((n) => isBad(n, frame)),
        self = nodes.find((n) => n.name === frame.name);
    if (!nodes.some((n) => n.path === chosenPath)) chosenPath = bad ? bad.path : null;
    const head = messageHead(frame, frame.name, [
        '#' + frame.n,
        direction(frame),
        seconds(frame.at, 3) + ' s',
        say('bytes_n', number(frame.hex.length / 2)),
    ]);
    if (self && docOf(self)) head.append(h('div.doc', docOf(self)));
    if (frame.problem) head.append(h('p.problem', frame.problem));
    if (t)
        head.append(
            h(
                'div.step-time',
                limitBar(t.us, t.limit),
                h('span.n', say('answered', time(t.us), time(t.limit))),
            ),
        );
    pane.replaceChildren(
        head,
        tabRow(),
        h(
            'div.panel',
            { id: 'panel', role: 'tabpanel', tabindex: 0, 'aria-labelledby': 'tab-' + tab },
            tab === 'fields' ? fieldRows(unwrapped(root), frame) : h('pre.xml', xmlParts(root)),
        ),
        h('div.bytes', { id: 'bytes', tabindex: 0, role: 'group', 'aria-label': say('hex') }),
    );
    drawBytes(frame);
}

// What is no message: its text, and all that the record says of it.
function drawRemark(pane, entry) {
    nodes = [];
    const rows = Object.entries(entry.more).filter(
        ([key, v]) => key !== 'text_ko' && v !== '' && v != null,
    );
    pane.replaceChildren(
        messageHead(entry, kindWord(entry.kind), [
            seconds(entry.at, 3) + ' s',
            entry.from < 0 ? '' : say(entry.from ? 'station' : 'vehicle'),
        ]),
        h('span'),
        h(
            'div.panel',
            { tabindex: 0, role: 'group', 'aria-label': kindWord(entry.kind) },
            entry.text
                ? h('p.remark-text' + (entry.ok ? '' : '.fail'), told(entry.more, 'text') || entry.text)
                : null,
            h(
                'dl.facts.remark-facts',
                rows.map(([key, v]) =>
                    fact(
                        WORDS['d_' + key] ? say('d_' + key) : key,
                        h(
                            'span.mono',
                            typeof v === 'object' ? JSON.stringify(v, null, 1) : String(v),
                        ),
                    ),
                ),
            ),
        ),
    );
}

function drawMessage() {
    const pane = byId('message'),
        entry = content.entries[chosenEntry];
    const opens = pane.hidden;
    pane.hidden = false;
    document.body.classList.add('in-message');
    (isFrame(entry) ? drawFrame : drawRemark)(pane, entry);
    const pressed = pane.querySelector('[aria-pressed=true]');
    if (pressed) pressed.scrollIntoView({ block: 'nearest' });
    if (opens) redrawWide();
}
