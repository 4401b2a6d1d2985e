#!/usr/bin/env bash
# What a run folder's metrics count: seconds and their parts, bytes, of each rank and over
# processes; and that they are on disk with the checkpoint.
. "$(dirname "$0")/lib.sh"

# Simulated: a rank's gradients take the same declared time in every step.
ranks="--comm sim:ranks=3"
"$TALLY" train $small $ranks --out "$work/whole" >"$work/json" || fail "$(cat "$work/json")"
"$TALLY" train $small $ranks --steps 17 --checkpoint-every 5 --out "$work/run" >/dev/null || fail "the first 17 steps"
"$TALLY" train --resume "$work/run" $ranks --steps 0 --quiet || fail "the rest"

python3 - "$work" <<'PYTHON' || fail "metrics"
import json, sys
work = sys.argv[1]

def read(folder):
    lines = [json.loads(line) for line in open(f"{work}/{folder}/metrics.jsonl")]
    return [(line["step"], line["name"], line["value"]) for line in lines]

def near(a, b):
    assert abs(a - b) <= 1e-12 * max(abs(a), abs(b)), (a, b)

result = json.load(open(f"{work}/json"))
whole = {(step, name): value for step, name, value in read("whole")}
last = result["steps"]
near(whole[last, "train/seconds"], result["seconds"])
near(whole[last, "train/seconds"], sum(whole[last, f"{part}/seconds"] for part in ("gradient", "exchange", "apply")))
sent = [whole[last, f"exchange/bytes_sent/{r}"] for r in range(3)]
near(sum(sent) / 3 / last, result["bytes_sent_per_rank_per_step"])
assert sent[0] == whole[last, "exchange/bytes_sent"]

# The ledger: all that was sent, tensor by tensor and link by link; three ranks, each its own node.
ledger = result["ledger"]
assert ledger["bytes_are"] == "exact"
assert ledger["all"]["other_node"]["sent"] == sum(sent) == sum(whole[last, f"exchange/bytes_away/{r}"] for r in range(3))
assert not any(ledger["all"]["same_node"].values())
near(result["bytes_away_per_rank_per_step"], result["bytes_sent_per_rank_per_step"])
for t, links in enumerate(ledger["tensors"].values()):
    for link, figures in links.items():
        assert figures["predicted"] == figures["sent"] <= figures["logical"]
        for figure, bytes in figures.items():
            assert whole[last, f"ledger/{link}/{figure}/{t}"] == bytes
for link in "same_node", "other_node":
    for figure in "logical", "encoded", "predicted", "sent":
        assert ledger["all"][link][figure] == sum(x[link][figure] for x in ledger["tensors"].values())
assert whole[0, "train/seconds"] == whole[0, "exchange/bytes_sent"] == 0
parts = "encode", "wait", "wire", "decode"
for r in range(3):
    near(whole[last, f"exchange/seconds/{r}"], sum(whole[last, f"{part}/seconds/{r}"] for part in parts))
    assert whole[last, f"wire/seconds/{r}"] > 0
for part in ("gradient", "exchange", "apply") + parts:
    assert whole[last, f"{part}/seconds/0"] == whole[last, f"{part}/seconds"]
assert whole[last, "gradient/seconds/1"] > 0 and whole[last, "exchange/seconds/1"] > 0

# Two processes: each counts from 0, the second from the checkpoint of the first.
run = read("run")
# A message that is under way when a step ends is not there when the next process begins.
for name, relative in ("exchange/bytes_sent", 0), ("train/seconds", 0.05):
    counts = [(step, value) for step, metric, value in run if metric == name]
    zeros = [step for step, value in counts if value == 0]
    assert zeros == [0, 17], zeros
    assert [step for step, _ in counts].count(17) == 2
    first = max(value for step, value in counts if step <= 17)
    both = first + counts[-1][1]
    assert abs(both - whole[last, name]) <= relative * both, (name, both, whole[last, name])
assert {5, 10, 15} <= {step for step, _, _ in run}
PYTHON

# A run that diverges says so in its last line, a report repeats it, and a resumed run has no trace of it.
lost="$work/lost"
"$TALLY" train $small $ranks --rate 1e30 --rule sgd --steps 9 --checkpoint-every 1 --out "$lost" >/dev/null 2>&1
code=$?
[ "$code" -eq 7 ] || fail "a rate that diverges: exit $code"
tail -n 1 "$lost/metrics.jsonl" | grep -Eq '^{"step":2,"name":"train/loss","value":"-?(nan|inf)"}$' ||
    fail "no record of a divergence: $(tail -n 1 "$lost/metrics.jsonl")"
"$TALLY" report "$lost" --format markdown >"$work/lost.md" || fail "a report of a run that diverged"
grep -q "diverged: its loss was not finite in step 2" "$work/lost.md" || fail "the report: $(cat "$work/lost.md")"
"$TALLY" train --resume "$lost" $ranks --rate 1e30 --quiet >/dev/null 2>&1
[ "$(grep -c '"step":2,' "$lost/metrics.jsonl")" -eq 1 ] || fail "lines of two processes: $(cat "$lost/metrics.jsonl")"

# The lines of a checkpoint's step are on disk before it.
"$TALLY" train $small --epochs 100000 --checkpoint-every 3 --out "$work/killed" >"$work/out" 2>&1 &
for _ in $(seq 300); do
    newest=$(ls -d "$work"/killed/checkpoints/step-???????????? 2>/dev/null | tail -n 1)
    [ -n "$newest" ] && break
    sleep 0.1
done
kill -9 $!
wait $! 2>/dev/null
newest=$(ls -d "$work"/killed/checkpoints/step-???????????? | tail -n 1 | sed 's/.*step-0*//')
grep -q "{\"step\":$newest,\"name\":\"train/seconds\"" "$work/killed/metrics.jsonl" ||
    fail "no metrics of step $newest: $(tail -n 3 "$work/killed/metrics.jsonl")"
finish
