"""From a recipe to its prior and from a prior to what a recipe says of it."""

from __future__ import annotations

import dataclasses
import os
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import torch

from ..core.errors import ModelError
from ..core.types import Prior
from .recipe import ModelRef, Recipe

THREADS = "CPU threads: "
"""Begins the line of a receipt that says how many threads computed: sums are rounded in another order by another number
of them, so that results equal each other to the bit at one number only."""

NO_MODEL = "none"
"""Stands in recipes of drawing methods that need no model."""


def load_prior(
    recipe: Recipe,
    *,
    model: Any = None,
    device: str | None = None,
    dtype: str | None = None,
    local_files_only: bool = False,
) -> Prior | None:
    """Return the prior that a recipe was made with; None if it names none and its task can do without.

    Args:
        recipe: names the model, its revision, and the precision.
        model: where the model lies now, if not where it was.
        device: another one than the recipe's.
        dtype: another one than the recipe's.
        local_files_only: never ask the Hub: a recipe may come from a stranger.

    Raises:
        ModelError: it was a ready pipeline, or cannot be found or loaded.
    """
    if without_model(recipe):
        return None
    from ..methods.registry import loader_of

    load = loader_of(getattr(recipe.settings, "method", ""))
    name = recipe.model.id if model is None else model
    if isinstance(name, str) and name.startswith("pipeline:"):
        raise ModelError(
            f"the recipe was made with a ready pipeline ({name[9:]}); pass one or name a model with --model"
        )
    return load(
        name,
        device=device or _present(recipe.run.device),
        dtype=dtype or recipe.run.dtype,
        prediction_type=recipe.run.prediction_type,
        revision=recipe.model.revision if model is None else None,
        local_files_only=local_files_only,
    )


def without_model(recipe: Recipe) -> bool:
    """Return True if a recipe says that no model takes part; only drawings are made so."""
    return recipe.task == "vectorize" and recipe.model.id == NO_MODEL


def _present(device: str | None) -> str | None:
    """The device, or None (the best there is) where this machine lacks it."""
    from ..priors.placement import choose_device

    try:
        choose_device(device)
    except ModelError:
        return None
    return device


class Reference:
    """What a recipe says of a prior, worked out beside the run: hashing weights takes about a second a gigabyte."""

    def __init__(self, prior: Prior | None) -> None:
        self._prior, self._future = prior, Future[ModelRef]()
        info = prior.describe() if prior is not None else None
        # a pipeline's tensors may be on the move between devices while it runs: they are read after it
        self._later = info is None or not info.files
        if not self._later:
            # a daemon, so that an interrupted run ends at once
            threading.Thread(target=self._work, daemon=True).start()

    def result(self) -> ModelRef:
        """To be asked once the run is over."""
        if self._later:
            self._work()
        return self._future.result()

    def _work(self) -> None:
        try:
            self._future.set_result(model_ref(self._prior))
        except Exception as error:  # raised again in the thread that asks for the result
            self._future.set_exception(error)


def model_ref(prior: Prior | None) -> ModelRef:
    """Return what a recipe says of a prior: its name, and its content by revision or else by digest."""
    if prior is None:
        return ModelRef(NO_MODEL)
    info = prior.describe()
    # a commit on the Hub stands for its files; reading them all again would tell nothing more
    digests = {} if info.revision else info.sha256
    return ModelRef(_portable(info.model), info.revision, digests)


def _portable(model: str) -> str:
    """A path without the name of its owner: this goes into pictures that are shared."""
    home = str(Path.home())
    return "~" + model[len(home) :] if home not in ("", "/") and model.startswith(home + os.sep) else model


def completed(recipe: Recipe, prior: Prior | None, ref: ModelRef, notes: tuple[str, ...]) -> Recipe:
    """Return the recipe with what only the run knew: the model's content, device and precision, and the receipt."""
    known = {} if prior is None else {"device": prior.describe().device, "dtype": prior.describe().dtype}
    said = tuple(dict.fromkeys(" ".join(note.split())[:2000] for note in notes))
    if prior is None or known["device"] == "cpu":
        said = (*said, f"{THREADS}{torch.get_num_threads()}")
    return dataclasses.replace(recipe, model=ref, run=dataclasses.replace(recipe.run, **known), notes=said)
