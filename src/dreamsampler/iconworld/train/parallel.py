"""Several processes that share every step: `torchrun --nproc-per-node 2 -m dreamsampler.iconworld.train ...`.

On a CPU, two processes with one thread each train a small network faster than one with two threads. Each draws its own
samples; gradients are averaged, so all hold the same weights. Process 0 alone writes checkpoints and reports.
"""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor, nn


def join_group() -> None:
    """Meet the other processes, if torchrun started more than one."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        dist.init_process_group("gloo" if not torch.cuda.is_available() else "nccl")


def rank() -> int:
    """Which process this is; 0 where there is only one."""
    return dist.get_rank() if dist.is_initialized() else 0


def average_gradients(model: nn.Module) -> None:
    """Replace every gradient by its mean over the processes, in one message."""
    if not dist.is_initialized():
        return
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    packed = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(packed)
    packed /= dist.get_world_size()
    for gradient, mean in zip(gradients, packed.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def slowest(seconds: float) -> float:
    """The longest of the processes' times: all must leave the loop at the same step."""
    if not dist.is_initialized():
        return seconds
    longest: Tensor = torch.tensor(seconds, dtype=torch.float64)
    dist.all_reduce(longest, op=dist.ReduceOp.MAX)
    return float(longest)
