#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A box at the control pilot (--pilot), which a fake stands for: shell command, process with lines of
# JSON, SCPI over TCP and over a serial line.
# shellcheck source=tests/cli/support
. tests/cli/support

v2glab=$(realpath "$V2GLAB")

# ---- a vehicle and a station, each a program of its own, with a cable between them ----

# the cable: what each side sets is in a file, as words
cat >"$work/cable" <<END
#!/bin/sh
cd "$work" || exit
case \$1 in
set) echo "\$3" >"\$2.new" && mv "\$2.new" "\$2" && echo "\$2=\$3" >>told ;;
get) cat "\$2" ;;
esac
END
chmod +x "$work/cable"
echo A >"$work/state"
echo 100 >"$work/duty"
printf "return { nodes = { 'ev0', 'evse0' }, paths = { { 'ev0', 'evse0', attenuation = 12 } }, join = 200 }" \
    >"$work/quick.lua"
cat >"$work/lab.sh" <<END
"$v2glab" lab --side evse "$v2glab" evse --alone --slac evse0 --pilot "shell:$work/cable" --no-record --ladder \
    >"$work/station" 2>&1 &
station=\$!
tries=0
while ! grep -q listens "$work/station" && [ \$tries -lt 50 ]; do
    sleep 0.1
    tries=\$((tries + 1))
done
"$v2glab" ev --alone --slac ev0 --pilot "shell:$work/cable" --no-record --ladder --mode ac -P ISO15118-2 \
    --set loops=4 --set gaps.ChargingStatus=200
echo "vehicle: \$?"
sleep 1
kill \$station
wait \$station
exit 0
END
if "$V2GLAB" lab --bench pair true 2>/dev/null; then
    run lab --bench "$work/quick.lua" sh "$work/lab.sh"
    wants "two programs feel each other's pilot through boxes, by a shell command" 0 out 'vehicle: 0' \
        out 'control pilot: B2' out 'EVCC verdict: pass'
    check "the station measures B, C and A" in_order 'A2, B2, C2, A2,' "$work/station"
    check "and the box is told what is set" in_order 'duty=5 state=B state=C state=B state=A' "$work/told"
else
    echo "ok - two programs feel each other's pilot through boxes # SKIP there is no lab"
fi

# ---- a process with lines of JSON ----

cat >"$work/process" <<END
#!/bin/sh
read -r line
echo "\$line" >"$work/heard"
sleep 0.2
echo '{"state":"B","volt":8.9}'
sleep 0.4
echo '{"state":"A","volt":12.0}'
sleep 0.3
END
chmod +x "$work/process"
cat >"$work/watch.lua" <<'END'
require('v2g.pilot_box').begin(Secc, Pilot, 'station')
Pilot.Set { duty = 5 }
Pilot.Expect('B2', 3000)
Pilot.Expect('A2', 3000)
Log('seen')
Sleep(1000)
Pass('the box has not gone')
END
run run --no-record --peer '[::1]:15118' --pilot "run:$work/process" "$work/watch.lua"
wants "a process is told and tells in lines of JSON; its end is the end of the run, and said" 1 out 'seen' \
    out 'the box at the control pilot is lost: reading: end of file'
check "what it was told" grep -qx '{"set":{"duty":5}}' "$work/heard"

cat >"$work/stubborn" <<END
#!/bin/sh
trap '' TERM
echo hears >"$work/hears"
while :; do sleep 0.1; done
END
chmod +x "$work/stubborn"
# a task that waits for a line goes with its script, while another script goes on: what comes then is
# for nobody (an error of memory, which sanitizers see)
cat >"$work/line" <<END
#!/bin/sh
sleep 0.4
echo line
sleep 5
END
chmod +x "$work/line"
echo "Start(function() Evcc.Box_Receive(-1) end) Sleep(50) Pass('first')" >"$work/first.lua"
echo "Sleep(700) Pass('second')" >"$work/second.lua"
run run --no-record --peer '[::1]:15118' --pilot "run:$work/line" "$work/first.lua" "$work/second.lua"
wants "a script that waits for a line ends before another one" 0 out 'first' out 'second'
# what is said last, as the plug is pulled out, is done before the program ends
printf '#!/bin/sh\nsleep 0.4\necho "$*" >>"%s/last"\n' "$work" >"$work/slow"
chmod +x "$work/slow"
echo "Evcc.Box_Send('set state B') Evcc.Box_Send('set state A') Sleep(1) Pass('said')" >"$work/says.lua"
run run --no-record --peer '[::1]:15118' --pilot "shell:$work/slow" "$work/says.lua"
wants "a slow box has the time for what is said last" 0 out 'said'
check "and does it" in_order 'state B set state A' "$work/last"
# two scripts that wait are both woken, the first one first
cat >"$work/lines" <<END
#!/bin/sh
sleep 0.3
echo one
sleep 0.3
echo two
echo three
sleep 1
END
chmod +x "$work/lines"
echo "local a = Evcc.Box_Receive(3000) Pass('the first has ' .. tostring(a))" >"$work/first.lua"
cat >"$work/both.lua" <<'END'
Sleep(100)
local b, late = Evcc.Box_Receive(3000), Evcc.Box_Receive(3000)
Pass(('the second has %s, %s'):format(b, late))
END
run run --no-record --peer '[::1]:15118' --pilot "run:$work/lines" "$work/first.lua" "$work/both.lua"
wants "each line wakes the script that has waited longest for one, whichever came last" 0 out 'the first has one' \
    out 'the second has two, three'
status=0
timeout -s KILL 10 "$V2GLAB" run --no-record --peer '[::1]:15118' --pilot "run:exec $work/stubborn" "$work/second.lua" \
    >"$work/out" 2>"$work/err" || status=$?
wants "a process that does not end when it is asked to is ended" 0 out 'second'
check "it had begun" grep -q hears "$work/hears"

cat >"$work/process" <<END
#!/bin/sh
read -r line
echo '{"duty":1e999}'
echo '{"duty":-5}'
echo '{"duty":"much","state":7}'
sleep 0.1
echo '{"state":"B","duty":5}'
sleep 3
END
cat >"$work/feel.lua" <<'END'
require('v2g.pilot_box').begin(Evcc, Pilot, 'ev')
Pilot.Set { state = 'B' }
Pilot.Expect('B2', 3000)
Pass(('felt: %s, %g %%'):format(Pilot.Name(), select(3, Pilot.State())))
END
run run --no-record --peer '[::1]:15118' --pilot "run:$work/process" "$work/feel.lua"
wants "what no duty cycle can be is none" 0 out 'felt: B2, 5 %'
printf "return { box = 'shell:true', set = 'state' }" >"$work/dialect.lua"
run run --no-record --peer '[::1]:15118' --pilot "$work/dialect.lua" "$work/feel.lua"
wants "words of a file that are none are told" 3 out '--pilot: set of the file: expected a table, found state'

cat >"$work/deaf.lua" <<'END'
for _ = 1, 500 do Evcc.Box_Send(('x'):rep(4000)) end
local line, why = Evcc.Box_Receive(2000)
assert(not line and why == 'writing: no buffer space available', why)
Pass('told')
END
run run --no-record --peer '[::1]:15118' --pilot 'run:exec sleep 5' "$work/deaf.lua"
wants "a box that reads nothing is lost before what it is sent fills the memory" 0 out 'told'

# ---- SCPI ----

if ! command -v python3 >/dev/null; then
    echo "ok - SCPI over TCP # SKIP python3 is not there"
    echo "ok - SCPI over a serial line # SKIP python3 is not there"
else
    cat >"$work/box.py" <<'END'
# A box whose PILOT:STATE? is 2 (B), and 1 (A) once its duty cycle was set to 10 percent.
import os, pty, socket, sys, threading, tty
state = ["2"]
def serve(reading, writing):
    for line in reading:
        words = line.split()
        if words[:1] == ["PWM:DUTY"]:
            state[0] = "1" if words[1] == "10" else state[0]
        elif words[:1] == ["PILOT:STATE?"]:
            writing.write(state[0] + "\r\n")
            writing.flush()
if sys.argv[1] == "tcp":
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    print(server.getsockname()[1], flush=True)
    stream = server.accept()[0].makefile("rw", newline="\n")
    serve(stream, stream)
else:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    print(os.ttyname(theirs), flush=True)
    serve(os.fdopen(ours, "r", closefd=False), os.fdopen(os.dup(ours), "w"))
END
    cat >"$work/scpi.lua" <<'END'
require('v2g.pilot_box').begin(Secc, Pilot, 'station')
Pilot.Set { duty = 5 }
Pilot.Expect('B2', 3000)
Pilot.Set { duty = 10 }
Pilot.Expect('A2', 3000)
Pass('seen')
END
    # scpi KIND NAME: the fake tells where it is
    scpi() {
        rm -f "$work/where"
        python3 "$work/box.py" "$1" >"$work/where" &
        box=$!
        tries=0
        while [ ! -s "$work/where" ] && [ $tries -lt 50 ]; do
            sleep 0.1
            tries=$((tries + 1))
        done
        where=$([ "$1" = tcp ] && echo "tcp:127.0.0.1:$(cat "$work/where")" || echo "serial:$(cat "$work/where"):115200")
        printf "return { box = '%s', set = { duty = 'PWM:DUTY %%s' }, ask = { state = 'PILOT:STATE?' },
            states = { ['1'] = 'A', ['2'] = 'B' }, poll = 20 }" "$where" >"$work/dialect.lua"
        run run --no-record --peer '[::1]:15118' --pilot "$work/dialect.lua" "$work/scpi.lua"
        kill $box 2>/dev/null
        wants "$2" 0 out 'control pilot: B2' out 'seen'
    }
    scpi tcp "SCPI over TCP, in the words of a file"
    scpi serial "SCPI over a serial line"
fi

# ---- what cannot be ----

run ev --virtual-time --pilot "shell:true"
wants "a box takes its own time" 3 err 'virtual-time and --pilot'
run ev --pilot telnet:box
wants "a box of another kind is told what there is" 3 err 'expected run:COMMAND' err "found 'telnet:box'"
run ev --bench pair --no-record --pilot tcp:127.0.0.1:1
wants "one that is not there" 1 out 'the box at the control pilot is lost: connecting: connection refused'
run ev --pilot serial:/dev/null
wants "a serial line that is none" 3 err 'the box serial:/dev/null: invalid argument; expected serial:DEVICE'
run ev --pilot serial:/dev/null:31
wants "a speed that there is not is told those that there are" 3 err '[:BAUD], 1200 to 115200'
run ev --pilot serial:/dev/none-usb-0:1:1.0-port0
wants "what is no number behind a colon is of the name, as in /dev/serial/by-path" 3 err 'no such file or directory'
printf 'return {' >"$work/open.lua"
printf 'return 5' >"$work/number.lua"
printf "return { box = 5 }" >"$work/word.lua"
printf "return { box = 'lamp:1' }" >"$work/lamp.lua"
while IFS='|' read -r where told; do
    run ev --pilot "$where"
    wants "no box: $(printf %.40s "${where#"$work/"}")" 3 err "$told"
done <<END
$work/open.lua|/open.lua:1: unexpected symbol near <eof>
$work/number.lua|$work/number.lua: expected a table with the box
$work/word.lua|$work/word.lua: expected a table with the box
$work/lamp.lua|FILE.lua (docs/bench.md), found 'lamp:1'
$work/none.lua|none.lua
tcp:localhost|the box tcp:localhost: invalid argument; expected tcp:HOST:PORT
tcp:$(printf '%0200d' 0):1|invalid argument; expected tcp:HOST:PORT
tcp:127.0.0.1:x|; expected tcp:HOST:PORT
serial:/dev/null:1|the box serial:/dev/null:1: invalid argument; expected serial:DEVICE
serial:/dev/none:9600|the box serial:/dev/none:9600: no such file or directory; expected serial:DEVICE
END
