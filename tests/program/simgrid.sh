#!/usr/bin/env bash
# The program on SimGrid's network: 8 ranks take as long as on sim where no two messages meet,
# and longer where they share links; and they train to the same bits.
. "$(dirname "$0")/lib.sh"

[[ $TALLY_HAS_SIMGRID == 1 ]] || {
    echo "SKIPPED: no SimGrid in this build (libsimgrid-dev, an MPI, no sanitizer)"
    exit 77
}
simgrid=$(dirname "$0")/../../launch/simgrid
cmake --build "$(dirname "$TALLY")" --target tally_simgrid >"$work/out" 2>&1 ||
    fail "tally_simgrid does not build: $(tail -n 20 "$work/out")"

# on_simgrid OPTIONS ARGUMENTS...
on_simgrid() {
    timeout 60 "$simgrid" -n 8 $1 "$(dirname "$TALLY")/tally-simgrid" "${@:2}" 2>"$work/err" ||
        fail "$*: $(tail -c 800 "$work/err")"
}

# The median of each row of bench exchange, in microseconds.
medians() { awk -F, 'NR > 1 { print $5 }'; }

ours="--csv --sizes 512KiB --repeats 1 --exchange allreduce:algorithm=ring --exchange allreduce:algorithm=halving"
"$TALLY" bench exchange --comm sim:ranks=8 $ours >"$work/csv" || fail "on sim"
head -n 1 "$work/csv" | cut -d, -f5 | grep -q median_us || fail "no medians: $(head -n 1 "$work/csv")"
medians <"$work/csv" >"$work/sim"
on_simgrid "" bench exchange $ours | medians >"$work/free"
on_simgrid "--backbone 8e-9" bench exchange $ours | medians >"$work/shared"
paste "$work/sim" "$work/free" "$work/shared" | awk '
    $2 < 0.995 * $1 || $2 > 1.005 * $1 { print "sim " $1 " us, SimGrid " $2 " us"; bad = 1 }
    $3 < 4 * $2 { print "one backbone for all: " $3 " us, without it " $2 " us"; bad = 1 }
    END { exit bad || NR != 2 }' || fail "medians on SimGrid"

train="train --data digits --steps 3 --strategy vote --rate 1e-3 --seed 1 --quiet --json"
there=$(on_simgrid "--node 2" $train | field final_weights_xxh3)
here=$("$TALLY" $train --comm sim:ranks=8,node=2 | field final_weights_xxh3)
[[ -n $here && $there == "$here" ]] || fail "weights $there on SimGrid, $here on sim"

# The comparison of formulas with both clocks: the same within 2 %, and the same weights.
"$(dirname "$0")/../../bench/prediction-check" simulated --shapes 16x1 --model mlp:hidden=16 --steps 2 --only \
    allreduce:algorithm=ring powersgd --tally "$TALLY" --simgrid "$(dirname "$TALLY")/tally-simgrid" --out "$work/runs" \
    >"$work/table" 2>"$work/err" || fail "prediction-check: $(tail -c 800 "$work/err")"
awk -F'|' '$3 ~ /ring|powersgd/ { rows++; for (i = 5; i <= 7; i++) if ($i < 0.98 * $4 || $i > 1.02 * $4) bad = 1 }
    $3 ~ /weights/ && $5 == $7 { same = 1 }
    END { exit bad || !same || rows != 2 }' "$work/table" || fail "formula, sim and SimGrid: $(cat "$work/table")"
finish
