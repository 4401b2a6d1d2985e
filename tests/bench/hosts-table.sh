#!/usr/bin/env bash
# hosts-table.sh SOURCE TALLY — bench/hosts-table runs, on the thousand rows of MNIST that Tally
# carries, and as many bytes cross the links as every strategy announces, headers allowed for.
# Needs no peer; where namespaces cannot be made it is skipped (77).
set -u
source=${1:?say where the source is} tally=${2:?say where the program is}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
export CLUSTER=h$$ PYTHONDONTWRITEBYTECODE=1

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

# says CODE WORDS ARGUMENTS...
says() {
    local code=$1 words=$2 got
    shift 2
    "$source/bench/hosts-table" --tally "$tally" --python /bin/false --out "$work/out" "$@" >"$work/said" 2>&1
    got=$?
    [ $got -eq "$code" ] || fail "exit $got, expected $code: $*: $(cat "$work/said")"
    grep -q -- "$words" "$work/said" || fail "no \"$words\": $*: $(cat "$work/said")"
}

for part in images-idx3 labels-idx1; do
    ln -s "$source/src/data/embedded/mnist1k-train-$part-ubyte.gz" "$work/train-$part-ubyte.gz"
    ln -s "$source/src/data/embedded/mnist1k-test-$part-ubyte.gz" "$work/t10k-$part-ubyte.gz"
done
says 1 "holds no MNIST" --mnist "$work/none"
says 1 "there is no program" --mnist "$work" --tally "$work/none"
says 1 "3 steps" --mnist "$work" --steps 3
says 2 "invalid choice: 'vtoe'" --only vtoe
mkdir "$work/torn"
echo '{"key": ["steps"' >"$work/torn/runs.jsonl"
says 1 "runs.jsonl:1: the line is no whole run" --mnist "$work" --out "$work/torn"

skip() {
    echo "SKIPPED: $*"
    exit $((failures > 0 ? 1 : 77))
}

[[ ${MPIEXEC:-} == *mpirun* || ${MPIEXEC:-} == *mpiexec* ]] || skip "there is no mpirun"
mpirun --version 2>/dev/null | grep -q "Open MPI" || skip "launch/cluster knows Open MPI's mpirun"
why=$("$source/launch/cluster" can 2>&1) || skip "$why"

says 0 "PyTorch (Debian: python3-torch): Tally alone" --mnist "$work" --quick --rate none
[ "$(grep -c "^| [a-z].* | 1\.0[0-9][0-9] |$" "$work/out/table.md")" -eq 11 ] ||
    fail "not a ratio for each strategy: $(cat "$work/out/table.md")"
[ ! -e "$work/out/picture.svg" ] || grep -q "powersgd rank 1" "$work/out/picture.svg" || fail "the picture is empty"
# What was measured is kept, and what does not fit is told.
sed -i 's/"announced": [0-9.]*\(.*"vote"\)\?/"announced": 1000\1/' "$work/out/runs.jsonl"
says 1 "vote: 1000 bytes announced" --mnist "$work" --quick --rate none --only vote
exit $((failures > 0))
