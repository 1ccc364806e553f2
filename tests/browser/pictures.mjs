// SPDX-License-Identifier: Apache-2.0
// The pictures of the report that README.md and the guides show: `make pictures`.
//
//   NODE_MODULES=DIR node tests/browser/pictures.mjs PAGES    pages made by tests/browser/pages
import path from 'node:path';
import { browser, open, openCase, problems } from './support.mjs';

const docs = path.resolve(import.meta.dirname, '../../docs');
const size = { width: 1280, height: 860 };

const overview = await open('pictures.html', size);
await overview.waitForTimeout(400);
await overview.screenshot({ path: path.join(docs, 'report-overview.png') });

const one = await open('pictures.html', { ...size, hash: 'overview' });
await openCase(
    one,
    "(c) => c.outcome === 'fail' && c.cause[1] === 'ResponseCode' && c.frames > 20",
);
await one.waitForTimeout(400);
await one.screenshot({ path: path.join(docs, 'report-case.png') });

await browser.close();
for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;
