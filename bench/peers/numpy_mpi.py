"""mpi4py + numpy: an MLP by hand, all weights in one flat vector, one blocking Allreduce a step.

    mpirun -n 2 python3 bench/peers/numpy_mpi.py --mnist DIR ...        words: peer.py
"""
import numpy as np
from mpi4py import MPI

import peer


class Net:
    def __init__(self, a, comm):
        h = a.hidden
        shapes = [(h, 784), (h,), (h, h), (h,), (10, h), (10,)]
        ends = np.cumsum([0] + [int(np.prod(s)) for s in shapes])
        self.comm, self.size, self.a, self.t = comm, comm.size, a, 0
        self.w, self.g, self.m, self.v, self.room = (np.zeros(ends[-1], np.float32) for _ in range(5))
        self.W, self.G = ([flat[ends[i]:ends[i + 1]].reshape(s) for i, s in enumerate(shapes)]
                          for flat in (self.w, self.g))
        rng = np.random.default_rng(a.seed)
        for i in range(0, 6, 2):
            bound = 1 / np.sqrt(shapes[i][1])
            self.W[i][...] = rng.uniform(-bound, bound, shapes[i])
            self.W[i + 1][...] = rng.uniform(-bound, bound, shapes[i + 1])

    def forward(self, x):
        W = self.W
        h1 = np.maximum(x @ W[0].T + W[1], 0)
        h2 = np.maximum(h1 @ W[2].T + W[3], 0)
        return h1, h2, h2 @ W[4].T + W[5]

    def gradient(self, x, y):
        W, G = self.W, self.G
        h1, h2, e = self.forward(x)
        e -= e.max(1, keepdims=True)
        np.exp(e, out=e)
        e /= e.sum(1, keepdims=True)
        e[np.arange(len(y)), y] -= 1
        e /= len(y)
        np.matmul(e.T, h2, out=G[4])
        e.sum(0, out=G[5])
        d = e @ W[4]
        d *= h2 > 0
        np.matmul(d.T, h1, out=G[2])
        d.sum(0, out=G[3])
        d = d @ W[2]
        d *= h1 > 0
        np.matmul(d.T, x, out=G[0])
        d.sum(0, out=G[1])

    def momentum(self):
        self.m *= np.float32(0.9)
        self.m += self.g
        np.multiply(self.m, np.float32(self.a.rate), out=self.room)
        self.w -= self.room

    def adam(self):
        self.t += 1
        g, m, v, room = self.g, self.m, self.v, self.room
        m *= np.float32(0.9)
        np.multiply(g, np.float32(0.1), out=room)
        m += room
        v *= np.float32(0.999)
        np.multiply(g, g, out=room)
        room *= np.float32(0.001)
        v += room
        np.multiply(v, np.float32(1 / (1 - 0.999**self.t)), out=room)
        np.sqrt(room, out=room)
        room += np.float32(1e-8)
        np.divide(m, room, out=room)
        room *= np.float32(self.a.rate / (1 - 0.9**self.t))
        self.w -= room

    def step(self, x, y):
        self.gradient(x, y)
        if self.size > 1:
            self.comm.Allreduce(MPI.IN_PLACE, self.g, MPI.SUM)
            self.g *= np.float32(1 / self.size)
        getattr(self, self.a.rule)()

    def score(self, x, y):
        return int((self.forward(x)[2].argmax(1) == y).sum())

    def barrier(self):
        self.comm.Barrier()


a = peer.words()
peer.run(a, MPI.COMM_WORLD.rank, Net(a, MPI.COMM_WORLD))
