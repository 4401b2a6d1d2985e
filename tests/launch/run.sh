#!/usr/bin/env bash
# run.sh RUN — the lines that launch/run makes of its words, told by an mpirun that only
# repeats what it was given.
set -u
run=${1:?say where launch/run is}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
cores=$(lscpu -p=CORE,SOCKET | grep -v '^#' | sort -u | wc -l)
allowed=$(nproc)
more=$((cores + 1))

# fake NAME WORDS: an mpirun of that make.
fake() {
    printf '#!/bin/sh\n[ "$1" = --version ] && { echo "%s"; exit; }\necho "$*"\n' "$2" >"$work/$1"
    chmod +x "$work/$1"
}
fake open "mpirun (Open MPI) 4.1.4"
fake hydra "HYDRA build details:"

# makes MPIRUN HAS LACKS WORDS...: the line holds HAS and does not hold LACKS.
makes() {
    local line has=$2 lacks=$3
    line=$(env -u SLURM_JOB_ID MPIEXEC="$work/$1" "$run" "${@:4}" 2>/dev/null)
    if [[ $line != *$has* || (-n $lacks && $line == *$lacks*) ]]; then
        echo "FAIL: launch/run ${*:4}: \"$line\" should hold \"$has\" and not \"$lacks\"" >&2
        failures=$((failures + 1))
    fi
}

makes open "-n $more" "" -n "$more" true
makes open "--oversubscribe --bind-to none" "--map-by" -n "$more" true
makes open "--oversubscribe" "core" -n "$more" --bind-to none true
makes open "-x OPENBLAS_NUM_THREADS=" "--oversubscribe" -n 1 --bind-to none true
makes open "--cpu-set 0" "--bind-to" -n 1 --cpu-set 0 true
makes open "--map-by node" "--oversubscribe" -n "$more" --map-by node true
makes open "--hostfile h" "--bind-to" -n "$more" --hostfile h true
makes open "true a --bind-to b" "" -n 1 -- true a --bind-to b
makes hydra "-bind-to none" "--oversubscribe" -n "$more" true
makes hydra "-bind-to rr" "none" -n "$more" -bind-to rr true
makes hydra "-genv OPENBLAS_NUM_THREADS" "-x" -n 1 true
if ((cores == allowed)) && [[ $(cat /sys/fs/cgroup/cpu.max 2>/dev/null) != [0-9]* ]]; then
    makes open "--bind-to core --map-by slot:PE=$cores" "" -n 1 true
    makes hydra "-bind-to core:$cores" "" -n 1 true
fi

for words in "-n 0 true" "-n x true" "-n 2" "-n" "--mca a"; do
    # shellcheck disable=SC2086
    if MPIEXEC=$work/open "$run" $words >/dev/null 2>&1; then
        echo "FAIL: launch/run $words is no error" >&2
        failures=$((failures + 1))
    fi
done
MPIEXEC=$work/none "$run" -n 1 true 2>&1 | grep -q "is no program" || failures=$((failures + 1))
exit $((failures > 0))
