-- SPDX-License-Identifier: Apache-2.0
-- A thousand cases with some hundred messages each, of all protocols, for figures of the page.
-- @author the v2glab authors
-- @needs nothing

-- n cases that begin in the charge loop, and go on for a number of messages, each for another one.
local function loops(prefix, mode, name, n)
    local rows = {}
    for i = 1, n do
        rows[('%03d'):format(i)] = { pairs = 2 + (i * 37) % 64, about = 'A loop of some length.' }
    end
    cases('LONG_SECC_' .. prefix) {
        given = name .. 'Res', mode = mode, rows = rows,
        then_ = function(it, row)
            for _ = 1, row.pairs do
                it:sends(name .. 'Req')
                it:expects(name .. 'Res')
            end
        end,
    }
end

suite 'long' { sut = 'SECC', protocol = 'ISO15118-2' }
loops('CurrentDemand', 'dc', 'CurrentDemand', 250)
loops('ChargingStatus', 'ac', 'ChargingStatus', 250)

suite 'long' { sut = 'SECC', protocol = 'ISO15118-20' }
loops('DC_ChargeLoop', 'dc', 'DC_ChargeLoop', 150)
loops('AC_ChargeLoop', 'ac', 'AC_ChargeLoop', 150)

suite 'long' { sut = 'SECC', protocol = 'DIN70121' }
loops('DIN', 'dc', 'CurrentDemand', 200)
