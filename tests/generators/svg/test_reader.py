"""Files from the wild: what is read exactly agrees with resvg, what is not is said, what is hostile is refused."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dreamsampler.core.errors import DreamSamplerError, InputError
from dreamsampler.generators.svg.reader import read_svg
from dreamsampler.generators.svg.reading import walk
from dreamsampler.generators.svg.structure import FillRule

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
CURVE = '<path d="M8 50C8 10 30 10 32 30S50 60 56 12" fill="none" stroke="#036" stroke-width="{w}" {more}/>'

STOPS = (
    '<stop stop-color="#c20"/><stop offset=".3" stop-color="#fd4" stop-opacity=".6"/>'
    '<stop offset="1" stop-color="#06a"/>'
)
EXACT = {
    "shapes": '<rect x="4" y="5" width="20" height="13" rx="4"/><circle cx="44" cy="14" r="9.5" fill="red"/>'
    '<ellipse cx="20" cy="44" rx="15" ry="8" fill="#0808"/>'
    '<polygon points="40,30 60,40 45,60" fill="rgb(9,90,200)"/>',
    "compact arcs and smooth curves": '<path d="M5 20a15 9 20 0130-3 6 6 0 1011 12zM40 40q10-9 15 0t4 15l-9 .5.5-9z"/>',
    "transforms": '<g transform="translate(30 8) rotate(30) scale(1.2 .7)"><rect width="20" height="20"/>'
    '<g transform="skewX(20) matrix(1 .2 0 1 3 24)"><circle r="8" cx="9" fill="teal"/></g></g>',
    "use and symbols": f'<defs><g id="a"><rect width="9" height="9"/></g><symbol id="s" viewBox="0 0 2 2">'
    f'<circle cx="1" cy="1" r="1" fill="navy"/></symbol></defs><use href="#a" x="5" y="5"/>'
    f'<use {XLINK} xlink:href="#a" transform="translate(30 30) rotate(45)" fill="green"/>'
    '<use href="#s" x="36" y="2" width="20" height="20"/>',
    "styles": "<style>/* c */ .a{fill:#f00;opacity:.5} rect.b,#q{fill:#00f} path{fill:lime!important}</style>"
    '<rect class="a" width="30" height="30"/><rect class="a b" x="30" width="30" height="30"/>'
    '<circle id="q" cx="16" cy="46" r="12" fill="red"/>'
    '<path d="M36 36h20v20z" style="fill:orange;fill-opacity:40%"/>',
    "inheritance": '<g fill="none" stroke="purple" stroke-width="3" color="#282"><circle cx="20" cy="20" r="12"/>'
    '<rect x="34" y="34" width="22" height="20" fill="currentColor" stroke="none"/></g>'
    '<g visibility="hidden"><rect width="64" height="64"/>'
    '<rect x="40" y="4" width="9" height="9" visibility="visible"/>'
    '</g><rect width="64" height="64" display="none"/>',
    "fill rules": '<path fill-rule="evenodd" d="M4 4h40v40h-40zM14 14h20v20h-20z"/>'
    '<path fill="red" d="M36 36h24v24h-24zM42 42h12v12h-12z"/>',
    "open paths are filled closed": '<path d="M5 5L50 12L30 58"/><polyline points="40 40 60 40 60 60" fill="blue"/>',
    "stroke joins": '<g fill="none" stroke="#a30" stroke-width="7"><path d="M6 24L20 8L34 24" />'
    '<path d="M6 54L20 38L34 54" stroke-linejoin="round"/><path d="M38 24L48 8L58 24" stroke-linejoin="bevel"/>'
    '<path d="M40 58L44 36L48 58" stroke-miterlimit="2"/><path d="M52 58L57 40L62 58Z" stroke-width="2"/></g>',
    "butt caps": CURVE.format(w=6, more=""),
    "round caps": CURVE.format(w=9, more='stroke-linecap="round"'),
    "square caps": CURVE.format(w=5, more='stroke-linecap="square"'),
    "tight turns": '<path d="M14 40C30 4 30 4 46 40" fill="none" stroke="#550" stroke-width="17"/>',
    "doubling back": '<path d="M10 20h30h-20" fill="none" stroke="#000" stroke-width="8" stroke-linejoin="round"/>'
    '<path d="M10 44h30h-20" fill="none" stroke="#a00" stroke-width="6"/>',
    "dots": '<path d="M16 20h0" stroke="red" stroke-width="12" stroke-linecap="round"/>'
    '<path d="M44 20z" stroke="blue" stroke-width="12" stroke-linecap="square"/>',
    "dashes": CURVE.format(w=4, more='stroke-dasharray="7 3 1" stroke-dashoffset="13"'),
    "dashes around closed shapes": '<g fill="none" stroke="#036" stroke-width="6">'
    '<rect x="5" y="5" width="22" height="22" stroke-dasharray="20 9" stroke-dashoffset="5"/>'
    '<circle cx="47" cy="16" r="10" stroke-dasharray="10 7"/>'
    '<path d="M6 56L18 38L30 56Z" stroke-dasharray="11 5" stroke-width="4"/>'
    '<ellipse cx="46" cy="46" rx="14" ry="8" stroke-dasharray="9 40 3" stroke-linecap="round"/></g>',
    "dots at every dash": '<g fill="none" stroke="#036" stroke-width="5" stroke-dasharray="0 9">'
    '<path d="M8 8L56 14L30 40" stroke-linecap="round"/><path d="M8 56h45" stroke-linecap="square"/>'
    '<path d="M8 30h40" stroke-linecap="butt"/></g>',
    "cusps and loops in one curve": '<g fill="none" stroke="#a30" stroke-width="5">'
    '<path d="M10 30C64 -10 0 -10 54 30"/>'
    '<path d="M10 60C90 20 -26 20 54 60" stroke-linejoin="round"/></g>',
    "miters at their limit": '<g fill="none" stroke="#036" stroke-width="5">'
    '<path d="M8 30V8H30" stroke-miterlimit="1.5"/>'
    '<path d="M34 30V8H56" stroke-miterlimit="1.3"/><path d="M8 58L20 40L32 58" stroke-miterlimit="1"/>'
    '<path d="M44 60L48 40L52 60" stroke-miterlimit="10"/></g>',
    "mirrored stroke": '<path transform="translate(64 0) scale(-1 .8)" d="M10 50L32 10L54 50Z" fill="none"'
    ' stroke="#036" stroke-width="6" stroke-linejoin="round" stroke-dasharray="11 5"/>',
    "stroke under a transform": '<circle cx="10" cy="10" r="6" transform="scale(4 2) skewX(15)" fill="gold"'
    ' stroke="#000"/>',
    "stroke first": '<rect x="14" y="14" width="34" height="34" fill="gold" stroke="#000" stroke-width="9"'
    ' paint-order="stroke"/>',
    "self-crossing stroke": '<path d="M8 8L56 56L56 8L8 56" fill="none" stroke="#06c" stroke-opacity=".5"'
    ' stroke-width="8"/>',
    "idle clip": '<clipPath id="c"><rect width="64" height="64"/></clipPath><g clip-path="url(#c)">'
    '<circle cx="32" cy="32" r="30"/></g>',
    "units": '<rect x="1mm" y="4pt" width="50%" height=".25in" fill="hsl(200,60%,40%)"/>',
    "nested svg": '<svg x="10" y="10" width="40" height="30" viewBox="0 0 10 10"><circle cx="5" cy="5" r="5"/></svg>',
    "linear gradients": f'<linearGradient id="a">{STOPS}</linearGradient>'
    '<linearGradient id="b" href="#a" x1="10" x2="20" y2="9"'
    ' gradientUnits="userSpaceOnUse" spreadMethod="reflect" gradientTransform="rotate(20)"/>'
    '<circle cx="20" cy="20" r="16" fill="url(#a)"/><path d="M8 40h50v20h-50z" fill="url(#b)" transform="skewX(-9)"/>',
    "radial gradients": f'<radialGradient id="a" fx=".3" fy=".4">{STOPS}</radialGradient><radialGradient id="b" {XLINK}'
    ' xlink:href="#a" cx="40" cy="44" r="9" fx="40" fy="44" gradientUnits="userSpaceOnUse" spreadMethod="repeat"/>'
    '<rect x="4" y="4" width="50" height="24" fill="url(#a)"/>'
    '<circle cx="40" cy="44" r="16" fill="url(#b)" opacity=".7"/>',
    "stroked gradient": f'<linearGradient id="a" x2="0" y2="1">{STOPS}</linearGradient>'
    '<circle cx="32" cy="32" r="20" fill="none" stroke="url(#a)" stroke-width="9"/>',
    "hard stops": '<linearGradient id="a"><stop offset=".4" stop-color="red"/><stop offset=".4" stop-color="blue"/>'
    '</linearGradient><rect x="5" y="5" width="55" height="50" fill="url(#a)"/>',
    "clips": '<clipPath id="c"><circle cx="30" cy="30" r="20"/><rect x="40" y="40" width="20" height="9"/></clipPath>'
    '<clipPath id="d"><path clip-rule="evenodd" d="M0 0h64v64h-64zM20 20h20v20h-20z"/></clipPath>'
    '<g clip-path="url(#c)"><rect width="64" height="64" fill="teal"/>'
    '<rect x="18" y="18" width="24" height="24" fill="gold" clip-path="url(#d)"/></g>',
    "clip by use": '<defs><rect id="r" width="30" height="20" transform="rotate(10)"/></defs><clipPath id="c">'
    '<use href="#r" x="12" y="9"/></clipPath><circle cx="30" cy="30" r="25" fill="teal" clip-path="url(#c)"/>',
    "switch": "<switch><foreignObject/><g><rect width='20' height='20'/></g><rect width='60' height='60'/></switch>",
    "single-stop gradient": '<linearGradient id="g"><stop stop-color="#48c"/></linearGradient>'
    '<circle cx="30" cy="30" r="20" fill="url(#g)"/>',
}


IGNORED = {
    "stroke-width": ("9", "abc", "-3", "1 2", "4qx", "5 px", "5."),
    "stroke-linecap": ("round", "flat"),
    "stroke-linejoin": ("round", "mitre"),
    "stroke-miterlimit": ("1", "-9", "9px", "many"),
    "stroke-dasharray": ("9 3", "5 -3", "5 x", "4,,2"),
    "stroke-dashoffset": ("5", "5 5", "x"),
    "stroke-opacity": (".4", "abc", "5px", "50 % %"),
    "fill": ("teal", "abc", "#12345", "rgb(1,2)", "url(#none) abc", "gold silver", "#ggg", "rgb(10%, 20%, 30)"),
    "stroke": ("teal", "abc", "rgb(10deg 0 0)", "hsl(10%,10%,10%)"),
    "fill-opacity": (".3", "abc", "1px", "nan"),
    "fill-rule": ("evenodd", "odd"),
    "visibility": ("visible", "seen"),
    "paint-order": ("stroke", "stroke stroke", "first"),
    "color": ("gold", "abc"),
    "opacity": ("", "abc", "1px"),
}
"""Properties, a value to inherit (or none, where they are not inherited), and values that CSS has them ignore."""
CROSSED = '<path d="M10 50L22 8L34 50L10 20L50 20" transform="translate(2 2)" {}/>'


def scene(key: str, inherited: str, own: str) -> str:
    given = {"fill": "currentColor", "stroke": "#036", "stroke-width": "6"} | ({key: inherited} if inherited else {})
    attributes = " ".join(f'{name}="{value}"' for name, value in given.items())
    return f"<g {attributes}>{CROSSED.format(own)}</g>"


def _svg(body: str, attributes: str = 'viewBox="0 0 64 64"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{body}</svg>'.encode()


def _resvg(data: bytes, width: int, factor: int = 8) -> np.ndarray:
    """resvg's picture on white, averaged down from a larger one, since its own anti-aliasing is coarser than ours."""
    resvg = pytest.importorskip("resvg_py")
    png = resvg.svg_to_bytes(
        svg_string=data.decode(), width=width * factor, background="#ffffff", dpi=96, skip_system_fonts=True
    )
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float)
    height = picture.shape[0] // factor
    return picture[: height * factor].reshape(height, factor, width, factor, 3).mean((1, 3))


def _ours(data: bytes, width: int) -> tuple[np.ndarray, tuple[str, ...]]:
    drawing = read_svg(data, width)
    return drawing.render()[0].permute(1, 2, 0).double().numpy() * 255, drawing.notes


@pytest.mark.parametrize("name", EXACT)
def test_agrees_with_resvg_where_nothing_is_approximated(name: str) -> None:
    data = _svg(EXACT[name])
    ours, notes = _ours(data, 64)
    theirs = _resvg(data, 64)
    assert notes == ()
    assert ours.std() > 10
    # Where parts of a stroke overlap within a pixel, area coverage counts the overlap twice. Gradients are sampled at
    # the centers of pixels: where they jump (at the end of a repeat), resvg's averaged picture is smoother.
    jumps = "repeat" in EXACT[name]
    assert np.abs(ours - theirs).mean() < (0.6 if jumps else 0.3)
    assert (np.abs(ours - theirs).max(2) > 40).sum() <= (40 if jumps else 4 if "stroke" in EXACT[name] else 0)


def test_a_stroke_wider_than_its_circle_is_a_disc() -> None:
    """An outline that runs back along the inner side leaves a hole of radius 2 here (resvg and Skia do)."""
    data = _svg('<circle cx="32" cy="32" r="3" fill="none" stroke="#000" stroke-width="10"/>')
    disc = _svg('<circle cx="32" cy="32" r="8"/>')
    assert np.abs(_ours(data, 64)[0] - _ours(disc, 64)[0]).max() < 5


def test_a_closed_dash_has_no_end_where_the_curve_begins() -> None:
    """A pattern that never lifts the pen draws what no pattern does, corners included."""
    whole = '<rect x="9" y="9" width="40" height="40" fill="none" stroke="#000" stroke-width="8"{}/>'
    plain = _ours(_svg(whole.format("")), 64)[0]
    assert np.abs(_ours(_svg(whole.format(' stroke-dasharray="200 1"')), 64)[0] - plain).max() == 0
    joined = _ours(_svg(whole.format(' stroke-dasharray="110 30" stroke-dashoffset="40"')), 64)[0]
    assert joined[5, 5].max() == 0, "the corner where it begins is mitred"


def test_a_width_alone_takes_the_aspect_of_the_view_box() -> None:
    assert read_svg(_svg("<circle r='9'/>", 'width="1in" viewBox="0 0 60 30"')).size == (48, 96)


@pytest.mark.parametrize(
    "attributes",
    [
        'width="40" height="30"',
        'width="80" height="40" viewBox="10 5 30 30"',
        'width="80" height="40" viewBox="10 5 30 30" preserveAspectRatio="xMaxYMin slice"',
        'width="80" height="40" viewBox="10 5 30 30" preserveAspectRatio="none"',
        'viewBox="0 0 60 30"',
    ],
)
def test_the_view_box_is_fitted_as_resvg_does(attributes: str) -> None:
    data = _svg('<circle cx="25" cy="20" r="12" fill="#c30"/><path d="M5 5h9v9z"/>', attributes)
    drawing = read_svg(data)
    theirs = _resvg(data, drawing.size[1])
    assert drawing.size == theirs.shape[:2]
    ours, _ = _ours(data, max(drawing.size))
    assert np.abs(ours - theirs).mean() < 0.3


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ('<circle r="9"/><text x="3" y="9">hello</text>', "texts"),
        ('<circle r="9"/><image href="https://example.org/a.png" width="9" height="9"/>', "pictures"),
        ('<circle r="9" filter="url(#f)"/>', "filters"),
        ('<mask id="m"/><circle r="9" mask="url(#m)"/>', "masks"),
        (
            '<clipPath id="c" clip-path="url(#d)"><rect width="9" height="9"/></clipPath>'
            '<circle r="9" clip-path="url(#c)"/>',
            "clip paths",
        ),
        ('<g opacity=".5"><circle r="9"/><circle r="8" cx="4"/></g>', "group opacities"),
        ('<circle r="9"/><use href="other.svg#x"/>', "other files"),
        ('<circle r="9" fill="url(http://example.org/a.svg#g) red"/>', "other files"),
        ("<style>g > circle{fill:red}</style><circle r='9'/>", "CSS"),
        ('<path d="M0 0h9v9z" marker-end="url(#m)"/>', "markers"),
        ('<path d="M0 9h9" stroke="red" stroke-dasharray=".0001"/>', "dash patterns"),
        ('<path d="M0 9h9" stroke="red" vector-effect="non-scaling-stroke"/>', "fixed width"),
        ('<pattern id="p"/><circle r="9"/><circle r="9" fill="url(#p)"/>', "patterns"),
    ],
)
def test_what_is_approximated_is_said(body: str, note: str) -> None:
    assert any(note in text for text in read_svg(_svg(body)).notes)


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in IGNORED.items() for value in values[1:]])
def test_a_value_that_a_property_does_not_have_is_ignored(key: str, value: str) -> None:
    inherited = IGNORED[key][0]
    without = read_svg(_svg(scene(key, inherited, "")))
    for own in (f'{key}="{value}"', f'style="{key}:{value}"'):
        read = read_svg(_svg(scene(key, inherited, own)))
        assert torch.equal(read.render(), without.render())
        assert read.notes == (f"values of {key} that it does not have ignored (1x)",)


def test_what_was_said_before_an_ignored_value_counts() -> None:
    style = "<style>path{fill:red;fill:blurple} #p{stroke:wide!important}</style>"
    drawing = read_svg(_svg(style + '<path id="p" d="M0 0h9v9z" fill="lime" stroke="gold" style="fill:rgb(x)"/>'))
    assert drawing.rgba.tolist() == [[1.0, 0.0, 0.0, 1.0], [1.0, pytest.approx(215 / 255), 0.0, 1.0]]


def test_empty_values_are_no_mistake_and_case_does_not_matter() -> None:
    body = (
        '<path d="M0 0h9v9z" fill=""/><path d="M0 0h9v9z" fill="RED" fill-rule="EvenOdd" stroke="NONE"/>'
        '<path d="M0 0h9v9z" fill="url(#x) CurrentColor"/>'
    )
    drawing = read_svg(_svg(f'<g fill="teal" color="Red">{body}</g>'))
    assert drawing.notes == ()
    assert drawing.structure.rules == (FillRule.NONZERO, FillRule.EVENODD, FillRule.NONZERO)
    red, teal = [1.0, 0.0, 0.0, 1.0], pytest.approx([0, 128 / 255, 128 / 255, 1])
    assert drawing.rgba.tolist() == [teal, red, red]


def test_stops_with_values_that_they_do_not_have() -> None:
    stops = '<stop offset="{}" stop-color="{}" stop-opacity="{}"/><stop offset="1" stop-color="lime"/>'
    body = '<linearGradient id="a">{}</linearGradient><rect width="64" height="64" fill="url(#a)"/>'
    good = read_svg(_svg(body.format(stops.format("0", "black", "1"))))
    bad = read_svg(_svg(body.format(stops.format("x", "blurple", "2px"))))
    assert torch.equal(good.render(), bad.render())
    assert len(bad.notes) == 3


def test_without_gradients_a_path_takes_the_mean_over_its_shape() -> None:
    stops = '<stop stop-color="#000"/><stop offset="1" stop-color="#fff" stop-opacity=".5"/>'
    body = (
        f'<linearGradient id="a" x2="1">{stops}</linearGradient>'
        f'<linearGradient id="b" href="#a" gradientUnits="userSpaceOnUse"'
        ' x1="0" x2="64"/><rect width="64" height="9" fill="url(#a)"/><rect width="32" height="9" fill="url(#b)"/>'
    )
    plain = read_svg(_svg(body)).plain()
    rgba = plain.rgba
    assert plain.fills == ()
    assert any("mean color" in note for note in plain.notes)
    assert rgba[0, 3] == pytest.approx(0.75, abs=0.01)
    assert rgba[1, 3] == pytest.approx(0.875, abs=0.01)
    assert rgba[1, 0] < 0.27 < rgba[0, 0] < 0.5


def test_compressed_files_are_read() -> None:
    assert read_svg(gzip.compress(_svg("<circle r='9'/>"))).structure.path_count == 1


def test_a_doctype_alone_is_harmless() -> None:
    head = b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://example.org/svg11.dtd">'
    assert read_svg(head + _svg("<circle r='9'/>")).structure.path_count == 1


def test_paths_off_the_canvas_and_thousands_of_paths_are_drawn() -> None:
    body = "".join(f'<rect x="{k % 64}" y="{k // 64}" width="1" height="1"/>' for k in range(3000))
    drawing = read_svg(_svg(body + '<circle cx="9999" cy="-500" r="40"/>'), 64)
    assert drawing.structure.path_count == 3001
    assert float(drawing.render()[0, :, :46].max()) == 0


BOMB = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LAUGH = "".join(f'<g id="g{k}">' + f'<use href="#g{k - 1}"/>' * 10 + "</g>" for k in range(1, 9))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello", "well-formed"),
        (_svg("<circle r='9'>"), "well-formed"),
        (BOMB.encode() + _svg("<circle r='9'/>&b;"), "entities"),
        (b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _svg("<text>&x;</text>"), "entities"),
        (_svg("&nbsp;"), "well-formed"),
        (_svg("<g id='a'><use href='#a'/></g>"), "endlessly"),
        (_svg("<g>" * 300 + "</g>" * 300), "deeper"),
        (b"<html><body/></html>", "root element"),
        (_svg(""), "nothing to draw"),
        (_svg("<text>hi</text>"), "texts left out"),
        (_svg("<rect width='9' height='9' fill='none'/>"), "nothing to draw"),
        (_svg("<path d='M0 0L nan 5 q'/>"), "path data"),
        (_svg("<path d='M1e300 1e300h9v1e308z'/>"), "coordinates"),
        (_svg("<circle r='nan'/>"), "length"),
        (_svg("<circle r='1e999'/>"), "length"),
        (_svg("<circle r='wide'/>"), "length"),
        (_svg("<circle r='9' transform='scale(nan)'/>"), "transform.*nan"),
        (_svg("<circle r='9' transform='translate(inf 3)'/>"), "transform.*inf"),
        (_svg("<polygon points='1 2 x'/>"), "points"),
        (_svg("<circle r='9' transform='rotate('/>", 'viewBox="0 0 nan 5"'), "viewBox"),
        (_svg("<circle r='9'/>", 'width="0" height="5"'), "width and height"),
        (gzip.compress(_svg("<circle r='9'/>"))[:30], "gzip|well-formed|empty"),
        (gzip.compress(b"\0" * (40 << 20)), "larger than"),
    ],
)
def test_broken_and_hostile_files_are_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_svg(data)


def test_missing_files_and_wild_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_svg(tmp_path / "none.svg")
    for size in (0, 1 << 20, (5, 0)):
        with pytest.raises(InputError, match="size"):
            read_svg(_svg("<circle r='9'/>"), size)


def test_no_picture_beyond_the_limit_is_asked_of_the_rasterizer() -> None:
    wide = _svg("<circle r='9'/>", 'viewBox="0 0 20 10"')
    with pytest.raises(InputError, match=r"size: 16384 x 8192 pixels \(134 megapixels\).*at most 64.*ask for 11313 or"):
        read_svg(wide, 16384)
    assert read_svg(wide, 11313).size == (5656, 11313)
    with pytest.raises(InputError, match="8000 or less"):
        read_svg(wide, (8001, 8001))


def test_use_cannot_multiply_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_VISITS", 2000)
    with pytest.raises(InputError, match="too often"):
        read_svg(_svg(f"<defs><circle id='g0' r='1'/>{LAUGH}</defs><use href='#g8'/>"))


def test_segments_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_SEGMENTS", 10)
    with pytest.raises(InputError, match="more than 10"):
        read_svg(_svg("<circle r='9'/>" * 3))


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet="MmLlHhVvCcSsQqTtAaZz0123456789.-+eE, \n", max_size=40),
    st.text(alphabet="translate()rotate scalemtrix0123456789.,-e", max_size=24),
)
def test_no_text_makes_the_reader_fail_otherwise_than_in_words(data: str, transform: str) -> None:
    body = f'<path d="{data}" transform="{transform}" stroke="red"/><rect width="4" height="4"/>'
    try:
        drawing = read_svg(_svg(body))
    except DreamSamplerError:
        return
    assert bool(torch.isfinite(drawing.points).all())
    assert bool(torch.isfinite(drawing.render()).all())


def test_rules_and_names_are_kept() -> None:
    drawing = read_svg(_svg('<path id="eye" fill-rule="evenodd" d="M0 0h9v9z"/><rect id="b" width="3" height="3"/>'))
    assert drawing.names == ("eye", "b")
    assert drawing.structure.rules == (FillRule.EVENODD, FillRule.NONZERO)
    assert drawing.background is None
