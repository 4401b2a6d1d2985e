#!/usr/bin/env bash
# The parameter server as a whole program: the same bits where they are promised, a worker
# killed, a worker stopped and woken, the server killed.
. "$(dirname "$0")/lib.sh"

hash() { field final_weights_xxh3; }

lockstep=$("$TALLY" train $small --exchange ordered --comm sim:ranks=3 | hash)
for roles in 1:4 2:5 all:3; do
    servers=${roles%:*} n=${roles#*:}
    got=$(ranks "$n" train $small --trainer "server:servers=$servers" --consistency bsp | hash)
    [ -n "$got" ] && [ "$got" = "$lockstep" ] || fail "bsp with servers=$servers: $got, lockstep $lockstep"
    for consistency in async ssp:bound=1 backup; do
        ranks "$n" train $small --trainer "server:servers=$servers" --consistency "$consistency" >"$work/out" ||
            fail "$consistency with servers=$servers"
        [ "$(field lost_workers <"$work/out")" = 0 ] || fail "$consistency: $(cat "$work/out")"
    done
done

# Simulated ranks share no memory.
if [ -n "$MPIEXEC" ]; then
    ranks 3 train $small --trainer server --consistency hogwild >"$work/out" || fail "hogwild"
    [ "$(field samples <"$work/out")" = "$("$TALLY" train $small --comm sim:ranks=3 | field samples)" ] ||
        fail "hogwild: $(cat "$work/out")"
fi

# Shared memory inside a node changes how values travel, not which.
got=$(ranks 4 train $small --trainer server:near=messages --consistency bsp | hash)
[ "$got" = "$lockstep" ] || fail "bsp by messages: $got, lockstep $lockstep"
for servers in 1 2 all; do # nor how many bytes are counted
    ranks 4 train $small --trainer server:servers=$servers,near=shared --consistency bsp >"$work/shared" || fail "near=shared"
    ranks 4 train $small --trainer server:servers=$servers,near=messages --consistency bsp >"$work/messages" || fail "near=messages"
    python3 - "$work/shared" "$work/messages" <<'PYTHON' || fail "bytes with servers=$servers"
import json, sys
shared, messages = (json.load(open(path))["bytes_sent_per_rank_per_step"] for path in sys.argv[1:])
assert shared > 4000 and abs(shared / messages - 1) < 1e-9, (shared, messages)
PYTHON
done

# Half of it, then the rest, ends with the weights of the whole.
rm -rf "$work/run"
ranks 4 train $small --trainer server --consistency bsp --steps 17 --out "$work/run" >/dev/null || fail "first half"
got=$(ranks 4 train --resume "$work/run" --steps 0 --quiet --json | hash)
[ "$got" = "$lockstep" ] || fail "resumed with bsp: $got, whole $lockstep"

# What arrived under mpirun in some order is gone through again on simulated ranks.
for how in "async --codec fp32" "async --codec sign" "easgd:every=3" "downpour:push=2,pull=4" "ssp:bound=1 --codec qsgd" "backup --codec fp32"; do
    real=$(ranks 4 train $small --strategy async --consistency $how --trainer.record "$work/order" | hash)
    simulated=$("$TALLY" train $small --strategy async --consistency $how --comm sim:ranks=4 \
        --trainer.replay "$work/order" | hash)
    [ -n "$real" ] && [ "$real" = "$simulated" ] || fail "$how: $real, replayed $simulated"
done

expect 2 "leaves none to work" "$TALLY" train $small --comm self --strategy async

if [[ -z $MPIEXEC || $($MPIEXEC --version 2>&1) != *"Open MPI"* ]]; then
    finish
    exit 0
fi

# start ARGUMENTS...: a run on 4 ranks that goes on without some; returns once it trains.
start() {
    rm -rf "$work/run"
    mark
    timeout 100 $MPIEXEC --enable-recovery -n 4 "$TALLY" train --strategy async --data digits --rate 0.02 \
        --batch 16 --threads 1 --patience 1 --checkpoint-every 20 --json --out "$work/run" "$@" \
        >"$work/out" 2>"$work/err" &
    job=$!
    for _ in $(seq 300); do
        ls -d "$work"/run/checkpoints/step-???????????? >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail "no checkpoint after 30 s: $(cat "$work/err")"
}

# said WORDS: waits until the run has said them.
said() {
    for _ in $(seq 300); do
        grep -q "$1" "$work/err" && return
        sleep 0.1
    done
    fail "never said \"$1\": $(tail -n 20 "$work/err")"
}

# goes_on: the newest checkpoint is good for 20 steps more.
goes_on() {
    local newest
    newest=$(ls -d "$work"/run/checkpoints/step-???????????? | tail -n 1 | sed 's/.*step-0*//')
    ranks 4 train --resume "$work/run" --steps $((newest + 20)) --quiet --json >"$work/out" || fail "resume from $newest"
    [ "$(field steps <"$work/out")" = $((newest + 20)) ] || fail "resumed from $newest: $(cat "$work/out")"
}

# mpirun --enable-recovery returns 0 whatever happens, so codes say nothing from here on.
start --epochs 40
kill -9 "$(rank_process 2)"
wait $job
[ "$(field lost_workers <"$work/out")" = 1 ] || fail "not one worker lost: $(cat "$work/out" "$work/err")"
[ "$(field samples <"$work/out")" = $((40 * 1437)) ] || fail "not every row 40 times: $(cat "$work/out")"
said "worker rank 2 has been silent"

# With a codec, stopped by a signal: no worker has forgotten what its pushes left out.
start --epochs 100000 --codec sign
kill -USR1 "$(rank_process 0)"
wait $job
said "stopped by a signal"
newest=$(ls -d "$work"/run/checkpoints/step-???????????? | tail -n 1)
python3 - "$newest/rank-00000.safetensors" <<'END' || fail "a memory is empty: $newest"
import json, struct, sys
with open(sys.argv[1], "rb") as f:
    head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
    start = f.tell()
    first, end = head["trainer.memory"]["data_offsets"]
    each = (end - first) // 3
    for m in range(3):
        f.seek(start + first + m * each)
        if not any(f.read(each)):
            sys.exit(1)
END
goes_on

start --epochs 100000
victim=$(rank_process 3)
kill -STOP "$victim"
said "worker rank 3 has been silent"
kill -CONT "$victim"
said "rank 3 speaks again"
kill -USR1 "$(rank_process 0)"
wait $job
said "stopped by a signal"
goes_on

# Rank 2 dies while it reads its data, which never come: the others end, too.
rm -rf "$work/run"
for r in 0 1 2 3; do
    mkdir -p "$work/r$r"
    printf 'a,b,y\n1,2,0\n2,1,1\n3,2,0\n4,4,1\n' >"$work/r$r/data.csv"
done
rm "$work/r2/data.csv" && mkfifo "$work/r2/data.csv"
mark
timeout 100 $MPIEXEC --enable-recovery -n 4 bash -c 'cd "$0/r$OMPI_COMM_WORLD_RANK" && exec "$@"' "$work" \
    "$TALLY" train --strategy async --data csv:train=data.csv,label=y --model mlp:hidden=4 --threads 1 --patience 0.2 \
    --out "$work/run" >"$work/out" 2>"$work/err" &
job=$!
said "rank 0 has waited .* for rank 2 in step 1"
kill -9 "$(rank_process 2)"
wait $job
said "some rank is gone, and the run ends"

start --epochs 100000
kill -9 "$(rank_process 0)"
wait $job
said "server rank 0 has been silent"
goes_on
finish
