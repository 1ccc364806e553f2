-- What scripts find beside Lua 5.4: the roles, time, the log, and a table for every enumeration of
-- the message descriptions (responseCodeType: ResponseCodeType.OK).
std = "lua54"
max_line_length = 120 -- the standard has long names
max_comment_line_length = 100

local role = {fields = {Protocol = {read_only = false}, Signing = {read_only = false}}, other_fields = true}
read_globals = {"Pass", "Fail", "Inconclusive", "Sleep", "Now", "Log", "Timer", "Profile", "Remember", "Recall", "Recall_Change", "Start", "Wait_For", "Wait_Any", "Guard", "Stop_Requested", "Traceback", "Vehicle", "Station", Pki = {other_fields = true}, Pilot = {other_fields = true}, Evcc = role, EVCC = role, Secc = role, SECC = role}
exclude_files = {"build"}

-- what hooks of the ready-made vehicle and station find besides (lua/v2g/common.lua)
local behaving = {
    globals = {"before", "on", "parameters"},
}
files["lua/v2g"] = behaving
files["lua/personas"] = behaving
files["tests/lua"] = behaving

-- what suites find besides (lua/test/suite.lua), and what the parts of a campaign answer with
files["suites"] = {
    read_globals = {"suite", "cases", "behaviour", "schedules", "tariff", "profile", "schedule_rows", "issued", "roots", "any", "near", "absent", "present", "at_most", "at_least", "new"},
}
files["tests/browser"] = files["suites"]
files["lua/test"] = {
    read_globals = {"Answer", "Plug"},
}

local list = io.popen("ls schema/*.schema 2>/dev/null")
for path in list:lines() do
    for line in io.lines(path) do
        local first, rest = line:match("^enum%s+(%a)([%w_]*)")
        if first then
            read_globals[first:upper() .. rest] = {other_fields = true}
        end
    end
end
list:close()
