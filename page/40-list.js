// SPDX-License-Identifier: Apache-2.0
// Top line and list of cases, and what they are filtered by.

const FILTERS = {
    text: '',
    outcome: '',
    field: '',
    protocol: '',
    area: '',
    cause: '',
    rule: '',
    reason: '',
    changed: '',
    flaky: '',
};
const filters = { ...FILTERS };
let shown = []; // cases that the filters leave, worst first
let chosen = -1; // the one of `shown` that j and k have come to
let current = null; // the case that is open

// Two cases have the same cause where all but the figures in it is the same.
const causeKey = (c) => (c.cause ? c.cause.join('\u0001').replace(/\d+/g, '0') : '');

// What a cause is about: a message, else the connection, or what kind of step it is of.
const causeMessage = ([message, what]) =>
    message === 'TCP'
        ? say('s_connection')
        : message || say('s_' + (what === 'way' ? 'given' : what));

const causeExpected = (cause) => (isKorean() && cause[4]) || cause[2] || '';
const causeFound = (cause) => foundText((isKorean() && cause[5]) || cause[3]);
const causeText = ({ cause }) =>
    [causeMessage(cause), causeFound(cause)].filter(Boolean).join(': ');

function matches(c) {
    const words = filters.text.toLowerCase().split(/\s+/);
    return (
        ['outcome', 'field', 'protocol', 'area', 'reason'].every(
            (k) => !filters[k] || c[k] === filters[k],
        ) &&
        (!filters.cause || causeKey(c) === filters.cause) &&
        (!filters.rule || c.rules.includes(filters.rule)) &&
        (!filters.changed || c.changed || differs(c)) &&
        (!filters.flaky || c.flaky) &&
        words.every((word) => c.haystack.includes(word))
    );
}

// What a comparison with another run has put beside the plan.
const differs = (c) => c.before != null && c.before.verdict !== c.outcome;

// Sets some filters; `only`: and clears all others.
function setFilters(some, only) {
    if (only) Object.assign(filters, FILTERS);
    Object.assign(filters, some);
    if (byId('find')) byId('find').value = filters.text;
    drawList();
    if (!current && innerWidth < 1100) byId('list').scrollIntoView();
}

// ---- top line ----

const themeIcon = () =>
    svg(
        'svg',
        { width: 16, height: 16, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
        svg('circle', {
            cx: 8,
            cy: 8,
            r: 6,
            fill: 'none',
            stroke: 'currentColor',
            'stroke-width': 1.4,
        }),
        svg('path', { d: 'M8 2a6 6 0 010 12z', fill: 'currentColor' }),
    );

function pageTitle() {
    if (META.title) return META.title.split('/').pop();
    if (META.run.own_device) return say('own_device');
    if (META.run.started) return META.run.started.replace('T', ' ').slice(0, 16);
    return PLAN.length ? PLAN[0].key : '';
}

function drawTop() {
    const other = isKorean() ? 'en' : 'ko';
    document.title = 'v2glab · ' + pageTitle();
    find('.skip').textContent = say('skip');
    byId('list').setAttribute('aria-label', say(IS_RUN ? 'cases' : 'sessions'));
    byId('message').setAttribute('aria-label', say('message'));
    byId('help').setAttribute('aria-label', say('help'));
    byId('top').replaceChildren(
        h('a.brand', { href: '#' }, 'v2glab'),
        h('span.title', pageTitle()),
        h('span.gap'),
        h(
            'div.find',
            { role: 'search' },
            h('input', {
                id: 'find',
                type: 'search',
                placeholder: say('find'),
                'aria-label': say('find'),
                value: filters.text,
                autocomplete: 'off',
                spellcheck: 'false',
                oninput: (e) => {
                    filters.text = e.target.value;
                    drawList();
                },
            }),
            h('kbd', { 'aria-hidden': 'true' }, '/'),
        ),
        h(
            'button.tool',
            { title: say('theme') + ' (t)', 'aria-label': say('theme'), onclick: switchTheme },
            themeIcon(),
        ),
        h(
            'button.tool',
            { lang: other, title: say('other_language') + ' (l)', onclick: switchLanguage },
            say('other_language'),
        ),
        h(
            'button.tool',
            { title: say('help') + ' (?)', 'aria-label': say('help'), onclick: openHelp },
            '?',
        ),
    );
}

function switchTheme() {
    look.theme = look.theme === 'dark' ? 'light' : 'dark';
    store.set('theme', look.theme);
    applyLook();
}

// ---- list ----

const chip = (outcome, counts) =>
    h(
        'button.chip',
        {
            'aria-pressed': String(filters.outcome === outcome),
            title: say(outcome || 'all'),
            onclick: () => setFilters({ outcome: filters.outcome === outcome ? '' : outcome }),
        },
        outcome ? [mark(outcome), h('span', number(counts[outcome]))] : say('all'),
    );

// The filters that the chips do not show: what of each is said.
const TAGS = {
    area: (v) => v,
    protocol: (v) => v,
    rule: (v) => v,
    reason: (v) => reason(PLAN.find((c) => c.reason === v)),
    field: (v) => say('field') + ': ' + fieldWord(v),
    cause: (v) => causeText(PLAN.find((c) => causeKey(c) === v)),
    changed: () => say(PLAN.some(differs) ? 'differs' : 'changed'),
    flaky: () => say('flaky'),
};

function tag(key) {
    const text = TAGS[key](filters[key]);
    return h(
        'span.tag',
        h('span', { title: text }, text),
        h(
            'button',
            { 'aria-label': say('clear', text), onclick: () => setFilters({ [key]: '' }) },
            '×',
        ),
    );
}

// A filter that is on or off.
const switchChip = (key, sign, n) =>
    h(
        'button.chip',
        {
            'aria-pressed': String(!!filters[key]),
            title: TAGS[key](),
            onclick: () => setFilters({ [key]: filters[key] ? '' : 'yes' }),
        },
        sign,
        h('span', number(n)),
    );

// The distinguishing part of an id; its number is never cut.
function shortId(c) {
    const cut = c.rest.search(/_[^_]{1,12}$/);
    const round = c.round > 1 ? '#' + c.round : '';
    return cut > 0
        ? [h('span.name', c.rest.slice(0, cut)), h('span', c.rest.slice(cut) + round)]
        : [h('span.name', c.rest), round];
}

function rowText(c) {
    return c.cause ? causeText(c) : reason(c) || about(c) || (IS_RUN ? '' : c.protocol);
}

function rowNote(c) {
    if (differs(c)) return h('span.was', say('was', say(c.before.verdict)));
    if (c.changed) return h('span.was', { title: say('changed') }, '⇄');
    if (c.flaky) return h('span.was', { title: pastWords(c) }, say('flaky_short'));
    if (c.outcome === 'fail' && c.field === 'fail') return h('span.fail', say('charges_not_short'));
    if (!IS_RUN && c.worst != null) return say('of_limit', number(Math.round(c.worst)));
    return c.mode;
}

const pastWords = (c) => say('past', number(c.history.runs), number(c.history.passed));

// The last verdicts, oldest first: marks, so that none is told by a colour alone.
const pastMarks = (c) =>
    h(
        'span.past',
        { role: 'img', 'aria-label': pastWords(c), title: pastWords(c) },
        [...c.history.last].map((letter) => mark(LETTERS[letter] || 'none', '')),
    );

// Purposes are in English; in both languages where the plan has both.
const aboutLanguage = (c) => (isKorean() && c.about && !c.about_ko ? 'en' : null);
const about = (c) => (isKorean() && c.about_ko) || c.about || '';
const reason = (c) => (isKorean() && c.reason_ko) || c.reason || '';

function caseRow(c) {
    return h(
        'div.item',
        { role: 'listitem' },
        h(
            'a.row',
            { href: '#' + encodeURIComponent(c.key) },
            h('span.icon', mark(c.outcome)),
            h('span.id', { title: c.key }, shortId(c)),
            h(
                'span.n',
                c.us == null ? '' : c.us > 0 && c.us < 50000 ? '<0.1 s' : seconds(c.us, 1) + ' s',
            ),
            h('span.about', { lang: aboutLanguage(c) }, rowText(c)),
            h('span.note', rowNote(c)),
        ),
    );
}

// Rows are made once a language, and only put together by the filters.
function rowOf(c) {
    if (c.rowLanguage !== look.language) {
        c.row = caseRow(c);
        c.rowLanguage = look.language;
    }
    return c.row;
}

// Beyond so many rows a block gets its rows only when it comes near the screen.
const MANY_ROWS = 5000;
let fillBlock = () => {}; // that of a row of `shown`

function listRows(cases) {
    fillBlock = () => {};
    if (cases.length <= MANY_ROWS) return inBlocks(cases.map(rowOf));
    const blocks = [];
    const fill = (i) =>
        blocks[i].firstChild ||
        blocks[i].append(...cases.slice(i * BLOCK_ROWS, (i + 1) * BLOCK_ROWS).map(rowOf));
    const watch = new IntersectionObserver(
        (seen) => {
            for (const { target, isIntersecting } of seen) {
                if (!isIntersecting) continue;
                watch.unobserve(target);
                fill(blocks.indexOf(target));
            }
        },
        { rootMargin: '1500px' },
    );
    for (let i = 0; i < cases.length; i += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, cases.length - i);
        blocks.push(h('div.block.fixed', { style: `--rows:${rows}` }));
        watch.observe(blocks.at(-1));
    }
    fill(0);
    fillBlock = (row) => row >= 0 && fill(Math.floor(row / BLOCK_ROWS));
    return blocks;
}

const severity = (c) => OUTCOMES.indexOf(c.outcome);
const worstFirst = (a, b) =>
    severity(a) - severity(b) ||
    OUTCOMES.indexOf(a.field) - OUTCOMES.indexOf(b.field) ||
    (IS_RUN ? 0 : (b.worst || 0) - (a.worst || 0)) ||
    a.i - b.i;

function drawList() {
    const counts = countBy(PLAN, (c) => c.outcome);
    const changed = PLAN.filter((c) => c.changed || differs(c)).length;
    const flaky = PLAN.filter((c) => c.flaky).length;
    shown = PLAN.filter(matches).sort(worstFirst);
    const tags = Object.keys(TAGS)
        .filter((key) => filters[key])
        .map(tag);
    const word = (IS_RUN ? 'case' : 'session') + (shown.length === 1 ? '' : 's') + '_shown';
    byId('list').replaceChildren(
        h(
            'div.chips',
            { role: 'group', 'aria-label': say('by_outcome') },
            chip(''),
            OUTCOMES.filter((o) => counts[o]).map((o) => chip(o, counts)),
            changed ? switchChip('changed', '⇄', changed) : null,
            flaky ? switchChip('flaky', '≈', flaky) : null,
        ),
        h(
            'div.filters',
            tags,
            h('span.count', { role: 'status' }, say(word, number(shown.length))),
        ),
        h(
            'div.rows',
            {
                id: 'rows',
                role: 'list',
                tabindex: 0,
                'aria-label': say(IS_RUN ? 'cases' : 'sessions'),
            },
            shown.length
                ? listRows(shown)
                : h(
                      'p.none-left',
                      { role: 'listitem' },
                      say('nothing'),
                      ' ',
                      h('button.link', { onclick: () => setFilters({}, true) }, say('clear_all')),
                  ),
        ),
    );
    markCurrent();
}

let marked = null; // the row that is

function markCurrent() {
    if (marked) marked.removeAttribute('aria-current');
    marked = null;
    const c = current || shown[chosen];
    if (c) fillBlock(shown.indexOf(c));
    if (!c || !c.row || !c.row.isConnected) return;
    marked = c.row.firstChild;
    marked.setAttribute('aria-current', 'true');
    c.row.scrollIntoView({ block: 'nearest' });
}
