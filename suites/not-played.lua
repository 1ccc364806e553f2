-- SPDX-License-Identifier: Apache-2.0
-- What the suites do not play, each with its reason: cases for the control pilot, SLAC, power, and
-- for people. They are listed as not applicable.
-- @author the v2glab authors
-- @needs a control pilot, SLAC, power, or people

suite 'ISO15118_4_TestEnv' {
    sut = 'SECC', protocol = 'ISO15118-2', tags = 'not-played',
}

cases 'not played' {
    cannot = 'needs hardware for electrical faults',
    rows = {
        { id = 'TC_SECC_DC_VTB_Abnormal_001', mode = 'dc', about = 'CP-PE short while charging' },
        { id = 'TC_SECC_DC_VTB_Abnormal_002', mode = 'dc', about = 'PE lost while charging' },
        { id = 'TC_SECC_CMN_VTB_Abnormal_001', about = 'EV diode missing' },
        { id = 'TC_SECC_AC_VTB_Abnormal_001', mode = 'ac', about = 'CP-PE short while charging' },
        { id = 'TC_SECC_AC_VTB_Abnormal_002', mode = 'ac', about = 'PE lost while charging' },
    },
}

suite 'derived (DIN SPEC 70121)' {
    sut = 'SECC', protocol = 'DIN70121', tags = 'not-played',
}

cases 'not played' {
    cannot = 'needs hardware for electrical faults',
    rows = {
        { id = 'DRV_DIN_SECC_CableCheck_iso', mode = 'dc', about = 'isolation fault', cites = 'V2G-DC-890' },
        { id = 'DRV_DIN_SECC_PowerDelivery_notapp', mode = 'dc', about = 'supply cannot start',
          cites = 'V2G-DC-401' },
    },
}

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20', tags = 'not-played',
}

cases 'not played' {
    cannot = 'needs hardware for electrical faults',
    rows = {
        { id = 'DRV_20_SECC_PowerDelivery_cont', mode = 'ac', about = 'contactor does not close',
          cites = 'V2G20-847' },
    },
}

suite 'ChargeX EEITP v2.0 (2025)' {
    sut = 'pair', tags = 'not-played',
}

cases 'not played' {
    cannot = 'is about people, the driving of the vehicle, a back end, adapters or climate',
    rows = {
        { id = 'ITP-01-01-001', about = 'free vending, no authorization at all' },
        { id = 'ITP-01-01-002', about = 'user authorizes after plugging in (RFID, app, card ...)' },
        { id = 'ITP-01-01-003', about = 'user authorizes before plugging in' },
        { id = 'ITP-01-01-004', about = 'nobody authorizes after plug-in' },
        { id = 'ITP-01-01-005', about = 'nobody plugs in after authorization' },
        { id = 'ITP-01-01-006', about = 'authorization comes after the plug-in time-out' },
        { id = 'ITP-01-01-007', about = 'plug-in comes after the authorization time-out' },
        { id = 'ITP-01-02-003', about = 'back-end connection lost while idle' },
        { id = 'ITP-01-03-003', about = 'EV in each drive mode at plug-in' },
        { id = 'ITP-01-04-001', about = 'EV put into DRIVE while charging' },
        { id = 'ITP-01-04-002', about = 'EV put into DRIVE before unplugging' },
        { id = 'ITP-01-04-003', about = 'EV moves while charging' },
        { id = 'ITP-01-04-006', about = 'hot and cold soaked EV/EVSE' },
        { id = 'ITP-01-04-014', about = 'back end lost while charging' },
        { id = 'ITP-02-05-002', about = 'two EVs plug in together with different authorization' },
        { id = 'ITP-02-09-001', about = 'OCPP curtailment planned to start after charging begins' },
        { id = 'ITP-02-09-002', about = 'charging starts inside an OCPP curtailment window' },
        { id = 'ITP-02-09-003', about = 'curtailment cancelled in the middle' },
        { id = 'ITP-02-09-004', about = 'curtailment to 0 kW' },
        { id = 'ITP-02-09-005', about = 'three short curtailment windows' },
        { id = 'ITP-02-09-006', about = 'two overlapping curtailment profiles' },
        { id = 'ITP-02-09-007', about = 'curtailment ordered while charging' },
        { id = 'ITP-02-11-010', about = 'schedule plus OCPP curtailment' },
        { id = 'ITP-02-17-001', about = 'adapter mounted on the connector first' },
        { id = 'ITP-02-17-002', about = 'adapter mounted on the vehicle first' },
        { id = 'ITP-02-17-003', about = 'Plug & Charge through an adapter' },
    },
}

cases 'not played' {
    cannot = 'needs power, or hardware for electrical faults',
    rows = {
        { id = 'ITP-01-02-001', about = 'cable cut while idle' },
        { id = 'ITP-01-02-002', about = 'pilot lost while idle' },
        { id = 'ITP-01-02-004', about = 'latch broken while idle' },
        { id = 'ITP-01-02-005', about = 'station mains lost while idle' },
        { id = 'ITP-01-03-004', about = 'plug only half in' },
        { id = 'ITP-01-03-005', about = 'connector cannot lock' },
        { id = 'ITP-01-03-006', about = 'one DC conductor open' },
        { id = 'ITP-01-03-007', about = 'latch pressed during preparation' },
        { id = 'ITP-01-03-008', about = 'plug pulled and re-inserted during preparation' },
        { id = 'ITP-01-04-004', about = 'target state of charge reached' },
        { id = 'ITP-01-04-005', about = 'every manual stop method while charging' },
        { id = 'ITP-01-04-007', about = 'different start states of charge' },
        { id = 'ITP-01-04-008', about = 'EV asks for full power' },
        { id = 'ITP-01-04-009', about = 'EV asks for full power with auxiliaries on' },
        { id = 'ITP-01-04-010', about = 'EV stays plugged in after the end' },
        { id = 'ITP-01-04-011', about = 'EV asks for the highest current' },
        { id = 'ITP-01-04-012', about = 'EV asks for the lowest current' },
        { id = 'ITP-01-04-013', about = 'EV asks for a negative current' },
        { id = 'ITP-01-04-015', about = 'pilot lost while charging' },
        { id = 'ITP-01-04-016', about = 'station mains lost while charging' },
        { id = 'ITP-01-04-017', about = 'cable overheats' },
        { id = 'ITP-01-04-018', about = 'connector overheats' },
        { id = 'ITP-01-04-019', about = 'EVSE contactor fault' },
        { id = 'ITP-02-05-004', about = 'both ports ask for rated power' },
        { id = 'ITP-02-06-001', about = 'automatic retry after a fault before high-level communication (EIM)' },
        { id = 'ITP-02-06-006', about = 'proximity fault' },
        { id = 'ITP-02-06-007', about = 'protective-earth fault' },
        { id = 'ITP-02-06-008', about = 'control-pilot fault without retry' },
        { id = 'ITP-02-06-009', about = 'control-pilot fault with retry' },
        { id = 'ITP-02-06-010', about = 'electrical safety fault' },
        { id = 'ITP-02-07-001', about = '0 A for 60 s as a make-shift pause' },
        { id = 'ITP-02-08-001', about = 'pilot wake after a demand-response event' },
        { id = 'ITP-02-08-002', about = 'pilot wake after a power cut' },
        { id = 'ITP-02-08-003', about = 'pilot wake after a cleared fault' },
    },
}

cases 'not played' {
    cannot = 'is about the age of a cache in the device',
    rows = {
        { id = 'ITP-03-16-003', about = 'CRL/OCSP cache older than 4 weeks, no refresh' },
        { id = 'ITP-03-16-004', about = 'CRL/OCSP cache not refreshed for 1 week' },
    },
}

suite 'derived (ISO 15118-20)' {
    sut = 'SECC', protocol = 'ISO15118-20', tags = 'not-played',
}

cases 'not played' {
    cannot = 'OpenSSL staples a response about the leaf alone: that of a sub-CA cannot be shown',
    rows = {
        { id = 'DRV_20_EVCC_TLS_revoked_sub', sut = 'EVCC', cites = 'V2G20-1240',
          about = 'the sub-CA of the station is revoked by its OCSP response' },
    },
}

cases 'not played' {
    cannot = 'RFC 8446, 4.2.4 forbids an empty list, and OpenSSL sends none',
    rows = {
        { id = 'DRV_20_SECC_TLS_empty_list', cites = 'V2G20-2382 V2G20-2383 V2G20-2384 V2G20-2385',
          about = 'certificate_authorities without any root' },
    },
}
