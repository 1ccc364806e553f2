#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/peers/run with peers that are v2glab itself, started as others are: what it tells of rows that
# come out as they should, that do not, and that cannot be played. shellcheck source=tests/cli/support
. tests/cli/support
"$V2GLAB" lab true 2>/dev/null || {
    echo "ok - tests/peers/run # SKIP no lab can be made"
    exit 0
}

mkdir -p "$work/peers/one" "$work/peers/two"
echo 'one 1.0' >"$work/peers/one/COMMIT"
cat >"$work/peers/one/evcc" <<'END'
#!/bin/sh
exec "$V2GLAB" ev -i "$PEER_INTERFACE" -P "$PEER_PROTOCOL" -m "$PEER_MODE" --set loops=2 --no-record -q
END
cat >"$work/peers/one/secc" <<'END'
#!/bin/sh
[ "$PEER_MODE" = ac ] || { echo 'skip: AC only' && exit 77; }
"$V2GLAB" evse -i "$PEER_INTERFACE" -P "$PEER_PROTOCOL" -n 1 --no-record -q && echo 'verdict: pass'
END
chmod +x "$work"/peers/one/*cc
{
    printf '#peer\trole\tprotocol\tmode\tpayment\ttls\tpeer options\tours\texpected\tnote\n'
    for row in 'one secc ISO15118-2 ac pass' 'one secc ISO15118-2 dc pass' \
        'one evcc DIN70121 dc pass' 'one evcc DIN70121 dc fails' 'two secc ISO15118-2 ac pass'; do
        read -r peer role protocol mode expected <<<"$row"
        printf '%s\t%s\t%s\t%s\tExternalPayment\toff\t-\t-\t%s\t\n' \
            "$peer" "$role" "$protocol" "$mode" "$expected"
    done
    while IFS='|' read -r role ours expected; do
        printf 'one\t%s\tISO15118-2\tac\tExternalPayment\toff\t-\t%s\t%s\t\n' "$role" "$ours" "$expected"
    done <<'END'
secc|relay --set ChargingStatusRes.EVSEMaxCurrent=7|pass
evcc|relay --set ChargingStatusRes.ResponseCode=OK|frames went otherwise
evcc|replay|pass
END
} >"$work/matrix.tsv"

MATRIX=$work/matrix.tsv tests/peers/run --one "$work/peers/one" --keep "$work/rows" >"$work/out" 2>"$work/err"
echo $? >"$work/code"
check "a row that did not come out as expected is an exit code of 1" [ "$(cat "$work/code")" = 1 ]
has() {
    check "$1" grep -qF -- "$2" "$work/out"
}
has "a station as a peer" 'ok - one secc ISO15118-2 ac'
has "a vehicle as a peer, by its exit code" 'ok - one evcc DIN70121 dc'
has "what a peer cannot do is skipped, with its reason" '# SKIP AC only'
has "what came out otherwise, and where its logs are" "not ok - one evcc DIN70121 dc ExternalPayment TLS=off: $work/rows/"
has "a peer that is not here" '# two is not here: its rows are skipped (--two DIR)'
has "a station behind a relay that changes a message, and no other" \
    'ok - one secc ISO15118-2 ac ExternalPayment TLS=off relay --set ChargingStatusRes.EVSEMaxCurrent=7'
has "a relay that leaves as it was what it should change is seen" \
    'ok - one evcc ISO15118-2 ac ExternalPayment TLS=off relay --set ChargingStatusRes.ResponseCode=OK'
has "a vehicle meets a station played again" 'ok - one evcc ISO15118-2 ac ExternalPayment TLS=off replay'
has "all in one line" '5 passed, 1 failed, 2 skipped'
grep -q 'SessionStopRes' "$work"/rows/001-one-secc/v2glab.log
result $? "the ladder of a row is kept"
