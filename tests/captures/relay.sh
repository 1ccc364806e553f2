#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What programs of other people have signed, through the relay: the frames of a session in CAPTURES go
# to it from a vehicle and a station that say what the capture has, and nothing else. It hands them on
# as they are, and finds each signature valid by the certificates that they show, but for those that
# docs/peers.md tells.
set -u
work=$TMPDIR/relay
mkdir -p "$work"

cat >"$work/sides.py" <<'END'
import json, socket, sys, threading

def heard(s, octets, name):
    got = b''
    while len(got) < len(octets):
        more = s.recv(len(octets) - len(got))
        if not more:
            break
        got += more
    if got != octets:
        print('otherwise:', name, flush=True)

def side(s, own, frames):
    s.settimeout(20)
    for who, octets, name in frames:
        if who == own:
            s.sendall(octets)
        else:
            heard(s, octets, name)

events = [json.loads(line) for line in open(sys.argv[1])]
of_tcp = [e for e in events if e['kind'] == 'frame' and not e.get('udp') and not e.get('link')]
frames = [(e['from'], bytes.fromhex(e['bytes']), e['name']) for e in of_tcp
          if e.get('session') == of_tcp[0].get('session')]
listening = socket.create_server(('::1', int(sys.argv[3])), family=socket.AF_INET6)

def station():
    s, _ = listening.accept()
    side(s, 'SECC', frames)
    while s.recv(100):
        pass

other = threading.Thread(target=station)
other.start()
with socket.create_connection(('::1', int(sys.argv[2]))) as vehicle:
    side(vehicle, 'EVCC', frames)
other.join()
print(len(frames), 'frames', flush=True)
END

free_port() {
    python3 -c "import socket
s = socket.socket(socket.AF_INET6)
s.bind(('::1', 0))
print(s.getsockname()[1])"
}

through() { # FILE
    local keys=${1%.pcap}.keys vehicle station relay
    vehicle=$(free_port) station=$(free_port)
    [ -f "$keys" ] || keys=
    "$V2GLAB" decode --json ${keys:+--keylog "$keys"} "$1" >"$work/events" 2>"$work/err"
    "$V2GLAB" relay --ev "[::1]:$vehicle" --secc "[::1]:$station" -n 1 --tls off --no-record --ladder \
        >"$work/relay" 2>&1 &
    relay=$!
    for _ in $(seq 100); do
        grep -q "listens on .*:$vehicle" "$work/relay" && break
        sleep 0.1
    done
    timeout 60 python3 "$work/sides.py" "$work/events" "$vehicle" "$station" >"$work/sides" 2>&1
    wait "$relay"
}

say() { # STATUS NAME
    [ "$1" -eq 0 ] && echo "ok - $2" && return
    echo "not ok - $2"
    cat "$work/sides" "$work/err" "$work/relay" | grep -E 'otherwise|rror|signature|verdict' | sed 's/^/#   /' | cut -c 1-300
}

# capture; whose side the check is of; what is said of the signature
while IFS='|' read -r name leg words; do
    file=$CAPTURES/stacks/$name.pcap
    [ -f "$file" ] || { echo "ok - $name # SKIP there is no such capture" && continue; }
    if [ "${before-}" != "$name" ]; then
        through "$file"
        before=$name
        grep -q '^[1-9][0-9]* frames' "$work/sides" && ! grep -q otherwise "$work/sides"
        say $? "$name: all frames go through as they are"
    fi
    grep -qF "$leg's side: check $words" "$work/relay"
    say $? "$name: $words"
done <<'END'
ecog-ecog-iso2-dc-pnc-certinstall-tls|vehicle|passed: CertificateInstallationReq: the signature is valid: 1 signed element, and its value by the certificate 'OEMProvCert'
ecog-ecog-iso2-dc-pnc-certinstall-tls|vehicle|passed: AuthorizationReq: the signature is valid: 1 signed element, and its value by the certificate 'UKSWI123456791A'
ecog-ecog-iso2-dc-pnc-certinstall-tls|station|passed: ChargeParameterDiscoveryRes: the signature is valid: 1 signed element, and its value by the certificate 'PKI-Ext_CRT_MO_SUB2_VALID'
ecog-ecog-iso2-dc-pnc-certinstall-tls|station|failed: CertificateInstallationRes: the signature is broken: the digest of eMAID
evsev2g-ecog-iso2-dc-pnc-tls|vehicle|passed: AuthorizationReq: the signature is valid: 1 signed element, and its value by the certificate 'UKSWI123456791A'
ecog-ecog-iso20-dc-tls13|vehicle|failed: AuthorizationReq: the signature is broken: SignatureMethod is http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256
END
