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

small="--data digits --model mlp:hidden=24 --batch 32 --epochs 3 --rate 0.05 --seed 3 --threads 1 --quiet --json"

# another FILE: a copy of the program that is another build, by a byte of the linker's
# fingerprint.
another() {
    objcopy --dump-section .note.gnu.build-id="$work/note" "$TALLY" /dev/null
    printf '\xaa' | dd of="$work/note" bs=1 seek=20 conv=notrunc 2>/dev/null
    objcopy --update-section .note.gnu.build-id="$work/note" "$TALLY" "$1"
}
