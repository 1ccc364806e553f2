// SPDX-License-Identifier: Apache-2.0
// TLS of each connection: what was agreed, the certificates that each side showed, what was found
// wrong with them, OCSP, alerts.

const SIDES = [
    ['SECC', 'station'],
    ['EVCC', 'vehicle'],
];
const MANY_CONNECTIONS = 2; // where there are more, only those with something wrong are open

const dateOf = (s) => new Date(s * 1000).toISOString().replace('T', ' ').slice(0, 16) + ' UTC';
const sideWord = (side) => say(side === 'SECC' ? 'station' : 'vehicle');
const isFatal = (alert) => alert.level === 'fatal';

// ---- a certificate ----

// Where within its validity the time stands by which it was judged.
function validity(certificate, at) {
    const { not_before: from, not_after: to } = certificate;
    if (at === undefined) // in virtual time nobody looked at the clock
        return h('div.validity', h('span.n', dateOf(from)), h('span.span-of'), h('span.n', dateOf(to)));
    const part = to > from ? (at - from) / (to - from) : 0;
    const word = at < from ? 'not_yet_valid' : at > to ? 'expired' : 'valid';
    return h(
        'div.validity' + (word === 'valid' ? '' : '.bad'),
        h('span.n', dateOf(from)),
        h(
            'span.span-of',
            { role: 'img', 'aria-label': say(word) + ', ' + dateOf(at) },
            h('i', { style: `left:${Math.max(0, Math.min(100, part * 100))}%` }),
        ),
        h('span.n', dateOf(to)),
        word === 'valid' ? null : h('b.fail', say(word)),
    );
}

const pem = (der) =>
    `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;

const extensionRow = ([name, isCritical, text]) =>
    h(
        'tr',
        h('th', { scope: 'row' }, breakable(name)),
        h('td.mute', isCritical ? say('critical') : ''),
        h('td.mono', breakable(text)),
    );

function certificateMore(certificate) {
    return h(
        'details',
        h('summary', say('extensions_n', number((certificate.extensions || []).length))),
        h('table.extensions', h('tbody', (certificate.extensions || []).map(extensionRow))),
        h('p', copyButton(pem(certificate.der), 'PEM')),
    );
}

const findingRow = (finding) =>
    h(
        'li.' + (finding.error ? 'fail' : 'mute'),
        h('b', say('p_' + finding.fault.replace(/\W/g, '_'))),
        ' ',
        h('span', finding.text),
        finding.clause ? h('span.mute', ' ' + finding.clause) : null,
    );

const findingList = (findings) =>
    findings.length
        ? h('ul.pki-findings', { 'aria-label': say('findings') }, findings.map(findingRow))
        : null;

// One of a chain, from 1 on, with what was found about it.
function certificateCard(certificate, nth, findings, at) {
    const role = (findings.find((f) => f.role) || {}).role;
    const bad = findings.some((f) => f.error);
    return h(
        'li.certificate' + (bad ? '.bad' : ''),
        h(
            'div.certificate-head',
            h('span.n.mute', nth),
            h('b', breakable(certificate.subject || certificate.problem)),
            role ? h('span.mute', role) : null,
        ),
        certificate.subject
            ? [
                  validity(certificate, at),
                  h(
                      'dl.facts',
                      fact(
                          say('issuer'),
                          certificate.self_issued ? say('itself') : breakable(certificate.issuer),
                      ),
                      fact(say('serial'), h('span.mono', breakable(certificate.serial || '–'))),
                      fact(say('key'), certificate.key),
                      fact(say('signature'), certificate.signature),
                  ),
              ]
            : null,
        findingList(findings),
        certificate.subject ? certificateMore(certificate) : null,
    );
}

// ---- a chain ----

// Who has judged it, and how it came out.
function judgeLine(judged) {
    const bad = judged.findings.filter((f) => f.error).length;
    const word = bad || judged.problem ? 'faults_found' : 'no_faults_found';
    const who = judged.by === 'report' ? say('this_report') : sideWord(judged.by.split(' ')[0]);
    return h(
        'p.judge',
        mark(bad || judged.problem ? 'fail' : 'pass', ''),
        h('span', say(word, who, number(bad))),
        judged.problem ? h('span.fail', judged.problem) : null,
    );
}

function chainOf(handshake, side) {
    const chain = (handshake.chains || {})[side];
    if (!chain) return null;
    const judged = handshake.judged.filter((j) => j.of === side);
    const about = (i) =>
        judged.flatMap((j) => j.findings.filter((f) => (f.certificate || 0) === i));
    const whose = say('chain_of', say(side === 'SECC' ? 'station_low' : 'vehicle_low'));
    return h(
        'div.chain',
        h('h3', whose),
        judged.map(judgeLine),
        findingList(about(0)),
        chain.length
            ? h(
                  'ol',
                  { 'aria-label': whose },
                  chain.map((n, i) =>
                      certificateCard(
                          content.words.certificates[n],
                          i + 1,
                          about(i + 1),
                          handshake.at,
                      ),
                  ),
              )
            : h('p.mute', say('no_certificate')),
    );
}

function staple(ocsp) {
    if (!ocsp) return null;
    const rows = [
        [say('ocsp_status'), ocsp.status || ocsp.problem],
        [say('checked'), ocsp.checked],
        [say('produced'), ocsp.produced && dateOf(ocsp.produced)],
        [say('good_until'), ocsp.next_update && dateOf(ocsp.next_update)],
        [say('signature'), ocsp.signature],
    ];
    return h(
        'div',
        h('h3', say('ocsp')),
        h(
            'dl.facts',
            rows.filter(([, value]) => value).map(([word, value]) => fact(word, value)),
        ),
    );
}

// ---- a connection ----

const list = (values) => (values && values.length ? values.join(', ') : null);

function offered({ offer, answer, request }) {
    const rows = [
        ['versions', list(offer && offer.versions)],
        ['suites', list(offer && offer.suites)],
        ['groups', list(offer && offer.groups)],
        ['schemes', list(offer && offer.schemes)],
        ['client_extensions', list(offer && offer.extensions)],
        ['roots_of_vehicle', list(offer && offer.certificate_authorities)],
        ['server_extensions', list(answer && answer.extensions)],
        ['roots_of_station', list(request && request.certificate_authorities)],
    ].filter(([, value]) => value);
    return h(
        'details',
        h('summary', say('offered')),
        h(
            'dl.facts.offered',
            rows.map(([word, value]) => fact(say(word), breakable(value))),
        ),
    );
}

const alertWord = (alert) => `${sideWord(alert.from)}: ${alert.name}`;

function connectionFacts(t) {
    const { offer = {}, answer = {}, alerts = [] } = t;
    const signed = SIDES.filter(([side]) => t.signed && t.signed[side]).map(
        ([side]) => `${sideWord(side)}: ${t.signed[side]}`,
    );
    const rows = [
        ['version', t.version],
        ['suite', t.suite],
        ['group', t.group],
        ['signed_with', list(signed)],
        ['resumed', say(t.resumed ? 'yes' : 'no')],
        ['handshake_took', t.handshake_us >= 0 ? time(t.handshake_us) : null],
        ['server_name', offer.server_name],
        ['alpn', list(offer.protocols) && `${answer.protocol || '–'} (${list(offer.protocols)})`],
        ['alerts', list(alerts.map(alertWord))],
    ].filter(([, value]) => value);
    return h(
        'dl.facts',
        rows.map(([word, value]) =>
            fact(
                say(word),
                h(
                    'span' + (word === 'alerts' && alerts.some(isFatal) ? '.fail' : ''),
                    breakable(value),
                ),
            ),
        ),
    );
}

const isWrong = (t) =>
    !t.established ||
    (t.alerts || []).some(isFatal) ||
    t.judged.some((j) => j.problem || j.findings.some((f) => f.error));

function connection(t, isOpen) {
    const words = [t.version, t.suite, t.group, t.resumed ? say('resumed') : null];
    const outcome = !t.established ? 'fail' : isWrong(t) ? 'inconclusive' : 'pass';
    return h(
        'details.connection',
        { open: isOpen || isWrong(t) },
        h(
            'summary',
            mark(outcome, say(t.established ? 'established' : 'not_established')),
            h('b', say('connection_n', number(t.connection))),
            h('span.mute', words.filter(Boolean).join(', ') || say('not_established')),
        ),
        connectionFacts(t),
        h(
            'div.chains',
            SIDES.map(([side]) => chainOf(t, side)),
        ),
        staple(t.ocsp),
        offered(t),
    );
}

function tls() {
    const all = content.tls || [];
    if (!all.length) return null;
    return section(
        say('tls_section'),
        say('tls_sub'),
        longList(
            all,
            (t) => connection(t, all.length <= MANY_CONNECTIONS),
            (rows) => h('div.tls', rows),
        ),
    );
}
