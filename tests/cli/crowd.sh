#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Others that say nothing, too much or what they should not, and a disk that is full: the station
# serves the next vehicle all the same, and its record tells what happened.
# shellcheck source=tests/cli/support
. tests/cli/support
R=$work/record
port=$((20000 + $$ % 20000))

cat >"$work/peer.py" <<'END'
import os, signal, socket, struct, sys, time

def connect(port):
    s = socket.socket(socket.AF_INET6)
    s.connect(('::1', port))
    return s

def held(all):  # that are still open
    n = 0
    for s in all:
        s.setblocking(False)
        try:
            s.recv(1)
        except BlockingIOError:
            n += 1
        except OSError:
            pass
    return n

def silent(port, n):
    all = [connect(port) for _ in range(n)]
    time.sleep(1.2)
    print('held', held(all), flush=True)
    signal.pause()

# what a vehicle has said before, as its record has it
def said(record):
    import json
    events = [json.loads(l) for l in open(record + '/events.jsonl')]
    return [bytes.fromhex(e['bytes']) for e in events
            if e['kind'] == 'frame' and e['by'] == 'EVCC' and e['from'] == 'EVCC' and not e.get('udp')]

def frame(s):
    h = s.recv(8, socket.MSG_WAITALL)
    return h + s.recv(struct.unpack('>I', h[4:])[0], socket.MSG_WAITALL) if len(h) == 8 else b''

def two(port, record):
    s = connect(port)
    s.settimeout(5)
    f = said(record)
    s.sendall(f[0] + f[1])
    print('answers', bool(frame(s)), bool(frame(s)))

def behind(port, record):
    s = connect(port)
    s.settimeout(5)
    f = said(record)
    s.sendall(f[0])
    frame(s)
    s.sendall(f[1][:4] + struct.pack('>I', len(f[1]) - 8 + 3) + f[1][8:] + b'\x11\x22\x33')
    try:
        print('answered', bool(frame(s)))
    except OSError as e:
        print('answered', e)

def asks(interface, seconds):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    to = ('ff02::1', 15118, 0, socket.if_nametoindex(interface))
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, to[3])
    s.setblocking(False)
    request = bytes.fromhex('01fe9000000000021000')
    n = answers = 0
    end = time.time() + float(seconds)
    while time.time() < end:
        for _ in range(50):
            try:
                s.sendto(request, to)
                n += 1
            except BlockingIOError:
                pass
        try:
            while s.recv(100):
                answers += 1
        except BlockingIOError:
            pass
    print('asked', n, 'answered', answers)

def idle(port, record):
    s = connect(port)
    f = said(record)
    for i in range(2):
        s.sendall(f[i])
        frame(s)
    print('idle', flush=True)
    signal.pause()

sys.argv[2:] = [int(a) if a.isdigit() else a for a in sys.argv[2:]]
globals()[sys.argv[1]](*sys.argv[2:])
END

# soon COMMAND...: waits until it is true
soon() {
    for _ in $(seq 100); do
        "$@" 2>"$work/err" && return
        sleep 0.1
    done
}

# station OPTION...: in the background, listens at $port
station() {
    port=$((port + 1))
    rm -rf "$R"
    "$V2GLAB" evse --peer "[::1]:$port" --tls off -q -o "$R" "$@" >"$work/station" 2>&1 &
    station=$!
    soon python3 -c "import socket; socket.socket(socket.AF_INET6).connect(('::1', $port))"
}
# leave [SIGNAL]: the station ends; its record as lines
leave() {
    kill "-${1:-TERM}" $station
    wait $station
    code=$?
    "$V2GLAB" decode --json "$R" >"$work/lines" 2>"$work/err"
}
# crowd N: so many silent connections, in the background, of which $work/crowd tells how many stay
crowd() {
    python3 "$work/peer.py" silent $port "$1" >"$work/crowd" 2>&1 &
    crowd=$!
    soon grep -q held "$work/crowd"
}
go() { kill $crowd && wait $crowd 2>"$work/err"; }
vehicle() {
    run ev --peer "[::1]:$port" --tls off -q --no-record --time-scale 1000 --set loops=3 -P ISO15118-2 -m ac
}

"$V2GLAB" ev --virtual-time --tls off -q -P ISO15118-2 -m ac --set loops=3 -o "$work/said" >"$work/log" 2>&1

# ---- silent connections ----

station --connections 60,60
crowd 60
check "60 silent connections are open, as many as may be" grep -q 'held 60$' "$work/crowd"
vehicle
wants "the next vehicle is served" 0 out 'EVCC: pass'
vehicle
wants "and one more" 0 out 'EVCC: pass'
leave
go
check "who had to go is told, and why" grep -q '"kind":"close".*gave way to another one after [0-9.]* s of silence' \
    "$work/lines"

station --connections 60,20
crowd 30
check "of one address no more than may be" grep -q 'held 20$' "$work/crowd"
vehicle
wants "its silent ones give way, too" 0 out 'EVCC: pass'
leave
go
refused=$(grep '"kind":"close".*"times":' "$work/lines" | sed 's/.*"times":\([0-9]*\).*/\1/' | paste -sd+ | bc)
check "each that was refused is counted" test "$refused" -ge 10 -a "$refused" -le 11
check "with the limit" grep -q '20 connections of that address are open, the most that are allowed' "$work/lines"
check "many as one" test "$(grep -c '"times":' "$work/lines")" -le "$refused"

for wrong in 0 x 5,6 5,x 1000001; do
    run evse --connections $wrong --no-record
    [ "$status" -eq 3 ] || break
    grep -q 'expected a number, or two' "$work/err" || break
done
wants "limits that are none are refused" 3 err 'expected a number, or two as 500,100: in all, of one address'

# ---- and a full disk ----

(
    ulimit -f 4
    exec "$V2GLAB" evse --peer "[::1]:$((port + 1))" --tls off -q -o "$R.full" --connections 500,500 >"$work/full" 2>&1
) &
station=$!
port=$((port + 1))
soon test -s "$R.full/session.pcapng"
sleep 0.3
crowd 500
check "500 silent connections" grep -q 'held 500$' "$work/crowd"
check "and a full disk: it is told at once" grep -q 'warning: events.bin ends here: File too large' "$work/full"
vehicle
wants "with both, the next vehicle is served" 0 out 'EVCC: pass'
kill -TERM $station
wait $station
code=$?
go
check "its verdict says that the record is not whole" grep -q '^SECC: pass.*record: incomplete since' "$work/full"
check "as does the end" grep -q '^error: record: incomplete since' "$work/full"
check "the exit code is that of the worst session: a silent one" test $code -eq 1

# ---- two frames in one segment ----

station
python3 "$work/peer.py" two $port "$work/said" >"$work/out" 2>&1
leave
check "two frames in one segment around supportedAppProtocol are both answered" grep -q 'answers True True' "$work/out"
check "each read by its own set" grep -q '"kind":"frame".*"from":"EVCC".*"grammar":"iso15118-2","name":"SessionSetupReq"' "$work/lines"
check "they came in one: the second was late" grep -q '"from":"EVCC","came":"late".*SessionSetupReq' "$work/lines"

# ---- octets behind the message ----

for profile in strict field test; do
    station --profile $profile
    python3 "$work/peer.py" behind $port "$work/said" >"$work/out" 2>&1
    leave
    check "$profile: octets behind a message are a violation" grep -q \
        '"kind":"violation".*"from":"EVCC".*3 bytes' "$work/lines"
    if [ $profile = test ]; then
        check "$profile: and refused" grep -q 'answered \(False\|timed out\|.*reset by peer\)' "$work/out"
    else
        check "$profile: and passed over" grep -q 'answered True' "$work/out"
    fi
done

# ---- the end ----

station
python3 "$work/peer.py" idle $port "$work/said" >"$work/idle" 2>&1 &
idle=$!
soon grep -q idle "$work/idle"
check "a vehicle is there, and says nothing more" grep -q idle "$work/idle"
from=$(date +%s%N)
leave TERM
took=$((($(date +%s%N) - from) / 1000000))
check "SIGTERM ends the station within 5 s all the same ($took ms)" test $took -lt 5000
kill $idle && wait $idle 2>"$work/err"

# ---- SDP ----

cat >"$work/sdp.sh" <<'END'
"$1" lab --side evse "$1" evse -i evse0 --tls off -q -o "$2" >"$3/station" 2>&1 &
station=$!
for _ in $(seq 100); do [ -s "$2/session.pcapng" ] && break || sleep 0.05; done
sleep 0.5
python3 "$3/peer.py" asks ev0 3 >"$3/asked" 2>&1
sleep 1.1
"$1" ev -i ev0 --tls off -q --no-record --time-scale 1000 --set loops=3 -P ISO15118-2 -m ac >"$3/vehicle" 2>&1
kill $station
wait $station
END
if "$V2GLAB" lab --side ev true 2>"$work/err"; then
    rm -rf "$R"
    "$V2GLAB" lab --side ev sh "$work/sdp.sh" "$V2GLAB" "$R" "$work" >"$work/log" 2>&1
    "$V2GLAB" decode --json "$R" >"$work/lines" 2>"$work/err"
    n=$(sed -n 's/^asked \([0-9]*\) .*/\1/p' "$work/asked")
    answered=$(sed -n 's/.* answered \([0-9]*\)$/\1/p' "$work/asked")
    check "a flood of SDP: ${n:-0} requests" test "${n:-0}" -gt 1000
    # 120 a second, in the four seconds that three lie in; two lines a request, and the session
    check "few of them are answered: ${answered:-none}" test "${answered:-0}" -gt 10 -a "${answered:-0}" -le 480
    check "the record does not fill" test "$(wc -l <"$work/lines")" -lt 1100
    check "which is told" grep -q 'requests within a second were neither answered nor recorded' "$work/lines"
    check "with their number" test "$(grep 'neither answered' "$work/lines" |
        sed 's/.*"times":\([0-9]*\).*/\1/' | paste -sd+ | bc)" -gt 500
    check "the next vehicle is served" grep -q 'EVCC: pass' "$work/vehicle"
else
    echo "ok - a flood of SDP # SKIP no network of its own"
fi
