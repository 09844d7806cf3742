"""Recipes carried out: batches, kinds of input, the exact prior, and what an outcome offers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import dreamsampler
from dreamsampler.core.errors import InputError, ModelError
from dreamsampler.io.images import read_image
from dreamsampler.io.tensors import to_tensor
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.load import load
from dreamsampler.runs.edit import pair
from dreamsampler.runs.fit_to_grid import fit_for
from dreamsampler.runs.recipe import ModelRef
from dreamsampler.runs.result import Result, numbered
from dreamsampler.runs.run import repeat
from dreamsampler.runs.verify import read_claim
from dreamsampler.steering.strength import Constant, GuidanceScale, PaperStrength
from dreamsampler.tasks import edit as task
from tests.tiny import make_sd, write_sd1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd1(tmp_path_factory.mktemp("model") / "sd1")


@pytest.fixture(scope="module")
def prior(folder: Path) -> object:
    return load(folder)


def photo(width: int = 40, height: int = 30, seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def pixels(outcome: Result) -> list[np.ndarray]:
    return [item.pixels for item in outcome.items]


def test_a_batch_gives_what_single_runs_give(prior: object) -> None:
    photos = [photo(40, 30, 1), photo(52, 30, 2), photo(40, 30, 3), photo(38, 31, 4)]
    mask = np.zeros((30, 40), np.float32)
    mask[5:20, 5:30] = 1
    together = dreamsampler.edit(photos, "a dog", model=prior, steps=3, report=True)
    for k, one in enumerate(photos):
        alone = dreamsampler.edit(one, "a dog", model=prior, steps=3, report=True)
        difference = np.abs(alone.items[0].pixels.astype(int) - together.items[k].pixels.astype(int))
        assert difference.max() <= 1
        assert together.items[k].stats.evaluations == alone.evaluations == 12
        assert together.items[k].reconstruction.vae_psnr == pytest.approx(alone.report.vae_psnr, abs=1e-3)
        assert together.items[k].recipe.inputs == alone.recipe.inputs


def test_pictures_of_one_grid_share_the_calls_of_the_network(prior: object) -> None:
    photos = [photo(40, 30, 1), photo(52, 30, 2), photo(40, 30, 3)]
    calls = prior.calls
    dreamsampler.edit(photos, "a dog", model=prior, steps=2)
    batched = prior.calls - calls
    assert batched == 2 * (2 + 2), "two sizes, two steps up and two down each"
    calls = prior.calls
    dreamsampler.edit(photos, "a dog", model=prior, steps=2, batch=1)
    assert prior.calls - calls == 3 * (2 + 2)


def test_every_kind_of_input_is_the_same_picture(prior: object, tmp_path: Path) -> None:
    picture = photo()
    picture.save(tmp_path / "in.png")
    array = np.asarray(picture)
    tensor = torch.from_numpy(array.copy()).permute(2, 0, 1)
    kinds = [
        picture,
        tmp_path / "in.png",
        str(tmp_path / "in.png"),
        (tmp_path / "in.png").read_bytes(),
        array,
        array / 255.0,
        tensor,
        tensor[None],
        tensor.float() / 127.5 - 1.0,
    ]
    results = [
        dreamsampler.edit(kind, "dog", model=prior, steps=1, value_range=(-1, 1) if k == 8 else (0, 1))
        for k, kind in enumerate(kinds)
    ]
    for result in results[1:]:
        np.testing.assert_array_equal(result.items[0].pixels, results[0].items[0].pixels)
    stack = torch.stack([tensor, tensor])
    assert len(dreamsampler.edit(stack, "dog", model=prior, steps=1).images) == 2


def test_the_exact_prior_reproduces_the_task(tmp_path: Path) -> None:
    """Through files, fit and recipe comes what the task itself gives, and nothing is resized on the way."""
    picture = photo(8, 6)
    means = {"": torch.zeros(3, 6, 8), "dog": torch.full((3, 6, 8), 0.4)}
    prior = GaussianPrior(means, std=0.3)
    outcome = dreamsampler.edit(picture, "dog", model=prior, steps=5, report=True)
    direct = task.edit(prior, to_tensor(np.asarray(picture)), ["dog"], steps=5, report=True)
    expected = ((direct.images[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(np.asarray(outcome.image), expected)
    assert outcome.report.inversion_psnr == pytest.approx(direct.report.inversion_psnr[0])
    assert outcome.recipe.model == ModelRef("object:GaussianPrior")
    assert not [note for note in outcome.notes if "padded" in note or "reduced" in note]


@pytest.mark.parametrize(
    ("settings", "weight"),
    [
        ({"paper_c": 0.8}, PaperStrength(0.8)),
        ({"strength_kind": "guidance", "strength": 3.0}, GuidanceScale(3.0)),
        ({"strength_kind": "cfgpp", "strength": 0.4}, Constant(0.4)),
    ],
)
def test_kinds_of_strength(settings: dict, weight: object) -> None:
    picture = photo(8, 6)
    prior = GaussianPrior({"": torch.zeros(3, 6, 8), "dog": torch.full((3, 6, 8), 0.4)}, std=0.3)
    made = dreamsampler.edit(picture, "dog", model=prior, steps=5)
    recipe = dataclasses.replace(made.recipe, settings=dataclasses.replace(made.recipe.settings, **settings))
    again = repeat(recipe, made.items[0].inputs, prior)
    direct = task.edit(prior, to_tensor(np.asarray(picture)), ["dog"], steps=5, weight=weight)
    expected = ((direct.images[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(np.asarray(again.image), expected)


def test_a_recipe_alone_is_enough(folder: Path, prior: object, tmp_path: Path) -> None:
    photo().save(tmp_path / "in.png")
    outcome = dreamsampler.edit(tmp_path / "in.png", "dog", model=folder, steps=2)
    outcome.save(tmp_path / "out.png")
    claim = read_claim(tmp_path / "out.png")
    np.testing.assert_array_equal(repeat(claim.recipe, claim.job.inputs).items[0].pixels, claim.pixels)
    assert dreamsampler.verify(tmp_path / "out.png").identical


def test_verify_knows_a_picture_that_was_no_file(prior: object, tmp_path: Path) -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[5:20, 5:30] = 255
    outcome = dreamsampler.edit(photo(), "dog", mask=mask, model=prior, steps=1)
    outcome.save(tmp_path / "out.png")
    with pytest.raises(InputError, match="--input"):
        dreamsampler.verify(tmp_path / "out.png", model=prior)
    photo().save(tmp_path / "a.png")
    Image.fromarray(mask).save(tmp_path / "b.png")
    given = [tmp_path / "b.png", tmp_path / "a.png"]
    assert dreamsampler.verify(tmp_path / "out.png", model=prior, inputs=given).identical


def test_verify_refuses_a_resized_picture(prior: object, tmp_path: Path) -> None:
    from dreamsampler.runs.recipe_io import save_picture

    photo().save(tmp_path / "in.png")
    outcome = dreamsampler.edit(tmp_path / "in.png", "dog", model=prior, steps=1)
    save_picture(tmp_path / "out.png", outcome.image.resize((20, 15)), outcome.recipe)
    with pytest.raises(InputError, match="resized"):
        dreamsampler.verify(tmp_path / "out.png", model=prior)


def test_a_ready_pipeline_is_used_and_verified_only_when_it_is_given(tmp_path: Path) -> None:
    pipe = make_sd(tmp_path / "tokenizer")
    photo().save(tmp_path / "in.png")
    outcome = dreamsampler.edit(tmp_path / "in.png", "dog", model=pipe, steps=1)
    outcome.save(tmp_path / "out.png")
    assert outcome.recipe.model.id == "pipeline:StableDiffusionPipeline"
    assert set(outcome.recipe.model.sha256) == {"tensors"}
    with pytest.raises(ModelError, match="ready pipeline"):
        dreamsampler.verify(tmp_path / "out.png")
    assert dreamsampler.verify(tmp_path / "out.png", model=pipe).identical


def test_recipes_name_no_folder_of_this_machine(folder: Path, prior: object, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "shared").mkdir()
    photo().save(tmp_path / "private" / "in.png")
    outcome = dreamsampler.edit(tmp_path / "private" / "in.png", "dog", model=prior, steps=1)
    outcome.save(tmp_path / "shared" / "out.png")
    claim = read_claim(tmp_path / "shared" / "out.png", [tmp_path / "private" / "in.png"])
    assert claim.recipe.inputs[0].name == "in.png"


def test_outcome_of_several(prior: object, tmp_path: Path) -> None:
    outcome = dreamsampler.edit([photo(seed=1), photo(seed=2)], "dog", model=prior, steps=1)
    with pytest.raises(InputError, match="2 pictures"):
        _ = outcome.image
    written = outcome.save(tmp_path / "dog.png")
    assert [path.name for path in written] == ["dog-0.png", "dog-1.png"]
    assert [read_image(path).size for path in written] == [(40, 30), (40, 30)]
    assert outcome.grid(tmp_path / "grid.png").exists()
    assert [path.name for path in numbered("a.png", 11)][:2] == ["a-00.png", "a-01.png"]


def test_frames_are_recorded_only_when_asked_for(prior: object, tmp_path: Path) -> None:
    outcome = dreamsampler.edit(photo(), "dog", model=prior, steps=1)
    with pytest.raises(InputError, match="animate=True"):
        outcome.animate(tmp_path / "a.gif")
    many = dreamsampler.edit(photo(16, 16), "dog", model=prior, steps=60, denoise=1.0, animate=True, size=16)
    assert 20 <= len(many.items[0].frames) <= 24


def test_progress_counts_every_step(prior: object) -> None:
    seen: list[tuple[str, int, int]] = []
    dreamsampler.edit(photo(), "dog", model=prior, steps=2, report=True, callback=lambda event: seen.append(event[:3]))
    assert seen == [(phase, k, 2) for phase in ("invert", "check", "edit") for k in (1, 2)]


def test_size_rounds_to_the_grid_and_is_undone(prior: object) -> None:
    fit = fit_for(read_image(photo(100, 50)), prior, "native")
    assert (fit.resized, fit.padded) == ((128, 64), (128, 64))
    assert fit_for(read_image(photo(100, 50)), prior, "keep").padded == (112, 64)
    assert fit_for(read_image(photo(100, 50)), prior, "32").resized == (64, 32)


@pytest.mark.parametrize(("prompts", "masks", "owners"), [(1, 0, ()), (3, 0, ()), (2, 2, (0, 1)), (3, 2, (1, 2))])
def test_pairing(prompts: int, masks: int, owners: tuple[int, ...]) -> None:
    assert pair(prompts, masks) == owners


@pytest.mark.parametrize(("prompts", "masks"), [(1, 2), (3, 1), (0, 1)])
def test_pairing_that_does_not_add_up(prompts: int, masks: int) -> None:
    if masks == prompts - 1:
        return
    with pytest.raises(InputError, match="one prompt for each mask"):
        pair(prompts, masks)


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": []},
        {"prompt": 3},
        {"prompt": ["dog", None]},
        {"steps": 2.5},
        {"steps": "many"},
        {"steps": True},
        {"strength": "strong"},
        {"strength": [1.0, 2.0]},
        {"seed": 0.5},
        {"seed": 2**64},
        {"source_prompt": None},
        {"size": 0},
        {"size": 2.0},
        {"size": True},
        {"batch": 0},
        {"image": []},
        {"image": [[photo()]]},
        {"image": 7},
        {"image": np.full((4, 4, 3), np.nan)},
        {"image": np.zeros((2, 4, 4, 7))},
        {"mask": []},
        {"mask": [np.zeros((30, 40))]},
        {"mask": [np.ones((30, 30))]},
    ],
)
def test_wrong_arguments_are_input_errors(prior: object, wrong: dict) -> None:
    arguments = {"image": photo(), "prompt": "dog", "steps": 1, "model": prior} | wrong
    with pytest.raises(InputError):
        dreamsampler.edit(**arguments)


def test_numpy_numbers_are_numbers(prior: object) -> None:
    outcome = dreamsampler.edit(
        photo(), "dog", model=prior, steps=np.int64(1), strength=np.float32(0.5), seed=np.int8(3)
    )
    assert (outcome.recipe.settings.steps, outcome.recipe.settings.strength) == (1, 0.5)
    assert outcome.recipe.seeds == (3,)


def test_the_global_random_state_is_left_alone(prior: object) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    dreamsampler.edit(photo(), "dog", model=prior, steps=1)
    dreamsampler.generate("dog", model=prior, steps=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_generate_pictures_do_not_depend_on_their_number(prior: object) -> None:
    four = dreamsampler.generate("dog", count=4, model=prior, steps=2, seed=3, size=(32, 16))
    assert four.items[0].pixels.shape == (16, 32, 3)
    one = dreamsampler.generate("dog", model=prior, steps=2, seed=5, size=(32, 16))
    difference = np.abs(one.items[0].pixels.astype(int) - four.items[2].pixels.astype(int))
    assert difference.max() <= 1
