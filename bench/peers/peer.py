"""What the peers of bench/against-peers share: words, MNIST, and the clock.

A peer is a class with .size (ranks), .step(x, y), .score(x, y) -> rows it gets right, .barrier().
It trains an MLP 784-H-H-10 on its rank's share of MNIST, prints "first step" once that is done,
and ends with one line of JSON from rank 0:

    --steps N       median milliseconds of a step, over N steps on one batch that stays in place
    --target 0.98   seconds of training until the test accuracy is reached; it is looked at every
                    --every steps while the clock stands still.  With --hold-out N it is that of
                    the last N training rows, which are then not trained on
"""
import argparse
import gzip
import json
import os
import resource
import statistics
import struct
import time

import numpy as np


def words():
    p = argparse.ArgumentParser()
    p.add_argument("--mnist", required=True, help="folder of the four IDX files")
    p.add_argument("--hidden", type=int, default=512)
    p.add_argument("--rule", choices=["momentum", "adam"], default="momentum")
    p.add_argument("--rate", type=float, default=0.1)
    p.add_argument("--batch", type=int, default=128, help="rows per rank")
    p.add_argument("--steps", type=int, default=100)
    p.add_argument("--warm-up", type=int, default=10, help="steps before those that are timed, besides the first")
    p.add_argument("--hook", choices=["none", "fp16", "powersgd"], default="none", help="of DDP: what it sends")
    p.add_argument("--hook-rank", type=int, default=1, help="of PowerSGD's factors")
    p.add_argument("--rows", type=int, help="without a target: as if MNIST had no more, so that it is read sooner")
    p.add_argument("--hold-out", type=int, default=0)
    p.add_argument("--target", type=float)
    p.add_argument("--every", type=int, default=117)
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args()


def idx(folder, name, most):
    path = os.path.join(folder, name)
    with gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb") as f:
        axes = f.read(4)[3]
        count, *inner = struct.unpack(f">{axes}I", f.read(4 * axes))
        count = min(count, most or count)
        b = f.read(count * int(np.prod(inner)))
    return np.frombuffer(b, np.uint8).reshape(count, *inner)


def mnist(folder, most=None):
    """Rows as `tally train --data idx` scales them: mean and deviation of the training pixels."""
    def rows(name):
        x = idx(folder, name, most).reshape(-1, 784).astype(np.float32)
        x /= 255 * 0.3081
        x -= 0.1307 / 0.3081
        return x

    def labels(name):
        return idx(folder, name, most).astype(np.int64)

    return (rows("train-images-idx3-ubyte"), labels("train-labels-idx1-ubyte"),
            rows("t10k-images-idx3-ubyte"), labels("t10k-labels-idx1-ubyte"))


def time_steps(peer, a, x, y):
    peer.step(x, y)
    print("first step", flush=True)
    for _ in range(a.warm_up):
        peer.step(x, y)
    peer.barrier()
    times = []
    for _ in range(a.steps):
        begin = time.perf_counter()
        peer.step(x, y)
        times.append(time.perf_counter() - begin)
    return {"step_ms": 1e3 * statistics.median(times)}


def train_until(peer, a, rank, train, test):
    x, y = train
    per_epoch = len(x) // (peer.size * a.batch)
    rng = np.random.default_rng(a.seed)
    seconds = 0.0
    for step in range(a.epochs * per_epoch):
        if step % per_epoch == 0:
            order = rng.permutation(len(x))[rank::peer.size]
        at = step % per_epoch * a.batch
        begin = time.perf_counter()
        rows = order[at:at + a.batch]
        peer.step(x[rows], y[rows])
        seconds += time.perf_counter() - begin
        if (step + 1) % a.every == 0:
            right = sum(peer.score(test[0][i:i + 1000], test[1][i:i + 1000]) for i in range(0, len(test[0]), 1000))
            peer.barrier()
            if right >= a.target * len(test[0]):
                return {"seconds": seconds, "epochs": (step + 1) / per_epoch, "steps": step + 1,
                        "accuracy": right / len(test[0])}
    return {"seconds": None, "epochs": None, "steps": None, "accuracy": right / len(test[0])}


def run(a, rank, peer, tensor=lambda v: v):
    train_x, train_y, test_x, test_y = map(tensor, mnist(a.mnist, None if a.target else a.rows))
    if a.hold_out:
        test_x, test_y = train_x[-a.hold_out:], train_y[-a.hold_out:]
        train_x, train_y = train_x[:-a.hold_out], train_y[:-a.hold_out]
    if a.target:
        result = train_until(peer, a, rank, (train_x, train_y), (test_x, test_y))
    else:
        result = time_steps(peer, a, train_x[:a.batch], train_y[:a.batch])
    result["rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if rank == 0:
        print(json.dumps(result), flush=True)
