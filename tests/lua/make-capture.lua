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
--   ip=4        over IPv4                                 fragment=N  fragments with N bytes each
--   lose=N      without the N-th of them                  swap=1      the last one comes first
--   again=1     each comes twice                          overlap=N   each begins N bytes early
--   wifi=N      fragments of IEEE 802.11 of N bytes; lose, swap and again are about them
--   amsdu=1     one frame of IEEE 802.11 with what comes next
--
-- CONTAINER: pcap, pcap-ns (nanoseconds), pcap-be (the other byte order), pcapng, pcapng-be,
-- pcapng-two (packets take turns between an interface of LINK and one of raw IP, which has another
-- resolution, offset and snapshot length; a second section, in the other byte order, has the last
-- half of them), pcapng-twice (two interfaces have captured each packet).
-- LINK: raw (unless told otherwise), ethernet, vlan, sll, sll2, null, wifi, radiotap, radiotap-fcs
-- (the checksum lies behind each frame), ppi.
local PORT <const> = { evcc = 50000, secc = 61341 }
local UDP_PORT <const> = { evcc = 50001, secc = 15118 }
local ADDRESS <const> = "\xFE\x80\0\0\0\0\0\0\0\0\0\0\0\0\0"
local HOST <const> = { evcc = "\1", secc = "\2" }
local MAC <const> = { evcc = "\2\0\0\0\0\1", secc = "\2\0\0\0\0\2" }
local FLAG <const> = { fin = 1, syn = 2, rst = 4, ack = 16 }
local PSH_ACK <const> = 0x18
local BSSID <const> = "\2\0\0\0\0\9"

local path, container, link = arg[1], arg[2] or "pcap", arg[3] or "raw"

-- ---- link layers ----

local function is_ipv4(ip)
    return ip:byte() >> 4 == 4
end

local function ethertype(ip)
    return (is_ipv4(ip) and "\8\0" or "\x86\xDD") .. ip
end

local function llc(ip)
    return "\xAA\xAA\3\0\0\0" .. ethertype(ip)
end

-- A QoS frame; o: number, more and sequence of a fragment, aggregate.
local function wifi_frame(body, from, to, o)
    return string.pack("<I2I2", 0x0188 | (o.more and 0x400 or 0), 0) .. BSSID .. MAC[from] .. MAC[to]
        .. string.pack("<I2I2", (o.sequence or 0) << 4 | (o.number or 0), o.aggregate and 0x80 or 0) .. body
end

local function wifi(ip, from, to)
    return wifi_frame(llc(ip), from, to, {})
end

-- What stands around a frame of IEEE 802.11.
local WIFI <const> = {
    wifi = function(frame) return frame end,
    radiotap = function(frame) return "\0\0\12\0\4\x80\0\0\2\0\0\0" .. frame end,
    ["radiotap-fcs"] = function(frame) return "\0\0\9\0\2\0\0\0\x10" .. frame .. "\1\2\3\4" end,
    ppi = function(frame) return "\0\0\8\0\105\0\0\0" .. frame end,
}

local LINK <const> = {
    raw = { 101, function(ip) return ip end },
    ethernet = { 1, function(ip, from, to) return MAC[to] .. MAC[from] .. ethertype(ip) end },
    vlan = { 1, function(ip, from, to)
        return MAC[to] .. MAC[from] .. "\x88\xA8\0\1\x81\0\0\2" .. ethertype(ip)
    end },
    sll = { 113, function(ip, from)
        return "\0\0\0\1\0\6" .. MAC[from] .. "\0\0" .. ethertype(ip)
    end },
    sll2 = { 276, function(ip, from)
        return ethertype(ip):sub(1, 2) .. "\0\0\0\0\0\1\0\1\0\6" .. MAC[from] .. "\0\0" .. ip
    end },
    null = { 0, function(ip) return (is_ipv4(ip) and "\2" or "\x1E") .. "\0\0\0" .. ip end },
    wifi = { 105, wifi },
    radiotap = { 127, function(...) return WIFI.radiotap(wifi(...)) end },
    ["radiotap-fcs"] = { 127, function(...) return WIFI["radiotap-fcs"](wifi(...)) end },
    ppi = { 192, function(...) return WIFI.ppi(wifi(...)) end },
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

local IPV4 <const> = { evcc = "\192\0\2\1", secc = "\192\0\2\2" }

-- where: the flag for more fragments, and where this one lies by 8 bytes.
local function ipv4(from, to, protocol, payload, id, where)
    local head = string.pack(">BBI2I2I2BB", 0x45, 0, #payload + 20, id, where, 64, protocol)
    local addresses = IPV4[from] .. IPV4[to]
    return head .. string.pack(">I2", checksum(head, addresses)) .. addresses .. payload
end

local function ipv6(from, to, protocol, payload)
    return string.pack(">I4I2BB", 0x60000000, #payload, protocol, 64)
        .. ADDRESS .. HOST[from] .. ADDRESS .. HOST[to] .. payload
end

-- With the checksum at that place.
local function summed(from, to, protocol, bytes, at, o)
    local ends = o.ip == 4 and IPV4[from] .. IPV4[to] or ADDRESS .. HOST[from] .. ADDRESS .. HOST[to]
    local sum = checksum(ends, string.pack(">I4I4", #bytes, protocol), bytes)
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
    return 6, summed(from, to, 6, segment, 16, o)
end

local function udp(from, to, bytes, o)
    local port = { evcc = o.port or UDP_PORT.evcc, secc = o.to or UDP_PORT.secc }
    return 17, summed(from, to, 17,
        string.pack(">I2I2I2I2", port[from], port[to], #bytes + 8, 0) .. bytes, 6, o)
end

local identification = 0

-- Fragments in the order, and as often, as they are to come.
local function arranged(all, o)
    if o.lose then table.remove(all, o.lose) end
    if o.swap then table.insert(all, 1, table.remove(all)) end
    for i = #all, o.again and 1 or #all + 1, -1 do table.insert(all, i, all[i]) end
    return all
end

-- The packets of IP that it takes.
local function packets_of(from, to, protocol, payload, o)
    local all, size = {}, o.fragment and o.fragment // 8 * 8 or #payload
    identification = identification + 1
    for at = 0, math.max(#payload - 1, 0), math.max(size, 1) do
        local begin = at == 0 and 0 or at - (o.overlap or 0)
        local more = at + size < #payload and 1 or 0
        local part = payload:sub(begin + 1, at + size)
        all[#all + 1] = o.ip == 4 and ipv4(from, to, protocol, part, identification, more << 13 | begin // 8)
            or o.fragment and ipv6(from, to, 44, string.pack(">BBI2I4", protocol, 0, begin | more,
                identification) .. part)
            or ipv6(from, to, protocol, part)
    end
    return o.fragment and arranged(all, o) or all
end

-- The fragments of IEEE 802.11 that a packet takes.
local function wifi_fragments(ip, from, to, o)
    local all, body = {}, llc(ip)
    identification = identification + 1
    for at = 0, #body - 1, o.wifi do
        all[#all + 1] = WIFI[link](wifi_frame(body:sub(at + 1, at + o.wifi), from, to,
            { sequence = identification, number = at // o.wifi, more = at + o.wifi < #body }))
    end
    return arranged(all, o)
end

local aggregate = "" -- frames that wait for the last one

local function subframe(ip, from, to)
    return MAC[to] .. MAC[from] .. string.pack(">I2", #llc(ip)) .. llc(ip)
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
            if o.wifi then
                for _, frame in ipairs(wifi_fragments(packet, from, to, o)) do add(nil, frame) end
            elseif o.amsdu then
                aggregate = aggregate .. subframe(packet, from, to)
                aggregate = aggregate .. ("\0"):rep(-#aggregate % 4)
            elseif aggregate ~= "" then
                aggregate = aggregate .. subframe(packet, from, to)
                add(nil, WIFI[link](wifi_frame(aggregate, from, to, { aggregate = true })))
                aggregate = ""
            else
                add(packet)
            end
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
