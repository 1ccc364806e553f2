-- SPDX-License-Identifier: Apache-2.0
-- The parameters of the ready-made vehicle (`v2glab ev`) and station (`v2glab evse`), with their
-- defaults. A persona is a table of the same form that is laid over these; --set KEY=VALUE comes
-- last. docs/behaviour.md tells how they work together.
--
-- Steps of a session have one name in all protocols, that of ISO 15118-2 without Req and Res:
-- AppProtocol, SessionSetup, AuthorizationSetup, ServiceDiscovery, ServiceDetail,
-- PaymentServiceSelection, CertificateInstallation, CertificateUpdate, PaymentDetails,
-- Authorization, ChargeParameterDiscovery, ScheduleExchange, CableCheck, PreCharge, PowerDelivery,
-- CurrentDemand (DC), ChargingStatus (AC), MeteringReceipt, WeldingDetection, SessionStop. Times
-- are milliseconds, electrical values SI units.

local parameters = {}

parameters.ev = {
    role = 'ev',
    about = 'a vehicle that keeps to the standards',
    sure = '', -- of a persona: where its figures come from, and how sure they are

    -- ---- connection ----
    -- Offers of supportedAppProtocolReq in the order they are sent: { protocol name (or uri =),
    -- priority =, schema =, major =, minor = }. nil: the protocol of --protocol, or all of them.
    protocols = nil,
    -- 'off'; true or 'auto': SDP asks for TLS, and it goes on without where the answer is no TLS;
    -- '1.2', '1.3': that only; a table of settings as Connect takes it,
    -- { version = '1.3', ocsp = 'required' }. nil: as the standards want it: '1.3' where it speaks
    -- ISO 15118-20 only, and asked for where ISO 15118-20 or a contract needs it, else 'off'.
    tls = nil,
    more_roots = 0,         -- V2G roots that it trusts besides those of the tree, and of which
                            -- nobody has issued anything
    source_port = nil,      -- of its TCP connections, where it can be had; nil: any
    tries = 1,              -- how often it looks for the station while that refuses it
    -- { port =, after = 'PaymentServiceSelection', first = 20, every = 1000, protocol = }: tries
    -- that port of the station beside the session, from so many ms after that response on, again
    -- and again
    probe = nil,
    session_id = '00',      -- hex digits of the first SessionSetupReq's SessionID; '' is length 0
    evcc_id = '02AA00000001', -- EVCCID; in ISO 15118-20 WMIV1234567890ABCDEX unless set

    -- ---- pace: time from a response to the next request ----
    -- gaps['A>B'], else gaps.B, else gaps.default. A number, or { from, to } for a random one, or a
    -- function(ev).
    -- Besides the steps: 'SDP' (before the first SECCDiscoveryReq), 'SDP>SDP' (to the next one,
    -- where no answer comes; nil: V2G_EVCC_Msg_Timeout), 'SDP>TCP' (to the SYN), 'TCP>AppProtocol',
    -- 'SessionStop>Close', 'Stop>PowerDelivery' (after the station asked to stop), 'Refused>SDP'
    -- (with tries), 'Failed>SessionStop' and 'Failed>Close' (after a FAILED response), 'Timeout>…'
    -- and 'Ongoing>…' likewise, and 'X>Close' and 'X>SessionStop' where it leaves after step X.
    gaps = { default = 0, CurrentDemand = 100, ChargingStatus = 100, CableCheck = 50,
             PreCharge = 50, Authorization = 50, WeldingDetection = 50,
             ['SessionStop>Close'] = 20 },

    -- ---- patience ----
    -- Longest wait for the response of a step; a step that is absent has the standard's time.
    patience = {},
    on_timeout = 'close',   -- 'close' (FIN), 'reset' (RST), 'stop' (SessionStopReq), 'resend' (the
                            -- next request all the same, `resends` times, then FIN)
    resends = 1,
    on_failed = 'stop',     -- after FAILED_…: 'stop' (SessionStopReq, then FIN), 'close', 'reset',
                            -- 'ignore' (goes on as if it were OK)
    only_valid = false,     -- true: ends the session at a response with anything outside its schema
    on_ongoing = 'stop',    -- when a step is Ongoing for too long: 'stop', 'close'
    ongoing = {},           -- how long Ongoing is put up with in a step; absent: the standard's
                            -- time

    -- ---- the way through the session ----
    mode = 'dc',            -- 'ac' or 'dc': the energy transfer that it wants; in ISO 15118-20 also
                            -- 'mcs' (megawatt charging) and 'ac-der' (it serves the grid)
    mcs_connector = 'Mcs',  -- with 'mcs': 'Mcs', 'Chaoji', 'UltraChaoji', 'rMcs', 'xMcs',
                            -- 'Aviation' or 'Marine'
    der = 'iec',            -- with 'ac-der': 'iec' or 'sae', whose rules it knows
    grid_functions = nil,   -- with 'iec': names of the functions that it can follow
                            -- (docs/amendment-1.md); nil: all
    -- with 'ac-der': what it measures at the grid where the station does not tell (0: the nominal
    -- value), and what it says of it (GridEventCondition)
    grid = { voltage = 0, frequency = 0, condition = 0 },
    transfer = nil,         -- EnergyTransferMode by name; nil: what suits of the station's offer
    control = 'scheduled',  -- ISO 15118-20: 'scheduled' or 'dynamic'
    bpt = false,            -- ISO 15118-20: bidirectional power transfer
    discharge_to = 0,       -- with bpt: feeds back down to that percentage instead of charging
    -- Where the station does not offer the transfer (payment, certificates) that it wants:
    -- { 'stop' } (SessionStopReq), { 'close' }, { 'reset' }, { 'silent' }, { 'ignore' } (asks for
    -- it all the same); with the name of a step it goes on until there.
    unsuited = { 'stop' },
    details = false,        -- ServiceDetailReq for each value-added service, which is then selected
    services_without_tls = false, -- ISO 15118-2: also without TLS (for tests of stations)
    precharges = { 1, 0 },  -- PreChargeReqs: at least, at most (0: until the voltage is right)
    welding = { 1, 20 },    -- WeldingDetectionReqs: at least, at most; { 0, 0 }: none at all
    loops = 0,              -- charge-loop messages before it stops; 0: until the battery is full
    -- Name of a step ('ChargeLoop': that of either mode), or { name, n }: after n of its
    -- requests, …
    stop_at = nil,          -- … at which it sends SessionStopReq instead
    leave_at = nil,         -- … at which it closes the connection instead
    leave = 'fin',          -- … and how: 'fin', 'reset'
    silent_at = nil,        -- … at which it says nothing any more
    skip = {},              -- skip.CableCheck = true: leaves the step out
    expects = nil,          -- of one that lies: { from = 'ServiceDiscovery', code =
                            -- 'FAILED_UnknownSession' }: what responses must have from that step on
    deviates = nil,         -- of one that deviates on purpose: the row of lua/v2g/judgements.lua by
                            -- which the station is judged then; that it never does so is an error
    after_stop_request = 0, -- charge-loop messages that still come after the station asked to stop
    reaction = 0,           -- ms that it takes until it does what a notification asks for (to stop,
                            -- to renegotiate): at most NotificationMaxDelay; 0: at once
    session_stop = true,    -- false: leaves without SessionStopReq after PowerDeliveryReq(Stop)
    pause = 0,              -- sessions that end with SessionStopReq(Pause), each resumed
    pause_ms = 1000,        -- until the resumption
    pause_without_power = 0, -- s, ISO 15118-2: where its schedule has no power for so long or
                            -- longer it pauses until there is some; 0: never
    resume = true,          -- false: leaves for good after SessionStopReq(Pause)
    renegotiate = 0,        -- charge-loop messages until it renegotiates, once; 0: never
    -- ISO 15118-20 alone:
    renegotiate_services = 0, -- charge-loop messages until it asks for another service, once;
                              -- 0: never
    service_change = {},    -- … and what of control, bpt and discharge_to it wants then
    standby = 0,            -- charge-loop messages until it goes into standby, once; 0: never
    standby_loops = 3,      -- charge-loop messages in standby
    receipts = true,        -- sends MeteringReceiptReq where it is wanted
    close = 'fin',          -- after SessionStopRes: 'fin', 'reset' (RST), 'none' (waits for the
                            -- station)

    -- ---- paying (ISO 15118-2 and -20; DIN 70121 knows external payment only) ----
    payment = 'ExternalPayment', -- or 'Contract': Plug & Charge, over TLS only
    fall_back = true,       -- 'Contract': pays by external means where that cannot be;
                            -- false: unsuited
    fall_back_after_warning = false, -- ISO 15118-20: also where all contracts were refused
    contract = 'present',   -- 'install', 'update': has its certificate installed or updated first;
                            -- 'auto': where it has none that is valid, or it ends
    expires_soon = nil,     -- within so many days; nil: 21, in ISO 15118-20 14
    contract_without_tls = false, -- pays by contract also without TLS
    tolerate = {},          -- faults of certificates that it puts up with, as Pki.Check names them:
                            -- 'name' (also a wrong check digit), 'key usage', 'extension', …; and
                            -- of signatures, as Verify_… does: 'absent', 'wrong digest', …
    contracts = { 'contract-leaf' }, -- ISO 15118-20: those it has, to be tried in this order
    max_contracts = 1,      -- ISO 15118-20: MaximumContractCertificateChains that it has installed
    prioritized = {},       -- ISO 15118-20: PrioritizedEMAIDs

    -- ---- the battery and the charger on board ----
    battery = {
        capacity = 60000,   -- Wh
        soc = 20,           -- percent, at the start
        bulk = 80, full = 100, target = 100, -- percent; it stops at target
        empty_voltage = 340, full_voltage = 410, -- V, at rest
        resistance = 0.05,  -- ohm
        max_voltage = 420, max_current = 200, max_power = 80000, -- limits it sends, and keeps to
        min_current = 0,
        discharge_power = 10000, -- W, with bpt
    },
    target_voltage = nil,   -- DC: asks for that; nil: voltage of the battery's present limit
    precharge_current = 2,  -- A, in PreChargeReq
    ac = { voltage = 400, max_current = 32, min_current = 6, phases = 3 }, -- per phase
    pilot = nil,            -- AC: duty cycle of a foreign station's control pilot, in percent; nil:
                            -- that of a station of this program, else no limit
    energy = nil,           -- Wh it asks for; nil: what the battery lacks
    departure = 0,          -- s from now; 0: none is sent (ISO 15118-2: DepartureTime absent)
    max_schedules = nil,    -- MaxEntriesSAScheduleTuple; nil: absent

    -- ---- SLAC (ISO 15118-3), behind a modem or on a bench (docs/bench.md) ----
    slac = {
        again = 0,          -- how often it is matched anew, where that failed or the link is lost:
        resetup = 0,        -- once the station's pilot says so, or after so many ms (0: never)
        amp_map = false,    -- true: sends CM_AMP_MAP.REQ once the link is up
        modem = 'auto',     -- 'ask': its firmware is told first; 'reset': and it is started anew
                            -- before; 'auto': asks, but not on a bench
        near = 3,           -- dB: where another station hears it less than that worse than the best
                            -- one, CM_VALIDATE decides; 255: always, where several answer
        -- ms from CM_SLAC_PARM.CNF to CM_START_ATTEN_CHAR.IND; between sounds (0:
        -- TP_EV_batch_msg_interval); to CM_ATTEN_CHAR.RSP; from that to CM_SLAC_MATCH.REQ
        start = 60, interval = 0, response = 0, match = 0,
        validates = 'near', -- CM_VALIDATE where two stations hear it alike; 'always', 'never'
        -- what it does where a station says so: 'next' (the next station), 'skip' (is matched all
        -- the same), 'end' (of the attempt); 'skip' or 'toggle' (all the same); 'next' or 'again'
        failed = 'next', not_required = 'skip', not_ready = 'next',
    },

    -- ---- what messages say, whatever the model says ----
    -- values.CurrentDemandReq.DC_EVStatus_EVReady = true calls
    -- Evcc.Set_CurrentDemandReq_DC_EVStatus_EVReady(true) before each is sent; so the keys are the
    -- names of the API behind the message. …Specified = false leaves an element out; { i, v } sets
    -- entry i (from 0) of a list; a function(ev) gives the value. Where a protocol's message has no
    -- such element the value is left out.
    values = {},
    -- trailing.ContractAuthenticationReq = '\0': bytes after the end of the EXI document
    trailing = {},
    -- before.X(m, ev) gets message X before it is sent (m.EVTargetVoltage = 390), as `before` of a
    -- hook script does; on.X(m, ev) each message received; docs/behaviour.md has the others
    before = {}, on = {},
}

parameters.station = {
    role = 'station',
    about = 'a station that keeps to the standards',
    sure = '',

    -- ---- connection ----
    -- 'auto': with and without; '1.2', '1.3': that only; 'off'; a table of settings as Listen takes
    -- it, { version = '1.3', staple = true }; nil: as --tls says
    tls = nil,
    -- the certificate that it shows in place of that of the tree: options of Pki.Make. One of a
    -- private environment has a root that nobody knows: { foreign = true, root = true }
    shows = nil,
    -- DIN 70121 has one of digits and '*' only ('49*89*6360', DIN SPEC 91286), as nibbles; for any
    -- other one it says 00
    evse_id = 'DE*V2G*E0001*1',
    close = 'wait',         -- after SessionStopRes: 'wait' (the vehicle closes; after linger_ms the
                            -- station), 'fin', 'reset' at once
    linger_ms = 4900,       -- TCP_Connection_Termination_Timeout is 5 s
    failed_close = 'fin',   -- after a FAILED response: 'fin' (within linger_ms at most), 'reset',
                            -- 'none' (goes on answering)
    resume = true,          -- knows paused sessions again

    -- ---- pace: time from a request to its response ----
    -- delays.STEP, else delays.default. A number, or { from, to } for a random one.
    delays = { default = 0 },

    -- ---- Ongoing: how often, or ({ ms = 50000 }) how long, before Finished ----
    -- What takes longer than the standard's time is answered with FAILED; unless it is that long
    -- here.
    ongoing = { Authorization = 0, ChargeParameterDiscovery = 0, ScheduleExchange = 0,
                CableCheck = 2 },

    -- ---- what it offers ----
    modes = { ac = true, dc = true, mcs = false, ['ac-der'] = false }, -- the last two of
                            -- ISO 15118-20
    mcs_connector = 'Mcs',  -- with mcs: as of the vehicle
    der = 'iec',            -- with ac-der: 'iec' or 'sae', whose rules it wants followed
    grid_functions = { 'OverFrequencyWatt', 'UnderFrequencyWatt', 'VoltWatt', 'VoltVar' }, -- with
                            -- 'iec': those that it asks for (docs/amendment-1.md)
    -- with ac-der: the grid, its nominal values, how the vehicle is to behave at it, and
    -- { { after = 5, frequency = 50.5 } … }: what becomes of it after so many charge-loop responses
    -- ('sae': also operating_mode 'GridForming', connection 'GridIslanded', permit_service)
    grid = { voltage = 230, frequency = 50, operating_mode = 'GridFollowing',
             connection = 'GridConnected', events = {} },
    permit_service = true,  -- with 'sae': PermitService in the charge loop
    -- with 'sae': s for which the grid has to be good before the vehicle feeds in, the longest
    -- random time that it waits besides, and the time in which its power rises then
    enter_service = { delay = 0, randomized_delay = 0, ramp = 0 },
    transfers = nil,        -- list of EnergyTransferModes by name; nil: all of `modes`
    payment = { 'ExternalPayment', 'Contract' }, -- a contract over TLS only
    contract_without_tls = false, -- true: always (for tests of vehicles)
    certificates = true,    -- where a contract may pay: installs and updates certificates
    free = false,           -- FreeService
    services = {},          -- value-added services: { id =, name =, category =, scope =, free =,
                            -- parameters = { { id =, { name, value } … } … } }; over TLS only
    services_without_tls = false, -- true: always (for tests of vehicles)
    schedules = nil,        -- list of { id =, entries = { { start =, power = } … }, tariff = … };
                            -- nil: one of 24 h with the station's power. ISO 15118-20: instead of
                            -- tariff also prices = { currency =, entries =
                            -- { { start =, price = } } }, for a kilowatt-hour; and tolerance =,
                            -- W above the vehicle's profile
    bpt = true, dynamic = true, -- ISO 15118-20
    needs = nil,            -- ISO 15118-20: { departure = 7200, minimum_soc = 30, target_soc = 80 }
                            -- of its own, in dynamic control mode (MobilityNeedsMode 2)
    service_renegotiation = true, standby = true, pausing = true, -- ISO 15118-20: what it lets
                            -- vehicles do

    -- ---- contracts ----
    canceled = {},          -- eMAIDs whose contract is canceled
    providers = nil,        -- beginnings of the eMAIDs that may charge here ('DE8AA'); nil: all
    provisioned = nil,      -- PCIDs for which there is a contract to install; nil: all
    tolerate = {},          -- faults that it puts up with: as of the vehicle
    expires_soon = nil,     -- days before its end at which a contract certificate expires soon;
                            -- nil: 21, in ISO 15118-20 14
    challenge = nil,        -- GenChallenge, as hex digits; nil: random
    contracts = { 'contract-leaf' }, -- ISO 15118-20: those it hands out
    authorized = true,      -- ISO 15118-20: false: external means do not authorize

    -- ---- in the charge loop ----
    receipt_every = 0,      -- ReceiptRequired in each n-th charge-loop response; 0: never
    receipts_without_contract = false, -- ISO 15118-2: true: of all (for tests of vehicles)
    stop_after = 0,         -- charge-loop responses until it asks the vehicle to stop; 0: never
    renegotiate_after = 0,  -- … to renegotiate, once
    renegotiate_services_after = 0, -- ISO 15118-20: … to renegotiate the service, once
    pause_after = 0,        -- ISO 15118-20: … to pause, once
    exit_standby_after = 0, -- ISO 15118-20: charge-loop responses in standby until it asks to leave
                            -- it
    shutdown_after = 0,     -- … until the emergency shutdown
    -- s, NotificationMaxDelay: until the vehicle has to do what is asked; nil: 0, to pause in
    -- ISO 15118-20 60 (V2G20-3308; some stations have 0 there in scheduled mode, V2G20-1850)
    notification_delay = nil,

    -- ---- answers: answers.PowerDelivery = 'FAILED_ContactorError' in that step's responses ----
    answers = {},
    silent_at = nil,        -- name of a step that it does not answer
    close_at = nil,         -- name of a step at whose request it closes the connection
    deviates = nil,         -- as of the vehicle
    keep_on_failed = false, -- goes on after its own FAILED (only for tests of vehicles)
    only_valid = false,     -- true: a request with anything outside its schema gets FAILED

    -- ---- electrical ----
    dc = { max_voltage = 920, min_voltage = 150, max_current = 300, min_current = 0,
           max_power = 150000, ramp_voltage = 2000, ramp_current = 400, -- V/s, A/s
           tolerance = 2, ripple = 0.5 },
    ac = { voltage = 230, max_current = 32, phases = 3 },
    contactor = 0,          -- ISO 15118-2, AC: ms until it has closed; FAILED_ContactorError
                            -- where these are more than 3000
    isolation = 'Valid',    -- result of the isolation test
    -- Duty cycle of the control pilot in percent, which limits the current of AC (IEC 61851-1: 16 A
    -- are 26.67); nil: 5, the limit comes by messages. A vehicle of this program follows it; one of
    -- another has a pilot of its own.
    pilot = nil,
    -- SLAC (ISO 15118-3), behind a modem or on a bench (docs/bench.md): dB that are added to what
    -- vehicles are told; true: sends CM_AMP_MAP.REQ once the link is up; ms from a pause until it
    -- wakes the vehicle (0: never); where a vehicle asks by CM_VALIDATE it 'counts' the toggles,
    -- says that it can do 'none', or that it is 'not_required'; percent on the pilot at first (100:
    -- steady, X1); ms from the plug on until the user is authorized (EIM), which makes that nominal
    -- (0: never, or before the plug); a lost link goes over 'E', or the duty cycle is to 'stay'
    -- (ISO 15118-3, options A and B); modem: as of the vehicle
    slac = { modem = 'auto', adjustment = 0, amp_map = false, wake = 0, validation = 'counts',
             duty = 5, authorized = 0, on_loss = 'E' },
    values = {}, trailing = {}, before = {}, on = {}, -- as those of the vehicle, of Responses
}

-- What --mode changes of these, before anything else does. Of megawatt charging no public source
-- has the standard's limits: 1,250 V and 3,000 A are assumed.
parameters.of_mode = {
    mcs = {
        ev = { battery = { capacity = 600000, empty_voltage = 750, full_voltage = 920,
                           resistance = 0.005, max_voltage = 950, max_current = 1500,
                           max_power = 1200000, discharge_power = 100000 } },
        station = { dc = { max_voltage = 1250, max_current = 3000, max_power = 3750000,
                           ramp_current = 2000 } },
    },
}

return parameters
