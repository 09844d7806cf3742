"""The first few cases of every class of malformed inputs; `make fuzz` runs all of them."""

import pytest

from .harness import Target, run, targets


@pytest.mark.parametrize("target", targets(), ids=lambda target: target.name)
def test_malformed_inputs_are_refused_in_words(target: Target) -> None:
    counts = run(target, target.sample)
    assert counts.failed == []
    assert counts.accepted + counts.refused > 0


def test_the_harness_sees_a_crash_and_a_slow_call() -> None:
    def call(given: int) -> None:
        if given == 1:
            raise KeyError("deep inside")

    broken = Target("broken", lambda rng: iter([("a", 0), ("b", 1)]), call)
    assert run(broken, 9).failed == ["b: KeyError: 'deep inside'"]
    slow = Target("slow", lambda rng: iter([("a", 0)]), lambda given: sum(range(100_000)), seconds=0.0)
    assert "s" in run(slow, 9).failed[0]
