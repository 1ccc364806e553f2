-- SPDX-License-Identifier: Apache-2.0
-- What cases are about, in Korean: lines of suites/ko/*.txt, the English text, tab, Korean. {} is a
-- name of the standard, the same at both sides; whole texts come before those with {}.

local korean = {}

-- A text with {} as a pattern of Lua's: each one a word without blanks, and all of it not just a
-- word of English.
local function pattern_of(text)
    local pattern = text:gsub('[%^%$%(%)%%%.%[%]%*%+%-%?]', '%%%0'):gsub('{}', '(%%S+)')
    return '^' .. (text == '{}' and '(%u%S*)' or pattern) .. '$'
end

local function read(file, text, known, forms)
    local number = 0
    for line in text:gmatch '([^\n]*)\n' do
        number = number + 1
        local english, other = line:match '^([^\t]+)\t([^\t]+)$'
        if line ~= '' and line:sub(1, 1) ~= '#' and (not english or known[english]) then
            error(('%s:%d: %s; expected an English text, a tab, and it in Korean'):format(file, number,
                english and 'the text is there twice' or 'no text with a tab'), 0)
        elseif english then
            known[english] = other
            if english:find('{}', 1, true) then
                forms[#forms + 1] = { pattern_of(english), other }
            end
        end
    end
end

-- Whether the file has such lines, not cases.
function korean.is_file(name)
    return name:find '^suites/ko/[^/]+%.txt$' ~= nil
end

-- texts: { FILE = TEXT }. A function that gives the Korean of a text; nil: there is none.
function korean.open(texts)
    local known, forms = {}, {}
    for file, text in pairs(texts) do
        if korean.is_file(file) then
            read(file, text, known, forms)
        end
    end
    return function(text)
        if known[text] then
            return known[text]
        end
        for _, form in ipairs(forms) do
            local names = { text:match(form[1]) }
            if names[1] then
                local i = 0
                return (form[2]:gsub('{}', function()
                    i = i + 1
                    return names[i]
                end))
            end
        end
        return nil
    end
end

return korean
