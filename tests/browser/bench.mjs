// SPDX-License-Identifier: Apache-2.0
// Figures of the report in a browser, beside those of its design, which are to be held.
//
//   NODE_MODULES=DIR node tests/browser/bench.mjs PAGES    pages made by tests/browser/pages
import fs from 'node:fs';
import path from 'node:path';
import { browser, open, openCase, pages, problems, scrolled } from './support.mjs';

const middle = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const rows = [];
const row = (what, found, design) => rows.push([what, found, design]);
const ms = (n) => (n < 10 ? n.toFixed(1) : n.toFixed(0)) + ' ms';
const frames = (f) =>
    `${f.median.toFixed(1)} ms a frame (p95 ${f.p95.toFixed(1)}, max ${f.max.toFixed(0)})`;

const thousand = 'thousand.html';

// ---- size, and how soon it is ready ----

const first = [],
    ready = [],
    heap = [];
for (let i = 0; i < 7; i++) {
    const page = await open(thousand);
    await page.waitForFunction(
        () => performance.getEntriesByName('first-contentful-paint').length > 0,
    );
    const times = await page.evaluate(() => ({
        paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
        ready: performance.getEntriesByName('ready')[0].startTime,
        heap: performance.memory.usedJSHeapSize / 1e6,
    }));
    first.push(times.paint);
    ready.push(times.ready);
    heap.push(times.heap);
    await page.close();
}

const page = await open(thousand);
const whole = await page.evaluate(() => ({
    cases: PLAN.filter((c) => c.block).length,
    na: PLAN.filter((c) => c.outcome === 'na').length,
    frames: PLAN.reduce((n, c) => n + (c.frames || 0), 0),
}));
row(
    'file',
    `${(fs.statSync(path.join(pages, thousand)).size / 1e6).toFixed(2)} MB: ${whole.cases} cases, ${whole.na} not applicable, ${whole.frames} frames`,
    '5.20 MB: 1,000 cases, 299, 101,187',
);
row('first contentful paint', ms(middle(first)), '104 ms');
row('list and overview ready', ms(middle(ready)), '290 ms');
row('heap at start', middle(heap).toFixed(1) + ' MB', '9.3 MB');

// ---- a case ----

const opened = await page.evaluate(async () => {
    const cases = PLAN.filter((c) => c.block).sort((a, b) => b.frames - a.frames);
    const some = [...cases.slice(0, 15), ...cases.filter((c, i) => i > 15 && i % 30 === 0)].filter(
        (c) => c.frames < 20000,
    );
    const built = [],
        shownAt = [];
    for (const c of some) {
        const begin = performance.now();
        await showCase(c);
        document.body.offsetHeight;
        built.push(performance.now() - begin);
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        shownAt.push(performance.now() - begin);
    }
    return { built, shownAt, heap: performance.memory.usedJSHeapSize / 1e6 };
});
const sorted = [...opened.shownAt].sort((a, b) => a - b);
row(
    'open a case: built, laid out',
    `median ${ms(middle(opened.built))}, first ${ms(opened.built[0])}, of ${opened.built.length}`,
    'median 14 ms, first 87 ms',
);
row(
    'to the second frame after it',
    `median ${ms(middle(sorted))}, p95 ${ms(sorted[Math.floor(sorted.length * 0.95)])}`,
    'median 33 ms, p95 45 ms',
);
row('heap after them', opened.heap.toFixed(1) + ' MB', '5.6 MB');

// ---- search, scrolling ----

await page.evaluate(() => route());
await page.waitForSelector('.two');
row(
    'search as typed',
    ms(
        await page.evaluate(() => {
            const begin = performance.now();
            setFilters({ text: 'CurrentDemand' });
            document.body.offsetHeight;
            const took = performance.now() - begin;
            setFilters({}, true);
            return took;
        }),
    ),
    '11 ms, 1,299 rows',
);
row(
    'scroll the list',
    frames(await scrolled(page, '#rows', 120, 2500)),
    '16.7 ms a frame (p95 16.8)',
);
await openCase(page, '(c) => c.frames > 150 && c.frames < 400');
await page.evaluate(() => !unfolded && switchFold());
row(
    'scroll a ladder, unfolded',
    frames(await scrolled(page, '#main', 120, 2500)),
    '16.7 ms a frame (p95 18.0)',
);
await page.close();

// ---- work: what the page's own thread computes, also where the machine is busy with others ----

const worked = async (target, body) => {
    const session = await target.context().newCDPSession(target);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const task = async () =>
        (await session.send('Performance.getMetrics')).metrics.find(
            (m) => m.name === 'TaskDuration',
        ).value * 1000;
    const before = await task();
    const n = await body();
    return ((await task()) - before) / n;
};
const other = await open(thousand);
row(
    'work of a reload, to the overview',
    ms(
        await worked(other, async () => {
            await other.reload();
            await other.waitForFunction(() => performance.getEntriesByName('ready').length > 0);
            return 1;
        }),
    ),
    '290 ms in all',
);
row(
    'work of opening a case, mean',
    ms(
        await worked(other, () =>
            other.evaluate(async () => {
                const some = PLAN.filter((c) => c.block && c.frames < 400).slice(0, 40);
                for (const c of some) {
                    await showCase(c);
                    document.body.offsetHeight;
                }
                return some.length;
            }),
        ),
    ),
    '33 ms in all',
);
await other.close();

// ---- one very long case ----

const long = await open('long.html', { hash: 'overview' });
const begin = Date.now();
await openCase(long, '(c) => c.frames >= 20000');
const n = await long.evaluate(() => content.frames.length);
row(`a case of ${n} frames: open`, ms(Date.now() - begin), '173 ms (20,034 frames)');
row(
    'unfold it',
    ms(
        await long.evaluate(() => {
            const at = performance.now();
            switchFold();
            document.body.offsetHeight;
            return performance.now() - at;
        }),
    ),
    '690 ms',
);
row('scroll it', frames(await scrolled(long, '#main', 400, 2500)), '16.7 ms a frame (p95 22)');

await browser.close();
const width = Math.max(...rows.map((r) => r[0].length));
for (const [what, found, design] of rows)
    console.log(`${what.padEnd(width)}  ${found}   [design: ${design}]`);
if (problems.length) console.log('problems: ' + problems.slice(0, 5).join('\n'));
process.exitCode = problems.length ? 1 : 0;
