#!/usr/bin/env bash
# Between hosts: every announced byte crosses the links, and nothing else to speak of; the
# weights are those of one host.  Where namespaces cannot be made it is skipped (77).
. "$(dirname "$0")/lib.sh"

cluster=$(dirname "$0")/../../launch/cluster
export CLUSTER=t$$ CLUSTER_OWNER=$$

skip() {
    echo "SKIPPED: $*"
    exit 77
}

[[ $MPIEXEC == *mpirun* || $MPIEXEC == *mpiexec* ]] || skip "there is no mpirun"
mpirun --version 2>/dev/null | grep -q "Open MPI" || skip "launch/cluster knows Open MPI's mpirun"
why=$("$cluster" can 2>&1) || skip "$why"
trap '"$cluster" down; rm -rf "$work"' EXIT
"$cluster" up 4 || fail "no cluster"

# A cluster ends with its owner, who may be killed.
(CLUSTER=k$$ bash -c 'CLUSTER_OWNER=$$ "$1" up 1 && kill -9 $$' _ "$cluster") 2>/dev/null
for ((i = 0; i < 100; i++)); do
    ip netns list | grep -q "^k$$-" || break
    sleep 0.1
done
! ip netns list | grep "^k$$-" || fail "a cluster is left though its owner was killed"
[ ! -e "/tmp/cluster-k$$" ] || fail "a cluster's folder is left though its owner was killed"
"$cluster" bytes >/dev/null || fail "another one went with it"
CLUSTER=k$$ CLUSTER_OWNER=nobody "$cluster" up 1 2>"$work/err" && fail "a cluster that nobody owns"
grep -q "CLUSTER_OWNER=nobody is no process" "$work/err" || fail "of its owner: $(<"$work/err")"

# One that fails half way leaves nothing behind.
mkdir "$work/bin"
printf '#!/bin/sh\ncase "$*" in *"add port2"*) exit 3 ;; esac\nexec %s "$@"\n' "$(command -v ip)" >"$work/bin/ip"
chmod +x "$work/bin/ip"
CLUSTER=h$$ PATH=$work/bin:$PATH "$cluster" up 2 2>"$work/err" && fail "a cluster without its second host"
! ip netns list | grep "^h$$-" && [ ! -e "/tmp/cluster-h$$" ] || fail "half a cluster is left: $(<"$work/err")"

wide="--data digits --model mlp:hidden=512 --batch 8 --steps 100 --rate 0.05 --seed 3 --threads 1 --quiet --json"

# train RANKS OPTIONS...: the line of JSON, and in $work/sent what each host has sent.
train() {
    local n=$1
    shift
    "$cluster" bytes >"$work/before"
    timeout 120 "$cluster" mpirun -n "$n" "$TALLY" train $wide "$@" 2>"$work/err" ||
        fail "$*: $(tail -c 400 "$work/err")"
    "$cluster" bytes >"$work/after"
    paste -d ' ' "$work/before" "$work/after" | awk '{ print $5 - $2 }' >"$work/sent"
}

# Besides what is announced: what starts the job (about 0.4 MB), and headers (about 0.5 %).
for options in "--exchange ordered" "--exchange allreduce:algorithm=ring" \
    "--exchange allreduce:algorithm=halving" "--exchange vote --rule signum --rate 0.003"; do
    line=$(train 4 $options)
    hosts=$(field hosts <<<"$line")
    [ "$hosts" = 4 ] || fail "$options: 4 hosts, but tally sees $hosts"
    announced=$(field bytes_sent_per_rank_per_step <<<"$line")
    awk -v each="$announced" -v options="$options" '
        { sent += $1 }
        END {
            least = 4 * 100 * each
            most = 1.02 * least + 1e6
            if (sent < least || sent > most) {
                printf "%s: %d bytes crossed, announced %d\n", options, sent, least
                exit 1
            }
        }' "$work/sent" || fail "the links disagree"
    real=$(field final_weights_xxh3 <<<"$line")
    one=$(ranks 4 train $wide $options | field final_weights_xxh3)
    [ -n "$real" ] && [ "$real" = "$one" ] || fail "$options: 4 hosts $real, one host $one"
done

# The process NAME on host I.
process() {
    local pid
    for pid in $(ip netns pids "$CLUSTER-$2"); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] && echo "$pid" && return
    done
}

# A rank that is stopped is told of while it lasts, by the one that waits for it.
"$cluster" mpirun -n 4 "$TALLY" train ${wide/--quiet/} --steps 1000000 --patience 0.2 \
    --exchange allreduce:algorithm=ring >"$work/out" 2>"$work/err" &
for ((i = 0; i < 100; i++)); do
    sleep 0.1
    stopped=$(process tally 3)
    [ -z "$stopped" ] || break
done
sleep 1
kill -STOP "$stopped"
sleep 1
grep -q "rank 2 on $CLUSTER-3 does not answer" "$work/err" || fail "nobody tells of rank 2: $(<"$work/err")"
kill -CONT "$stopped"
sleep 0.3
kill -USR1 "$(process mpirun 1)"
wait $!
[ $? -eq 75 ] || fail "a run that was stopped and went on: exit $?, $(tail -c 300 "$work/err")"

# Hosts for one command end with it, and its code is theirs.
CLUSTER=w$$ "$cluster" with 2 none -n 2 "$TALLY" train $wide --steps 1 >"$work/out" || fail "with 2 hosts: exit $?"
[ "$(field hosts <"$work/out")" = 2 ] || fail "with 2 hosts: $(cat "$work/out")"
CLUSTER=w$$ "$cluster" with 1 none -n 1 "$TALLY" train --rule none >/dev/null 2>&1 && fail "a failure that is none"
! ip netns list | grep "^w$$-" || fail "a cluster is left by with"

# The counters tell: one rank leaves the links alone.
train 1 --exchange ordered >/dev/null
awk '$1 > 1e6 { exit 1 }' "$work/sent" || fail "one rank, but the links carried $(tr '\n' ' ' <"$work/sent")"

# One host's link is slow: the doctor names it.
"$cluster" rate 1gbit
"$cluster" rate 20mbit 3
timeout 60 "$cluster" mpirun -n 3 "$TALLY" doctor --out "$work/runs" >"$work/out" 2>"$work/err"
[ $? -eq 8 ] || fail "a slow link: $(cat "$work/out" "$work/err")"
grep -q "^wrong  *links .*; so do all links of $CLUSTER-3" "$work/out" || fail "a slow link: $(cat "$work/out")"
grep -A 1 "^wrong  *links" "$work/out" | grep -q -- "-> leave $CLUSTER-3 out" || fail "its fix: $(cat "$work/out")"
grep -q "^ok  *folder .*shared by all hosts" "$work/out" || fail "a folder of all hosts: $(cat "$work/out")"
finish
