// SPDX-License-Identifier: Apache-2.0
// What the two programs that drive EVerest's libiso15118 share: what tests/peers/run tells a peer
// by the environment, and the log.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include <iso15118/io/logging.hpp>

inline std::string told(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

struct Options { // what tests/peers/run tells a peer
    std::string interface = told("PEER_INTERFACE"), protocol = told("PEER_PROTOCOL"),
                payment = told("PEER_PAYMENT");
    std::string more = " " + told("PEER_OPTIONS") + " ";
    bool mcs = told("PEER_MODE") == "mcs", der = told("PEER_MODE") == "ac-der";
    bool ac = told("PEER_MODE") == "ac" || der, tls = told("PEER_TLS") != "off";

    bool has(const char *word) const
    {
        return more.find(" " + std::string(word) + " ") != std::string::npos;
    }
    bool contract() const
    {
        return payment == "Contract";
    }
    std::string file(const char *name) const
    {
        return told("PEER_PKI") + (protocol == "ISO15118-20" ? "/iso15118-20/" : "/iso15118-2/") +
               name;
    }
};

inline void log_to_stdout()
{
    setvbuf(stdout, nullptr, _IOLBF, 0);
    iso15118::io::set_logging_callback([](iso15118::LogLevel level, std::string text) {
        printf("%d %s\n", int(level), text.c_str());
    });
}
