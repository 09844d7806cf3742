"""What a network predicts: names, contradictions, overrides."""

from pathlib import Path

import pytest
import torch

from dreamsampler.core.errors import InputError, ModelError
from dreamsampler.priors.load import load
from dreamsampler.priors.prediction import judge, likeness, read_kind
from tests import tiny

SMALL = {"cross_attention_dim": 768, "sample_size": 64}
SD2_768 = {"cross_attention_dim": 1024, "sample_size": 96}


@pytest.mark.parametrize(("stated", "kind"), [("epsilon", "eps"), ("v_prediction", "v"), ("sample", "x0")])
def test_the_checkpoints_word_counts(stated: str, kind: str) -> None:
    assert read_kind({"prediction_type": stated}, SMALL, None) == (kind, None)


def test_a_scheduler_without_the_entry_means_epsilon() -> None:
    assert read_kind({}, SMALL, None) == ("eps", None)


def test_the_callers_word_goes_first_and_is_remarked() -> None:
    kind, remark = read_kind({"prediction_type": "epsilon"}, SMALL, "v")
    assert kind == "v"
    assert remark is not None
    assert "'v' was asked for" in remark
    assert read_kind({"prediction_type": "epsilon"}, SMALL, "eps") == ("eps", None)
    assert read_kind({"prediction_type": "flow_prediction"}, SMALL, "v_prediction")[0] == "v"


def test_contradictions_are_errors_that_an_override_mends() -> None:
    with pytest.raises(ModelError, match=r"Stable Diffusion 2 at 768 pixels.* pass prediction_type='v'"):
        read_kind({"prediction_type": "epsilon"}, SD2_768, None)
    assert read_kind({"prediction_type": "v_prediction"}, SD2_768, None)[0] == "v"
    assert read_kind({"prediction_type": "epsilon"}, SD2_768, "v")[0] == "v"
    assert read_kind({"prediction_type": "epsilon"}, SD2_768, "eps")[0] == "eps"
    with pytest.raises(ModelError, match="ends in pure noise"):
        read_kind({"prediction_type": "epsilon", "rescale_betas_zero_snr": True}, SMALL, None)
    with pytest.raises(ModelError, match="prediction_type='flow_prediction', which is unknown here"):
        read_kind({"prediction_type": "flow_prediction"}, SMALL, None)
    with pytest.raises(InputError, match="prediction_type='velocity': expected"):
        read_kind({}, SMALL, "velocity")


def test_likeness_is_a_correlation() -> None:
    z = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    other = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    assert likeness(z, 3 * z + 1) == pytest.approx(1.0)
    assert likeness(z, -z) == pytest.approx(-1.0)
    assert abs(likeness(z, other)) < 0.2


def test_judgement_of_answers_at_the_noisiest_level() -> None:
    assert judge("eps", 0.99) is None
    assert judge("v", 0.3) is None
    assert "untrained" in (judge("eps", 0.1) or "")
    assert "untrained" in (judge("eps", float("nan")) or "")
    assert "predicts epsilon" in (judge("v", 0.995) or "")


@pytest.mark.parametrize(("stated", "kind"), [("epsilon", "eps"), ("v_prediction", "v"), ("sample", "x0")])
def test_kinds_through_the_door(tmp_path: Path, stated: str, kind: str) -> None:
    folder = tiny.write_sd1(tmp_path, prediction=stated)
    assert load(folder).kind == kind
    other = load(folder, prediction_type="x0" if kind == "v" else "v")
    assert other.kind == ("x0" if kind == "v" else "v")
    assert "was asked for" in other.notes[0]
