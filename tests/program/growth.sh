#!/usr/bin/env bash
# Ten thousand steps more take less than 1 MiB more, on every exchange and with the progress
# thread on.  Under sanitizers, which keep freed memory, it is skipped (77).
. "$(dirname "$0")/lib.sh"

if nm "$TALLY" 2>/dev/null | grep -q __asan_init; then
    echo "SKIPPED: AddressSanitizer keeps what is freed"
    exit 77
fi

small="--data digits --model softmax --batch 8 --rate 0.001 --log-every 100000 --seed 3 --threads 1 --quiet --json"

# grows RANKS OPTIONS...
grows() {
    local n=$1 short long
    shift
    short=$(ranks "$n" train $small --steps 500 "$@" | field peak_rss_mib)
    long=$(ranks "$n" train $small --steps 10500 "$@" | field peak_rss_mib)
    awk -v a="$short" -v b="$long" 'BEGIN { exit !(a > 0 && b > 0 && b - a < 1) }' ||
        fail "$n ranks, $*: $short MiB after 500 steps, $long MiB after 10500"
}

grows 1
for options in "--exchange allreduce" "--exchange allreduce:algorithm=ring" "--exchange ordered" \
    "--exchange vote --rule signum"; do
    grows 2 $options
done
[ -z "$MPIEXEC" ] || grows 2 --exchange allreduce:algorithm=ring --comm mpi:progress=thread
finish
