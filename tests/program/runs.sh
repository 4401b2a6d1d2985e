# runs.sh — run folders of several kinds, for the tests of `tally report`.  Sourced after lib.sh, in
# $work: sums and more-sums (which differ in their ranks), votes (resumed), served (a
# server's), and "evil <b>".

hostile='<script>alert("x")</script>&|@0@`id`'

make_runs() {
    "$TALLY" train $small --comm sim:ranks=2 --validate 100 --log-every 10 --out sums >/dev/null || fail "sums"
    "$TALLY" train $small --comm sim:ranks=4 --rate 0.1 --steps 12 --out more-sums >/dev/null || fail "more-sums"
    "$TALLY" train $small --comm sim:ranks=3 --strategy vote --rate 0.002 --steps 20 --out votes >/dev/null || fail "votes"
    "$TALLY" train --resume votes --comm sim:ranks=3 --steps 0 --quiet || fail "votes, the rest"
    "$TALLY" train $small --comm sim:ranks=4 --strategy async --rate 0.01 --out served >/dev/null || fail "served"
    make_evil
}

# A copy of an older version in which every text is hostile, and a metric of a name nobody
# knows; its exchange is not divided, and its last line is torn.
make_evil() {
    mkdir "evil <b>"
    cp -r votes/checkpoints "evil <b>"
    python3 - "$hostile" <<'PYTHON'
import json, sys
manifest = json.load(open("votes/manifest.json"))
manifest["machine"] = sys.argv[1]
for name in manifest["options"]:
    manifest["options"][name] += sys.argv[1]
manifest["options"][sys.argv[1]] = "' $(id)"
del manifest["options"]["schedule"]
json.dump(manifest, open("evil <b>/manifest.json", "w"))
with open("evil <b>/metrics.jsonl", "w") as lines:
    lines.writelines(line for line in open("votes/metrics.jsonl")
                     if json.loads(line)["name"].split("/")[0] not in ("encode", "wait", "wire", "decode"))
    for step in 1000, 1001:
        lines.write(json.dumps({"step": step, "name": sys.argv[1], "value": step / 7}) + "\n")
    lines.write('{"step":1002,"name":"tra')
PYTHON
}
