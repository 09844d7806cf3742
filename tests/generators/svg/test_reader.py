"""Files from the wild: what is read exactly agrees with resvg, what is not is said, what is hostile is refused."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamsampler.core.errors import DreamSamplerError, InputError
from dreamsampler.generators.svg.reader import read_svg
from dreamsampler.generators.svg.reading import walk
from dreamsampler.generators.svg.structure import FillRule

from .features import EXACT, svg
from .fidelity import resvg

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


def _ours(data: bytes, width: int) -> tuple[np.ndarray, tuple[str, ...]]:
    drawing = read_svg(data, width)
    return drawing.render()[0].permute(1, 2, 0).double().numpy() * 255, drawing.notes


@pytest.mark.parametrize("name", EXACT)
def test_agrees_with_resvg_where_nothing_is_approximated(name: str) -> None:
    data = svg(EXACT[name])
    ours, notes = _ours(data, 64)
    theirs = resvg(data, 64)
    assert notes == ()
    assert ours.std() > 10
    # Where parts of a stroke overlap within a pixel, area coverage counts the overlap twice. Gradients are sampled at
    # the centers of pixels: where they jump (at the end of a repeat), resvg's averaged picture is smoother.
    jumps = "repeat" in EXACT[name]
    assert np.abs(ours - theirs).mean() < (0.6 if jumps else 0.3)
    assert (np.abs(ours - theirs).max(2) > 40).sum() <= (40 if jumps else 4 if "stroke" in EXACT[name] else 0)


def test_a_stroke_wider_than_its_circle_has_the_hole_that_viewers_draw() -> None:
    """The outline on the inner side runs backwards there, in Skia, resvg and browsers: radius 2 of 8 stays open."""
    data = svg('<circle cx="32" cy="32" r="3" fill="none" stroke="#000" stroke-width="10"/>')
    ours = _ours(data, 64)[0]
    assert ours[32, 32].min() > 254.9
    assert ours[32, 37].max() < 0.1
    assert np.abs(ours - resvg(data, 64)).mean() < 0.1


def test_a_closed_dash_has_no_end_where_the_curve_begins() -> None:
    """A pattern that never lifts the pen draws what no pattern does, corners included."""
    whole = '<rect x="9" y="9" width="40" height="40" fill="none" stroke="#000" stroke-width="8"{}/>'
    plain = _ours(svg(whole.format("")), 64)[0]
    assert np.abs(_ours(svg(whole.format(' stroke-dasharray="200 1"')), 64)[0] - plain).max() == 0
    joined = _ours(svg(whole.format(' stroke-dasharray="110 30" stroke-dashoffset="40"')), 64)[0]
    assert joined[5, 5].max() < 0.1, "the corner where it begins is mitred"


def test_a_width_alone_takes_the_aspect_of_the_view_box() -> None:
    assert read_svg(svg("<circle r='9'/>", 'width="1in" viewBox="0 0 60 30"')).size == (48, 96)


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
    data = svg('<circle cx="25" cy="20" r="12" fill="#c30"/><path d="M5 5h9v9z"/>', attributes)
    drawing = read_svg(data)
    theirs = resvg(data, drawing.size[1])
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
            '<clipPath id="c" clipPathUnits="objectBoundingBox"><rect width=".5" height="1"/></clipPath>'
            '<g clip-path="url(#c)"><circle r="9"/></g>',
            "clip paths",
        ),
        ('<g opacity=".5"><circle r="9"/><circle r="8" cx="4"/></g>', "group opacities"),
        ('<circle r="9"/><use href="other.svg#x"/>', "other files"),
        ('<circle r="9" fill="url(http://example.org/a.svg#g) red"/>', "other files"),
        ("<style>@media print{circle{fill:red}}</style><circle r='9'/>", "CSS"),
        ("<style>circle:nth-foo(2){fill:red}</style><circle r='9'/>", "CSS"),
        ('<path d="M0 0h9v9z" marker-end="url(#m)"/>', "markers"),
        ('<path d="M0 9h9" stroke="red" stroke-dasharray=".0001"/>', "dash patterns"),
        ('<path d="M0 9h9" stroke="red" vector-effect="non-scaling-stroke"/>', "fixed width"),
        ('<pattern id="p"/><circle r="9"/><circle r="9" fill="url(#p)"/>', "patterns"),
    ],
)
def test_what_is_approximated_is_said(body: str, note: str) -> None:
    assert any(note in text for text in read_svg(svg(body)).notes)


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in IGNORED.items() for value in values[1:]])
def test_a_value_that_a_property_does_not_have_is_ignored(key: str, value: str) -> None:
    inherited = IGNORED[key][0]
    without = read_svg(svg(scene(key, inherited, "")))
    for own in (f'{key}="{value}"', f'style="{key}:{value}"'):
        read = read_svg(svg(scene(key, inherited, own)))
        assert torch.equal(read.render(), without.render())
        assert read.notes == (f"values of {key} that it does not have ignored (1x)",)


def test_what_was_said_before_an_ignored_value_counts() -> None:
    style = "<style>path{fill:red;fill:blurple} #p{stroke:wide!important}</style>"
    drawing = read_svg(svg(style + '<path id="p" d="M0 0h9v9z" fill="lime" stroke="gold" style="fill:rgb(x)"/>'))
    assert drawing.rgba.tolist() == [[1.0, 0.0, 0.0, 1.0], [1.0, pytest.approx(215 / 255), 0.0, 1.0]]


def test_selectors_that_resvg_does_not_know() -> None:
    style = "<style>rect ~ path{fill:red} path:not(.a){fill:lime} svg>path:last-of-type{fill:blue!important}</style>"
    body = '<rect width="9" height="9"/><path class="a" d="M0 0h9v9z"/><path d="M0 0h9v9z"/><path d="M0 0h9v9z" {}/>'
    rgba = read_svg(svg(style + body.format('style="fill:gold"'))).rgba
    assert rgba[1:, :3].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_empty_values_are_no_mistake_and_case_does_not_matter() -> None:
    body = (
        '<path d="M0 0h9v9z" fill=""/><path d="M0 0h9v9z" fill="RED" fill-rule="EvenOdd" stroke="NONE"/>'
        '<path d="M0 0h9v9z" fill="url(#x) CurrentColor"/>'
    )
    drawing = read_svg(svg(f'<g fill="teal" color="Red">{body}</g>'))
    assert drawing.notes == ()
    assert drawing.structure.rules == (FillRule.NONZERO, FillRule.EVENODD, FillRule.NONZERO)
    red, teal = [1.0, 0.0, 0.0, 1.0], pytest.approx([0, 128 / 255, 128 / 255, 1])
    assert drawing.rgba.tolist() == [teal, red, red]


def test_stops_with_values_that_they_do_not_have() -> None:
    stops = '<stop offset="{}" stop-color="{}" stop-opacity="{}"/><stop offset="1" stop-color="lime"/>'
    body = '<linearGradient id="a">{}</linearGradient><rect width="64" height="64" fill="url(#a)"/>'
    good = read_svg(svg(body.format(stops.format("0", "black", "1"))))
    bad = read_svg(svg(body.format(stops.format("x", "blurple", "2px"))))
    assert torch.equal(good.render(), bad.render())
    assert len(bad.notes) == 3


def test_without_gradients_a_path_takes_the_mean_over_its_shape() -> None:
    stops = '<stop stop-color="#000"/><stop offset="1" stop-color="#fff" stop-opacity=".5"/>'
    body = (
        f'<linearGradient id="a" x2="1">{stops}</linearGradient>'
        f'<linearGradient id="b" href="#a" gradientUnits="userSpaceOnUse"'
        ' x1="0" x2="64"/><rect width="64" height="9" fill="url(#a)"/><rect width="32" height="9" fill="url(#b)"/>'
    )
    plain = read_svg(svg(body)).plain()
    rgba = plain.rgba
    assert plain.fills == ()
    assert any("mean color" in note for note in plain.notes)
    assert rgba[0, 3] == pytest.approx(0.75, abs=0.01)
    assert rgba[1, 3] == pytest.approx(0.875, abs=0.01)
    assert rgba[1, 0] < 0.27 < rgba[0, 0] < 0.5


def test_compressed_files_are_read() -> None:
    assert read_svg(gzip.compress(svg("<circle r='9'/>"))).structure.path_count == 1


def test_a_doctype_alone_is_harmless() -> None:
    head = b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://example.org/svg11.dtd">'
    assert read_svg(head + svg("<circle r='9'/>")).structure.path_count == 1


def test_paths_off_the_canvas_and_thousands_of_paths_are_drawn() -> None:
    body = "".join(f'<rect x="{k % 64}" y="{k // 64}" width="1" height="1"/>' for k in range(3000))
    drawing = read_svg(svg(body + '<circle cx="9999" cy="-500" r="40"/>'), 64)
    assert drawing.structure.path_count == 3001
    assert float(drawing.render()[0, :, :46].max()) == 0


BOMB = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello", "well-formed"),
        (svg("<circle r='9'>"), "well-formed"),
        (BOMB.encode() + svg("<circle r='9'/>&b;"), "entities"),
        (b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<text>&x;</text>"), "entities"),
        (svg("&nbsp;"), "well-formed"),
        (svg("<g id='a'><use href='#a'/></g>"), "endlessly"),
        (svg("<g>" * 300 + "</g>" * 300), "deeper"),
        (b"<html><body/></html>", "root element"),
        (svg(""), "nothing to draw"),
        (svg("<text>hi</text>"), "texts left out"),
        (svg("<rect width='9' height='9' fill='none'/>"), "nothing to draw"),
        (svg("<path d='M0 0L nan 5 q'/>"), "path data"),
        (svg("<path d='M1e300 1e300h9v1e308z'/>"), "coordinates"),
        (svg("<circle r='nan'/>"), "length"),
        (svg("<circle r='1e999'/>"), "length"),
        (svg("<circle r='wide'/>"), "length"),
        (svg("<circle r='9' transform='scale(nan)'/>"), "transform.*nan"),
        (svg("<circle r='9' transform='translate(inf 3)'/>"), "transform.*inf"),
        (svg("<polygon points='1 2 x'/>"), "points"),
        (svg("<circle r='9' transform='rotate('/>", 'viewBox="0 0 nan 5"'), "viewBox"),
        (svg("<circle r='9'/>", 'width="0" height="5"'), "width and height"),
        (gzip.compress(svg("<circle r='9'/>"))[:30], "gzip|well-formed|empty"),
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
            read_svg(svg("<circle r='9'/>"), size)


def test_no_picture_beyond_the_limit_is_asked_of_the_rasterizer() -> None:
    wide = svg("<circle r='9'/>", 'viewBox="0 0 20 10"')
    with pytest.raises(InputError, match=r"size: 16384 x 8192 pixels \(134 megapixels\).*at most 64.*ask for 11313 or"):
        read_svg(wide, 16384)
    assert read_svg(wide, 11313).size == (5656, 11313)
    with pytest.raises(InputError, match="8000 or less"):
        read_svg(wide, (8001, 8001))


def test_segments_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_SEGMENTS", 10)
    with pytest.raises(InputError, match=r"<circle> number 3.*more than 10"):
        read_svg(svg("<circle r='9'/>" * 3))


def test_a_clip_too_complicated_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    scribble = "M0 0" + "".join(f"L{k * 37 % 64} {k * 91 % 63}" for k in range(200)) + "z"
    body = f'<clipPath id="c"><path d="{scribble}"/></clipPath><path clip-path="url(#c)" d="{scribble}"/>'
    assert read_svg(svg(body)).notes == ("clip paths too complicated left out (1x)",)


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet="MmLlHhVvCcSsQqTtAaZz0123456789.-+eE, \n", max_size=40),
    st.text(alphabet="translate()rotate scalemtrix0123456789.,-e", max_size=24),
)
def test_no_text_makes_the_reader_fail_otherwise_than_in_words(data: str, transform: str) -> None:
    body = f'<path d="{data}" transform="{transform}" stroke="red"/><rect width="4" height="4"/>'
    try:
        drawing = read_svg(svg(body))
    except DreamSamplerError:
        return
    assert bool(torch.isfinite(drawing.points).all())
    assert bool(torch.isfinite(drawing.render()).all())


def test_rules_and_names_are_kept() -> None:
    drawing = read_svg(svg('<path id="eye" fill-rule="evenodd" d="M0 0h9v9z"/><rect id="b" width="3" height="3"/>'))
    assert drawing.names == ("eye", "b")
    assert drawing.structure.rules == (FillRule.EVENODD, FillRule.NONZERO)
    assert drawing.background is None
