"""`bench prior` on a tiny real pipeline and a tiny evaluator of this world."""

import json

import pytest
from PIL import Image

from dreamsampler.bench.metrics.psnr import decibels
from dreamsampler.bench.prior import AUTOENCODER, COLORED, DETAILS, EVALUATOR_NOUN, GOALS, INVERSION, NAMED, run
from dreamsampler.core.errors import InputError, ModelError
from dreamsampler.priors.load import load
from iconworld.scenes.vocabulary import WORDS
from iconworld.training.evaluator import build_evaluator
from iconworld.training.pool import to_tensor
from iconworld.training.presets import EvaluatorPreset
from iconworld.training.text import build_tokenizer
from iconworld.training.worlds import drawn_scene
from tests.tiny import seeded

NOUNS, BACKGROUNDS = ["cat", "dog", "car"], ["blue", "white"]


@pytest.fixture(scope="module")
def evaluator_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judge")
    tokenizer = build_tokenizer(WORDS)
    with seeded(0):
        build_evaluator(tokenizer, EvaluatorPreset("tiny", 48, 1, 48, 1, 16, 4, 1e-3)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "vocabulary.json").write_text(json.dumps({"nouns": NOUNS, "backgrounds": BACKGROUNDS}))
    return folder


def test_every_measure_once_and_never_twice(tiny_folder, evaluator_folder, tmp_path):
    report = run(tiny_folder, evaluator_folder, n=4, steps=2, seed=9, out=tmp_path)
    rows = {labels[0]: cells[0] for labels, cells in report.table.rows}
    assert list(rows) == [name for name in GOALS if "real icons" not in name]
    prior = load(tiny_folder, device="cpu")
    pictures = [to_tensor(drawn_scene(900_000 + k, "test")[0][None]) for k in range(4)]
    own = [decibels(prior.space.decode(prior.space.encode(p))[0], p[0]) for p in pictures]
    # theirs rounds to 8 bits before it compares
    assert rows[AUTOENCODER].mean == pytest.approx(sum(own) / 4, abs=0.02)
    assert rows[NAMED].mean in (0.0, 25.0, 50.0, 75.0, 100.0)
    assert rows[NAMED].low < rows[NAMED].mean or rows[NAMED].mean == 0
    assert (rows[COLORED].count, rows[INVERSION].count) == (4, 1)
    assert 0 <= rows[EVALUATOR_NOUN].low <= rows[EVALUATOR_NOUN].mean <= rows[EVALUATOR_NOUN].high <= 100
    assert Image.open(tmp_path / "prior.png").width > 4 * 128
    assert [path.name for path in report.files][:5] == [
        "prior.md", "prior.csv", "prior.json", "prior.png", "prior_glasses.png",
    ]  # fmt: skip
    assert len(report.files) == 4 + len(DETAILS)

    written = (tmp_path / "prior.jsonl").read_bytes()
    assert run(tiny_folder, evaluator_folder, n=4, steps=2, seed=9, out=tmp_path).table == report.table
    assert (tmp_path / "prior.jsonl").read_bytes() == written
    run(tiny_folder, evaluator_folder, n=5, steps=2, seed=9, out=tmp_path)
    assert len((tmp_path / "prior.jsonl").read_text().splitlines()) == 2 * (5 + len(DETAILS)), (
        "other settings are measured anew"
    )


def test_what_is_missing_is_said(tiny_folder, evaluator_folder, tmp_path):
    with pytest.raises(ModelError, match="vocabulary"):
        run(tiny_folder, tiny_folder)
    with pytest.raises(ModelError, match="model_index"):
        run(tmp_path, evaluator_folder)
    with pytest.raises(InputError, match="n=3"):
        run(tiny_folder, evaluator_folder, n=3)
