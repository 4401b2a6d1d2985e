#!/usr/bin/env bash
# Under Slurm, on two virtual nodes: srun and both job scripts train as mpirun does, and a
# job that Slurm warns before its limit is queued again and goes on.  Where Slurm is
# missing it is skipped (77).
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)
slurm=$top/launch/slurm
export SLURM_PLACE=/tmp/tally-slurm-$$

skip() {
    echo "SKIPPED: $*"
    exit 77
}

[[ $MPIEXEC == *mpirun* || $MPIEXEC == *mpiexec* ]] && mpirun --version 2>/dev/null | grep -q "Open MPI" ||
    skip "srun --mpi=pmix starts Open MPI's programs"
why=$("$slurm" can 2>&1) || skip "$why"
trap '"$slurm" down; rm -rf "$work"' EXIT
"$slurm" up 2 || fail "no Slurm"
cd "$work" || exit 1
export TALLY

# Two nodes of two ranks: the weights of four ranks of mpirun.
one=$(ranks 4 train $small --exchange ordered | field final_weights_xxh3)
two=$("$slurm" run timeout 60 srun --mpi=pmix -N 2 -n 4 "$TALLY" train $small \
    --exchange ordered 2>err | field final_weights_xxh3)
[ -n "$one" ] && [ "$one" = "$two" ] || fail "srun $two, mpirun $one: $(tail -n 3 err)"

# submit SCRIPT ARGUMENTS...: its number in $id.
submit() {
    "$slurm" run sbatch "$top/launch/examples/$1" "${@:2}" >out || fail "$*: $(cat out)"
    id=$(sed 's/.* //' out)
}

# wait_for STATE SECONDS: until the job is in it.
wait_for() {
    for ((i = 0; i < 5 * $2; i++)); do
        "$slurm" run scontrol show job "$id" | grep -q "JobState=$1 " && return
        sleep 0.2
    done
    fail "not $1 after $2 s: $(tail -n 3 "tally-$id.log")"
}

RUN=srun submit train.sbatch --exchange ordered --quiet
wait_for COMPLETED 60
RUN=mpirun submit mpirun.sbatch --exchange ordered --quiet
wait_for COMPLETED 60
said() { "$TALLY" eval --checkpoint "$1" --json | field accuracy; }
[ -n "$(said srun)" ] && [ "$(said srun)" = "$(said mpirun)" ] ||
    fail "job scripts: srun $(said srun), mpirun $(said mpirun)"

# USR1, as --signal sends it: a checkpoint, and another turn that ends the run.
RUN=long submit train.sbatch --exchange ordered --epochs 200 --quiet --checkpoint-every 5
for ((i = 0; i < 100; i++)); do
    [ -e long/checkpoints ] && break
    sleep 0.2
done
"$slurm" run scancel --signal=USR1 "$id"
wait_for PENDING 20
"$slurm" run scontrol update "JobId=$id" StartTime=now # Slurm would wait two minutes
wait_for COMPLETED 60
"$slurm" run scontrol show job "$id" | grep -q "Restarts=1 " || fail "it did not start again"
whole=$(ranks 4 train --data digits --model mlp:hidden=64 --epochs 200 --exchange ordered \
    --threads 1 --quiet --out whole --json | field test_accuracy)
[ -n "$whole" ] && [ "$(said long)" = "$whole" ] ||
    fail "in two turns $(said long), in one $whole"
finish
