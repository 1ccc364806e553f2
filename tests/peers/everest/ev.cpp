// SPDX-License-Identifier: Apache-2.0
// A vehicle of EVerest's libiso15118 (branches with ev::Controller: ISO 15118-20 without TLS, in
// dynamic mode) for tests: charges some loops, then stops. It is told what to do by the
// environment, as README.md says.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include <iso15118/ev/controller.hpp>

#include "peer.hpp"

using namespace iso15118;
namespace dt = message_20::datatypes;
using Type = message_20::Type;

static ev::EvConfig config_of(const Options &o)
{
    using Service = dt::ServiceCategory;
    const bool bpt = o.has("bpt");
    ev::EvConfig c;
    auto &can = c.der_control_functions;

    c.interface_name = o.interface;
    c.evcc_id = "02:AA:00:00:00:01";
    c.energy_service = o.der  ? Service::AC_DER_IEC
                       : o.ac ? (bpt ? Service::AC_BPT : Service::AC)
                              : (bpt ? Service::DC_BPT : Service::DC);
    c.advertised_app_protocols = {{o.der  ? "urn:iso:std:iso:15118:-20:AC-DER-IEC"
                                   : o.ac ? "urn:iso:std:iso:15118:-20:AC"
                                          : "urn:iso:std:iso:15118:-20:DC",
                                   1, 0, 1, 1}};
    can.over_frequency_watt_mode = can.under_frequency_watt_mode = can.volt_watt_mode = true;
    can.volt_var_mode = can.dso_q_setpoint_provision = true;
    return c;
}

int main()
{
    const Options options;
    std::atomic<int> loops{0};
    std::atomic<bool> stopped{false}, is_timeout{false};
    ev::feedback::Callbacks back{};

    log_to_stdout();
    if (options.mcs || options.tls || options.protocol != "ISO15118-20") {
        puts("skip: this vehicle has AC, DC and AC-DER by IEC rules, of ISO 15118-20 without TLS");
        return 77;
    }
    back.v2g_message = [&](Type type) {
        if (type == Type::AC_ChargeLoopRes || type == Type::DC_ChargeLoopRes ||
            type == Type::DER_AC_ChargeLoopRes)
            loops++;
        if (type == Type::SessionStopRes)
            stopped = true;
    };
    back.timed_out = [&] { is_timeout = true; };
    back.stop_from_charger = [] { puts("the station asks to stop"); };
    back.der_control = [](const dt::DER_Dynamic_AC_CLResControlMode &mode) {
        printf("DSOQSetpoint %s\n", mode.dso_q_setpoint ? "comes" : "does not come");
    };

    ev::DcChargeParams dc;
    dc.max_charge_power = 80000;
    dc.max_charge_current = 200;
    dc.max_discharge_power = 10000;
    dc.max_discharge_current = 25;
    dc.max_voltage = 420;
    dc.min_voltage = 200;
    dc.energy_capacity = 60000;
    dc.target_voltage = dc.present_voltage = 400;
    dc.target_current = 20;
    dc.present_soc = 50;
    ev::AcChargeParams ac;
    ac.max_charge_power = ac.max_discharge_power = 11000;
    ac.min_charge_power = 1000;
    ac.present_active_power = 9000;

    ev::Controller vehicle(config_of(options), back, dc, ac);
    std::thread thread([&] { vehicle.loop(); });
    for (int i = 0; i < 300 && loops < 20 && !is_timeout; i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    vehicle.request_stop();
    thread.join();
    const bool is_pass = loops >= 20 && stopped && !is_timeout;
    printf("%d loops\nverdict: %s\n", int(loops), is_pass ? "pass" : "fail");
    return is_pass ? 0 : 1;
}
