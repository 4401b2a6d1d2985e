#!/usr/bin/env bash
# `tally report` as a user runs it: what the page holds, that its numbers are those of the
# metrics, that nothing in a run folder becomes markup, and that it is written whole or
# not at all.  report-page.sh looks at it in a browser.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"

report() { "$TALLY" report "$@" 2>"$work/err" || fail "report $*: $(cat "$work/err")"; }

cd "$work" || exit 1
make_runs

report sums votes served "evil <b>" more-sums -o page.html
grep -q "last line of its metrics is cut off" page.html || fail "nothing said of the torn line"
report votes --out=votes.html
report votes >again.html
cmp -s votes.html again.html || fail "the same folder gives another page"
mkdir other
cp -r votes other
report votes other/votes votes --format markdown >again.md
for label in votes other/votes "3: votes"; do
    grep -q "^| $label | vote | 3 |" again.md || fail "no run is called $label: $(grep '| vote | 3' again.md)"
done
report sums votes -o tables.md
[ "$(head -c 7 tables.md)" = "# Tally" ] || fail "no Markdown: $(head -n 3 tables.md)"
report sums --format markdown -o tables.txt
PATH=/nowhere "$TALLY" report sums -o plain.html 2>err || fail "without gnuplot: $(cat err)"
grep -q "apt-get install gnuplot-nox" err || fail "nothing said of gnuplot: $(cat err)"
grep -q "gnuplot-nox" plain.html || fail "the page does not say why it has no pictures"
mkdir broken
printf '#!/bin/sh\nexit 3\n' >broken/gnuplot
chmod +x broken/gnuplot
PATH=$PWD/broken:$PATH "$TALLY" report sums -o broken.html 2>err || fail "a broken gnuplot: $(cat err)"
grep -q "gnuplot has failed; .*; the report has tables alone" err || fail "nothing said of a broken gnuplot: $(cat err)"
cmp -s plain.html broken.html || fail "a broken gnuplot gives another page than none"

cat >check.py <<'PYTHON'
import json, math, re, shutil, sys
import xml.etree.ElementTree as tree

text = open("page.html", encoding="utf-8").read()
root = tree.fromstring(text)
local = lambda node: node.tag.split("}")[-1]
every = list(root.iter())
words = lambda node: "".join(node.itertext())

# Nothing is loaded, nothing runs.
assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {local(n) for n in every}
assert not any(key.startswith("on") or key in ("src", "style") for n in every for key in n.attrib)
for node in every:
    for key, value in node.attrib.items():
        assert not key.endswith("href") or value.startswith("#"), value
assert "@import" not in text and "url(" not in text
addresses = set(re.findall(r"https?://[^\s\"'<]*", text))
assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}, addresses

# Names that are pointed at are there, once.
ids = [n.attrib["id"] for n in every if "id" in n.attrib]
assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
for node in every:
    for name in node.attrib.get("aria-labelledby", "").split():
        assert name in ids, name
    for key, value in node.attrib.items():
        assert not key.endswith("href") or value[1:] in ids, value

# Headings in order, tables and pictures with names.
levels = [int(local(n)[1]) for n in every if re.fullmatch("h[1-6]", local(n))]
assert levels[0] == 1 and levels.count(1) == 1
assert all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels
tables = {}
for table in root.iter("table"):
    caption = words(table.find("caption"))
    assert caption and caption not in tables, caption
    tables[caption] = table
    heads = table.findall("thead/tr/th")
    assert all(h.attrib["scope"] == "col" and words(h) for h in heads)
    for row in table.findall("tbody/tr"):
        assert len(row) == len(heads) and row[0].attrib["scope"] == "row", caption
pictures = [n for n in every if local(n) == "svg"]
assert len(pictures) >= 12 if shutil.which("gnuplot") else not pictures
for picture in pictures:
    assert picture.attrib["role"] == "img"
    assert len(words(picture[0])) > 3 and len(words(picture[1])) > 20, words(picture[1])
assert not re.search(r"rgb\(|>@\d|\"black\"", text.split("</style>")[1]), "a colour or a word was not put in"

# Every number of a table of rows is the metrics', exactly.
def read(folder):
    rows, entries, before, last = {}, {}, {}, {}
    for line in open(f"{folder}/metrics.jsonl"):
        if not line.endswith("\n"):
            continue
        line = json.loads(line)
        step, name, value = line["step"], line["name"], float(line["value"])
        if re.search(r"/\d+$", name):
            entries[name] = entries.get(name, 0) + value
            continue
        if name == "train/seconds" and value == 0:
            before = dict(last)
        if name == "exchange/bytes_sent" or name.endswith("/seconds"):
            value += before.get(name, 0)
            last[name] = value
        rows.setdefault(step, {})[name] = value
    return rows, entries, last

def cells(table):
    heads = [words(h) for h in table.findall("thead/tr/th")]
    for row in table.findall("tbody/tr"):
        yield {h: float(c.find("data").attrib["value"]) if c.find("data") is not None else words(c)
               for h, c in zip(heads, row)}

checked = 0
renamed = {"seconds": "train/seconds", "bytes sent by rank 0": "exchange/bytes_sent"}
commands = dict(zip(("sums", "votes", "served"), (words(n) for n in root.iter("code"))))
for run in commands:
    rows, entries, last = read(run)
    for title, metrics in ("Loss", ("train/loss", "validate/loss", "test/loss")), \
                          ("Accuracy", ("validate/accuracy", "test/accuracy")), ("rate", ("rate",)):
        shown = {row["step"]: row for row in cells(tables[f"{title} of {run}"])}
        assert list(shown) == [s for s in sorted(rows) if set(metrics) & set(rows[s])], (run, title)
        for step, row in shown.items():
            for head, value in row.items():
                if head != "step" and value != "":
                    assert value == rows[step][renamed.get(head, head)], (run, step, head, value)
                    checked += 1
                elif head != "step":
                    assert renamed.get(head, head) not in rows[step]
    for row in cells(tables[f"Ranks of {run}"]):
        for head, value in row.items():
            if head != "rank" and value != "":
                assert value == entries[f"{head}/{int(row['rank'])}"], (run, row)
                checked += 1
    summary = next(row for row in cells(tables["What came of each run"]) if row["run"] == run)
    manifest = json.load(open(f"{run}/manifest.json"))
    final = rows[max(rows)]
    assert summary["ranks"] == manifest["ranks"] and summary["steps"] == max(rows)
    assert summary["training loss"] == final["train/loss"] and summary["test accuracy"] == final["test/accuracy"]
    assert summary["seconds"] == last["train/seconds"] and summary["bytes sent by rank 0"] == last["exchange/bytes_sent"]
    assert math.isclose(summary["bytes a step"], last["exchange/bytes_sent"] / max(rows))
    tensors = list(cells(tables[f"Tensors of {run}"]))
    assert sum(t["weights"] for t in tensors) == manifest["weights"]
    assert math.isclose(sum(t["percent of the weights"] for t in tensors), 100)
    posted = {}
    for row in cells(tables.get(f"Ledger of {run}", tables[f"Tensors of {run}"])):
        for figure in set(row) & {"logical", "encoded", "predicted", "sent"}:
            index = [t["tensor"] for t in tensors].index(row["tensor"])
            posted[f"ledger/{row['link'].replace(' ', '_')}/{figure}/{index}"] = row[figure]
    assert posted == {name: value for name, value in entries.items() if name.startswith("ledger/") and value}, run
    assert bool(posted) == (run != "served")
    entry = {words(r[0]): words(r[1]) for r in tables[f"Manifest of {run}"].findall("tbody/tr")}
    assert entry["model"] == manifest["options"]["model"] and entry["machine"] == manifest["machine"]
    command = commands[run]
    assert "tally train" in command and f"--comm {manifest['options']['comm']}" in command, command
assert checked > 150, checked
_, entries, _ = read("served")
shown = {int(row["staleness"]): row["pushes"] for row in cells(tables["Pushes by staleness"]) if row["run"] == "served"}
assert shown == {int(k.split("/")[2]): v for k, v in entries.items() if k.startswith("server/staleness/")}

# Scaling: sums on 2 and 4 ranks, of 32 samples each; nothing else differs in its ranks.
speeds = {}
for row in cells(tables["Speed by ranks"]):
    *_, last = read(row["run"])
    manifest = json.load(open(f"{row['run']}/manifest.json"))
    speeds[row["run"]] = 32 * manifest["ranks"] * max(read(row["run"])[0]) / last["train/seconds"]
    assert row["ranks"] == manifest["ranks"] and row["samples a step"] == 32 * manifest["ranks"]
    assert math.isclose(row["samples a second"], speeds[row["run"]])
    assert math.isclose(row["speed-up"], speeds[row["run"]] / speeds["sums"])
    assert math.isclose(row["efficiency"], row["speed-up"] / (manifest["ranks"] / 2))
assert list(speeds) == ["sums", "more-sums"], speeds

# The bars of a step: all parts where the exchange is divided, else the exchange.
bars = next(words(p[1]) for p in pictures if words(p[0]) == "Where the time of a step went") if pictures else ""
for run in ("sums", "votes", "evil <b>") if pictures else ():
    rows, _, last = read(run)
    shown = dict(re.findall(r" (\w+) ([\d.e+-]+)", re.search(re.escape(run) + r":([^:]*)\. ", bars)[1]))
    divided = "encode/seconds" in last
    if not divided:
        assert float(shown["wait"]) == 0, bars
    for part, value in shown.items():
        want = last.get(f"{part}/seconds", 0) / max(s for s in rows if "train/seconds" in rows[s]) * 1000
        if part == "exchange" and divided:
            want = 0
        assert math.isclose(float(value), want, rel_tol=0.01, abs_tol=1e-9), (run, part, value, want)

# What was hostile stands there as it was.
hostile = sys.argv[1]
assert any(words(n) == f"{hostile} against steps" for n in every if local(n) == "figcaption")
assert any(words(n) == "evil <b>" for n in every if local(n) == "th")
assert any(f"'--{hostile}'" in words(n) for n in every if local(n) == "code")
plain = tree.parse("plain.html").getroot()
assert not list(plain.iter("{http://www.w3.org/2000/svg}svg")) and len(list(plain.iter("table"))) > 5

# Markdown: the same tables, as many cells in every row.
markdown = open("tables.md", encoding="utf-8").read()
for block in re.findall(r"(?:^\|.*\|\n)+", markdown, re.M):
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block
assert markdown.count("\n| --- |") + markdown.count("\n| ---: |") == len(re.findall(r"^\| ---", markdown, re.M)) > 10
assert "| sums | allreduce | 2 |" in markdown and "| votes | vote | 3 |" in markdown
PYTHON
python3 check.py "$hostile" || fail "the page"

# A command line that is told does the same again.
again=$(python3 -c '
import xml.etree.ElementTree as tree
print("".join(next(n for n in tree.parse("page.html").iter("code") if "vote:" in "".join(n.itertext())).itertext()))')
eval "${again/tally/\"\$TALLY\"} --json --quiet" >repeated 2>err || fail "$again: $(cat err)"
want=$(sed -n 's/.*"test\/loss","value":\(.*\)}/\1/p' votes/metrics.jsonl | tail -n 1)
python3 -c "import json, sys; sys.exit(json.load(open('repeated'))['test_loss'] != $want)" ||
    fail "$again gives $(field test_loss <repeated), not $want"

# Of a member that only some runs have, no key that these share.
report sums votes --format markdown >differs.md
grep -q "^| exchange | allreduce | vote |" differs.md || fail "no short names: $(grep '^| exchange' differs.md)"

# One slow run does not hide how the steps of the others divide.
cp -r sums slow
python3 - <<'PYTHON' || fail "the slow run"
import json
lines = [json.loads(line) for line in open("sums/metrics.jsonl")]
for line in lines:
    line["value"] *= 100 if line["name"].split("/")[-1] == "seconds" else 1
open("slow/metrics.jsonl", "w").writelines(json.dumps(line, separators=",:") + "\n" for line in lines)
PYTHON
report sums slow -o shares.html
grep -q "In percent; at the ends" shares.html || fail "no shares beside the milliseconds of runs far apart"
report sums -o alone.html
! grep -q "In percent; at the ends" alone.html || fail "shares of a run alone"

# ---- strong scaling, many ranks, many runs, one that diverges ----
cp -r sums wide
for ((rank = 2; rank < 20; rank++)); do
    echo "{\"step\":999,\"name\":\"gradient/seconds/$rank\",\"value\":$((rank + 7))}"
done >>wide/metrics.jsonl
cp -r votes wild
sed -i 's/\("name":"train\/loss","value":\).*/\19e35}/' wild/metrics.jsonl
many=()
for ((i = 0; i < 13; i++)); do
    many+=(votes)
done
cp -r more-sums shared-out
sed -i 's/"batch": "32"/"batch": "16"/' shared-out/manifest.json
report sums shared-out -o strong.html
report wide -o wide.html
cp -r sums short
sed -i 's/"step":[1-9][0-9]*,/"step":9,/' short/metrics.jsonl
report shared-out short -o short.html
! grep -q 'id="scaling"' short.html || fail "nine steps have a speed"
sed '/"test\//d; /\/[0-9]*","value"/d' sums/metrics.jsonl >short/metrics.jsonl
report short -o short.html
grep -q "short has not come to its end" short.html || fail "nothing said of a run that has not ended"
cp -r votes killed # after it had been resumed once more
echo '{"step":999,"name":"train/loss","value":0.5}' >>killed/metrics.jsonl
report killed votes -o short.html
grep -q "killed has not come to its end" short.html || fail "nothing said of a resumed run that has not ended"
! grep -q "votes has not come" short.html || fail "a run that has ended is said to go on"
# What no picture can hold is in the tables alone.
cp -r served odd
python3 - <<'PYTHON' >>odd/metrics.jsonl
import json
lines = [(10**6 + i, "alike", 1e17 + 16 * i) for i in range(5)]
lines += [(10**6 + 4, name, "inf") for name in ("train/seconds", "exchange/bytes_sent")]
lines += [(10**6 + 4, "test/accuracy", 1e99)]
lines += [(10**6 + 4, f"{name}/{i}", value)
          for name in ("gradient/seconds", "ledger/same_node/sent", "server/staleness")
          for i, value in enumerate(("inf", 1e308, -1, "nan", 5e-324))]
lines += [(10**6 + 4, f"metric {i}", i) for i in range(30)]
for line in lines:
    print(json.dumps(dict(zip(("step", "name", "value"), line))))
PYTHON
report odd -o odd.html
grep -q "alike against steps" odd.html || ! command -v gnuplot >/dev/null || fail "no picture of what hardly moves"
grep -q ">metric 29 of odd<" odd.html || fail "no table of the last of many metrics"
! grep -q ">metric 29 against steps<" odd.html || fail "a picture of each of many metrics"
report sums wild wide more-sums "${many[@]}" -o many.html
python3 - <<'PYTHON' || fail "many ranks or runs"
import json, math, re, shutil
wide, many, strong = (open(f"{name}.html").read() for name in ("wide", "many", "strong"))
seconds = []  # a step, on 2 and 4 ranks, of 64 samples each
for run in "sums", "shared-out":
    lines = [json.loads(line) for line in open(f"{run}/metrics.jsonl")]
    last = [line for line in lines if line["name"] == "train/seconds"][-1]
    seconds.append(last["value"] / last["step"])
row = re.search(r'<th scope="row">shared-out</th><td>allreduce \(strong\)</td>.*?</tr>', strong, re.S)[0]
ranks, _, samples, _, speed, speedup, efficiency = map(float, re.findall(r'data value="([^"]*)"', row))
assert (ranks, samples) == (4, 64) and math.isclose(speed, 64 / seconds[1]), row
assert math.isclose(speedup, seconds[0] / seconds[1]) and math.isclose(efficiency, speedup / 2), row
row = re.search(r'<th scope="row">wide</th>(?:<td[^>]*><data value="[^"]*">[^<]*</data></td>){5}</tr>', wide)[0]
ranks, median, longest, slowest, ratio = map(float, re.findall(r'data value="([^"]*)"', row))
assert (ranks, median, longest, slowest) == (20, 16.5, 26, 19) and abs(ratio - 26 / 16.5) < 1e-12, row
if shutil.which("gnuplot"):
    told = re.search(r"In seconds of all steps.*?</desc>", wide)[0]
    assert "the 16 slowest" in wide and "rank 19:" in told and "rank 4:" in told
    assert "rank 3:" not in told and "rank 0:" not in told, told
    assert many.count("So many runs have tables alone") == 2
    assert "What lies far above other runs is in the tables alone" in many
    assert max(map(float, re.findall(r">\s*([0-9.e+]+)</text>", many))) < 1e6
PYTHON

# ---- what cannot be ----
expect 2 "needs a run folder" "$TALLY" report
expect 2 "has no option --ouput" "$TALLY" report sums --ouput x
expect 2 "format=pdf is not one of html|markdown" "$TALLY" report sums --format pdf
expect 2 "--out needs a value" "$TALLY" report sums --out
expect 2 "--out is given twice" "$TALLY" report sums -o a -o b
expect 3 "nowhere holds no run: there is no manifest.json" "$TALLY" report nowhere
mkdir empty
expect 3 "empty holds no run" "$TALLY" report empty
expect 3 "empty holds no run" "$TALLY" report nowhere empty
grep -q "nowhere holds no run.*; the report leaves it out" err ||
    fail "nothing said of the first of two folders"
mkdir torn
echo '{"format": ' >torn/manifest.json
report sums empty torn votes -o some.html
grep -q "empty holds no run.*; the report leaves it out" err || fail "nothing said of a folder left out: $(cat err)"
grep -q "<p>Left out, since they cannot be read: empty holds no run.*; torn/manifest.json" some.html || fail "the page does not say what it lacks"
report torn sums --format markdown >some.md
grep -q "^Left out, since it cannot be read: torn/manifest.json" some.md || fail "Markdown does not say what it lacks: $(head -n 12 some.md)"
report torn sums --tensorboard some-events
[ "$(ls some-events)" = sums ] || fail "not the events of one run: $(ls some-events)"
expect 3 "a directory" "$TALLY" report sums -o empty
expect 3 "not a regular file" "$TALLY" report sums -o /dev/null
for name in manifest.json metrics.jsonl; do
    expect 3 "the run votes needs that file" "$TALLY" report sums votes -o votes/../votes/$name
done
[ -c /dev/null ] || fail "/dev/null was replaced"
expect 3 "cannot create no/page.html.new" "$TALLY" report sums -o no/page.html
mkdir young
cp votes/manifest.json young
expect 3 "cannot open young/metrics.jsonl" "$TALLY" report young
: >young/metrics.jsonl
report young -o young.html # no step yet, no checkpoint
grep -q "there is no checkpoint yet" young.html || fail "nothing said of the missing checkpoint"
head -n 3 votes/metrics.jsonl >young/metrics.jsonl
echo '{"step":3,"name":"train/lo' >>young/metrics.jsonl
expect 4 "young/metrics.jsonl:4: " "$TALLY" report young
echo '{"format": "tally run 9", "options": {}}' >young/manifest.json
expect 4 'is tally run 9, not "tally run 1"' "$TALLY" report young
echo '{"format": ' >young/manifest.json
expect 4 "young/manifest.json:" "$TALLY" report young

# A full disk leaves the page that was there.
echo old >kept.html
(
    failures=0
    ulimit -f 8
    expect 3 "cannot write kept.html.new" "$TALLY" report sums votes -o kept.html
    exit $failures
) || fail "a full disk"
[ "$(cat kept.html)" = old ] || fail "a failed report spoilt the page that was there"
[ ! -e kept.html.new ] || fail "a failed report left a file"

# ---- events for TensorBoard, read by a parser that shares nothing with the writer ----
report sums other/votes votes "evil <b>" --tensorboard events
cat >events.py <<'PYTHON'
import json, struct, sys

def crc32c(data):
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0x82F63B78 * (byte & 1)
        table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF

assert crc32c(b"123456789") == 0xE3069283   # RFC 3720's check value

def checked(data, crc):
    plain = crc32c(data)
    assert crc == ((plain >> 15 | plain << 17) + 0xA282EAD8) & 0xFFFFFFFF, "a checksum is wrong"
    return data

def records(data):
    while data:
        length, = struct.unpack("<Q", checked(data[:8], struct.unpack("<I", data[8:12])[0]))
        yield checked(data[12:12 + length], struct.unpack("<I", data[12 + length:16 + length])[0])
        data = data[16 + length:]

def varint(data):
    value, i = 0, 0
    while True:
        value |= (data[i] & 127) << 7 * i
        i += 1
        if data[i - 1] < 128:
            return value, data[i:]

def fields(data):
    while data:
        key, data = varint(data)
        kind = key & 7
        if kind == 0:
            value, data = varint(data)
        else:
            n, data = varint(data) if kind == 2 else ({1: 8, 5: 4}[kind], data)
            value, data = data[:n], data[n:]
            assert len(value) == n
            value = struct.unpack({8: "<d", 4: "<f"}[n], value)[0] if kind != 2 else value
        yield key >> 3, value

def events(folder):
    scalars, wall, versions = {}, [], []
    for record in records(open(folder + "/events.out.tfevents.0.tally", "rb").read()):
        event = dict(fields(record))
        wall.append(event[1])
        if 3 in event:
            versions.append(event[3])
        for field, value in fields(event.get(5, b"")):
            pair = dict(fields(value))
            scalars.setdefault(pair[1].decode(), {})[event[2]] = pair[2]
    assert versions == [b"brain.Event:2"] and wall == sorted(wall) and wall[-1] > 0
    return scalars

single = lambda x: struct.unpack("<f", struct.pack("<f", x))[0]
for run in "sums", "2-votes", "3-votes", "evil <b>":
    scalars, lines = events("events/" + run), 0
    for line in open(f"{run.split('-')[-1]}/metrics.jsonl"):
        if line.endswith("\n") and json.loads(line)["name"] in ("train/loss", "test/accuracy"):
            line = json.loads(line)
            assert scalars[line["name"]][line["step"]] == single(line["value"]), line
            lines += 1
    assert lines > 1, run
PYTHON
python3 events.py || fail "the events are wrong"
mkdir -p inside && cp -r sums inside && (cd inside/sums && report . --tensorboard ../events) || fail "a run called ."
[ -f inside/events/1/events.out.tfevents.0.tally ] || fail "events of . are in $(find inside -name '*tfevents*')"
expect 2 "writes no page" "$TALLY" report sums --tensorboard more --out page.html
expect 3 "cannot make the directory page.html" "$TALLY" report sums --tensorboard page.html/events
finish
