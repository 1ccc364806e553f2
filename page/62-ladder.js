// SPDX-License-Identifier: Apache-2.0
// The ladder: a row for each message, and for what happened besides. Rows are elements, not a
// drawing: they can be found, selected, printed and read aloud.

const LOOP_PAIRS = 5; // so many equal pairs of request and response are folded
const FEW_LATE = 10; // so many late answers of a loop stay; where there are more, they are its rule
const MORE_ROWS = 4; // so many remarks of one kind in a row are folded

const isFrame = (entry) => !!entry && entry.hex != null;
const isFailed = (entry) => /^FAILED/i.test(entry.code || '');
const isLate = (entry) => !!entry.timer && entry.timer.us > entry.timer.limit;

// What is never folded: what was chosen, what decided, what is wrong.
const stays = (entry) =>
    entry.i === chosenEntry ||
    (content.bad && content.bad.entry === entry.i) ||
    (isFrame(entry) ? isFailed(entry) || !!entry.problem : !entry.ok);

// ---- folding ----

// Frames below IP that say what the last one of their name and hosts has said: the link is watched.
function watching(entries) {
    const last = new Map(),
        same = new Set();
    for (const entry of entries) {
        if (!isFrame(entry) || !entry.more.link) continue;
        const key = entry.name + entry.hex.slice(0, 24);
        if (last.get(key) === entry.hex && !stays(entry)) same.add(entry);
        last.set(key, entry.hex);
    }
    return same;
}

// The run of equal pairs that begins at entry i, and where it ends; what watches the link meanwhile
// is none of it.
function runAt(entries, i, same) {
    const run = [];
    const next = (j) => {
        while (same.has(entries[j])) j++;
        return j;
    };
    for (let end = i; ; ) {
        const request = next(end),
            response = next(request + 1),
            pair = [entries[request], entries[response]];
        const isEqual = pair.every(
            (entry, from) =>
                isFrame(entry) && entry.from === from && entry.name === (run[from] || entry).name,
        );
        if (!isEqual) return { run, end };
        run.push(...pair);
        end = response + 1;
    }
}

// First and last pair stay, and every pair in between that has something to say.
function foldLoop(entries, rows) {
    const end = entries.length;
    rows.push(entries[0], entries[1]);
    let from = 2;
    const late = entries.filter(isLate).length;
    const isOdd = (entry) => stays(entry) || (late <= FEW_LATE && isLate(entry));
    for (let i = from; i < end - 2; i += 2) {
        if (!isOdd(entries[i]) && !isOdd(entries[i + 1])) continue;
        if (i > from) rows.push({ loop: entries.slice(from, i) });
        rows.push(entries[i], entries[i + 1]);
        from = i + 2;
    }
    if (from < end - 2) rows.push({ loop: entries.slice(from, end - 2) });
    rows.push(entries[end - 2], entries[end - 1]);
}

function remarksEnd(entries, i) {
    let j = i;
    while (
        entries[j] &&
        !isFrame(entries[j]) &&
        entries[j].kind === entries[i].kind &&
        !stays(entries[j])
    )
        j++;
    return j;
}

// The verdict of a session is not that of its case, which stands above.
const ladderEntries = () => content.entries.filter((e) => !IS_RUN || e.kind !== 'verdict');

function foldedRows(entries) {
    if (unfolded) return entries;
    const rows = [],
        same = watching(entries);
    for (let i = 0; i < entries.length; ) {
        const { run, end } = runAt(entries, i, same),
            remarks = remarksEnd(entries, i);
        if (run.length >= 2 * LOOP_PAIRS) {
            foldLoop(run, rows);
            i = end;
        } else if (remarks - i >= MORE_ROWS) {
            rows.push(entries[i], { remarks: entries.slice(i + 1, remarks) });
            i = remarks;
        } else rows.push(entries[i++]);
    }
    return rows;
}

// ---- one row ----

// What of a message's fields is worth a word beside its name, by the last part of their paths.
const TELLING = new Set([
    'RequestedEnergyTransferMode',
    'EVRequestedEnergyTransferType',
    'SelectedPaymentOption',
    'EVSEProcessing',
    'ChargeProgress',
    'ChargingSession',
    'EVRESSSOC',
    'PresentSOC',
    'EVSENotification',
]);
const DULL = new Set(['None', 'false', 'Finished']);

function telling(frame) {
    if (!(frame.shape >= 0)) return frame.problem ? [say('undecodable')] : [];
    const { summaries } = content.words;
    if (!summaries.has(frame.shape)) {
        summaries.set(
            frame.shape,
            valuePaths(frame.shape, content.words)
                .map(([v, path]) => [v, path.slice(path.lastIndexOf('/') + 1)])
                .filter(([, name]) => TELLING.has(name)),
        );
    }
    const values = summaries
        .get(frame.shape)
        .map(([v, name]) => [name, frame.values[v]])
        .filter(([, value]) => !DULL.has(value))
        .map(([name, value]) => (/SOC$/.test(name) ? value + ' %' : value));
    if (frame.problem) values.unshift(say('undecodable'));
    return (frame.code ? [frame.code, ...values] : values).concat(electrical(frame)).slice(0, 4);
}

// Voltage and current, in a request as asked, in a response as they are.
function electrical(frame) {
    const words = new Map();
    for (const [p, , v, exponent] of placesOf(frame.shape, content.words).filter(
        ([p, line]) => p <= CURRENT && line !== LIMIT,
    )) {
        words.set(
            p,
            tidy(+frame.values[v] * (exponent == null ? 1 : 10 ** +frame.values[exponent])) +
                ' ' +
                PLOTS[p].unit,
        );
    }
    return [...words.values()];
}

const answerCell = (us, limit) =>
    h(
        'span.answer',
        limit ? limitBar(us, limit) : h('span'),
        h('span.n', us == null ? '' : time(us)),
    );

function ladderRow(entry, classes, lane, answer) {
    return h(
        'button.ladder-row' + classes,
        {
            'data-e': entry.i,
            'aria-current': chosenEntry === entry.i ? 'true' : null,
        },
        h('span.n.nth', entry.n || ''),
        h('span.n', seconds(entry.at, 3)),
        lane,
        answer || h('span.answer'),
    );
}

// Of a relay: whom the connection leads to that it went over.
const legWord = ({ more: { leg } }) =>
    leg ? h('em', say(leg === 1 ? 'leg_vehicle' : 'leg_station')) : null;

function frameRow(frame) {
    const bad =
        isFailed(frame) ||
        !!frame.problem ||
        isLate(frame) ||
        (content.bad &&
            content.bad.entry === frame.i &&
            content.bad.verdict !== 'pass' &&
            hasCome(content.bad, content));
    const words = telling(frame).join(' · ');
    const t = frame.timer;
    return ladderRow(
        frame,
        bad ? '.bad' : '',
        h(
            'span.lane' + (frame.from ? '.back' : ''),
            h('b', frame.name),
            legWord(frame),
            words ? h('em', words) : null,
        ),
        t ? answerCell(t.us, t.limit) : null,
    );
}

const CONNECTION = new Set(['connect', 'close', 'listen', 'after', 'loss', 'network']);

function endText(entry) {
    const how = entry.more.how || '';
    if (entry.kind !== 'close' || !how) return '';
    return entry.from < 0
        ? say('closed', how)
        : say('closed_by', say(entry.from ? 'station_low' : 'vehicle_low'), how);
}

// Kinds that this page does not know are told by their own name: it need not change for new ones.
const kindWord = (kind) => (WORDS['e_' + kind] ? say('e_' + kind) : kind);

function entryText(entry) {
    const { more } = entry,
        end = endText(entry);
    if (entry.kind === 'bytes') return say('bytes_n', number((more.bytes || '').length / 2));
    const place =
        entry.kind === 'listen' ? more.source : entry.kind === 'connect' ? more.destination : '';
    return [
        end || (CONNECTION.has(entry.kind) ? more.how : ''),
        place,
        more.tls ? 'TLS' : '',
        more.name,
        // of a capture the text is the same in English
        end && entry.text.startsWith('closed: ') ? '' : told(entry.more, 'text') || entry.text,
    ]
        .filter((part, i, all) => part && all.indexOf(part) === i)
        .join(' · ');
}

function remarkRow(entry) {
    const kind = CONNECTION.has(entry.kind) ? 'connection' : entry.kind;
    const sign =
        entry.kind === 'check' || entry.kind === 'verdict'
            ? mark(entry.ok ? 'pass' : 'fail', '')
            : null;
    const side = entry.from === 1 ? '.back' : '';
    const { more } = entry,
        told = endText(entry) ? '' : kindWord(entry.kind);
    const answer = more.limit_us > 0 ? answerCell(more.taken_us, more.limit_us) : null;
    return ladderRow(
        entry,
        `.remark.is-${kind.replace(/\W/g, '')}` + (entry.ok ? '' : '.bad'),
        h(
            'span.lane' + side,
            h('span.bubble', sign, told ? h('b', told) : null, h('span.text', entryText(entry))),
        ),
        answer,
    );
}

// ---- folded rows ----

function foldedRow(entries, text, answer) {
    return h(
        'button.ladder-row.folded',
        { onclick: switchFold },
        h('span.n.nth', '⋮'),
        h('span.n', seconds(entries[0].at, 3)),
        h('span.lane', h('span.bubble', h('span.text', text))),
        answer || h('span.answer'),
    );
}

function loopRow(entries) {
    const pairs = entries.length / 2,
        name = entries[0].name.replace(/Req$/, '');
    const every = time((entries.at(-2).at - entries[0].at) / Math.max(1, pairs - 1), 0);
    const worst = worstTime(entries.map((e) => e.timer).filter(Boolean));
    if (!worst) return foldedRow(entries, '↻ ' + say('loop_plain', name, number(pairs), every));
    return foldedRow(
        entries,
        '↻ ' + say('loop', name, number(pairs), every, time(worst.us)),
        answerCell(worst.us, worst.limit),
    );
}

const remarksRow = (entries) =>
    foldedRow(entries, say('more_rows', number(entries.length), kindWord(entries[0].kind)));

// What was expected and did not come, where it should have been.
function missingRow(step) {
    return h(
        'div.ladder-row.missing.' + step.verdict,
        h('span.n.nth'),
        h('span.n', step.us >= 0 ? seconds(step.us, 3) : ''),
        h('span.lane', h('span.bubble', h('span.text', say('missing', wanted(step))))),
        step.taken != null && step.limit > 0
            ? answerCell(step.taken * 1000, step.limit * 1000)
            : h('span.answer'),
    );
}

function anyRow(row) {
    if (row.loop) return loopRow(row.loop);
    if (row.remarks) return remarksRow(row.remarks);
    return isFrame(row) ? frameRow(row) : remarkRow(row);
}

const DID_NOT_COME = new Set(['message', 'any']);

function drawLadder(c) {
    const rows = foldedRows(ladderEntries()),
        [vehicle, station] = ends(c);
    const elements = rows.map(anyRow),
        step = content.bad;
    if (step && step.verdict !== 'pass' && DID_NOT_COME.has(step.kind) && !hasCome(step, content)) {
        const first = (row) => (row.loop || row.remarks || [row])[0];
        const at = rows.findIndex((row) => first(row).at >= step.us && first(row).i > step.entry);
        elements.splice(at < 0 ? rows.length : at, 0, missingRow(step));
    }
    const ladder = byId('ladder'),
        fold = byId('fold');
    ladder.replaceChildren(
        h(
            'div.ladder-head',
            h('span.n.nth', '#'),
            h('span.n', say('time') + ' s'),
            h('span.ends', h('b', vehicle), h('b', station)),
            h('span.answer', h('span', say('answer')), h('span')),
        ),
        inBlocks(elements),
    );
    ladder.onclick = (event) => {
        const row = event.target.closest('.ladder-row[data-e]');
        if (row) choose(+row.dataset.e);
    };
    fold.textContent = say(unfolded ? 'fold' : 'unfold');
    fold.hidden = !unfolded && !rows.some((row) => row.loop || row.remarks);
}
