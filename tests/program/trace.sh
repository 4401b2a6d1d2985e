#!/usr/bin/env bash
# What --trace writes: whole, well formed, in step with the metrics and with each other rank;
# who waits for whom; and that whatever is in its way is told before training.
. "$(dirname "$0")/lib.sh"
check="$(dirname "$0")/check-trace.py"

sim="--comm sim:ranks=3"
"$TALLY" train $small $sim --model mlp:hidden=24x24 --steps 40 --bucket 1 --checkpoint-every 20 --validate 100 --out "$work/run" --trace "$work/sim.json" >/dev/null ||
    fail "a simulated run"
fast="--comm sim:ranks=3,alpha=1e-9,beta=1e-13"
"$TALLY" train $small $fast --steps 12 --attack straggler:ranks=1,factor=4 --trace "$work/late.json" >/dev/null || fail "a straggler"
"$TALLY" train $small $sim --steps 30 --trace "$work/short.json" --trace-spans 100 >/dev/null || fail "a short trace"
"$TALLY" train $small --comm self --steps 5 --trace "$work/self.json" >/dev/null || fail "one rank"
"$TALLY" train $small $sim --steps 8 --strategy async --out "$work/async" --trace "$work/async.json" >/dev/null || fail "a server"
"$TALLY" train $small $sim --steps 8 --strategy pdadmm --model mlp:hidden=24x24 --out "$work/admm" --trace "$work/admm.json" >/dev/null ||
    fail "layers on many ranks"
ranks 3 train $small --steps 4 --strategy async --trainer server:servers=all --trace "$work/all.json" >/dev/null || fail "servers that work"
ranks 2 train $small --steps 30 --trace "$work/two.json" >/dev/null 2>"$work/err" || fail "two ranks: $(cat "$work/err")"
if [ -n "$MPIEXEC" ]; then # another thread notes what collectives do
    ranks 2 train $small --steps 30 --bucket 1 --exchange allreduce:algorithm=ring --comm mpi:progress=thread,nap=0 \
        --trace "$work/thread.json" >/dev/null 2>"$work/err" || fail "a thread: $(cat "$work/err")"
    python3 "$check" "$work/thread.json" || fail "the trace of two threads"
fi
expect 7 "the loss of step" "$TALLY" train $small $sim --rate 1e30 --trace "$work/lost.json"

python3 - "$work" "$check" <<'PYTHON' || fail "traces"
import importlib.util, json, sys
work = sys.argv[1]
spec = importlib.util.spec_from_file_location("check", sys.argv[2])
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)

def near(a, b):
    assert abs(a - b) <= 1e-6 * max(abs(a), abs(b)) + 1e-8, (a, b)

def metrics(run):
    return {line["name"]: line["value"] for line in map(json.loads, open(f"{work}/{run}/metrics.jsonl"))}

# Simulated: clocks are one, and each part is what the metrics say, on each rank.
sim = check.read(f"{work}/sim.json")
assert sim.facts["simulated"] and all(c["error_us"] == c["ahead_us"] == 0 for c in sim.facts["clocks"])
assert sim.facts["options"]["bucket"] == "1"
last = metrics("run")
for r in range(3):
    near(sim.seconds("gradient", "read ahead", rank=r), last[f"gradient/seconds/{r}"])
    assert [s.step for s in sorted(sim.of("step", rank=r), key=lambda s: s.begin)] == list(range(1, 41))
    for part in "encode", "wait", "wire", "decode":
        near(sim.seconds_in_steps(part, r), last[f"{part}/seconds/{r}"])
    assert {s.step for s in sim.of("checkpoint", rank=r)} >= {20, 40} and sim.of("evaluate", rank=r)
near(sim.seconds("step", rank=0), last["train/seconds"])
assert {"dense1.weight", "dense2.weight"} <= {s.about for s in sim.of("gradient")}
# Overlap: a bucket is on its way while the gradient of the layers below is computed.
sums = [s for s in sim.spans if s.name.startswith("sum of")]
assert {s.lane for s in sums} > {1} and any("(dense1.weight)" in s.about for s in sums)
assert any(s.rank == g.rank and s.begin <= g.begin and s.end > g.end for s in sums for g in sim.of("gradient", about="dense1.weight"))

# The others wait for rank 1, as long as its gradients take longer, and it for nobody.
late = check.read(f"{work}/late.json")
longer = late.seconds("gradient", rank=1) - late.seconds("gradient", rank=0)
assert longer > 2 * late.seconds("gradient", rank=0)
for r in 0, 2:
    assert abs(late.seconds_in_steps("wait", r) - longer) < 0.01 * longer
assert late.seconds_in_steps("wait", 1) < 0.01 * longer

# Workers of a server, and what it does; layers that alternate.
served = check.read(f"{work}/async.json")
last = metrics("async")
for r in 1, 2:
    near(served.seconds("gradient", "push", rank=r), last[f"gradient/seconds/{r}"])
    last_push = max(s.step for s in served.of("gradient", rank=r)) # which says how long it has waited
    waits = [s for s in served.of("wait", rank=r) if 0 < s.step <= last_push]
    near(sum(s.end - s.begin for s in waits) / 1e9, last[f"exchange/seconds/{r}"])
assert served.of("wait", rank=0) and not served.of("gradient", rank=0)
admm = check.read(f"{work}/admm.json")
last = metrics("admm")
assert len(admm.of("step")) == 24 and admm.of("p", about="dense3.weight", rank=2) and not admm.of("p", rank=0)
for r in range(3):
    near(admm.seconds_in_steps("wait", r), last[f"wait/seconds/{r}"])
    assert admm.of("W, b", rank=r) or r == 1
both = check.read(f"{work}/all.json")
assert all(both.of(name, rank=r) for name in ("gradient", "wait") for r in range(3))

# What is older than some rank's ring is left out, on all ranks.
short = check.read(f"{work}/short.json")
steps = {r: {s.step for s in short.of("step", rank=r)} for r in range(3)}
cut = min(min(steps[r]) for r in range(3))   # ranks do not begin a step at the same time
assert steps[0] - {cut} == steps[1] - {cut} == steps[2] - {cut} == set(range(cut + 1, 31)) and 1 < cut < 27
assert all(len([s for s in short.spans if s.rank == r]) <= 300 for r in range(3))

one = check.read(f"{work}/self.json")
assert len(one.of("step")) == 5 and not one.of("wait") and not one.of("wire")

two = check.read(f"{work}/two.json")
for r in () if two.facts["simulated"] else (0, 1):   # simulated ranks take no time for that
    assert two.of("set up", rank=r, step=0) and two.of("finish", rank=r)
    assert min((s for s in two.spans if (s.rank, s.lane) == (r, 0)), key=lambda s: s.begin).step == 0
assert len(two.of("step")) == 60 and two.facts["ranks"] == 2
# A run that fails on all ranks tells what it did until then.
lost = check.read(f"{work}/lost.json")
assert lost.of("step", step=1, rank=2)
PYTHON
[ -z "$(ls "$work" | grep partial)" ] || fail "left: $(ls "$work")"

# A signal ends the run with its trace.
"$TALLY" train $small --epochs 100000 --out "$work/stopped" --trace "$work/stopped.json" >/dev/null 2>&1 &
for _ in $(seq 300); do
    ls "$work"/stopped/checkpoints/step-???????????? >/dev/null 2>&1 && break
    sleep 0.1
done
kill -TERM $!
wait $!
[ $? -eq 75 ] || fail "a signal: exit $?"
python3 "$check" "$work/stopped.json" || fail "the trace of a run that was stopped"
"$TALLY" train --resume "$work/stopped" --epochs 1 --quiet || fail "a trace is remembered"

# Whatever is in the way is told by all ranks together, before anything is written.
mkdir "$work/folder"
touch "$work/file"
expect 3 "trace=$work/folder is there and no regular file" ranks 2 train $small --out "$work/none" --trace "$work/folder"
expect 3 "cannot create $work/file/a.json.partial" ranks 2 train $small --out "$work/none" --trace "$work/file/a.json"
expect 3 "cannot create $work/nowhere/a.json.partial" "$TALLY" train $small $sim --out "$work/none" --trace "$work/nowhere/a.json"
expect 3 "trace=/dev/null is there" "$TALLY" train $small --out "$work/none" --trace /dev/null
[ ! -e "$work/none" ] || fail "a run folder was made"
# A disk that fills up: the file that was there stays, and nothing else.
echo old >"$work/old.json"
(ulimit -f 16; expect 3 "cannot write $work/old.json.partial" "$TALLY" train $small $sim --trace "$work/old.json"; finish) || fail "a full disk"
[ "$(cat "$work/old.json")" = old ] && [ ! -e "$work/old.json.partial" ] || fail "a full disk leaves something"
finish
