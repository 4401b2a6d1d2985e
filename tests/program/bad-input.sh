#!/usr/bin/env bash
# Each wrong input gets one sentence, said once, and its exit code; nothing hangs.
. "$(dirname "$0")/lib.sh"

expect 2 "did you mean --batch" ranks 2 train --bacth 3
expect 2 "did you mean adam" ranks 2 train --rule adm
expect 2 "is not in \[0, 1)" ranks 2 train --rule adam:beta2=1.5
expect 2 "has no option" ranks 2 train --exchange vote:ties=coin
expect 2 "consistency ssp:.* is for trainer server, not lockstep" ranks 2 train --consistency ssp
for spec in --exchange=vote --aggregate=median; do
    expect 2 "${spec#--*=}.* is for trainer lockstep, not server" ranks 2 train --trainer server "$spec"
    expect 2 "${spec#--*=}.* is for trainer lockstep, not admm" ranks 2 train --strategy pdadmm "$spec"
done
expect 2 "codec sign.* is for trainer lockstep or server, not admm" ranks 2 train --trainer admm --codec sign
expect 2 "codec sign.* is for exchange gather, not vote: leave --codec out" ranks 2 train --exchange vote --codec sign
expect 2 "vote:aggregate=median: .*aggregate median.* is for exchange gather" ranks 2 bench train --compare vote:aggregate=median,pdadmm
expect 2 "dir is required" ranks 2 train --data idx
expect 3 "is not a folder" ranks 2 train --data "idx:dir=$work/nowhere"
expect 2 "validate" ranks 2 train --validate 100000
expect 2 "did you mean train" "$TALLY" trian

# Files that are not what they should be.
mkdir "$work/idx"
for f in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do : >"$work/idx/$f"; done
expect 4 "empty" ranks 2 train --data "idx:dir=$work/idx"

# Places that cannot be written.
mkdir "$work/file" && : >"$work/file/f"
expect 3 "$work/file/f" ranks 2 train --quiet --out "$work/file/f/run"

# A folder that holds a run, and one that is in use.
ranks 2 train $small --steps 3 --out "$work/run" >/dev/null 2>&1 || fail "a run of three steps"
expect 9 "holds a run" ranks 2 train --quiet --out "$work/run"
expect 3 "$work/none" ranks 2 train --resume "$work/none"
"$TALLY" train --data digits --epochs 100000 --quiet --out "$work/busy" 2>/dev/null &
pid=$!
for _ in $(seq 100); do [ -f "$work/busy/manifest.json" ] && break; sleep 0.1; done
expect 9 "$work/busy" ranks 2 train --resume "$work/busy" --quiet
kill -9 $pid
wait $pid 2>/dev/null

# Rates that diverge: rank, step and tensor are named.
expect 7 "the loss of step" ranks 2 train --data digits --rate 1e30 --rule sgd --quiet
for codec in natural qsgd sign; do # whose messages cannot say NaN, with and without a memory
    ranks 2 train --data digits --rate 1e30 --exchange gather --codec "$codec" --quiet 2>"$work/err"
    code=$?
    [ "$code" -eq 7 ] || fail "exit $code of diverged $codec: $(cat "$work/err")"
    grep -q "what rank [01] says is lost: codec $codec" "$work/err" || fail "diverged $codec: $(cat "$work/err")"
done

# Weights whose loss is no number are scored, and said to have none.
"$TALLY" train --data digits --rate 1e30 --rule sgd --steps 1 --quiet --out "$work/wild" >/dev/null 2>&1
"$TALLY" eval --checkpoint "$work/wild" >"$work/out" 2>"$work/err" || fail "eval of wild weights: $(cat "$work/err")"
grep -q "^test accuracy [0-9.]* %, loss not finite on [0-9]* samples, weights of step 1$" "$work/out" ||
    fail "eval of wild weights: $(cat "$work/out")"

# More ranks than samples in a step, and than rows to evaluate, still train.
ranks 8 train --data digits --batch 1 --steps 3 --quiet --json >"$work/out" 2>"$work/err" || fail "8 ranks: $(cat "$work/err")"

# Processes that do not know of each other.
OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=0 expect 8 "launch" "$TALLY" train --comm self --quiet
finish
