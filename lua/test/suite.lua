-- SPDX-License-Identifier: Apache-2.0
-- The files of suites (suites/*.lua), read: lists of cases. What a file says:
--
--   suite 'ISO 15118-4:2018' { sut = 'SECC', protocol = 'ISO15118-2', cites = … }
--       what all cases below have. The file's name without its side is one of their tags
--   cases 'TC_SECC_CMN_VTB_PaymentServiceSelection' { about =, given =, cites =, rows = { … },
--       then_ = function(it, row) … end }
--       one behaviour, and the table of its parameters. A row has the name of its case under `id`,
--       or a number as its key: TC_…_006; what it says of about, given, cites, if_, session,
--       vehicle, station and protocol goes over what the block says. liveness = true: a good
--       session is held before the case and after it, for a vehicle plugged in anew; 'after': only
--       after it. bench = 'pair': it is played on that bench (docs/bench.md), or with
--       a modem. beside = 'pair': likewise where there can be one, so that control pilot and link
--       are judged beside the messages (beside.lua); else without, and that is said. link = true:
--       the link comes up first

local bearer = require 'test.bearer'
local behaviour = require 'test.behaviour'
local check = require 'v2g.check'
local evcc = require 'v2g.evcc'
local expect = require 'v2g.expect'
local needs = require 'test.needs'
local schedules = require 'test.schedules'
local sequence = require 'v2g.sequence'
local spelling = require 'test.spelling'
local way = require 'test.way'

local suite = {}

-- What a case has of its row, else of its block, else of its suite: these, and what needs.lua
-- knows.
local OWN <const> = { 'about', 'given', 'cites', 'session', 'protocol', 'sut', 'tls', 'vehicle',
                      'station', 'tags', 'then_', 'field', 'doubt', 'profile', 'cannot', 'advice',
                      'beyond', 'liveness', 'link', 'bench', 'beside' }
for _, need in ipairs(needs) do
    if OWN[#OWN] ~= need[1] then -- those of one word stand together
        OWN[#OWN + 1] = need[1]
    end
end

-- What a suite may say, for all of its cases.
local OF_SUITES <const> = { if_ = true }
for _, word in ipairs(OWN) do
    OF_SUITES[word] = true
end

local BEHAVIOURS <const> = setmetatable({}, { __index = function(_, name)
    return behaviour[name] or error(("there is no behaviour '%s'; the nearest is '%s'"):format(
        tostring(name), check.nearest(tostring(name), behaviour)), 2)
end })

local function name_of(group, key, row)
    if rawget(row, 'id') then
        return row.id
    end
    return type(key) == 'number' and ('%s_%03d'):format(group, key) or group .. '_' .. key
end

local function sorted(rows)
    local keys = {}
    for key in pairs(rows) do
        keys[#keys + 1] = key
    end
    table.sort(keys, function(a, b)
        if type(a) ~= type(b) then
            return type(a) == 'number'
        end
        if type(a) == 'number' then
            return a < b
        end
        return tostring(a) < tostring(b)
    end)
    return keys
end

-- `pairs` of a file of cases goes by its keys in order, so that each process, and each shard, has
-- the same plan. Messages have keys, too; what has none is told at the line that asks.
local function pairs_in_order(t)
    if type(t) ~= 'table' and type(t) ~= 'userdata' then
        return pairs(t)
    end
    local keys, at = sorted(t), 0
    return function()
        at = at + 1
        if keys[at] ~= nil then
            return keys[at], t[keys[at]]
        end
    end
end

-- The claims that a case needs: those of what it says, and those that it names itself.
local function claims_of(c, ...)
    local all = {}
    for _, need in ipairs(needs) do
        if need.claims and c[need[1]] == need[2] then
            all[#all + 1] = need.claims:gsub('_SUT_', '_' .. c.sut .. '_')
        end
    end
    for i = 1, select('#', ...) do
        local claims = select(i, ...)
        all[#all + 1] = claims and claims:find ' or ' and '(' .. claims .. ')' or claims
    end
    return #all > 0 and table.concat(all, ' and ') or nil
end

-- The line of the file that called the function which asks.
local function line_of_caller()
    local _, at = pcall(function() error('', 5) end) -- it, pcall, this one, the one that asks
    return tonumber(at:match ':(%d+): $')
end

-- What of a case is text, if it says it.
local TEXTS <const> = { 'about', 'cites', 'doubt', 'tags' }

-- What is wrong with a case as it stands there; nil: nothing.
local function problem_of(c)
    for _, key in ipairs(TEXTS) do
        if c[key] ~= nil and type(c[key]) ~= 'string' then
            return ('%s: expected a text, found a %s'):format(key, type(c[key]))
        end
    end
    if not tostring(c.id):find '^[%w_][%w_.%-]*$' then
        return 'its record is a folder of that name: expected letters, digits, _, - and . only'
    elseif c.cannot then
        return nil
    elseif type(c.then_) ~= 'function' then
        return 'no then_; expected a function of it and its row, as behaviour.refuses'
    elseif type(c.given) ~= 'string' then
        return "no given; expected a row of the sequence, as 'ServiceDiscoveryRes'"
    elseif c.sut ~= 'SECC' and c.sut ~= 'EVCC' and c.sut ~= 'pair' then
        return ("sut '%s'; expected SECC or EVCC"):format(tostring(c.sut))
    elseif not sequence.secc[c.protocol] and not c.bench then
        return ("protocol '%s'; the nearest is %s"):format(tostring(c.protocol),
            check.nearest(tostring(c.protocol), sequence.secc))
    end
    return nil
end

-- Messages of one kind of energy transfer only, by what their names have.
local TRANSFERS <const> = {
    CableCheck = 'dc', PreCharge = 'dc', CurrentDemand = 'dc', WeldingDetection = 'dc', ['DC_'] = 'dc',
    ChargingStatus = 'ac', ['AC_'] = 'ac',
}

-- The energy transfer that the way to a case leads through; nil: that of the device.
local function mode_of(given)
    if way.is_matching(given) then
        return nil
    end
    for name, mode in pairs(TRANSFERS) do
        if given:find(name, 1, true) then
            return mode
        end
    end
    return nil
end

local function add_rows(list, standing, group, block, line)
    for _, key in ipairs(sorted(block.rows or { {} })) do
        local row = setmetatable(block.rows and block.rows[key] or {}, { __index = block })
        local c = { suite = standing.name, row = row, line = line }
        for _, name in ipairs(OWN) do
            c[name] = row[name]
            if c[name] == nil then
                c[name] = block[name]
            end
            if c[name] == nil then
                c[name] = standing[name]
            end
        end
        c.beside = not c.liveness and c.beside or nil -- a plug is for one session
        c.mode = c.mode or type(c.given) == 'string' and mode_of(c.given) or nil
        c.if_ = claims_of(c, standing.if_, block.if_, rawget(row, 'if_'))
        c.id = not block.rows and group or name_of(group, key, row)
        local problem = problem_of(c)
        if problem then
            error(('%s:%d: %s: %s'):format(standing.file, line, c.id, problem), 0)
        end
        list[#list + 1] = c
    end
end

-- What a file sees: all that scripts see, and the words above.
local function environment_of(list, file)
    local standing
    local words = { pairs = pairs_in_order, behaviour = BEHAVIOURS, schedules = schedules.schedules,
                    tariff = schedules.tariff, profile = schedules.profile,
                    schedule_rows = schedules.rows, issued = bearer.issued, roots = evcc.roots,
                    any = expect.any, near = expect.near, absent = expect.absent,
                    present = expect.present, at_most = expect.at_most, at_least = expect.at_least,
                    new = expect.new }
    function words.suite(name)
        return function(what)
            local wrong = type(what) ~= 'table' and 'expected { … }, found a ' .. type(what)
                or spelling.wrong(what, OF_SUITES)
            if wrong then
                error(("suite '%s': %s"):format(name, wrong), 2)
            end
            standing = what
            standing.name, standing.file = name, file
        end
    end
    function words.cases(group)
        return function(block)
            if not standing then
                error("cases before the suite that they belong to: expected suite 'NAME' { … }", 2)
            end
            if block.rows and not next(block.rows) then
                error(group .. ': no rows; expected at least one, or none at all of `rows`', 2)
            end
            add_rows(list, standing, group, block, line_of_caller())
        end
    end
    return setmetatable(words, { __index = _G })
end

-- The cases of a file: its name and its text.
function suite.read(name, text)
    local list = {}
    local chunk, why = load(text, '@' .. name, 't', environment_of(list, name))
    if not chunk then
        error(why, 0)
    end
    chunk()
    local subject = name:match '([^/]*)%.lua$' or name
    for _, c in ipairs(list) do
        c.file = name
        c.tags = (c.tags and c.tags .. ' ' or '') .. subject:gsub('^[es][ve]cc%-', '')
    end
    return list
end

local common = { id = true, rows = true }
for word in pairs(OF_SUITES) do
    common[word] = true
end

-- From here on it is noted what of its row a case asks for. A function that gives a word that
-- nothing has asked for (nil: there is none), which is misspelt as far as anybody can tell; and the
-- nearest of those that were.
function suite.watch(c)
    local read, words = {}, c.row
    c.row = setmetatable({}, { __index = function(_, word)
        read[word] = true
        return words[word]
    end })
    return function()
        for _, said in ipairs { words, getmetatable(words).__index } do
            for word in next, said do
                if not common[word] and not read[word] then
                    for name in pairs(common) do
                        read[name] = true
                    end
                    return word, check.nearest(word, read)
                end
            end
        end
        return nil
    end
end

-- The case of that name; nil: there is none.
function suite.find(list, id)
    for _, c in ipairs(list) do
        if c.id == id then
            return c
        end
    end
    return nil
end

return suite
