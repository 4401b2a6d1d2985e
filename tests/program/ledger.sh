#!/usr/bin/env bash
# The ledger against the counters of real interfaces: 2 hosts of 2 ranks.  What a step adds
# to them is what the ledger has for other nodes, and headers; what it has for the same node
# crosses no link.  Where namespaces cannot be made it is skipped (77).
. "$(dirname "$0")/lib.sh"

cluster=$(dirname "$0")/../../launch/cluster
export CLUSTER=l$$ CLUSTER_OWNER=$$ CLUSTER_SLOTS=2

skip() {
    echo "SKIPPED: $*"
    exit 77
}

[[ $MPIEXEC == *mpirun* || $MPIEXEC == *mpiexec* ]] || skip "there is no mpirun"
mpirun --version 2>/dev/null | grep -q "Open MPI" || skip "launch/cluster knows Open MPI's mpirun"
why=$("$cluster" can 2>&1) || skip "$why"
trap '"$cluster" down; rm -rf "$work"' EXIT
"$cluster" up 2 || fail "no cluster"

wide="--data digits --model mlp:hidden=2048 --batch 8 --rate 0.003 --seed 3 --threads 1 --quiet --json"

# train STEPS OPTIONS...: "CROSSED LINE", bytes that both hosts have sent, and the JSON.
train() {
    local steps=$1
    shift
    "$cluster" bytes >"$work/before"
    timeout 120 "$cluster" mpirun -n 4 "$TALLY" train $wide --steps "$steps" "$@" >"$work/line" 2>"$work/err" ||
        fail "$*: $(tail -c 400 "$work/err")"
    "$cluster" bytes >"$work/after"
    paste -d ' ' "$work/before" "$work/after" | awk '{ sum += $5 - $2 } END { printf "%d ", sum }'
    tail -n 1 "$work/line"
}

# compare MOST OPTIONS...: per step, so that what starts and ends a job drops out.
compare() {
    local most=$1
    shift
    {
        train 20 "$@"
        train 60 "$@"
    } >"$work/two"
    python3 - "$work/two" "$most" "$*" <<'PYTHON' || fail "$*"
import json, sys
crossed, away, near = [], [], []
for line in open(sys.argv[1]):
    bytes, text = line.split(" ", 1)
    result = json.loads(text)
    ledger = result["ledger"]
    assert result["hosts"] == 2 and ledger["bytes_are"] == "exact", ledger["bytes_are"]
    for links in ledger["tensors"].values():
        for figures in links.values():
            assert figures["predicted"] == figures["sent"], figures
    crossed.append(int(bytes))
    away.append(ledger["all"]["other_node"]["sent"])
    near.append(ledger["all"]["same_node"]["sent"])
share = (crossed[1] - crossed[0]) / (away[1] - away[0])
print(f"{sys.argv[3]}: {away[1] / 60:.0f} bytes a step to other nodes, {near[1] / 60:.0f} to the same, "
      f"{share:.4f} times the former crossed the links")
assert near[0] > 0 and 1 <= share <= float(sys.argv[2]), share
PYTHON
}

# Headers: 66 bytes a frame of TCP/IPv4 and Ethernet, of up to 64 KiB here (the namespaces'
# links cut none), as many for what acknowledges them, Open MPI's own; and 880 bytes a step
# of reports, which for a vote's short messages is what counts.  Measured: 1.003 and 1.050.
compare 1.02 --exchange allreduce:algorithm=ring
compare 1.10 --exchange vote --rule signum
finish
