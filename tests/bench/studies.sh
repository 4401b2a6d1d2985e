#!/usr/bin/env bash
# studies.sh SOURCE — bench/codec-accuracy and bench/robustness choose rates on held-out rows, move the
# range on, go on where they were, and say what failed: with a program in Tally's place that is best
# at rate 0.2, better on held-out rows at 0.8 than in truth, and diverges where ranks say NaN.
# bench/prediction-check refuses what it cannot measure.
set -u
source=${1:?say where the source is}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
export PYTHONDONTWRITEBYTECODE=1

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

cat >"$work/tally" <<'END'
#!/usr/bin/env bash
echo "$*" >>"$(dirname "$0")/calls"
[[ $* != *--data\ idx:dir=broken* ]] || { echo "tally: a sentence" >&2; exit 3; }
[[ $* != *nan:ranks* ]] || { echo "tally: the loss is not finite" >&2; exit 7; }
case $* in
*"--rate 0.2 "*"--validate 0"*) validate=null test=0.97 ;;
*"--rate 0.2 "*) validate=0.9 test=0.1 ;;
*"--rate 0.4 "*) validate=0.8 test=0.99 ;;
*) validate=0.5 test=0.5 ;;
esac
echo "{\"validate_accuracy\": $validate, \"test_accuracy\": $test, \"bytes_sent_per_rank_per_step\": 5e5}"
END
chmod +x "$work/tally"

# runs SCRIPT CALLS ARGUMENTS...: how often Tally is called; what is said is in $work/out.
runs() {
    local script=$1 calls=$2 got
    shift 2
    : >"$work/calls"
    "$source/bench/$script" --tally "$work/tally" --results "$work/$script.jsonl" "$@" >"$work/out" 2>"$work/err" ||
        fail "$script $*: $(cat "$work/err")"
    got=$(wc -l <"$work/calls")
    [ "$got" -eq "$calls" ] || fail "$script $*: $got runs, expected $calls"
}

has() {
    grep -qF -- "$1" "$work/out" || fail "no \"$1\" in: $(cat "$work/out")"
}

# Three rates, one beyond the best, two seeds.
runs codec-accuracy 6 --data mnist --methods fp32 --seeds 2
has "| 0.2 | 97.00 | 0.00 |  |  | 0.5000 |"
runs codec-accuracy 0 --data mnist --methods fp32 --seeds 2
has "| 0.2 | 97.00 | 0.00 |  |  | 0.5000 |"
runs codec-accuracy 1 --data mnist --methods fp32 --seeds 3 --jobs 2
"$source/bench/codec-accuracy" --tally "$work/tally" --data broken --methods vote --results "$work/none" \
    >"$work/out" 2>&1 && fail "a run that failed went unnoticed"
has "tally: a sentence"
"$source/bench/codec-accuracy" --methods fp33 >"$work/out" 2>&1 && fail "there is no fp33"
has "there is no method fp33"

# Four rates and three seeds of each of five cells; where all rates tie the first stays.
runs robustness 35 bars --data mnist
has '| `mean` | 0.5 | `sign_flip:factor=1.5` | 4 | 0.500 (0.500 to 0.500) | less than 0.5 |'
runs robustness 0 bars --data mnist
# Four rates of nine aggregates; then each without liars and with two of each of eight kinds.
runs robustness 117 map --data mnist --liars 2 --jobs 2
has '| `mean` | 0.5 | 0.500 | 0.500 | 0.500 | diverged | 0.500 |'

# refuses WORDS ARGUMENTS...: prediction-check says so before it makes a host.
refuses() {
    local words=$1
    shift
    "$source/bench/prediction-check" --tally "$work/tally" "$@" >"$work/out" 2>&1 && fail "prediction-check $*: no complaint"
    has "$words"
}
refuses "make no cluster of at most 8 ranks" hosts --hosts 16
refuses "invalid shape value: '64x7'" simulated --shapes 64x7
refuses "cannot keep runs in $work: Is a directory" hosts --hosts 2 --out "$work"
refuses "there is no program $work/none" hosts --tally "$work/none"
exit $((failures > 0))
