"""Two processes that train one small network together; `test_parallel.py` runs this and reads what they leave."""

import contextlib
import hashlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dreamsampler.core.errors import NonFinite
from iconworld.training.checkpoint import TrainState, start_ema
from iconworld.training.loop import Budget, LoopOptions, train_loop
from iconworld.training.parallel import first_process_first, join_group, leave_group


class Killed(BaseException):
    """Stands for both processes dying between two steps."""


def new_state() -> TrainState:
    model = nn.Linear(4, 1)
    nn.init.constant_(model.weight, 0.1)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    return TrainState(model, optimizer, start_ema(model), settings={"seed": 0})


def train(checkpoint: Path, budget: Budget, *, resume=False, die_at=None, pause=0.0, bad=False):
    """(the state, what was drawn in each step): of this process."""
    state, drawn = new_state(), []

    def loss_of_step(rng, done):
        time.sleep(pause)
        if state.step == die_at:
            raise Killed
        x = torch.from_numpy(rng.normal(size=(8, 4)).astype(np.float32))
        drawn.append(float(x[0, 0]))
        return (state.model(x) - x.sum(1, keepdim=True)).square().mean() * (float("inf") if bad else 1.0)

    options = LoopOptions(peak_rate=0.05, warm_up=1)
    train_loop(state, loss_of_step, budget, options, checkpoint, seed=0, resume=resume, on_sheet=lambda s: "sheet")
    return state, drawn


def digest(state: TrainState) -> str:
    return hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in state.model.parameters())).hexdigest()


def work(rank: int, folder: Path) -> dict[str, object]:
    join_group()
    scenes = folder / "scenes"
    with first_process_first():
        found = scenes.exists()
        if rank == 0:
            time.sleep(0.3)
        scenes.write_text("drawn")
    whole, drawn = train(folder / "whole.safetensors", Budget(steps=6, save_every=0.0))
    with contextlib.suppress(Killed):
        train(folder / "part.safetensors", Budget(steps=6, save_every=0.0), die_at=3)
    resumed, _ = train(folder / "part.safetensors", Budget(steps=6, save_every=0.0), resume=True)
    timed, _ = train(folder / "timed.safetensors", Budget(minutes=0.01), pause=0.02 * (rank + 1))
    try:
        train(folder / "bad.safetensors", Budget(steps=2), bad=rank == 1)
        stopped = ""
    except NonFinite as error:
        stopped = error.stage
    leave_group()
    return {
        "found": found,
        "drawn": drawn,
        "whole": digest(whole),
        "resumed": digest(resumed),
        "timed": timed.step,
        "stopped": stopped,
    }


def main(folder: Path, port: str) -> int:
    children = []
    for rank in range(2):
        child = os.fork()
        if child == 0:
            os.dup2(os.open(folder / f"said{rank}", os.O_CREAT | os.O_WRONLY), 1)
            os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2")
            os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
            (folder / f"{rank}.json").write_text(json.dumps(work(rank, folder)))
            sys.stdout.flush()
            os._exit(0)
        children.append(child)
    return max(os.waitpid(child, 0)[1] for child in children)


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]), sys.argv[2])))
