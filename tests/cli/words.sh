#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is said twice, in English and in Korean: nothing is missing, nothing is said of what is gone.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-page
. tests/cli/support-page

# found NAME LINES: fails where there are lines, and shows them
found() {
    if [ -z "$2" ]; then echo "ok - $1"; else
        echo "not ok - $1"
        echo "$2" | head -n 10 | sed 's/^/# /'
    fi
}

# ---- the reference ----

found "the reference has the same entries in both languages, in the same order" \
    "$(diff <(heads en) <(heads ko))"

# Key and places of each word: "header {1}"
places() {
    awk -F '\t' 'NF == 2 && !/^[# >]/ {
        printf "%s", $1
        for (i = 1; i <= 2; i++) if (index($2, "{" i "}")) printf " {%d}", i
        print ""
    }' "reference/$1.txt"
}
found "its words have the same places to be filled in" "$(diff <(places en) <(places ko))"

# What visible.lua does not see.
cat >"$work/known" <<'END'
Role.Address
Role.FixedProtocol
Role.Namespace
Role.Sign_AuthorizationReq
Role.Verify_AuthorizationReq
END
run run --print --unsafe tests/api/visible.lua
{
    cat "$work/known"
    sed -n 's/^visible //p' "$work/out" | sed 's/^Role\.Connect$/Evcc.Connect/; s/^Role\.Listen$/Secc.Listen/'
    sed -n 's/^    {"\([a-z_]*\)", [A-Z_]*, \(AT\|NOWHERE\).*/TlsOptions.\1/p' src/session/tls_choice.c |
        grep -vE '\.(cert|key|roots|pki)$'
} | sort -u >"$work/visible"
heads en | grep -E '^[A-Z]|^(print|assert|require|any|near|at_least|at_most)$' | grep -v '^class \|^global ' | sort >"$work/described"
diff "$work/visible" "$work/described" | sed -n 's/^< /# nowhere described: /p; s/^> /# seen by no script: /p' >"$work/diff"
cat "$work/diff"
[ -s "$work/visible" ] && [ ! -s "$work/diff" ]
result $? "what a script can see is described, and nothing else is"

bad=0
words=$(grep -P '^[a-zA-Z0-9._]+\t' reference/en.txt | cut -f 1)
for word in $words; do
    [ "${word#does.}" != "$word" ] || grep -qF "\"$word\"" src/reference/*.c src/suite/listing.c src/app/docs.c || { bad=1; echo "# not used: $word"; }
done
for word in $(cat src/reference/docs_*.c | grep -oE '(docs_word|docs_row|prose_say|prose_word)\([^";]*"[a-z._]+"' | grep -oE '"[a-z._]+"' | tr -d '"' | sort -u); do
    grep -qxF "$word" <<<"$words" || { bad=1; echo "# no such word: $word"; }
done
result $bad "words that are printed are there, and no others"

# ---- guides ----

# What a page tells to type, besides the language; how fast it is stands in English alone.
commands() {
    # shellcheck disable=SC2016 # backquotes
    sed '/^## Speed/,$d' "$1" | grep -ohE '`(v2glab|make)[^`]*`|^    (make|v2glab) .*' | sed 's/ --lang ko//; s/^ *//' | tr -d '`' | sort -u
}
found "both READMEs have the same commands" "$(diff <(commands README.md) <(commands docs/ko/README.md))"

# The rules that a page names from a heading up to another one, which may be the end.
cited() { sed -n "/^## $2/,/^## $3/p" "$1" | grep -oE '\[V2G[^]]+\]' | sort -u; }
found "both pages of behaviour name the same rules" "$(diff <(cited docs/behaviour.md 'What the station' '$') \
    <(cited docs/ko/behaviour.md '충전기가 하는 것' '$'))"

# Headings, rows of tables, and commands: what a page in Korean would lack.
shape() { sed 's/^ *#.*/#/; s/^|.*/|/; s/^    \(v2glab\|make\) .*/$/; s/^v2glab .*/$/' "$1" | grep -xE '[#|$]' | sort | uniq -c; }
for page in faults personas tls plug-and-charge running-suites reading; do
    found "docs/ko/$page.md has the headings, rows and commands of docs/$page.md" \
        "$(diff <(shape docs/$page.md) <(shape docs/ko/$page.md))"
done
found "docs/ko/peers.md has the rows of SLAC in docs/peers.md" "$(diff \
    <(sed -n '/^## SLAC/,/^## What could/p' docs/peers.md | grep -c '^|') <(grep -c '^|' docs/ko/peers.md))"
# links FILE: what it points at among the pages and is not there
links() { grep -oE '\]\([a-zA-Z.][^):#]*' "$1" | cut -c 3- | while read -r to; do [ -e "$(dirname "$1")/$to" ] || echo "$1: $to"; done; }
found "pages in Korean point at what is there" "$(for page in docs/ko/*.md; do links "$page"; done)"

# ---- doc lines ----

found "no doc line is told twice" "$(for file in schema/ko/*.txt; do
    cut -f 1 "$file" | grep -v '^#' | grep . | sort | uniq -d | sed "s|^|$file: |"
done)"
found "doc lines in Korean are Korean" "$(LC_ALL=C grep -nP '^[^#\t]+\t[\x00-\x7F]*$' schema/ko/*.txt)"

# ---- what the program says ----

TABLE=reference/ko-messages.txt
export LC_ALL=C # for sort, comm and grep
grep -v '^#' $TABLE | grep . | cut -f 1 | sort >"$work/said"
found "no message is told twice" "$(uniq -d "$work/said")"
found "every message of an error is told in Korean" \
    "$(tools/messages formats src/*/*.c | sort | comm -23 - "$work/said")"

# What cases, the operator, the judgement of deviations and replays say. Not said: names of mutations and
# keys, values alone, and what would fit half of all sentences.
LUA='lua/test/bearer.lua lua/test/behaviour.lua lua/test/beside.lua lua/test/case.lua
    lua/test/chance.lua lua/test/device.lua lua/test/driving.lua lua/test/endures.lua lua/test/line.lua lua/test/listening.lua
    lua/test/matching.lua lua/test/pics.lua lua/test/plan.lua lua/test/play.lua lua/test/schedules.lua
    lua/test/spelling.lua lua/test/station.lua lua/test/suite.lua lua/test/transport.lua
    lua/test/vehicle.lua lua/test/way.lua lua/v2g/judge.lua lua/v2g/judgements.lua lua/v2g/replay.lua
    lua/replay/blocks.lua lua/replay/outcome.lua lua/replay/read.lua'
# shellcheck disable=SC2086 # words
tools/messages lua $LUA >"$work/lua"
found "what cases and judgements say is told in Korean" "$(sort "$work/lua" | comm -23 - "$work/said" |
    grep -vE '^(frame|pilot|link) [a-z]+$|^(%s| )?(set|header|poor|same|value|without|no|with) %s$|^%sS.*[0-9]$|\.' |
    grep -vE '^(after|fields|within) ([a-z_]+ ?)+$|^set [A-Z]|^with (a tariff|12 entries)|^for a day|^in the network' |
    grep -vE '^(%s )?(after|and) $|^%s (for %d s|with %s( = %s)?)$|^%s, at %s: %s$|^%s (= )?%s; [a-z ]+ %s$|^no %s%s$|^%d ms$|^(again|clip|from|put|rounds of) %s$|^the end$|^and then $|--probe|not claimed: \{\}|^attempt to call|^  %s: %s')"

# Of a message that no text is whole (it is put together, or a paragraph of one): its parts between
# values and lines have to be somewhere.
{
    tools/messages texts src/*/*.[ch] && cat lua/*.lua lua/*/*.lua && tools/messages lua lua/*/*.lua
    # what Lua's own library says of arguments
    printf '%s\n' "bad argument # to '' ()" ' expected, got ' 'stack overflow ()'
} >"$work/texts"
found "what is told in Korean is still said" "$(sort -u "$work/texts" | comm -23 "$work/said" - | awk '
    NR == FNR { all = $0; next } # whole, by its RS
    {
        n = split($0, part, /%[-+ #0-9.*]*[hlzjI]*[a-zA-Z]|\\n/)
        for (i = 1; i <= n; i++) {
            gsub(/^[^a-zA-Z]+|[^a-zA-Z]+$/, "", part[i])
            if (length(part[i]) < 4 || part[i] ~ /^default / || index(all, part[i])) continue
            print $0 " <- " part[i]
            break
        }
    }' RS='\001' "$work/texts" RS='\n' -)"
found "as many values in Korean as in English, at most" "$(grep -v '^#' $TABLE | grep . | awk -F '\t' '
    {
        values = gsub(/%[-+ #0-9.*]*[hlzjI]*[a-zA-Z]/, "", $1)
        for (i = values + 1; i <= 9; i++) if (index($2, "{" i "}")) { print; break }
    }')"

# Help without examples and names: lines that are the same in both languages are not translated.
same_help() {
    comm -12 <("$V2GLAB" "$@" --help --lang en | sort -u) <("$V2GLAB" "$@" --help --lang ko | sort -u) |
        grep -E '[a-z]{2,},? [a-z]{2,},? [a-z]{2,}' | grep -vE "^ +(v2glab|echo|tshark)|v2glab [a-z]+ [A-Z[]"
}
found "the help of all commands is told in Korean" "$(same_help
for command in $("$V2GLAB" --help --lang en | awk '/^commands/ { on = 1 } on && /^  [a-z]/ { print $1 } /^options/ { exit }'); do
    same_help "$command"
done
for command in make show list ocsp; do same_help pki $command; done)"

# ---- where it shows ----

cat >"$work/first.lua" <<'END'
Evcc.Send_SessionSetupReq_001()
Evcc.Receive_SessionSetupRes_001()
Evcc.Check_SessionSetupRes_ResponseCode('FAILED')
Evcc.Send_ServiceDiscoveryReq_001()
Evcc.Receive_SessionStopRes_001()
END
both="run --virtual-time $work/first.lua --against evse"
# shellcheck disable=SC2086 # words
run $both --lang ko -o "$work/ko"
wants "the ladder and its verdict" 1 out '확인 실패: SessionSetupRes_ResponseCode: 기대한 것' \
    out '판정: 불합격: ' out '기대한 것 SessionStopRes, 나온 것 ServiceDiscoveryRes (ResponseCode OK) (프레임 31' \
    out '이쪽에서 닫음' out 'TLS 없음' not-out verdict
# shellcheck disable=SC2086 # words
run $both -o "$work/en"
wants "English is what is said otherwise" 1 out 'verdict: fail: '
check "and what is recorded, in any language" cmp "$work/en/events.jsonl" "$work/ko/events.jsonl"
run ev --persona wrong-session-id --virtual-time --lang ko --no-record
wants "what Lua judges a deviation by" 1 out '세션의 것이 아닌 SessionID의 요청을 보낸다: 기대한 것 V2G_EVCC_Msg_Timeout 안에' \
    out '그 뒤에 TCP_Connection_Termination_Timeout (5000 ms) 안의 연결의 끝' out 'ms 뒤 연결이 끝났다' \
    not-out expected not-out found
run test --lang ko --sut secc --no-record -o "$work/results" TC_SECC_AC_VTB_ServiceDiscovery_001
wants "the summary of a test" 0 out '합격         TC_SECC_AC_VTB_ServiceDiscovery_001' \
    out '합격 1, 불합격 0, 판정 불가 0, 오류 0, 적용 안 됨 0' out '결과: '
# A case that notices little, one that does not get to where it begins, and one that fails, in both languages.
{ own_suite 'own'; cat <<'END'; } >"$work/own.lua"
cases 'own_deaf' { given = 'ServiceDiscoveryRes', doubt = 'either code is sensible', then_ = function(it)
    it:sends 'ServiceDiscoveryReq'
    pcall(it.expects, it, 'ServiceDiscoveryRes')
    it.steps[#it.steps].verdict = 'pass'
end }
cases 'own_lost' { given = 'ServiceDiscoveryRes', station = { silent_at = 'SessionSetup' }, then_ = function() end }
cases 'own_open' { given = 'ServiceDiscoveryRes', then_ = function(it)
    it:expects_any({ { 'SessionStopRes', { ResponseCode = 'FAILED' } }, 'end' }, { within = 100 }) end }
END
for language in en ko; do
    run test --lang $language --mutate -o "$work/test-$language" --no-record --html "$work/test-$language.html" --virtual-time \
        --file "$work/own.lua" 'own_*'
done
wants "mutants and steps of a test" 1 out '살아남음     own_deaf' out 'ServiceDiscoveryRes, ' out ': 너무 늦음: 합격' \
    out 'ServiceDiscoveryRes(으)로 가는 길: ' out '기대한 것 FAILED인 SessionStopRes 또는 연결의 끝, 나온 것 없음' \
    not-out survives not-out 'on the way' not-out ', or '
# The keys of an object have no order.
members() { tr ',{}[]' '\n' <"$work/test-$1/results.jsonl" | sort; }
found "what is recorded of a test is the same" "$(diff <(members en) <(members ko))"
holds "a report has both, of steps, causes, mutants and doubts" "$work/test-en.html" \
    '(by_id["own_lost"][0][5][5], [m["mutation"]["text_ko"].rsplit(": ", 1)[1] for m in by_id["own_deaf"][1]["mutants"] if m["mutation"].get("kind") == "late"],
      [s["expected_ko"] for s in by_id["own_open"][1]["steps"] if "expected_ko" in s], plan["cases"][0]["doubt_ko"])' "('SessionSetupReq에 제때 응답이 없다', ['너무 늦음'], ['FAILED인 SessionStopRes 또는 연결의 끝'], '두 코드 모두 타당하다')"
printf 'schema x\nmessage Foo\n' >"$work/x.schema"
run schema check --lang ko "$work/x.schema"
wants "what a description has wrong" 1 err "2: 'namespace' 앞에 'message'이(가) 있다"
run decode --lang ko 8098022E74FF44AAECF83E11F0
wants "what is wrong with a message, behind its place" 1 err 'bit 104: 입력이 여기서 (13바이트) 문서의 중간에 끝난다'
run ev --virtual-time --set loops=2 -o "$work/played"
run replay --lang ko "$work/played" --virtual-time --no-record --against evse --with dc.max_voltage=300
wants "how a replay ends" 0 out '캡처와 같다: 멈춤: Terminate; 값 3개가 캡처의 것이 아니다; 값 4개를 한도로 줄였다'
run script --lang ko --session 7 "$work/played"
wants "and that there is no such session" 1 err '세션 7이(가) 없다; 1에서 1까지여야 한다'
roles() { "$V2GLAB" pki list --roles --lang "$1"; }
found "the roles of certificates are told in Korean" "$(comm -12 <(roles en | sort) <(roles ko | sort))"
run pki make --lang ko --for iso15118-2 --fault secc-leaf=expired "$work/pki"
wants "what was made of certificates" 0 out '  secc-leaf: 유효 기간이 어제 끝났다' not-out certificates
run pki show --lang ko "$work/pki/iso15118-2/secc-leaf.chain.pem"
wants "and what is wrong with them" 1 out ': 인증서 3개, ISO 15118-2' out '오류: 인증서 1 (secc-leaf): ' out '에 만료되었다 (RFC'
run --lang=ko run --bar
wants "a wrong use" 3 err '오류: 모르는 옵션 --bar; v2glab run --help 참조'
# locale NAME=VALUE... LANGUAGE: what the locale makes of the help
locale() {
    language=${*: -1}
    set -- "${@:1:$#-1}"
    ran="v2glab ev --help with $*"
    status=0
    env -u LC_ALL -u LC_MESSAGES -u LANG "$@" "$V2GLAB" ev --help >"$work/out" 2>"$work/err" || status=$?
    if [ "$language" = ko ]; then wants "Korean by $*" 0 out '사용법: '; else wants "English by $*" 0 out 'usage: '; fi
}
locale LANG=ko_KR.UTF-8 ko
locale LANG=ko ko
locale LANG=en_US.UTF-8 LC_MESSAGES=ko_KR.utf8 ko
locale LANG=ko_KR.UTF-8 LC_ALL=C.UTF-8 en
locale LANG=ko_KR.EUC-KR en
locale LANG=kok_IN.UTF-8 en
run ev --lang fr
wants "a language that is not there" 3 err '--lang fr: expected en or ko'
head -c 3000 /dev/zero | tr '\0' ':' | sed 's/:/: /g' >"$work/colons"
run ev --lang ko --persona "$(cat "$work/colons")"
wants "a text that nearly fits much is said, too" 3 err '오류: '
