"""study — what the studies of this folder share: runs that are kept, and the choice of a rate."""
import json
import os
import shutil
import subprocess
import sys
import threading

DIVERGED = 7  # exit code of tally


class Runs:
    """Runs of `tally train --json`, each a line of JSON in a file: one that is there is not repeated.

    keep turns what Tally said (None: it diverged) into what the line holds beside its key; where it
    answers None the study cannot go on."""

    def __init__(self, path, keep=None):
        self.path = path
        self.keep = keep
        self.lock = threading.Lock()
        self.results = {}
        try:
            with open(path, "a+", encoding="utf-8") as lines:
                lines.seek(0)
                for number, line in enumerate(lines, 1):
                    self.add(number, line)
        except OSError as why:
            sys.exit(f"{os.path.basename(sys.argv[0])}: cannot keep runs in {path}: {why.strerror}")

    def add(self, number, line):
        try:
            entry = json.loads(line)
            self.results[tuple(entry["key"])] = entry
        except (ValueError, KeyError, TypeError):
            sys.exit(f"{os.path.basename(sys.argv[0])}: {self.path}:{number}: the line is no whole run; remove it")

    def run(self, key, command):
        def measure():
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            said = json.loads(done.stdout) if done.returncode == 0 else None
            kept = self.keep(said) if done.returncode in (0, DIVERGED) else None
            if kept is None:
                sys.exit(f"{os.path.basename(sys.argv[0])}: {' '.join(command)}: {done.stderr.strip()}")
            return kept
        return self.take(key, measure)

    def take(self, key, measure):
        """What measure() says, unless the file has it."""
        with self.lock:
            if key in self.results:
                return self.results[key]
        entry = {"key": key, **measure()}
        with self.lock:
            self.results[key] = entry
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
            print(*entry["key"], *list(entry.values())[1:], file=sys.stderr, flush=True)
        return entry


def has_gnuplot():
    return shutil.which("gnuplot") is not None


def choose_rate(score, start, ratio, extensions=5):
    """The rate with the greatest score, of three around start, each ratio times the one before, and
    of more while the best is at an end."""
    tried = {power: score(start * ratio ** power) for power in (-1, 0, 1)}
    for _ in range(extensions):
        best = max(tried, key=tried.get)
        if best == min(tried):
            power = best - 1
        elif best == max(tried):
            power = best + 1
        else:
            break
        tried[power] = score(start * ratio ** power)
    return start * ratio ** max(tried, key=tried.get)
