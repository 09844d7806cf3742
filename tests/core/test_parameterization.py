import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.parameterization import KINDS, from_prediction, to_prediction
from dreamsampler.core.types import Prediction


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("a", "b"), [(0.8, 0.6), (0.3, 0.7), (1.0, 14.6)])
def test_every_output_gives_back_what_it_was_made_of(kind, a, b, latent):
    eps = latent.flip(-1)
    output = from_prediction(Prediction(latent, eps), a, b, kind)
    pred = to_prediction(a * latent + b * eps, output, a, b, kind)
    torch.testing.assert_close(pred.z0, latent, atol=1e-12, rtol=1e-12)
    torch.testing.assert_close(pred.eps, eps, atol=1e-12, rtol=1e-12)


def test_known_formulas(latent):
    """eps, v and velocity as their papers write them."""
    z, out = latent, latent.flip(-1)
    torch.testing.assert_close(to_prediction(z, out, 0.8, 0.6, "eps").z0, (z - 0.6 * out) / 0.8)
    torch.testing.assert_close(to_prediction(z, out, 0.8, 0.6, "v").z0, 0.8 * z - 0.6 * out)
    torch.testing.assert_close(to_prediction(z, out, 0.8, 0.6, "v").eps, 0.6 * z + 0.8 * out)
    torch.testing.assert_close(to_prediction(z, out, 0.3, 0.7, "flow").z0, z - 0.7 * out)
    torch.testing.assert_close(to_prediction(z, out, 0.3, 0.7, "flow").eps, z + 0.3 * out)


@pytest.mark.parametrize(("kind", "a", "b"), [("eps", 0.0, 1.0), ("x0", 1.0, 0.0)])
def test_undetermined_levels_are_refused(kind, a, b, latent):
    with pytest.raises(InputError, match="does not determine"):
        to_prediction(latent, latent, a, b, kind)


@pytest.mark.parametrize(
    ("kind", "a", "b", "words"),
    [
        ("eps", 0.0, 1.0, "does not determine the clean latent at a=0, b=1; start lower"),
        ("x0", 1.0, 0.0, "does not determine the noise of a clean latent .a=1, b=0.; ask the network at a noisier"),
    ],
)
def test_the_sentence_names_what_is_left_open(kind, a, b, words, latent):
    with pytest.raises(InputError, match=words):
        to_prediction(latent, latent, a, b, kind)


def test_unknown_kind_is_refused(latent):
    with pytest.raises(InputError, match="'sample'"):
        to_prediction(latent, latent, 0.8, 0.6, "sample")
