#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# v2glab docs: pages in both languages and all forms, answers on the terminal, definition files.
# shellcheck source=tests/cli/support
. tests/cli/support
FUNCTIONS=tests/api/functions.tsv

# ---- pages ----

run docs --message SessionStop --role evcc --lang ko
wants "a page has the headings of the reference pages" 0 \
    out 'EVCC > ISO15118-2 > SessionStop API' out 'SessionStop Lua API reference.' \
    out 'SessionStopReq API' out 'SessionStopRes API' out '상세 명세' out '예제' \
    out 'SessionStopReq 설정 및 전송' out 'V2GTP Header' out 'XML Example'
wants "its functions, with parameter, result, message" 0 \
    out 'Evcc.Set_SessionStopReq_ChargingSession(chargingSession)' \
    out 'chargingSession (ChargingSessionType)' out 'SessionStopReq.ChargingSession 설정' \
    out 'SessionStopReq.ChargingSession 조회' out 'SessionStopReq 송신' out 'SessionStopRes 수신' \
    out 'local chargingSession = ChargingSessionType.Terminate' \
    out 'local observedChargingSession = Evcc.Get_SessionStopReq_ChargingSession()'
wants "and a header and XML that belong together" 0 out 'Payload Length    0x0000000E' \
    out '<s1:ChargingSession>Terminate</s1:ChargingSession>'
run docs Evcc.Set_SECCDiscoveryReq_Security
wants "a field of octets has its width and values" 0 out 'Limits       0, 16' out 'On the wire  8 bits'
run docs --message ChargingStatus --role secc --lang ko --protocol ISO15118-2
wants "functions of a physical value" 0 out 'ChargingStatusReq.Received 확인' \
    out 'local evseMaxCurrentUnit = UnitSymbolType.Unit_A' out '10^Multiplier A' \
    out 'Secc.Set_ChargingStatusRes_SAScheduleTupleID(saScheduleTupleID)' out '7..37자'
run docs --message SessionStopRes --role SECC
wants "one message alone" 0 out 'Secc.Set_SessionStopRes_ResponseCode' not-out '_SessionStopReq' \
    not-out 'SessionStopReq API' out 'Rules of SessionStopRes'
run docs --message CableCheck --protocol ISO15118-20
wants "a message that the protocol does not have" 1 err "ISO15118-20 has no message 'CableCheck'" \
    err 'the nearest name is DC_CableCheck'

# Every function of a page of functions.tsv is on it. Exist_ is listed under its full name.
bad=0
while IFS=$'\t' read -r protocol role message; do
    run docs --format md --protocol "$protocol" --role "${role,,}" --message "$message"
    [ "$status" -eq 0 ] || bad=1
    page=$(<"$work/out")
    while read -r function; do
        [[ $page == *"$function("* ]] || { bad=1; echo "# not on its page: $function"; }
    done < <(awk -F '\t' -v p="$protocol" -v r="$role" -v m="$message" '
        $1 == p && $2 == r && $3 == m && $7 != "other:Exist" {
            sub(/^SECC/, "Secc", $4); sub(/^EVCC/, "Evcc", $4); print $4
        }' "$FUNCTIONS")
done < <(awk -F '\t' 'NR > 1 { print $1 "\t" $2 "\t" $3 }' "$FUNCTIONS" | sort -u)
result $bad "pages have all functions that are known by name"

# ---- answers ----

run docs Evcc.Set_SessionStopReq_ChargingSession
wants "what a function is" 0 out 'Sets SessionStopReq.ChargingSession' \
    out 'Whether the session ends or pauses.' out 'chargingSession (ChargingSessionType)' \
    out 'SessionStopReq (EVCC → SECC)' out 'enumeration, 1 bit' out 'ChargingSessionType.Pause' \
    out 'Evcc.Set_SessionStopReq_ChargingSession(chargingSession)'
run docs Secc.Set_ChargingStatusRes_EVSEMaxCurrent --lang ko
wants "in Korean, with unit and default" 0 out 'ChargingStatusRes.EVSEMaxCurrent 설정' out '단위' \
    out '없음 (넣으면 0)'
run docs V2G20-2005
wants "a rule of the standards by its id: both sides, messages, proof" 0 out 'DC_PreChargeReq' \
    out 'the last one says Finished' out 'FAILED_SequenceError' out 'tests/cli/rules-20.sh' \
    not-out 'Sources'
run docs drv-2-pmaxzero
wants "in any case of letters, and what sources disagree on" 0 out 'DRV-2-PMaxZero' \
    out 'Sources' out 'ISO 15118-4'
run docs --lang ko V2G-DC-909
wants "in Korean, and why there is no test" 0 out '인렛 전압' out '시험이 없는 까닭' out '인렛이 없다' out 'EVerest는 이를 미룬다'
run docs V2G20-2005 --protocol DIN70121
wants "a rule of another protocol" 1 err "there is no rule 'V2G20-2005'"
run docs V2G20-x2005
wants "an id that there is not: the nearest one" 1 err 'the nearest id is V2G20-2005'
run docs DC_PreChargeRes
wants "the rules of a message with it" 0 out 'Rules of DC_PreChargeRes' out 'V2G20-2006'
run docs Pki.Check
wants "functions of Pki" 0 out 'Pki.Check(chain, options)' out 'revocation = false'
run docs Evcc.Sign_MeteringReceiptReq
wants "signatures of every signed message" 0 out 'Evcc.Sign_MeteringReceiptReq(who)'
run docs Evcc.Sign_MeteringRecieptReq
wants "the nearest of them" 1 err 'the nearest name is Sign_MeteringReceiptReq'
run docs Evcc.Signing
wants "fields of the roles, which are no functions" 0 out 'Evcc.Signing' out 'boolean' not-out 'Signing('
run docs --lang ko Secc.Protocol
wants "and in Korean" 0 out 'Secc.Protocol' out 'DIN70121'
run docs --meta
wants "and for editors" 0 out '---@field Signing boolean Whether' not-out 'Role.Signing('
run docs Pki.Chek
wants "and their wrong names" 1 err 'the nearest name is Pki.Check'
run docs Evcc.Set_SessionStopReq_ChargingSesion
wants "a wrong name: the nearest one" 1 \
    err 'the nearest name is Evcc.Set_SessionStopReq_ChargingSession'
run docs SessionStopReq
wants "a message: its elements and functions" 0 out 'EVCC → SECC' out 'ChargingSession  ' \
    out 'Evcc.Send_SessionStopReq_001()' out 'Secc.Receive_SessionStopReq_001()' \
    out 'DIN70121, ISO15118-20'
run docs SessionStopReq.ChargingSession
wants "an element" 0 out 'Evcc.Get_SessionStopReq_ChargingSession()'
run docs ResponseCodeType --protocol ISO15118-2
wants "an enumeration, with codes" 0 out 'ResponseCodeType.FAILED_CertificateRevoked' out '  25' \
    not-out DIN70121
run docs UnitSymbolType
wants "of all protocols" 0 out 'UnitSymbolType.Unit_A' out DIN70121
run docs physicalvaluetype
wants "a type with elements, in any case of its letters" 0 out 'Multiplier' out '-3..3'
run docs ResponseCodeTyp
wants "a wrong type" 1 err 'the nearest name is ResponseCodeType'
run docs Evcc.Send_Raw
wants "a function of no message" 0 out 'Evcc.Send_Raw(bytes)'
run docs din70121
wants "a protocol: its messages" 0 out 'ContractAuthentication' not-out 'ISO 15118-2:2013'
run docs
wants "what there is" 0 out 'ISO15118-2' out 'DIN70121' out 'ISO15118-20' out 'SessionStop' \
    out 'Sleep(milliseconds, until_stop)'

bad=0
while IFS=$'\t' read -r protocol _ message function parameters returned _; do
    run docs "$function" --protocol "$protocol"
    # results of the other protocols are written in other words there
    case $protocol:$returned in
    ISO15118-2:* | *:-) expected=$returned ;;
    *) expected='[^ -].*' ;;
    esac
    name=${parameters%%[ ,(]*}
    answer=$'\n'$(<"$work/out")$'\n'
    returns=$'\n *Return +'$expected$'\n'
    if [ "$status" -ne 0 ] || ! [[ $answer =~ $returns ]] || [[ $answer != *"$message"* ]] ||
        { [ "$parameters" != "()" ] && [ "$name" != notification ] &&
            [[ ${answer,,} != *"(${name,,}"* ]]; }; then
        bad=1
        echo "# $protocol $function"
    fi
done < <(tail -n +2 "$FUNCTIONS")
result $bad "every function known by name is answered, with parameter and result"

# ---- what belongs to no message ----

run docs Certificate
wants "a class: what it has" 0 out 'A certificate as a value' out 'certificate.not_after' not-out 'Sleep'
run docs key:matches
wants "a method of a value" 0 out 'key:matches(certificate)' out boolean
run docs Certificate.derr
wants "and the nearest one" 1 err 'the nearest name is Certificate.der'
run docs --lang ko Evcc
wants "a role: its own functions and those of both" 0 out '차량' out 'Evcc.Connect(options)' out 'Evcc.Outgoing(name)'
run docs Evcc.Connect
wants "a function: the options that it takes" 0 out 'connectOptions.may_fail' not-out 'tlsOptions'
run docs Measured
wants "what ready-made behaviour uses" 0 out 'Measured(protocol, name, message, ms, ok, limit)'

# ---- definition files ----

run docs --meta --protocol ISO15118-2
wants "a definition file" 0 out '---@meta' out '---@class Evcc' out '---@enum ResponseCodeType' \
    out '---@param chargingSession ChargingSessionType' \
    out 'function Evcc.Set_SessionStopReq_ChargingSession(chargingSession) end' \
    out '---@return ChargingSessionType' out "    Unit_A = 'A',"
mkdir "$work/meta"
cp "$work/out" "$work/meta/all.lua"
run docs --meta --all "$work/meta"
wants "and addons, one for each protocol and role" 0
[ -s "$work/meta/common/library/v2glab.lua" ] && [ -s "$work/meta/evcc-iso15118-2/config.json" ] &&
    grep -q "function Evcc.Send_SessionStopReq_001" "$work"/meta/evcc-iso15118-2/library/*-SessionStop.lua &&
    ! grep -rq "^function Secc" "$work"/meta/evcc-iso15118-2
result $? "of its own functions alone"
luac=$(command -v luac5.4 || command -v luac)
if [ -n "$luac" ]; then
    bad=0
    for file in "$work"/meta/*.lua "$work"/meta/*/library/*.lua; do
        "$luac" -p "$file" || bad=1
    done
    result $bad "definition files are Lua"
else
    echo "ok - definition files are Lua # SKIP there is no luac"
fi
large=$(find "$work/meta" -name '*-*.lua' -size +500k)
[ -z "$large" ]
result $? "that editors still read: no file is above 500 KB"

# ---- wrong use ----

run docs --lang fr
wants "a language that is not there" 3 err '--lang fr: expected en or ko'
run docs --protocol ISO15118-3
wants "a protocol that is not there" 3 err '--protocol ISO15118-3'
run docs --message SessionStop Sleep
wants "a name and a message" 3 err 'NAME goes with none of'
run docs --all /dev/null/docs
wants "a folder that cannot be made" 3 err '/dev/null'

# ---- what has no page of its own, and words anywhere ----

# first NAME KIND WORDS...: what is found first
first() {
    name=$1 kind=$2
    shift 2
    run docs "$@"
    [ "$status" -eq 0 ] && [ "$(sed -n 1p "$work/out")" = "$name" ] &&
        sed -n 3p "$work/out" | grep -qF -e "$kind"
    result $? "docs $*: $name"
}

first battery.soc 'Parameter of v2glab ev (--set): 20; percent, at the start' battery.soc
first dc.ripple 'Parameter of v2glab evse (--set): 0.5' dc.ripple
first grid_functions "Parameter of v2glab evse (--set): { 'OverFrequencyWatt', 'UnderFrequencyWatt', 'VoltWatt', 'VoltVar' }; with" \
    'grid_functions VoltVar'
first linger_ms 'Parameter of v2glab evse (--set): 4900; TCP_Connection_Termination_Timeout is 5 s' linger_ms
first before.send 'Hook (--script): (m, session) is called before any message' before.send
first V2G_EVCC_Msg_Timeout 'Timing parameter of DIN70121, in ms (--timer): 2000' V2G_EVCC_Msg_Timeout
first FAILED_ContactorError responseCodeType FAILED_ContactorError
first --against 'Option of v2glab run: ev or evse' -- --against
first V2G2-582 규칙 --lang ko 절연
first before.send '훅(--script): 세션의' --lang ko before.send
# found LANGUAGE WORDS NAME...: these words find that, among the first
found() {
    local language=$1 words=$2 name hits
    shift 2
    run docs --lang "$language" "$words"
    hits=$(grep -A 1 -E '^[^ ]' "$work/out" | head -n 80)
    for name; do grep -qF -- "$name" <<<"$hits" || { echo "# not found: $name"; return 1; }; done
}
found ko 타임아웃 on.timeout on_timeout V2G_EVCC_Msg_Timeout
result $? "docs finds what has another word in Korean, by that which people type"
found ko 타임아웃은 on.timeout && found ko '세션이 끝' SessionStop && found ko 인증서를 Certificate
result $? "with particles"
found ko 컨택터 접촉기 && found ko '절연 검사' CableCheck && found en 접촉기 ontactor
result $? "by the words of the glossary, of either language"
run docs --lang ko 세션
mv "$work/out" "$work/without"
run docs --lang ko 세션의
diff <(sort "$work/without") <(sort "$work/out") >/dev/null && grep -q V2G "$work/out"
result $? "a word with its particle finds what it finds without"
run docs --lang ko 없는말이다
wants "and says where there is nothing" 1 err '없는말이다'
run docs timeout
wants "docs timeout finds parameters, hooks, timing parameters and options" 0 out on.timeout \
    out on_timeout out V2G_EVCC_Msg_Timeout out 'more: more words find fewer'
run docs 'peak ripple'
wants "of several words each has to be there" 0 out EVSEPeakCurrentRipple not-out TargetVoltage
run docs frobnicate
wants "what nothing has" 1 err "there is no function, message or type 'frobnicate'"
