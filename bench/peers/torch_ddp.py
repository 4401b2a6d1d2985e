"""PyTorch: DistributedDataParallel over gloo, with one of its hooks; one process alone does without it.

    RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 python3 bench/peers/torch_ddp.py --mnist DIR ...
"""
import os

import torch
import torch.distributed as dist
from torch.distributed.algorithms.ddp_comm_hooks import default_hooks, powerSGD_hook

import peer

ONE_BUCKET = 1 << 20  # MiB: over gloo the messages of PowerSGD's buckets mix, and it aborts (PyTorch 1.13)


def distributed(net, a):
    """The net in DDP with what the hook needs; PowerSGD from the third step on, as early as it may."""
    if a.hook == "powersgd":
        dist._DEFAULT_FIRST_BUCKET_BYTES = ONE_BUCKET << 20
        model = torch.nn.parallel.DistributedDataParallel(net, bucket_cap_mb=ONE_BUCKET)
        state = powerSGD_hook.PowerSGDState(None, matrix_approximation_rank=a.hook_rank, start_powerSGD_iter=2)
        model.register_comm_hook(state, powerSGD_hook.powerSGD_hook)
        return model
    model = torch.nn.parallel.DistributedDataParallel(net)
    if a.hook == "fp16":
        model.register_comm_hook(None, default_hooks.fp16_compress_hook)
    return model


class Net:
    def __init__(self, a, size):
        h = a.hidden
        self.size = size
        self.net = torch.nn.Sequential(torch.nn.Linear(784, h), torch.nn.ReLU(), torch.nn.Linear(h, h),
                                       torch.nn.ReLU(), torch.nn.Linear(h, 10))
        self.model = distributed(self.net, a) if size > 1 else self.net
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
