-- SPDX-License-Identifier: Apache-2.0
-- The packets of a capture, one a line: number, link type, time in ns, length on the wire, bytes,
-- and the comments of that packet; or the same packets in another form.
--
--   lua5.4 packets.lua FILE                  (pcap or pcapng, either byte order)
--   lua5.4 packets.lua FILE FORM OUT         FORM: pcap-big, pcap-ns, pcapng, pcapng-big, simple,
--                                            or two: of two interfaces in turn
local SECTION <const>, INTERFACE <const>, SIMPLE <const>, PACKET <const> = 0x0A0D0D0A, 1, 3, 6
local SECRETS <const> = 10

local function read_file(name)
    local file = assert(io.open(name, "rb"))
    local text = file:read("a")
    file:close()
    return text
end

local function pad(text)
    return text .. ("\0"):rep(-#text % 4)
end

local function read_pcap(text, order, digits)
    local packets, at = {}, 25
    local link = string.unpack(order .. "I4", text, 21)
    while at + 15 <= #text do
        local seconds, part, captured, length = string.unpack(order .. "I4I4I4I4", text, at)
        if at + 15 + captured > #text then break end -- it ends in the middle of a packet
        local ns = seconds * 1000000000 + part * (digits == 9 and 1 or 1000)
        packets[#packets + 1] = { link = link, ns = ns, length = length, comments = {},
            bytes = text:sub(at + 16, at + 15 + captured) }
        at = at + 16 + captured
    end
    return packets
end

local function options(text, order, at, last)
    local found = {}
    while at + 3 <= last do
        local code, size = string.unpack(order .. "I2I2", text, at)
        if code == 0 then break end
        found[#found + 1] = { code = code, value = text:sub(at + 4, at + 3 + size) }
        at = at + 4 + size + -size % 4
    end
    return found
end

local function read_pcapng(text)
    local packets, interfaces, at, order = {}, {}, 1, "<"
    local secrets = 0
    while at <= #text do
        if string.unpack("<I4", text, at) == SECTION then
            order = string.unpack("<I4", text, at + 8) == 0x1A2B3C4D and "<" or ">"
            interfaces = {}
        end
        local kind, size = string.unpack(order .. "I4I4", text, at)
        assert(string.unpack(order .. "I4", text, at + size - 4) == size, "lengths of a block differ")
        if kind == INTERFACE then
            local digits = 6
            for _, option in ipairs(options(text, order, at + 16, at + size - 5)) do
                if option.code == 9 then digits = option.value:byte() end
            end
            interfaces[#interfaces + 1] = { link = string.unpack(order .. "I2", text, at + 8),
                unit = math.tointeger(10 ^ (9 - digits)) }
        elseif kind == PACKET then
            local i, high, low, captured, length = string.unpack(order .. "I4I4I4I4I4", text, at + 8)
            local comments = {}
            local behind = at + 28 + captured + -captured % 4
            for _, option in ipairs(options(text, order, behind, at + size - 5)) do
                if option.code == 1 then comments[#comments + 1] = option.value end
            end
            packets[#packets + 1] = { link = interfaces[i + 1].link, length = length,
                ns = (high << 32 | low) * interfaces[i + 1].unit, comments = comments,
                bytes = text:sub(at + 28, at + 27 + captured) }
        elseif kind == SIMPLE then
            local length = string.unpack(order .. "I4", text, at + 8)
            packets[#packets + 1] = { link = interfaces[1].link, length = length, ns = 0,
                comments = {}, bytes = text:sub(at + 12, at + 11 + length) }
        elseif kind == SECRETS then
            secrets = secrets + 1
        end
        at = at + size
    end
    return packets, secrets
end

local function read(text)
    for _, order in ipairs { "<", ">" } do
        local magic = string.unpack(order .. "I4", text)
        if magic == 0xA1B2C3D4 then return read_pcap(text, order, 6) end
        if magic == 0xA1B23C4D then return read_pcap(text, order, 9) end
    end
    return read_pcapng(text)
end

local function block(order, kind, body)
    local size = string.pack(order .. "I4", #body + 12)
    return string.pack(order .. "I4", kind) .. size .. body .. size
end

local function option(order, code, value)
    return string.pack(order .. "I2I2", code, #value) .. pad(value)
end

local function interface(order, link, digits)
    return block(order, INTERFACE, string.pack(order .. "I2I2I4", link, 0, 0)
        .. option(order, 9, string.char(digits)) .. option(order, 0, ""))
end

local function write_pcap(packets, order, digits)
    local magic = digits == 9 and 0xA1B23C4D or 0xA1B2C3D4
    local unit = digits == 9 and 1 or 1000
    local out = { string.pack(order .. "I4I2I2i4I4I4I4", magic, 2, 4, 0, 0, 65535, packets[1].link) }
    for _, p in ipairs(packets) do
        out[#out + 1] = string.pack(order .. "I4I4I4I4", p.ns // 1000000000,
            p.ns % 1000000000 // unit, #p.bytes, p.length) .. p.bytes
    end
    return table.concat(out)
end

-- With an option of its own in each packet, a section whose length is known, and secrets.
local function write_pcapng(packets, order, is_simple)
    local blocks = { interface(order, packets[1].link, 9),
        block(order, SECRETS, string.pack(order .. "I4I4", 0x544C534B, 20) .. ("x"):rep(19) .. "\n") }
    for i, p in ipairs(packets) do
        local time = string.pack(order .. "I4I4", p.ns >> 32, p.ns & 0xFFFFFFFF)
        if is_simple then
            blocks[#blocks + 1] = block(order, SIMPLE, string.pack(order .. "I4", p.length)
                .. pad(p.bytes))
        else
            local own = i % 2 == 1 and option(order, 1, "mine") .. option(order, 0, "") or ""
            blocks[#blocks + 1] = block(order, PACKET, string.pack(order .. "I4", 0) .. time
                .. string.pack(order .. "I4I4", #p.bytes, p.length) .. pad(p.bytes) .. own)
        end
    end
    local all = table.concat(blocks)
    return block(order, SECTION, string.pack(order .. "I4I2I2I8", 0x1A2B3C4D, 1, 0, #all)) .. all
end

-- The second interface counts in 10^-10 s; each section, one in either byte order, has both.
local function write_two(packets)
    local out, half = {}, #packets // 2
    for i, p in ipairs(packets) do
        local order, second = i <= half and "<" or ">", i % 2 == 0
        if i == 1 or i == half + 1 then
            out[#out + 1] = block(order, SECTION, string.pack(order .. "I4I2I2i8", 0x1A2B3C4D, 1, 0, -1))
            out[#out + 1] = interface(order, p.link, 9) .. interface(order, p.link, 10)
        end
        local time = p.ns * (second and 10 or 1)
        out[#out + 1] = block(order, PACKET, string.pack(order .. "I4I4I4I4I4", second and 1 or 0,
            time >> 32, time & 0xFFFFFFFF, #p.bytes, p.length) .. pad(p.bytes))
    end
    return table.concat(out)
end

local FORMS <const> = {
    ["pcap-big"] = function(packets) return write_pcap(packets, ">", 6) end,
    ["pcap-ns"] = function(packets) return write_pcap(packets, "<", 9) end,
    two = write_two,
    pcapng = function(packets) return write_pcapng(packets, "<") end,
    ["pcapng-big"] = function(packets) return write_pcapng(packets, ">") end,
    simple = function(packets) return write_pcapng(packets, "<", true) end,
}

local packets, secrets = read(read_file(arg[1]))
if arg[2] then
    local file = assert(io.open(arg[3], "wb"))
    file:write(FORMS[arg[2]](packets))
    file:close()
    return
end
for i, p in ipairs(packets) do
    local hex = p.bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    local comments = table.concat(p.comments, "\t"):gsub("\n%s*", " ")
    print(("%d %d %d %d %s\t%s"):format(i, p.link, p.ns, p.length, hex, comments))
end
print(("%d blocks of secrets"):format(secrets or 0))
