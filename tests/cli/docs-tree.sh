#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# v2glab docs --all: the tree of all pages, as HTML and Markdown, and the examples that stand in it.
# shellcheck source=tests/cli/support
. tests/cli/support

tree=$work/tree
run docs --all "$tree"
wants "the tree of all pages is written" 0
[ "$(du -sk "$tree" | cut -f 1)" -lt 10000 ]
result $? "in less than 10 MB"
# unpacked PAGE: what it has below its title, where that is packed
unpacked() {
    sed -n 's/.*<script id="packed" type="application\/gzip">\(.*\)<\/script>.*/\1/p' "$1" | base64 -d | gunzip
}
unpacked "$tree/en/evcc-iso15118-2-ChargeParameterDiscovery.html" >"$work/unpacked"
run docs --message ChargeParameterDiscovery --role evcc --format html
grep -o '<h3 id="[^"]*"' "$work/out" | sort >"$work/wanted"
grep -o '<h3 id="[^"]*"' "$work/unpacked" | sort >"$work/found"
[ "$(wc -l <"$work/wanted")" -gt 100 ] && cmp -s "$work/wanted" "$work/found"
result $? "long pages are packed, whole"
grep -q 'Send_ChargeParameterDiscoveryReq_001()</code></a></td><td class="none">-</td><td class="none">-</td>' \
    "$work/unpacked" && grep -q '[.]none.*display:none' "$tree/reference.css"
result $? "a function without parameters has no cell of them in narrow windows"
sed "s/referenceNames('\(.*\)');/\1/" "$tree/names.js" | base64 -d | gunzip >"$work/names"
grep -qx '>evcc-iso15118-2-SessionStop.html' "$work/names" &&
    grep -qx 'Evcc.Set_SessionStopReq_ChargingSession' "$work/names" &&
    [ "$(grep -c . "$work/names")" -gt 20000 ]
result $? "all functions can be searched"
if command -v chromium >/dev/null; then
    # what a reader would do: types into the field of a long page
    { sed 's/<\/body>.*//; s/<\/html>//' "$tree/en/secc-iso15118-2-ChargingStatus.html" && cat <<'END'; } >"$tree/en/typed.html"
<script>
addEventListener('load', () => {
    const input = document.querySelector('input[type=search]')
    input.dispatchEvent(new Event('focus'))
    input.value = 'sessionstop chargingsession'
})
</script></body></html>
END
    HOME=$work timeout 60 chromium --headless --no-sandbox --disable-gpu --virtual-time-budget=10000 \
        --dump-dom "file://$tree/en/typed.html" >"$work/dom" 2>/dev/null
    grep -q 'Secc\.<wbr>Set_<wbr>Charging<wbr>Status<wbr>Res_<wbr>' "$work/dom"
    result $? "names break behind _ and before capitals"
    grep -q 'href="evcc-iso15118-2-SessionStop.html#Evcc.Set_SessionStopReq_ChargingSession"' "$work/dom"
    result $? "the search finds, from file://"
    rm "$tree/en/typed.html"
else
    echo "ok - the reference in a browser # SKIP there is no chromium"
fi
run docs --all "$tree" --format md
wants "the same in Markdown" 0
count=$(find "$tree" -name '*-iso15118-2-*.html' | wc -l)
[ "$count" -eq 68 ]
result $? "two roles, two languages of 17 topics of ISO15118-2 (found $count)"
bad=0
while read -r link; do
    [ -e "$link" ] || { bad=1; echo "# $link"; }
done < <(grep -roE 'href="[^"#]+|\]\([^)#]+' "$tree" |
    sed -E 's/[^\/]*:(href="|\]\()//' | sort -u)
result $bad "every link leads to a page"

# The rules of a message lead to the page of rules, and from there back to the message's page.
for language in en ko; do
    grep -hoE 'requirements\.html#[^"]+' "$tree/$language"/*.html | sed 's/.*#//' | sort -u >"$work/links"
    grep -oE ' id="[^"]+"' "$tree/$language/requirements.html" | cut -d '"' -f 2 | sort >"$work/anchors"
    [ -s "$work/links" ] && [ -z "$(uniq -d "$work/anchors")" ] &&
        [ -z "$(comm -23 "$work/links" "$work/anchors")" ] &&
        grep -q 'href="evcc-iso15118-20-DC_PreCharge.html#DC_PreChargeReq"' "$tree/$language/requirements.html"
    result $? "rules of messages lead to the page of rules, and back ($language)"
done

if command -v xmllint >/dev/null; then
    xmllint --noout "$tree"/*.html "$tree"/*/*.html 2>"$work/err"
    result $? "HTML is well-formed"
else
    echo "ok - HTML is well-formed # SKIP there is no xmllint"
fi
grep -lE '(src|href)="[a-z]+:' "$tree"/*/*.html >"$work/out"
[ ! -s "$work/out" ]
result $? "and needs nothing from elsewhere"

# What stands between the call and the table of a function that is about an element.
awk '
    FNR == 1 { fences = 0; wanted = 0 }
    /^### `/ { wanted = /\.(Set|Get|Check|Exist|Add)_/ && !/Check_Received/; fences = 0; lines = 0; name = $0 }
    /^```/ { fences++; next }
    wanted && fences == 2 && /^\|/ {
        if (bad || lines < 2) { print "# " FILENAME ": " name; failed = 1 }
        wanted = 0; bad = 0
    }
    wanted && fences == 2 && /[^ ]/ { lines++; if ($0 !~ /[^ -~]/) bad = 1 }
    END { exit failed }' "$tree"/ko/*-*.md
result $? "Korean pages say in Korean what every element is"

# ---- examples ----

# example PAGE: writes the page's scripts, headers and XML to $work/N.lua, N.length, N.xml
example() {
    awk -v dir="$work" '
        /^#### Script/ { n++; what = "lua" }
        /^#### XML Example/ { what = "xml" }
        /^\| (Payload|Frame) Length/ { print $5 >(dir "/" n ".length") }
        /^```/ { inside = !inside; if (!inside) what = ""; next }
        inside && what != "" { print >(dir "/" n "." what) }
        END { print n + 0 }' "$1"
}

if "$V2GLAB" run --help >/dev/null 2>&1; then
    bad=0
    tried=0
    for page in "$tree"/en/*-*-*.md; do
        case $page in
        */types-*) continue ;;
        *-iso15118-20-ac-der-iec-*) protocol=ISO15118-20-AC-DER-IEC ;;
        *-iso15118-20-ac-der-sae-*) protocol=ISO15118-20-AC-DER-SAE ;;
        *-iso15118-20-*) protocol=ISO15118-20 ;;
        *-iso15118-2-*) protocol=ISO15118-2 ;;
        *-din70121-*) protocol=DIN70121 ;;
        *) protocol=AppProtocol ;;
        esac
        rm -f "$work"/[12].*
        scripts=$(example "$page")
        for ((i = 1; i <= scripts; i++)); do
            xml=$(<"$work/$i.xml") id='' time=''
            [[ $xml =~ SessionID\>([0-9A-F]*)\< ]] && id=${BASH_REMATCH[1]}
            # the session puts the present time into the headers of ISO 15118-20
            [[ $xml =~ :TimeStamp\>([0-9]*)\< ]] && time=${BASH_REMATCH[1]}
            if [ -n "$time" ]; then
                send=$(tail -n 1 "$work/$i.lua")
                setter=${send/.Send_/.Set_}
                sed -i "1i ${setter%_001()}_Header_TimeStamp($time)" "$work/$i.lua"
            fi
            run run --print --protocol "$protocol" ${id:+--session-id "$id"} "$work/$i.lua"
            tried=$((tried + 1))
            printed=$(<"$work/out")
            if [ "$status" -ne 0 ] || [[ $printed != *"$(<"$work/$i.length")"* ]] ||
                [ "<?xml${printed#*<\?xml}" != "$xml" ]; then
                bad=1
                echo "# $page: $ran"
                cat "$work/err"
            fi
        done
    done
    [ $tried -gt 120 ] || bad=1
    result $bad "the examples of the pages give the header and the XML shown there ($tried)"
else
    echo "ok - the examples of the pages # SKIP there is no v2glab run"
fi
