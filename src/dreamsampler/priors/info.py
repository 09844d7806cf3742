"""What a prior says of itself, in recipes and listings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .weights import sha256


@dataclass(frozen=True)
class PriorInfo:
    """Identity of a prior.

    Attributes:
        model: as it was asked for: Hub id, path, "bundled", or "pipeline:" and the class of a ready pipeline.
        family: "sd1", "sd2", "sdxl", or the name of a family in `priors.families`.
        prediction: "eps", "v", "x0" or "flow".
        native_size: side in pixels of the pictures that it was trained on.
        parameters: of the diffusion network, the autoencoder and the text encoders together.
        device, dtype: where it runs and in what.
        revision: commit on the Hub, where it comes from there.
        files: the weights, by their path inside the model.
        remarks: settings of the checkpoint that were overridden.
    """

    model: str
    family: str
    prediction: str
    native_size: int
    parameters: int
    device: str
    dtype: str
    revision: str | None = None
    files: tuple[tuple[str, Path], ...] = ()
    remarks: tuple[str, ...] = ()
    fingerprint: Callable[[], str | None] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def sha256(self) -> dict[str, str]:
        """SHA-256 of every weights file by its path inside the model, or of a ready pipeline's tensors as "tensors".

        Computed when first asked for (about a second a gigabyte) and kept.
        """
        if self.files:
            return {name: sha256(path) for name, path in self.files}
        digest = self.fingerprint() if self.fingerprint is not None else None
        return {} if digest is None else {"tensors": digest}
