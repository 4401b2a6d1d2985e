#!/usr/bin/env bash
# against-peers.sh SOURCE TALLY — bench/against-peers runs, on the thousand rows of MNIST that
# Tally carries; what it cannot do it says.  No peer is needed.
set -u
source=${1:?say where the source is} tally=${2:?say where the program is}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

# says CODE WORDS ARGUMENTS...
says() {
    local code=$1 words=$2 got
    shift 2
    "$source/bench/against-peers" --tally "$tally" --rounds 1 --hidden 8 --rule momentum "$@" >"$work/out" 2>&1
    got=$?
    [ $got -eq "$code" ] || fail "exit $got, expected $code: $*: $(cat "$work/out")"
    grep -q -- "$words" "$work/out" || fail "no \"$words\": $*: $(cat "$work/out")"
}

for part in images-idx3 labels-idx1; do
    ln -s "$source/src/data/embedded/mnist1k-train-$part-ubyte.gz" "$work/train-$part-ubyte.gz"
    ln -s "$source/src/data/embedded/mnist1k-test-$part-ubyte.gz" "$work/t10k-$part-ubyte.gz"
done

says 0 "784-8-8-10 momentum x1 " --mnist "$work" --peers --ranks 1 -- steps start
grep -q "784-8-8-10 momentum x1 .*\[.*\[.*\[" "$work/out" || fail "no floor: $(cat "$work/out")"
says 0 "is left out: /bin/false cannot import" --mnist "$work" --python /bin/false --ranks 1 -- start
says 1 "holds no MNIST" --mnist "$work/none"
says 1 "is not one of steps, start, accuracy" --mnist "$work" -- stpes
says 1 "there is no program" --mnist "$work" --tally "$work/none"
says 1 "rounds 0 is less than 1" --mnist "$work" --rounds 0
exit $((failures > 0))
