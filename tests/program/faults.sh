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

# Another build: the same program but for one byte of the linker's fingerprint.
if command -v objcopy >/dev/null; then
    objcopy --dump-section .note.gnu.build-id="$work/note" "$TALLY" /dev/null
    printf '\xaa' | dd of="$work/note" bs=1 seek=20 conv=notrunc 2>/dev/null
    objcopy --update-section .note.gnu.build-id="$work/note" "$TALLY" "$work/tally"
    expect 8 "rank 1 runs another build of tally (.*) than rank 0 (.*)" \
        as_two "$work/tally"
fi
cp "$TALLY" "$work/copy"
as_two "$work/copy" 2>"$work/err" || fail "a copy is another program: $(<"$work/err")"
finish
