#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Expect_ of every message: what it compares, what it says, whom it blames; the comparison alone.
. tests/cli/support

# A station of three exchanges, and a vehicle's script in a line before and after the second.
cat >"$work/evse.lua" <<'END'
Secc.Expect_SessionSetupReq_001{ EVCCID = '000000000000' }
Secc.Send_SessionSetupRes_001()
Secc.Expect_ServiceDiscoveryReq_001()
Secc.Set_ServiceDiscoveryRes_ChargeService_FreeService(true)
Secc.Send_ServiceDiscoveryRes_001()
if not Secc.Receive_Any_001() then Pass() end
Secc.Send_SessionSetupRes_001()
Secc.Receive_ChargeParameterDiscoveryReq_001()
Secc.Set_ChargeParameterDiscoveryRes_DC_EVSEChargeParameter_EVSEMaximumVoltageLimit(395.5)
Secc.Send_ChargeParameterDiscoveryRes_001()
Sleep(1000) Pass()
END
SETUP='Evcc.Send_SessionSetupReq_001() Evcc.Expect_SessionSetupRes_001{ ["Header.SessionID"] = new }
Evcc.Send_ServiceDiscoveryReq_001()'

# expects NAME CODE WORDS SCRIPT [OPTION...]: the output has each of the words, in order
expects() {
    name=$1 code=$2 words=$3
    printf '%s\n' "$4" >"$work/ev.lua"
    shift 4
    run run --no-record --virtual-time "$work/ev.lua" "$work/evse.lua" "$@"
    good=0
    [ "$status" -eq "$code" ] || good=1
    in_order "$words" "$work/out" "$work/err" || good=1
    result $good "$name"
}

expects "all that is said holds" 0 "passed: ServiceDiscoveryRes EVCC verdict: pass" "$SETUP
Evcc.Expect_ServiceDiscoveryRes_001{
  ResponseCode = any{ ResponseCodeType.OK, 'OK_NewSessionEstablished' }, ServiceList = absent,
  ChargeService = { ServiceID = at_least(1), FreeService = true,
                    SupportedEnergyTransferMode = { EnergyTransferMode = present } },
  ['PaymentOptionList.PaymentOption'] = { 'ExternalPayment' },
  ['ChargeService.ServiceCategory'] = function(c) return c == 'EVCharging' end }"
expects "it gives the message" 0 "ServiceDiscoveryRes_true pass" "$SETUP
local m = Evcc.Expect_ServiceDiscoveryRes_001()
Log(m:name() .. '_' .. tostring(m.ChargeService.FreeService))"
expects "what differs is one line: message, frame, time, path, expected, found, script line" 1 \
    "fail: ev.lua:3: ServiceDiscoveryRes (frame 00:00:00.0 ): ResponseCode: expected 'FAILED', found 'OK'" "$SETUP
Evcc.Expect_ServiceDiscoveryRes_001{ ResponseCode = 'FAILED' }"
expects "all that differs is told" 1 \
    "ChargeService.FreeService: expected false, found true; PaymentOptionList.PaymentOption[1]: expected 'Contract' ResponseCode: expected 'FAILED' or 'FAILED_SequenceError', found 'OK'; ServiceList: expected any value, found nothing" "$SETUP
Evcc.Expect_ServiceDiscoveryRes_001{ ResponseCode = any{ 'FAILED', 'FAILED_SequenceError' },
  ServiceList = present, PaymentOptionList = { PaymentOption = { 'Contract' } },
  ChargeService = { FreeService = false } }"
expects "a list has so many entries" 1 "PaymentOptionList.PaymentOption: expected 0 entries, found 1" "$SETUP
Evcc.Expect_ServiceDiscoveryRes_001{ ['PaymentOptionList.PaymentOption'] = {} }"
expects "another message is a fail as of Receive_" 1 "expected SessionSetupRes, found ServiceDiscoveryRes (ResponseCode OK) (frame " "$SETUP
Evcc.Expect_SessionSetupRes_001{ ResponseCode = 'OK' }"
expects "a caught one has its fields" 0 "fail ChargeService.FreeService false true ev.lua:3 true true" "$SETUP
local ok, v = pcall(Evcc.Expect_ServiceDiscoveryRes_001, { ChargeService = { FreeService = false } })
Log(v.verdict, v.path, v.expected, v.found, v.where, v.frame == Evcc.Received():frame(), v.time == Evcc.Received():time())"
expects "a value that is not new" 1 "Header.SessionID: expected a new value, found '" "$SETUP
Evcc.Receive_ServiceDiscoveryRes_001()
Evcc.Send_SessionSetupReq_001()
Evcc.Expect_SessionSetupRes_001{ Header = { SessionID = new } }"

PHYSICAL="$SETUP Evcc.Receive_ServiceDiscoveryRes_001()
Evcc.Send_SessionSetupReq_001() Evcc.Receive_SessionSetupRes_001()
Evcc.Send_ChargeParameterDiscoveryReq_001()
local limit = 'DC_EVSEChargeParameter.EVSEMaximumVoltageLimit'"
expects "physical values are in SI units, near ones too" 0 "EVCC verdict: pass" "$PHYSICAL
Evcc.Expect_ChargeParameterDiscoveryRes_001{ [limit] = 395.5, [limit .. '.Unit'] = 'V',
  DC_EVSEChargeParameter = { EVSEMaximumVoltageLimit = near(400, 5) } }"
expects "one that is too far away" 1 "EVSEMaximumVoltageLimit: expected 400 ± 4, found 395.5" "$PHYSICAL
Evcc.Expect_ChargeParameterDiscoveryRes_001{ [limit] = near(400, 4) }"
expects "limits" 1 "expected at least 396, found 395.5" "$PHYSICAL
Evcc.Expect_ChargeParameterDiscoveryRes_001{ [limit] = any { at_most(396) } , ResponseCode = any { 'OK', absent } }
Evcc.Received():get(limit)
local expect = require 'v2g.expect'
local d = expect.compare(Evcc.Received(), { [limit] = at_least(396) })
Fail(('expected %s, found %s'):format(d[1].expected, d[1].found))"
expects "milliseconds, as Receive_ takes them" 1 "expected SessionSetupRes within 300 ms (given by the script), found nothing" "$SETUP
Evcc.Expect_ServiceDiscoveryRes_001()
Evcc.Expect_SessionSetupRes_001({ ResponseCode = 'OK' }, 300)"

# ---- what is wrong in the script is not the peer's fault ----

refuses() {
    expects "$1" 3 "EVCC verdict: error: ev.lua:3: Evcc.Expect_ServiceDiscoveryRes_001: $2" "$SETUP
Evcc.Expect_ServiceDiscoveryRes_001{ $3 }"
}
refuses "no such element" "has no element 'ResponseCod'; the nearest name is ResponseCode" "ResponseCod = 'OK'"
refuses "no such element of an absent one" "the nearest name is ServiceID" "['ServiceList.Service[1].ServiceId'] = 5"
refuses "no such member" "'FAILD' is no member" "ResponseCode = 'FAILD'"
refuses "a number for a text" "expected" "ResponseCode = any{ true }"
refuses "a value for an element" "ChargeService: expected a table of its elements, found 5" "ChargeService = 5"
refuses "a table for a value" "ResponseCode: expected a value" "ResponseCode = { 'OK' }"
refuses "a number's matcher for a word" "ResponseCode: expected a value of the kind enumeration, found at least 1" "ResponseCode = at_least(1)"
refuses "what is no path" "'ChargeService..X' is no path" "['ChargeService..X'] = 1"
refuses "an entry of no list" "ResponseCode is no list" "['ResponseCode[1]'] = 'OK'"
expects "an error in a function is one" 3 "verdict: error: ev.lua:3: attempt" "$SETUP
Evcc.Expect_ServiceDiscoveryRes_001{ ResponseCode = function(c) return nil + c end }"
printf '%s\n' "Evcc.Expect_SessionSetupRes_001{ ResponseCode = 'FAILED' }" >"$work/ev.lua"
run run --print "$work/ev.lua"
wants "in print mode nobody is judged" 0
