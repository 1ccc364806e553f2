// SPDX-License-Identifier: Apache-2.0
// Times of the side under test against their limits, by message and timer, worst first.

const FEW_TIMES = 3,
    NEAR = 0.1; // so many are always shown, and all that took a tenth of the limit

function collectTimes() {
    const all = content.frames.flatMap((frame) =>
        frame.timers.map((t) => ({ ...t, message: frame.name, entry: frame.i })),
    );
    const step = content.bad;
    if (step && step.timer && step.limit > 0 && step.taken != null && !hasCome(step, content)) {
        const message = step.path ? step.path.split(/[.:]/)[0] : step.expected;
        all.push({
            name: step.timer,
            us: step.taken * 1000,
            limit: step.limit * 1000,
            message,
            entry: step.entry,
        });
    }
    const rows = [
        ...groupBy(
            all.filter((t) => t.limit > 0),
            (t) => t.message + '\u0001' + t.name,
        ).values(),
    ].map((times) => {
        const sorted = times.map((t) => t.us).sort((a, b) => a - b);
        const worst = times.reduce((a, b) => (b.us / b.limit > a.us / a.limit ? b : a));
        return {
            times,
            worst,
            part: worst.us / worst.limit,
            median: sorted[sorted.length >> 1],
            longest: sorted.at(-1),
        };
    });
    return rows.sort((a, b) => b.part - a.part);
}

// One mark a measurement, from 0 to the limit; those on one pixel are one.
function timeMarks(times) {
    const seen = new Set(),
        root = svg(
            'svg',
            {
                class: 'marks',
                viewBox: '0 0 400 22',
                preserveAspectRatio: 'none',
                'aria-hidden': 'true',
            },
            svg('rect', { x: 0, y: 9, width: 400, height: 4, rx: 2, class: 'track' }),
        );
    for (const { us, limit } of times) {
        const x = Math.min(396, (us / limit) * 396) + 2;
        if (seen.has(Math.round(x))) continue;
        seen.add(Math.round(x));
        root.append(
            svg('line', {
                x1: x,
                x2: x,
                y1: 4,
                y2: 18,
                class: us > limit ? 'over' : null,
                'vector-effect': 'non-scaling-stroke',
            }),
        );
    }
    return root;
}

// What is left of a limit; beyond it by how much, or how many times.
function marginText(part) {
    const margin = (1 - part) * 100;
    if (part >= 2) return say('times_limit', number(+part.toFixed(part < 10 ? 1 : 0)));
    if (part > 1) return say('over_by', Math.max(1, -margin).toFixed(0));
    return margin.toFixed(margin > 99 && margin < 100 ? 1 : 0) + ' %';
}

function timeRow(row) {
    const over = row.part > 1;
    return h(
        'tr',
        h(
            'th',
            { scope: 'row' },
            h(
                'button.link.plain',
                { onclick: () => choose(row.worst.entry) },
                breakable(row.worst.message),
            ),
            h('div.mute.mono.timer', breakable(row.worst.name)),
        ),
        h('td.bar-cell', timeMarks(row.times)),
        h('td.n.roomy', number(row.times.length)),
        h('td.n.roomy', time(row.median)),
        h('td.n', time(row.longest)),
        h('td.n.mute.roomy', time(row.worst.limit, 0)),
        h('td.n' + (over ? '.fail' : ''), marginText(row.part)),
    );
}

function drawTimes(c, all) {
    const rows = collectTimes(),
        home = byId('times');
    home.hidden = !rows.length;
    if (!rows.length) return;
    const isShown = (row, i) => all || i < FEW_TIMES || row.part > NEAR;
    const rest = rows.filter((row, i) => !isShown(row, i));
    home.querySelector('.times').replaceChildren(
        h(
            'table.time-table',
            h(
                'thead',
                h(
                    'tr',
                    h('th', { scope: 'col' }, say('answer')),
                    h(
                        'th.bar-cell',
                        { scope: 'col' },
                        h('span.scale', h('span', '0'), h('span', say('limit'))),
                    ),
                    ...[
                        ['count', 'roomy'],
                        ['median', 'roomy'],
                        ['slowest_one', ''],
                        ['limit', 'roomy'],
                        ['margin', ''],
                    ].map(([key, roomy]) =>
                        h('th.n' + (roomy && '.' + roomy), { scope: 'col' }, say(key)),
                    ),
                ),
            ),
            h('tbody', rows.filter(isShown).map(timeRow)),
        ),
        rest.length
            ? h(
                  'button.link.more',
                  { onclick: () => drawTimes(c, true) },
                  say('more_times', number(rest.length), (rest[0].part * 100).toFixed(1)),
              )
            : '',
    );
}
