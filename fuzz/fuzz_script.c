/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts: the functions that they have, called with whatever there is. The input is read by Lua:
 * it takes values and names by it, indexes, calls and sets, and keeps what comes out for the calls
 * that follow. Whatever it is, the script ends, and takes nothing with it.
 */
#include "fuzz.h"

#include "suite/part.h"

static const char WALK[] =
    "local data, at = (...).data:gsub('%x%x', function(x) return string.char(tonumber(x, 16)) "
    "end), 0\n"
    "local function byte() at = at + 1 return data:byte(at) or 0 end\n"
    "local NAMES = {}\n"
    "for name in ([[Connect Listen Disconnect Send_Raw Outgoing Message Receive_Any_001 Received "
    "Filter\n"
    "    Accept Stop_Accepting Charge Serve State SessionID Came Offers Probe Measured Namespace\n"
    "    Send_SessionSetupReq_001 Receive_SessionSetupReq_001 Set_SessionSetupReq_EVCCID\n"
    "    Get_SessionSetupReq_EVCCID Check_SessionSetupReq_EVCCID Expect_SessionSetupReq_001\n"
    "    Send_SessionSetupRes_001 Receive_SessionSetupRes_001 Set_ServiceDiscoveryRes_ServiceList\n"
    "    Sign_AuthorizationReq Verify_AuthorizationReq Get_Tls_Version Get_Tls_PeerChain\n"
    "    Slac_Send_Raw Slac_Open EVCCID Header SessionID ResponseCode ServiceList xml json exi "
    "name table\n"
    "    values get set is kind violations frame time send copy sign verify si happened seen "
    "remove\n"
    "    chain key role edition matches curve problem Make Identity Certificate Key Random Chain "
    "Read\n"
    "    Set State Expect Toggle Of Proximity len rep sub byte gsub gmatch find match format pack "
    "unpack\n"
    "    concat sort insert move create resume yield wrap close status isyieldable running char "
    "upper\n"
    "    __index __gc __close __metatable __call __tostring __pairs]]):gmatch '%S+' do\n"
    "    NAMES[#NAMES + 1] = name\n"
    "end\n"
    "local pool = { false, true, 0, 1, -1, 255, 1 << 62, 0.5, 0 / 0, '', 'x', 'SessionSetupReq',\n"
    "    '%d%s%99999d', ('x'):rep(300), '\\0\\xFF', {}, { 1, 2, 3 }, { __index = function() error "
    "'x' end },\n"
    "    { __gc = function(x) return x.x end }, { EVCCID = '00' }, { protocol = 'ISO15118-20', "
    "loops = 1 },\n"
    "    { may_fail = true, timeout = 10, manual = true }, function(...) return ... end,\n"
    "    function() error({}) end, function() Sleep(1) end, coroutine.create(function() Sleep(1) "
    "end),\n"
    "    Evcc, Secc, Pki, Pilot, string, table, coroutine, math, Vehicle, Station, Filter, Sleep, "
    "Start,\n"
    "    Wait_For, Wait_Any, Guard, Traceback, any, near, Timer, Remember, Recall, pcall, xpcall, "
    "error,\n"
    "    select, setmetatable, getmetatable, rawset, rawget, rawlen, next, pairs, ipairs, "
    "tostring,\n"
    "    tonumber, type, load, require, collectgarbage, present, absent, new, Log, print }\n"
    "local BASE = #pool\n"
    "local function pick() return pool[(byte() << 8 | byte()) % #pool + 1] end\n"
    "local function keep(...)\n"
    "    for i = 1, math.min(select('#', ...), 3) do\n"
    "        local value = select(i, ...)\n"
    "        if value ~= nil then pool[#pool < 400 and #pool + 1 or BASE + byte() % 64 + 1] = "
    "value end\n"
    "    end\n"
    "end\n"
    "local function step()\n"
    "    local op, target = byte() % 6, pick()\n"
    "    if op == 0 then keep(target[pick()])\n"
    "    elseif op == 1 then keep(target[NAMES[byte() % #NAMES + 1]])\n"
    "    elseif op == 2 then target[NAMES[byte() % #NAMES + 1]] = pick()\n"
    "    elseif op == 3 then keep(target(pick(), pick(), pick()))\n"
    "    elseif op == 4 then keep(target[NAMES[byte() % #NAMES + 1]](target, pick(), pick()))\n"
    "    else keep(target[NAMES[byte() % #NAMES + 1]](pick(), pick())) end\n"
    "end\n"
    "local protected = pcall\n"
    "while at < #data do protected(step) end\n";

/* Any octets are a walk. */
static void write_seeds(const char *corpus)
{
    for (unsigned i = 0; i < 24; i++) {
        struct buf seed = {0};
        for (unsigned k = 0; k < 40; k++)
            buf_char(&seed, (char)(i * 37 + k * (7 + i)));
        fuzz_write_seed(corpus, i, &seed);
        buf_close(&seed);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (corpus != NULL)
        write_seeds(corpus);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct library library; /* all zero is open */
    static struct script_options options = {
        .library = &library, .memory = 32u << 20, .busy_ms = 300};
    struct err e = ERR_INIT;
    struct buf hex = {0};
    struct part p;
    static const struct run_events EVENTS = {0};
    if (size == 0 || size > 2000)
        return 0;
    buf_hex(&hex, data, size, true);
    json_t *given = json_pack("{s:s}", "data", buf_string(&hex));
    part_open(&p, WALK, given);
    struct world *world = world_open_virtual(NULL, 0, &e);
    struct script_run *run = world == NULL ? NULL : run_open(world, &EVENTS, NULL);
    if (run == NULL || run_add(run, &options, "walk", &p.built_in, &e) == NULL)
        fuzz_stop("walk", &e);
    run_play(run);
    run_close(run);
    world_close(world);
    part_close(&p);
    json_decref(given);
    buf_close(&hex);
    return 0;
}
