#!/usr/bin/env bash
# tally doctor names faults that are planted, each with its fix, and none in a good launch.
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)

# examine CODE COMMAND...: what it says is in $work/out.
examine() {
    local code=$1 got
    shift
    timeout 60 "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$code" ] || fail "exit $got, expected $code: $*: $(cat "$work/out" "$work/err")"
}

# finds LEVEL CHECK WORDS FIX: a line of that level and check has the words, and under it
# stands the fix.
finds() {
    grep -A 1 "^$1  *$2  .*$3" "$work/out" | grep -q -- "-> .*$4" ||
        fail "no $1 $2 \"$3\" -> \"$4\": $(cat "$work/out")"
}

# ---- one process, no launcher ----

export OPENBLAS_NUM_THREADS=1
examine 0 "$TALLY" doctor --json --out "$work/new/folder"
grep -q '"wrong":0,' "$work/out" || fail "alone, something is wrong: $(cat "$work/out")"
[ ! -e "$work/new" ] && [ -z "$(ls -A "$work" | grep '^\.tally')" ] || fail "it leaves files: $(ls -A "$work")"

mkdir "$work/empty"
examine 8 env -u OPENBLAS_NUM_THREADS OMP_NUM_THREADS=many TMPDIR=/nowhere TALLY_ISA=portable \
    PATH="$work/empty" /bin/bash -c 'ulimit -n 64; "$0" doctor --out /proc/runs' "$TALLY"
finds wrong folder "/proc cannot be written" "--out DIR"
finds warning products "OMP_NUM_THREADS=many is no number" "OMP_NUM_THREADS=1"
finds wrong limits "may open 64 files" "ulimit -n 4096"
finds wrong scratch "TMPDIR=/nowhere is not there" "TMPDIR=/tmp"
finds warning pictures "no gnuplot here" "apt-get install gnuplot-nox"
! "$TALLY" info machine | grep -q 'vectors    avx' ||
    finds warning build "takes vectors by portable" "unset TALLY_ISA"
expect 2 "did you mean --json" "$TALLY" doctor --jsn
expect 2 "there is no comm foo" "$TALLY" doctor --comm foo
expect 2 "looks at real ranks" "$TALLY" doctor --comm sim:ranks=2
if unshare -m true 2>/dev/null; then
    mkdir "$work/small"
    examine 8 unshare -m bash -c 'mount -t tmpfs -o size=8m tmpfs "$1" && "$0" doctor --out "$1/runs"' \
        "$TALLY" "$work/small"
    finds wrong folder "has 8 MiB left" "--out DIR"
fi

# ---- some ranks ----

[ -n "$MPIEXEC" ] || { finish; exit; }
launcher=${MPIEXEC%% *}
mpi=$("$TALLY" info machine | sed -n 's/^MPI  *\(Open MPI\|MPICH\).*/\1/p')
cores=$(nproc)
ranks=$((cores < 2 ? 1 : 2))

MPIEXEC=$launcher examine 0 "$top/launch/run" -n $ranks "$TALLY" doctor --json
grep -q "\"ranks\":$ranks,.*\"wrong\":0," "$work/out" || fail "a good launch: $(cat "$work/out")"

# Another MPI's launcher: lonely copies, of which one speaks.
other=$([ "$mpi" = MPICH ] && echo mpirun.openmpi || echo mpiexec.mpich)
if command -v "$other" >/dev/null; then
    examine 8 "$other" -n 3 "$TALLY" doctor
    finds wrong mpi "launcher started 3 processes, but MPI sees 1 rank" "-n 3 tally"
    [ "$(grep -c '^wrong' "$work/out")" = 1 ] || fail "lonely copies all speak: $(cat "$work/out")"
    examine 8 "$other" -n 1 "$TALLY" doctor
    finds wrong mpi "the launcher is of " "-n 1 tally"
fi
[ "$mpi" = "Open MPI" ] || { finish; exit; }

many=$((cores + 1)) few="$launcher --bind-to none --oversubscribe"
unset OMPI_MCA_mpi_yield_when_idle
examine 0 $few -n $many "$TALLY" doctor
finds warning ranks "$many ranks share the $cores processor" "-n $cores"
grep -q "^ok  *yield" "$work/out" || fail "mpirun has them yield: $(cat "$work/out")"

small_memory() {
    if unshare -m true 2>/dev/null; then
        unshare -m bash -c 'mount -t tmpfs -o size=16m tmpfs /dev/shm && exec "$@"' _ "$@"
    else
        "$@"
    fi
}
export -f small_memory
examine 8 bash -c 'small_memory "$@"' _ $few --mca mpi_yield_when_idle 0 -x OPENBLAS_NUM_THREADS=$cores \
    --mca btl_vader_single_copy_mechanism none -n $many "$TALLY" doctor
finds wrong yield "keeps its processor while it waits" "mpirun --mca mpi_yield_when_idle 1"
[ "$cores" -lt 2 ] || finds wrong products "want $((many * cores)) threads in all" "mpirun -x OPENBLAS_NUM_THREADS=1"
finds warning memory "btl_vader_single_copy_mechanism=none" "btl_vader_single_copy_mechanism cma"
! unshare -m true 2>/dev/null || finds warning memory "/dev/shm has .* left of 16 MiB" "--shm-size=2g"

if [ "$cores" -ge 2 ]; then
    examine 8 "$launcher" --bind-to core -x OPENBLAS_NUM_THREADS=2 -n 1 "$TALLY" doctor
    finds wrong binding "bound to 1 of $cores processors and has 2 threads" "--map-by slot:PE=2"
    examine 0 env -u OPENBLAS_NUM_THREADS "$launcher" --bind-to core -n 1 "$TALLY" doctor
    finds warning binding "bound to 1 of $cores processors and starts as many threads" "--map-by slot:PE=$cores"
    examine 0 "$launcher" --bind-to none -n 2 "$TALLY" doctor
    finds warning binding "may each use all $cores processors" "--bind-to core"
fi
if command -v objcopy >/dev/null && [ "$cores" -ge 2 ]; then
    another "$work/tally"
    examine 8 "$launcher" --cpu-set 0 --bind-to none -n 1 "$TALLY" doctor : -n 1 "$work/tally" doctor
    finds wrong build "rank 1 runs another build of tally" "copy .*/tally"
    finds wrong binding "2 ranks are bound to 1 of $cores processors" "--map-by slot:PE=1"
fi
finish
