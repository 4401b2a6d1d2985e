#!/usr/bin/env bash
# Faults that are planted: each is named in one sentence, with the ranks concerned, and
# the run ends.  bench/planted-faults has those that take longer.
. "$(dirname "$0")/lib.sh"

run="train --data digits --model mlp:hidden=8 --batch 32 --steps 20 --threads 1 --quiet"
launcher=${MPIEXEC%% *}
[ -n "$launcher" ] || exit 77

# as_two PROGRAM OPTIONS...: rank 1 starts that program with those options.
as_two() {
    local program=$1
    shift
    timeout 60 $MPIEXEC -n 1 "$TALLY" $run : -n 1 "$program" $run "$@"
}

# ---- unequal starts ----

expect 8 "rank 1 has batch=16, rank 0 has batch=32; start all ranks alike" \
    as_two "$TALLY" --batch 16
expect 8 "rank 1 has clip=norm:.*max=1.*, rank 0 has clip=none; start all" \
    as_two "$TALLY" --clip norm:max=1

if "$launcher" --version 2>&1 | grep -qE "Open MPI|OpenRTE"; then
    expect 8 "rank 1: the launcher started 2 processes, but comm self runs in one" \
        as_two "$TALLY" --comm self
fi

if command -v objcopy >/dev/null; then
    another "$work/tally"
    expect 8 "rank 1 runs another build of tally (.*) than rank 0 (.*)" \
        as_two "$work/tally"
fi
cp "$TALLY" "$work/copy"
as_two "$work/copy" 2>"$work/err" || fail "a copy is another program: $(<"$work/err")"

# ---- ranks that stop, vanish or never come ----

# begin: three ranks that would train for ever.
begin() {
    mark
    timeout 60 $MPIEXEC -n 3 "$TALLY" ${run/--steps 20 --threads 1 --quiet/} --threads 1 --steps 100000000 \
        --patience 0.3 --timeout 1.5 >"$work/out" 2>"$work/err" &
    job=$!
    for ((i = 0; i < 200; i++)); do
        ! grep -q "^epoch" "$work/err" || break # signals have handlers by then
        sleep 0.05
    done
    sleep 0.3
}

# ends CODE WORDS...: the run has ended by itself, and has said all of them.
ends() {
    local code=$1 words
    shift
    wait "$job"
    local got=$?
    [ "$got" -eq "$code" ] || fail "exit $got, expected $code: $(head -c 600 "$work/err")"
    for words in "$@"; do
        grep -q -- "$words" "$work/err" || fail "did not say \"$words\": $(head -c 600 "$work/err")"
    done
}

begin
kill -STOP "$(rank_process 1)"
kill -USR1 "$(rank_process 2)" # would end it, if rank 1 answered
ends 6 "^tally: rank 1 does not answer (stopped); .*, step [0-9].*\"$" "warning: rank 1 does not answer (stopped)" "in \".*\"; the run ends" "    1 .*no answer: stopped" "    2 .*waits"

begin
kill -USR2 "$(rank_process 2)"
sleep 1
kill -USR1 "$(rank_process 0)"
ends 75 "    0 .*, step " "    1 .*, step " "    2 .*, step "

cat >"$work/never" <<'END'
[ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 1 ] && exec sleep 60
exec "$@"
END
# SIGUSR2 while rank 0 waits in MPI_Init for rank 1, which comes later: told, and kept.
cat >"$work/late" <<'END'
rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
until [ "$rank" = 0 ] || [ -e "$0.go" ]; do sleep 0.05; done
exec "$@"
END
mark
timeout 60 $MPIEXEC -n 2 bash "$work/late" "$TALLY" $run 2>"$work/err" &
job=$!
for ((i = 0; i < 200; i++)); do
    first=$(rank_process 0)
    [ -n "$first" ] && catches "$first" 12 && break
    sleep 0.05
done
kill -USR2 "$first"
for ((i = 0; i < 100; i++)); do
    ! grep -q "rank 0 on .* sets up its run" "$work/err" || break
    sleep 0.05
done
touch "$work/late.go"
ends 0 "rank 0 on .* sets up its run"

# Stopped while it reads its data, before there is a watch.
awk 'BEGIN { for (i = 0; i < 800000; i++) print i % 2 ",0.5,0.25,0.125,0.5,0.25,0.125,0.5,0.25,0.125" }' >"$work/rows.csv"
mark
timeout 60 $MPIEXEC -n 2 "$TALLY" $run --data "csv:train=$work/rows.csv,label=1,header=false" --timeout 2 2>"$work/err" &
job=$!
has_read() { awk '/^rchar/ { exit !($2 > 1e7) }' "/proc/$1/io"; }
for ((i = 0; i < 500; i++)); do
    reader=$(rank_process 1)
    [ -n "$reader" ] && has_read "$reader" && break
    sleep 0.01
done
kill -STOP "$reader"
ends 6 "rank 0: heard nothing from rank 1 for 2 s"

expect 6 "rank 0 on .*: MPI_Init has not come back for 1 s" \
    timeout 60 $MPIEXEC -n 2 bash "$work/never" "$TALLY" $run --comm mpi:start=1
finish
