// SPDX-License-Identifier: Apache-2.0
// Voltage, current, power, meter and state of charge on one axis of time, of whatever protocol: values
// are found by their paths. Below them lanes of what else happened.

// Each plot: its word, unit, colour, lines [word, path] and the paths of upper limits. The last part
// of a path is compared, or the last two; Value with Multiplier (DIN, -2) or Exponent (-20) below it
// are one number.
const PLOTS = [
    {
        word: 'voltage',
        unit: 'V',
        color: 'var(--c1)',
        lines: [
            [
                'present',
                /^(EVSEPresentVoltage|EVSENominalVoltage|DER_\w+\/EVPresentVoltage)$/,
            ],
            ['asked', /^EVTargetVoltage$/],
        ],
        limits: /^(EVMaximumVoltageLimit|EVSEMaximumVoltageLimit|EVMaximumVoltage|EVSEMaximumVoltage|EVMaxVoltage)$/,
    },
    {
        word: 'current',
        unit: 'A',
        color: 'var(--c2)',
        lines: [
            ['present', /^EVSEPresentCurrent$/],
            ['asked', /^EVTargetCurrent$/],
            ['offered_now', /^EVSEMaxCurrent$/], // AC of ISO 15118-2
        ],
        limits: /^(EVMaximumCurrentLimit|EVSEMaximumCurrentLimit|EVMaximumChargeCurrent|EVSEMaximumChargeCurrent|EVMaxCurrent)$/,
    },
    {
        word: 'power',
        unit: 'kW',
        color: 'var(--c4)',
        scale: 1e-3,
        lines: [
            ['present', /^(EVPresentActivePower|EVSEPresentActivePower)$/],
            ['asked', /^EVSETargetActivePower$/],
        ],
        limits: /^(EVMaximumPowerLimit|EVSEMaximumPowerLimit|EVMaximumChargePower|EVSEMaximumChargePower)$/,
    },
    {
        word: 'reactive',
        unit: 'kvar',
        color: 'var(--c2)',
        scale: 1e-3,
        lines: [
            ['present', /^(EVPresentReactivePower|EVSEPresentReactivePower)$/],
            ['asked', /^(EVSETargetReactivePower|DSOQSetpointValue)$/],
        ],
    },
    {
        word: 'frequency',
        unit: 'Hz',
        color: 'var(--c1)',
        lines: [['present', /^EVPresentFrequency$/]],
        floats: true,
    },
    {
        word: 'energy',
        unit: 'Wh',
        color: 'var(--c3)',
        lines: [['present', /^(MeterReading|ChargedEnergyReadingWh)$/]],
        floats: true,
    },
    {
        word: 'soc',
        unit: '%',
        color: 'var(--c3)',
        lines: [['present', /^(EVRESSSOC|PresentSOC|CurrentSOC)$/]],
        range: [0, 100],
    },
];
const VOLTAGE = 0,
    CURRENT = 1,
    POWER = 2,
    LIMIT = -1;

// ---- values by path ----

// For a shape: [plot, line or LIMIT, index of the value, index of its exponent].
function placesOf(shape, words) {
    if (words.places.has(shape)) return words.places.get(shape);
    const numbers = new Map();
    for (const [v, path] of valuePaths(shape, words)) {
        const cut = path.lastIndexOf('/'),
            leaf = path.slice(cut + 1);
        const isPart = ['Value', 'Multiplier', 'Exponent'].includes(leaf);
        const whole = isPart ? path.slice(0, cut) : path;
        if (!numbers.has(whole)) numbers.set(whole, {});
        numbers.get(whole)[isPart ? leaf : 'Value'] = v;
    }
    const places = [];
    for (const [path, { Value, Multiplier, Exponent }] of numbers) {
        if (Value == null) continue;
        const parts = path.replace(/\[\d+\]$/, '').split('/'),
            name = parts.at(-1),
            pair = parts.slice(-2).join('/');
        PLOTS.forEach((plot, p) => {
            plot.lines.forEach(([, pattern], l) => {
                if (pattern.test(name) || pattern.test(pair)) places.push([p, l, Value, Multiplier ?? Exponent]);
            });
            if (plot.limits && plot.limits.test(name))
                places.push([p, LIMIT, Value, Multiplier ?? Exponent, name]);
        });
    }
    words.places.set(shape, places);
    return places;
}

// All points [us, value, entry] of each line; limits as [us, lowest of those that hold].
function collectPoints() {
    const points = PLOTS.map((plot) => plot.lines.map(() => []));
    const limits = PLOTS.map(() => []),
        holding = PLOTS.map(() => new Map());
    for (const frame of content.frames) {
        if (!(frame.shape >= 0)) continue;
        const now = [];
        for (const [p, l, v, exponent, name] of placesOf(frame.shape, content.words)) {
            const value =
                +frame.values[v] *
                (exponent == null ? 1 : 10 ** +frame.values[exponent]) *
                (PLOTS[p].scale || 1);
            if (!isFinite(value)) continue;
            if (l === LIMIT) {
                holding[p].set(name, value);
                const limit = Math.min(...holding[p].values()),
                    last = limits[p].at(-1);
                if (!last || last[1] !== limit) limits[p].push([frame.at, limit]);
            } else points[p][l].push([frame.at, value, frame.i]);
            if (l === 0) now[p] = value;
        }
        if (now[VOLTAGE] != null && now[CURRENT] != null) {
            points[POWER][0].push([frame.at, (now[VOLTAGE] * now[CURRENT]) / 1000, frame.i]);
        }
    }
    return { points, limits };
}

// ---- vehicles that serve the grid (AC-DER) ----

const FUNCTION =
    /\/DERControl(?:CPDRes)?\/(?:\w+Trip\/|\w+PowerSupport(?:CPDRes)?\/)?(\w+)(?:\/(\w+))?/;

// The grid functions that the station asks for before charging. By SAE rules a function says
// whether it is on; by IEC rules it is there.
function gridFunctions() {
    const on = new Map();
    for (const frame of content.frames) {
        if (frame.name !== 'AC_ChargeParameterDiscoveryRes' || !(frame.shape >= 0)) continue;
        for (const [v, path] of valuePaths(frame.shape, content.words)) {
            const [, name, leaf] = FUNCTION.exec(path) || [];
            const says = leaf === 'Enable' ? name : leaf === 'PermitService' ? leaf : null;
            if (says) on.set(says, frame.values[v] === 'true');
            else if (name && path.includes('/DERControl/')) on.set(name, true);
        }
    }
    return [...on.keys()].filter((name) => on.get(name));
}

// When the vehicle's inverter went on or off, as entries with a state.
function inverterStates() {
    const states = [];
    for (const frame of content.frames) {
        if (!(frame.shape >= 0)) continue;
        for (const [v, path] of valuePaths(frame.shape, content.words)) {
            if (!path.endsWith('/DEROperationalState')) continue;
            const state = frame.values[v];
            if (states.at(-1)?.more.state !== state) states.push({ at: frame.at, more: { state } });
        }
    }
    return states;
}

// ---- drawing ----

const LEFT = 62,
    RIGHT = 14,
    HEIGHT = 78,
    GAP = 30,
    LANE = 24;

// A stepped line. Where there are more points than pixels, a pixel keeps its first, lowest, highest
// and last value: no spike is lost.
function linePath(points, X, Y) {
    let d = '',
        column = [];
    const flush = () => {
        if (!column.length) return;
        const ys = column.map((p) => p[1]),
            x = X(column[0][0]).toFixed(1);
        const values =
            column.length < 4 ? ys : [ys[0], Math.min(...ys), Math.max(...ys), ys.at(-1)];
        for (const y of values) d += d ? `H${x}V${Y(y).toFixed(1)}` : `M${x} ${Y(y).toFixed(1)}`;
    };
    for (const point of points) {
        if (column.length && Math.round(X(point[0])) !== Math.round(X(column[0][0]))) {
            flush();
            column = [];
        }
        column.push(point);
    }
    flush();
    return d;
}

// What is allowed: from the bottom to the limit that holds, cut where the plot ends.
function bandPath(limits, X, Y, bottom, top, endX) {
    if (!limits.length) return '';
    let d = `M${X(limits[0][0]).toFixed(1)} ${bottom}`;
    for (const [at, value] of limits)
        d += `H${X(at).toFixed(1)}V${Math.max(top, Y(value)).toFixed(1)}`;
    return d + `H${endX}V${bottom}Z`;
}

// The range of a plot: from 0, unless it floats; a limit is in it where it is not far above.
function rangeOf(plot, lines, limits) {
    if (plot.range) return plot.range;
    let low = Infinity,
        high = -Infinity;
    for (const [, value] of lines.flat()) {
        low = Math.min(low, value);
        high = Math.max(high, value);
    }
    const limit = limits.length ? Math.max(...limits.slice(-200).map((l) => l[1])) : -Infinity;
    if (limit > high && limit < high * 1.35) high = limit;
    if (!plot.floats) low = Math.min(low, 0);
    return high > low ? [low, high] : [low, low + 1];
}

const tidy = (value) =>
    number(
        Math.abs(value) >= 100 ? Math.round(value) : +value.toFixed(Math.abs(value) < 10 ? 2 : 1),
    );

function nearest(points, at) {
    let low = 0,
        high = points.length - 1;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (points[middle][0] < at) low = middle + 1;
        else high = middle;
    }
    return low && at - points[low - 1][0] < points[low][0] - at ? points[low - 1] : points[low];
}

// What a line said last at that time; null before it begins.
function lastBefore(points, at) {
    const near = points.length ? nearest(points, at) : null;
    if (!near || near[0] <= at) return near;
    return points[points.indexOf(near) - 1] || null;
}

function drawPlot(root, plot, lines, limits, y0, frame) {
    const { X, width } = frame,
        [low, high] = rangeOf(plot, lines, limits);
    const bottom = y0 + HEIGHT,
        Y = (v) => bottom - ((v - low) / ((high - low) * 1.06)) * HEIGHT;
    const right = width - RIGHT;
    root.append(svg('path', { d: bandPath(limits, X, Y, bottom, y0, right), class: 'band' }));
    for (const v of [low, high]) {
        root.append(
            svg('line', { x1: LEFT, x2: right, y1: Y(v), y2: Y(v), class: 'grid' }),
            svg(
                'text',
                { x: LEFT - 7, y: Y(v) + 4, 'text-anchor': 'end' },
                tidy(v) + (v === high ? ' ' + plot.unit : ''),
            ),
        );
    }
    const last = limits.at(-1);
    if (last && last[1] <= high * 1.05)
        root.append(
            svg('path', { d: `M${X(last[0])} ${Y(last[1])}H${right}`, class: 'limit-line' }),
        );
    [...lines].reverse().forEach((points, i) => {
        const asked = lines.length - 1 - i > 0;
        if (points.length < 2) return;
        root.append(
            svg('path', {
                d: linePath(points, X, Y),
                class: asked ? 'asked' : 'line',
                style: asked ? null : `stroke:${plot.color}`,
            }),
        );
    });
    const reading = svg('text', { x: right, y: y0 - 8, 'text-anchor': 'end', class: 'reading' });
    root.append(svg('text', { x: LEFT, y: y0 - 8, class: 'plot-title' }, say(plot.word)), reading);
    return (at) => {
        const words = [...plot.lines.map(([word]) => word), 'limit_now'];
        const parts = [...lines, limits].map((points, i) => {
            const point = lastBefore(points, at);
            return point && `${say(words[i])} ${tidy(point[1])} ${plot.unit}`;
        });
        reading.textContent = parts.filter(Boolean).join(' · ');
    };
}

// ---- lanes below the plots ----

// Entries of other worlds on the same axis: what is there gets a lane; pilot, matching and link have
// theirs above (65-plug.js). A third part gives states that stand in no entry.
const LANES = [
    ['e_slac', (e) => e.kind === 'slac'],
    ['lane_connection', (e) => ['connect', 'close', 'loss', 'network'].includes(e.kind)],
    [
        'lane_remarks',
        (e) => ['fault', 'violation', 'bytes'].includes(e.kind) || (e.kind === 'check' && !e.ok),
    ],
    [
        'lane_grid',
        (e) => e.kind === 'log' && /^(grid |the grid has |the station wants )/.test(e.text),
        inverterStates,
    ],
];

function tick(x, y, entry, label, isBad) {
    return svg(
        'g',
        { class: 'tick' + (isBad ? ' bad' : ''), onclick: () => choose(entry.i) },
        svg('title', {}, `${label} · ${seconds(entry.at, 3)} s`),
        svg('rect', { x: x - 4, y: y - 9, width: 8, height: 16, fill: 'transparent' }),
        svg('line', { x1: x, x2: x, y1: y - 6, y2: y + 4 }),
    );
}

const LETTER = 6.2; // px of width, about

// States last until the next: a band for each, with as much of its words as has room. { at, word,
// rest, bad, i }: without a word it is a gap; with i it leads to its entry.
function stateBand(root, bands, y, { X, width }) {
    bands.forEach(({ at, word, rest, bad, i: entry }, i) => {
        const from = X(at),
            to = i + 1 < bands.length ? X(bands[i + 1].at) : width - RIGHT;
        if (!word) return;
        const whole = [word, rest].filter(Boolean).join(', '),
            room = to - from - 8;
        const fits = [whole, word].find((text) => text.length * LETTER < room);
        const box = svg('rect', {
            x: from,
            y: y - 7,
            width: Math.max(1, to - from - 1),
            height: 13,
            rx: 2,
            class: 'state' + (bad ? ' bad' : ''),
        });
        const text = fits ? svg('text', { x: from + 4, y: y + 4 }, fits) : null;
        if (entry == null) root.append(box, ...(text ? [text] : []));
        else
            root.append(
                svg(
                    'g',
                    { class: 'tick', onclick: () => choose(entry) },
                    svg('title', {}, `${whole} · ${seconds(at, 3)} s`),
                    box,
                    text,
                ),
            );
    });
}

function laneLine(root, y, title, frame) {
    root.append(
        svg('line', { x1: LEFT, x2: frame.width - RIGHT, y1: y + 7, y2: y + 7, class: 'grid' }),
        svg('text', { x: LEFT, y: y - 9, class: 'lane-title' }, title),
    );
}

function drawPlugLanes(root, y, lanes, frame) {
    for (const lane of lanes) {
        y += LANE;
        laneLine(root, y, lane.title, frame);
        stateBand(root, lane.bands, y, frame);
        y += 6;
    }
    return y;
}

function drawLanes(root, y, frame) {
    for (const [word, belongs, states] of LANES) {
        const entries = content.entries.filter((e) => !isFrame(e) && belongs(e));
        if (states) entries.push(...states());
        if (!entries.length) continue;
        y += LANE;
        laneLine(root, y, say(word), frame);
        stateBand(
            root,
            entries.filter((e) => e.more.state).map((e) => ({ at: e.at, word: e.more.state })),
            y,
            frame,
        );
        for (const e of entries.filter((entry) => !entry.more.state)) {
            root.append(tick(frame.X(e.at), y, e, `${kindWord(e.kind)} ${entryText(e)}`, !e.ok));
        }
        y += 6;
    }
    return y;
}

// Requests outside loops as ticks, with as many names as have room; those of the matching have a lane.
function drawMilestones(root, y, { X, width }) {
    const times = countBy(content.frames, (f) => f.name),
        named = [];
    for (const f of content.frames) {
        if (f.from || f.more.link || times[f.name] > 3) continue;
        const x = X(f.at),
            bad =
                content.bad &&
                content.frames[f.n] &&
                [f.i, content.frames[f.n].i].includes(content.bad.entry);
        root.append(tick(x, y, f, f.name, bad && content.bad.verdict === 'fail'));
        named.push([x, f.name.replace(/Req$/, '')]);
    }
    const placed = [];
    for (const [x, name] of [
        ...named.slice(0, 1),
        ...named.slice(1).slice(-1),
        ...named.slice(1, -1),
    ]) {
        const length = name.length * 6.2,
            toLeft = x > width / 2;
        const from = toLeft ? x - length : x,
            to = from + length;
        if (placed.some(([a, b]) => from < b + 14 && to > a - 14)) continue;
        placed.push([from, to]);
        root.append(svg('text', { x, y: y + 19, 'text-anchor': toLeft ? 'end' : 'start' }, name));
    }
    root.append(svg('line', { x1: LEFT, x2: width - RIGHT, y1: y + 5, y2: y + 5, class: 'axis' }));
}

// ---- the pointer ----

let markCurves = () => {}; // shows the time of an entry in the curves

function followPointer(root, frame, readers, height, points) {
    const upright = (name) => svg('line', { y1: 6, y2: height, class: name, visibility: 'hidden' });
    const cross = upright('cross'),
        at = upright('cross-chosen'),
        label = byId('curves-at');
    const tell = (us) => readers.forEach((read) => read(us));
    const place = (line, us) =>
        setAttributes(line, { x1: frame.X(us), x2: frame.X(us), visibility: 'visible' });
    const timeAt = (event) =>
        frame.begin +
        ((event.clientX - root.getBoundingClientRect().left - LEFT) /
            (frame.width - LEFT - RIGHT)) *
            frame.length;
    root.append(cross, at);
    root.onpointermove = (event) => {
        const us = timeAt(event);
        place(cross, us);
        tell(us);
        label.textContent = seconds(us, 3) + ' s';
    };
    root.onpointerleave = () => {
        cross.setAttribute('visibility', 'hidden');
        label.textContent = '';
    };
    root.onclick = (event) => {
        if (points && !event.target.closest('.tick')) choose(nearest(points, timeAt(event))[2]);
    };
    markCurves = (entry) => {
        place(at, entry.at);
        tell(entry.at);
    };
    if (chosenEntry != null) markCurves(content.entries[chosenEntry]);
    else tell(frame.begin + frame.length);
}

function drawCurves() {
    const home = byId('curves'),
        { points, limits } = collectPoints();
    const plots = PLOTS.map((_, p) => p).filter((p) => points[p].some((line) => line.length > 2));
    const plug = plugLanes();
    markCurves = () => {};
    home.hidden = !plots.length && !plug.lanes.length;
    if (home.hidden) return;
    home.querySelector('h2').textContent = say(plots.length ? 'curves' : 'plug');
    const functions = gridFunctions();
    home.querySelector('.hint').textContent = plots.length
        ? say('curves_sub') + (functions.length ? '; ' + say('grid_asks', functions.join(', ')) : '')
        : '';
    const box = home.querySelector('.curves'),
        width = Math.max(280, box.clientWidth);
    const begin = content.entries[0].at,
        length = content.entries.at(-1).at - begin || 1;
    const frame = {
        width,
        begin,
        length,
        X: (us) => LEFT + ((us - begin) / length) * (width - LEFT - RIGHT),
    };
    const root = svg('svg', {
        role: 'img',
        'aria-label': [
            ...(plots.length
                ? [say('curves') + ': ' + plots.map((p) => say(PLOTS[p].word)).join(', ')]
                : []),
            ...plug.lanes.map(laneText),
        ].join('; '),
    });
    const readers = plots.map((p, row) =>
        drawPlot(root, PLOTS[p], points[p], limits[p], row * (HEIGHT + GAP) + 20, frame),
    );
    const below = drawPlugLanes(root, plots.length * (HEIGHT + GAP) - 4, plug.lanes, frame);
    const milestones = drawLanes(root, below, frame) + 20;
    drawMilestones(root, milestones, frame);
    const height = milestones + 26;
    setAttributes(root, { width, height, viewBox: `0 0 ${width} ${height}` });
    followPointer(
        root,
        frame,
        readers,
        milestones + 2,
        plots.length ? points[plots[0]].find((line) => line.length) : null,
    );
    box.replaceChildren(root, ...(plug.lanes.length ? plugList(plug).filter(Boolean) : []));
}
