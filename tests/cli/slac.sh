#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The messages of HomePlug (SLAC, ISO 15118-3): as hex, JSON, captures and names of scripts; with
# tshark as a second reader.
# shellcheck source=tests/cli/support
. tests/cli/support

HEADER=FFFFFFFFFFFF0200000000E188E1
PARM=$(sed -n '2s/.*\t//p' tests/octets/slac.tsv)
MATCH=$(sed -n 's/^CM_SLAC_MATCH_CNF\t.*\t//p' tests/octets/slac.tsv)

run decode "$HEADER$PARM"
wants "an Ethernet frame is recognised" 0 out '<RunID>0102030405060708<' not-err warning
run decode --json "$HEADER$MATCH"
wants "as JSON, too" 0 out '"NMK": "50D3E4933F855B7040784DF815AA8DB7"'
run decode -g slac "$PARM"
wants "what stands behind its header has to be named" 0 out '<s0:CM_SLAC_PARM_REQ'
run decode "${HEADER}0110600000"
wants "a message that is not known" 1 err 'slac has no message of the payload type 0x6010'
run explain "$HEADER$MATCH"
wants "explain shows its fields" 0 out 'grammar slac' out 'CM_SLAC_MATCH_CNF/NMK'
run explain "$HEADER$(printf %s "$MATCH" | sed 's/^\(.\{14\}\)5600/\1FF00/')"
wants "a length beyond the frame is refused with path and offset" 1 \
    out 'CM_SLAC_MATCH_CNF/MVFLength' out '255 octets; expected at most the 86 that follow' out 'bit 56'
run encode --complete '{"CM_SLAC_PARM_REQ":{"RunID":"0102030405060708"}}'
wants "JSON becomes octets, with its defaults" 0 out "$PARM"
run encode --complete --format v2gtp '{"CM_SLAC_PARM_REQ":{"RunID":"0102030405060708"}}'
wants "but never behind a V2GTP header" 1 err 'slac has no V2GTP payload type'
run decode "01FE60640000002E$PARM"
wants "nor is it read there" 1 err 'V2GTP payload type 0x6064'
run docs CM_SLAC_MATCH_CNF
wants "the reference knows it" 0 out 'MMTYPE' out '0x607D' out 'Evcc.Receive_CM_SLAC_MATCH_CNF_001'
run docs --lang ko CM_SLAC_MATCH_CNF
wants "in Korean, too" 0 out '네트워크의 멤버십 키'

cat >"$work/start.lua" <<'END'
Evcc.Set_CM_SLAC_PARM_REQ_RunID('0102030405060708')
Evcc.Set_CM_SLAC_PARM_REQ_SecurityType(7)
Evcc.Send_CM_SLAC_PARM_REQ_001()
END
run run --print "$work/start.lua"
wants "a script sends it, also wrong, and is told so" 0 out 'EtherType  0x88E1' \
    out 'Destination  FF:FF:FF:FF:FF:FF' out '<SecurityType>7<' out 'SecurityType: 7'

# ---- by the names of the messages, both sides ----

cat >"$work/ev.lua" <<'END'
Evcc.Send_CM_SLAC_PARM_REQ_001()
Evcc.Receive_CM_SLAC_PARM_CNF_001()
assert(Evcc.Get_CM_SLAC_PARM_CNF_NUM_SOUNDS() == 10)
Evcc.Send_CM_SLAC_PARM_REQ_001()
assert(Evcc.Receive_Any(500) == 'CM_SLAC_PARM_CNF')
assert(select(2, Evcc.Receive_Any(20)) == 'timeout')
local function says(text, receive, ...)
    local good, why = pcall(receive, ...)
    assert(not good and tostring(why):find(text, 1, true), tostring(why))
end
Evcc.Send_CM_SLAC_PARM_REQ_001()
says('expected CM_SLAC_MATCH_CNF, found CM_SLAC_PARM_CNF (frame ', Evcc.Receive_CM_SLAC_MATCH_CNF_001)
Evcc.Send_CM_SLAC_PARM_REQ_001()
says('expected CM_SLAC_MATCH_CNF, found a frame that cannot be decoded: 65535 octets', Evcc.Receive_CM_SLAC_MATCH_CNF_001)
says('within 200 ms (TT_match_response), found nothing', Evcc.Receive_CM_SLAC_PARM_CNF_001)
says('within 50 ms (given by the script), found nothing', Evcc.Receive_CM_SLAC_PARM_CNF_001, 50)
says('expected milliseconds, 0 or more', Evcc.Receive_CM_SLAC_PARM_CNF_001, -1)
says('expected a MAC address, 12 hex digits', Evcc.Slac_Send, Evcc.Message('CM_SLAC_PARM_REQ'), 'nowhere')
says('other', Evcc.Slac, { other = 1 })
END
cat >"$work/secc.lua" <<'END'
for _ = 1, 3 do
    Secc.Receive_CM_SLAC_PARM_REQ_001()
    Secc.Send_CM_SLAC_PARM_CNF_001()
end
assert(Secc.Receive_Any() == 'CM_SLAC_PARM_REQ')
local bytes = Secc.Message('CM_SLAC_MATCH_CNF'):exi()
Secc.Slac_Send_Raw('\x02\0\0\0\0\xE1\x02\0\0\0\0\xE2\x88\xE1' .. bytes:sub(1, 7) .. '\xFF\xFF' .. bytes:sub(10))
Sleep(1000)
END
run run --virtual-time --no-record --bench pair "$work/ev.lua" "$work/secc.lua"
wants "a station answers by name who asked all stations, and each side is told what came instead" 0 \
    out '02:00:00:00:00:E2 to 02:00:00:00:00:E1' \
    out 'EVCC verdict: pass' out 'SECC verdict: pass'
echo 'Evcc.Send_CM_SLAC_PARM_REQ_001() Sleep(10)' >"$work/ev.lua"
echo 'Sleep(10)' >"$work/secc.lua"
run run --virtual-time --no-record --bench pair --fault 'CM_SLAC_PARM_REQ: header version=2' "$work/ev.lua" "$work/secc.lua"
wants "a fault of V2GTP is none of its frames" 3 out '(an Ethernet frame has no V2GTP header)' err 'never happened'

# ---- captures ----

if ! command -v text2pcap >/dev/null || ! command -v tshark >/dev/null; then
    echo "ok - tshark reads the same fields # SKIP tshark is not installed"
    exit
fi
frames() {
    sed -e 1d -e 's/.*\t//' tests/octets/slac.tsv | sed -e "s/^/$HEADER/" -e 's/../ &/g' -e 's/^/000000/'
}
frames >"$work/frames.txt"
text2pcap -q "$work/frames.txt" "$work/frames.pcap" 2>/dev/null
n=$(sed 1d tests/octets/slac.tsv | wc -l)
run decode --verify "$work/frames.pcap"
wants "a capture is a ladder" 0 out 'EVCC <- SECC  CM_SLAC_MATCH_CNF' \
    out '02:00:00:00:00:E1 to FF:FF:FF:FF:FF:FF' err " 0 not decoded, 0 violations" \
    err "$n HomePlug frames" err 'encoded again: 0 differ'
run decode --json "$work/frames.pcap"
wants "or JSON lines" 0 out '"link":true' out '"source":"02:00:00:00:00:E1"' \
    out '"payload_type":"0x607D"' out '"grammar":"slac"'
grep '"kind":"frame"' "$work/out" >"$work/ours.json"

# MESSAGE ELEMENT FIELD-OF-TSHARK; exceptions are in docs/peers.md
cat >"$work/fields" <<'END'
CM_SLAC_PARM ApplicationType gp.cm_slac_parm.apptype
CM_SLAC_PARM SecurityType gp.cm_slac_parm.sectype
CM_SLAC_PARM RunID gp.cm_slac_parm.runid
CM_SLAC_PARM CipherSuiteSetSize gp.cm_slac_parm.cipher_size
CM_SLAC_PARM M_SOUND_TARGET gp.cm_slac_parm.sound_target
CM_SLAC_PARM NUM_SOUNDS gp.cm_slac_parm.sound_count
CM_SLAC_PARM Time_Out gp.cm_slac_parm.time_out
CM_SLAC_PARM RESP_TYPE gp.cm_slac_parm.resptype
CM_SLAC_PARM FORWARDING_STA gp.cm_slac_parm.forwarding_sta
CM_START_ATTEN_CHAR NUM_SOUNDS gp.cm_start_atten_char.sounds_count
CM_START_ATTEN_CHAR Time_Out gp.cm_start_atten_char.time_out
CM_START_ATTEN_CHAR RESP_TYPE gp.cm_start_atten_char.resptype
CM_START_ATTEN_CHAR FORWARDING_STA gp.cm_start_atten_char.sound_forwarding_sta
CM_START_ATTEN_CHAR RunID gp.cm_start_atten_char.runid
CM_MNBC_SOUND SenderID gp.cm_mnbc_sound.sender_id
CM_MNBC_SOUND Cnt gp.cm_mnbc_sound.countdown
CM_MNBC_SOUND RunID gp.cm_mnbc_sound.runid
CM_MNBC_SOUND Rnd gp.cm_mnbc_sound.rnd
CM_ATTEN_PROFILE PEV_MAC gp.cm_atten_profile_ind.pev_mac
CM_ATTEN_PROFILE NumGroups gp.cm_atten_profile_ind.groups_count
CM_ATTEN_PROFILE AAG gp.cm_atten_profile_ind.aag
CM_ATTEN_CHAR SOURCE_ADDRESS gp.cm_atten_char.source_mac
CM_ATTEN_CHAR RunID gp.cm_atten_char.runid
CM_ATTEN_CHAR SOURCE_ID gp.cm_atten_char.source_id
CM_ATTEN_CHAR RESP_ID gp.cm_atten_char.resp_id
CM_ATTEN_CHAR NUM_SOUNDS gp.cm_atten_char.sounds_count
CM_ATTEN_CHAR NumGroups gp.cm_atten_char.groups_count
CM_ATTEN_CHAR AAG gp.cm_atten_char.aag
CM_ATTEN_CHAR Result gp.cm_atten_char.result
CM_VALIDATE SignalType gp.cm_validate.signaltype
CM_VALIDATE Timer gp.cm_validate.timer
CM_VALIDATE ToggleNum gp.cm_validate.togglenum
CM_VALIDATE Result gp.cm_validate.result
CM_SLAC_MATCH MVFLength gp.cm_slac_match.length
CM_SLAC_MATCH PEVID gp.cm_slac_match.pev_id
CM_SLAC_MATCH PEVMAC gp.cm_slac_match.pev_mac
CM_SLAC_MATCH EVSEID gp.cm_slac_match.evse_id
CM_SLAC_MATCH EVSEMAC gp.cm_slac_match.evse_mac
CM_SLAC_MATCH RunID gp.cm_slac_match.runid
CM_SLAC_MATCH NID gp.cm_slac_match.nid
CM_SLAC_MATCH NMK gp.cm_slac_match.nmk
CM_SET_KEY NewKey cm_set_key_req.nw_key
CM_SET_KEY Result cm_set_key_cnf.result
CM_SET_KEY MyNonce nw_info.my_nonce
CM_SET_KEY YourNonce nw_info.your_nonce
CM_SET_KEY NID nw_info.nid
CM_SET_KEY PID nw_info.pid
CM_SET_KEY PMN nw_info.pmn
CM_GET_KEY Result cm_get_key_cnf.result
CM_GET_KEY NID nw_info.nid
END
cut -d ' ' -f 3 "$work/fields" | sort -u | sed 's/^/homeplug_av./' >"$work/names"
set --
while read -r name; do set -- "$@" -e "$name"; done <"$work/names"
tshark -r "$work/frames.pcap" -T fields "$@" >"$work/theirs" 2>/dev/null

cat >"$work/compare.lua" <<'END'
-- numbers as numbers, octets as digits, lists as they are
local function plain(text, is_octets)
    if text:find('^0x%x+$') and not is_octets then
        return tostring(tonumber(text))
    end
    return (text:gsub('^0x', ''):gsub('[:%s%[%]]', ''):upper())
end

local names, place = {}, {}
for name in io.lines(arg[1] .. '/names') do
    place[name] = #place + 1
    names[#names + 1] = name
end
for i, name in ipairs(names) do
    place[name] = i
end
local theirs = {}
for line in io.lines(arg[1] .. '/theirs') do
    local row = {}
    for text in (line .. '\t'):gmatch('([^\t]*)\t') do
        row[#row + 1] = text
    end
    theirs[#theirs + 1] = row
end
local frame, compared, wrong = 0, 0, 0
for line in io.lines(arg[1] .. '/ours.json') do
    frame = frame + 1
    local message, fields = line:match('"message":{"([%w_]+)":({.*})}')
    for row in io.lines(arg[1] .. '/fields') do
        local of, element, field = row:match('^(%S+) (%S+) (%S+)$')
        local text = theirs[frame][place['homeplug_av.' .. field]]
        local ours = fields:match('"' .. element .. '":(%b[])') or
            fields:match('"' .. element .. '":"?([^",}]*)')
        if message:gsub('_%a+$', '') == of and ours and text ~= '' then
            compared = compared + 1
            local is_octets = fields:find('"' .. element .. '":"', 1, true)
            if plain(ours) ~= plain(text, is_octets) then
                wrong = wrong + 1
                print(('# %s.%s: %s here, %s there'):format(message, element, ours, text))
            end
        elseif message:gsub('_%a+$', '') == of and (ours ~= nil) ~= (text ~= '') then
            print(('# %s.%s: only one has it: %s, %s'):format(message, element, ours, text))
        end
    end
end
print(compared .. ' compared')
os.exit(wrong == 0 and compared > 70)
END
ran="tshark"
status=0
lua5.4 "$work/compare.lua" "$work" >"$work/out" 2>"$work/err" || status=$?
result $status "tshark reads the same fields ($(tail -n 1 "$work/out"))"
