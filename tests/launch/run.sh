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
makes open "ConnectTimeout=20" "" -n 2 --host a,b true
makes open "--host a,b" "ConnectTimeout" -n 2 --host a,b --mca plm_rsh_agent rsh true
makes open "true" "ConnectTimeout" -n 1 true
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

# explains WORDS TEXT [VARIABLE=VALUE]: an mpirun that says TEXT and fails, of hosts that the user names; the
# last line is launch/run's, its code the launcher's.
explains() {
    local said
    printf '#!/bin/sh\n[ "$1" = --version ] && { echo "mpirun (Open MPI) 4.1.4"; exit; }\nprintf "%%s\\n" "%s" >&2\nexit 213\n' "$2" >"$work/bad"
    chmod +x "$work/bad"
    said=$(env -u SLURM_JOB_ID ${3:-} MPIEXEC="$work/bad" "$run" -n 4 --host a,b true 2>&1)
    if [[ $? != 213 || $(tail -n 1 <<<"$said") != "launch/run: "*"$1"* || $said != *"$2"* ]]; then
        echo "FAIL: \"$2\" is explained so: $said" >&2
        failures=$((failures + 1))
    fi
}

explains "the hosts offer fewer slots than -n 4" "There are not enough slots available in the system to satisfy the 4"
explains "host node9 cannot be reached: Connection timed out; try: ssh node9 true" \
    "ssh: connect to host node9 port 22: Connection timed out"
explains "host nod cannot be reached: its name is not known" \
    "ssh: Could not resolve hostname nod: Name or service not known"
explains "host b cannot be reached: ssh wants a password" "me@b: Permission denied (publickey,password)."
explains "ssh does not know the key of a host" "Host key verification failed."
explains "daemon did not start there" "ORTE was unable to reliably start one or more daemons."
explains "true cannot be started on every host" "mpirun was unable to find the specified executable file, and therefore"
explains "true cannot be started on node7: put it in the same place" \
    $'mpirun was unable to launch the specified application as it could not access\nor execute an executable:\nNode: node7'
explains "the job has fewer tasks than -n 4: ask Slurm for them (sbatch --ntasks=4)" \
    "There are not enough slots available in the system to satisfy the 4" SLURM_JOB_ID=1

# A signal reaches the launcher, and its code comes back.
cat >"$work/waits" <<'END'
#!/bin/bash
[ "$1" = --version ] && { echo "mpirun (Open MPI) 4.1.4"; exit; }
trap 'exit 75' USR1
echo ready >&2
while :; do sleep 0.1; done
END
chmod +x "$work/waits"
MPIEXEC=$work/waits "$run" --host a,b true 2>"$work/err" &
for ((i = 0; i < 200; i++)); do
    ! grep -q ready "$work/err" || break
    sleep 0.05
done
kill -USR1 $!
wait $!
code=$?
((code == 75)) || {
    echo "FAIL: USR1 to launch/run ends it with $code, not with its launcher's 75" >&2
    failures=$((failures + 1))
}

# Ctrl-C, which the terminal sends to all in the group, reaches it once: of a second one mpirun
# leaves at once, without its ranks.
cat >"$work/counts" <<'END'
#!/bin/bash
[ "$1" = --version ] && { echo "mpirun (Open MPI) 4.1.4"; exit; }
count=0
trap 'count=$((count + 1))' INT
echo ready >&2
for ((i = 0; i < 100 && count == 0; i++)); do sleep 0.1; done
sleep 0.5
exit $((70 + count))
END
chmod +x "$work/counts"
set -m
MPIEXEC=$work/counts "$run" --host a,b true 2>"$work/err" &
set +m
for ((i = 0; i < 200; i++)); do
    ! grep -q ready "$work/err" || break
    sleep 0.05
done
kill -INT -- -$!
wait $!
code=$?
((code == 71)) || {
    echo "FAIL: of Ctrl-C launch/run's launcher gets $((code - 70)): $(cat "$work/err")" >&2
    failures=$((failures + 1))
}

# mpirun may wait for a lost host long after the ranks have ended.
cat >"$work/stays" <<'END'
#!/bin/bash
[ "$1" = --version ] && { echo "mpirun (Open MPI) 4.1.4"; exit; }
trap '' TERM
echo "tally: rank 1 does not answer; the run ends (--timeout)" >&2
sleep 50
END
chmod +x "$work/stays"
said=$(LAUNCH_GRACE=1 MPIEXEC=$work/stays timeout 30 "$run" --host a,b true 2>&1)
code=$?
[[ $code == 6 && $said == *"mpirun waits for a host that is gone"* ]] || {
    echo "FAIL: of an mpirun that stays: $code, $said" >&2
    failures=$((failures + 1))
}
exit $((failures > 0))
