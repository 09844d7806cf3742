"""Several processes that share every step: `torchrun --nproc-per-node 2 -m iconworld.training ...`.

On a CPU, two processes with one thread each train a small network faster than one with two threads. Each draws its own
samples; gradients are averaged, so all hold the same weights. Process 0 alone writes files and reports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

from dreamsampler.core.errors import InputError

WAIT = timedelta(hours=12)
"""How long the others wait while process 0 draws and encodes; torchrun ends them at once if it dies."""


def join_group(device: str = "cpu") -> None:
    """Meet the other processes, if torchrun started more than one. On a GPU each process takes one of its own.

    Raises:
        InputError: there are fewer GPUs than processes.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or dist.is_initialized():
        return
    if device == "cuda":
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            raise InputError(
                f"--nproc-per-node: process {local} finds {torch.cuda.device_count()} GPUs; start one process a GPU"
            )
        torch.cuda.set_device(local)
    dist.init_process_group("nccl" if device == "cuda" else "gloo", timeout=WAIT)


def leave_group() -> None:
    """Part from the other processes, if there are any."""
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """Which process this is; 0 where there is only one."""
    return dist.get_rank() if dist.is_initialized() else 0


@contextmanager
def first_process_first() -> Iterator[None]:
    """Process 0 runs the block alone; the others follow when it is through, and find the files that it made."""
    if dist.is_initialized() and rank() != 0:
        dist.barrier()
    yield
    if dist.is_initialized() and rank() == 0:
        dist.barrier()


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
    on = "cuda" if dist.get_backend() == "nccl" else "cpu"
    longest: Tensor = torch.tensor(seconds, dtype=torch.float64, device=on)
    dist.all_reduce(longest, op=dist.ReduceOp.MAX)
    return float(longest)
