#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several tasks, vehicles and stations in one script, and the ready-made ones among them.
. tests/cli/support

# play NAME CODE WORDS SCRIPT: it ends so, and out and err have each of the words, in order
play() {
    printf '%s\n' "$4" >"$work/script.lua"
    run run --no-record "$work/script.lua"
    good=0
    [ "$status" -eq "$2" ] || { good=1; echo "# exit $status"; }
    in_order "$3" "$work/out" "$work/err" || good=1
    [ "$good" -eq 0 ] || cat "$work/out" "$work/err"
    result "$good" "$1"
}

run run --record "$work/record" examples/both-sides.lua
wants "a ready-made station and vehicle in one script" 0 out 'charged to 100 %'
frames=$(grep -c ' SessionStopRe[qs] ' "$work/out")
[ "$frames" -eq 2 ] && [ "$(grep -c '"SessionStopReq"' "$work/record/events.jsonl")" -eq 2 ]
result $? "frames are shown once, and recorded by both sides"

play "two vehicles at one station, at once" 0 "EVCC_verdict both" "
local served = Start(Secc.Serve, { sessions = 2, time_scale = 1000 })
local other = Vehicle { name = 'rear' }
local second = Start(other.Charge, { mode = 'ac', time_scale = 1000, loops = 3 })
local first = Evcc.Charge { mode = 'dc', protocol = 'ISO15118-20', time_scale = 1000, loops = 3 }
local rear = Wait_For(second)
assert(first.ok and first.protocol == 'ISO15118-20' and first.how == 'done', first.why)
assert(rear.ok and rear.protocol == 'ISO15118-2', rear.why)
local all = Wait_For(served)
assert(all.ok and all.sessions == 2 and all.failed == 0)
Log('EVCC_verdict both')"

play "two stations, told apart by their names" 0 "EVCC_rear_closed EVCC_2_closed" "
local stations = { Station { address = '[::1]:41719' }, Station { name = 'B', address = '[::1]:41720' } }
for _, station in ipairs(stations) do Start(station.Serve, { sessions = 1 }) end
local options = { mode = 'ac', protocol = 'ISO15118-2', time_scale = 1000, loops = 2 }
local cars = { Vehicle { name = 'rear', address = '[::1]:41719' }, Vehicle { address = '[::1]:41720' } }
assert(cars[1].Address == '[::1]:41719' and Evcc.Address == nil)
for _, car in ipairs(cars) do
    local outcome = car.Charge(options)
    assert(outcome.ok, outcome.why)
end
Log('EVCC_rear_closed EVCC_2_closed')"

play "a wait for any of several" 0 "first:_the_second then:_a_task last:_nobody" "
local first, second = Station { address = '[::1]:41721' }, Station { address = '[::1]:41722' }
local car = Vehicle { address = '[::1]:41722' }
local asleep = Start(function() Sleep(200) return 7 end)
Start(function() car.Send_SessionSetupReq_001() Sleep(5000) end)
local who = Wait_Any({ first, second, asleep }, 5000)
Log('first:_' .. (who == second and 'the_second' or tostring(who)))
assert(second.Receive_Any_001() == 'SessionSetupReq')
Log('then:_' .. (Wait_Any { first, asleep } == asleep and Wait_For(asleep) == 7 and 'a_task' or '?'))
Log('last:_' .. (Wait_Any({ first }, 50) == nil and 'nobody' or '?'))"

play "what a script plays is known by what it does" 0 "supportedAppProtocolReq SessionSetupReq" "
local names = { 'Se' .. 'cc', 'Ev' .. 'cc' }
local station, vehicle = _G[names[1]], _G[names[2]]
local answers = Start(function()
    station.Receive_SessionSetupReq_001() station.Send_SessionSetupRes_001()
end)
vehicle.Send_SessionSetupReq_001() vehicle.Receive_SessionSetupRes_001()
Wait_For(answers)"

play "an error in a task is the script's, with its line" 3 "script.lua:3:_attempt_to_index" "
Start(function() Sleep(20)
local nothing = nil; error(debug and 'script.lua:3:_attempt_to_index' or 'script.lua:3:_attempt_to_index')
end)
Sleep(5000)"

play "so is a failure" 1 "script.lua:2:_too_late" "
Start(function() Sleep(20) Fail('script.lua:2:_too_late') end) Sleep(5000)"

play "the script ends with its main chunk" 0 "done" "
Start(function() Sleep(20) Fail('never') end) Log('done') Pass()"

play "Guard hands over what would end the script" 0 "fail gone error nil pass" "
local good, verdict, why = Guard(function() Sleep(1) Fail('gone') end)
assert(not good) Log(verdict, why)
good, verdict, why = Guard(function() return nothing.x end)
assert(not good and why:find('script.lua:4') and why:find('traceback')) Log(verdict, why)
good, verdict, why = Guard(assert, false, 'so')
assert(not good and verdict == 'fail' and why:find('so$'), verdict)
good, verdict = Guard(function(...) Sleep(1) return ... end, 'pass')
assert(good) Log(verdict)"

play "a parameter that there is not" 3 "nearest_is_'loops'" "
local good, verdict, why = Guard(Evcc.Charge, { lops = 3 })
assert(not good and verdict == 'error')
error((why:gsub(' ', '_')), 0)"

play "hooks of a vehicle see its role, and its globals are its own" 0 "seen_in_hook" "
local served = Start(Secc.Serve, { sessions = 1, time_scale = 1000,
    before = { SessionSetupRes = function(m, s) assert(s.role == Secc) m.EVSEID = 'OTHER' end } })
local car, seen = Vehicle(), nil
local outcome = car.Charge { mode = 'ac', protocol = 'ISO15118-2', time_scale = 1000, loops = 2,
    on = { SessionSetupRes = function(m, ev)
        seen = ev.role == car and m.EVSEID == 'OTHER' and car.Get_SessionSetupRes_EVSEID()
    end } }
Wait_For(served)
assert(outcome.ok and seen == 'OTHER' and before == nil, outcome.why)
Log('seen_in_hook')"

play "a station that serves by hand" 0 "two vehicles_served" "
local served = Start(function()
    for n = 1, 2 do
        local car = Secc.Accept { tls = 'off' }
        assert(car.Receive_Any_001() == 'SessionSetupReq')
        car.Send_SessionSetupRes_001()
        car.Receive_Any_001()
        Secc.Session_Over(true, n == 2 and 'two vehicles_served' or '')
    end
    Secc.Stop_Accepting()
    assert(Secc.Accept() == nil)
end)
for _, car in ipairs { Evcc, Vehicle() } do
    car.Send_SessionSetupReq_001() car.Receive_SessionSetupRes_001() car.Disconnect()
end
Wait_For(served)"

play "a station serves again, and one that has gone is an outcome of the vehicle" 1 "gone_false true_1" "
for n = 1, 2 do
    local served = Start(Secc.Serve, { sessions = 1, time_scale = 1000 })
    local fault = Secc.Filter('CurrentDemandRes#' .. 2 * n .. ': close after')
    local outcome = Evcc.Charge { mode = 'dc', protocol = 'ISO15118-2', time_scale = 1000, loops = 3 }
    local all = Wait_For(served)
    fault:remove()
    Log((n == 1 and outcome.how or tostring(outcome.ok)) .. '_' .. (n == 1 and 'false' or all.sessions))
    assert(n == 1 or outcome.ok, outcome.why)
end"

play "a wait that cannot be" 3 "a_task_cannot_wait_for_itself" "
local task
task = Start(function() Sleep(1) local _, why = pcall(Wait_For, task) error((why:gsub(' ', '_')), 0) end)
Sleep(5000)"

cat >"$work/script.lua" <<'END'
table.sort({ 2, 1 }, function(a, b) task = Start(function() end) return a < b end)
Log(Wait_For(task) == nil, Wait_For(Start(function(x) return x end, 7)))
END
run run --print "$work/script.lua"
wants "tasks without a network" 0 out 'true 7'

play "who plays both sides is judged by its file's name" 0 "script.lua:2:_said script.lua verdict: pass" "
Start(function() Secc.Receive_SessionSetupReq_001() end)
Evcc.Send_SessionSetupReq_001() Sleep(50) Log('script.lua:2:_said')"
! grep -q 'CC verdict' "$work/out" && ! grep -Eq 'CC [^ ]*script.lua:' "$work/out"
result $? "and what it says is by no side"

for hook in before on; do
    message=SessionSetupReq
    [ $hook = on ] && message=SessionSetupRes
    play "an error in a hook ($hook) has its line and the way there" 3 \
        "script.lua:3: attempt to index traceback script.lua:3: main chunk" "
Start(Secc.Serve, { sessions = 1 })
Evcc.Charge { mode = 'ac', $hook = { $message = function()
    local nothing return nothing.x end } }"
done
play "so has one in a hook of a station" 3 "SECC verdict: error: script.lua:3: traceback script.lua:3: 1_failed" "
local served = Start(Secc.Serve, { sessions = 1, on = { SessionSetupReq = function()
    local nothing return nothing.x end } })
Evcc.Charge { mode = 'ac' }
Log(Wait_For(served).failed .. '_failed')"

for which in out in; do
    [ $which = out ] && message=ServiceDiscoveryRes || message=ServiceDiscoveryReq
    play "a filter of a session at a station that fails ($which) ends that session alone" 3 \
        "SECC verdict: error: script.lua:7: attempt traceback SECC verdict: pass 2_sessions_1_failed_true" "
local hooked
local served = Start(Secc.Serve, { sessions = 2, time_scale = 1000, on = { SessionSetupReq = function(m, s)
    if hooked then return end
    hooked = s.role
    s.role.Filter { on = '$message', direction = '$which', fault = function()
        local nothing return nothing.x end }
end } })
local options = { mode = 'ac', protocol = 'ISO15118-2', time_scale = 1000, loops = 3 }
local other = Start(Vehicle { name = 'rear' }.Charge, options)
local one = Evcc.Charge(options)
local all, other_one = Wait_For(served), Wait_For(other)
Log(('%d_sessions_%d_failed_%s'):format(all.sessions, all.failed, one.ok ~= other_one.ok))"
done

play "Traceback for xpcall" 0 "so stack traceback: script.lua:3: in function 'xpcall'" "
local function bad()
    error('so', 0) end
local good, why = xpcall(bad, Traceback)
assert(not good) Log(why)"

play "a verdict in a filter of what comes in" 1 "verdict: fail: script.lua:4: so" "
Start(function() Secc.Receive_SessionSetupReq_001() Secc.Send_SessionSetupRes_001() end)
Evcc.Filter { on = 'SessionSetupRes', direction = 'in', fault = function()
Fail 'so' end }
Evcc.Send_SessionSetupReq_001() Evcc.Receive_SessionSetupRes_001()"

play "a filter whose error has no text" 3 "verdict: error: script.lua:4: none" "
Start(function() Secc.Receive_SessionSetupReq_001() end)
Evcc.Filter { on = '*', fault = function() error(setmetatable({}, { __tostring = function()
error 'none' end })) end }
Evcc.Send_SessionSetupReq_001() Sleep(5000)"

play "a filter that returns nonsense names its function" 3 "verdict: error: script.lua:3: number" "
Start(function() Secc.Receive_SessionSetupReq_001() end)
Evcc.Filter { on = '*', fault = function() return { 7 } end }
Evcc.Send_SessionSetupReq_001() Sleep(5000)"

play "a coroutine that a task waits in is nobody else's" 0 "suspended false false first:nil" "
local first
local co = coroutine.create(function() return Wait_Any({ Secc }, 200) end)
local task = Start(function() first = select(2, coroutine.resume(co)) end)
Log(coroutine.status(co), (coroutine.resume(co)), (pcall(coroutine.close, co)))
for n = 1, 100 do collectgarbage() end
Wait_For(task) Log('first:' .. tostring(first)) assert(coroutine.close(co))"

play "tasks that wait for each other" 3 "script.lua: all its tasks wait for each other" "
local a, b
a = Start(function() Sleep(1) Wait_For(b) end)
b = Start(function() Sleep(1) Wait_For(a) end)
Wait_For(a)"

echo 'local function f() Start(f) end Start(f) Sleep(1e9)' >"$work/script.lua"
"$V2GLAB" run --no-record "$work/script.lua" >"$work/out" 2>"$work/err" &
sleep 1
kill -INT $!
wait $!
[ $? -eq 2 ] && grep -q 'inconclusive: interrupted' "$work/out"
result $? "tasks that start tasks without end can be interrupted"
