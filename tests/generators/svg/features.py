"""Small SVG files that are read exactly, one a feature, each on a canvas of 64 x 64."""

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
    "clips that are clipped": '<clipPath id="d"><circle cx="24" cy="24" r="17"/></clipPath>'
    '<clipPath id="c" clip-path="url(#d)"><rect x="20" y="4" width="40" height="26"/>'
    '<rect x="4" y="30" width="30" height="30" clip-path="url(#d)"/></clipPath>'
    '<g clip-path="url(#c)"><rect width="64" height="64" fill="teal"/>'
    '<path d="M0 0L64 64" stroke="gold" stroke-width="9" stroke-dasharray="9 5"/></g>',
    "clips in the unit of a box": '<clipPath id="c" clipPathUnits="objectBoundingBox"><circle cx=".5" cy=".5" r=".4"/>'
    '</clipPath><rect x="6" y="12" width="50" height="30" fill="teal" clip-path="url(#c)" transform="rotate(9)"/>',
    "clipped even-odd gradient": f'<linearGradient id="a">{STOPS}</linearGradient><clipPath id="c"><path d="M8 8L60 20'
    'L20 60Z"/></clipPath><path fill-rule="evenodd" fill="url(#a)" clip-path="url(#c)" d="M4 4h50v50h-50zM20 14h20v30z"'
    ' stroke="#036" stroke-width="3"/>',
    "selectors": '<style>g > rect:first-child{fill:teal} g rect + circle{fill:gold} [data-x="1"]{opacity:.5}</style>'
    '<g><rect width="30" height="30"/><circle cx="40" cy="40" r="9"/></g><path data-x="1" d="M30 4h9v20z"/>',
    "switch": "<switch><foreignObject/><g><rect width='20' height='20'/></g><rect width='60' height='60'/></switch>",
    "single-stop gradient": '<linearGradient id="g"><stop stop-color="#48c"/></linearGradient>'
    '<circle cx="30" cy="30" r="20" fill="url(#g)"/>',
}


def svg(body: str, attributes: str = 'viewBox="0 0 64 64"') -> bytes:
    """A file with a body, UTF-8."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{body}</svg>'.encode()
