#!/usr/bin/env bash
# `tally bench` as a user runs it: every exchange is checked, output has the form asked for,
# wrong words get a sentence.
. "$(dirname "$0")/lib.sh"

# ---- exchange ----
ranks 3 bench exchange --sizes 4KiB,100003 --repeats 2 >"$work/out" 2>"$work/err" ||
    fail "bench exchange: $(cat "$work/err")"
for words in "4096 .* allreduce:algorithm=ring .* exact" "10000[48] .* vote:form=server .* majority" \
    "4096 .* ordered .* exact" "3 ranks on"; do
    grep -q -- "$words" "$work/out" || fail "no \"$words\" in: $(cat "$work/out")"
done

ranks 2 bench exchange --exchange vote:tie=zero --exchange ordered --sizes 1KiB..20KiB \
    --repeats 1 --bucket 4 --csv >"$work/out" 2>"$work/err" || fail "--csv: $(cat "$work/err")"
[ "$(wc -l <"$work/out")" -eq 9 ] || fail "not a head and 8 rows: $(cat "$work/out")"
awk -F, 'NF != 12 { exit 1 }' "$work/out" || fail "rows of other than 12 cells: $(cat "$work/out")"

ranks 2 bench exchange --update --exchange vote --exchange allreduce --sizes 64KiB --repeats 2 \
    --csv >"$work/out" 2>"$work/err" || fail "--update: $(cat "$work/err")"
grep -q '^2,65536,traffic,[0-9.]*,[0-9.]*' "$work/out" || fail "no row of memory traffic: $(cat "$work/out")"
[ "$(wc -l <"$work/out")" -eq 4 ] || fail "not a head and 3 rows: $(cat "$work/out")"

"$TALLY" bench exchange --comm sim:ranks=5 --sizes 8KiB --json >"$work/out" 2>"$work/err" ||
    fail "--json: $(cat "$work/err")"
python3 - "$work/out" <<'PYTHON' || fail "JSON: $(cat "$work/out")"
import json, sys
result = json.load(open(sys.argv[1]))
assert result["ranks"] == 5 and result["simulated"] and result["memory_read_gb_per_s"] is None
rows = {row["exchange"]: row for row in result["rows"]}
assert rows["vote:form=sharded"]["checked"] == "majority" and rows["vote:form=sharded"]["error"] is None
width = 4 if result["precision"] == "F32" else 8
words = -(-(8192 // width) // 64)   # of bits; the owner of most words sends the fewest
assert rows["vote:form=sharded"]["bytes_sent"] <= 2 * 4 * 8 * -(-words // 5)
ring = rows["allreduce:algorithm=ring"]
assert ring["bytes_sent"] >= 2 * 4 * (8192 // 5) and ring["error"] == 0
share = ring["bus_gb_per_s"] / ring["algorithm_gb_per_s"]
assert abs(share - 1.6) < 1e-6, share
assert abs(ring["algorithm_gb_per_s"] - 8192 / ring["median_us"] / 1e3) < 1e-9
PYTHON

# Each codec, among fewer ranks than there are; bytes are those of a rank among so many.
ranks 3 bench exchange --exchange gather --codec sign --codec topk:k=0.25 --exchange ordered \
    --sizes 4KiB --ranks 2,3 --repeats 1 --csv >"$work/out" 2>"$work/err" || fail "--ranks: $(cat "$work/err")"
cut -d, -f1-3 "$work/out" | tail -n +2 >"$work/rows"
printf '%s\n' 2,4096,gather\ codec={sign,topk:k=0.25} 2,4096,ordered \
    3,4096,gather\ codec={sign,topk:k=0.25} 3,4096,ordered | diff - "$work/rows" || fail "rows of --ranks 2,3"
awk -F, '$3 == "ordered" && $9 > 4096 * 4 / 3 + 8 || $3 ~ /sign/ && $9 > 2 * 4096 / 8 + 8 { exit 1 }' "$work/out" ||
    fail "bytes of --ranks 2,3: $(cat "$work/out")"
"$TALLY" bench exchange --comm sim:ranks=2 --exchange gather --codec all --sizes 1KiB --csv >"$work/out" 2>"$work/err" ||
    fail "--codec all: $(cat "$work/err")"
for codec in $("$TALLY" info codec | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p'); do
    grep -q "^2,1024,gather codec=$codec," "$work/out" || fail "no row for codec $codec"
done

# ---- kernel ----
"$TALLY" bench kernel --seconds 0.001 >"$work/out" 2>"$work/err" || fail "bench kernel: $(cat "$work/err")"
for rule in $("$TALLY" info rule | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p'); do
    grep -q "^rules *$rule apply" "$work/out" || fail "no row for rule $rule"
done
for words in "^products *forward nt *128x512x784" "^bits *majority of 8" "^activations *tanh backward"; do
    grep -q "$words" "$work/out" || fail "no row \"$words\""
done
"$TALLY" bench kernel --seconds 0.001 --only bits --json >"$work/out" 2>"$work/err" || fail "kernel --json: $(cat "$work/err")"
python3 -c '
import json, sys
result = json.load(open(sys.argv[1]))
assert result["product_gflop_per_s"] > 0 and result["memory_copy_gb_per_s"] > 0
assert {row["group"] for row in result["rows"]} == {"bits"}
assert all(row["rate"] > 0 and row["least_us"] <= row["median_us"] <= row["most_us"] for row in result["rows"])
' "$work/out" || fail "JSON: $(cat "$work/out")"

# ---- net ----
ranks 3 bench net --sizes 8,1KiB..256KiB --rounds 2 >"$work/out" 2>"$work/err" || fail "bench net: $(cat "$work/err")"
for words in "^3 ranks on 1 host" "^   2     0  " "^same node  *262144 " "simulated: --comm sim:ranks=3,node=0,alpha_node=" \
    "no two ranks are on different nodes"; do
    grep -q -- "$words" "$work/out" || fail "no \"$words\" in: $(cat "$work/out")"
done
ranks 2 bench net --sizes 8,64KiB --rounds 1 --csv >"$work/out" 2>"$work/err" || fail "net --csv: $(cat "$work/err")"
[ "$(wc -l <"$work/out")" -eq 2 ] || fail "not a head and a row: $(cat "$work/out")"
for table in places sizes; do
    ranks 2 bench net --sizes 8,64KiB --rounds 1 --csv --table $table >"$work/out" 2>"$work/err" || fail "net --csv: $(cat "$work/err")"
    [ "$(wc -l <"$work/out")" -eq 3 ] || fail "not a head and two $table: $(cat "$work/out")"
done
links=ranks=5,node=2,alpha=3e-05,beta=1.5e-08,alpha_node=2e-06,beta_node=4e-10
"$TALLY" bench net --comm sim:$links --json >"$work/out" 2>"$work/err" || fail "net --json: $(cat "$work/err")"
python3 - "$work/out" $links <<'PYTHON' || fail "JSON: $(cat "$work/out")"
import json, sys
result = json.load(open(sys.argv[1]))
assert result["sim"] == "sim:" + sys.argv[2], result["sim"]
near, far = result["rows"]
assert near["link"] == "same node" and near["pairs"] == 2 and far["pairs"] == 8
assert abs(far["alpha_us"] - 30) < 1e-6 and abs(far["beta_ns_per_byte"] - 15) < 1e-6
assert [place["node"] for place in result["places"]] == [0, 0, 1, 1, 2]
assert len(result["sizes"]) == 16 and all(abs(s["median_us"] - s["line_us"]) < 1e-4 for s in result["sizes"])
PYTHON

# ---- train ----
# parts FILE...: in no row are the parts of a step more than the step.
parts() {
    python3 - "$@" <<'PYTHON' || fail "parts of more than a step: $(cat "$@")"
import json, sys
names = ["compute_ms", "encode_ms", "wait_ms", "wire_ms", "decode_ms", "apply_ms"]
for path in sys.argv[1:]:
    for row in json.load(open(path))["rows"]:
        parts = {name: row[name] for name in names if row[name] is not None}
        assert row["compute_ms"] > 0 and sum(parts.values()) <= row["step_ms"] * (1 + 1e-9), row
        if row["strategy"].startswith("pdadmm"):
            assert row["wire_ms"] is None and row["apply_ms"] is None, row
PYTHON
}
every=allreduce,vote,powersgd,async,async:consistency=bsp,async:trainer.servers=all,pdadmm
if [ -n "$MPIEXEC" ]; then every=$every,async:consistency=hogwild; fi # of one node
what="--data digits --model mlp:hidden=32 --rounds 2 --compare $every --json"
ranks 3 bench train $what --steps 4 >"$work/steps" 2>"$work/err" || fail "bench train: $(cat "$work/err")"
ranks 3 bench train $what --epochs 2 --validate 200 --target 0.99 --look-every 4 >"$work/race" 2>"$work/err" ||
    fail "bench train: $(cat "$work/err")"
parts "$work/steps" "$work/race"

ranks 2 bench train --data digits --rounds 2 --steps 3 --csv >"$work/out" 2>"$work/err" || fail "bench train: $(cat "$work/err")"
[ "$(wc -l <"$work/out")" -eq 6 ] || fail "not a head and 5 strategies: $(cat "$work/out")"
awk -F, 'NR == 1 { next } $12 + 0 <= 0 || $13 + 0 <= 0 { exit 1 }' "$work/out" || fail "no rates: $(cat "$work/out")"
# What strategies have in common stands in the head.
"$TALLY" bench train --comm sim:ranks=2 --data digits --compare vote:batch=8,vote:batch=16,vote:batch=8 --rounds 1 --steps 2 \
    --json >"$work/out" 2>"$work/err" || fail "train --json: $(cat "$work/err")"
grep -q '"weights":[0-9]*,"batch":null' "$work/out" || fail "not a batch for all: $(cat "$work/out")"
# One rank of four is half a second late, links cost nothing: the others wait, and that is all.
"$TALLY" bench train --comm sim:ranks=4,alpha=0,beta=0 --data digits --compare allreduce,vote --rounds 1 --steps 4 \
    --attack straggler:ranks=2,seconds=0.5 --json >"$work/late" 2>"$work/err" || fail "train --json: $(cat "$work/err")"
# None is late, a message takes 10 ms: what is waited for is bytes.
"$TALLY" bench train --comm sim:ranks=4,alpha=1e-2,beta=0 --data digits --compare vote,powersgd --rounds 1 --steps 4 \
    --json >"$work/far" 2>"$work/err" || fail "train --json: $(cat "$work/err")"
# Layers on four ranks: what is not solved is waited for, and links of 10 ms are felt.
"$TALLY" bench train --comm sim:ranks=4,alpha=1e-2,beta=0 --data digits --model mlp:hidden=32x32x32 --compare pdadmm \
    --rounds 1 --steps 4 --json >"$work/layers" 2>"$work/err" || fail "train --json: $(cat "$work/err")"
python3 - "$work/layers" <<'PYTHON' || fail "JSON: $(cat "$work/layers")"
import json, sys
bench = json.load(open(sys.argv[1]))
assert bench["target"] is None and bench["target_rows"] is None, bench
row, = bench["rows"]
spent = row["compute_ms"] + row["encode_ms"] + row["wait_ms"] + row["decode_ms"]
assert row["wait_ms"] > 10 and row["compute_ms"] > 0 and abs(spent - row["step_ms"]) < 1e-2 * row["step_ms"], row
PYTHON
python3 - "$work/late" "$work/far" <<'PYTHON' || fail "JSON: $(cat "$work/late" "$work/far")"
import json, sys
late, far = (json.load(open(name)) for name in sys.argv[1:])
parts = ["compute_ms", "encode_ms", "wait_ms", "wire_ms", "decode_ms", "apply_ms"]
for row in late["rows"] + far["rows"]:
    assert abs(sum(row[part] for part in parts) - row["step_ms"]) < 1e-2 * row["step_ms"], row
for row in late["rows"]:
    assert abs(row["wait_ms"] - 375) < 1e-3 and row["wire_ms"] < 1e-3, row
vote, powersgd = far["rows"]
assert vote["strategy"] == "vote" and vote["ratio"] == 1 and powersgd["ratio"] > 1
assert 19 < vote["wire_ms"] < 21 and vote["wait_ms"] < 1, vote   # there and back
PYTHON

# ---- train --target ----
# On the virtual clock: as long, and as many bytes, as tally train takes for so many steps,
# after which so much is right, and before not.
what="--data digits --model mlp:hidden=32 --threads 1 --validate 200 --epochs 4 --comm sim:ranks=4,alpha=5e-5,beta=8e-9"
race="$TALLY bench train $what --target 0.85 --look-every 4 --rounds 1"
race="$race --compare allreduce:rate=0.05,vote:rate=2e-3,rule.beta=0.8,async:rate=0.05,pdadmm,vote:rate=1e-9 --json"
$race >"$work/race" 2>"$work/err" || fail "train --target: $(cat "$work/err")"
$race | cmp -s - "$work/race" || fail "the same race ended otherwise"
python3 - "$work/race" "$TALLY" "$what" <<'PYTHON' || fail "--target: $(cat "$work/race")"
import json, subprocess, sys
race = json.load(open(sys.argv[1]))
assert race["target"] == 0.85 and race["target_rows"] == "held-out"

def train(entry, steps):
    name, _, pairs = entry.partition(":")
    words = [word for pair in pairs.split(",") if pair for word in ("--" + pair.split("=")[0], pair.split("=")[1])]
    run = subprocess.run([sys.argv[2], "train", *sys.argv[3].split(), "--strategy", name, *words, "--steps",
                          str(steps), "--quiet", "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)

*there, never = race["rows"]
assert len(there) == 4 and [row["target_s"] for row in there] == sorted(row["target_s"] for row in there)
for row in there:
    steps = int(row["target_steps"])
    now, before = train(row["strategy"], steps), train(row["strategy"], steps - 4)
    assert row["reached"] == 1 and row["accuracy"] == now["validate_accuracy"] >= 0.85, (row, now)
    assert before["validate_accuracy"] < 0.85, (row, before)
    # Ranks that look wait for each other: what one was ahead is lost.
    assert abs(row["target_s"] / now["seconds"] - 1) <= 0.05, (row, now["seconds"])
    bytes = now["bytes_sent_per_rank_per_step"] * steps
    room = 0.02 if row["strategy"].startswith("async") else 1e-9
    assert abs(row["target_bytes"] / bytes - 1) <= room, (row, bytes)
assert never["strategy"] == "vote:rate=1e-9" and never["reached"] == 0 and never["target_s"] is None
assert never["target_steps"] is None and 0 < never["accuracy"] < 0.5
PYTHON
ranks 3 bench train --data digits --rounds 1 --target 0.8 --compare allreduce:rate=0.05,vote,async:rate=0.05 \
    >"$work/out" 2>"$work/err" || fail "train --target: $(cat "$work/err")"
grep -q "0.8 of the test rows right" "$work/out" || fail "which rows: $(cat "$work/out")"
[ "$(grep -cE "^[a-z:.0-9=]+ +1 +[0-9.]+ " "$work/out")" -eq 3 ] || fail "not all came to 0.8: $(cat "$work/out")"

# ---- predict ----
# The same exchanges by formula and on the clock of sim.
links=alpha=2e-05,beta=3e-09
"$TALLY" bench predict --net sim:$links --data digits --bare --compute 1e-3 --ranks 1,2,16 --codec bf16 --json \
    >"$work/formula" 2>"$work/err" || fail "bench predict: $(cat "$work/err")"
weights=$(sed 's/.*"weights":\([0-9]*\).*/\1/' "$work/formula")
real=$("$TALLY" bench exchange --comm sim:ranks=1 --sizes 8 --repeats 1 --json | grep -c F64)
for exchange in allreduce:algorithm={ring,halving} vote; do # each alone: links are idle
    "$TALLY" bench exchange --comm sim:ranks=16,$links --sizes $((weights * (real ? 8 : 4))) --repeats 1 --json \
        --exchange $exchange 2>"$work/err" || fail "bench exchange: $(cat "$work/err")"
done >"$work/clock"
"$TALLY" bench train --comm sim:ranks=16,$links --data digits --compare async --rounds 1 --steps 12 --batch 4 \
    --trainer.flops 1e15 --json >"$work/server" 2>"$work/err" || fail "bench train: $(cat "$work/err")"
python3 - "$work/formula" "$work/clock" "$work/server" <<'PYTHON' || fail "predict: $(cat "$work/formula" "$work/clock")"
import json, sys
formula, server = (json.load(open(name)) for name in sys.argv[1:4:2])
clock = [json.loads(line)["rows"][0] for line in open(sys.argv[2])]
rows = {row["exchange"]: row for row in formula["rows"] if row["ranks"] == 16}
seen = {row["exchange"]: row["median_us"] / 1e3 for row in clock}
for name in ("ring", "halving"):   # blocks that do not divide evenly: a value more or less
    name = "allreduce:algorithm=" + name
    assert abs(rows[name]["exchange_ms"] / seen[name] - 1) < 2e-3, (name, rows[name], seen[name])
assert 0.999 < seen["vote"] / rows["vote"]["exchange_ms"] < 2.1, seen["vote"]   # what sim leaves idle
assert "vote:form=hier" not in rows and "gather" in rows
for row in rows.values():
    assert abs(row["step_ms"] - 1 - row["work_ms"] - row["exchange_ms"]) < 1e-9, row
    workers = 15 if row["exchange"] == "server, asynchronous" else 16
    assert abs(row["samples_per_s"] * row["step_ms"] / (1e3 * workers * formula["batch"]) - 1) < 1e-9, row
    assert abs(row["speedup"] * formula["batch"] / row["samples_per_s"] - 1e-3) < 1e-12, row   # of one rank's ms
best = max(rows.values(), key=lambda row: row["samples_per_s"])
assert best["behind"] == 1 and any(note.startswith("16 ranks: " + best["exchange"]) for note in formula["notes"])
async_ms = rows["server, asynchronous"]["exchange_ms"] + 1
assert abs(server["rows"][0]["step_ms"] / async_ms - 1) < 0.1, (server, async_ms)
PYTHON
# A second of latency: no number of ranks pays, and it says so.
"$TALLY" bench predict --net sim:alpha=1,beta=0 --data digits --bare --compute 1e-3 --ranks 4,8 >"$work/out" ||
    fail "bench predict"
grep -q "^warning: 8 ranks cannot pay" "$work/out" || fail "no warning: $(cat "$work/out")"
"$TALLY" bench predict --net sim:alpha=1e308,beta=0 --data digits --bare --compute 1e-3 --ranks 8 >"$work/out" ||
    fail "bench predict"
grep -q "^warning: 8 ranks cannot pay: no step of theirs ends" "$work/out" || fail "no warning: $(cat "$work/out")"
grep -q "nan" "$work/out" && fail "a number that is none: $(cat "$work/out")"
"$TALLY" bench predict --net sim:alpha=0,beta=0 --data digits --bare --compute 1 --ranks 4,8 >"$work/out" ||
    fail "bench predict"
grep -q "warning" "$work/out" && fail "a warning without need: $(cat "$work/out")"
# Each count once, and against fewer ranks, in whatever order they are given.
"$TALLY" bench predict --net sim:alpha=0,beta=0 --data digits --bare --compute 1 --ranks 8,4,8 >"$work/out" ||
    fail "bench predict"
[ "$(awk '$2 == "allreduce:algorithm=ring" { print $1 }' "$work/out" | tr '\n' ' ')" = "4 8 " ] || fail "not 4 and 8: $(cat "$work/out")"
grep -q "warning" "$work/out" && fail "a warning without need: $(cat "$work/out")"
# More ranks than samples; every count of many has its sentences.
"$TALLY" bench predict --net sim:alpha=0,beta=0 --data digits --batch 8 --bare --compute 1 --scaling strong --csv \
    --ranks 8,7,9,1000000 >"$work/csv" || fail "bench predict"
awk -F, '$2 ~ /ring/ { compute[$1] = $5 } END {
    exit !(compute[7] > compute[8] && compute[8] > 0 && compute[8] == compute[9])
}' "$work/csv" || fail "whole samples: $(cat "$work/csv")"
"$TALLY" bench predict --net sim:alpha=1e-3,beta=0 --data digits --batch 8 --bare --compute 1e-9 --scaling strong \
    --ranks "$(seq -s, 2 65)" >"$work/out" || fail "bench predict"
[ "$(grep -c "is fastest" "$work/out")" -eq 64 ] || fail "not a sentence for each: $(cat "$work/out")"
grep -q "warning: 65 ranks share 8 samples: 57 of them have none" "$work/out" || fail "no warning: $(cat "$work/out")"
"$TALLY" bench predict --net sim:alpha=1e-5,beta=1e-9,node=4 --data digits --steps 3 --codec topk:k=0.01 --ranks 8 \
    --csv >"$work/out" || fail "bench predict"
[ "$(wc -l <"$work/out")" -eq 11 ] || fail "not a head and 10 exchanges: $(cat "$work/out")"

# Where products are slow a quarter of a batch takes a quarter of its time; where memory is, the weights still move.
for rates in "1e-3 1e6" "1e6 1e-3"; do
    "$TALLY" bench predict --net sim:alpha=0,beta=0 --data digits --model mlp:hidden=64 --batch 4 --bare --compute 1 \
        --scaling strong --products ${rates% *} --memory ${rates#* } --ranks 4 --csv 2>"$work/err" |
        awk -F, '$2 ~ /ring/ { print $5 / 1000 }'
done >"$work/out"
awk 'NR == 1 { ok = $1 > 0.2499 && $1 < 0.2501 } NR == 2 { ok = ok && $1 > 0.5 && $1 < 1 } END { exit !(ok && NR == 2) }' \
    "$work/out" || fail "a quarter of a batch: $(cat "$work/out" "$work/err")"

# ---- wrong words ----
printf 'x,y\n0,a\n1,b\n0,a\n1,b\n' >"$work/rows.csv"
expect 2 "one rank has no links to measure" "$TALLY" bench predict --comm self --data digits
expect 2 "not a multiple of 4 ranks a node" "$TALLY" bench predict --net sim:node=4 --ranks 6 --data digits
expect 2 "net=self is no simulated comm" "$TALLY" bench predict --net self
expect 2 "ranks=x is not a count" "$TALLY" bench predict --ranks 8,x
expect 2 "does not use --exchange" "$TALLY" bench predict --net sim --exchange vote
expect 2 "does not use --exchange.form" "$TALLY" bench predict --net sim --exchange.form server
expect 2 "compute=0 is not in" "$TALLY" bench predict --compute 0
expect 2 "products=fast is not in" "$TALLY" bench predict --products fast
expect 2 "memory=0 is not in" "$TALLY" bench predict --memory 0
expect 2 "neither weak nor strong" "$TALLY" bench predict --scaling firm
expect 2 "there is no strategy voet; did you mean vote" "$TALLY" bench train --compare allreduce,voet
expect 2 "target=1.5 is not in (0, 1]" "$TALLY" bench train --target 1.5
expect 2 "target= 0.5 is not in (0, 1]" "$TALLY" bench train --target " 0.5"
expect 2 "look-every=0 is not a count" "$TALLY" bench train --target 0.5 --look-every 0
expect 2 "look-every=5: at what" "$TALLY" bench train --look-every 5
expect 2 "has no test rows" "$TALLY" bench train --comm self --target 0.5 --compare allreduce --data csv:train="$work/rows.csv",label=y
expect 2 "all run on one comm" "$TALLY" bench train --compare allreduce:comm=self
expect 2 "allreduce:out=x: tally bench does not use out" "$TALLY" bench train --compare allreduce:out=x
expect 2 "compare: vote:rate=fast: .*rate=fast is not a number" "$TALLY" bench train --compare allreduce,vote:rate=fast
expect 2 "rate is not key=value" "$TALLY" bench train --compare vote:rate
expect 2 "async: trainer server: servers=1 of 1 rank" "$TALLY" bench train --comm self --compare async
expect 2 "does not use --out" "$TALLY" bench train --out "$work/run"
expect 2 "does not use --strategy" "$TALLY" bench train --strategy vote
expect 2 "two at least" "$TALLY" bench train --steps 1
expect 2 "exclude each other" "$TALLY" bench train --json --csv
expect 2 "start more" "$TALLY" bench net --comm self
expect 2 "two of them at least" "$TALLY" bench net --sizes 8
expect 2 "sizes=8,8: a line takes two of them at least that differ" "$TALLY" bench net --sizes 8,8
expect 2 "rounds=0 is not a count" "$TALLY" bench net --rounds 0
expect 2 "table=hosts is not one of links|sizes|places" "$TALLY" bench net --csv --table hosts
expect 2 "says what --csv holds" "$TALLY" bench net --table sizes
expect 2 "say which" "$TALLY" bench
expect 2 "did you mean net" "$TALLY" bench ne
expect 2 "did you mean kernel" "$TALLY" bench kernle
expect 2 "does not use --rate" "$TALLY" bench exchange --rate 1
expect 2 "did you mean vote" ranks 2 bench exchange --exchange voet
for repeats in 1 7; do
    "$TALLY" bench exchange --comm sim:ranks=3 --exchange powersgd --exchange gather --codec sign --sizes 16KiB --repeats $repeats \
        --csv 2>"$work/err" | cut -d, -f3,11 >"$work/errors-$repeats" || fail "--repeats $repeats: $(cat "$work/err")"
done
cmp -s "$work/errors-1" "$work/errors-7" || fail "errors depend on --repeats: $(cat "$work"/errors-[17])"
expect 2 "has 136 characters, at most 127" "$TALLY" bench exchange --comm sim:ranks=2 --sizes 8 \
    --exchange "gather:form=sharded$(printf ',bucket=1%.0s' {1..13})"
expect 2 "there is no codec" ranks 2 bench exchange --codec voet
expect 2 "codec=sign: no exchange that was asked for has a codec" ranks 2 bench exchange --exchange vote --exchange ordered --codec sign
expect 2 "ranks=3, but there are 2" ranks 2 bench exchange --ranks 3 --sizes 4
expect 2 "ranks=0 is not a count" ranks 2 bench exchange --ranks 0
expect 2 "is not a number of bytes" ranks 2 bench exchange --sizes 4kb
expect 2 "repeats=0 is not a count" ranks 2 bench exchange --repeats 0
expect 2 "exclude each other" "$TALLY" bench kernel --json --csv
expect 2 "did you mean rules" "$TALLY" bench kernel --only rule
expect 2 "seconds=0 is not in" "$TALLY" bench kernel --seconds 0
expect 2 "did you mean --threads" "$TALLY" bench kernel --thread 2
# A rank that is stopped is named when somebody asks, and the bench goes on.
begin() { # ARGUMENTS: benches <- the processes of rank 0 and 1 of that bench, which can be asked
    local rank
    mark
    timeout 60 $MPIEXEC -n 2 "$TALLY" bench "$@" >"$work/out" 2>"$work/err" &
    job=$!
    for ((i = 0; i < 200; i++)); do
        sleep 0.05
        benches=()
        for rank in 0 1; do
            benches[rank]=$(rank_process $rank) && catches "${benches[rank]}" 12 || continue 2 # SIGUSR2
        done
        return
    done
    fail "there are no two ranks of: bench $*"
}
wait_for() { for ((i = 0; i < 200; i++)); do ! grep -q "$1" "$2" || return 0; sleep 0.05; done; fail "no \"$1\""; }

if [ -n "$MPIEXEC" ]; then
    begin exchange --exchange ordered --sizes 1MiB --repeats 10000
    wait_for "^ranks" "$work/out"
    kill -STOP "${benches[0]}"
    kill -USR2 "${benches[1]}"
    wait_for "which it started last" "$work/err"
    grep -q "does not answer (stopped)" "$work/err" || fail "SIGUSR2: $(cat "$work/err")"
    kill -CONT "${benches[0]}"
    kill "$job"
    wait "$job"
    # And it ends the bench when it stays away.
    net=sim:alpha=50e-6,beta=8e-9
    for topic in "net --rounds 1000" "predict --data digits --steps 5000 --net $net" "train --data digits --rounds 1000 --compare allreduce,vote"; do
        # shellcheck disable=SC2086
        begin $topic --timeout 0.5
        kill -USR2 "${benches[0]}"
        wait_for "which it started last" "$work/err"
        kill -STOP "${benches[1]}"
        wait "$job"
        code=$?
        [ "$code" -eq 6 ] || fail "exit $code of bench $topic: $(cat "$work/err")"
        grep -q "rank 1 does not answer (stopped); rank 0 has waited .*the run ends (--timeout)" "$work/err" ||
            fail "bench $topic: $(cat "$work/err")"
    done
fi
expect 2 "timeout=-1 is not in" ranks 2 bench net --timeout -1
expect 2 "timeout=5s is not in" ranks 2 bench exchange --timeout 5s

# Ranks that were started unalike say so, where they would wait for each other for ever.
if [ -n "$MPIEXEC" ]; then
    unlike="timeout 60 $MPIEXEC -n 1 $TALLY bench net --rounds 2 : -n 1 $TALLY bench"
    # shellcheck disable=SC2086
    expect 8 'rank 1 runs "bench exchange --sizes 8", rank 0 "bench net --rounds 2"' $unlike exchange --sizes 8
    # shellcheck disable=SC2086
    expect 8 'rank 1 runs "bench net --rounds 3", rank 0 "bench net --rounds 2"' $unlike net --rounds 3
fi

"$TALLY" bench exchange --help | grep -q -- --sizes || fail "no help"
"$TALLY" bench --help | grep -q kernel || fail "no help of bench"
finish
