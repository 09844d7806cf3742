"""Bad input through the command line: exit code 2, one line that says what to do, and nothing written."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import Cli, box, picture


def bomb() -> bytes:
    """A PNG of a few bytes whose header promises ten gigapixels."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(99)))]
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (*parts, (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture
def mess(folder: Path) -> Path:
    """Everything that can be wrong with a file."""
    good = Path("in.png").read_bytes()
    Path("empty.png").write_bytes(b"")
    Path("cut.png").write_bytes(good[: len(good) // 2])
    Path("text.png").write_text("hello")
    Path("page.png").write_text("<!DOCTYPE html><html>")
    Path("bomb.png").write_bytes(bomb())
    Path("flipped.png").write_bytes(good[:60] + bytes([good[60] ^ 255]) + good[61:])
    Path("clear.png").write_bytes(b"")
    Image.new("RGBA", (48, 40), (1, 2, 3, 0)).save("clear.png")
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save("nan.tiff")
    Image.new("L", (48, 40)).save("black.png")
    Image.new("L", (48, 40), 255).save("white.png")
    box(40, 48).save("turned.png")
    box(30, 30).save("square.png")
    Path("model.ckpt").write_bytes(b"PK\x03\x04pickle")
    Path("noise.safetensors").write_bytes(bytes(range(256)))
    Path("hollow").mkdir()
    Path("broken").mkdir()
    Path("broken/model_index.json").write_text("{")
    Path("other").mkdir()
    Path("other/model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    Path("notes.json").write_text("{}")
    picture().save("photo.jpg")
    return folder


EDIT = "edit in.png --prompt dog -o out.png"
BAD = {
    # pictures
    "missing picture": ("edit nope.png --prompt dog -o out.png", "no such file"),
    "folder as picture": ("edit hollow --prompt dog -o out.png", "is a folder"),
    "empty picture": ("edit empty.png --prompt dog -o out.png", "0 bytes"),
    "cut picture": ("edit cut.png --prompt dog -o out.png", "damaged or cut short"),
    "text as picture": ("edit text.png --prompt dog -o out.png", "is text"),
    "web page as picture": ("edit page.png --prompt dog -o out.png", "web page"),
    "decompression bomb": ("edit bomb.png --prompt dog -o out.png", "bomb"),
    "damaged picture": ("edit flipped.png --prompt dog -o out.png", "damaged"),
    "transparent picture": ("edit clear.png --prompt dog -o out.png", "transparent"),
    "NaN picture": ("edit nan.tiff --prompt dog -o out.png", "finite"),
    "device as picture": ("edit /dev/null --prompt dog -o out.png", "regular file"),
    "no picture": ("edit --prompt dog -o out.png", "IN.png"),
    "invert missing": ("invert nope.png", "no such file"),
    "invert cut": ("invert cut.png", "cut short"),
    # masks
    "missing mask": (EDIT + " --mask nope.png", "no such file"),
    "black mask": (EDIT + " --mask black.png", "selects nothing"),
    "mask of another shape": (EDIT + " --mask square.png", "30 x 30"),
    "turned mask": (EDIT + " --mask turned.png", "90 degrees"),
    "cut mask": (EDIT + " --mask cut.png", "cut short"),
    "two masks, one prompt": (EDIT + " --mask left.png --mask right.png", "2 masks and 1 prompts"),
    "one mask, three prompts": (EDIT + " --prompt a --prompt b --mask left.png", "1 masks and 3 prompts"),
    "nothing outside": (EDIT + " --mask white.png --prompt cat", "cover the whole picture"),
    # outputs
    "no output": ("edit in.png --prompt dog", "--output"),
    "output in no folder": ("edit in.png --prompt dog -o no/out.png", "make it first"),
    "output is a folder": ("edit in.png --prompt dog -o hollow", ".png"),
    "output of another kind": ("edit in.png --prompt dog -o out.jpg", ".png"),
    "output is the input": ("edit in.png --prompt dog -o in.png", "is the input"),
    "output is a mask": ("edit in.png --prompt dog --mask left.png -o left.png", "is the input"),
    "output is the grid": (EDIT + " --grid out.png", "also the output"),
    "grid of another kind": (
        EDIT + " --grid out.svg",
        "--grid",
    ),
    "animation of another kind": (EDIT + " --animate out.png", ".gif"),
    "output under a file": ("edit in.png --prompt dog -o in.png/out.png", "not a folder"),
    "invert into another kind": ("invert in.png -o out.webp", ".png"),
    # numbers and words
    "no prompt": ("edit in.png -o out.png", "--prompt"),
    "zero steps": (EDIT + " --steps 0", "steps=0"),
    "negative steps": (EDIT + " --steps -4", "steps=-4"),
    "steps in words": (EDIT + " --steps many", "--steps"),
    "steps beyond the table": (EDIT + " --steps 5000 --model MODEL", "steps=5000"),
    "start at nothing": (EDIT + " --denoise 0", "denoise=0"),
    "start beyond": (EDIT + " --denoise 1.5", "denoise=1.5"),
    "NaN strength": (EDIT + " --strength nan", "strength"),
    "negative strength": (EDIT + " --strength -1", "strength"),
    "endless strength": (EDIT + " --strength inf", "strength"),
    "three strengths": (EDIT + " --strength 1 --strength 2 --strength 3", "3 values for 1 prompts"),
    "strength and c": (EDIT + " --strength 2 --paper-c 0.1", "one of the two"),
    "unknown inversion": (EDIT + " --inversion magic", "magic"),
    "no rounds": (EDIT + " --inversion fixed-point --rounds 0", "rounds=0"),
    "odd size": (EDIT + " --size huge", "huge"),
    "size zero": (EDIT + " --size 0", "size"),
    "size beyond memory": (EDIT + " --size 99999 --model MODEL", "megapixels"),
    "huge seed": (EDIT + " --seed 99999999999999999999999", "seed"),
    "unknown option": (EDIT + " --magic", "--magic"),
    "unknown command": ("draw a dog", "draw"),
    "no pictures wanted": ("generate --prompt a -n 0 -o out.png", "count=0"),
    "generate an odd size": ("generate --prompt a --size 50 -o out.png --model MODEL", "multiples of 16"),
    "generate a shape": ("generate --prompt a --size round -o out.png", "round"),
    "generate nothing at once": ("generate --prompt a --batch 0 -o out.png --model MODEL", "batch=0"),
    # models
    "unknown model": (EDIT + " --model ./nowhere", "no such file or folder"),
    "no model of this name": (EDIT + " --model nowhere", "no such file or folder"),
    "empty model folder": (EDIT + " --model hollow", "hollow"),
    "broken model folder": (EDIT + " --model broken", "broken"),
    "another kind of model": (EDIT + " --model other", "Flux"),
    "pickled model": (EDIT + " --model model.ckpt", "pickle"),
    "noise as model": (EDIT + " --model noise.safetensors", "noise.safetensors"),
    "picture as model": (EDIT + " --model in.png", "in.png"),
    "unknown device": (EDIT + " --model MODEL --device abacus", "abacus"),
    "absent device": (EDIT + " --model MODEL --device cuda:7", "cuda:7"),
    "unknown precision": (EDIT + " --model MODEL --dtype int4", "int4"),
    "unknown prediction": (EDIT + " --model MODEL --prediction-type w", "prediction_type"),
    "no batch": (EDIT + " --model MODEL --max-batch 0", "max_batch=0"),
    # verification
    "verify nothing": ("verify nope.png", "no such file"),
    "verify a foreign picture": ("verify in.png", "carries no recipe"),
    "verify a JPEG": ("verify photo.jpg", "photo.jpg"),
    "verify a damaged picture": ("verify cut.png", "cut short"),
    "verify an empty recipe": ("verify notes.json", "notes.json"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(cli: Cli, mess: Path, sd1: Path, name: str) -> None:
    command, expected = BAD[name]
    before = sorted(mess.iterdir())
    done = cli(command.replace("MODEL", str(sd1)))
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("dreamsampler: ")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(mess.iterdir()) == before


@pytest.mark.parametrize("words", [["--prompt", ""], ["--prompt", "  "]])
def test_empty_prompt(cli: Cli, words: list[str]) -> None:
    done = cli("edit", "in.png", *words, "-o", "out.png")
    assert (done.exit_code, "prompt 1: is empty" in done.stderr) == (2, True)


def test_a_bad_output_is_found_before_a_model_is_looked_for(cli: Cli) -> None:
    done = cli("edit in.png --prompt dog --model ./nowhere -o no/out.png")
    assert "make it first" in done.stderr


def test_debug_shows_the_traceback(cli: Cli) -> None:
    done = cli("edit nope.png --prompt dog -o out.png --debug")
    assert done.exit_code == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("dreamsampler: nope.png: no such file")
