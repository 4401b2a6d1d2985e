#!/usr/bin/env bash
# kill.sh [TIMES]: kill -9 of one rank at random moments, some inside a checkpoint; after
# each, the run goes on from a checkpoint, and ends with the weights of the undisturbed run.
. "$(dirname "$0")/lib.sh"
times=${1:-20}
RANDOM=${2:-7}

options="--data digits --model mlp:hidden=64 --batch 16 --steps 1500 --rate 0.003 --seed 3 --threads 1
    --exchange vote --rule signum --schedule cosine --quiet --json"
whole=$(ranks 2 train $options | field final_weights_xxh3)
[ -n "$whole" ] || fail "the undisturbed run printed no hash"

# Checkpoints of half the steps: one kill in two or so falls inside one.
start=(train $options --checkpoint-every 2 --out "$work/run")
done_steps=0
for i in $(seq "$times"); do
    ranks 2 "${start[@]}" >"$work/out" 2>"$work/err" &
    job=$!
    sleep "0.$((RANDOM % 60 + 35))"
    victim=$(pgrep -f "^[^ ]*tally train.*$work/run" | shuf -n 1 --random-source=<(yes $RANDOM))
    [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null
    wait $job 2>/dev/null
    latest=$(ls -d "$work"/run/checkpoints/step-????????????  2>/dev/null | tail -n 1)
    now=$(basename "${latest:-step-0}" | sed 's/step-0*//')
    [ "${now:-0}" -ge "$done_steps" ] || fail "kill $i: fell back from step $done_steps to ${now:-0}"
    done_steps=${now:-0}
    [ -f "$work/run/manifest.json" ] && [ -n "$latest" ] && start=(train --resume "$work/run" --quiet --json)
    [ -n "$latest" ] || rm -rf "$work/run"
done
end=$(ranks 2 "${start[@]}" 2>"$work/err" | field final_weights_xxh3)
[ "$end" = "$whole" ] || fail "after $times kills $end, undisturbed $whole: $(cat "$work/err")"
ls -d "$work"/run/checkpoints/*.partial >/dev/null 2>&1 && fail "a partial checkpoint was left"
echo "$times kills, the last at step $done_steps of 1500: same weights"
finish
