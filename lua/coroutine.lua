-- SPDX-License-Identifier: Apache-2.0
-- Lets a script wait (Receive_…, Sleep) within coroutines of its own: what yields to the program is
-- handed on by every resume on the way, and comes back to where it was waited for. These take the
-- places of coroutine.resume, wrap and close. Nobody but the task that waits in it can go on with a
-- coroutine, or close it: what is waited for lies on its stack.

local WAIT = ...
local resume, yield, create = coroutine.resume, coroutine.yield, coroutine.create
local close_any = coroutine.close
local WAITS <const> = 'another task waits in this coroutine'

local waiting = setmetatable({}, { __mode = 'k' })

local function pass(co, ok, first, ...)
    if not (ok and first == WAIT) then
        return ok, first, ...
    end
    waiting[co] = true
    yield(WAIT)
    waiting[co] = nil
    return pass(co, resume(co))
end

local function step(co, ...)
    if waiting[co] then
        return false, WAITS
    end
    return pass(co, resume(co, ...))
end

local function close(co)
    if waiting[co] then
        error(WAITS, 2)
    end
    return close_any(co)
end

local function values(co, ok, ...)
    if ok then
        return ...
    end
    close_any(co)
    error((...), 0)
end

local function wrap(f)
    local co = create(f)
    return function(...)
        return values(co, step(co, ...))
    end
end

return { resume = step, wrap = wrap, close = close }
