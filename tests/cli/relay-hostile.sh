#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2glab relay between peers that do not behave: it ends each of their sessions, and takes the next.
# shellcheck source=tests/cli/support
. tests/cli/support

# play NAME VEHICLE STATION TEXT...: the relay, for two vehicles, between two scripts; TEXT: what the
# ladder has
cat >"$work/relay.lua" <<'END'
require('v2g.relay').run { vehicle = { interface = 'evse0', tls = 'off' },
    station = { interface = 'ev1', tls = 'off' }, set = {}, hold = {}, sessions = 2 }
END
play() {
    name=$1
    printf '%s\n' "$2" >"$work/ev.lua"
    printf '%s\n' "$3" >"$work/evse.lua"
    shift 3
    run run --virtual-time --no-record "$work/relay.lua" "$work/ev.lua" "$work/evse.lua"
    bad=0
    for text in "$@"; do
        grep -qF -e "$text" "$work/out" || { bad=1; echo "# missing: $text"; }
    done
    [ "$(grep -c "relay.*verdict\|vehicle's side: verdict" "$work/out")" -ge 2 ] || bad=1
    result $bad "$name"
}

both="local function connect() Evcc.Connect{ interface = 'ev0', manual = true, may_fail = true } end"
listen="local function listen() Secc.Listen{ interface = 'evse1', manual = true, timeout = 3600000 } end
listen()"
take="$listen
local function take() local name = Secc.Receive_Any(5000) return name end
local function next_one() Secc.Disconnect() listen() end"

play "bytes that are no V2GTP, from the vehicle" "$both
connect() Evcc.Send_Raw('GET / HTTP/1.1\r\n\r\n') Sleep(2000)
connect() Evcc.Disconnect() Sleep(1000)" \
    "$take
take() next_one() take()" "no V2GTP"

play "half a frame, and the end" "$both
connect() Evcc.Send_Raw('\x01\xFE\x80\x01\0\0\0\x10abc') Sleep(50) Evcc.Disconnect() Sleep(1000)
connect() Evcc.Disconnect() Sleep(1000)" \
    "$take
take() next_one() take()" "the connection ends in the middle of a frame"

play "a frame that cannot be decoded is handed on" "$both
connect() Evcc.Send_Raw('\x01\xFE\x80\x01\0\0\0\x03abc') Sleep(50) Evcc.Disconnect() Sleep(1000)
connect() Evcc.Disconnect() Sleep(1000)" \
    "$take
assert(take() == '') next_one() take()" "relay -> SECC  not decoded"

play "a frame with a wrong header is handed on" "$both
connect() Evcc.Send_Raw('\x01\xFE\x12\x34\0\0\0\x03abc') Sleep(50) Evcc.Disconnect() Sleep(1000)
connect() Evcc.Disconnect() Sleep(1000)" \
    "$take
take() next_one() take()" "        relay -> SECC  raw bytes                    01fe123400000003616263"

play "a vehicle that resets at once" "$both
connect() Evcc.Disconnect(true) Sleep(1000)
connect() Evcc.Disconnect(true) Sleep(1000)" \
    "$take
take() next_one() take()" "verdict: inconclusive: the vehicle left before the station was reached"

play "a station that resets at once, and one that closes" "$both
connect() Sleep(2000) connect() Sleep(2000)" \
    "$listen
while Secc.State() ~= 'ready' do Sleep(5) end
Secc.Disconnect(true) listen()
while Secc.State() ~= 'ready' do Sleep(5) end
Secc.Disconnect() Sleep(1000)" "the station ended it" "EVCC connection of [fe80::ff:fe00:e1%ev0]"
[ "$(grep 'EVCC connection of' "$work/out" | grep -oE '(reset|closed) by peer' | tr '\n' ' ')" = "reset by peer closed by peer " ]
result $? "and so do the vehicle's connections"

play "garbage from the station" "$both
connect() Sleep(3000) connect() Sleep(3000)" \
    "$listen
while Secc.State() ~= 'ready' do Sleep(5) end
Secc.Send_Raw(('x'):rep(5000)) Sleep(1500)
Secc.Disconnect() listen()
while Secc.State() ~= 'ready' do Sleep(5) end
Secc.Send_Raw('\x01\xFE\x80\x01\xFF\xFF\xFF\xFF') Sleep(1500)" "no V2GTP"

play "more than 1 MiB before the station is there" "$both
local frame = '\x01\xFE\x80\x01\0\0\xFF\xFF' .. ('y'):rep(65535)
connect() for _ = 1, 20 do if Evcc.State() == 'ready' then Evcc.Send_Raw(frame) end end Sleep(30000)
connect() Evcc.Disconnect() Sleep(1000)" \
    "Sleep(40000)" "takes no more"

play "no station at all" "$both
connect() Sleep(60000) connect() Sleep(60000)" \
    "Sleep(130000)" "the station is not reached" \
    "no station has answered SECCDiscoveryReq"

play "a vehicle that says nothing, and leaves after a minute" "$both
connect() Sleep(60000) Evcc.Disconnect() Sleep(1000) connect() Evcc.Disconnect() Sleep(1000)" \
    "$take
Sleep(65000) next_one() Sleep(5000)" "the vehicle ended it"

# TLS: a vehicle that speaks none where it has to, and a station whose handshake fails
cat >"$work/relay.lua" <<'END'
require('v2g.relay').run { vehicle = { interface = 'evse0', tls = '1.2' },
    station = { interface = 'ev1', tls = '1.2' }, set = {}, hold = {}, sessions = 2 }
END
play "TLS that fails on either leg" "
Evcc.Filter 'ClientHello: alert internal_error'
Evcc.Connect{ interface = 'ev0', tls = '1.2', manual = true, may_fail = true } Sleep(1000)
local car = Vehicle{}
car.Connect{ interface = 'ev0', tls = '1.2', manual = true, may_fail = true } Sleep(5000)" \
    "Secc.Filter 'ServerHello: alert handshake_failure'
Secc.Listen{ interface = 'evse1', tls = '1.2', manual = true, timeout = 3600000 } Sleep(8000)" \
    "unexpected message; sent alert unexpected_message" "the station is not reached" "handshake_failure"
