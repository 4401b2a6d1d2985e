#!/usr/bin/env bash
# kill.sh [TIMES [SEED]]: kill -9 of one rank at random moments, some inside a checkpoint;
# after each, the run goes on from a checkpoint, and ends with the weights of the
# undisturbed run.  A kill counts when it hit a rank of a run that was not over.
. "$(dirname "$0")/lib.sh"
times=${1:-20}
RANDOM=${2:-7}

steps=$((1000 * times)) # some 130 to 300 go by between two kills
options="--data digits --model mlp:hidden=64 --batch 16 --steps $steps --rate 0.003 --seed 3
    --threads 1 --exchange vote --rule signum --schedule cosine --quiet --json"
whole=$(ranks 2 train $options | field final_weights_xxh3)
[ -n "$whole" ] || fail "the undisturbed run printed no hash"

# A rank of the run, not its launcher.
pick_rank() {
    pgrep -f "^[^ ]*tally train.*$work/run" | sort -R --random-source=<(yes "$RANDOM") |
        head -n 1
}

# The step of the newest checkpoint; 0: there is none.
newest() {
    local path
    path=$(ls -d "$work"/run/checkpoints/step-???????????? 2>/dev/null | tail -n 1)
    basename "${path:-step-0}" | sed 's/step-0*\(.\)/\1/'
}

# Checkpoints of half the steps: many a kill falls inside one.
start=(train $options --checkpoint-every 2 --out "$work/run")
before=0 landed=0 inside=0
for _ in $(seq $((2 * times))); do
    [ "$landed" -lt "$times" ] || break
    ranks 2 "${start[@]}" >"$work/out" 2>"$work/err" &
    job=$!
    sleep "0.$((RANDOM % 60 + 35))"
    victim=$(pick_rank)
    [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null && landed=$((landed + 1))
    wait $job 2>/dev/null
    now=$(newest)
    [ "$now" -ge "$before" ] || fail "kill $landed: fell back from step $before to $now"
    [ "$now" -lt "$steps" ] || fail "the run was over after $landed of $times kills"
    before=$now
    ls -d "$work"/run/checkpoints/*.partial >/dev/null 2>&1 && inside=$((inside + 1))
    if [ "$now" -gt 0 ]; then
        start=(train --resume "$work/run" --quiet --json)
    else
        rm -rf "$work/run"
    fi
done
[ "$landed" -eq "$times" ] || fail "only $landed of $times kills hit a rank"

end=$(ranks 2 "${start[@]}" --checkpoint-every "$steps" 2>"$work/err" | field final_weights_xxh3)
[ "$end" = "$whole" ] || fail "after $landed kills $end, undisturbed $whole: $(cat "$work/err")"
ls -d "$work"/run/checkpoints/*.partial >/dev/null 2>&1 && fail "a partial checkpoint was left"
echo "$landed kills, $inside inside a checkpoint, the last at step $before of $steps: $end, undisturbed $whole"
finish
