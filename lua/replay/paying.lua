-- SPDX-License-Identifier: Apache-2.0
-- A recorded vehicle that paid by contract, at a station that takes external payment alone: what it
-- says in place of what it said.

local paying = {}

-- What a station says that takes contracts, by response: the path of its list, and the word in it.
local OFFERS <const> = { ServiceDiscoveryRes = { 'PaymentOptionList.PaymentOption', 'Contract' },
                         AuthorizationSetupRes = { 'AuthorizationServices', 'PnC' } }

-- Messages of contracts alone, which are left out.
local LEFT_OUT <const> = { PaymentDetailsReq = true, CertificateInstallationReq = true,
                           CertificateUpdateReq = true }
local CERTIFICATES <const> = 2 -- ServiceID of certificate handling in ISO 15118-2

local function is_of_certificates(path, value)
    local recorded = type(value) == 'table' and value.t and value.t.recorded or value
    return path:find('ServiceID$') and recorded == CERTIFICATES
end

local function plain(values, keep)
    local kept = {}
    for path, value in pairs(values) do
        if keep(path, value) then
            kept[path] = value
        end
    end
    return kept
end

-- What the others are then.
local instead = {}

function instead.PaymentServiceSelectionReq(values)
    local changed = plain(values, function(path, value) return not is_of_certificates(path, value) end)
    changed.SelectedPaymentOption = 'ExternalPayment'
    return changed
end

function instead.AuthorizationReq(values)
    if values.SelectedAuthorizationService then
        return { SelectedAuthorizationService = 'EIM', EIM_AReqAuthorizationMode = {} }
    end
    return {}
end

function instead.MeteringReceiptReq(values)
    return plain(values, function(path) return path ~= 'Id' end)
end

-- Whether the station takes contracts, by the responses that it gave; nil: it has not said.
function paying.takes_contract(got)
    for name, offer in pairs(OFFERS) do
        local message = got[name]
        local ok, list = pcall(function() return message:get(offer[1]) end)
        if message and ok and list then
            for i = 1, #list do
                if tostring(list[i]) == offer[2] then
                    return true
                end
            end
            return false
        end
    end
    return nil
end

local function is_left_out(name, values, protocol)
    return LEFT_OUT[name] or protocol == 'ISO15118-2' and name == 'ServiceDetailReq'
        and is_of_certificates('ServiceID', values.ServiceID)
end

-- Whether a message is one of a vehicle that pays by contract.
function paying.is_by_contract(name, values, protocol)
    return is_left_out(name, values, protocol) or values.SelectedPaymentOption == 'Contract'
        or values.SelectedAuthorizationService == 'PnC'
end

-- Its values where external means pay; nil: it is left out.
function paying.external(name, values, protocol)
    if is_left_out(name, values, protocol) then
        return nil
    end
    return instead[name] and instead[name](values) or values
end

return paying
