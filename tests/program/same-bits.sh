#!/usr/bin/env bash
# Simulated ranks and mpirun end with the same weights, bit for bit, and so does a repeat.
. "$(dirname "$0")/lib.sh"

for options in "--exchange ordered" "--exchange vote --rule signum --rate 0.003" \
    "--exchange vote:zero=skip,tie=zero --rule signum --rate 0.003" \
    "--exchange allreduce:algorithm=ring --rule adam --rate 0.001" \
    "--exchange allreduce:algorithm=halving" "--exchange gather --codec qsgd" \
    "--exchange gather:back=coded --codec sign" "--exchange gather:form=all --codec topk" \
    "--exchange gather:form=sharded --aggregate geometric_median"; do
    for n in 1 2 3 4; do
        simulated=$("$TALLY" train $small $options --comm "sim:ranks=$n" | field final_weights_xxh3)
        real=$(ranks "$n" train $small $options | field final_weights_xxh3)
        [ -n "$real" ] || fail "$options on $n ranks printed no hash"
        [ "$simulated" = "$real" ] || fail "$options on $n ranks: sim $simulated, real $real"
    done
done

# A repeat, also of what the MPI library sums as it pleases.
for options in "--exchange allreduce" "--exchange ordered" "--exchange vote --rule signum --rate 0.003"; do
    a=$(ranks 3 train $small $options | field final_weights_xxh3)
    b=$(ranks 3 train $small $options | field final_weights_xxh3)
    [ -n "$a" ] && [ "$a" = "$b" ] || fail "$options: a run and its repeat give $a and $b"
done

# The plan changes nothing where that is promised.
for options in "--exchange ordered" "--exchange vote --rule signum --rate 0.003" \
    "--exchange vote:zero=skip,tie=previous --rule signum --rate 0.003"; do
    a=$(ranks 3 train $small $options --bucket 1 | field final_weights_xxh3)
    b=$(ranks 3 train $small $options --bucket 4096 | field final_weights_xxh3)
    [ -n "$a" ] && [ "$a" = "$b" ] || fail "$options: buckets of 1 KiB and 4 MiB give $a and $b"
done

# Who counts the votes changes nothing, also of messages that do not leave at once.
for form in sharded server hier; do
    ranks 4 train --data digits --model mlp:hidden=512x512 --batch 8 --steps 100 --rate 1e-3 \
        --strategy vote --exchange "vote:form=$form" --threads 1 --quiet --json |
        field final_weights_xxh3
done >"$work/forms"
[ "$(grep -c . "$work/forms")" = 3 ] && [ "$(sort -u "$work/forms" | wc -l)" = 1 ] ||
    fail "votes counted in three ways: $(tr '\n' ' ' <"$work/forms")"
finish
