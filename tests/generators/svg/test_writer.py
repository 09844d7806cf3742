"""Files that were written: what they say, that they read back, and that other renderers show the same."""

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.animate import write_animated_svg, write_gif
from dreamsampler.generators.svg.drawing import Drawing, Shape
from dreamsampler.generators.svg.pathdata import number_text, numbers, path_data, quantized
from dreamsampler.generators.svg.reader import read_provenance, read_svg
from dreamsampler.generators.svg.shapes import ellipse, rectangle
from dreamsampler.generators.svg.structure import FillRule, Structure
from dreamsampler.generators.svg.writer import quantized_rgba, svg_text, unique_names, write_svg

from .scenes import blobs, colors

NAMESPACE = "{http://www.w3.org/2000/svg}"


def _drawing(paths: int = 12, side: int = 96, seed: int = 0) -> Drawing:
    rules = tuple(FillRule.EVENODD if path % 3 == 0 else FillRule.NONZERO for path in range(paths))
    structure = Structure(((2, 2),) * (paths // 2) + ((4,),) * (paths - paths // 2), rules)
    points = blobs(paths, side, seed, dtype=torch.float32)
    ground = torch.tensor([0.901, 0.94, 1.0])
    return Drawing(points, structure, colors(paths, seed, torch.float32), (side, side), ground)


def _levels(image: Tensor) -> np.ndarray:
    return image[0].permute(1, 2, 0).double().numpy() * 255


@pytest.mark.parametrize(
    ("value", "decimals", "text"), [(5, 2, ".05"), (-250, 2, "-2.5"), (0, 2, "0"), (1200, 2, "12"), (-7, 0, "-7")]
)
def test_numbers_are_as_short_as_they_can_be(value: int, decimals: int, text: str) -> None:
    assert number_text(value, decimals) == text


def test_numbers_are_separated_only_where_they_must_be() -> None:
    assert numbers([150, -300, 20, 5, 100, 25], 2) == "1.5-3 .2.05 1 .25"


def test_path_data_uses_lines_and_closes_by_itself() -> None:
    assert path_data([rectangle(1, 2, 4, 6.5)]) == "M1 2h3v4.5h-3z"
    assert "c" in path_data([rectangle(1, 2, 4, 6.5)], lines=False)


def test_rounding_does_not_drift_along_a_path() -> None:
    """Rounding each relative step by itself would be off by up to 500 x 0.005 at the end."""
    angle = torch.linspace(0, 6.28, 500, dtype=torch.float64)
    radius = 40 + 3 * torch.rand(500, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    anchors = 50 + torch.stack([angle.cos(), angle.sin()], 1) * radius.unsqueeze(1)
    points = (anchors.repeat_interleave(3, 0) + 0.013).contiguous()
    drawing = Drawing(points, Structure(((500,),)), torch.ones(1, 4, dtype=torch.float64), (100, 100))
    back = read_svg(svg_text(drawing).encode(), dtype=torch.float64)
    anchors_back = back.points[::3]
    assert float((anchors_back - points[::3]).abs().max()) <= 0.005 + 1e-9


def test_a_file_reads_back_as_it_was_quantized(tmp_path: Path) -> None:
    drawing = _drawing()
    back = read_svg(write_svg(drawing, tmp_path / "a.svg"))
    assert back.structure == drawing.structure
    assert back.size == drawing.size
    assert back.names == tuple(f"path{n}" for n in range(1, 13))
    assert back.notes == ()
    torch.testing.assert_close(back.points, quantized(drawing.points), rtol=0, atol=1e-4)
    torch.testing.assert_close(back.rgba.double(), quantized_rgba(drawing.rgba), rtol=0, atol=1e-6)
    torch.testing.assert_close(back.background.double(), quantized_rgba(drawing.background), rtol=0, atol=1e-6)
    difference = np.abs(_levels(back.render()) - _levels(drawing.render()))
    assert difference.mean() < 0.3  # 8-bit colors alone are 0.25 off on average
    assert (tmp_path / "a.svg").stat().st_size < 12 * 400


def test_the_file_is_plain_svg_with_what_viewers_and_editors_need() -> None:
    drawing = _drawing()
    root = ElementTree.fromstring(svg_text(drawing, title="A <b> & c\x00", provenance={"seed": 7, "q": "é<"}))
    assert root.tag == NAMESPACE + "svg"
    assert root.attrib == {"version": "1.1", "width": "96", "height": "96", "viewBox": "0 0 96 96"}
    assert [child.tag.removeprefix(NAMESPACE) for child in root] == ["title", "metadata", "rect", "g"]
    assert root[0].text == "A <b> & c"
    assert json.loads(root[1].text) == {"seed": 7, "q": "é<"}
    assert root[2].attrib == {"id": "background", "width": "96", "height": "96", "fill": "#e6f0ff"}
    assert {path.tag for path in root[3]} == {NAMESPACE + "path"}
    assert set(root[3][0].attrib) == {"id", "d", "fill", "fill-opacity", "fill-rule"}
    assert "fill-rule" not in root[3][1].attrib
    assert all("style" not in path.attrib and "transform" not in path.attrib for path in root[3])


def test_provenance_comes_back(tmp_path: Path) -> None:
    path = write_svg(_drawing(2), tmp_path / "a.svg", provenance={"method": "x", "seed": 0})
    assert read_provenance(path) == {"method": "x", "seed": 0}
    assert read_provenance(b"<svg/>") is None


def test_names_become_valid_and_distinct_ids() -> None:
    assert unique_names(("eye", "", "eye", "2x", "path5", "background")) == [
        "eye",
        "path2",
        "path3",
        "path4",
        "path5",
        "path6",
    ]
    assert len(set(unique_names(("path2", "", "")))) == 3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_resvg_renders_the_file_as_we_do(seed: int) -> None:
    resvg = pytest.importorskip("resvg_py")
    drawing = _drawing(12, 128, seed)
    text = svg_text(drawing)
    picture = Image.open(io.BytesIO(resvg.svg_to_bytes(svg_string=text))).convert("RGB")
    assert picture.size == (128, 128)
    ours = _levels(read_svg(text.encode()).render())
    assert np.abs(np.asarray(picture, dtype=float) - ours).mean() < 0.7


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_skia_renders_the_file_as_we_do(seed: int) -> None:
    skia = pytest.importorskip("skia")
    drawing = _drawing(12, 128, seed)
    text = svg_text(drawing)
    document = skia.SVGDOM.MakeFromStream(skia.MemoryStream.MakeCopy(text.encode()))
    surface = skia.Surface(128, 128)
    with surface as canvas:
        canvas.clear(skia.ColorWHITE)
        document.render(canvas)
    pixels = surface.makeImageSnapshot().toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3]
    ours = _levels(read_svg(text.encode()).render())
    assert np.abs(pixels.astype(float) - ours).mean() < 0.7


FILLED = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">
<linearGradient id="a" spreadMethod="reflect" x2=".5">
<stop stop-color="#f80"/><stop offset="1" stop-color="#05a" stop-opacity=".5"/></linearGradient><radialGradient id="b"
gradientTransform="rotate(20)" fx=".3"><stop/><stop offset=".8" stop-color="#fff"/></radialGradient><clipPath id="c">
<circle cx="40" cy="44" r="30"/></clipPath>
<clipPath id="d"><path clip-rule="evenodd" d="M0 0h90v90h-90zM30 30h20v20h-20z"/></clipPath>
<rect id="gradient1" width="90" height="60" fill="url(#a)" clip-path="url(#c)"/><g clip-path="url(#c)">
<path d="M20 20h60v60z" fill="url(#b)" clip-path="url(#d)" stroke="url(#a)" stroke-width="5"/></g></svg>"""


def test_gradients_and_clips_survive_the_round_trip() -> None:
    resvg = pytest.importorskip("resvg_py")
    drawing = read_svg(FILLED.encode())
    assert drawing.notes == ()
    assert sum(fill is not None for fill in drawing.fills) == 3
    text = svg_text(drawing)
    assert text.count("<linearGradient") == 2
    assert "<clipPath" not in text, "clips are geometry"
    again = read_svg(text.encode())
    assert np.abs(_levels(again.render()) - _levels(drawing.render())).mean() < 0.1
    for source in (FILLED, text):
        png = resvg.svg_to_bytes(svg_string=source, background="#ffffff")
        theirs = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float)
        assert np.abs(_levels(drawing.render()) - theirs).mean() < 0.7
    larger = _levels(drawing.render((192, 192))).reshape(96, 2, 96, 2, 3).mean((1, 3))
    assert np.abs(larger - _levels(drawing.render())).mean() < 0.3


def test_nan_is_never_written() -> None:
    shape = Shape((rectangle(0, 0, 1, 1),), (float("nan"), 0.0, 0.0, 1.0))
    with pytest.raises(InputError, match="rgba"):
        svg_text(Drawing.of([shape], (4, 4)))
    bad = Drawing.of([Shape((rectangle(0, 0, float("inf"), 1),), (0.0, 0.0, 0.0, 1.0))], (4, 4))
    with pytest.raises(InputError, match="coordinates"):
        svg_text(bad)


def test_gif_has_every_frame_and_the_last_picture(tmp_path: Path) -> None:
    disc = ellipse(torch.tensor([10.0, 10.0]), torch.tensor([4.0, 4.0]))
    frames = [
        Drawing.of([Shape((disc + 2 * k,), (1.0, 0.0, 0.0, 1.0))], (24, 32), torch.ones(3)).render() for k in range(4)
    ]
    path = write_gif(frames, tmp_path / "a.gif", seconds=1)
    with Image.open(path) as picture:
        assert (picture.n_frames, picture.size) == (4, (32, 24))
        picture.seek(3)
        last = np.asarray(picture.convert("RGB"), dtype=float)
    assert np.abs(last - _levels(frames[-1])).mean() < 1
    with pytest.raises(InputError, match="frames"):
        write_gif([], tmp_path / "b.gif")


def test_animated_svg_rests_on_the_last_drawing(tmp_path: Path) -> None:
    first = _drawing(4)
    last = Drawing(first.points + 3, first.structure, first.rgba.flip(0), first.size, first.background)
    path = write_animated_svg([first, last], tmp_path / "a.svg")
    still = read_svg(path)
    torch.testing.assert_close(still.points, last.points, rtol=0, atol=0.06)
    root = ElementTree.parse(path).getroot()
    animations = list(root.iter(NAMESPACE + "animate"))
    assert {a.attrib["attributeName"] for a in animations} == {"d", "fill", "fill-opacity"}
    shapes = [
        value.translate({ord(c): None for c in "0123456789.- "}) for value in animations[0].attrib["values"].split(";")
    ]
    assert len(shapes) == 2
    assert shapes[0] == shapes[1]  # the same commands, or browsers do not interpolate
    with pytest.raises(InputError, match="same paths"):
        write_animated_svg([_drawing(2), last], path)


def test_straight_segments_stay_curves_in_an_animation(tmp_path: Path) -> None:
    square = Drawing.of([Shape((rectangle(2, 2, 8, 8),), (1.0, 0.0, 0.0, 1.0))], (12, 12))
    bent = Drawing(
        square.points + torch.rand(12, 2, generator=torch.Generator().manual_seed(0)),
        square.structure,
        square.rgba,
        square.size,
    )
    text = write_animated_svg([bent, square], tmp_path / "a.svg").read_text()
    first, last = ElementTree.fromstring(text)[0][0][0].attrib["values"].split(";")
    assert first.count("c") == last.count("c") == 1
    assert "h" not in last
