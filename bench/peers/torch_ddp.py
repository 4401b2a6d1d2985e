"""PyTorch: DistributedDataParallel over gloo; one process alone does without it.

    RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 python3 bench/peers/torch_ddp.py --mnist DIR ...
"""
import os

import torch
import torch.distributed as dist

import peer


class Net:
    def __init__(self, a, size):
        h = a.hidden
        self.size = size
        self.net = torch.nn.Sequential(torch.nn.Linear(784, h), torch.nn.ReLU(), torch.nn.Linear(h, h),
                                       torch.nn.ReLU(), torch.nn.Linear(h, 10))
        self.model = torch.nn.parallel.DistributedDataParallel(self.net) if size > 1 else self.net
        if a.rule == "adam":
            self.rule = torch.optim.Adam(self.model.parameters(), lr=a.rate)
        else:
            self.rule = torch.optim.SGD(self.model.parameters(), lr=a.rate, momentum=0.9)

    def step(self, x, y):
        self.rule.zero_grad(set_to_none=False)
        torch.nn.functional.cross_entropy(self.model(x), y).backward()
        self.rule.step()

    def score(self, x, y):
        with torch.no_grad():
            return int((self.net(x).argmax(1) == y).sum())

    def barrier(self):
        if self.size > 1:
            dist.barrier()


a = peer.words()
rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
torch.set_num_threads(1)
torch.manual_seed(a.seed)
if size > 1:
    dist.init_process_group("gloo", rank=rank, world_size=size)
peer.run(a, rank, Net(a, size), lambda v: torch.from_numpy(v))
