// SPDX-License-Identifier: Apache-2.0
// The whole run: a sentence, two bars, causes, messages by protocol, rules, facts.

const LONGEST_TABLE = 24; // rows of a table before "n more"
const BAR_OUTCOMES = OUTCOMES.filter((o) => o !== 'na');

const bar = (counts) =>
    h(
        'div.bar',
        { 'aria-hidden': 'true' },
        BAR_OUTCOMES.filter((o) => counts[o]).map((o) =>
            h('i.fill-' + o, { style: 'flex:' + counts[o] }),
        ),
    );

const legend = (counts, filter, word) =>
    h(
        'div.legend',
        OUTCOMES.filter((o) => counts[o]).map((o) =>
            h(
                'button',
                { onclick: () => setFilters({ [filter]: o }, true) },
                mark(o, ''),
                h('b', number(counts[o])),
                h('span', word(o)),
            ),
        ),
    );

const section = (title, note, ...rest) =>
    h('section', h('div.head', h('h2', title), note ? h('span.mute', note) : null), rest);

const failing = (cases) => cases.filter((c) => c.outcome === 'fail').length;
const mostFirst = (groups) =>
    [...groups].sort((a, b) => failing(b[1]) - failing(a[1]) || b[1].length - a[1].length);

// All rows of a table, those behind the first two dozen when asked for.
function longList(rows, draw, wrap) {
    const more = rows.length - LONGEST_TABLE;
    const list = wrap(rows.slice(0, more > 2 ? LONGEST_TABLE : rows.length).map(draw));
    if (more <= 2) return list;
    const button = h(
        'button.link.more',
        {
            onclick: () => {
                list.replaceWith(wrap(rows.map(draw)));
                button.remove();
            },
        },
        say('more_of', number(more)),
    );
    return [list, button];
}

// ---- the sentence at the top ----

function runSentence(played, counts) {
    const beyond = counts.beyond || 0,
        judged = played.length - beyond;
    const failed = counts.fail || 0;
    const wouldNot = played.filter((c) => c.outcome === 'fail' && c.field === 'fail').length;
    const open = (counts.inconclusive || 0) + (counts.error || 0);
    const title = !played.length
        ? say('nothing_played')
        : failed
          ? say('some_fail', number(failed), number(judged))
          : sayCount(open || !judged ? 'none_fail' : 'all_pass', judged);
    const inField = !wouldNot ? 'field_none' : wouldNot === failed ? 'field_all' : 'field_sentence';
    const lead = [
        failed ? say(inField, number(failed - wouldNot), number(wouldNot)) : '',
        open ? sayCount('not_judged', open) : '',
        beyond ? sayCount('went_beyond', beyond) : '',
    ];
    return [title, lead.filter(Boolean).join(' ')];
}

function sessionSentence(played, counts) {
    const late = counts.late || counts.fail || 0,
        untimed = counts.untimed || 0;
    const timed = played.length - untimed;
    const found = late ? 'late' : timed ? 'in_time' : 'untimed';
    const word = ((timed || played.length) === 1 ? 'session_' : 'sessions_') + found;
    const title = !played.length
        ? say('no_sessions')
        : late
          ? say(word, number(late), number(timed))
          : say(word, number(timed || played.length));
    const sum = (key) => played.reduce((n, c) => n + (c[key] || 0), 0);
    const lead = [
        META.kind === 'capture'
            ? say('sessions_sentence', number(sum('frames')), time(sum('us')))
            : '',
        timed && untimed ? sayCount('more_untimed', untimed) : '',
    ];
    return [title, lead.filter(Boolean).join(' ')];
}

// ---- tables ----

function causeRow([, cases]) {
    const { cause } = cases[0];
    const stops = cases.some((c) => c.field === 'fail');
    return h(
        'button.cause',
        { onclick: () => setFilters({ cause: causeKey(cases[0]) }, true) },
        h('span.n.fail', number(cases.length)),
        h('b', breakable(causeMessage(cause))),
        h(
            'span.mono',
            h('span.narrow.mute', say('expected') + ' '),
            breakable(unnamed(causeExpected(cause), cause[0] || '')),
        ),
        h('span.mono.fail', h('span.narrow.mute', say('found') + ' '), breakable(causeFound(cause))),
        h('span.field.' + (stops ? 'fail' : 'pass'), say(stops ? 'charges_not' : 'charges')),
    );
}

function causes(played) {
    const groups = groupBy(
        played.filter((c) => c.outcome === 'fail' && c.cause),
        causeKey,
    );
    if (!groups.size) return null;
    return section(
        say('causes'),
        say('causes_sub'),
        h(
            'div.cause.cause-head',
            { 'aria-hidden': 'true' },
            h('span.n', say('count')),
            h('span', say('message')),
            h('span', say('expected')),
            h('span', say('found')),
            h('span.field', say('field')),
        ),
        longList(
            [...groups].sort((a, b) => b[1].length - a[1].length),
            causeRow,
            (rows) => h('div', rows),
        ),
    );
}

function areaCell(area, protocol, cases) {
    if (!cases.length) return h('td');
    const failed = failing(cases);
    return h(
        'td',
        h(
            'button.cell',
            {
                'aria-label': say('failed_of_judged', `${area}, ${protocol}`, failed, cases.length),
                onclick: () => setFilters({ area, protocol }, true),
            },
            bar(countBy(cases, (c) => c.outcome)),
            h(
                'span.n',
                failed ? h('b', number(failed)) : h('span.mute', '0'),
                h('span.mute', ' / ' + number(cases.length)),
            ),
        ),
    );
}

function areas(played) {
    const protocols = [...new Set(played.map((c) => c.protocol))].sort();
    const row = ([area, cases]) =>
        h(
            'tr',
            h('th', { scope: 'row' }, breakable(area)),
            protocols.map((p) =>
                areaCell(
                    area,
                    p,
                    cases.filter((c) => c.protocol === p),
                ),
            ),
        );
    const wrap = (rows) =>
        h(
            'table.areas',
            h(
                'thead',
                h(
                    'tr',
                    h('th', { scope: 'col' }, h('span.unseen', say('message'))),
                    protocols.map((p) => h('th', { scope: 'col' }, p)),
                ),
            ),
            h('tbody', rows),
        );
    return section(
        say('by_message'),
        say('by_message_sub'),
        longList(mostFirst(groupBy(played, (c) => c.area)), row, wrap),
    );
}

function rulesBroken(played) {
    const judged = new Map(),
        failed = new Map();
    for (const c of played) {
        for (const rule of c.rules) {
            judged.set(rule, (judged.get(rule) || 0) + 1);
            if (c.outcome === 'fail') failed.set(rule, (failed.get(rule) || 0) + 1);
        }
    }
    if (!failed.size) return null;
    return section(
        say('rules_failed'),
        say('rules_sub'),
        longList(
            [...failed].sort((a, b) => b[1] - a[1]),
            ([rule, n]) =>
                h(
                    'button',
                    { onclick: () => setFilters({ rule }, true) },
                    h('span.mono', rule),
                    h('span.n', number(n) + ' / ' + number(judged.get(rule))),
                ),
            (rows) => h('div.rules', rows),
        ),
    );
}

function reasons() {
    const groups = groupBy(
        PLAN.filter((c) => c.outcome === 'na'),
        (c) => c.reason,
    );
    if (!groups.size) return null;
    return section(
        say('reasons'),
        null,
        longList(
            [...groups].sort((a, b) => b[1].length - a[1].length),
            ([why, cases]) =>
                h(
                    'tr',
                    h(
                        'td',
                        h(
                            'button.link',
                            { onclick: () => setFilters({ reason: why }, true) },
                            reason(cases[0]) || '–',
                        ),
                    ),
                    h('td.n', number(cases.length)),
                ),
            (rows) => h('table', h('tbody', rows)),
        ),
    );
}

// What sessions and captures have in place of causes: where each came nearest to a limit.
function sessions(played) {
    const cells = (c) => [
        h(
            'th',
            { scope: 'row' },
            h('a.link.whole-name', { href: '#' + encodeURIComponent(c.key) }, c.key),
        ),
        h('td.roomy', [c.protocol, c.mode, about(c)].filter(Boolean).join(' · ')),
        h('td.n', number(c.frames)),
        h('td.n', time(c.us)),
        h('td.n', h('span.' + c.outcome, c.worst == null ? '–' : say('percent', number(c.worst)))),
    ];
    const heads = ['messages', 'took', 'nearest'].map((key) =>
        h('th.n', { scope: 'col' }, say(key)),
    );
    const wrap = (rows) =>
        h('table', h('thead', h('tr', h('td'), h('td.roomy'), heads)), h('tbody', rows));
    const worst = (c) => c.worst || 0;
    const rows = played.filter((c) => c.frames != null).sort((a, b) => worst(b) - worst(a));
    return section(
        say('sessions'),
        null,
        longList(rows, (c) => h('tr', cells(c)), wrap),
    );
}

const fact = (name, ...values) => h('div', h('dt', name), h('dd', values));

const shellWord = (word) =>
    /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
const dateTime = (text) => (text ? text.replace('T', ' ').slice(0, 19) + ' UTC' : null);

function facts() {
    const run = META.run;
    const command = run.arguments && ['v2glab', 'test', ...run.arguments].map(shellWord).join(' ');
    const rows = [
        [IS_RUN ? 'tested' : 'recorded', run.own_device ? say('own_device') : run.title],
        ['begun', dateTime(run.started)],
        ['ended', dateTime(ENDED && ENDED.ended)],
        ['tool', run.tool || (run.version && 'v2glab ' + run.version)],
        ['directory', run.directory],
        ['shard', run.shard],
    ].filter(([, value]) => value);
    return section(
        say(IS_RUN ? 'this_run' : 'this_record'),
        null,
        h(
            'dl.facts',
            rows.map(([key, value]) => fact(say(key), value)),
            command
                ? h(
                      'div.whole',
                      h('dt', say('run_again')),
                      h('dd.mono', command, ' ', copyButton(command)),
                  )
                : null,
        ),
    );
}

// Both verdicts of a run; a session or a capture has none.
function twoBars(counts) {
    const fields = countBy(PLAN, (c) => c.field);
    return h(
        'div.two',
        h('div', h('h2', say('conformance')), bar(counts), legend(counts, 'outcome', say)),
        h('div', h('h2', say('field')), bar(fields), legend(fields, 'field', fieldWord)),
    );
}

function drawOverview() {
    const cases = PLAN.filter((c) => c.outcome !== 'na');
    const played = cases.filter((c) => c.block);
    const judged = played.filter((c) => c.outcome !== 'beyond');
    const counts = countBy(PLAN, (c) => c.outcome);
    const [title, lead] = (IS_RUN ? runSentence : sessionSentence)(played, counts);
    byId('main').replaceChildren(
        h(
            'div.wrap',
            IS_RUN && !ENDED
                ? h(
                      'p.warning',
                      { role: 'status' },
                      say('killed', number(played.length), number(cases.length)),
                  )
                : null,
            h('h1', title),
            lead ? h('p.lead', lead) : null,
            IS_RUN ? twoBars(counts) : null,
            causes(played),
            IS_RUN && judged.length ? areas(judged) : null,
            rulesBroken(judged),
            IS_RUN ? null : sessions(played),
            reasons(),
            facts(),
        ),
    );
}
