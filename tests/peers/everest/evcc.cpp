// SPDX-License-Identifier: Apache-2.0
// A vehicle of EVerest's libiso15118 (branches with EvController) for tests: charges some loops, then stops.
// It is told what to do by the environment, as README.md says.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <iso15118/ev_controller.hpp>

#include "peer.hpp"

using namespace iso15118;
namespace dt = message_20::datatypes;
using Mode = message_2::datatypes::EnergyTransferMode;
using Signal = session::ev::feedback::Signal;

static std::string text_of(const std::string &path)
{
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The certificates of a chain as DER, in the order of the file.
static std::vector<std::vector<uint8_t>> chain_of(const std::string &path)
{
    std::vector<std::vector<uint8_t>> all;
    BIO *in = BIO_new_file(path.c_str(), "r");

    while (X509 *cert = in ? PEM_read_bio_X509(in, nullptr, nullptr, nullptr) : nullptr) {
        uint8_t *der = nullptr;
        const int n = i2d_X509(cert, &der);
        all.emplace_back(der, der + n);
        OPENSSL_free(der);
        X509_free(cert);
    }
    BIO_free(in);
    return all;
}

static session::EvSetupConfig setup_of(const Options &o)
{
    session::EvSetupConfig s;
    auto &dc = s.dc_charge_parameters;

    s.evcc_id = "WMIV1234567890ABCDEX";
    s.evcc_mac = {2, 0xAA, 0, 0, 0, 1};
    s.supported_energy_services = {o.ac ? dt::ServiceCategory::AC : dt::ServiceCategory::DC};
    s.preferred_control_mode =
        o.has("dynamic") ? dt::ControlMode::Dynamic : dt::ControlMode::Scheduled;
    s.supported_protocols = {o.protocol == "DIN70121"     ? ProtocolId::DIN70121
                             : o.protocol == "ISO15118-2" ? ProtocolId::ISO15118_2
                                                          : ProtocolId::ISO15118_20};
    s.iso2_energy_transfer_mode = o.ac ? Mode::AC_three_phase_core : Mode::DC_extended;
    dc.max_charge_power = dt::from_float(80000);
    dc.max_charge_current = dt::from_float(200);
    dc.max_voltage = dt::from_float(420);
    dc.min_voltage = dt::from_float(200);
    dc.target_voltage = dt::from_float(400);
    dc.target_current = dt::from_float(20);
    dc.energy_capacity = dt::from_float(60000);
    s.ac_charge_parameters.max_charge_power = dt::from_float(11000);
    s.ac_charge_parameters.min_charge_power = dt::from_float(1000);
    if (o.contract()) {
        auto &pnc = s.iso2_pnc;
        auto chain = chain_of(o.file("contract-leaf.chain.pem"));
        pnc.prefer_contract = true;
        pnc.force_cert_install = o.has("install");
        pnc.root_certificate_ids = {{"CN=V2G root CA", 1}};
        pnc.v2g_root_path = o.file("v2g-root.pem");
        pnc.oem_prov_cert_der = chain_of(o.file("oem-leaf.pem")).at(0);
        pnc.oem_prov_key_pem = text_of(o.file("oem-leaf.key"));
        pnc.contract_cert_der = chain.at(0);
        pnc.contract_sub_certs_der.assign(chain.begin() + 1, chain.end());
        pnc.contract_key_pem = text_of(o.file("contract-leaf.key"));
        pnc.contract_emaid = "DEABCC000000013";
        s.supported_auth_options.push_back(dt::Authorization::PnC);
    }
    return s;
}

static EvConfig config_of(const Options &o)
{
    EvConfig c;

    c.interface_name = o.interface;
    if (!o.tls)
        return c;
    c.use_tls = c.enforce_tls = true;
    c.ssl.path_certificate_v2g_root = o.file("v2g-root.pem");
    c.ssl.enforce_tls_1_3 = o.protocol == "ISO15118-20";
    if (o.protocol == "ISO15118-20") {
        config::ChainConfig chain;
        chain.path_certificate_chain = o.file("vehicle-leaf.chain.pem");
        chain.path_certificate_key = o.file("vehicle-leaf.key");
        c.ssl.chains = {chain};
    }
    return c;
}

int main()
{
    const Options options;
    std::atomic<bool> loops{false}, over{false};
    std::atomic<int> result{1};
    session::ev::feedback::Callbacks back{};

    log_to_stdout();
    back.signal = [&](Signal signal) {
        static const char *names[] = {"SETUP_FINISHED",       "CHARGE_LOOP_STARTED",
                                      "CHARGE_LOOP_FINISHED", "DLINK_TERMINATE",
                                      "DLINK_PAUSE",          "DLINK_ERROR"};
        printf("signal %s\n", names[int(signal)]);
        if (signal == Signal::CHARGE_LOOP_STARTED)
            loops = true;
        if (signal == Signal::DLINK_TERMINATE || signal == Signal::DLINK_PAUSE)
            result = loops ? 0 : 1;
        if (signal == Signal::DLINK_ERROR)
            result = 1, over = true;
    };
    back.v2g_session_finished = [&] { over = true; };
    back.stop_from_charger = [&] { printf("the station asks to stop\n"); };
    back.selected_protocol = [&](const std::string &name) {
        printf("protocol %s\n", name.c_str());
    };
    back.ev_power_ready = [](bool) {};
    back.dc_power_on = [] {};

    EvController ev(config_of(options), back, setup_of(options));
    std::thread thread([&] { ev.loop(); });
    ev.start_charging(options.ac ? dt::ServiceCategory::AC : dt::ServiceCategory::DC,
                      options.ac ? Mode::AC_three_phase_core : Mode::DC_extended);
    int spent = 0;
    for (int i = 0; i < 600 && !over; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        if (loops)
            ev.update_present_voltage_current(400, 20);
        if (loops && ++spent == 20 && !options.has("on"))
            options.has("pause") ? ev.pause_charging() : ev.stop_charging();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300)); // the signals that come last
    ev.shutdown();
    thread.join();
    puts(result == 0 ? "verdict: pass" : "verdict: fail");
    return result;
}
