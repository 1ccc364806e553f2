// SPDX-License-Identifier: Apache-2.0
// What test and bench of the page share: the browser, and pages opened in it.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const modules = createRequire(path.resolve(process.env.NODE_MODULES, 'package.json'));
const { chromium } = modules('playwright-core');
export const axe = fs.readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');

export const pages = path.resolve(process.argv[2]);
export const problems = []; // errors of scripts, lines on the console, requests for anything else

export const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    // Chromium has no sandbox for root, as in a container.
    args: ['--enable-precise-memory-info', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])],
});

export async function open(
    file,
    { width = 1280, height = 860, lang = 'en', theme = 'light', hash = '' } = {},
) {
    const page = await browser.newPage({ viewport: { width, height } });
    const url = `file://${path.join(pages, file)}?lang=${lang}&theme=${theme}`;
    page.setDefaultTimeout(20000);
    page.on('pageerror', (e) => problems.push(`${file}: ${e.stack}`));
    page.on('console', (m) => problems.push(`${file}: console: ${m.text()}`));
    page.on(
        'request',
        (r) =>
            r.url().split(/[?#]/)[0] === url.split('?')[0] ||
            problems.push(`${file}: fetches ${r.url()}`),
    );
    await page.goto(url + (hash && '#' + hash));
    await page.waitForFunction(() => performance.getEntriesByName('ready').length > 0);
    return page;
}

// Opens the first case for which `choose`, a text of a function of a case, holds.
export async function openCase(page, choose) {
    const key = await page.evaluate(
        `(() => { const c = PLAN.find(${choose}); openCase(c); return c.key; })()`,
    );
    await page.waitForFunction(
        (k) => current && current.key === k && content && document.querySelector('.ladder-row'),
        key,
    );
    return key;
}

// Frames of an animation that scrolls an element: how long each took, in ms.
export const scrolled = (page, selector, step, ms) =>
    page.evaluate(
        async ([where, by, length]) => {
            const element = document.querySelector(where),
                times = [];
            let last = performance.now();
            const end = last + length;
            element.scrollTop = 0;
            await new Promise((resolve) => {
                const frame = () => {
                    const now = performance.now();
                    times.push(now - last);
                    last = now;
                    element.scrollTop += by;
                    if (element.scrollTop + element.clientHeight >= element.scrollHeight - 2)
                        element.scrollTop = 0;
                    if (now < end) requestAnimationFrame(frame);
                    else resolve();
                };
                requestAnimationFrame(frame);
            });
            times.sort((a, b) => a - b);
            return {
                median: times[times.length >> 1],
                p95: times[Math.floor(times.length * 0.95)],
                max: times.at(-1),
            };
        },
        [selector, step, ms],
    );
