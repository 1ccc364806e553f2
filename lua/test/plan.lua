-- SPDX-License-Identifier: Apache-2.0
-- What a campaign plays: the cases that were chosen, in an order in which the device seldom has to
-- be reset, and those that do not apply to it, each with its reason.

local case = require 'test.case'
local check = require 'v2g.check'
local common = require 'v2g.common'
local device = require 'test.device'
local driving = require 'test.driving'
local korean = require 'test.korean'
local pics = require 'test.pics'
local suite = require 'test.suite'

local plan = {}

-- What is told of a case before it is played.
local TOLD <const> = { 'id', 'file', 'line', 'suite', 'sut', 'protocol', 'mode', 'about', 'given', 'cites',
                       'if_', 'tags', 'doubt', 'needs', 'beyond', 'bench' }

local function has_word(text, word)
    return (' ' .. (text or '') .. ' '):find(' ' .. word .. ' ', 1, true) ~= nil
end

-- 'TC_*_001' as a pattern of Lua's.
local function pattern_of(glob)
    return '^' .. glob:gsub('[%^%$%(%)%%%.%[%]%+%-]', '%%%0'):gsub('%*', '.*'):gsub('%?', '.') .. '$'
end

-- Whether the user has chosen the case.
local function is_chosen(c, chosen)
    for key, of in pairs { protocol = 'protocol', sut = 'sut', mode = 'mode' } do
        if chosen[key] and c[of] ~= chosen[key] then
            return false
        end
    end
    if chosen.tag and not has_word(c.tags, chosen.tag)
        or chosen.requirement and not has_word(c.cites, chosen.requirement)
        or chosen.suite and not c.suite:find(chosen.suite, 1, true) then
        return false
    end
    for _, glob in ipairs(chosen.ids or {}) do
        if c.id:find(pattern_of(glob)) then
            return true
        end
    end
    return #(chosen.ids or {}) == 0
end

local function add_words(set, text)
    for word in (text or ''):gmatch '%S+' do
        set[word] = true
    end
end

-- { what the user chooses by, how an error says that no case is of it, its names of a case }
local CHOICES <const> = {
    { 'tag', 'no case has the tag', function(set, c) add_words(set, c.tags) end },
    { 'requirement', 'no case cites', function(set, c) add_words(set, c.cites) end },
    { 'suite', 'no suite is called', function(set, c) set[c.suite] = true end },
}

local function refuse(why, name, names)
    common.refuse(('%s %s; the nearest is %s'):format(why, name, check.nearest(name, names)))
end

-- What was chosen by a name that no case has is refused with the nearest one.
local function check_chosen(all, chosen)
    for _, choice in ipairs(CHOICES) do
        local key, why, add = table.unpack(choice)
        local name, names, known = chosen[key], {}, false
        for _, c in ipairs(name and all or {}) do
            add(names, c)
            known = known or is_chosen(c, { [key] = name })
        end
        if name and not known then
            refuse(why, name, names)
        end
    end
    for _, c in ipairs(all) do
        if is_chosen(c, chosen) then
            return
        end
    end
    common.refuse('there are cases of each of these options, but none of all of them together')
end

-- Why a case does not apply to a device that claims that, and what {} in it is; nil: it does.
-- In the lab our own device is brought to whatever a case needs.
local function reason_against(c, of, given)
    if c.cannot then
        return c.cannot, '{}'
    elseif c.bench and given.is_real and not given.has_modem then
        return 'needs a modem: --slac INTERFACE', ''
    end
    if not of or not c.if_ or pics.holds(c.if_, of.claims) then
        return nil
    end
    return 'not claimed: {}', pics.missing(c.if_, of.claims)
end

-- Milliseconds that a case waits at least, as far as its row tells; nil: none.
local function waits(c)
    local after = c.row.after
    local known, ms = pcall(case.time, { tester = {}, c = c }, type(after) == 'string' and after or '')
    return known and ms > 0 and ms or nil
end

local function told(c, in_korean)
    local set = driving.settings(c)
    local one = { waits_ms = waits(c), set = set ~= '' and set or nil,
                  about_ko = c.about and in_korean(c.about),
                  doubt_ko = c.doubt and in_korean(c.doubt) }
    for _, key in ipairs(TOLD) do
        one[key] = c[key]
    end
    one.bench = c.bench or c.beside
    return one
end

-- Cases that need the device set alike follow one another, those that need nothing set come first;
-- `reset` where it was set otherwise for the one before.
local function order(cases)
    for i, one in ipairs(cases) do
        one.at = i
    end
    table.sort(cases, function(a, b)
        if a.set ~= b.set then
            return (a.set or '') < (b.set or '')
        end
        return a.at < b.at
    end)
    for i, one in ipairs(cases) do
        local before = cases[i - 1]
        one.reset = before and before.set ~= one.set or nil
        one.at = nil
    end
end

-- Which of n parts of the list this one is: '3/16'.
local function shard(list, text)
    local which, of = (text or '1/1'):match('^(%d+)/(%d+)$')
    which, of = tonumber(which), tonumber(of)
    if not which or which < 1 or which > of then
        common.refuse(("--shard %s: expected I/N, as 3/16, with I in 1..N"):format(text))
    end
    local part = {}
    for i = which, #list, of do
        part[#part + 1] = list[i]
        list[i].number = #part
    end
    return part
end

-- So often, one round after the other, each case with its place in all of them.
local function repeated(cases, rounds)
    local all = {}
    for round = 1, rounds do
        for _, c in ipairs(cases) do
            local one = { order = #all + 1, round = rounds > 1 and round or nil }
            for key, value in pairs(c) do
                one[key] = value
            end
            all[#all + 1] = one
        end
    end
    return all
end

-- A name, or a pattern, that none of the cases has is a mistake: it is told with the nearest.
local function check_names(chosen, seen)
    for _, glob in ipairs(chosen.ids or {}) do
        local pattern, found = pattern_of(glob), false
        for id in pairs(seen) do
            found = found or id:find(pattern) ~= nil
        end
        if not found then
            local text = "there is no case '%s'; the nearest is '%s' (see v2glab test --list)"
            common.refuse(text:format(glob, check.nearest(glob, seen)))
        end
    end
end

-- given: { texts = { FILE = TEXT }, chosen = { … }, device = nil or { name =, text = }, is_real =
-- not our own, shard = '3/16', repeats = 1 }. { cases = { … }, skipped = { … } }
function plan.make(given)
    local files, all, cases, skipped = {}, {}, {}, {}
    local in_korean = korean.open(given.texts)
    local of = given.device and device.read(given.device.name, given.device.text)
    given.chosen.sut = given.chosen.sut or of and of.sut
    for file in pairs(given.texts) do
        files[#files + 1] = not korean.is_file(file) and file or nil
    end
    table.sort(files)
    local seen = {}
    for _, file in ipairs(files) do
        local good, list = pcall(suite.read, file, given.texts[file])
        if not good then
            return Answer { problem = tostring(list) }
        end
        for _, c in ipairs(list) do
            local here = ('%s:%d'):format(file, c.line or 0)
            if seen[c.id] then
                return Answer { problem = ('%s: the case %s is at %s, too; expected a name of its own')
                    :format(here, c.id, seen[c.id]) }
            end
            seen[c.id] = here
            all[#all + 1] = c
        end
    end
    check_names(given.chosen, seen)
    check_chosen(all, given.chosen)
    for _, c in ipairs(all) do
        if is_chosen(c, given.chosen) then
            local why, what = reason_against(c, of, given)
            local korean_why = why and in_korean(why)
            local one = told(c, in_korean)
            one.reason = why and why:gsub('{}', what)
            one.reason_ko = korean_why and korean_why:gsub('{}', what)
            table.insert(why and skipped or cases, one)
        end
    end
    if given.is_real then
        order(cases)
    end
    Answer { cases = shard(repeated(cases, given.repeats or 1), given.shard), skipped = skipped }
end

return plan
