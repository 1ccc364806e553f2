#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A hook of one session that loops for ever costs the others of its station little; also where the disk
# is full and 500 connections say nothing.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-crowd
. tests/cli/support-crowd

LOOPER=0A0B0C0D0E0F
"$V2GLAB" ev --virtual-time --tls off -q -P ISO15118-2 -m ac --set loops=3 \
    --set values.SessionSetupReq.EVCCID=$LOOPER -o "$work/looper" >"$work/log" 2>&1
cat >"$work/loop.lua" <<END
function on.SessionSetupReq(m)
    local n = 0
    while tostring(m.EVCCID) == '$LOOPER' do
        pcall(function()
            for _ = 1, 1000000 do n = n + 1 end
            Log('round ' .. n)
        end)
    end
end
END

# begin_loop: a vehicle comes whose hook does not end
begin_loop() {
    before=$(cpu)
    peer asked asked loop "$port" "$work/looper"
    looper=$peer
    soon loops
}
end_loop() { kill $looper && wait $looper 2>"$work/err"; }
# loops: it has run for a while
loops() { [ "$(cpu)" -ge $((before + 100)) ]; }
# cpu: milliseconds that the station has used
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$station/stat"; }

# ---- one that loops ----

# Nobody else connects before the one that loops: it has the station's own place, not one beside it.
next_port
"$V2GLAB" evse --peer "[::1]:$port" --tls off -q -o "$R" --script "$work/loop.lua" >"$work/station" 2>&1 &
station=$!
soon listens
begin_loop
python3 "$work/peer.py" p99 "$port" "$work/said" 50 $station >"$work/took" 2>&1
read -r p99 used <"$work/took"
vehicle
wants "beside a hook that loops the next vehicle is served" 0 out 'EVCC: pass'
check "others wait for less than 50 ms of its CPU at p99: $p99" test "$p99" -lt 50
check "which it used: $used ms in 100 messages" test "$used" -ge 400
from=$(date +%s%N)
leave
took=$((($(date +%s%N) - from) / 1000000))
check "SIGTERM ends the station within 5 s all the same ($took ms)" test $took -lt 5000
end_loop
check "the loop has an error" grep -q '"text":"error: .*: the script has run for 250 ms without waiting' "$work/lines"
check "and what the loop did is in the record" test "$(grep -c '"text":"round [0-9]*"' "$work/lines")" -gt 20
grep '"text":"round [0-9]*"' "$work/lines" | grep -o '"session":[0-9]*' | sort -u >"$work/sessions"
grep -m 1 "$LOOPER" "$work/lines" | grep -o '"session":[0-9]*' >"$work/session"
check "as lines of its session, the first of all" cmp -s "$work/session" "$work/sessions"
check "which has newer ones beside it" grep -q '"session":50[,}]' "$work/lines"

# ---- a full disk, too, and a silent crowd ----

next_port
(
    ulimit -f 4
    exec "$V2GLAB" evse --peer "[::1]:$port" --tls off -q -o "$R.full" --connections 600,600 \
        --script "$work/loop.lua" >"$work/full" 2>&1
) &
station=$!
soon listens
begin_loop
crowd 500 500
check "500 silent connections" grep -q 'held 500$' "$work/crowd"
check "and a full disk: it is told at once" grep -q 'warning: events.bin ends here: File too large' "$work/full"
before=$(cpu)
vehicle
used=$(($(cpu) - before))
wants "with all of them, the next vehicle is served" 0 out 'EVCC: pass'
check "and the loop runs meanwhile: $used ms of CPU" test "$used" -ge 100
kill -TERM $station
wait $station
code=$?
go
end_loop
check "its verdict says that the record is not whole" grep -q '^SECC: pass.*record: incomplete since' "$work/full"
check "as does the end" grep -q '^error: record: incomplete since' "$work/full"
check "the exit code is that of the worst session, whose loop was ended ($code)" test $code -ge 2
