"""check-trace.py FILE...: holds traces of tally train to Chrome's Trace Event Format, and to
what docs/trace.md promises.  read(FILE) for tests that look closer."""
import json
import sys


def nanoseconds(microseconds):
    return round(1000 * microseconds)


def is_whole(nanoseconds):
    """But for rounding: then spans that tile a rank's time neither overlap nor leave gaps.  A
    reader that cuts what is behind the point gets the same number."""
    return abs(nanoseconds - round(nanoseconds)) <= 4e-16 * nanoseconds and int(nanoseconds) == round(nanoseconds)


class Span:
    def __init__(self, event):
        self.rank, self.lane, self.name, self.category = event["pid"], event["tid"], event["name"], event["cat"]
        self.step, self.about = event["args"]["step"], event["args"].get("about", "")
        self.begin = nanoseconds(event["ts"])
        self.end = self.begin + nanoseconds(event["dur"])

    def __repr__(self):
        return f"{self.name} of rank {self.rank}, step {self.step}: {self.begin} to {self.end} ns"

    def holds(self, other):
        return self.begin <= other.begin and other.end <= self.end


class Trace:
    def __init__(self, path):
        whole = json.load(open(path))
        assert set(whole) == {"displayTimeUnit", "otherData", "traceEvents"} and whole["displayTimeUnit"] == "ms"
        self.facts = whole["otherData"]
        self.spans, self.names, lanes = [], {}, set()
        for event in whole["traceEvents"]:
            assert isinstance(event["pid"], int) and isinstance(event["tid"], int), event
            assert 0 <= event["pid"] < self.facts["ranks"], event
            if event["ph"] == "M":
                self.take_metadata(event, lanes)
            else:
                assert event["ph"] == "X" and event["name"], event
                assert all(is_whole(1000 * event[key]) for key in ("ts", "dur")), event
                assert all(isinstance(event[key], (int, float)) and event[key] >= 0 for key in ("ts", "dur")), event
                assert (event["cat"] == "part") == (event["tid"] == 0), event
                self.spans.append(Span(event))
        assert sorted(self.names) == list(range(self.facts["ranks"])) == [c["rank"] for c in self.facts["clocks"]]
        assert {(s.rank, s.lane) for s in self.spans} <= lanes, "a lane without a name"

    def take_metadata(self, event, lanes):
        if event["name"] == "process_name":
            assert event["args"]["name"] == f"rank {event['pid']} on {self.facts['clocks'][event['pid']]['host']}"
            self.names[event["pid"]] = event["args"]["name"]
        elif event["name"] == "process_sort_index":
            assert event["args"]["sort_index"] == event["pid"]
        elif event["name"] == "thread_name":
            assert event["args"]["name"].startswith("collectives" if event["tid"] else "parts")
            lanes.add((event["pid"], event["tid"]))
        else:
            assert event["name"] == "thread_sort_index" and event["args"]["sort_index"] == event["tid"], event

    def of(self, name, **what):
        return [s for s in self.spans if s.name == name and all(getattr(s, k) == v for k, v in what.items())]

    def seconds(self, *names, **what):
        return sum(s.end - s.begin for name in names for s in self.of(name, **what)) / 1e9

    def seconds_in_steps(self, name, rank):
        """Of parts; what comes after a step (evaluation, checkpoints) bears its number too."""
        ends = {s.step: s.end for s in self.of("step", rank=rank)}
        return sum(s.end - s.begin for s in self.of(name, rank=rank, lane=0) if s.end <= ends.get(s.step, 0)) / 1e9

    def check_lanes(self):
        """Spans of a lane nest, or one ends before the next begins."""
        lanes = {}
        for s in self.spans:
            lanes.setdefault((s.rank, s.lane), []).append(s)
        for spans in lanes.values():
            open_spans = []
            # Of spans that begin together Perfetto takes the first in the file for the outer one.
            for s in sorted(spans, key=lambda s: s.begin):
                while open_spans and open_spans[-1].end <= s.begin:
                    open_spans.pop()
                assert not open_spans or open_spans[-1].holds(s), (open_spans[-1], s)
                open_spans.append(s)

    def check_set_up(self):
        """Until its first step a rank's time has no gaps, unless older spans are left out."""
        for rank in self.names:
            parts = sorted((s for s in self.spans if (s.rank, s.lane) == (rank, 0)), key=lambda s: s.begin)
            if not any(s.name == "set up" for s in parts):
                continue
            end = parts[0].begin
            for s in parts:
                assert s.begin <= end, f"{s.begin - end} ns without a span before {s}"
                if s.step > 0:
                    break
                end = max(end, s.end)

    def check_steps(self):
        """A step holds its parts, which do not last longer than it."""
        for step in self.of("step"):
            inside = [s for s in self.spans if s is not step and (s.rank, s.lane) == (step.rank, 0) and step.holds(s)]
            assert inside and all(s.step == step.step for s in inside), step
            assert sum(s.end - s.begin for s in inside) <= step.end - step.begin, step
            assert {"gradient", "apply"} & {s.name for s in inside}, step

    def check_alignment(self, error):
        """No rank moves weights before every rank has its gradient; error: of clocks, ns."""
        last = {}
        for s in self.of("gradient"):
            last[s.step] = max(last.get(s.step, 0), s.end)
        whole = {s.step for s in self.of("step")}
        for s in self.of("apply"):
            assert s.step not in whole or s.begin + error >= last[s.step], (s, last[s.step])


def read(path):
    trace = Trace(path)
    trace.check_lanes()
    trace.check_set_up()
    if trace.facts["trainer"] == "lockstep":
        trace.check_steps()
        trace.check_alignment(1000 * sum(c["error_us"] for c in trace.facts["clocks"]))
    return trace


if __name__ == "__main__":
    for path in sys.argv[1:]:
        read(path)
