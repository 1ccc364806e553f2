// SPDX-License-Identifier: Apache-2.0
// Before and beside the messages: the control pilot, the matching (SLAC) and the link, as lanes on the
// axis of time of the curves, and as a list in order, which is read aloud and walked through by keys.

// What a matching is about from a frame of that name on, until another one comes.
const PHASES = [
    [/^CM_SLAC_PARM_/, 'ph_parameters'],
    [/^CM_(START_ATTEN_CHAR|MNBC_SOUND)_/, 'ph_sounds'],
    [/^CM_ATTEN_CHAR_/, 'ph_attenuation'],
    [/^CM_VALIDATE_/, 'ph_validation'],
    [/^CM_SLAC_MATCH_/, 'ph_match'],
];
const LINK_STATUS = /^(VS_PL_LINK_STATUS|CG_GET_D_LINK_STATUS)_CNF$/;
const MOST_CARS = 4; // whose lanes are drawn
const MOST_STEPS = 40; // of the list; the ladder has all

// A band lasts until the next one of its lane; one without a word is a gap.
const band = (entry, word, more) => ({ at: entry.at, i: entry.i, word, ...more });

// ---- the control pilot ----

function pilotBand(entry) {
    const { state, duty } = entry.more;
    const isFault = state === 'E' || state === 'F';
    const isSteady = duty == null || duty >= 100;
    const name = isFault || duty == null ? state : state + (isSteady ? 1 : 2);
    const rest = isFault || duty == null ? '' : isSteady ? say('steady') : `${duty} %`;
    return band(entry, name, { rest, bad: isFault });
}

// A lane for each cable.
function pilotLanes() {
    const told = content.entries.filter((e) => e.kind === 'pilot' && e.more.state);
    return [...groupBy(told, (e) => e.more.cable || '')].map(([cable, entries]) => ({
        title: [say('e_pilot'), cable].filter(Boolean).join(' · '),
        who: cable,
        bands: entries.map(pilotBand),
    }));
}

// ---- matching and link ----

const macOf = (digits) => digits.toUpperCase().match(/../g).join(':');

function linkStatus(frame) {
    if (!LINK_STATUS.test(frame.name) || !(frame.shape >= 0)) return null;
    const places = valuePaths(frame.shape, content.words);
    const [v] = places.find(([, path]) => path.endsWith('LinkStatus')) || [];
    return v == null ? null : frame.values[v] === '1';
}

// A phase is told once, but a new request for parameters begins a matching.
function enterPhase(car, frame, word) {
    if (car.matching.at(-1)?.word !== word) car.matching.push(band(frame, word));
}

// By the modem of a host at either end of the link: an end of it counts of one that has told of it.
function tellLink(car, frame, host, isUp) {
    const last = car.link.at(-1)?.word;
    if (isUp && last !== 'link_up') {
        car.link.push(band(frame, 'link_up'));
        if (car.matching.length) car.matching.push(band(frame, ''));
    } else if (!isUp && last === 'link_up' && car.told.has(host)) {
        car.link.push(band(frame, 'link_lost', { bad: true }));
        car.told.clear();
    }
    if (isUp) car.told.add(host);
}

// A key of the vehicle's own modem: that of the match, or another one, by which it leaves.
function takeKey(car, frame) {
    if (car.matching.at(-1)?.word === 'ph_match') enterPhase(car, frame, 'ph_key');
    else if (car.link.at(-1)?.word === 'link_up') {
        car.link.push(band(frame, 'link_left'));
        car.told.clear();
    }
}

// Each vehicle that asks for parameters, by its address.
function matchingCars() {
    const cars = new Map();
    for (const frame of content.frames.filter((f) => f.more.link && f.hex.length >= 24)) {
        const to = frame.hex.slice(0, 12),
            from = frame.hex.slice(12, 24);
        if (frame.name === 'CM_SLAC_PARM_REQ' && !cars.has(from))
            cars.set(from, { mac: from, matching: [], link: [], told: new Set(), station: null });
        const car = cars.get(from) || cars.get(to);
        const [, word] = PHASES.find(([pattern]) => pattern.test(frame.name)) || [];
        if (car && word) enterPhase(car, frame, word);
        if (car && frame.name === 'CM_SLAC_MATCH_CNF') car.station = from;
        if (car && frame.name === 'CM_SET_KEY_REQ') takeKey(car, frame);
        const status = linkStatus(frame);
        for (const c of status == null ? [] : cars.values())
            if (c.mac === to || c.station === to) tellLink(c, frame, to, status);
    }
    return [...cars.values()];
}

function matchingLanes() {
    const cars = matchingCars();
    const lanes = cars.slice(0, MOST_CARS).flatMap((car) => {
        const who = cars.length > 1 ? macOf(car.mac) : '';
        const lane = (word, bands) => ({
            title: [say(word), who].filter(Boolean).join(' · '),
            who,
            bands: bands.map((b) => ({ ...b, word: b.word && say(b.word) })),
        });
        return [lane('lane_matching', car.matching), lane('lane_link', car.link)];
    });
    return { lanes: lanes.filter((l) => l.bands.length), left: Math.max(0, cars.length - MOST_CARS) };
}

// ---- all of it ----

function plugLanes() {
    const { lanes, left } = matchingLanes(),
        pilots = pilotLanes();
    return {
        lanes: [...pilots.slice(0, MOST_CARS), ...lanes],
        left: Math.max(left, pilots.length - MOST_CARS),
    };
}

// For the name of the drawing: 'Control pilot: B2, C2, B2'.
const laneText = ({ title, bands }) =>
    `${title}: ${bands.flatMap((b) => b.word || []).slice(0, MOST_STEPS).join(', ')}`;

function plugStep({ lane, step }) {
    const words = [lane.title, [step.word, step.rest].filter(Boolean).join(', ')].join(': ');
    return h(
        'li' + (step.bad ? '.bad' : ''),
        h(
            'button.link.plain',
            { onclick: () => choose(step.i) },
            h('span.n.mute', seconds(step.at, 3) + ' s'),
            ' ',
            words,
        ),
    );
}

// The list below the drawing.
function plugList({ lanes, left }) {
    const steps = lanes
        .flatMap((lane) => lane.bands.filter((b) => b.word).map((step) => ({ lane, step })))
        .sort((a, b) => a.step.at - b.step.at || a.step.i - b.step.i);
    const rest = steps.length - MOST_STEPS;
    return [
        h('ol.plug', { 'aria-label': say('plug_steps') }, steps.slice(0, MOST_STEPS).map(plugStep)),
        rest > 0 ? h('p.mute', say('more_steps', number(rest))) : null,
        left > 0 ? h('p.mute', say('more_cars', number(left))) : null,
    ];
}
