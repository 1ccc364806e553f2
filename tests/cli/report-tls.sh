#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the record and the report tell of TLS: what was agreed, both chains, faults by their names.
. tests/cli/support
# shellcheck source=tests/cli/support-page
. tests/cli/support-page
set -u
unset SSLKEYLOGFILE
export V2GLAB_PKI=$work/pki

run run -q -o "$work/s" examples/{evcc,secc}-iso15118-20-dc-tls.lua
wants "a session over TLS 1.3" 0
check "each side records its handshake once" \
    [ "$(grep -c '"kind":"tls"' "$work/s/events.jsonl")" = 2 ]
check "and no secret" [ "$(grep -c TRAFFIC_SECRET "$work/s/events.jsonl")" = 0 ]
run report "$work/s" -o "$work/s.html"
page=$work/s.html
holds "both are one connection of the report" "$page" \
    '[(t["connection"], t["version"], t["suite"], t["group"], t["established"], t["resumed"]) for t in cases[0][1]["tls"]]' \
    "[(1, 'TLS 1.3', 'TLS_AES_256_GCM_SHA384', 'secp521r1', True, False)]"
holds "it has both chains, leaf first, each issued by the next" "$page" \
    '[(len(c), all(certificates[a]["issuer"] == certificates[b]["subject"] for a, b in zip(c, c[1:]))) for c in cases[0][1]["tls"][0]["chains"].values()]' \
    "[(3, True), (3, True)]"
holds "each side has judged the other one's, and found nothing wrong" "$page" \
    'sorted((j["by"], j["of"], [f for f in j["findings"] if f["error"]]) for j in cases[0][1]["tls"][0]["judged"])' \
    "[('EVCC', 'SECC', []), ('SECC', 'EVCC', [])]"
holds "the stapled response is there, as it was checked" "$page" \
    '[cases[0][1]["tls"][0]["ocsp"][k] for k in ("status", "checked")]' "['good', 'good']"
if command -v openssl >/dev/null && command -v python3 >/dev/null; then
    read_page "$page" 'certificates[cases[0][1]["tls"][0]["chains"]["SECC"][0]]["der"]' | base64 -d |
        openssl x509 -inform der -noout -serial -enddate -nameopt sname >"$work/openssl"
    holds "openssl reads the same serial number" "$page" \
        'certificates[cases[0][1]["tls"][0]["chains"]["SECC"][0]]["serial"]' \
        "$(sed -n 's/serial=//p' "$work/openssl")"
    holds "and the same end of validity" "$page" \
        'certificates[cases[0][1]["tls"][0]["chains"]["SECC"][0]]["not_after"]' \
        "$(date -u -d "$(sed -n 's/notAfter=//p' "$work/openssl")" +%s)"
fi

# A capture: what nobody has judged the report holds against the profiles.
run report "$work/s/session.pcapng" -o "$work/c.html"
holds "a capture with its secrets has the same chains" "$work/c.html" \
    '[[certificates[i]["serial"] for i in c] for t in cases[0][1]["tls"] for c in t["chains"].values()]' \
    "$(read_page "$page" '[[certificates[i]["serial"] for i in c] for t in cases[0][1]["tls"] for c in t["chains"].values()]')"
holds "which the report has judged itself" "$work/c.html" \
    'sorted((j["by"], j["of"], [f for f in j["findings"] if f["error"]]) for j in cases[0][1]["tls"][0]["judged"])' \
    "[('report', 'EVCC', []), ('report', 'SECC', [])]"

# ---- faults ----

# fault NAME SERVER-ALERT FAULT: the vehicle refuses the station of such a tree.
fault() {
    local name=$1 alert=$2 expected=$3
    "$V2GLAB" pki make "$work/broken-$name" --fault "secc-leaf=$name" >"$work/made" 2>&1 || cat "$work/made"
    run run -q -o "$work/f-$name" --tls 1.2 --pki "$work/broken-$name" examples/{evcc,secc}-iso15118-2-ac-tls.lua
    check "$name: the vehicle sends $alert" \
        grep -q "\"how\":\"alert\".*$alert" "$work/f-$name/events.jsonl"
    run report "$work/f-$name" -o "$work/f-$name.html"
    holds "$name: the report names the fault, and the alert" "$work/f-$name.html" \
        '[(t["established"], any(f["fault"] == "'"$expected"'" and f["error"] for j in t["judged"] if j["by"] == "EVCC" for f in j["findings"]), [(a["from"], a["name"]) for a in t["alerts"] if a["level"] == "fatal"]) for t in cases[0][1]["tls"]][:1]' \
        "[(False, True, [('EVCC', '$alert')])]"
}
fault expired certificate_expired expired
fault wrong-key-usage unsupported_certificate "key usage"
fault wrong-domain-component bad_certificate domain
