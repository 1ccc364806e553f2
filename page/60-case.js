// SPDX-License-Identifier: Apache-2.0
// One case: what was found, its steps, and what surrounds ladder, curves and times.

let content = null; // of the case that is open
let unfolded = false; // whether its loops are shown in full

const testedSide = (c) => (c.sut === 'EVCC' ? 'EVCC' : 'SECC');

// The names of both ends, vehicle first: who tests, who is tested.
function ends(c) {
    const names = [say('vehicle'), say('station')];
    if (!IS_RUN) return names;
    const vehicleTests = testedSide(c) === 'SECC';
    return [
        say(vehicleTests ? 'tester' : 'under_test', names[0]),
        say(vehicleTests ? 'under_test' : 'tester', names[1]),
    ];
}

function crumbs(c) {
    const at = shown.indexOf(c);
    const step = (delta, key, sign, label) =>
        h(
            'button.tool',
            {
                'aria-label': say(label),
                title: `${say(label)} (${key})`,
                disabled: at < 0 || !shown[at + delta],
                onclick: () => openCase(shown[at + delta]),
            },
            sign,
        );
    return h(
        'div.crumbs',
        h('a.tool', { href: '#' }, '‹ ', say('overview')),
        h('span.gap'),
        h('span.n', at < 0 ? '' : say('n_of', number(at + 1), number(shown.length))),
        step(-1, 'p', '↑', 'previous_case'),
        step(1, 'n', '↓', 'next_case'),
    );
}

const title = (c) => [
    h(
        'h1' + (IS_RUN ? '.sentence' : ''),
        { lang: IS_RUN ? aboutLanguage(c) : null },
        (IS_RUN && about(c)) || c.key,
    ),
    h(
        'div.case-id',
        IS_RUN
            ? h('span.mono', h('span.mute', c.prefix), c.rest + (c.round > 1 ? ' #' + c.round : ''))
            : null,
        h(
            'span.mute',
            !IS_RUN ? about(c) : c.prefix.startsWith('DRV_') ? say('own_id') : c.suite || '',
        ),
        IS_RUN && aboutLanguage(c) ? h('span.mute', say('english_only')) : null,
    ),
];

function ruleLinks(rules) {
    return rules.map((rule) =>
        h(
            'button.link.mono',
            {
                title: say('mapping'),
                onclick: () => {
                    setFilters({ rule }, true);
                    location.hash = '';
                },
            },
            rule,
        ),
    );
}

function verdicts(c) {
    // A session or a capture that nobody has judged is only in time, or not, or has no time.
    const unjudged = ['seen', 'late', 'untimed'].includes(c.outcome);
    const pair = [
        fact(
            say(unjudged ? 'times' : 'conformance'),
            mark(c.outcome, ''),
            h('span.' + c.outcome, say(c.outcome)),
        ),
        IS_RUN
            ? fact(say('field'), mark(c.field, ''), h('span.' + c.field, fieldWord(c.field)))
            : null,
    ];
    return h(
        'dl.verdicts',
        pair,
        c.rules.length ? fact(say('rules'), ruleLinks(c.rules)) : null,
        fact(say('protocol'), c.protocol + (c.mode ? ' ' + c.mode : '')),
        c.frames != null ? fact(say('messages'), number(c.frames)) : null,
        c.us != null ? fact(say('took'), time(c.us)) : null,
        c.before
            ? fact(
                  say('in_a'),
                  mark(c.before.verdict, ''),
                  h('span.' + c.before.verdict, say(c.before.verdict)),
              )
            : null,
        c.history
            ? fact(say('before_this'), pastMarks(c), c.flaky ? h('b.was', say('flaky')) : null)
            : null,
    );
}

// ---- what decided ----

function findingHead(outcome, rest) {
    const key = {
        fail: 'find_fail',
        late: 'find_fail',
        error: 'find_error',
        beyond: 'find_beyond',
        na: 'find_na',
    }[outcome];
    return h(
        'h2',
        mark(outcome, ''),
        say(key || 'find_inconclusive'),
        rest ? h('span.mute', rest) : null,
    );
}

const expectedFound = (step, outcome) =>
    h(
        'dl.expected-found',
        h('div', h('dt', say('expected')), h('dd', breakable(wanted(step)))),
        h(
            'div',
            h('dt', say('found')),
            h('dd.found.' + outcome, breakable(foundText(told(step, 'found')) || '–')),
        ),
    );

// Times of steps are in ms.
function stepTime(step) {
    if (!(step.limit > 0) || step.taken == null) return null;
    const over = step.taken > step.limit;
    return h(
        'div.step-time' + (hasCome(step, content) ? '' : '.out'),
        limitBar(step.taken * 1000, step.limit * 1000),
        h(
            'span.n.' + (over ? 'fail' : 'mute'),
            say('time_of', time(step.taken * 1000), time(step.limit * 1000)),
        ),
    );
}

function finding(c) {
    const step = content.bad;
    if (!step && !content.reason) return null;
    const outcome = c.outcome === 'pass' ? step.verdict : c.outcome;
    const frame = step && content.entries[step.entry];
    return h(
        'div.finding.' + outcome,
        { id: 'finding' },
        findingHead(outcome, step ? step.path.replace('.', ' · ') : ''),
        content.reason ? h('p', told(content, 'reason')) : null,
        step ? [expectedFound(step, step.verdict), stepTime(step)] : null,
        step && (step.tolerated || step.advice)
            ? h(
                  'p.tolerance',
                  h('b', say(step.tolerated ? 'tolerated' : 'advice')),
                  ' ',
                  told(step, 'tolerated') || told(step, 'advice'),
              )
            : null,
        step
            ? h(
                  'div.finding-more',
                  step.cites ? h('span.mono', step.cites) : null,
                  step.timer ? h('span.mono', breakable(step.timer)) : null,
                  frame && frame.n
                      ? h(
                            'button.link',
                            { onclick: () => choose(step.entry) },
                            say('show_message', '#' + frame.n),
                        )
                      : null,
                  h('span.mono', step.where),
                  step.us >= 0 ? h('span.n', seconds(step.us, 3) + ' s') : null,
              )
            : null,
        step && step.trace ? h('details', h('summary', say('trace')), h('pre', step.trace)) : null,
    );
}

// ---- steps ----

function stepRow(step) {
    const frame = content.entries[step.entry];
    const name = step.path ? step.path.split(/[.:]/)[0] : '';
    const field = fieldOf(step);
    return h(
        'li',
        mark(step.verdict),
        h('span.kind', say('s_' + step.kind)),
        h(
            'span.what',
            name ? h('span.strong', breakable(name)) : null,
            h(
                'span.' + (name ? 'mono.mute' : 'strong'),
                field ? field + ' = ' : '',
                breakable(wanted(step)),
            ),
            step.verdict !== 'pass' || step.kind === 'report'
                ? h('span.mono.' + step.verdict, breakable(foundText(told(step, 'found'))))
                : null,
        ),
        h('span.where.mono', { title: step.where }, step.where.split('/').slice(-2).join('/')),
        h(
            'span.n',
            frame && frame.n
                ? h(
                      'button.link',
                      {
                          'aria-label': say('show_message', '#' + frame.n),
                          onclick: () => choose(step.entry),
                      },
                      '#' + frame.n,
                  )
                : '',
        ),
    );
}

// So many steps in a row that are alike and passed are one line, until they are asked for.
const ALIKE_STEPS = 5;
const isAlike = (a, b) =>
    b &&
    b.verdict === 'pass' &&
    ['kind', 'expected', 'path', 'where'].every((key) => a[key] === b[key]);

function alikeRow(alike, list) {
    const row = h(
        'li.alike',
        mark('pass'),
        h('span.kind', say('s_' + alike[0].kind)),
        h(
            'span.what',
            h(
                'button.link',
                {
                    onclick: () => row.replaceWith(...alike.map(stepRow)),
                },
                say('alike', wanted(alike[0]), number(alike.length)),
            ),
        ),
        h('span'),
        h('span'),
    );
    list.push(row);
}

function stepRows() {
    const rows = [],
        { steps: all } = content;
    for (let i = 0, end; i < all.length; i = end) {
        for (end = i + 1; isAlike(all[i], all[end]);) end++;
        if (all[i].verdict === 'pass' && end - i >= ALIKE_STEPS) alikeRow(all.slice(i, end), rows);
        else rows.push(...all.slice(i, end).map(stepRow));
    }
    return rows;
}

const steps = () =>
    content.steps.length ? section(say('steps'), null, h('ol.steps', { 'aria-label': say('steps') }, stepRows())) : null;

function background(c) {
    const rows = [
        ['begins_at', c.given],
        ['set_before', c.set],
        ['doubt', told(c, 'doubt')],
    ].filter(([, v]) => v);
    return rows.length
        ? h(
              'dl.facts.background',
              rows.map(([key, v]) => fact(say(key), v)),
          )
        : null;
}

// A case has noticed it that fails; one that only does not pass has not.
const isNoticed = (mutant) => mutant.verdict === 'fail';

function mutants() {
    const list = content.mutants || [];
    if (!list.length) return null;
    const noticed = list.filter(isNoticed).length;
    return section(
        say('mutants'),
        say('mutants_sub', noticed, list.length),
        h(
            'table',
            h(
                'tbody',
                list.map((m) =>
                    h(
                        'tr',
                        h(
                            'td',
                            mark(
                                isNoticed(m) ? 'pass' : 'fail',
                                say(isNoticed(m) ? 'noticed' : 'unnoticed'),
                            ),
                        ),
                        h('td.mono', told(m.mutation, 'text')),
                        h('td', told(m, 'reason')),
                    ),
                ),
            ),
        ),
    );
}

// ---- what is beside the page ----

const fileLink = (folder, name) =>
    h(
        'a.link',
        {
            href: (folder + name).split('/').map(encodeURIComponent).join('/'),
            title: folder + name,
            target: '_blank',
            rel: 'noopener',
        },
        name,
    );

// The names of the record's files, some of them compressed.
const recordFiles = () => content.files || ['session.pcapng', 'events.jsonl'];

function source() {
    if (!content.source) return null;
    const [file, first, text] = content.source;
    const lines = new Set(
        content.steps
            .filter((s) => s.verdict !== 'pass' && s.where.startsWith(file + ':'))
            .map((s) => +s.where.slice(file.length + 1)),
    );
    return h(
        'details.source',
        h('summary', say('source'), h('span.mono.mute', ` ${file}:${first}`)),
        h(
            'pre',
            { tabindex: 0 },
            text
                .replace(/\n$/, '')
                .split('\n')
                .map((line, i) =>
                    h(
                        'span.line' + (lines.has(first + i) ? '.bad' : ''),
                        { 'data-n': first + i },
                        line + '\n',
                    ),
                ),
        ),
    );
}

function reproduce(c) {
    const record = content.record;
    const where = content.source
        ? `${content.source[0]}:${content.source[1]}`
        : c.file && `${c.file}:${c.line}`;
    return section(
        say('reproduce'),
        record ? say('reproduce_sub') : null,
        h(
            'dl.facts.files',
            record
                ? recordFiles().map((name) =>
                      fact(
                          say(/\.pcap(ng)?(\.gz)?$/.test(name) ? 'capture' : 'events'),
                          fileLink(record, name),
                      ),
                  )
                : null,
            where ? fact(say('script'), h('span.mono', where)) : null,
            content.command
                ? h(
                      'div.whole',
                      h('dt', say('command')),
                      h('dd.mono', content.command, ' ', copyButton(content.command)),
                  )
                : null,
        ),
        source(),
    );
}

// ---- all of it ----

const timesSection = () =>
    h('section', { id: 'times' }, h('div.head', h('h2', say('times'))), h('div.times'));

// The middle pane, from its top. Scrolling asks for the layout: the less is there yet, the better.
function fillMain(wrap) {
    byId('main').replaceChildren(wrap);
    byId('main').scrollTop = 0;
    if (innerWidth < 1100) byId('app').scrollTop = 0;
}

// Where nobody judges, the times come first: they are what a capture is looked at for.
function drawCase(c) {
    fillMain(
        h(
            'div.wrap.wide.case',
            crumbs(c),
            title(c),
            verdicts(c),
            finding(c),
            steps(),
            background(c),
            comparison(),
            IS_RUN ? null : timesSection(),
            h(
                'section',
                h(
                    'div.head',
                    h('h2', say('messages')),
                    h('span.gap'),
                    h('button.link', { id: 'fold', onclick: switchFold }),
                ),
                h('div.ladder', { id: 'ladder' }),
            ),
            h(
                'section',
                { id: 'curves' },
                h(
                    'div.head',
                    h('h2', say('curves')),
                    h('span.mute.hint'),
                    h('span.gap'),
                    h('span.mute.n', { id: 'curves-at' }),
                ),
                h('div.curves'),
            ),
            IS_RUN ? timesSection() : null,
            tls(),
            mutants(),
            reproduce(c),
        ),
    );
    drawTimes(c);
    drawLadder(c);
    if (!openDeciding(c)) drawCurves();
}

// Opens the message that decided where there is room beside the case, and draws the curves in what
// is left.
function openDeciding(c) {
    const { bad } = content;
    const opens = !!bad && bad.entry >= 0 && c.outcome !== 'pass' && innerWidth >= 1100;
    if (opens) choose(bad.entry, true);
    return opens;
}

// A case that was not played.
function drawUnplayed(c) {
    fillMain(
        h(
            'div.wrap.case',
            crumbs(c),
            title(c),
            verdicts(c),
            c.reason ? h('div.finding.na', findingHead('na'), h('p', reason(c))) : null,
            background(c),
        ),
    );
}

function switchFold() {
    unfolded = !unfolded;
    drawLadder(current);
}

async function showCase(c) {
    current = c;
    content = null;
    unfolded = false;
    document.body.classList.add('in-case');
    closeMessage();
    markCurrent();
    if (!c.block) drawUnplayed(c);
    else {
        try {
            const read = await loadCase(c);
            if (current !== c) return;
            content = read;
            drawCase(c);
        } catch (e) {
            fillMain(
                h('div.wrap.case', crumbs(c), title(c), h('p.warning', say('broken', e.message))),
            );
        }
    }
    announce(say('opened', c.key, say(c.outcome)));
}
