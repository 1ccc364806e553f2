-- SPDX-License-Identifier: Apache-2.0
-- Words of a case that nobody would ask for: keys of the tables that verbs are given, and verbs
-- that there are not. Each is told with the nearest that there is.

local check = require 'v2g.check'

local spelling = {}

-- Of a verb: which of its arguments is a table of keys, and the keys.
local KEYS <const> = {
    expects = { 3, 'within checks meanwhile' },
    expects_any = { 2, 'within meanwhile' },
    expects_end = { 1, 'after within meanwhile since' },
    repeats = { 2, 'fields meanwhile ends response within pause checks fields_of_last' },
    repeats_until_end = { 2, 'fields after within pause' },
    keeps_answering = { 2, 'fields each finds text lasts ends next after within negations' },
}

-- Functions of `it` that are no verbs of cases.
local OURS <const> = { new = true, step = true, take = true, mutated = true, wants = true,
                       wants_response = true, differs = true, is_one_of = true, found_text = true,
                       forms_text = true }

local function words(text)
    local set = {}
    for word in text:gmatch '%S+' do
        set[word] = true
    end
    return set
end

-- What is wrong with the keys of `said`; nil: nothing.
function spelling.wrong(said, known)
    for key in pairs(said) do
        if not known[key] then
            return ("'%s' means nothing here; the nearest is '%s'"):format(key, check.nearest(key, known))
        end
    end
    return nil
end

-- The verb, which refuses keys that it does not know.
local function guarded(name, verb)
    local at, known = KEYS[name][1], words(KEYS[name][2])
    return function(self, ...)
        local given = select(at, ...)
        local wrong = spelling.wrong(type(given) == 'table' and given or {}, known)
        if wrong then
            error(('it:%s: %s'):format(name, wrong), 2)
        end
        return verb(self, ...)
    end
end

-- Has all verbs of cases look at their keys.
function spelling.guard(case)
    for name in pairs(KEYS) do
        case[name] = guarded(name, case[name])
    end
end

-- What to say besides of an error of a case; '': nothing.
function spelling.hint(case, text)
    local verb, verbs = text:match "attempt to call a nil value %(method '([%w_]+)'%)", {}
    if not verb then
        return ''
    end
    for name, value in pairs(case) do
        verbs[name] = type(value) == 'function' and not OURS[name] and name:find '^%l' and true or nil
    end
    return ("; of `it` the nearest is it:%s"):format(check.nearest(verb, verbs))
end

return spelling
