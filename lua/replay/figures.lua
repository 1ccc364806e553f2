-- SPDX-License-Identifier: Apache-2.0
-- Figures of what was recorded: medians, spreads, numbers as people write them.

local figures = {}

-- The value below which that share of a list lies.
function figures.share(values, share)
    local sorted = table.move(values, 1, #values, 1, {})
    table.sort(sorted)
    local at = 1 + share * (#sorted - 1)
    local low = math.floor(at)
    local high = math.min(low + 1, #sorted)
    return sorted[low] + (sorted[high] - sorted[low]) * (at - low)
end

function figures.median(values)
    return figures.share(values, 0.5)
end

-- Median, and between what eight of ten lie; nil: there are none.
function figures.spread(values)
    if #values == 0 then
        return nil
    end
    return figures.median(values), figures.share(values, 0.1), figures.share(values, 0.9)
end

-- Milliseconds: whole from 10 on, with a tenth below.
function figures.ms(ms)
    ms = math.max(0, ms)
    return ms >= 10 and ('%.0f'):format(ms) or (('%.1f'):format(ms):gsub('%.0$', ''))
end

-- Texts with commas between, in lines of at most 100 columns.
function figures.wrap(parts, indent)
    local lines, line = {}, ''
    for i, part in ipairs(parts) do
        if #line + #part + #indent > 96 and line ~= '' then
            lines[#lines + 1], line = line:gsub('%s+$', ''), ''
        end
        line = line .. part .. (i < #parts and ', ' or '')
    end
    lines[#lines + 1] = line
    return table.concat(lines, '\n' .. indent)
end

return figures
