#!/usr/bin/env bash
# Ranks that starve on few cores get one sentence with the flag that mends it; that flag
# does mend it.  Flags are those of the launcher: Open MPI's, or MPICH's.
. "$(dirname "$0")/lib.sh"

cores=$(nproc)
[ "$cores" -ge 2 ] || exit 77

# warns COUNT "LAUNCHER AND FLAGS" OPTIONS...: so many lines of warning.
warns() {
    local count=$1 before=$2 said
    shift 2
    timeout 120 $before "$TALLY" train --data digits --steps 2 "$@" >"$work/out" 2>"$work/err" ||
        fail "$before: $*: $(head -c 400 "$work/err")"
    said=$(grep -c 'warning: .* processors' "$work/err")
    [ "$said" -eq "$count" ] || fail "$said warnings, expected $count: $before: $*: $(cat "$work/err")"
}

# The flag that the last warning named.
advice() {
    sed -n 's/.*: start with \(mpirun\|mpiexec\|srun\) //p' "$work/err"
}

warns 1 "taskset -c 0" --threads 2
warns 0 "taskset -c 0" --threads 1
warns 0 "" --threads 2
warns 0 "taskset -c 0" --comm sim:ranks=4
launcher=${MPIEXEC%% *}
case $([ -z "$launcher" ] || "$launcher" --version 2>&1) in
*"Open MPI"* | *OpenRTE*)
    warns 1 "$launcher --bind-to core -n 1" --threads 2
    warns 0 "$launcher $(advice) -n 1" --threads 2
    warns 0 "$launcher --bind-to none -n 1" --threads 2
    warns 0 "$launcher --bind-to core -n 2" --threads 1
    warns 1 "$launcher --cpu-set 0 --bind-to none -n 2" --threads 1
    warns 0 "$launcher $(advice) -n 2" --threads 1
    warns 1 "$launcher --bind-to core -n 2" --threads $((cores + 1))
    warns 0 "$launcher $(advice) -n 2" --threads $((cores + 1))
    ;;
*HYDRA*)
    warns 1 "$launcher -bind-to core:1 -n 1" --threads 2
    warns 0 "$launcher $(advice) -n 1" --threads 2
    warns 0 "$launcher -bind-to core:1 -n 2" --threads 1
    warns 1 "$launcher -bind-to user:0,0 -n 2" --threads 1
    warns 0 "$launcher $(advice) -n 2" --threads 1
    ;;
"") ;;
*) echo "binding: the flags of $launcher are not known; its ranks are not tested" >&2 ;;
esac

# --threads is what a run says it has; what is found without it suits the binding.
"$TALLY" train --data digits --steps 1 --threads 2 --quiet --json >"$work/out"
grep -q '"threads":2,' "$work/out" || fail "--threads 2: $(cat "$work/out")"
env -u OPENBLAS_NUM_THREADS -u OMP_NUM_THREADS taskset -c 0 "$TALLY" train --data digits --steps 1 --quiet --json >"$work/out"
grep -q '"threads":1,' "$work/out" || fail "on one core: $(cat "$work/out")"
finish
