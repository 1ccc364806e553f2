// SPDX-License-Identifier: Apache-2.0
// What a session has otherwise than another one, as `v2glab diff A B` has found it.

const valueText = (value) =>
    value == null
        ? say('not_there')
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value);

const diffTable = (word, heads, rows) =>
    rows.length
        ? [
              h('h3', say(word) + ' (' + number(rows.length) + ')'),
              longList(
                  rows,
                  (cells) =>
                      h(
                          'tr',
                          cells.map((cell, i) =>
                              i ? h('td', cell) : h('th', { scope: 'row' }, cell),
                          ),
                      ),
                  (trs) =>
                      h(
                          'table.diff-table',
                          h(
                              'thead',
                              h(
                                  'tr',
                                  heads.map((key) => h('th', { scope: 'col' }, say(key))),
                              ),
                          ),
                          h('tbody', trs),
                      ),
              ),
          ]
        : null;

const orderRow = (place) => [
    breakable(place.message),
    say(place.in === 'a' ? 'only_in_a' : 'only_in_b'),
    '#' + place.number,
];

const fieldRow = (field) => [
    [breakable(field.message), h('div.mute.mono', breakable(field.path))],
    h('span.mono', breakable(valueText(field.a))),
    h('span.mono', breakable(valueText(field.b))),
    field.of > 1 ? `${number(field.count)} / ${number(field.of)}` : '',
];

const answerRow = (t) => [
    breakable(t.message),
    `${time(t.median_us[0])} → ${time(t.median_us[1])}`,
    `${time(t.worst_us[0])} → ${time(t.worst_us[1])}`,
];

function comparison() {
    const { diff } = content;
    if (!diff) return null;
    const { order, fields, times, expected } = diff;
    const nothing = !order.length && !fields.length && !times.length;
    return section(
        say('compared'),
        say('compared_sub', diff.a),
        nothing ? h('p', say('no_difference')) : null,
        diffTable('order_differs', ['message', 'found_in', 'number_of'], order.map(orderRow)),
        diffTable(
            'fields_differ',
            ['fields', 'value_a', 'value_b', 'how_often'],
            fields.map(fieldRow),
        ),
        diffTable('times_differ', ['message', 'median', 'slowest_one'], times.map(answerRow)),
        expected.length
            ? h('p.mute', say('always_differ', expected.map((e) => e.path || e.field).join(', ')))
            : null,
    );
}
