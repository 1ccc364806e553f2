#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands of docs/running-suites.md do what it says.
. tests/cli/support
page=$PWD/docs/running-suites.md
mkdir "$work/bin"
ln -s "$(realpath "$V2GLAB")" "$work/bin/v2glab"
PATH=$work/bin:$PATH

# block WORD: the lines of code in the page that have that word, and those around them
block() {
    awk -v word="$1" '/^    / { block = block substr($0, 5) "\n"; next }
        block != "" { if (index(block, word)) printf "%s", block; block = "" }' "$page"
}

# A few cases will do; a run that goes on has those that it had.
recipe() { block "$1" | sed '/--resume/!s/v2glab test -q/v2glab test -q --no-record "DRV_DIN_SECC_*_seq"/'; }

cd "$work" || exit 1
export PARALLEL_HOME=$work/parallel
mkdir -p "$PARALLEL_HOME" && touch "$PARALLEL_HOME/will-cite"
recipe '::: 1 2 3 4' >commands
status=0
ran="the recipe of GNU parallel"
bash -eu commands >out 2>err || status=$?
wants "GNU parallel plays shards, and merge joins them" 0 out " passed, 0 failed, 0 inconclusive, 0 errors" not-out "not reached"
check "four of them" [ "$(find . -maxdepth 1 -name 'shard-*' | wc -l)" -eq 4 ]
whole=$(v2glab test --list -q 'DRV_DIN_SECC_*_seq' | wc -l)
check "each case once" [ "$(xmllint --xpath 'count(//testcase)' results.xml)" = "$whole" ]

# The script of an array's task, started twice: the second goes on with what there is.
recipe SLURM_ARRAY_TASK_ID | sed '/^job=/,$d' >task
rm -r shard-*
export SLURM_ARRAY_TASK_ID=3
bash -eu task >out 2>err
head -n 1 shard-3/results.jsonl >one
cp one shard-3/results.jsonl
status=0
bash -eu task >out 2>err || status=$?
wants "a task of Slurm's goes on where it was" 0 out " passed, 0 failed" not-out "not reached"

export JOB_COMPLETION_INDEX=1
recipe JOB_COMPLETION_INDEX | sed -n '/- |$/,/volumeMounts/p' | sed '1d; $d; s/^ *//' >pod
status=0
bash -u pod >out 2>err || status=$?
wants "a pod of an indexed job plays its shard" 0 out "results: shard-1"
