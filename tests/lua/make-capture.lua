-- SPDX-License-Identifier: Apache-2.0
-- A capture out of lines: seconds, who sends (evcc, secc), and what as hex digits. All of it is one
-- TCP connection between two addresses over IPv6, and its beginning is not there.
--
--   lua5.4 make-capture.lua OUT.pcap <LINES
local PORT <const> = { evcc = 50000, secc = 61341 }
local ADDRESS <const> = "\xFE\x80\0\0\0\0\0\0\0\0\0\0\0\0\0"
local HOST <const> = { evcc = "\1", secc = "\2" }
local RAW <const> = 101
local PSH_ACK <const> = 0x18

local out = { string.pack("<I4I2I2i4I4I4I4", 0xA1B2C3D4, 2, 4, 0, 0, 65535, RAW) }
local sent = { evcc = 1000, secc = 2000 }
for line in io.lines() do
    local seconds, who, hex = line:match("^(%S+) (%a+) (%x+)$")
    assert(seconds and PORT[who], "expected SECONDS evcc|secc HEX, found " .. line)
    local other = who == "evcc" and "secc" or "evcc"
    local bytes = hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
    local tcp = string.pack(">I2I2I4I4BBI2I2I2", PORT[who], PORT[other], sent[who], sent[other],
        0x50, PSH_ACK, 4096, 0, 0) .. bytes
    local ip = string.pack(">I4I2BB", 0x60000000, #tcp, 6, 64)
        .. ADDRESS .. HOST[who] .. ADDRESS .. HOST[other] .. tcp
    local us = math.tointeger(math.floor(tonumber(seconds) * 1000000 + 0.5))
    out[#out + 1] = string.pack("<I4I4I4I4", us // 1000000, us % 1000000, #ip, #ip) .. ip
    sent[who] = sent[who] + #bytes
end
local file = assert(io.open(arg[1], "wb"))
file:write(table.concat(out))
file:close()
