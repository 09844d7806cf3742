"""Malformed and hostile SVG files."""

from __future__ import annotations

import encodings
import gzip
import random
from collections.abc import Iterator

from dreamsampler.generators.svg.reader import read_svg

from ..generators.svg.features import EXACT, svg
from .harness import Case, Target, mutations

CURVE = '<path id="g0" d="M8 50C8 10 30 10 32 30S50 60 56 12" fill="none" stroke="red" stroke-width="2" {}/>'
SCRIBBLE = "M0 0" + "".join(f"L{k * 37 % 64} {k * 91 % 63}" for k in range(5000))
DISC = '<circle id="g0" r="9"/>'


def read(data: bytes) -> None:
    """Read a file and draw it small."""
    drawing = read_svg(data, 32)
    if drawing.structure.path_count < 200 and len(drawing.points) < 20_000:
        drawing.render()


def uses(levels: int, leaf: str, ending: str = "") -> bytes:
    """Ten to the power of `levels` copies of an element."""
    groups = "".join(f'<g id="g{k}">' + f'<use href="#g{k - 1}"/>' * 10 + "</g>" for k in range(1, levels + 1))
    return svg(f'<defs>{leaf}{groups}</defs>{ending or f"""<use href="#g{levels}"/>"""}')


def bombs(_: random.Random) -> Iterator[Case]:
    """Files that ask for much more than they hold, the quick ones first."""
    yield "use of itself", svg('<g id="a"><use href="#a"/></g>')
    yield "symbol of itself", svg('<symbol id="s"><use href="#s"/></symbol><use href="#s"/>')
    yield "entities", b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + svg("<text>&b;</text>")
    yield "external entity", b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<text>&x;</text>")
    yield "use, dashes in four", uses(4, CURVE.format('stroke-dasharray=".05"'))
    for dashes in (".05", ".5", "9 1", "0 .1"):
        yield f"use, dashes {dashes}", uses(6, CURVE.format(f'stroke-dasharray="{dashes}"'))
    yield "use, strokes", uses(6, CURVE.format(""))
    yield "use, long paths", uses(6, f'<path id="g0" d="{SCRIBBLE}" stroke="red"/>')
    yield "use, nothing", uses(6, '<path id="g0" d="M0 0h1v1z" fill="none"/>')
    stops = "".join(f'<stop offset="{k / 500}" stop-color="rgb({k % 255},0,0)"/>' for k in range(500))
    yield "use, gradients", uses(6, f'<linearGradient id="a">{stops}</linearGradient>{DISC[:-2]} fill="url(#a)"/>')
    clip = '<clipPath id="c">{}</clipPath><path clip-path="url(#c)" d="{}"/>'
    yield "clip, crossings", svg(clip.format(f'<path d="{SCRIBBLE}"/>', SCRIBBLE))
    yield "clip, uses", uses(5, DISC, clip.format('<use href="#g5"/>', "M0 0h9v9z"))
    short = SCRIBBLE[: SCRIBBLE.index("L", 400)]
    body = clip.format(f'<path d="{short}"/>', short) + f'<path clip-path="url(#c)" d="{short}"/>' * 3000
    yield "clip, many", svg(body)
    links = "".join(f'<clipPath id="c{k}" clip-path="url(#c{k + 1})"><circle r="9"/></clipPath>' for k in range(5000))
    yield "clip, chain", svg(links + '<circle r="9" clip-path="url(#c0)"/>')
    loop = '<clipPath id="{}" clip-path="url(#{})"><circle r="9" clip-path="url(#a)"/></clipPath>'
    yield "clip, loop", svg(loop.format("a", "b") + loop.format("b", "a") + '<circle r="9" clip-path="url(#a)"/>')
    links = "".join(f'<linearGradient id="g{k}" href="#g{k + 1}"/>' for k in range(50_000))
    yield "gradient, chain", svg(links + "".join(f'<circle r="9" fill="url(#g{k})"/>' for k in range(15_000)))
    yield "long stroke", svg(f'<path d="{SCRIBBLE * 15}" stroke="red" stroke-linejoin="round"/>')
    yield "long path", svg(f'<path d="M0 0{"L1 1" * 3_000_000}"/>')
    yield "long number", svg(f'<path d="M0 0L{"1" * 9_000_000}"/>')
    yield "long points", svg(f'<polygon points="{"1 2 " * 3_000_000}"/>')
    yield "long dashes", svg(f'<path d="M0 0H60" stroke="red" stroke-dasharray="{"1 " * 1_000_000}"/>')
    yield "long transform", svg(f'<circle r="1" transform="{"scale(1)" * 1_000_000}"/>')
    yield "gzip of zeros", gzip.compress(b"\0" * (40 << 20))
    default = b'<!DOCTYPE svg [<!ATTLIST g d CDATA "' + b"x" * 1_000_000 + b'">]>'
    yield "default attributes", default + svg("<g/>" * 100_000 + "<circle r='1'/>")
    yield "deep", svg("<g>" * 100_000 + "</g>" * 100_000)
    yield "many elements", svg("<g/>" * 300_000)
    attributes = " ".join(f"a{k}='1'" for k in range(200_000))
    yield "many attributes", svg(f"<circle r='1' {attributes}/>")


def sheets(_: random.Random) -> Iterator[Case]:
    """Style sheets that nest deep or take long, the quick ones first."""
    for text in ("@import url(file:///etc/passwd);", "@", "}", "{", "a{", "\\", "a{b:c!important!important}", "<!--"):
        yield text, svg(f"<style><![CDATA[{text}]]></style><circle r='1'/>")
    for depth in (10, 90, 200, 5000):
        yield f"nested not {depth}", svg(f"<style>{':not(' * depth}a{')' * depth}{{fill:red}}</style><circle r='1'/>")
    for opening in "([{":
        yield f"nested {opening}", svg(f"<style>a{{b:{opening * 300_000}</style><circle r='1'/>")
        yield f"nested style {opening}", svg(f"<circle r='1' style='fill:{opening * 300_000}'/>")
        yield f"nested color {opening}", svg(f"<circle r='1' fill='{opening * 300_000}'/>")
    many = "<circle r='1'/>" * 10_000
    for part in (
        "*:nth-child({}n+1)",
        "g g g g g g g g circle.a{}",
        "circle ~ circle ~ circle.b{}",
        "*:has(*):not(.c{})",
    ):
        rules = "".join(part.format(k) + "{fill:red}" for k in range(300))
        yield part, svg(f"<style>{rules}</style>{'<g>' * 80}{many}{'</g>' * 80}")


def encoded(_: random.Random) -> Iterator[Case]:
    """Files that declare, and files that are in, every encoding that Python knows, and some that nobody does."""
    text = '<?xml version="1.0" encoding="{}"?>' + svg("<circle r='9'/>").decode()
    known = sorted({*encodings.aliases.aliases.values(), "idna", "punycode", "undefined", "raw_unicode_escape"})
    for name in ("foo", "", "utf-8\u00e9", "x" * 5000, "../../etc", "UTF-16LE", "utf 8", *known):
        yield f"declares {name[:20]}", text.format(name).encode()
        try:
            yield f"is {name[:20]}", text.format(name).encode(name)
        except (LookupError, ValueError):
            continue


def mutated(rng: random.Random) -> Iterator[Case]:
    """The feature files with damage."""
    sources = [mutations(svg(body), rng) for body in EXACT.values()]
    while True:
        yield next(rng.choice(sources))


NUMBERS = (
    "nan",
    "inf",
    "1e999",
    "-1",
    "0",
    "1e-320",
    "1e38",
    "1e300",
    "",
    " ",
    "%",
    "9e",
    "0x9",
    "1,2",
    "--1",
    "\u0661",
)
ATTRIBUTES = (
    *("d", "points", "r", "rx", "width", "height", "x", "cx", "transform", "viewBox", "fill", "stroke", "opacity"),
    *("stroke-width", "stroke-dasharray", "stroke-dashoffset", "stroke-miterlimit", "href", "clip-path", "style"),
    *("offset", "stop-color", "gradientTransform", "fx", "x1", "preserveAspectRatio", "id", "class"),
)


def numbers(rng: random.Random) -> Iterator[Case]:
    """Odd numbers in every attribute of every element."""
    tags = ("svg", "g", "path", "rect", "circle", "polygon", "line", "use", "linearGradient", "radialGradient", "stop")
    while True:
        tag = rng.choice(tags)
        parts = {}
        for key in rng.sample(ATTRIBUTES, 5):
            number = rng.choice(NUMBERS)
            shapes = (
                f"{number}",
                f"M0 0L{number} 5z",
                f"scale({number})",
                f"url(#{number}) {number}",
                f"{number} 3 9 9",
            )
            parts[key] = rng.choice(shapes)
        text = " ".join(f'{key}="{value}"' for key, value in parts.items())
        yield (
            text,
            svg(f'<{tag} {text}><stop {text}/><circle r="3" stroke="red" {text}/></{tag}><rect width="9" height="9"/>'),
        )


TARGETS = (
    Target("svg: bombs", bombs, read, sample=5),
    Target("svg: style sheets", sheets, read, sample=9, seconds=20),
    Target("svg: encodings", encoded, read, sample=40, seconds=5),
    Target("svg: mutated files", mutated, read, count=10_000, sample=40, seconds=10),
    Target("svg: odd numbers", numbers, read, count=10_000, sample=40, seconds=10),
)
