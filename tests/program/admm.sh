#!/usr/bin/env bash
# Layer by layer: the same bits on ten ranks, after a stop and after a kill -9; the weights are
# an ordinary net's, which eval scores and a gradient goes on from; and what is refused.
. "$(dirname "$0")/lib.sh"

ten="--strategy pdadmm --model mlp:hidden=12x12x12x12x12x12x12x12x12 --threads 1 --quiet --json"
few="--strategy pdadmm --model mlp:hidden=24x24x24 --threads 1 --quiet --json"
many=10
case $MPIEXEC in *oversubscribe* | "") ;; *) many=4 ;; esac # ranks of other launchers spin

hash_of() { # RANKS OPTIONS...
    ranks "$@" 2>"$work/err" | field final_weights_xxh3
}

same() { # WHAT ONE OTHER
    [ -n "$2" ] && [ "$2" = "$3" ] || fail "$1: \"$2\" and \"$3\": $(cat "$work/err")"
}

for quantize in none pq; do
    options="train $ten --trainer admm:mu=0.01,iterations=10x10x20,quantize=$quantize"
    same "1 and $many ranks, quantize=$quantize" "$(hash_of 1 $options)" "$(hash_of "$many" $options)"
done

# Stopped in the second stage: the same end, score and weights.
stop() { # RANKS TRAINER
    local n=$1 whole rest
    shift
    rm -rf "$work/run"
    whole=$(hash_of "$n" train $few --trainer "$1")
    hash_of "$n" train $few --trainer "$1" --steps 13 --out "$work/run" >/dev/null
    rest=$(hash_of "$n" train --resume "$work/run" --steps 0 --quiet --json)
    same "$n ranks, $1, whole and stopped" "$whole" "$rest"
}

stop 2 admm:iterations=10x20,quantize=p
stop 1 admm:method=dladmm,iterations=20
stop 2 admm:method=mdlam,iterations=20

# One of two ranks killed behind its first checkpoint: on from there, to the same end.
long="train $few --trainer admm:iterations=50x400,every=10 --out $work/killed"
rm -rf "$work/run"
whole=$(hash_of 2 train $few --trainer admm:iterations=50x400,every=10)
ranks 2 $long >"$work/out" 2>"$work/err" &
job=$!
for _ in $(seq 600); do
    ls -d "$work"/killed/checkpoints/step-*0 >/dev/null 2>&1 && break
    sleep 0.02
done
kill -9 "$(pgrep -f "^[^ ]*tally train.*$work/killed" | tail -n 1)" 2>/dev/null
wait $job 2>/dev/null
grep -q final_weights "$work/out" && fail "the run was over before it was killed"
same "whole and killed" "$whole" "$(hash_of 2 train --resume "$work/killed" --quiet --json)"
expect 8 "resume with 2" ranks 3 train --resume "$work/killed"

# An ordinary net's weights: eval's score, and a gradient goes on from them.
done=$(ranks 2 train $few --trainer admm:iterations=60 --out "$work/net" 2>"$work/err" | tail -n 1)
accuracy=$(echo "$done" | field test_accuracy)
same "eval and train" "$accuracy" "$("$TALLY" eval --checkpoint "$work/net" --json 2>"$work/err" | field accuracy)"
onward="train --model mlp:hidden=24x24x24 --rule adam --epochs 3 --threads 1 --quiet --json --start $work/net"
same "no step on and the end" "$accuracy" "$("$TALLY" $onward --rate 1e-12 2>"$work/err" | field test_accuracy)"
further=$("$TALLY" $onward --rate 1e-3 2>"$work/err" | field test_loss)
awk -v before="$(echo "$done" | field test_loss)" -v after="$further" \
    'BEGIN { exit !(after > 0 && after < before) }' || fail "a gradient made $done to a loss of \"$further\""

# Its own steps go on from them, too, where nothing is drawn; else they say so.
drawn="train $few --trainer admm:deviation=0,grow=none,iterations=1"
from=$(ranks 2 $drawn --start "$work/net" 2>"$work/err" | field final_weights_xxh3)
[ -n "$from" ] || fail "no start: $(cat "$work/err")"
[ "$from" != "$(ranks 2 $drawn | field final_weights_xxh3)" ] || fail "--start makes no difference"
expect 2 "would not read --start" ranks 2 train $few --start "$work/net"

# What steps without a rule do not read is told, and what they are is.
expect 0 "not read by this trainer: --rule, --rate, --epochs\$" "$TALLY" train --strategy pdadmm --steps 2 \
    --rule.beta 0.5 --rate 0.3 --epochs 3 --out "$work/unread"
grep -q "; trainer admm:method=pdadmm\$" "$work/err" || fail "no trainer: $(cat "$work/err")"
grep -q "rate" "$work/unread/metrics.jsonl" && fail "a rate"
grep -q '{"step":2,"name":"admm/rho","value":0.05' "$work/unread/metrics.jsonl" || fail "no rho"

# Refused, with what was expected.
refuse() { # CODE WORDS OPTIONS...
    local code=$1 words=$2
    shift 2
    expect "$code" "$words" "$TALLY" train --strategy pdadmm --epochs 1 --quiet "$@"
}

refuse 2 "nu=0 is not in (0, inf)" --trainer admm:nu=0
refuse 2 "did you mean quantize" --trainer admm:quantise=p
refuse 2 "grow=0 is not a list of sizes" --trainer admm:grow=0
refuse 2 "low=4 is not below high" --trainer admm:quantize=p,low=4
refuse 2 "1 levels, expected 2" --trainer admm:quantize=q,levels=1
refuse 2 "9 ranks share a layer, but there are 7" --strategy mdlam --validate 1430 --comm sim:ranks=9
refuse 10 "layer tanh1 has no closed form" --model mlp:activation=tanh
refuse 10 "expected cross_entropy" --loss squared
refuse 10 "mu is its own" --penalty l2
finish
