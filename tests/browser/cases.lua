-- SPDX-License-Identifier: Apache-2.0
-- Cases of every outcome, for pages to be tested with: a thousand short ones, some of which want
-- what our station rightly does not do, and one of each other kind.
-- @author the v2glab authors
-- @needs nothing

suite 'pages' { sut = 'SECC', protocol = 'ISO15118-2' }

local SHORT <const>, EVERY <const> = 990, 40

local short = {}
for i = 1, SHORT do
    local fails = i % EVERY == 0
    short[('%04d'):format(i)] = {
        about = fails and 'A refusal of what is right, which no station gives.' or 'A good request is answered.',
        code = fails and (i % (2 * EVERY) == 0 and 'FAILED_SequenceError' or 'FAILED_UnknownSession') or 'OK',
    }
end

cases 'PAGE_SECC_ServiceDiscovery' {
    given = 'SessionSetupRes', cites = 'V2G2-545', rows = short,
    then_ = function(it, row)
        it:sends 'ServiceDiscoveryReq'
        it:expects('ServiceDiscoveryRes', { ResponseCode = row.code })
    end,
}

cases 'PAGE_SECC_CurrentDemand' {
    given = 'CurrentDemandRes', mode = 'dc', cites = 'V2G2-545',
    rows = { loop = { about = 'A loop of a hundred requests, and two odd ones.' } },
    then_ = function(it)
        for _ = 1, 100 do
            it:sends 'CurrentDemandReq'
            it:expects 'CurrentDemandRes'
        end
        it:sends 'SessionStopReq'
        it:expects('SessionStopRes', { ResponseCode = 'OK' })
    end,
}

cases 'PAGE_SECC_SessionStop' {
    given = 'SessionSetupRes', cites = 'V2G2-459',
    rows = {
        open = { about = 'The end of a connection that nobody has ended.', run = function(it)
            it:expects_end { within = 'par_CMN_TCP_Connection_Termination_Timeout' }
        end },
        silent = { about = 'A response that nobody has asked for.', run = function(it)
            it:expects 'SessionStopRes'
        end },
        broken = { about = 'An error of the case itself.', run = function() error 'this case is broken </script>' end },
        far = { about = 'What one device cannot show.', run = function(it)
            behaviour.goes_no_further(it, { aim = 'both vehicles charge', beyond = 'there is one vehicle' })
        end },
        noisy = { about = 'Silence where it answers.', run = function(it)
            it:sends 'ServiceDiscoveryReq'
            it:expects_nothing(500)
        end },
        lacks = { about = 'A device that has not what the case needs.', run = function(it)
            it:needs(false, 'a contract of the moon')
        end },
    },
    then_ = function(it, row) row.run(it) end,
}

cases 'PAGE_SECC_PaymentDetails' {
    cannot = 'no device can do this',
    rows = { never = { about = 'What applies to no device.' } },
}
