-- SPDX-License-Identifier: Apache-2.0
-- A part of a capture, as those who start late or see one direction only have it.
--
--   lua5.4 cut.lua WAY IN.pcap OUT.pcap
--
-- late: from the 21st message on. evcc, secc: what that side has sent, over TCP. agreed: without
-- the packets that hold the first message of a direction, which is supportedAppProtocol.
-- Exit code 2: it is no pcap file that this reads, or too short for that.
local way, from, to = arg[1], arg[2], arg[3]
local LATE <const> = 21
local LINK <const> = { [0] = 4, [1] = 14, [113] = 16, [276] = 20 } -- octets before IP
local SYN <const>, ACK <const> = 2, 16

local file = assert(io.open(from, "rb"))
local all = file:read("a")
file:close()

local function leave(why)
    io.stderr:write(why, "\n")
    os.exit(2)
end

local magic, link = string.unpack("<I4", all), string.unpack("<I4", all, 21)
if (magic ~= 0xA1B2C3D4 and magic ~= 0xA1B23C4D) or not LINK[link] then
    leave("no pcap file of this byte order and link layer")
end

-- TCP of a packet: both endpoints, sequence number, flags, payload; nil where it is none.
local function tcp_of(bytes)
    local at = LINK[link] + 1
    if #bytes < at + 40 then
        return nil
    end
    local source, target
    if bytes:byte(at) >> 4 == 6 then
        if bytes:byte(at + 6) ~= 6 then
            return nil
        end
        source, target = bytes:sub(at + 8, at + 23), bytes:sub(at + 24, at + 39)
        at = at + 40
    elseif bytes:byte(at) >> 4 == 4 and bytes:byte(at + 9) == 6 then
        source, target = bytes:sub(at + 12, at + 15), bytes:sub(at + 16, at + 19)
        at = at + (bytes:byte(at) & 15) * 4
    else
        return nil
    end
    if #bytes < at + 19 then
        return nil
    end
    local from_port, to_port, seq, _, offset, flags = string.unpack(">I2I2I4I4BB", bytes, at)
    return {
        from = source .. string.pack(">I2", from_port),
        to = target .. string.pack(">I2", to_port),
        seq = seq,
        flags = flags,
        payload = bytes:sub(at + (offset >> 4) * 4),
    }
end

-- How many V2GTP frames begin in a segment that begins with one.
local function frames_in(payload)
    local n, at = 0, 1
    while payload:sub(at, at + 1) == "\x01\xFE" and #payload >= at + 7 do
        at = at + 8 + string.unpack(">I4", payload, at + 4)
        n = n + 1
    end
    return n
end

local client, first = {}, {} -- by connection; by direction the sequence number of its first message
local seen, messages = {}, 0

-- Whether the packet is one of the part.
local function is_kept(tcp)
    if not tcp then
        return way == "agreed" or (way == "late" and messages >= LATE)
    end
    local direction = tcp.from .. tcp.to
    if tcp.flags & SYN ~= 0 then
        client[direction] = tcp.flags & ACK == 0
        first[direction] = nil
    end
    local n = frames_in(tcp.payload)
    if n > 0 and not seen[direction .. tcp.seq] then
        seen[direction .. tcp.seq] = true
        messages = messages + n
        first[direction] = first[direction] or tcp.seq
    end
    if way == "late" then
        return messages >= LATE
    elseif way == "agreed" then
        return n == 0 or tcp.seq ~= first[direction]
    end
    return client[direction] == (way == "evcc")
end

local out = { all:sub(1, 24) }
local at = 25
while at + 16 <= #all do
    local captured = string.unpack("<I4", all, at + 8)
    if at + 15 + captured > #all then
        break -- the file ends in the middle of a packet
    end
    local bytes = all:sub(at + 16, at + 15 + captured)
    if is_kept(tcp_of(bytes)) then
        out[#out + 1] = all:sub(at, at + 15 + captured)
    end
    at = at + 16 + captured
end
if way == "late" and messages < LATE then
    leave("no more than " .. messages .. " messages")
end
local made = assert(io.open(to, "wb"))
made:write(table.concat(out))
made:close()
