-- SPDX-License-Identifier: Apache-2.0
-- A capture out of lines: seconds, who sends (evcc, secc), and what, of one vehicle and one
-- station over IPv6. The same lines give the same packets in any container and link layer.
--
--   lua5.4 make-capture.lua OUT [CONTAINER [LINK]] <LINES
--
-- What is hex digits (bytes over TCP), flags (syn, ack, fin, rst, joined by +), udp:HEX, or
-- frame:HEX (a whole frame of the link layer). Behind it may stand
--   port=N      of the vehicle (TCP 50000, UDP 50001)     to=N      of the station (61341, 15118)
--   window=N    of TCP                                    back=N    N bytes before what comes next
--   skip=N      N bytes are left out before it            cut=N     the last N are not captured
--   fragment=N  IPv6 fragments with N bytes each          lose=N    without the N-th of them
--   overlap=N   each fragment but the first begins N bytes early
--
-- CONTAINER: pcap, pcap-ns (nanoseconds), pcap-be (the other byte order), pcapng, pcapng-be,
-- pcapng-two (packets take turns between an interface of LINK and one of raw IP, which has another
-- resolution, offset and snapshot length; a second section, in the other byte order, has the last
-- half of them), pcapng-twice (two interfaces have captured each packet).
-- LINK: raw (unless told otherwise), ethernet, vlan, sll, sll2, null, wifi, radiotap, ppi.
local PORT <const> = { evcc = 50000, secc = 61341 }
local UDP_PORT <const> = { evcc = 50001, secc = 15118 }
local ADDRESS <const> = "\xFE\x80\0\0\0\0\0\0\0\0\0\0\0\0\0"
local HOST <const> = { evcc = "\1", secc = "\2" }
local MAC <const> = { evcc = "\2\0\0\0\0\1", secc = "\2\0\0\0\0\2" }
local FLAG <const> = { fin = 1, syn = 2, rst = 4, ack = 16 }
local PSH_ACK <const> = 0x18
local IPV6 <const> = "\x86\xDD"
local BSSID <const> = "\2\0\0\0\0\9"

local path, container, link = arg[1], arg[2] or "pcap", arg[3] or "raw"

-- ---- link layers ----

local function wifi(ip, from, to)
    return "\x88\x01\0\0" .. BSSID .. MAC[from] .. MAC[to] .. "\0\0\0\0" -- QoS
        .. "\xAA\xAA\3\0\0\0" .. IPV6 .. ip
end

local LINK <const> = {
    raw = { 101, function(ip) return ip end },
    ethernet = { 1, function(ip, from, to) return MAC[to] .. MAC[from] .. IPV6 .. ip end },
    vlan = { 1, function(ip, from, to)
        return MAC[to] .. MAC[from] .. "\x88\xA8\0\1\x81\0\0\2" .. IPV6 .. ip
    end },
    sll = { 113, function(ip, from)
        return "\0\0\0\1\0\6" .. MAC[from] .. "\0\0" .. IPV6 .. ip
    end },
    sll2 = { 276, function(ip, from)
        return IPV6 .. "\0\0\0\0\0\1\0\1\0\6" .. MAC[from] .. "\0\0" .. ip
    end },
    null = { 0, function(ip) return "\x1E\0\0\0" .. ip end },
    wifi = { 105, wifi },
    radiotap = { 127, function(...) return "\0\0\12\0\4\x80\0\0\2\0\0\0" .. wifi(...) end },
    ppi = { 192, function(...) return "\0\0\8\0\105\0\0\0" .. wifi(...) end },
}

-- ---- packets ----

local function unhex(hex)
    return (hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function checksum(...)
    local text, sum = table.concat { ... }, 0
    for i = 1, #text, 2 do
        sum = sum + text:byte(i) * 256 + (text:byte(i + 1) or 0)
    end
    while sum > 0xFFFF do sum = (sum & 0xFFFF) + (sum >> 16) end
    return ~sum & 0xFFFF
end

local function ipv6(from, to, protocol, payload)
    return string.pack(">I4I2BB", 0x60000000, #payload, protocol, 64)
        .. ADDRESS .. HOST[from] .. ADDRESS .. HOST[to] .. payload
end

-- With the checksum at that place.
local function summed(from, to, protocol, bytes, at)
    local sum = checksum(ADDRESS, HOST[from], ADDRESS, HOST[to],
        string.pack(">I4I4", #bytes, protocol), bytes)
    return bytes:sub(1, at) .. string.pack(">I2", sum) .. bytes:sub(at + 3)
end

local sent = {} -- sequence numbers by port and side

local function tcp(from, to, flags, bytes, o)
    local port = { evcc = o.port or PORT.evcc, secc = o.to or PORT.secc }
    local key = port.evcc .. ":" .. port.secc
    local seq = sent[key] or { evcc = 1000, secc = 2000 }
    sent[key] = seq
    seq[from] = seq[from] + (o.skip or 0)
    local segment = string.pack(">I2I2I4I4BBI2I2I2", port[from], port[to], seq[from] - (o.back or 0),
        flags & FLAG.ack ~= 0 and seq[to] or 0, 0x50, flags, o.window or 4096, 0, 0) .. bytes
    if not o.back then
        seq[from] = seq[from] + #bytes + (flags & 1) + (flags >> 1 & 1)
    end
    return 6, summed(from, to, 6, segment, 16)
end

local function udp(from, to, bytes, o)
    local port = { evcc = o.port or UDP_PORT.evcc, secc = o.to or UDP_PORT.secc }
    return 17, summed(from, to, 17,
        string.pack(">I2I2I2I2", port[from], port[to], #bytes + 8, 0) .. bytes, 6)
end

local identification = 0

-- The packets of IPv6 that it takes.
local function packets_of(from, to, protocol, payload, o)
    if not o.fragment then return { ipv6(from, to, protocol, payload) } end
    local all, size = {}, o.fragment // 8 * 8
    identification = identification + 1
    for at = 0, #payload - 1, size do
        local begin = at == 0 and 0 or at - (o.overlap or 0)
        local more = at + size < #payload and 1 or 0
        all[#all + 1] = ipv6(from, to, 44, string.pack(">BBI2I4", protocol, 0, begin | more,
            identification) .. payload:sub(begin + 1, at + size))
    end
    if o.lose then table.remove(all, o.lose) end
    return all
end

local list = {}
for line in io.lines() do
    local seconds, from, what, rest = line:match("^(%S+) (%a+) (%S+)(.*)$")
    assert(PORT[from], "expected SECONDS evcc|secc WHAT, found " .. line)
    local to, o = from == "evcc" and "secc" or "evcc", {}
    for name, number in rest:gmatch("(%a+)=(%d+)") do
        o[name] = tonumber(number)
    end
    local us = math.tointeger(math.floor(tonumber(seconds) * 1000000 + 0.5))
    local function add(bytes, frame)
        list[#list + 1] = { us = us, bytes = bytes, frame = frame, from = from, to = to,
                            cut = o.cut or 0 }
    end
    if what:match("^frame:") then
        add(nil, unhex(what:sub(7)))
    else
        local protocol, payload
        if what:match("^udp:") then
            protocol, payload = udp(from, to, unhex(what:sub(5)), o)
        elseif what:match("^%x+$") and not FLAG[what] then
            protocol, payload = tcp(from, to, PSH_ACK, unhex(what), o)
        else
            local flags = 0
            for name in what:gmatch("%a+") do
                flags = flags | assert(FLAG[name], line)
            end
            protocol, payload = tcp(from, to, flags, "", o)
        end
        for _, packet in ipairs(packets_of(from, to, protocol, payload, o)) do
            add(packet)
        end
    end
end

-- ---- containers ----

local function framed(packet, name)
    local frame = packet.frame or LINK[name][2](packet.bytes, packet.from, packet.to)
    return frame, frame:sub(1, #frame - packet.cut)
end

local function pcap(endian, per_second)
    local magic = per_second == 1000000 and 0xA1B2C3D4 or 0xA1B23C4D
    local out = { string.pack(endian .. "I4I2I2i4I4I4I4", magic, 2, 4, 0, 0, 65535, LINK[link][1]) }
    for _, packet in ipairs(list) do
        local frame, captured = framed(packet, link)
        out[#out + 1] = string.pack(endian .. "I4I4I4I4", packet.us // 1000000,
            packet.us % 1000000 * (per_second // 1000000), #captured, #frame) .. captured
    end
    return table.concat(out)
end

local function padded(text)
    return text .. ("\0"):rep(-#text % 4)
end

local function block(endian, kind, body)
    local size = string.pack(endian .. "I4", #body + 12)
    return string.pack(endian .. "I4", kind) .. size .. body .. size
end

local function section(endian)
    return block(endian, 0x0A0D0D0A, string.pack(endian .. "I4I2I2i8", 0x1A2B3C4D, 1, 0, -1))
end

local function interface(endian, name, snapshot, options)
    local text = ""
    for _, option in ipairs(options or {}) do
        text = text .. string.pack(endian .. "I2I2", option[1], #option[2]) .. padded(option[2])
    end
    return block(endian, 1, string.pack(endian .. "I2I2I4", LINK[name][1], 0, snapshot) .. text
        .. (options and string.pack(endian .. "I4", 0) or ""))
end

local function enhanced(endian, number, time, frame, captured)
    return block(endian, 6, string.pack(endian .. "I4I4I4I4I4", number, time >> 32, time & 0xFFFFFFFF,
        #captured, #frame) .. padded(captured))
end

local function pcapng(endian)
    local out = { section(endian), interface(endian, link, 262144) }
    for _, packet in ipairs(list) do
        out[#out + 1] = enhanced(endian, 0, packet.us, framed(packet, link))
    end
    return table.concat(out)
end

-- if_tsresol 0x94: ticks of 2^-20 s; if_tsoffset: seconds that are added.
local OFFSET <const> = -3600

local function pcapng_two()
    local out, half = {}, #list // 2
    for i, packet in ipairs(list) do
        local endian = i <= half and "<" or ">"
        if i == 1 or i == half + 1 then
            out[#out + 1] = section(endian) .. interface(endian, link, 262144, { { 9, "\9" } })
                .. interface(endian, "raw", 9000,
                    { { 9, "\x94" }, { 14, string.pack(endian .. "i8", OFFSET) } })
        end
        local second = i % 2 == 0 and not packet.frame
        local us = packet.us - OFFSET * 1000000
        local time = second and (us // 1000000 << 20) + ((us % 1000000 << 20) + 999999) // 1000000
            or packet.us * 1000
        out[#out + 1] = enhanced(endian, second and 1 or 0, time,
            framed(packet, second and "raw" or link))
    end
    return table.concat(out)
end

local function pcapng_twice()
    local out = { section("<"), interface("<", link, 262144), interface("<", "raw", 262144) }
    for _, packet in ipairs(list) do
        for i, name in ipairs { link, not packet.frame and "raw" or nil } do
            out[#out + 1] = enhanced("<", i - 1, packet.us, framed(packet, name))
        end
    end
    return table.concat(out)
end

local CONTAINER <const> = {
    pcap = function() return pcap("<", 1000000) end,
    ["pcap-ns"] = function() return pcap("<", 1000000000) end,
    ["pcap-be"] = function() return pcap(">", 1000000) end,
    pcapng = function() return pcapng("<") end,
    ["pcapng-be"] = function() return pcapng(">") end,
    ["pcapng-two"] = pcapng_two,
    ["pcapng-twice"] = pcapng_twice,
}

local file = assert(io.open(path, "wb"))
file:write(CONTAINER[container]())
file:close()
