#!/usr/bin/env bash
# Nodes of several ranks, 2 and 2, 3 and 1: every case of comm holds, a hierarchy sends over the
# links what its head says, and simulated nodes end with the same weights.
. "$(dirname "$0")/lib.sh"

cluster=$(dirname "$0")/../../launch/cluster
cases=$(dirname "$TALLY")/tests/mpi_cases
export CLUSTER=n$$ CLUSTER_OWNER=$$ CLUSTER_SLOTS=3

skip() {
    echo "SKIPPED: $*"
    exit 77
}

[[ $MPIEXEC == *mpirun* || $MPIEXEC == *mpiexec* ]] || skip "there is no mpirun"
mpirun --version 2>/dev/null | grep -q "Open MPI" || skip "launch/cluster knows Open MPI's mpirun"
why=$("$cluster" can 2>&1) || skip "$why"
trap '"$cluster" down; rm -rf "$work"' EXIT
"$cluster" up 2 || fail "no cluster"

even="--map-by ppr:2:node"
odd="--map-by slot"
for nodes in "$even" "$odd"; do
    timeout 100 "$cluster" mpirun -n 4 $nodes "$cases" all >"$work/out" 2>&1 ||
        fail "cases on $nodes: $(grep FAIL "$work/out")"
done

wide="--data digits --model mlp:hidden=512 --batch 8 --steps 100 --rate 0.05 --seed 3 --threads 1 --quiet --json"

# sent NODES OPTIONS...: bytes that host 1 sends; the line of JSON goes to $work/line.
sent() {
    local nodes=$1
    shift
    "$cluster" bytes >"$work/before"
    timeout 100 "$cluster" mpirun -n 4 $nodes "$TALLY" train $wide "$@" >"$work/line" 2>"$work/err" ||
        fail "$*: $(tail -c 400 "$work/err")"
    "$cluster" bytes | paste -d ' ' "$work/before" - | awk '$1 == 1 { print $5 - $2 }'
}

# 38410 weights of 4 bytes, 100 steps: all of v once over each link, where the ring sends 1.5 v.
for nodes in "$even" "$odd"; do
    crossed=$(sent "$nodes" --exchange allreduce:algorithm=hier)
    awk -v sent="$crossed" -v v=15364000 'BEGIN { exit !(sent > v && sent < 1.02 * v + 1e6) }' ||
        fail "hier on $nodes: host 1 sent $crossed bytes, expected 15.4e6 and little more"
    real=$(field final_weights_xxh3 <"$work/line")
    simulated=$("$TALLY" train $wide --exchange allreduce:algorithm=hier \
        --comm "sim:ranks=4,node=$([ "$nodes" = "$even" ] && echo 2 || echo 3)" | field final_weights_xxh3)
    [ -n "$real" ] && [ "$real" = "$simulated" ] || fail "hier on $nodes: real $real, simulated $simulated"
done
crossed=$(sent "$even" --exchange allreduce:algorithm=ring)
awk -v sent="$crossed" -v v=15364000 'BEGIN { exit !(sent > 1.5 * v) }' ||
    fail "the ring sent $crossed bytes from host 1, fewer than it must"
finish
