#!/usr/bin/env bash
# Hosts that mpirun reaches by ssh and that share no file but the program: each has its own
# data and keeps its own part of the run.  Wrong hosts are named.  Where namespaces or an
# sshd cannot be had it is skipped (77).
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)
cluster=$top/launch/cluster
export CLUSTER=s$$ CLUSTER_OWNER=$$ CLUSTER_SSH=yes

skip() {
    echo "SKIPPED: $*"
    exit 77
}

[[ $MPIEXEC == *mpirun* || $MPIEXEC == *mpiexec* ]] || skip "there is no mpirun"
mpirun --version 2>/dev/null | grep -q "Open MPI" || skip "launch/cluster knows Open MPI's mpirun"
why=$("$cluster" can 2>&1) || skip "$why"
[ -x /usr/sbin/sshd ] || skip "there is no sshd"
trap '"$cluster" down; rm -rf "$work"' EXIT
"$cluster" up 2 || fail "no cluster"

# on_hosts COMMAND...: the same on both.
on_hosts() {
    for host in 1 2; do "$cluster" exec $host "$@" || fail "host $host: $*"; done
}

# Three classes round three points.
awk 'BEGIN { for (i = 0; i < 120; i++) print i % 3 + (i * 7 % 11) / 10 "," i % 3 - (i * 5 % 13) / 10 ",c" i % 3 }' >"$work/points.csv"
mkdir "$work/own"
"$cluster" private "$work/own"
on_hosts cp "$work/points.csv" "$work/own/"
options() {
    echo "--data csv:train=$1/points.csv,label=3,header=false --model mlp:hidden=8 --batch 8 --seed 3
        --threads 1 --exchange ordered --quiet --json"
}

on_two="timeout 100 $cluster mpirun -n 2 $TALLY"
half=$($on_two train $(options "$work/own") --epochs 2 --out "$work/own/run" 2>"$work/err" | field hosts)
[ "$half" = 2 ] || fail "on two hosts: $(cat "$work/err")"
grep -q "Accepted publickey for root from 10.77.0.1 " "/tmp/cluster-$CLUSTER/ssh/log.2" || fail "not by ssh"
on_hosts test -d "$work/own/run/checkpoints"
[ -z "$(ls "$work/own")" ] || fail "the folder is not private: $(ls "$work/own")"
apart=$($on_two train --resume "$work/own/run" --epochs 4 --quiet --json 2>"$work/err" | field final_weights_xxh3)
near=$(ranks 2 train $(options "$work") --epochs 4 | field final_weights_xxh3)
[ -n "$apart" ] && [ "$apart" = "$near" ] || fail "two hosts, resumed, $apart, one host $near: $(cat "$work/err")"

# ---- one host is not like the other ----

"$cluster" exec 2 sed -i '1s/c0/c1/' "$work/own/points.csv"
expect 8 "rank 1 on $CLUSTER-2 has other data .* than rank 0 on $CLUSTER-1" $on_two train $(options "$work/own")
"$cluster" exec 2 rm "$work/own/points.csv"
expect 3 "cannot open $work/own/points.csv: No such file" $on_two train $(options "$work/own")
timeout 60 "$cluster" mpirun -n 2 "$TALLY" doctor --out "$work/own/runs" >"$work/out" 2>"$work/err"
grep -q "^ok  *folder .*each host has its own" "$work/out" || fail "doctor: $(cat "$work/out" "$work/err")"

# ---- hosts that cannot be had ----

# from_one HOSTS RANKS: launch/run, started on host 1.
from_one() {
    timeout 60 "$cluster" exec 1 env -u MPIEXEC "$top/launch/run" -n "$2" --host "$1" \
        --mca plm_rsh_agent "$("$cluster" ssh)" --mca oob_tcp_if_include 10.77.0.0/24 "$TALLY" info machine
}
expect 255 "launch/run: host 10.77.0.9 cannot be reached: No route to host; try: ssh 10.77.0.9 true" \
    from_one 10.77.0.1,10.77.0.9 2
expect 1 "launch/run: the hosts offer fewer slots than -n 5" from_one 10.77.0.1,10.77.0.2 5
from_one 10.77.0.1,10.77.0.2 2 >"$work/out" 2>"$work/err" || fail "both hosts: $(cat "$work/err")"
! grep -q "launch/run: [th]" "$work/err" || fail "nothing was wrong: $(cat "$work/err")"
finish
