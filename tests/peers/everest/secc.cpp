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

// Those that speak AC-DER have this one, and those that speak it by SAE rules, too, the other.
#if __has_include(<iso15118/d20/der_functions.hpp>)
#define HAS_DER 1
#endif
#if __has_include(<iso15118/sae_modes.hpp>)
#define HAS_DER_SAE 1
#endif

using namespace iso15118;
namespace dt = message_20::datatypes;
using Signal = session::feedback::Signal;

static d20::Limit<dt::RationalNumber> up_to(float most)
{
    return {dt::from_float(most), dt::from_float(0)};
}

static std::vector<dt::ServiceCategory> services_of(const Options &o)
{
    using Service = dt::ServiceCategory;
    const bool bpt = o.has("bpt");

#ifdef HAS_DER
    if (o.der)
        return {o.has("der=sae") ? Service::AC_DER_SAE : Service::AC_DER_IEC};
    if (o.mcs && bpt)
        return {Service::MCS, Service::MCS_BPT};
    if (o.mcs)
        return {Service::MCS};
#endif
    if (bpt && o.ac)
        return {Service::AC, Service::AC_BPT};
    if (bpt)
        return {Service::DC, Service::DC_BPT};
    return {o.ac ? Service::AC : Service::DC};
}

#ifdef HAS_DER
static iec::DERControlFunction droop(float from, float to)
{
    iec::FrequencyWatt f{};

    f.fstart = from;
    f.fstop = to;
    f.slope = 5;
    f.pt1_response_active_power = true;
    f.step_response_time_constant_active_power = 3;
    return f;
}

static iec::DERControlFunction volt_var()
{
    iec::DERCurve c{};

    c.x_unit = iec::CurveDataPointsUnit::V;
    c.y_unit = iec::CurveDataPointsUnit::var;
    c.curve_data_points = {{207, {5000, iec::PowerFactorExcitation::OverExcited}},
                           {218.5, {0, {}}},
                           {241.5, {0, {}}},
                           {253, {5000, iec::PowerFactorExcitation::UnderExcited}}};
    c.pt1_response_reactive_power = true;
    c.step_response_time_constant_reactive_power = 10;
    return c;
}

// What the station asks of a vehicle that feeds in by IEC rules, with its limits.
template <typename T> static void ask_iec(T &der, std::optional<d20::IecDerTransferLimits> &limits)
{
    using Name = iec::DERControlName;

    auto &all = der.emplace().supported_der_control_functions;
    all[Name::OverFrequencyWattMode] = droop(50.2F, 51.5F);
    all[Name::UnderFrequencyWattMode] = droop(49.8F, 47.5F);
    all[Name::VoltVarMode] = volt_var();
    all[Name::DSOQSetpointProvision] = iec::DSOQSetpoint{-1200, {}, {}, true, 10};
    all[Name::DCInjectionRestriction] = iec::MaximumLevelDCInjection{0.02F};
    limits.emplace().nominal_charge_power = dt::from_float(22000);
    limits->nominal_discharge_power = limits->max_discharge_power = dt::from_float(-11000);
}
#endif

#ifdef HAS_DER_SAE
// The same by SAE rules: the library's own control, with a droop and VoltVar enabled.
static void ask_sae(Setup &s)
{
    auto &control = s.der_sae_setup_config.emplace().der_control;
    auto &limits = s.der_sae_limits.emplace();
    auto &var = limits.reactive_power_limits;
    auto &grid = limits.grid_limits;

    control.enter_service.permit_service = true;
    control.reactive_power_support.volt_var.enable = true;
    control.active_power_support.frequency_droop = {
        true, {}, sae::FrequencyDroopSettings{0.036F, 0.05F}, {}};
    limits.max_discharge_power = dt::from_float(-11000);
    var.maximum_var_absorption_during_charging = var.maximum_var_absorption_during_discharging =
        dt::from_float(5000);
    var.maximum_var_injection_during_charging = var.maximum_var_injection_during_discharging =
        dt::from_float(-5000);
    grid.nominal_frequency = dt::from_float(50);
    grid.nominal_voltage = dt::from_float(230);
    grid.nominal_voltage_offset = dt::from_float(0);
    grid.maximum_voltage = dt::from_float(276);
    grid.minimum_voltage = dt::from_float(184);
}
#endif

static Setup setup_of(const Options &o)
{
    Setup s{};
    const bool bpt = o.has("bpt");

    s.evse_id = "DE*ABC*E00001";
    s.supported_energy_services = services_of(o);
    s.authorization_services = {dt::Authorization::EIM};
    s.dc_limits.charge_limits = {up_to(o.mcs ? 3000000 : 150000), up_to(o.mcs ? 2500 : 400)};
    s.dc_limits.voltage = {dt::from_float(o.mcs ? 1250 : 900), dt::from_float(150)};
    if (bpt)
        s.dc_limits.discharge_limits = {up_to(11000), up_to(25)};
    s.powersupply_limits = s.dc_limits;
    s.ac_limits.charge_power = up_to(22000);
    s.ac_limits.nominal_frequency = dt::from_float(50);
    if (bpt)
        s.ac_limits.discharge_power = up_to(11000);
    s.ac_setup_config = d20::AcSetupConfig{230, {dt::AcConnector::ThreePhase}};
#ifdef HAS_DER_SAE
    ask_iec(s.der_iec_setup_config, s.der_iec_limits);
    if (o.has("der=sae"))
        ask_sae(s);
#elif defined(HAS_DER)
    ask_iec(s.der_setup_config, s.der_limits);
#endif
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
    s.selecting_sap_based_on_energy_service = !o.der; // of which AC-DER is none
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
        if (signal == Signal::SETUP_FINISHED && options.ac)
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
