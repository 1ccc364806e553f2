// SPDX-License-Identifier: Apache-2.0
// Elements, words, numbers, marks: what all parts of the page use.

const byId = (id) => document.getElementById(id);
const find = (selector) => document.querySelector(selector);
const findAll = (selector) => [...document.querySelectorAll(selector)];

const isPlain = (x) => x != null && typeof x === 'object' && !x.nodeType && !Array.isArray(x);

function setAttributes(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value == null || value === false) continue;
        if (name.startsWith('on')) element[name] = value;
        else if (name === 'style') element.style.cssText = value;
        else if (name === 'class') element.classList.add(...value.split(' ').filter(Boolean));
        else element.setAttribute(name, value === true ? '' : value);
    }
    return element;
}

// h('div.a.b', {title: 'x', onclick: f}, child, …). Text becomes text nodes, never markup: much of
// what the page shows was written by a device nobody trusts.
function h(selector, ...kids) {
    const [tag, ...classes] = selector.split('.');
    const element = document.createElement(tag);
    if (classes.length) element.className = classes.join(' ');
    if (isPlain(kids[0])) setAttributes(element, kids.shift());
    element.append(...kids.flat(9).filter((kid) => kid != null && kid !== false));
    return element;
}

function svg(tag, attributes, ...kids) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    setAttributes(element, attributes || {});
    element.append(...kids.filter((kid) => kid != null));
    return element;
}

// ---- what the reader has chosen: language, scheme ----

// A browser may forbid storage to local files; then the choice lasts as long as the page.
const store = {
    get(key) {
        try {
            return localStorage.getItem('v2glab.' + key);
        } catch {
            return null;
        }
    },
    set(key, value) {
        try {
            localStorage.setItem('v2glab.' + key, value);
        } catch {
            /* as above */
        }
    },
};

const query = new URLSearchParams(location.search);
const look = {
    language:
        query.get('lang') ||
        store.get('lang') ||
        ((navigator.language || 'en').startsWith('ko') ? 'ko' : 'en'),
    theme:
        query.get('theme') ||
        store.get('theme') ||
        (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'),
};

function applyLook() {
    document.documentElement.dataset.theme = look.theme;
    document.documentElement.lang = look.language;
}
applyLook();

const isKorean = () => look.language === 'ko';

// The words of a key, with $1, $2 … replaced.
function say(key, ...values) {
    const pair = WORDS[key];
    if (!pair) return key;
    return pair[isKorean() ? 1 : 0].replace(/\$(\d)/g, (_, n) => values[n - 1]);
}

// The words of a key for so many; those for one where it has them.
const sayCount = (key, n, ...values) =>
    say(n === 1 && WORDS[key + '_one'] ? key + '_one' : key, number(n), ...values);

const announce = (text) => (byId('live').textContent = text);

// ---- numbers ----

// toLocaleString makes such a format at each call, which was a tenth of opening a case.
const FORMATS = { en: new Intl.NumberFormat('en-GB'), ko: new Intl.NumberFormat('ko-KR') };
const number = (n) => FORMATS[isKorean() ? 'ko' : 'en'].format(n);

// A time of any size in the unit that fits; never 0.0.
function time(us, digits = 1) {
    if (us == null) return '–';
    const ms = us / 1000;
    if (ms > 0 && ms < 0.05) return '<0.1 ms';
    if (ms < 10) return +ms.toFixed(digits) + ' ms';
    if (ms < 10000) return number(Math.round(ms)) + ' ms';
    if (ms < 120000) return +(ms / 1000).toFixed(1) + ' s';
    const whole = Math.round(ms / 1000);
    return say('minutes', Math.floor(whole / 60), whole % 60);
}

const seconds = (us, digits) => (us / 1e6).toFixed(digits);

// Where a long name may be broken: behind _ and ., before capitals.
const breakable = (text) =>
    String(text)
        .split(/(?<=[_.])|(?<=[a-z])(?=[A-Z])/)
        .flatMap((part, i) => (i ? [document.createElement('wbr'), part] : [part]));

// ---- outcomes ----

// Worst first. late, seen and untimed are those of a session that nobody judges.
const OUTCOMES = [
    ...['fail', 'error', 'inconclusive', 'late', 'pass', 'seen'],
    ...['untimed', 'beyond', 'none', 'na'],
];

// Each has a shape of its own, so that none depends on its colour: [outline, sign, is filled].
const SHAPES = {
    pass: ['circle', 'M4.6 7.9l2 2 3.8-4.2', false],
    seen: ['circle', 'M7.5 4.2v3.6l2.3 1.4', false],
    fail: ['square', 'M5 5l5 5M10 5l-5 5', true],
    inconclusive: ['diamond', 'M7.5 4.6v3.6M7.5 10.1v.3', true],
    late: ['diamond', 'M7.5 4.2v3.5l2 1.2', true],
    error: ['triangle', 'M7.5 5.6v3.2M7.5 11v.3', true],
    na: ['dashes', 'M4.5 7.5h6', false],
    untimed: ['dashes', 'M7.5 4.2v3.6l2.3 1.4', false],
    beyond: ['dashes', 'M4.3 7.5h6M8 5.2l2.3 2.3L8 9.8', false],
    none: ['dashes', '', false],
};

const OUTLINES = {
    circle: ['circle', { cx: 7.5, cy: 7.5, r: 6.2 }],
    square: ['rect', { x: 1, y: 1, width: 13, height: 13, rx: 3 }],
    diamond: ['path', { d: 'M7.5.6l6.9 6.9-6.9 6.9L.6 7.5z' }],
    triangle: ['path', { d: 'M7.5 1l7 12.6h-14z' }],
    dashes: ['circle', { cx: 7.5, cy: 7.5, r: 6.2, 'stroke-dasharray': '2 2' }],
};

// The mark of an outcome; `label` '' where the word stands beside it.
function mark(outcome, label = say(outcome)) {
    const [outline, sign, isFilled] = SHAPES[outcome] || SHAPES.none;
    const [tag, shape] = OUTLINES[outline];
    return svg(
        'svg',
        {
            class: 'mark ' + outcome,
            viewBox: '0 0 15 15',
            ...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' }),
        },
        svg(tag, {
            ...shape,
            fill: isFilled ? 'currentColor' : 'none',
            stroke: 'currentColor',
            'stroke-width': 1.3,
        }),
        sign
            ? svg('path', {
                  d: sign,
                  fill: 'none',
                  stroke: isFilled ? 'var(--panel)' : 'currentColor',
                  'stroke-width': 1.5,
                  'stroke-linecap': 'round',
                  'stroke-linejoin': 'round',
              })
            : null,
    );
}

const FIELD_WORDS = { pass: 'charges', fail: 'charges_not' };
const fieldWord = (outcome) => say(FIELD_WORDS[outcome] || outcome);

// How much of a limit a time took.
function limitBar(us, limit) {
    const part = limit > 0 ? us / limit : 0;
    return h(
        'span.limit' + (part > 1 ? '.over' : ''),
        { role: 'img', 'aria-label': say('time_of', time(us), time(limit)) },
        h('i', { style: `width:${Math.min(100, part * 100)}%` }),
        part > 1 ? h('u', { style: `left:${100 / part}%` }) : null,
    );
}

const copyButton = (text, what = '') =>
    h(
        'button.link',
        {
            onclick: () => navigator.clipboard.writeText(text).then(() => announce(say('copied'))),
        },
        [say('copy'), what].filter(Boolean).join(' '),
    );

// ---- lists ----

function groupBy(list, key) {
    const groups = new Map();
    for (const item of list) {
        const k = key(item);
        if (!groups.has(k)) groups.set(k, []);
        groups.get(k).push(item);
    }
    return groups;
}

const countBy = (list, key) =>
    Object.fromEntries([...groupBy(list, key)].map(([k, items]) => [k, items.length]));

// Rows in blocks, each laid out only when it comes near the screen: 20,000 rows one by one took
// 132 ms a frame, in blocks of a hundred 17 ms.
const BLOCK_ROWS = 100;
function inBlocks(rows) {
    const blocks = document.createDocumentFragment();
    for (let i = 0; i < rows.length; i += BLOCK_ROWS) {
        const part = rows.slice(i, i + BLOCK_ROWS);
        blocks.append(h('div.block', { style: `--rows:${part.length}` }, part));
    }
    return blocks;
}
