"""What gradients cost in memory, on any device: the tensors that autograd keeps for going back."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

import torch
from torch import Tensor


class _Kept:
    """A saved tensor that tells when it is let go."""

    def __init__(self, tensor: Tensor, owner: GraphMemory) -> None:
        self.tensor, self._owner, self._storage = tensor, owner, tensor.untyped_storage()
        owner._take(self._storage)

    def __del__(self) -> None:
        self._owner._give(self._storage)


class GraphMemory:
    """Counts, while the block runs, the bytes that autograd holds, each piece of memory once.

    Where a network computes activations again on the way back, those are not seen here: they live for one block only.

    Args:
        weights: tensors that are there anyway and do not count.

    Attributes:
        peak: most bytes held at one time.

    Example:
        >>> x = torch.ones(1000, requires_grad=True)
        >>> with GraphMemory() as memory:
        ...     y = (x * x).exp().sum()
        >>> memory.peak  # exp keeps its result, the product keeps x
        8000
    """

    def __init__(self, weights: Iterable[Tensor] = ()) -> None:
        self._exempt = {w.untyped_storage().data_ptr() for w in weights}
        self._held: dict[int, int] = {}
        self._bytes = self.peak = 0

    def _take(self, storage: torch.UntypedStorage) -> None:
        key = storage.data_ptr()
        if key in self._exempt:
            return
        if key not in self._held:
            self._held[key] = 0
            self._bytes += storage.nbytes()
        self._held[key] += 1
        self.peak = max(self.peak, self._bytes)

    def _give(self, storage: torch.UntypedStorage) -> None:
        key = storage.data_ptr()
        if key in self._held:
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]
                self._bytes -= storage.nbytes()

    def __enter__(self) -> GraphMemory:
        self._hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda tensor: _Kept(tensor, self), lambda kept: kept.tensor
        )
        self._hooks.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._hooks.__exit__(kind, error, at)
