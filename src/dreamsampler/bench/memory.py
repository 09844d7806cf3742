"""The memory that a computation takes, counted exactly and on any device: all tensors that are alive at one time."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveMemory(TorchDispatchMode):
    """Counts, while the block runs, the bytes of all tensors that were made in it and are still held by anyone.

    Every operation is seen, on the way forward, on the way back, and where a checkpoint computes again; each piece of
    memory counts once, however many tensors look at it, from the operation that made it until it is let go. What was
    there before (weights, inputs) does not count. Scratch memory inside a single operation is not seen.

    Attributes:
        now: bytes held.
        peak: most bytes held at one time.

    Example:
        >>> x = torch.ones(1000, requires_grad=True)
        >>> with LiveMemory() as memory:
        ...     y = (x * x).exp().sum()
        >>> memory.peak  # the product while its exponential is made
        8000
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: dict[int, weakref.ref[torch.UntypedStorage]] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        for leaf in tree_leaves((args, named)):
            if isinstance(leaf, Tensor):
                self._see(leaf, made_here=False)
        result = func(*args, **named)
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._see(leaf, made_here=True)
        return result

    def _see(self, tensor: Tensor, made_here: bool) -> None:
        storage = tensor.untyped_storage()
        key = id(storage)
        if key in self._known:
            return
        size = storage.nbytes() if made_here else 0

        def gone(_: object) -> None:
            del self._known[key]
            self.now -= size

        self._known[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)
