"""A found mask: exact outside, nothing further evaluated, each item by itself."""

from __future__ import annotations

import torch

from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.steering.confine import found_mask, otsu
from dreamsampler.tasks.edit import edit

HALF = torch.zeros(3, 8, 8)
HALF[..., :4] = 1.0


def prior() -> GaussianPrior:
    return GaussianPrior({"": torch.zeros(3, 8, 8), "left": HALF}, std=0.5)


def test_outside_the_found_region_the_latent_is_the_sources_own() -> None:
    picture = 0.3 * torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    given = prior()
    made = edit(given, picture, ["left"], steps=6, found_mask=True)
    assert torch.equal(made.images[..., 6:], picture[..., 6:])
    assert float((made.images[..., :3] - picture[..., :3]).abs().mean()) > 0.1
    assert made.found is not None
    assert made.found[..., 7].max() == 0.0
    assert made.found[..., 0].min() == 1.0
    plain = edit(prior(), picture, ["left"], steps=6)
    assert made.receipt.evaluations == plain.receipt.evaluations == 36, "6 up and 12 down for each picture"
    torch.testing.assert_close(made.images[..., :3], plain.images[..., :3])


def test_items_do_not_share_a_threshold() -> None:
    weak, strong = HALF[None, :1] * 0.01 + 0.001, HALF[None, :1] * 100.0
    both = found_mask(torch.cat([weak, strong]))
    assert torch.equal(both[:1], found_mask(weak))
    assert torch.equal(both[1:], found_mask(strong))


def test_otsu_equals_a_search_over_all_splits() -> None:
    values = torch.rand(50, generator=torch.Generator().manual_seed(3), dtype=torch.float64) ** 2
    ordered = values.sort().values

    def between(k: int) -> float:
        low, high = ordered[:k], ordered[k:]
        return float(len(low) * len(high) * (low.mean() - high.mean()) ** 2)

    best = max(range(1, 50), key=between)
    assert torch.isclose(otsu(values), (ordered[best - 1] + ordered[best]) / 2)
