"""All that a run remembers between two steps, in one record, so that saving and resuming come free."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .errors import InputError, NonFinite
from .noise import Noise
from .types import Prediction, Step

_LEARNED = "learned."


class Learned:
    """Tensors that parts learn on the way and need again at later steps, by name: a tuned prompt, Adam's moments.

    Every step has a copy of its own, so what a part writes counts from that step on, and earlier states keep theirs.
    Tensors are replaced, never changed in place.

    Example:
        >>> before = Learned()
        >>> after = before.copy()
        >>> after.put("tuned prompt", torch.ones(2))
        >>> before.get("tuned prompt"), after.get("tuned prompt")
        (None, tensor([1., 1.]))
    """

    def __init__(self, tensors: Mapping[str, Tensor] | None = None) -> None:
        self._tensors = dict(tensors or {})

    def get(self, name: str) -> Tensor | None:
        """What was put there last, or None."""
        return self._tensors.get(name)

    def put(self, name: str, value: Tensor) -> None:
        """Remember a tensor, outside of any graph."""
        self._tensors[name] = value.detach()

    def copy(self) -> Learned:
        """The same tensors under the same names."""
        return Learned(self._tensors)

    def tensors(self) -> dict[str, Tensor]:
        """Named tensors for a file."""
        return {name: value.contiguous() for name, value in self._tensors.items()}


@dataclass(frozen=True)
class State:
    """A run between two steps.

    Attributes:
        z: the noisy latent, [B, C, h, w].
        z0: the solution of the last step (before the first step: the clean latent that the run starts from, or z).
        noise: the random stream of each item.
        next: index of the next step to take.
        learned: what parts of the run have learned so far.
    """

    z: Tensor
    z0: Tensor
    noise: Noise
    next: int = 0
    learned: Learned = field(default_factory=Learned)

    @classmethod
    def start(cls, z: Tensor, seeds: list[int] | Noise, z0: Tensor | None = None) -> State:
        """A run at its beginning, with one seed for each item of z."""
        noise = seeds if isinstance(seeds, Noise) else Noise(seeds)
        if len(noise) != z.shape[0]:
            raise InputError(f"seeds: got {len(noise)} for a batch of {z.shape[0]}; expected one an item")
        return cls(z.detach(), (z if z0 is None else z0).detach(), noise)

    def tracking(self, grad: bool) -> State:
        """The same state for one step, with a fresh leaf z, tracked by autograd if asked: graphs never reach across."""
        return dataclasses.replace(self, z=self.z.detach().requires_grad_(grad), learned=self.learned.copy())

    def advance(self, step: Step, pred: Prediction, z0: Tensor, eps: Tensor) -> State:
        """z <- a' z0 + b' eps (eq. 12 of DreamSampler).

        Raises:
            NonFinite: with the step, the first stage that produced a NaN or an infinity, and the dtype.
        """
        z0, eps = z0.detach(), eps.detach()
        z = step.a_next * z0 + step.b_next * eps
        # one reduction a step; the stage is looked for only once something is wrong
        if not (torch.isfinite(z).all() and torch.isfinite(z0).all()):
            stages = {"guide": (pred.z0, pred.eps, *pred.targets), "solve": (z0,), "renoise": (eps,)}
            for stage, tensors in stages.items():
                if not all(bool(torch.isfinite(x).all()) for x in tensors):
                    raise NonFinite(step.index, stage, tensors[0].dtype)
            raise NonFinite(step.index, "step", z.dtype)
        return dataclasses.replace(self, z=z, z0=z0, next=step.index + 1)

    def tensors(self) -> dict[str, Tensor]:
        """Flat named tensors for a file (safetensors); the inverse of `from_tensors`."""
        return {
            "z": self.z.contiguous(),
            "z0": self.z0.contiguous(),
            "noise": self.noise.get_state(),
            "next": torch.tensor(self.next),
            **{_LEARNED + name: value for name, value in self.learned.tensors().items()},
        }

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> State:
        """The state that `tensors` described; it goes on bit for bit."""
        missing = {"z", "z0", "noise", "next"} - tensors.keys()
        if missing:
            raise InputError(f"saved state lacks {', '.join(sorted(missing))}; it is damaged or of another version")
        noise = Noise.from_state(tensors["noise"])
        learned = {name.removeprefix(_LEARNED): x for name, x in tensors.items() if name.startswith(_LEARNED)}
        return cls(tensors["z"], tensors["z0"], noise, int(tensors["next"]), Learned(learned))
