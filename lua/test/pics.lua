-- SPDX-License-Identifier: Apache-2.0
-- What a device claims (PICS) and what there is to know for this run (PIXIT): expressions over
-- names and words, as the suites have them: 'PICS_CMN_CMN_ChargingMode == dC and not
-- PICS_CMN_CMN_Renegotiation'.

local pics = {}

-- A word that is no name of a claim stands for itself: dC, eIM, pnC, unknown.
local function value(claims, word)
    if word == 'true' or word == 'false' then
        return word == 'true'
    end
    if tonumber(word) then
        return tonumber(word)
    end
    if not word:find('^PI[CX]') then
        return word
    end
    return claims[word]
end

local parse = {}

local function take(at, word)
    if at.words[at.i] == word then
        at.i = at.i + 1
        return true
    end
    return false
end

local function compare(a, op, b)
    if op == '==' then
        return a == b
    elseif op == '!=' then
        return a ~= b
    end
    if type(a) ~= 'number' or type(b) ~= 'number' then
        return false
    end
    return op == '<' and a < b or op == '>' and a > b or op == '<=' and a <= b or op == '>=' and a >= b
end

local OPERATORS <const> = { ['=='] = true, ['!='] = true, ['<'] = true, ['>'] = true, ['<='] = true,
                            ['>='] = true }

function parse.term(at)
    if take(at, 'not') then
        return not parse.term(at)
    elseif take(at, '(') then
        local result = parse.any(at)
        if not take(at, ')') then
            error("expected ')' in: " .. at.text, 0)
        end
        return result
    end
    local a = value(at.claims, at.words[at.i] or error('it ends too early: ' .. at.text, 0))
    at.i = at.i + 1
    local op = at.words[at.i]
    if not OPERATORS[op] then
        return a == true
    end
    at.i = at.i + 2
    return compare(a, op, value(at.claims, at.words[at.i - 1] or ''))
end

function parse.all(at)
    local result = parse.term(at)
    while take(at, 'and') do
        local more = parse.term(at)
        result = result and more
    end
    return result
end

function parse.any(at)
    local result = parse.all(at)
    while take(at, 'or') do
        local more = parse.all(at)
        result = result or more
    end
    return result
end

-- Whether the expression holds for these claims: a table of names and values.
function pics.holds(expression, claims)
    local at = { text = expression, words = {}, i = 1, claims = claims }
    for word in expression:gsub('[()]', ' %0 '):gmatch('%S+') do
        at.words[#at.words + 1] = word
    end
    local result = parse.any(at)
    if at.words[at.i] then
        error(("expected 'and' or 'or', found '%s' in: %s"):format(at.words[at.i], expression), 0)
    end
    return result
end

-- What of it does not hold, as far as it can be told: the first of those that all have to.
function pics.missing(expression, claims)
    if not expression:find '[()]' and not expression:find ' or ' then
        for term in (expression .. ' and '):gmatch '(.-) and ' do
            if not pics.holds(term, claims) then
                return term
            end
        end
    end
    return expression
end

return pics
