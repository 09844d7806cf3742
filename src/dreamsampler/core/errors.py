"""What can go wrong, said so that the reader can mend it.

Every error that a user can cause is a `DreamSamplerError`. Its text names the field, the value and the remedy; the
command line prints it on one line and exits with code 2.
"""

from __future__ import annotations


class DreamSamplerError(Exception):
    """Base of every error that the library raises on purpose."""


class InputError(DreamSamplerError, ValueError):
    """An argument or a file is not what it must be: wrong type, size, range, format or content."""


class ModelError(DreamSamplerError):
    """A checkpoint cannot be used: unknown, damaged, of another kind, or at odds with what was asked."""


class MissingExtra(DreamSamplerError, ImportError):
    """An optional library is needed; the text names the extra that installs it."""


class OutOfMemory(DreamSamplerError, MemoryError):
    """The device ran out of memory; the text names the cheapest setting that would fit."""


class Cancelled(DreamSamplerError):
    """The caller asked a run to stop; its last checkpoint goes on from there."""


class NonFinite(DreamSamplerError, ArithmeticError):
    """A latent became NaN or infinite.

    Attributes:
        step: index of the sampler's step.
        stage: "guide", "solve", "renoise" or "step": which part produced the value.
        dtype: the dtype of the tensor that was found.
    """

    def __init__(self, step: int, stage: str, dtype: object, remedy: str = "") -> None:
        self.step, self.stage, self.dtype = step, stage, dtype
        name = str(dtype).removeprefix("torch.")
        hint = remedy or "lower the strength or step size, or use --dtype float32"
        super().__init__(f"non-finite value at step {step}, stage '{stage}', dtype {name}; {hint}")
