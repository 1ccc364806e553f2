// SPDX-License-Identifier: Apache-2.0
// Addresses, keys, and how the page begins.

// ---- addresses: #CASE ----

const openCase = (c) => c && (location.hash = encodeURIComponent(c.key));

// The name in the address; an address may be cut off within it.
function addressed() {
    try {
        return decodeURIComponent(location.hash.slice(1));
    } catch {
        return '';
    }
}

function route() {
    const key = addressed();
    const c = key && PLAN.find((x) => x.key === key);
    if (c) return showCase(c);
    current = null;
    content = null;
    document.body.classList.remove('in-case');
    closeMessage();
    drawOverview();
    markCurrent();
    return undefined;
}

// What depends on the width of the middle pane.
function redrawWide() {
    if (!content || !byId('curves')) return;
    drawCurves();
}

async function switchLanguage() {
    const entry = chosenEntry;
    look.language = isKorean() ? 'en' : 'ko';
    store.set('lang', look.language);
    applyLook();
    drawTop();
    drawList();
    await route();
    if (entry != null && content) choose(entry);
}

// ---- keys ----

const KEYS = [
    [['j', 'k'], 'key_walk'],
    [['n', 'p'], 'key_case'],
    [['Enter'], 'key_open'],
    [['Esc'], 'key_back'],
    [['/'], 'key_find'],
    [['f'], 'key_fail'],
    [['e'], 'key_fold'],
    [['1', '2'], 'key_tabs'],
    [['t'], 'theme'],
    [['l'], 'other_language'],
];

function openHelp() {
    const dialog = byId('help');
    dialog.replaceChildren(
        h('h2', say('help')),
        h(
            'dl',
            KEYS.map(([keys, word]) => [
                h(
                    'dt',
                    keys.map((key) => [h('kbd', key), ' ']),
                ),
                h('dd', say(word)),
            ]),
        ),
        h('form', { method: 'dialog' }, h('button.tool', say('close'))),
    );
    dialog.showModal();
    dialog.onclick = (event) => event.target === dialog && dialog.close();
}

function walkCases(delta) {
    const at = current ? shown.indexOf(current) : chosen;
    const c = shown[Math.max(0, Math.min(shown.length - 1, at + delta))];
    if (!c) return;
    chosen = shown.indexOf(c);
    if (current) openCase(c);
    else {
        markCurrent();
        announce(`${c.key}, ${say(c.outcome)}`);
    }
}

function walkMessages(delta) {
    if (!content) return walkCases(delta);
    const rows = findAll('.ladder-row[data-e]').map((row) => +row.dataset.e);
    let at = rows.indexOf(chosenEntry);
    if (at < 0) at = delta > 0 ? -1 : rows.length;
    return choose(rows[Math.max(0, Math.min(rows.length - 1, at + delta))]);
}

function goToFailure() {
    const bad = content && content.bad;
    if (bad && bad.entry >= 0) choose(bad.entry);
    if (byId('finding')) byId('finding').scrollIntoView({ block: 'nearest' });
}

function openChosen(event) {
    if (current || !shown[chosen] || /^(BUTTON|A|SUMMARY)$/.test(event.target.tagName))
        return false;
    openCase(shown[chosen]);
    return true;
}

function goBack() {
    if (!byId('message').hidden) return closeAndRedraw();
    if (current) {
        chosen = shown.indexOf(current);
        location.hash = '';
    } else if (Object.values(filters).some(Boolean)) setFilters({}, true);
    return undefined;
}

const ACTIONS = {
    j: () => walkMessages(1),
    k: () => walkMessages(-1),
    n: () => walkCases(1),
    p: () => walkCases(-1),
    '/': () => byId('find').select(),
    f: goToFailure,
    e: () => content && switchFold(),
    1: () => openTab('fields'),
    2: () => openTab('xml'),
    t: switchTheme,
    l: switchLanguage,
    '?': openHelp,
    Escape: goBack,
    Enter: openChosen,
};

function keyInSearch(event) {
    if (event.key === 'Escape') {
        if (filters.text) setFilters({ text: '' });
        event.target.blur();
    } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
        event.target.blur();
        chosen = 0;
        if (event.key === 'Enter') openCase(shown[0]);
        else markCurrent();
    } else return;
    event.preventDefault();
}

addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId('help').open) return;
    if (event.target.tagName === 'INPUT') return void keyInSearch(event);
    const action = ACTIONS[event.key];
    if (action && action(event) !== false) event.preventDefault();
});

// ---- beginning ----

let resizing;
addEventListener('resize', () => {
    clearTimeout(resizing);
    resizing = setTimeout(redrawWide, 120);
});
addEventListener('beforeprint', () => {
    for (const closed of findAll('details.connection')) closed.open = true;
    redrawWide();
});
addEventListener('hashchange', route);

// The top line is there while the browser still reads the blocks, which stand behind this script.
META.run = META;
drawTop();
addEventListener('DOMContentLoaded', async () => {
    try {
        await readPlan();
    } catch (e) {
        byId('main').replaceChildren(
            h('div.wrap', h('p.warning', { role: 'alert' }, say('broken_plan', e.message))),
        );
        return;
    }
    readBlocks();
    drawTop();
    drawList();
    const only = PLAN.length === 1 && PLAN[0].block && !location.hash;
    if (only) history.replaceState(null, '', '#' + encodeURIComponent(PLAN[0].key));
    await route();
    performance.mark('ready');
});
