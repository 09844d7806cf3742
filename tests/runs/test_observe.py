"""A run is watched by events, and whoever watches may end it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import dreamsampler
from dreamsampler.core.errors import Cancelled, InputError
from dreamsampler.io.tensors import to_pixels
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.runs.job import Request
from dreamsampler.runs.observe import Event, Film
from dreamsampler.runs.run import execute, prepare
from dreamsampler.tasks.settings import EditSettings, InvertSettings
from dreamsampler.tasks.vectorize.settings import VectorSettings

PICTURE = Image.fromarray(np.random.default_rng(3).integers(0, 256, (6, 8, 3), dtype=np.uint8))


@pytest.fixture
def prior() -> GaussianPrior:
    return GaussianPrior({"": torch.zeros(3, 6, 8), "dog": torch.full((3, 6, 8), 0.4)}, std=0.3)


def test_events_show_the_result_as_it_is(prior: GaussianPrior) -> None:
    events: list[Event] = []
    seen: list[np.ndarray] = []

    def watch(event: Event) -> None:
        events.append(event)
        if event.pictures is not None:
            seen.append(event.pictures()[0])

    result = dreamsampler.edit(PICTURE, "dog", model=prior, steps=3, callback=watch)
    assert [event[:3] for event in events] == [(phase, k, 3) for phase in ("invert", "edit") for k in (1, 2, 3)]
    assert len(seen) == 3
    np.testing.assert_array_equal(seen[-1], result.items[0].pixels)
    state = events[3].state
    assert state is not None
    np.testing.assert_array_equal(seen[0], to_pixels(state.z0)[0])


def test_an_observer_ends_the_run(prior: GaussianPrior) -> None:
    def stop(event: Event) -> None:
        if event.step == 2:
            raise Cancelled("enough")

    before = prior.evaluations
    with pytest.raises(Cancelled, match="enough"):
        dreamsampler.edit(PICTURE, "dog", model=prior, steps=9, callback=stop)
    assert prior.evaluations - before == 2


def test_films_are_spread_evenly_and_leave_out_the_last() -> None:
    film = Film(4)
    for k in range(1, 21):
        film(Event("invert", k, 20))
        film(Event("edit", k, 20, pictures=lambda k=k: [np.full((1, 1, 3), k, np.uint8)]))
    assert [int(frame[0, 0, 0]) for frame in film.of(0)] == [5, 10, 15]
    every = Film(9)
    for k in range(1, 4):
        every(Event("edit", k, 3, pictures=lambda k=k: [np.full((1, 1, 3), k, np.uint8)]))
    assert [int(frame[0, 0, 0]) for frame in every.of(0)] == [1, 2]


def test_jobs_hold_what_was_read_and_built(prior: GaussianPrior, tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "in.png")
    jobs = prepare(Request(EditSettings(steps=1), tmp_path / "in.png", "dog"))
    drawing = prepare(Request(VectorSettings(steps=1, method="data"), tmp_path / "in.png"))[0]
    (tmp_path / "in.png").unlink()
    assert execute(jobs, prior).items[0].pixels.shape == (6, 8, 3)
    assert drawing.parts.scene.measurement.scene == (3, 6, 8)
    assert not drawing.needs_prior


def test_a_checkpoint_is_for_one_result(prior: GaussianPrior, tmp_path: Path) -> None:
    jobs = prepare(Request(InvertSettings(steps=1), [PICTURE, PICTURE]))
    with pytest.raises(InputError, match="of 2 results"):
        execute(jobs, prior, checkpoint=tmp_path / "a.safetensors")


def test_a_result_is_shown_in_a_line(prior: GaussianPrior) -> None:
    result = dreamsampler.edit(PICTURE, "dog", model=prior, steps=1)
    assert repr(result) == "Result(ImageResult(edit, picture of 8 x 6, 3 evaluations))"
    assert len(repr(result.items[0].reconstruction)) < 60
