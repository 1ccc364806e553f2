// SPDX-License-Identifier: Apache-2.0
// The report in a browser: keys, filters, addresses, languages, schemes, sizes, paper, screen readers.
//
//   NODE_MODULES=DIR node tests/browser/test.mjs PAGES    pages made by tests/browser/pages
//   ONLY='words'   those tests whose names have one of them
import { axe, browser, open, openCase, problems } from './support.mjs';

let passed = 0,
    failed = 0;
function check(what, holds, found) {
    if (holds) passed++;
    else failed++;
    console.log(
        (holds ? 'ok - ' : 'not ok - ') +
            what +
            (holds || found === undefined ? '' : `: ${JSON.stringify(found)}`),
    );
}

// Each test has a page of its own and may fail without ending the others.
async function test(what, file, options, body) {
    let page;
    if (!(process.env.ONLY || what).split(' ').some((word) => what.includes(word))) return;
    try {
        page = await open(file, options);
        await body(page);
    } catch (e) {
        check(what, false, e.message.split('\n').slice(0, 6).join(' '));
    }
    if (page) await page.close();
}

const overflow = (page) =>
    page.evaluate(() => {
        const e =
            innerWidth < 1100 ? document.getElementById('app') : document.getElementById('main');
        return e.scrollWidth - e.clientWidth;
    });

await test('overview', 'run.html', {}, async (page) => {
    const facts = await page.evaluate(() => ({
        title: document.querySelector('h1').textContent,
        played: PLAN.filter((c) => c.block).length,
        outcomes: [...new Set(PLAN.map((c) => c.outcome))].sort().join(' '),
        warning: !!document.querySelector('.warning'),
        causes: document.querySelectorAll('.cause:not(.cause-head)').length,
        fails: PLAN.filter((c) => c.outcome === 'fail').length,
        judged: PLAN.filter((c) => c.block && c.outcome !== 'beyond').length,
        abouts: [...document.querySelectorAll('.cause:not(.cause-head) b')].map(
            (b) => b.textContent,
        ),
        lead: document.querySelector('.lead').textContent,
        marks: [...document.querySelectorAll('.chip')].map((e) => e.title),
        first: shown[0].outcome,
    }));
    check('a thousand cases are read', facts.played >= 990, facts);
    check(
        'the headline tells how many fail, of those that were judged',
        facts.title.startsWith(`${facts.fails} of ${facts.judged} `),
        facts,
    );
    check(
        'cases beyond one device count apart, and are not the worst',
        facts.lead.includes('cannot be seen at one device') &&
            facts.marks.includes('Beyond one device') &&
            facts.first === 'fail',
        facts,
    );
    check(
        'each cause says what it is about',
        ['Connection', 'Silence', 'SessionStopRes'].every((a) => facts.abouts.includes(a)) &&
            facts.abouts.every((a) => a && a !== 'TCP'),
        facts.abouts,
    );
    check(
        'all outcomes are there',
        facts.outcomes === 'beyond error fail inconclusive na pass',
        facts.outcomes,
    );
    check('a whole run has no warning', !facts.warning);
    check('causes are fewer than failures', facts.causes > 1 && facts.causes < facts.fails, facts);
});

await test('keys', 'run.html', {}, async (page) => {
    const key = (k) => page.keyboard.press(k);
    const settle = () => page.waitForTimeout(120);
    await key('j');
    await key('j');
    check(
        'j goes down the list',
        await page.evaluate(
            () => document.querySelectorAll('.row')[1].getAttribute('aria-current') === 'true',
        ),
    );
    await key('Enter');
    await page.waitForSelector('.ladder-row');
    check('Enter opens a case', await page.evaluate(() => current === shown[1]));
    await key('f');
    const at = await page.evaluate(() => chosenEntry);
    await key('k');
    const above = await page.evaluate(() => chosenEntry);
    check('f goes to the failure, k up a message', at !== null && above !== null && above < at, [
        at,
        above,
    ]);
    await key('2');
    check('2 shows XML', (await page.textContent('pre.xml')).includes('<'));
    await key('1');
    await page.click('.field-row:not(.group)');
    check(
        'a field lights its bits',
        await page.evaluate(() => document.querySelectorAll('.hex .lit').length > 0),
    );
    await page.evaluate(() => document.querySelectorAll('.hex i')[14].click());
    check(
        'a byte chooses its field',
        await page.evaluate(() => !!document.querySelector('.field-row[aria-pressed=true]')),
    );
    await key('Escape');
    check(
        'Esc closes the message',
        await page.evaluate(() => document.getElementById('message').hidden && !!current),
    );
    await key('n');
    await settle();
    check('n opens the next case', await page.evaluate(() => current === shown[2]));
    await key('p');
    await settle();
    check('p opens the previous case', await page.evaluate(() => current === shown[1]));
    for (let i = 0; i < 2 && (await page.evaluate(() => !!current)); i++) {
        await key('Escape');
        await settle();
    }
    check(
        'Esc leads back to the overview',
        await page.evaluate(() => !current && !!document.querySelector('.two')),
    );
    await key('/');
    await page.keyboard.type('V2G2-545 UnknownSession');
    check(
        '/ searches rules and causes',
        await page.evaluate(
            () => shown.length > 0 && shown.length < 40 && shown.every((c) => c.outcome === 'fail'),
        ),
    );
    await key('Escape');
    check('Esc clears the search', await page.evaluate(() => shown.length === PLAN.length));
    await key('l');
    await settle();
    check(
        'l changes the language',
        await page.evaluate(
            () =>
                document.documentElement.lang === 'ko' &&
                /불합격/.test(document.querySelector('h1').textContent),
        ),
    );
    await key('l');
    await key('t');
    check(
        't changes the scheme',
        await page.evaluate(() => document.documentElement.dataset.theme === 'dark'),
    );
    await key('?');
    check('? lists the keys', await page.evaluate(() => document.getElementById('help').open));
    await key('Escape');
    check(
        'Esc closes the list of keys',
        await page.evaluate(() => !document.getElementById('help').open),
    );
});

await test('filters', 'run.html', {}, async (page) => {
    const n = () => page.evaluate(() => shown.length);
    const all = await n();
    for (const [name, selector] of [
        ['cause', '.cause:not(.cause-head)'],
        ['cell', '.areas .cell'],
        ['rule', '.rules button'],
        ['verdict', '.legend button'],
        ['reason', 'td .link'],
    ]) {
        await page.evaluate((s) => document.querySelector(s).click(), selector);
        const left = await n();
        check(`a ${name} filters the list`, left > 0 && left < all, [left, all]);
    }
    const areas = await page.evaluate(() =>
        ['DRV_20A_SECC_sign_iec', 'DRV_20A_SECC_sign_sae', 'DRV_20_SECC_any_warn_Authorization_eim'].map(
            (id) => planCase({ id }, 0, true).area,
        ),
    );
    check('cases of one subject are one row', areas.join() === 'sign,sign,Authorization', areas);
    check(
        'an active filter has a tag',
        await page.evaluate(() => !!document.querySelector('.tag button[aria-label]')),
    );
    await page.evaluate(() => document.querySelector('.tag button').click());
    check('a tag takes its filter away', (await n()) === all);
    await page.evaluate(() => document.querySelectorAll('.chip')[1].click());
    check(
        'a chip filters by outcome',
        await page.evaluate(() => shown.every((c) => c.outcome === 'fail') && shown.length > 0),
    );
    await page.fill('#find', 'nothing has this name');
    check(
        'nothing left is said, with a way out',
        await page.evaluate(() => !!document.querySelector('.none-left .link')),
    );
    await page.click('.none-left .link');
    check('and the way out shows all', (await n()) === all);
});

await test('a case', 'run.html', { width: 1280 }, async (page) => {
    await openCase(page, "(c) => c.id === 'PAGE_SECC_CurrentDemand_loop'");
    const facts = await page.evaluate(() => ({
        open: !document.getElementById('message').hidden,
        found: document.querySelector('.found').textContent,
        bad: document.querySelectorAll('.ladder-row.bad').length,
        folded: document.querySelectorAll('.folded').length,
        rows: document.querySelectorAll('.ladder-row').length,
        frames: content.frames.length,
        lines: document.querySelectorAll('.curves .line').length,
        times: document.querySelectorAll('.time-table tbody tr').length,
        links: [...document.querySelectorAll('.files a')].map((a) => a.getAttribute('href')),
        command: document.querySelector('.files .whole').textContent,
        steps: document.querySelectorAll('.steps li').length,
    }));
    check(
        'the message that failed is open',
        facts.open && facts.found === 'FAILED_SequenceError',
        facts,
    );
    check(
        'the ladder marks it, and folds its loop',
        facts.bad >= 1 && facts.folded >= 1 && facts.rows < facts.frames / 3,
        facts,
    );
    check('voltage, current, power have curves', facts.lines >= 3, facts.lines);
    check('answers are shown against their limits', facts.times >= 2, facts.times);
    check(
        'capture and events are linked',
        facts.links.length === 2 &&
            facts.links.every((l) => /\/(session\.pcapng|events\.jsonl)(\.gz)?$/.test(l)),
        facts.links,
    );
    check(
        'the command plays the case again',
        /v2glab test .*PAGE_SECC_CurrentDemand_loop/.test(facts.command),
        facts.command,
    );
    await page.keyboard.press('e');
    check(
        'e unfolds all messages',
        await page.evaluate(
            () =>
                document.querySelectorAll('.ladder-row[data-e]').length === ladderEntries().length,
        ),
    );
    check(
        'every row of every frame has its bits',
        await page.evaluate(() =>
            content.frames.every(
                (f) =>
                    f.shape >= 0 &&
                    content.words.shapes[f.shape].reduce((bits, row) => bits + row[2], 64) <=
                        f.hex.length * 4,
            ),
        ),
    );
    check(
        'every frame has its name in its tree',
        await page.evaluate(() =>
            content.frames.every((f) => {
                const names = [],
                    walk = (n) => n.kids.forEach((k) => (names.push(k.name), walk(k)));
                const tree = frameTree(f, content.words);
                walk(tree);
                return (
                    names.some((n) => n === f.name) ||
                    tree.kids.some((k) => k.path.startsWith(f.name + '/'))
                );
            }),
        ),
    );
    await page.emulateMedia({ media: 'print' });
    const appears = await page.evaluate(() => getComputedStyle(find('.wrap')).animationName);
    check('nothing appears slowly on paper', appears === 'none', appears);
    const paper = (await page.pdf({ format: 'A4' })).length;
    check('a case can be printed', paper > 20000, paper);
});

await test('what came to nothing', 'run.html', {}, async (page) => {
    await openCase(page, "(c) => c.id === 'PAGE_SECC_SessionStop_silent'");
    check(
        'what did not come has a row of its own',
        await page.evaluate(() => document.querySelectorAll('.missing').length === 1),
    );
    await openCase(page, "(c) => c.id === 'PAGE_SECC_SessionStop_broken'");
    check(
        'text of a device or case is never markup',
        (await page.textContent('.finding')).includes('</script>'),
    );
    await openCase(page, "(c) => c.id === 'PAGE_SECC_SessionStop_lacks'");
    check(
        'a case that was not judged says why',
        (await page.textContent('.finding')).includes('contract of the moon'),
    );
    await page.evaluate(() => openCase(PLAN.find((c) => c.outcome === 'na')));
    await page.waitForSelector('.finding.na');
    check(
        'a case that does not apply says why',
        (await page.textContent('.finding.na')).includes('no device can do this'),
    );
    await openCase(page, "(c) => c.outcome === 'pass' && c.frames > 3");
    await page.evaluate(() => document.querySelector('.remark[data-e]').click());
    check(
        'what is no message opens, too',
        await page.evaluate(() => document.querySelectorAll('.remark-facts dd').length > 1),
    );
});

await test(
    'addresses',
    'run.html',
    { hash: 'PAGE_SECC_CurrentDemand_loop', lang: 'ko', theme: 'dark' },
    async (page) => {
        await page.waitForSelector('.ladder-row');
        check(
            'an address opens its case',
            await page.evaluate(() => current.id === 'PAGE_SECC_CurrentDemand_loop'),
        );
        check(
            'in its language and scheme',
            await page.evaluate(
                () =>
                    document.documentElement.lang === 'ko' &&
                    document.documentElement.dataset.theme === 'dark',
            ),
        );
        await page.keyboard.press('n');
        await page.waitForTimeout(150);
        await page.goBack();
        await page.waitForTimeout(200);
        check(
            'Back goes back',
            await page.evaluate(() => current && current.id === 'PAGE_SECC_CurrentDemand_loop'),
        );
    },
);

await test('a killed run', 'killed.html', {}, async (page) => {
    const facts = await page.evaluate(() => ({
        warning: document.querySelector('.warning')?.textContent,
        whole: PLAN.filter((c) => c.block).length,
        none: PLAN.filter((c) => c.outcome === 'none').length,
    }));
    check('a killed run says so', !!facts.warning, facts);
    check(
        'it has what was whole, and tells what was not reached',
        facts.whole > 100 && facts.none > 100,
        facts,
    );
    await openCase(page, '(c) => c.block');
    check('its cases open', await page.evaluate(() => content.frames.length > 0));
});

await test('20,000 frames', 'long.html', { hash: 'overview' }, async (page) => {
    const begin = Date.now();
    await openCase(page, '(c) => c.frames >= 20000');
    const took = Date.now() - begin;
    const rows = await page.evaluate(() => document.querySelectorAll('.ladder-row').length);
    check('a case of 20,000 frames opens folded', rows < 500 && took < 8000, [rows, took]);
    await page.keyboard.press('e');
    check(
        'and unfolds',
        await page.evaluate(() => document.querySelectorAll('.ladder-row').length >= 20000),
    );
});

await test('a session', 'session.html', {}, async (page) => {
    await page.waitForSelector('.ladder-row');
    check(
        'a page of one session opens it',
        await page.evaluate(() => !!current && content.frames.length > 20),
    );
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.facts');
    check(
        'and has an overview',
        await page.evaluate(() => !!document.querySelector('h1').textContent),
    );
    const words = await page.evaluate(() => {
        const played = [{ frames: 2 }, { frames: 1 }];
        return [
            sessionSentence(played, { seen: 1, untimed: 1 }).join(' '),
            sessionSentence(played, { untimed: 2 })[0],
            unjudged(null),
        ];
    });
    check(
        'in which nothing is in time of which no answer was measured',
        /^The session kept.*In 1 more/.test(words[0]) &&
            /^No answer of these 2/.test(words[1]) &&
            words[2] === 'untimed',
        words,
    );
});

await test('TLS', 'tls.html', {}, async (page) => {
    await page.waitForSelector('.connection');
    const facts = await page.evaluate(() => ({
        text: document.querySelector('.connection').innerText,
        certificates: document.querySelectorAll('.certificate').length,
        bad: document.querySelectorAll('.certificate.bad, .validity.bad').length,
        judges: [...document.querySelectorAll('.judge')].map((e) => e.innerText),
    }));
    check(
        'a connection tells version, suite, group, OCSP',
        ['TLS 1.3', 'TLS_AES_256_GCM_SHA384', 'secp521r1', 'OCSP response'].every((word) =>
            facts.text.includes(word),
        ),
        facts.text,
    );
    check(
        'and both chains, in which nothing is wrong',
        facts.certificates === 6 &&
            !facts.bad &&
            facts.judges.every((j) => /nothing wrong/.test(j)),
        facts,
    );
    await page.click('.certificate details summary');
    check(
        'a certificate shows its extensions',
        await page.evaluate(
            () => !!find('.extensions tr') && find('.extensions').innerText.includes('keyUsage'),
        ),
    );
});

await test('a certificate that has expired', 'expired.html', {}, async (page) => {
    await page.evaluate(() => PLAN.length > 1 && openCase(PLAN[0]));
    await page.waitForSelector('.connection');
    const facts = await page.evaluate(() => ({
        first: document.querySelector('.certificate').innerText,
        bad: document.querySelectorAll('.validity.bad').length,
        text: document.querySelector('.connection').innerText,
        open: document.querySelector('.connection').open,
    }));
    check(
        'is named where it stands, and the alert',
        facts.open &&
            facts.bad === 1 &&
            /expired/.test(facts.first) &&
            /certificate_expired/.test(facts.text),
        facts,
    );
});

await test('history', 'past.html', {}, async (page) => {
    const facts = await page.evaluate(() => ({
        flaky: PLAN.filter((c) => c.flaky).map((c) => c.history.last + c.outcome[0].toUpperCase()),
        steady: PLAN.filter((c) => !c.flaky && c.history.last !== 'PPP').length,
    }));
    check(
        'who has come and gone is flaky, and nobody else',
        facts.flaky.join() === 'PFPF,PFPF' && !facts.steady,
        facts,
    );
    await page.click('.chip[title^=Flaky]');
    check(
        'a chip filters them',
        await page.evaluate(() => shown.length === 2 && shown.every((c) => c.flaky)),
    );
    await openCase(page, '(c) => c.flaky');
    check(
        'a case shows its last verdicts as marks',
        await page.evaluate(() => document.querySelectorAll('.past .mark').length === 3),
    );
});

await test('two runs', 'changed.html', {}, async (page) => {
    const facts = await page.evaluate(() => ({
        differs: PLAN.filter(differs).length,
        before: PLAN.filter((c) => c.before).length,
        marks: [...document.querySelectorAll('.row .was')].map((e) => e.textContent),
    }));
    check(
        'diff marks what was otherwise before',
        facts.differs === 2 && facts.before === 99 && facts.marks.join() === 'was Pass,was Pass',
        facts,
    );
    await page.click('.chip[title^=Differs]');
    check('and its chip filters them', await page.evaluate(() => shown.length === 2));
    await openCase(page, '(c) => differs(c)');
    check(
        'a case says what it was in the other run',
        (await page.textContent('.verdicts')).includes('In the other run'),
    );
});

await test('two sessions', 'sessions.html', {}, async (page) => {
    await page.waitForSelector('.diff-table');
    const text = await page.evaluate(() =>
        [...document.querySelectorAll('.diff-table')].map((e) => e.innerText).join(' '),
    );
    check(
        'diff of two sessions shows order and fields',
        /PreChargeReq\s+only in A/.test(text) &&
            /ChargingStatusReq\s+only in B/.test(text) &&
            /DC_extended\s+AC_three_phase_core/.test(text),
        text.slice(0, 300),
    );
});

await test('20,000 cases', 'many.html', {}, async (page) => {
    const rows = () => page.evaluate(() => document.querySelectorAll('.row').length);
    const ready = await page.evaluate(() => performance.getEntriesByName('ready')[0].startTime);
    const first = await rows();
    check(
        'a list of 20,000 has rows only where they are seen',
        first > 0 && first < 1000 && ready < 15000,
        [first, ready],
    );
    const seen = await page.evaluate(async () => {
        const list = document.getElementById('rows');
        list.scrollTop = list.scrollHeight / 2;
        await new Promise((done) => setTimeout(done, 400));
        return [...document.querySelectorAll('.row')].filter((row) => {
            const { top, bottom } = row.getBoundingClientRect();
            return top < innerHeight && bottom > 100;
        }).length;
    });
    check('and in the middle, when it is scrolled there', seen > 5, seen);
    await page.fill('#find', '12345');
    check('a search finds its one', await page.evaluate(() => shown.length === 1));
    await page.fill('#find', '');
    await page.evaluate(() => (document.activeElement.blur(), openCase(shown[15000])));
    await page.waitForFunction(() => current === shown[15000]);
    await page.keyboard.press('n');
    await page.waitForFunction(() => current === shown[15001]);
    check(
        'a case far down opens, and the next',
        await page.evaluate(
            () => current.row.isConnected && current.row.firstChild.ariaCurrent === 'true',
        ),
    );
});

await test('a vehicle that serves the grid', 'grid.html', {}, async (page) => {
    await page.waitForSelector('.curves svg');
    const facts = await page.evaluate(() => ({
        plots: [...document.querySelectorAll('.plot-title')].map((e) => e.textContent),
        hint: byId('curves').querySelector('.hint').textContent,
        states: [...document.querySelectorAll('.curves .state + text')].map((e) => e.textContent),
        ticks: [...document.querySelectorAll('.curves .tick title')].map((e) => e.textContent),
    }));
    check(
        'voltage, reactive power and frequency have curves',
        ['Voltage', 'Reactive power', 'Frequency'].every((word) => facts.plots.includes(word)),
        facts.plots,
    );
    check(
        'the functions that are on are named',
        /asked for the grid: .*FrequencyDroop/.test(facts.hint) && !/WattVar/.test(facts.hint),
        facts.hint,
    );
    check('when it is off and on', facts.states.join() === 'Off,On', facts.states);
    check(
        'what it makes of the grid has its place',
        facts.ticks.some((text) => /FrequencyDroop: -10000 W wanted, -8453 W/.test(text)),
        facts.ticks,
    );
});

// What no program records yet has its place on the same axis of time.
await test('SLAC and pilot', 'session.html', {}, async (page) => {
    await page.waitForSelector('.curves svg');
    const facts = await page.evaluate(() => {
        const at = content.entries[3].at;
        const one = (kind, more) => ({ i: 0, at, kind, from: 0, ok: true, text: '', more });
        content.entries.push(
            one('slac', { name: 'CM_SLAC_PARM.REQ' }),
            one('pilot', { state: 'B' }),
        );
        drawCurves();
        const titles = [...document.querySelectorAll('.lane-title')].map((e) => e.textContent);
        return { titles, states: document.querySelectorAll('.curves .state').length };
    });
    check(
        'SLAC and control pilot have lanes where they are there',
        facts.titles.includes('SLAC') &&
            facts.titles.includes('Control pilot') &&
            facts.states === 1,
        facts,
    );
});

// Bands of the lane of that title, as [words, is it bad], and the list below.
const plugOf = (page) =>
    page.evaluate(() => {
        const lanes = plugLanes().lanes.map(({ title, bands }) => [
            title,
            bands.map((b) => [b.word, b.rest].filter(Boolean).join(', ') + (b.bad ? '!' : '')),
        ]);
        return {
            lanes: Object.fromEntries(lanes),
            drawn: document.querySelectorAll('.curves .tick .state').length,
            told: lanes.flatMap(([, bands]) => bands.filter(Boolean)).length,
            bad: document.querySelectorAll('.curves .state.bad').length,
            titles: [...document.querySelectorAll('.lane-title')].map((e) => e.textContent),
            label: document.querySelector('.curves svg').getAttribute('aria-label'),
            steps: [...document.querySelectorAll('.plug button')].map((b) => b.textContent),
            heading: byId('curves').querySelector('h2').textContent,
        };
    });

await test('plug', 'plug.html', {}, async (page) => {
    await page.waitForSelector('.plug button');
    const found = await plugOf(page);
    const matching = 'Parameters,Sounds,Attenuation,Validation,Match,Key,';
    const again = 'Parameters,Sounds,Attenuation,Validation,Match,Key,';
    check(
        'a matching has its phases, and after a loss again',
        found.lanes.Matching?.join() === matching + ',' + again,
        found.lanes,
    );
    check(
        'the link is up, lost, up and left',
        found.lanes.Link?.join() === 'Up,Lost!,Up,Left',
        found.lanes.Link,
    );
    const toggles = 'C2, 5 %,B2, 5 %,'.repeat(3);
    const pilot = found.lanes['Control pilot']?.join();
    check(
        'the pilot has its states with the duty cycle, each toggle, and E',
        pilot ===
            `B1, steady,B2, 5 %,${toggles}C2, 5 %,E!,B2, 5 %,${toggles}C2, 5 %,B2, 5 %,A2, 5 %`,
        pilot,
    );
    check(
        "a neighbour's cable has a lane of its own",
        found.lanes['Control pilot · evse1']?.join() === 'A2, 5 %',
        found.lanes,
    );
    check(
        'each band is drawn, and what is bad is marked',
        found.drawn === found.told && found.bad === 2 && found.titles.includes('Link'),
        found,
    );
    check('the drawing is told by words, too', /Link: Up, Lost, Up, Left/.test(found.label), found.label);
    check(
        'the list has all in order, by time',
        found.steps[0] === '0.000 s Control pilot: B1, steady' &&
            found.steps.some((text) => /^6\.\d{3} s Link: Lost$/.test(text)) &&
            found.steps.length === Math.min(40, found.told),
        found.steps,
    );
    const opened = await page.evaluate(() => {
        const step = [...document.querySelectorAll('.plug button')].find((b) =>
            b.textContent.endsWith('Matching: Match'),
        );
        step.focus();
        return document.activeElement === step;
    });
    await page.keyboard.press('Enter');
    const name = await page.evaluate(() => content.entries[chosenEntry]?.name);
    check('a step opens its message by keys', opened && name === 'CM_SLAC_MATCH_REQ', name);
});

await test('plug in Korean', 'plug.html', { width: 390, lang: 'ko', theme: 'dark' }, async (page) => {
    await page.waitForSelector('.plug button');
    const { titles, steps } = await plugOf(page);
    check(
        'plug: the lanes in Korean, at 390 px',
        titles.includes('매칭') && titles.includes('링크') && steps.some((s) => s.endsWith('링크: 끊김')),
        [titles, steps],
    );
    check('plug: nothing is wider than the screen', (await overflow(page)) <= 0);
});

await test('plug alone', 'alone.html', {}, async (page) => {
    await page.waitForSelector('.plug button');
    const found = await plugOf(page);
    check(
        'without any curve the pilot is there all the same',
        found.heading === 'Control pilot and matching' &&
            found.lanes['Control pilot'].join().startsWith('B1, steady,B2, 5 %,E!,B2, 5 %,E!,B2, 5 %,B1, steady'),
        found,
    );
    await page.click('.curves svg', { position: { x: 5, y: 5 } });
    check('and a click beside it chooses nothing', await page.evaluate(() => chosenEntry == null));
});

await test('many plugs', 'plug.html', {}, async (page) => {
    await page.waitForSelector('.plug button');
    const found = await page.evaluate(() => {
        const asks = content.frames.find((f) => f.name === 'CM_SLAC_PARM_REQ');
        for (let i = 0; i < 99; i++) {
            const mac = '0200000F00' + String(i).padStart(2, '0');
            const hex = asks.hex.slice(0, 12) + mac + asks.hex.slice(24);
            content.frames.push({ ...asks, hex });
        }
        drawCurves();
        return {
            titles: [...document.querySelectorAll('.lane-title')].map((e) => e.textContent),
            rest: [...document.querySelectorAll('.curves p')].map((e) => e.textContent).join(),
        };
    });
    check(
        'of a hundred vehicles four have lanes, by their addresses, and the rest is said',
        found.titles.filter((text) => text.startsWith('Matching · ')).length === 4 &&
            found.titles.includes('Matching · 02:00:00:00:00:E1') &&
            found.rest.includes('96 more vehicles'),
        found,
    );
});

await test('margins', 'session.html', {}, async (page) => {
    const words = await page.evaluate(() => [0.004, 0.5, 1.3, 14.25].map(marginText));
    check(
        'beyond a limit a margin is so many times it',
        words.join() === '99.6 %,50 %,30 % over,14 × the limit',
        words,
    );
});

// Spikes must not vanish where there are more points than pixels.
await test('thinning', 'run.html', {}, async (page) => {
    const d = await page.evaluate(() =>
        linePath(
            Array.from({ length: 50000 }, (_, i) => [i, i === 33333 ? 999 : 1, i]),
            (us) => us / 50,
            (v) => v,
        ),
    );
    check(
        'a spike among 50,000 points stays in the curve',
        d.includes('V999.0') && d.length < 100000,
        d.length,
    );
});

// ---- what nobody may trust: texts of devices and of who wrote cases ----

const markup = (page) =>
    page.evaluate(() => ({
        elements: document.querySelectorAll('#top img, #list img, #main img, #message img').length,
        scripts: document.querySelectorAll('script:not([id]):not(.c):not(.d)').length,
        text: document.body.innerText.includes('onerror='),
    }));
const isText = (found) => !found.elements && found.scripts === 1 && found.text;

await test('markup of a device', 'hostile.html', {}, async (page) => {
    await page.waitForSelector('.ladder-row');
    for (const name of ['SessionSetupRes', 'ServiceDiscoveryRes']) {
        for (const key of ['1', '2']) {
            await page.evaluate((n) => choose(content.frames.find((f) => f.name === n).i), name);
            await page.keyboard.press(key);
            const found = await markup(page);
            check(`markup in ${name} is text, tab ${key}`, isText(found), found);
        }
    }
    const longest = await page.evaluate(() =>
        Math.max(...content.frames.map((f) => f.hex.length / 2)),
    );
    check('and 90 kB of it are shown', longest > 90000 && (await overflow(page)) <= 0, longest);
    await page.evaluate(() => (location.hash = '%'));
    await page.waitForSelector('.facts');
    check('an address that is cut off leads to the overview', await page.evaluate(() => !current));
});

await test('markup of a suite', 'cut.html', {}, async (page) => {
    const over = await overflow(page);
    const found = await markup(page);
    const outcomes = await page.evaluate(() => PLAN.map((c) => c.outcome).join(' '));
    check('markup in a plan is text', isText(found) && over <= 0, [found, over]);
    check('what was cut off is not reached', outcomes === 'fail none na', outcomes);
    for (let i = 0; i < 3; i++) {
        await page.evaluate((n) => showCase(PLAN[n]), i);
        await page.evaluate(() => findAll('details').forEach((d) => (d.open = true)));
        const inCase = await markup(page);
        check(`and in case ${i + 1}`, isText(inCase) && (await overflow(page)) <= 0, [
            inCase,
            await overflow(page),
        ]);
    }
});

await test('a capture of nothing', 'empty.html', {}, async (page) => {
    const title = await page.textContent('h1');
    check('says that there is no session', /no session/.test(title), title);
});

// ---- sizes, schemes, languages; what a screen reader needs ----

// Controls as the browser tells them to a screen reader, that have no name.
const CONTROLS = /^(button|link|textbox|searchbox|tab|tabpanel|checkbox|list|dialog|navigation|complementary|img|image|DisclosureTriangle)$/;
async function nameless(page) {
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    await session.detach();
    const controls = nodes.filter(
        (node) => !node.ignored && CONTROLS.test(node.role.value),
    );
    return [controls.length, controls.filter((n) => !n.name?.value.trim()).map((n) => n.role.value)];
}

const SETTINGS = [
    [390, 'light', 'ko'],
    [390, 'dark', 'en'],
    [1280, 'light', 'en'],
    [1280, 'dark', 'ko'],
    [2560, 'dark', 'en'],
    [3840, 'light', 'ko'],
];
const STATES = {
    overview: async () => {},
    fail: (page) => openCase(page, "(c) => c.outcome === 'fail' && c.cause[1] === 'ResponseCode'"),
    missing: (page) => openCase(page, "(c) => c.id === 'PAGE_SECC_SessionStop_silent'"),
    XML: async (page) => {
        await openCase(page, "(c) => c.id === 'PAGE_SECC_CurrentDemand_loop'");
        await page.evaluate(() => choose(content.frames[5].i));
        await page.keyboard.press('2');
    },
    remark: async (page) => {
        await openCase(page, "(c) => c.outcome === 'pass'");
        await page.evaluate(() => document.querySelector('.remark[data-e]').click());
    },
    keys: (page) => page.keyboard.press('?'),
    TLS: async (page) => {
        await page.waitForSelector('.connection');
        await page.evaluate(() => findAll('.connection details').forEach((d) => (d.open = true)));
    },
    plug: (page) => page.waitForSelector('.plug button'),
    expired: (page) => page.waitForSelector('.connection'),
    sessions: (page) => page.waitForSelector('.diff-table'),
    past: (page) => openCase(page, '(c) => c.flaky'),
};

const FILES = {
    sessions: 'sessions.html',
    past: 'past.html',
    plug: 'plug.html',
    TLS: 'tls.html',
    expired: 'expired.html',
}; // else run.html

for (const [width, theme, lang] of SETTINGS) {
    for (const [state, go] of Object.entries(STATES)) {
        const what = `${state}, ${width} px, ${theme}, ${lang}`;
        await test(
            what,
            FILES[state] || 'run.html',
            { width, height: width > 2000 ? 1440 : 860, theme, lang },
            async (page) => {
                await go(page);
                await page.waitForTimeout(200);
                const over = await overflow(page);
                const [controls, without] = await nameless(page);
                check(`${what}: every control has a name`, controls > 1 && !without.length, [
                    controls,
                    without,
                ]);
                await page.evaluate(axe);
                const { violations } = await page.evaluate(() =>
                    window.axe.run(document, { resultTypes: ['violations'] }),
                );
                check(`${what}: fits, and axe finds nothing`, over <= 0 && !violations.length, [
                    over,
                    ...violations.map(
                        (v) =>
                            `${v.id} × ${v.nodes.length}: ${v.nodes[0].target} ${v.nodes[0].failureSummary}`,
                    ),
                ]);
            },
        );
    }
}

check('no error, no line on the console, no request', !problems.length, problems.slice(0, 5));
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
