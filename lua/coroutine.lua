-- SPDX-License-Identifier: Apache-2.0
-- Lets a script wait (Receive_…, Sleep) within coroutines of its own: what yields to the program is
-- handed on by every resume on the way, and comes back to where it was waited for. These two take
-- the places of coroutine.resume and coroutine.wrap.

local WAIT = ...
local resume, yield, create = coroutine.resume, coroutine.yield, coroutine.create

local pass

local function step(co, ...)
    return pass(co, resume(co, ...))
end

pass = function(co, ok, first, ...)
    if ok and first == WAIT then
        return step(co, yield(WAIT))
    end
    return ok, first, ...
end

local function values(co, ok, ...)
    if ok then
        return ...
    end
    coroutine.close(co)
    error((...), 0)
end

local function wrap(f)
    local co = create(f)
    return function(...)
        return values(co, step(co, ...))
    end
end

return { resume = step, wrap = wrap }
