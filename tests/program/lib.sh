# lib.sh — what the tests of the whole program share.  Sourced with TALLY (the program) and
# MPIEXEC (mpirun and its flags, or empty) in the environment.

set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

finish() {
    [ "$failures" -eq 0 ] || exit 1
}

# The value of a key of the last line of JSON on standard input.
field() {
    tail -n 1 | sed -n "s/.*\"$1\": *\"\{0,1\}\([^,\"}]*\).*/\1/p"
}

# ranks N ARGUMENTS: tally under mpirun, or on simulated ranks without MPI.
ranks() {
    local n=$1
    shift
    if [ -n "$MPIEXEC" ]; then
        timeout 120 $MPIEXEC -n "$n" "$TALLY" "$@"
    elif [ "$n" = 1 ]; then
        timeout 120 "$TALLY" "$@"
    else
        timeout 120 "$TALLY" "$@" --comm "sim:ranks=$n"
    fi
}

# expect CODE WORDS COMMAND...: it exits with CODE and says WORDS, exactly once.
expect() {
    local code=$1 words=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err"
    local got=$?
    [ "$got" -eq "$code" ] || fail "exit $got, expected $code: $*: $(head -c 400 "$work/err")"
    local said
    said=$(grep -c -- "$words" "$work/err")
    [ "$said" -eq 1 ] || fail "said \"$words\" $said times: $*: $(head -c 400 "$work/err")"
}

# mark: what starts from here on is told from what started before: a launcher that was ended
# may leave ranks that take a moment longer.
marks=0
mark() { export STARTED_BY="$$.$((++marks))"; }

# rank_process R: the process of rank R of what was started since the last mark, if it is there.
rank_process() {
    local pid
    for pid in $(pgrep -x tally); do
        { tr '\0' '\n' <"/proc/$pid/environ" >"$work/environ"; } 2>/dev/null || continue
        grep -qxF "STARTED_BY=$STARTED_BY" "$work/environ" || continue
        grep -qxE "(OMPI_COMM_WORLD_RANK|PMI_RANK)=$1" "$work/environ" && echo "$pid" && return
    done
    return 1
}

# catches PID SIGNAL: that process has a handler for the signal of that number.
catches() {
    local caught
    caught=$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status" 2>/dev/null)
    [ -n "$caught" ] && [ $((0x$caught >> ($2 - 1) & 1)) -eq 1 ]
}

small="--data digits --model mlp:hidden=24 --batch 32 --epochs 3 --rate 0.05 --seed 3 --threads 1 --quiet --json"

# another FILE: a copy of the program that is another build, by a byte of the linker's
# fingerprint.
another() {
    objcopy --dump-section .note.gnu.build-id="$work/note" "$TALLY" /dev/null
    printf '\xaa' | dd of="$work/note" bs=1 seek=20 conv=notrunc 2>/dev/null
    objcopy --update-section .note.gnu.build-id="$work/note" "$TALLY" "$1"
}
