#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `v2glab script` and `v2glab replay`: scripts of sessions that this program has recorded, which run
# again at another side; with docs/replay.md, which tells what they do.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-replay
. tests/cli/support-replay

# record NAME PROTOCOL MODE OPTION...: a session of the ready-made sides, as $work/NAME
record() {
    local name=$1 protocol=$2 mode=$3
    shift 3
    "$V2GLAB" ev --virtual-time --quiet --protocol "$protocol" --mode "$mode" --tls off \
        --set loops=6 --record "$work/$name" "$@" >/dev/null 2>&1
}

# The vehicle's station offers both AC and DC unless it is told otherwise, the recorded one does not.
others() {
    case $1 in
    evcc) echo evse --with "modes={dc=$([ "$3" = dc ] && echo true || echo false),ac=$([ "$3" = ac ] && echo true || echo false)}" ;;
    secc) echo ev --with mode="$3" --with loops=6 --protocol "$2" ;;
    esac
}

# What two scripts of one session have in common: all but what time does, and where they come from.
plain() {
    grep -v -e 's\.pause' -e 's\.connect' -e '^-- The ' "$1"
}

# ---- round trips ----

for spec in "DIN70121 dc" "ISO15118-2 dc" "ISO15118-2 ac" "ISO15118-20 dc" "ISO15118-20 ac"; do
    read -r protocol mode <<<"$spec"
    record first "$protocol" "$mode" || echo "not ok - $spec: no session was recorded"
    for role in evcc secc; do
        run script --role $role "$work/first" -o "$work/first.lua"
        wants "$spec, $role: a script is made" 0 not-err note
        # shellcheck disable=SC2046 # words
        comes_back "$spec, $role" $role --tls off --against $(others $role "$protocol" "$mode")
    done
    rm -rf "$work/first"
done

# ---- classes ----

record first ISO15118-2 dc
run script "$work/first" -o "$work/first.lua"
has() {
    grep -qF -e "$2" "$work/first.lua"
    result $? "$1"
}
has "the SAScheduleTupleID is bound to what the station says" \
    "SAScheduleTupleID = peer('ChargeParameterDiscoveryRes.SAScheduleList.SAScheduleTuple[1].SAScheduleTupleID', 1), -- bound"
has "the EVCCID is the vehicle's own" "EVCCID = own('EVCCID', "
has "loops are folded" "for _ in s.rounds('CurrentDemand', 6) do"
has "Ongoing is a repeat-until" "for _ in s.ongoing('CableCheck', 3) do"
has "values that change are a curve" "curve{ "
has "a received number is a range" "-- range"

# ---- a peer that answers otherwise ----

run replay "$work/first" --virtual-time --quiet --no-record --against evse \
    --with 'ongoing={CableCheck=9}' --with dc.max_voltage=395 --with dc.max_current=20 --with evse_id=KR*AB1*E7
wants "another number of Ongoing, other limits and another EVSEID: pass, and told" 0 \
    out 'SessionSetupRes EVSEID: KR*AB1*E7' out 'CurrentDemandReq EVTargetCurrent: 20 A, was 200 A'
run replay "$work/first" --virtual-time --no-record --against evse --with dc.max_current=20
wants "a clipped value is told" 0 out 'is beyond EVSEMaximumCurrentLimit of the other side, 20 is sent'
record ac ISO15118-2 ac
run replay "$work/ac" --virtual-time --no-record --against evse \
    --with 'schedules={{id=7,entries={{start=0,power=3000}}}}'
wants "another schedule of less power: its number is taken, the profile clipped" 0 \
    out 'ChargingProfileEntryMaxPower' out 'is beyond PMax of the other side, 3000 is sent' \
    out 'SAScheduleTupleID: 7'
run replay "$work/first" --virtual-time --quiet --no-record --against evse --with stop_after=3
wants "fewer rounds: the station asks to stop" 0 out 'places in their order'
run replay "$work/first" --virtual-time --quiet --no-record --against evse --with answers.CableCheck=FAILED
wants "a FAILED that the capture has not" 1 \
    err 'the station answered CableCheckRes with FAILED, which the capture has not' \
    out 'PowerDeliveryReq' not-out '- SessionStopReq'
run replay "$work/first" --virtual-time --quiet --no-record --against evse --with silent_at=PreCharge
wants "a station that falls silent" 1 err 'no PreChargeRes in time'
run replay "$work/first" --virtual-time --quiet --no-record --against evse --with close_at=PreCharge
wants "a station that closes" 1 err 'this session: unanswered: PreChargeReq'
run replay "$work/first" --role secc --virtual-time --quiet --no-record --against ev --with mode=dc \
    --with loops=40
wants "more rounds than in the capture: the vehicle is asked to stop" 0
run replay "$work/first" --role secc --virtual-time --no-record --against ev --with mode=dc \
    --with loops=40
wants "and that is told" 0 out 'CurrentDemand goes on beyond the 6 rounds of the capture'
run replay "$work/first" --role secc --virtual-time --no-record --against ev --with mode=dc \
    --with after_stop_request=1000000
wants "a vehicle that never stops is left in the end, which has a name" 1 \
    out 'the vehicle goes on with CurrentDemandReq, 30 s beyond what the capture has: it is left' \
    out 'this session: goes on: CurrentDemandReq'
run replay "$work/first" --role secc --virtual-time --quiet --no-record --against ev --with mode=dc \
    --with 'welding={3,3}'
wants "a step more often than in the capture" 0
run replay "$work/first" --role secc --virtual-time --quiet --no-record --against ev --with mode=ac
wants "a vehicle that finds nothing for it" 1 err 'the station offers no AC charging'
run replay "$work/first" --virtual-time --quiet --no-record --json --against evse
wants "the difference as JSON" 0 out '"fields":['

# a vehicle that does not behave
run script "$work/first" --role secc -o "$work/station.lua"
# vehicle NAME CODE LUA TEXT...: after supportedAppProtocol and SessionSetup it says that
vehicle() {
    local name=$1 code=$2
    cat >"$work/vehicle.lua" <<END
Evcc.Protocol = 'ISO15118-2'
Evcc.Connect { manual = true }
local function say(name) Evcc.Message(name):send() end
for _, name in ipairs { 'supportedAppProtocolReq', 'SessionSetupReq' } do
    say(name)
    Evcc.Receive_Any_001()
end
$3
Sleep(1000)
END
    shift 3
    run run "$work/station.lua" "$work/vehicle.lua" --virtual-time --quiet --no-record
    wants "$name" "$code" not-err traceback "$@"
}
vehicle "a vehicle that begins again" 1 "say 'supportedAppProtocolReq'" \
    err 'supportedAppProtocolReq is out of turn: the capture has ServiceDiscoveryReq there'
vehicle "a vehicle that answers" 1 "say 'SessionSetupRes'" err 'SessionSetupRes is out of turn'
vehicle "a vehicle that asks twice, and is gone" 2 "say 'SessionSetupReq' say 'SessionSetupReq'
Evcc.Disconnect(true)" err 'this session: unanswered: SessionSetupReq'
vehicle "a vehicle that stops, and is gone" 2 "say 'SessionStopReq' Evcc.Disconnect(true)" \
    err 'this session: unanswered: SessionStopReq'

sed "s/asked('EVTargetCurrent', .*/asked('EVTargetCurrent', 1.05),/; s/clips = true/clips = false/" "$work/station.lua" \
    >"$work/more.lua"
run run "$work/more.lua" --virtual-time --no-record --against ev --with mode=dc \
    --fault 'CurrentDemandReq: set EVTargetCurrent=32767000'
wants "a vehicle that asks for so much that a factor of it cannot be sent" 0 not-err traceback \
    out 'CurrentDemandRes.EVSEPresentCurrent is left as it is by default'

# a script that was changed
sed 's/ResponseCode = .OK., .*exact/ResponseCode = any{ "OK_CertificateExpiresSoon" },/; s/strict = false/strict = true/' \
    "$work/first.lua" >"$work/strict.lua"
run run "$work/strict.lua" --virtual-time --quiet --no-record --against evse
wants "strict: what differs fails, at the script's line" 1 err 'strict.lua:' \
    err 'the capture has'
sed 's/time = .exact./time = "soon"/' "$work/first.lua" >"$work/wrong.lua"
run run "$work/wrong.lua" --virtual-time --quiet --no-record --against evse
wants "a time that is none" 3 err "time: expected 'exact', 'none' or a factor above 0, found soon"
sed 's/tls = .off./tsl = "off"/' "$work/first.lua" >"$work/wrong.lua"
run run "$work/wrong.lua" --virtual-time --quiet --no-record --against evse
wants "a setting that is none" 3 err "there is no setting 'tsl'"

# ---- time ----

took() {
    "$V2GLAB" run "$1" --virtual-time --quiet --record "$work/timed" --against evse >/dev/null 2>&1
    "$V2GLAB" decode --json "$work/timed" | sed -n 's/.*"us":\([0-9]*\),"kind":"frame".*/\1/p' |
        sed -n '1p;$p' | paste -sd' ' | awk '{ print int(($2 - $1) / 1000) }'
    rm -rf "$work/timed"
}
record slow ISO15118-2 dc --set gaps.default=400
for time in exact 4 none; do
    run script "$work/slow" --time $time -o "$work/$time.lua"
done
exact=$(took "$work/exact.lua") four=$(took "$work/4.lua") none=$(took "$work/none.lua")
[ "$none" -lt "$((four - 500))" ] && [ "$four" -lt "$((exact / 2))" ]
result $? "--time: exact takes $exact ms, 4 takes $four ms, none $none ms"

# ---- bad input ----

run script "$work/first" --session 2
wants "a session that is not there" 1 err 'there is no session 2; expected 1 to 1'
cp -r "$work/first" "$work/no
error('Lua in a name')"
run script "$work/no
error('Lua in a name')"
wants "a name of two lines is one line of the script" 0 out "The vehicle of no?error('Lua in a name'), session 1"
run script "$work/first" --time soon
wants "a time that is none" 3 err 'expected exact, none, or a factor'
for octets in 0 30 3000 9001; do
    head -c $octets "$work/first/session.pcapng" >"$work/part.pcapng"
    run script "$work/part.pcapng"
    [ "$status" -le 3 ] && ! grep -q traceback "$work/err"
    result $? "a capture that is cut behind $octets octets"
done
run script "$work/nothing.pcap"
wants "a file that is not there" 3 err 'nothing.pcap'
echo 'nothing here' >"$work/text"
run script "$work/text"
wants "a text without messages" 1 err 'there is no message in it'
run script
wants "no capture" 3 err 'expected one capture, found 0'
run script "$work/first" -o "$work/no/where.lua"
wants "a place that cannot be written" 3 err 'where.lua cannot be written'
run replay "$work/first" --against evse --interface lo
wants "the ready-made side and an interface" 3 err 'expected no --interface'

# a log: messages without connections; several sessions
"$V2GLAB" decode --json "$work/first" | grep -v '"echo":true' | sed -n 's/.*"kind":"frame".*"bytes":"\([0-9a-f]*\)".*/\1/p' \
    >"$work/log"
cat "$work/log" "$work/log" >"$work/log2"
run script "$work/log" -o "$work/log.lua"
wants "a log of hex becomes a script" 0
run run "$work/log.lua" --virtual-time --quiet --no-record --against evse
wants "which runs" 0
run script "$work/log2" -o "$work/log.lua"
wants "several sessions are listed" 0 err 'there are 2 sessions' err 'session 2: ISO15118-2'
head -n 20 "$work/log" >"$work/cut"
run script "$work/cut" -o "$work/cut.lua"
wants "a log that is cut: played up to there" 0 err 'the capture ends before the session does'
run run "$work/cut.lua" --virtual-time --quiet --no-record --against evse
grep -q 'cut.lua: pass' "$work/err"
result $? "and its end is that of the log"
record other ISO15118-20 dc
"$V2GLAB" decode --json "$work/other" | grep -v '"echo":true' |
    sed -n 's/.*"name":"PowerDeliveryReq","bytes":"\([0-9a-f]*\)".*/\1/p' | head -n 1 >"$work/foreign"
{ cat "$work/cut" "$work/foreign"; } >"$work/mixed"
run script "$work/mixed"
wants "a message of another protocol is left out, and that is told" 0 err '1 frames cannot be decoded in its protocol' \
    not-err traceback not-out ChargeProgress

# ---- a protocol that is not the first choice ----

echo "Secc.Protocol = 'DIN70121'; Secc.Serve{}" >"$work/din.lua"
run run "$work/din.lua" --virtual-time --record "$work/second" --against ev --with mode=dc --with loops=2
wants "a vehicle would rather speak ISO 15118-2 than DIN 70121, and its station speaks that alone" 2 \
    out 'urn:iso:15118:2:2013:MsgDef, SchemaID 1, ' out 'urn:din:70121:2012:MsgDef, SchemaID 2' \
    out 'OK_SuccessfulNegotiation, SchemaID 2'
run replay "$work/second" --virtual-time --no-record --against evse
wants "replayed, the ready-made station does, too, and nobody leaves it" 0 not-out 'asked again'
run replay "$work/second" --virtual-time --no-record --against evse --protocol ISO15118-2
wants "but for --protocol" 1 out 'agrees on another protocol than the capture: it is asked again'
