#!/usr/bin/env bash
# Every rule learns: four epochs of digits on one rank, at a rate that suits it.
. "$(dirname "$0")/lib.sh"

learns() { # RULE RATE OPTIONS...: more than 85 % of the test rows
    local rule=$1 rate=$2 accuracy
    shift 2
    accuracy=$("$TALLY" train --comm self --data digits --rule "$rule" --rate "$rate" \
        --epochs 4 --threads 1 --quiet --json "$@" 2>"$work/err" | field test_accuracy)
    awk -v is="$accuracy" 'BEGIN { exit !(is > 0.85) }' ||
        fail "$rule at rate $rate: accuracy \"$accuracy\" $(cat "$work/err")"
}

learns sgd 0.1
learns momentum 0.05
learns nesterov 0.05
learns adagrad 0.02
learns adadelta 1
learns rmsprop 0.001
learns rmsprop:centred=true,beta=0.9 0.0003
learns adam 0.002
learns adamw 0.002
learns adamax 0.003
learns nadam 0.002
learns radam 0.002
learns amsgrad 0.002
learns adabound 0.002
learns amsbound 0.002
learns signsgd 0.001
learns signum 0.001
learns rprop 0.001 --batch 2000 --steps 60
finish
