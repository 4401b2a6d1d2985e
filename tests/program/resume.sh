#!/usr/bin/env bash
# A run that was stopped, killed or shortened ends, once resumed, with the weights of the
# undisturbed run, bit for bit.
. "$(dirname "$0")/lib.sh"

check() { # RANKS OPTIONS
    local n=$1 options=$2 whole half
    whole=$(ranks "$n" train $small $options | field final_weights_xxh3)
    rm -rf "$work/run"
    ranks "$n" train $small $options --steps 17 --out "$work/run" >/dev/null || fail "first half of $options"
    half=$(ranks "$n" train --resume "$work/run" --steps 0 --quiet --json | field final_weights_xxh3)
    [ -n "$whole" ] && [ "$whole" = "$half" ] || fail "$options on $n ranks: whole $whole, resumed $half"
}

check 1 "--rule momentum"
check 2 "--rule adam --rate 0.001 --schedule step:every=10"
check 3 "--exchange vote:tie=previous --rule signum --rate 0.003"
check 2 "--exchange ordered --rule nesterov:form=convex"
check 2 "--rule momentum:form=heavyball --validate 100"
check 2 "--rule nadam --rate 0.001 --penalty l1 --clip value:max=0.1"
check 2 "--rule rprop --rate 0.001 --schedule invsqrt --warmup 5 --rate-scaling sqrt"
check 3 "--exchange gather --codec sign --schedule step:every=10"
check 3 "--exchange gather:back=coded --codec sign:block=100 --schedule step:every=10"
check 2 "--exchange gather:memory=dgc --codec topk --rule sgd"
check 2 "--exchange powersgd --schedule step:every=10"
check 2 "--exchange gather:back=coded,warmup=10 --codec sign --rule onebit_adam:warmup=10 --rate 0.001"
check 3 "--exchange gather --aggregate centered_clip --rule local_momentum"

# Another rank count: fine without private state and with as many samples a step; else
# refused, with what to do.
rm -rf "$work/run"
ranks 2 train $small --steps 17 --out "$work/run" >/dev/null || fail "run on two ranks"
expect 8 "batch x accumulate x ranks = 64" ranks 3 train --resume "$work/run"
expect 8 "resume with --validate 0" ranks 2 train --resume "$work/run" --validate 9
ranks 1 train --resume "$work/run" --batch 64 --epochs 2 --json >"$work/out" 2>"$work/err" ||
    fail "resume on one rank: $(cat "$work/err")"
grep -q '"steps":46,' "$work/out" || fail "two epochs on one rank: $(cat "$work/out")"
ranks 1 train --resume "$work/run" --json 2>"$work/err" >"$work/out" || fail "resume of what is done"
grep -q "nothing is left to do" "$work/err" || fail "not said that nothing is left: $(cat "$work/err")"
# Its last lines, once; again after a kill that came before them.
for line in again killed; do
    [ "$(grep -c '"step":46,"name":"test/loss"' "$work/run/metrics.jsonl")" = 1 ] || fail "test/loss, $line"
    sed -i '/"step":46,"name":"test/d' "$work/run/metrics.jsonl"
    ranks 1 train --resume "$work/run" >"$work/out" 2>"$work/err" || fail "resume of what is done: $(cat "$work/err")"
done
rm -rf "$work/run"
ranks 2 train $small --exchange vote --rule signum --steps 17 --out "$work/run" >/dev/null
expect 8 "resume with 2" ranks 3 train --resume "$work/run"
rm -rf "$work/run"
ranks 2 train $small --exchange gather --codec sign --steps 17 --out "$work/run" >/dev/null
expect 8 "exchange.error" ranks 3 train --resume "$work/run"

# Another model, and a newest checkpoint that was altered.
rm -rf "$work/run"
ranks 2 train $small --checkpoint-every 10 --steps 25 --out "$work/run" >/dev/null
expect 8 "dense1.weight" ranks 2 train --resume "$work/run" --model mlp:hidden=25
newest=$(ls -d "$work"/run/checkpoints/step-* | tail -n 1)
before=$(ls -d "$work"/run/checkpoints/step-* | head -n 1)

# Ranks that find different checkpoints, as beside a run that goes on, score those of rank 0.
if [ -n "$MPIEXEC" ]; then
    alone=$("$TALLY" eval --checkpoint "$before" --json | field accuracy)
    beside=$(timeout 60 $MPIEXEC -n 1 "$TALLY" eval --checkpoint "$before" --json : \
        -n 1 "$TALLY" eval --checkpoint "$newest" --json | field accuracy)
    [ -n "$alone" ] && [ "$alone" = "$beside" ] || fail "step 20 scores $alone, beside another $beside"
fi
# A --start that each of two ranks finds on its own disk, and not the same, ends at once.
if [ -n "$MPIEXEC" ]; then
    for seed in 1 2; do
        mkdir "$work/disk$seed"
        (cd "$work/disk$seed" && "$TALLY" train $small --seed $seed --steps 2 --out first) >/dev/null 2>&1 ||
            fail "first weights of seed $seed"
    done
    onward="$TALLY train $small --steps 2 --start first"
    # shellcheck disable=SC2086
    expect 8 "rank 1 has read other first weights from first (.*) than rank 0" timeout 60 \
        $MPIEXEC -n 1 -wdir "$work/disk1" $onward : -n 1 -wdir "$work/disk2" $onward
fi
printf 'x' | dd of="$newest/weights.safetensors" bs=1 seek=1000 conv=notrunc 2>/dev/null
ranks 2 train --resume "$work/run" --steps 25 --json 2>"$work/err" >"$work/out" || fail "resume past an altered checkpoint"
grep -q "left aside" "$work/err" || fail "nothing said of the altered checkpoint: $(cat "$work/err")"
grep -q "resumed from step 20" "$work/err" || fail "not resumed from step 20: $(cat "$work/err")"

# A signal: the step is finished, a checkpoint written, the code is 75.
start() { # COMMAND...: in the background, until it trains
    rm -rf "$work/run"
    "$@" "$TALLY" train --data digits --epochs 100000 --out "$work/run" --quiet >"$work/out" 2>"$work/err" &
    pid=$!
    for _ in $(seq 100); do [ -f "$work/run/manifest.json" ] && break; sleep 0.1; done
    sleep 0.3
}

for signal in TERM HUP; do
    start env
    kill -$signal $pid
    wait $pid
    code=$?
    [ $code -eq 75 ] || fail "SIG$signal gave exit $code: $(cat "$work/err")"
    ls "$work"/run/checkpoints/step-* >/dev/null 2>&1 || fail "SIG$signal left no checkpoint"
done
start nohup
kill -HUP $pid
sleep 0.3
kill -0 $pid 2>/dev/null || fail "a run under nohup ended with its terminal: $(cat "$work/err")"
kill -TERM $pid
wait $pid
finish
