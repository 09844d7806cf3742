import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.noise import Noise
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.steering.strength import PaperStrength
from dreamsampler.tasks.edit import edit, inversion_report
from dreamsampler.tasks.generate import generate


@pytest.fixture
def world() -> GaussianPrior:
    """Each prompt a Gaussian around its own picture [3, 8, 8]."""
    generator = torch.Generator().manual_seed(0)
    names = ("", "cat", "dog", "hat")
    return GaussianPrior({p: 0.5 * torch.randn(3, 8, 8, generator=generator, dtype=torch.float64) for p in names}, 0.3)


@pytest.fixture
def pictures(world) -> torch.Tensor:
    like = torch.empty(3, 3, 8, 8, dtype=torch.float64)
    return (world.means["cat"] + 0.3 * Noise([5, 6, 7]).normal(like)).clamp(-1, 1)


def test_released_procedure(world, pictures):
    """Null-prompt inversion of a clean picture and Algorithm 3 with c = 0.2, longhand, to rounding."""
    steps, c = world.schedule.visits(20), 0.2
    z = pictures
    for s in reversed([*steps[:-1], steps[-1]._replace(a_next=1.0, b_next=0.0)]):
        e = world.predict([z], s, [("",)])[0].eps
        z = s.a * (z - s.b_next * e) / s.a_next + s.b * e
    for s in steps:
        e0, ec = (world.predict([z], s, [(p,)])[0].eps for p in ("", "dog"))
        zbar = (z - s.b * (e0 + c * s.a**2 * (ec - e0))) / s.a
        z = s.a_next * zbar + s.b_next * e0
    ours = edit(world, pictures, ["dog"], steps=20, weight=PaperStrength(c), inversion="plain")
    torch.testing.assert_close(ours.images, zbar, atol=1e-12, rtol=0)


def test_exact_number_of_evaluations(world, pictures):
    for prompts in (["dog"], ["dog", "hat"]):
        result = edit(world, pictures, prompts, steps=10)
        assert result.receipt.evaluations == 3 * 10 * (1 + 1 + len(prompts))
    with_report = edit(world, pictures, ["dog"], steps=10, report=True)
    assert with_report.receipt.evaluations == 3 * 10 * (1 + 2 + 1)


def test_strength_zero_reconstructs_at_the_cost_of_the_base_alone(world, pictures):
    result = edit(world, pictures, ["dog"], steps=50, strength=0.0, inversion="fixed-point", rounds=20)
    torch.testing.assert_close(result.images, pictures, atol=0.03, rtol=0)
    plain = edit(world, pictures, ["dog"], steps=50, strength=0.0)
    assert plain.receipt.evaluations == 3 * 50 * 2


def test_an_edit_moves_along_the_prompts_direction_in_proportion_to_strength(world, pictures):
    """Both prompts' scores are affine with one slope here, so the edit is linear in strength."""
    none, half, full = (edit(world, pictures, ["dog"], steps=30, strength=s).images for s in (0.0, 0.5, 1.0))
    torch.testing.assert_close(full - none, 2.0 * (half - none), atol=1e-10, rtol=0)
    direction = world.means["dog"] - world.means[""]
    along = (full - none).flatten(1) @ direction.flatten() / direction.norm()
    torch.testing.assert_close(along, (full - none).flatten(1).norm(dim=1))
    assert bool((along > 0).all())


def test_strength_means_the_same_at_any_number_of_steps(world, pictures):
    reference = edit(world, pictures, ["dog"], steps=500).images
    moved = (reference - pictures).norm()
    for n, ours_at_most in ((20, 0.2), (50, 0.08), (200, 0.02)):
        ours = edit(world, pictures, ["dog"], steps=n).images
        assert float((ours - reference).norm() / moved) < ours_at_most
    paper = edit(world, pictures, ["dog"], steps=20, weight=PaperStrength(0.2)).images
    assert float((paper - reference).norm() / moved) > 0.3, "the paper's c acts more weakly at fewer steps"


def test_strength_one_is_the_papers_default(world, pictures):
    ours = edit(world, pictures, ["dog"], steps=200, strength=1.0).images
    paper = edit(world, pictures, ["dog"], steps=200, weight=PaperStrength(0.2)).images
    assert float((ours - paper).norm() / (paper - pictures).norm()) < 0.02


def test_masks_confine_the_edit(world, pictures):
    left = torch.zeros(1, 1, 8, 8)
    left[..., :4] = 1.0
    plain = edit(world, pictures, ["dog"], steps=20, strength=0.0).images
    masked = edit(world, pictures, ["dog"], masks=[left], steps=20).images
    # this prior's pixels are independent, so the outside must be the reconstruction to rounding
    torch.testing.assert_close(masked[..., 4:], plain[..., 4:], atol=1e-12, rtol=0)
    assert float((masked[..., :4] - plain[..., :4]).abs().max()) > 0.1


def test_soft_masks_and_overlaps(world, pictures):
    ones = torch.ones(1, 1, 8, 8)
    whole = edit(world, pictures, ["dog"], steps=10, strength=0.5).images
    shared = edit(world, pictures, ["dog", "dog"], masks=[ones, ones], steps=10, strength=0.5).images
    torch.testing.assert_close(shared, whole, atol=1e-12, rtol=0)
    half = edit(world, pictures, ["dog"], masks=[0.5 * ones], steps=10, strength=0.5).images
    weaker = edit(world, pictures, ["dog"], steps=10, strength=0.25).images
    torch.testing.assert_close(half, weaker, atol=1e-12, rtol=0)


def test_item_of_a_batch_equals_the_single_run(world, pictures):
    batch = edit(world, pictures, ["dog"], steps=10, seeds=[4, 5, 6])
    for k in range(3):
        alone = edit(world, pictures[k : k + 1], ["dog"], steps=10, seeds=[4 + k])
        assert torch.equal(batch.images[k], alone.images[0])
    sampled = generate(world, ["cat", "dog"], size=(8, 8), steps=5, seeds=[8, 9])
    alone = generate(world, ["dog"], size=(8, 8), steps=5, seeds=[9])
    assert torch.equal(sampled.images[1], alone.images[0])


def test_report_warns_of_a_poor_round_trip(world, pictures):
    good = inversion_report(world, pictures, steps=50)
    assert good.vae_psnr[0] > 100
    assert good.warnings() == ()
    assert good.inversion_psnr is not None
    assert min(good.inversion_psnr) > 30
    poor = inversion_report(world, pictures + 0.0, steps=2, inversion="plain")
    assert any("fixed-point" in warning for warning in poor.warnings())


def test_skipping_weak_steps_saves_evaluations_and_changes_little(world, pictures):
    whole = edit(world, pictures, ["dog"], steps=50)
    skipped = edit(world, pictures, ["dog"], steps=50, bound=0.02)
    assert skipped.receipt.evaluations < whole.receipt.evaluations
    assert float((skipped.images - whole.images).abs().max()) < 0.05


def test_starting_lower_costs_less(world, pictures):
    part = edit(world, pictures, ["dog"], steps=20, denoise=0.5)
    assert part.receipt.evaluations == 3 * 10 * 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompts": []}, "at least one"),
        ({"prompts": ["cat", "dog"], "masks": [torch.ones(1, 1, 8, 8)]}, "expected one a prompt"),
        ({"masks": [torch.zeros(1, 1, 8, 8)]}, "is empty"),
        ({"masks": [torch.full((1, 1, 8, 8), 2.0)]}, "within"),
        ({"masks": [torch.full((1, 1, 8, 8), torch.nan)]}, "within"),
        ({"masks": [torch.ones(8, 8)]}, "expected"),
        ({"strength": -1.0}, "strength=-1"),
        ({"strength": float("nan")}, "strength=nan"),
        ({"strength": (1.0, 2.0)}, "one a prompt"),
        ({"steps": 0}, "steps=0"),
        ({"denoise": 0.0}, "denoise=0"),
        ({"seeds": [1]}, "seeds"),
        ({"inversion": "none"}, "inversion='none'"),
        ({"prompts": [3]}, "expected strings"),
    ],
)
def test_bad_arguments(world, pictures, change, words):
    arguments = {"prompts": ["dog"], "steps": 4, **change}
    with pytest.raises(InputError, match=words):
        edit(world, pictures, **arguments)


@pytest.mark.parametrize(
    "images",
    [torch.zeros(3, 8, 8), torch.zeros(1, 3, 8, 8, dtype=torch.uint8), torch.full((1, 3, 8, 8), torch.nan)],
)
def test_bad_pictures(world, images):
    with pytest.raises(InputError, match="images"):
        edit(world, images, ["dog"])
