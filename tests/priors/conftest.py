"""Tiny models on disk, written once a session."""

from pathlib import Path

import pytest

from tests import tiny


@pytest.fixture(scope="session")
def sd1_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_sd1(tmp_path_factory.mktemp("models") / "sd1")


@pytest.fixture(scope="session")
def sd2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_sd2(tmp_path_factory.mktemp("models") / "sd2")


@pytest.fixture(scope="session")
def sdxl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_sdxl(tmp_path_factory.mktemp("models") / "sdxl")


@pytest.fixture(scope="session")
def folders(sd1_folder: Path, sd2_folder: Path, sdxl_folder: Path) -> dict[str, Path]:
    return {"sd1": sd1_folder, "sd2": sd2_folder, "sdxl": sdxl_folder}
