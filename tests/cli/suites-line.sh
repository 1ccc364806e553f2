#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cases that are played on the power line (ISO 15118-5): what judges them has to be judged, too.
. tests/cli/support
. tests/cli/support-suites

head="suite 'own' { sut = 'SECC', protocol = 'ISO15118-3', bench = 'pair', session = 'any' }"
answers="$head
cases 'own_answers' { given = 'plugged', then_ = behaviour.confirms,
    sends = 'CM_SLAC_PARM_REQ', expects = 'CM_SLAC_PARM_CNF', rows = { one = { } } }"

judged "a station is matched with by a case" 0 "pass own_answers_one 1 passed" "$answers"
judged "what it answers, negated, fails, and so does a station that is silent" 0 \
    "negations killed, 1 of 1 rule mutants killed" "$answers" --mutate
judged "a field that is not as it has to be is told with its name" 1 \
    "fail own_wrong expected CM_SLAC_PARM_CNF.NUM_SOUNDS = 9, found 10" "$head
cases 'own_wrong' { given = 'plugged', then_ = function(it)
    it:asks_for('CM_SLAC_PARM_CNF', 'CM_SLAC_PARM_REQ', nil, { NUM_SOUNDS = 9 }) end }"
judged "a message that may not be taken: it fails where it is, field by field, and by the time" 0 \
    "pass own_lured_field pass own_lured_late negations killed, 3 of 3 rule mutants killed" "$head
cases 'own_lured' { given = 'CM_ATTEN_CHAR_RSP', then_ = behaviour.takes_no_notice,
    sends = 'CM_SLAC_MATCH_REQ', rows = {
    field = { fields = { EVSEMAC = '000000000000', PEVID = ('42'):rep(17) },
              late = 'CM_SLAC_MATCH_REQ', until_ = 'TT_EVSE_match_session' },
    late = { waits = 'TT_EVSE_match_session' } } }" --mutate
judged "a row that is not reached is inconclusive, and says what came" 2 \
    "inconclusive own_far CM_SLAC_PARM_CNF: no CM_SLAC_PARM_CNF" "$head
cases 'own_far' { given = 'CM_ATTEN_CHAR_RSP', then_ = behaviour.confirms,
    sends = 'CM_SLAC_MATCH_REQ', expects = 'CM_SLAC_MATCH_CNF' }" --fault 'CM_SLAC_PARM_CNF: drop'

run test --list --interface lo 'TC_SECC_CMN_VTB_CmSlac*'
wants "a device that is there needs a modem for them" 0 out 'needs a modem: --slac INTERFACE'
