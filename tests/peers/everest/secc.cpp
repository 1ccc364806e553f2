// SPDX-License-Identifier: Apache-2.0
// A station of EVerest's libiso15118 for tests: says yes to authorization, cable check and contactors.
// It is told what to do by the environment, as README.md says.
#include <cstdio>
#include <string>

#include <unistd.h>

#include <iso15118/tbd_controller.hpp>
// The branches that speak DIN 70121 and ISO 15118-2, too, have this header.
#if __has_include(<iso15118/session/config.hpp>)
#include <iso15118/session/config.hpp>
#define ALL_PROTOCOLS 1
using Setup = iso15118::session::EvseSetupConfig;
#else
using Setup = iso15118::d20::EvseSetupConfig;
#endif

#include "peer.hpp"

using namespace iso15118;
namespace dt = message_20::datatypes;
using Signal = session::feedback::Signal;

static d20::Limit<dt::RationalNumber> up_to(float most)
{
    return {dt::from_float(most), dt::from_float(0)};
}

static Setup setup_of(const Options &o)
{
    Setup s{};
    const bool bpt = o.has("bpt");

    s.evse_id = "DE*ABC*E00001";
    s.supported_energy_services = {o.ac ? dt::ServiceCategory::AC : dt::ServiceCategory::DC};
    if (bpt)
        s.supported_energy_services.push_back(o.ac ? dt::ServiceCategory::AC_BPT
                                                   : dt::ServiceCategory::DC_BPT);
    s.authorization_services = {dt::Authorization::EIM};
    s.dc_limits.charge_limits = {up_to(150000), up_to(400)};
    s.dc_limits.voltage = {dt::from_float(900), dt::from_float(150)};
    if (bpt)
        s.dc_limits.discharge_limits = {up_to(11000), up_to(25)};
    s.powersupply_limits = s.dc_limits;
    s.ac_limits.charge_power = up_to(22000);
    s.ac_limits.nominal_frequency = dt::from_float(50);
    if (bpt)
        s.ac_limits.discharge_power = up_to(11000);
    s.ac_setup_config = d20::AcSetupConfig{230, {dt::AcConnector::ThreePhase}};
    if (bpt)
        s.bpt_setup_config =
            d20::BptSetupConfig{dt::BptChannel::Unified, dt::GeneratorMode::GridFollowing,
                                dt::GridCodeIslandingDetectionMethod::Passive};
    if (!o.has("dynamic"))
        s.control_mobility_modes.push_back(
            {dt::ControlMode::Scheduled, dt::MobilityNeedsMode::ProvidedByEvcc});
    if (!o.has("scheduled"))
        s.control_mobility_modes.push_back(
            {dt::ControlMode::Dynamic, dt::MobilityNeedsMode::ProvidedByEvcc});
    s.selecting_sap_based_on_energy_service = true;
#ifdef ALL_PROTOCOLS
    s.supported_protocols = {o.protocol == "DIN70121"     ? ProtocolId::DIN70121
                             : o.protocol == "ISO15118-2" ? ProtocolId::ISO15118_2
                                                          : ProtocolId::ISO15118_20};
    if (o.contract()) {
        s.iso2_pnc_enabled = true;
        s.authorization_services.push_back(dt::Authorization::PnC);
        s.contract_mo_root_path = o.file("mo-root.pem");
        s.contract_v2g_root_path = o.file("v2g-root.pem");
        s.iso2_receipt_required = o.has("receipt");
    }
#endif
    return s;
}

static TbdConfig config_of(const Options &o)
{
    TbdConfig c;

    c.interface_name = o.interface;
    if (!o.tls) {
        c.tls_negotiation_strategy = config::TlsNegotiationStrategy::ENFORCE_NO_TLS;
        return c;
    }
    config::ChainConfig chain;
    chain.path_certificate_chain = o.file("secc-leaf.chain.pem");
    chain.path_certificate_key = o.file("secc-leaf.key");
    if (o.has("staple"))
        chain.ocsp_response_files.assign(3, o.file("secc-leaf.ocsp")); // as many as certificates
    c.ssl.chains = {chain};
    c.ssl.path_certificate_v2g_root = o.file("v2g-root.pem");
    c.ssl.path_certificate_mo_root = o.file("oem-root.pem");
    c.ssl.enforce_tls_1_3 = o.protocol == "ISO15118-20";
    c.tls_negotiation_strategy = config::TlsNegotiationStrategy::ENFORCE_TLS;
    return c;
}

// The output follows what the vehicle asks for, where its control mode asks.
static void follow(const session::feedback::DcReqControlMode &mode, float &volt, float &ampere)
{
    const dt::Scheduled_DC_CLReqControlMode *wish =
        std::get_if<dt::Scheduled_DC_CLReqControlMode>(&mode);

    if (const auto *bpt = std::get_if<dt::BPT_Scheduled_DC_CLReqControlMode>(&mode))
        wish = bpt;
    if (wish) {
        volt = float(dt::from_RationalNumber(wish->target_voltage));
        ampere = float(dt::from_RationalNumber(wish->target_current));
    }
}

int main()
{
    const Options options;
    if (options.has("staple") && access(options.file("secc-leaf.ocsp").c_str(), R_OK) != 0) {
        puts("skip: no secc-leaf.ocsp is in the tree; a station of v2glab makes it");
        return 77;
    }
    TbdController *secc = nullptr;
    int result = 1;
    bool charged = false;
    float volt = 400;
    int paused = 0; // it asks for one pause, and takes the vehicle again after it
    session::feedback::Callbacks back{};
    auto tell = [&](const d20::ControlEvent &event) { secc->send_control_event(event); };

    log_to_stdout();
    back.signal = [&](Signal signal) {
        static const char *names[] = {
            "REQUIRE_AUTH_EIM",   "START_CABLE_CHECK",   "SETUP_FINISHED",
            "PRE_CHARGE_STARTED", "CHARGE_LOOP_STARTED", "CHARGE_LOOP_FINISHED",
            "DC_OPEN_CONTACTOR",  "AC_CLOSE_CONTACTOR",  "AC_OPEN_CONTACTOR",
            "DLINK_TERMINATE",    "DLINK_ERROR",         "DLINK_PAUSE"};
        printf("signal %s\n", names[int(signal)]);
        if (signal == Signal::REQUIRE_AUTH_EIM)
            tell(d20::AuthorizationResponse{!options.has("refuse")});
        if (signal == Signal::START_CABLE_CHECK)
            tell(d20::CableCheckFinished{true});
        if (signal == Signal::AC_CLOSE_CONTACTOR)
            tell(d20::ClosedContactor{true});
        if (signal == Signal::AC_OPEN_CONTACTOR)
            tell(d20::ClosedContactor{false});
        if (signal == Signal::CHARGE_LOOP_STARTED && options.ac)
            tell(d20::AcTargetPower{dt::from_float(11000)}); // what dynamic mode goes by
        if (signal == Signal::CHARGE_LOOP_STARTED && options.has("stop"))
            tell(d20::StopCharging{true});
        if (signal == Signal::CHARGE_LOOP_STARTED && options.has("pause") && paused++ == 0)
            tell(d20::PauseCharging{true});
#ifdef ALL_PROTOCOLS
        if (signal == Signal::CHARGE_LOOP_STARTED)
            tell(d20::MeterInfo{"METER1", 1234});
        if (signal == Signal::CHARGE_LOOP_FINISHED)
            tell(d20::CpStateChanged{d20::CpState::B});
#endif
        charged = charged || signal == Signal::CHARGE_LOOP_STARTED;
        if (signal == Signal::DLINK_ERROR)
            puts("verdict: fail");
        if (signal == Signal::DLINK_TERMINATE || signal == Signal::DLINK_ERROR)
            secc->shutdown();
    };
    auto stopped = [&] {
        result = charged ? 0 : 1;
        puts(charged ? "verdict: pass" : "verdict: fail: nothing was charged");
    };
#ifdef ALL_PROTOCOLS
    back.session_stop_res_sent = [&](session::feedback::SessionStopAction) { stopped(); };
#else
    back.v2g_message = [&](const message_20::Type &type) {
        if (type == message_20::Type::SessionStopRes)
            stopped();
    };
#endif
    back.dc_pre_charge_target_voltage = [&](float target) {
        tell(d20::PresentVoltageCurrent{volt = target, 0});
    };
    back.dc_charge_loop_req = [&](const session::feedback::DcChargeLoopReq &req) {
        const auto *mode = std::get_if<session::feedback::DcReqControlMode>(&req);
        float ampere = 20; // in dynamic mode the vehicle names no current
        if (!mode)
            return;
        follow(*mode, volt, ampere);
        tell(d20::PresentVoltageCurrent{volt, ampere});
    };
#ifdef ALL_PROTOCOLS
    back.dc_max_limits = [&](const session::feedback::DcMaximumLimits &) {
        tell(d20::CpStateChanged{d20::CpState::C});
    };
    back.require_auth_pnc = [&](const std::string &emaid, const std::string &) {
        printf("contract %s\n", emaid.c_str());
        tell(d20::AuthorizationResponse{!options.has("refuse")});
    };
#endif
    try {
        TbdController controller(config_of(options), back, setup_of(options));
        secc = &controller;
        controller.set_dlink_ready(true);
        controller.loop();
    } catch (const std::exception &e) {
        printf("%s\n", e.what());
    }
    return result;
}
