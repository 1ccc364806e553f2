#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of ISO 15118-2 that the ready-made station keeps, by id.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-rules
. tests/cli/support-rules

rules 118
# the vehicle of these cases looks at each response that it gets
grep '"kind":"violation"' "$record/events.jsonl" | grep -F '"from":"SECC"' >"$work/out"
[ $? -eq 1 ] && [ "$(grep -c '"code":"FAILED' "$record/events.jsonl")" -gt 100 ]
result $? "[V2G2-736] whatever the response code, each response has its elements, with lawful values"
