#!/usr/bin/env bash
# Cora by the graph-augmented MLP: its own validation rows are scored while training and by
# eval, two ranks that share a cache end where those without end, and ten layers learn.
. "$(dirname "$0")/lib.sh"

graphs=$(dirname "$0")/../../../shared/data/graph
if [ ! -r "$graphs/cora.npz" ]; then
    echo "skipped: there is no $graphs/cora.npz"
    exit 77
fi
cora="graph:file=$graphs/cora.npz,split=$graphs/cora_split.npz,features=row"
short="--rule adam --rate 1e-3 --batch 70 --epochs 15 --exchange ordered --threads 1 --quiet --json"

train() { # DATA MODEL OPTIONS...: the last line of JSON
    local data=$1 model=$2
    shift 2
    ranks 2 train --data "$data" --model "$model" $short "$@" 2>"$work/err" | tail -n 1
}

above() { # LEAST VALUE WHAT
    awk -v least="$1" -v is="$2" 'BEGIN { exit !(is > least) }' ||
        fail "$3: \"$2\", expected more than $1: $(cat "$work/err")"
}

plain=$(train "$cora" gamlp:layers=2 --out "$work/run")
above 0.65 "$(echo "$plain" | field validate_accuracy)" "validation accuracy at 2 layers"
above 0.65 "$(echo "$plain" | field test_accuracy)" "test accuracy at 2 layers"
for split in validate test; do
    scored=$("$TALLY" eval --checkpoint "$work/run" --split $split --json 2>"$work/err" |
        field accuracy)
    [ "$scored" = "$(echo "$plain" | field ${split}_accuracy)" ] ||
        fail "eval of $split: \"$scored\", while training $plain"
done

for pass in made read; do
    cached=$(train "$cora,cache=$work/cache" gamlp:layers=2)
    [ "$(echo "$cached" | field final_weights_xxh3)" = \
        "$(echo "$plain" | field final_weights_xxh3)" ] ||
        fail "the cache, $pass, gives other weights: $cached"
done
[ "$(find "$work/cache" -type f | wc -l)" = 1 ] || fail "the cache holds $(ls "$work/cache")"

above 0.5 "$(train "$cora" gamlp:layers=10,init=he | field validate_accuracy)" \
    "validation accuracy at 10 layers"
expect 2 "500 validation rows of its own" \
    "$TALLY" train --data "$cora" --model gamlp --validate 5
expect 4 "holds no adj_data" \
    "$TALLY" train --data "graph:file=$graphs/cora_split.npz" --model gamlp
finish
