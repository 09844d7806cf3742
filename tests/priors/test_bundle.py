"""What comes with the package is found, and what does not is named with what to pass instead."""

import pytest

from dreamsampler.core.errors import ModelError
from dreamsampler.priors.bundle import shipped_folder


@pytest.mark.parametrize(("name", "needed"), [("painter", "config.json"), ("prior", "no_such_file.json")])
def test_weights_that_are_not_there_are_named(name, needed):
    with pytest.raises(ModelError, match=f"bundled {name} is not in this installation: pass a brush instead"):
        shipped_folder(name, needed, "a brush")
