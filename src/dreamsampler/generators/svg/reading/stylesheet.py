"""Which presentation properties apply to an element: attributes, <style> elements and style attributes.

tinycss2 reads the sheets and cssselect2 matches their selectors (all of level 3 and most of level 4).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

import cssselect2
import tinycss2

from ....core.errors import InputError
from .values import accepted

MAX_TEXT = 1 << 20
MAX_TESTS = 4_000_000
"""Most tests of an element against a part of a selector, about four seconds; rules beyond that are left out."""
_FAR = re.compile(r"~|of-type|last|only")
_DEEP = re.compile(r"(?<=[^\s,>+~(])\s+(?=[^\s,>+~)])")
LEFT_OUT = "CSS rules that are not understood, or take too long, left out"


@functools.lru_cache(4096)
def declarations(text: str) -> tuple[tuple[str, str, bool], ...]:
    """Return `a: b; c: d !important` as (property, value, whether important).

    Raises:
        InputError: parentheses nested too deep.
    """
    try:
        parts = tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True)
        return tuple(
            (part.lower_name, tinycss2.serialize(part.value).strip(), part.important)
            for part in parts
            if part.type == "declaration"
        )
    except RecursionError as error:
        raise InputError(f"style: {text[:40]!r} is nested too deep") from error


@dataclass
class Stylesheet:
    """The rules of a document, and its notes on what could not be understood."""

    elements: dict[Element, cssselect2.ElementWrapper]
    matcher: cssselect2.Matcher
    notes: Counter[str]
    known: dict[Element, dict[str, str]] = field(default_factory=dict)

    def properties(self, node: Element) -> dict[str, str]:
        """Return what applies to an element: presentation attributes, then rules, then its own style attribute.

        What is not a value of its property is ignored and noted, so that what was said before it counts.
        """
        if node not in self.known:
            wrapped = self.elements.get(node)
            matches = self.matcher.match(wrapped) if wrapped is not None else ()
            rules = [pair for *_, pseudo, pairs in matches if pseudo is None for pair in pairs]
            rules += declarations(node.get("style", ""))
            ordered = sorted(rules, key=lambda rule: rule[2])  # stable: important ones last
            found: dict[str, str] = {}
            for key, text in (*node.attrib.items(), *((key, text) for key, text, _ in ordered)):
                value = accepted(key, text)
                if value is not None:
                    found[key] = value
                elif text.strip():
                    self.notes[f"values of {key} that it does not have ignored"] += 1
            self.known[node] = found
        return self.known[node]


def read_stylesheet(root: Element, notes: Counter[str]) -> Stylesheet:
    """Return all <style> elements of a document; rules that are not understood are noted.

    Raises:
        InputError: too much text, or parentheses nested too deep.
    """
    text = "\n".join(node.text or "" for node in root.iter("style"))
    if len(text) > MAX_TEXT:
        raise InputError(f"style: more than {MAX_TEXT >> 20} MiB of style sheets; simplify the file")
    if not text.strip():
        return Stylesheet({}, cssselect2.Matcher(), notes)
    matcher, census, tests = cssselect2.Matcher(), _Census.of(root), 0
    try:
        for rule in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
            found = _selectors(rule, census)
            if not found or tests + sum(cost for _, cost in found) > MAX_TESTS:
                notes[LEFT_OUT] += 1
                continue
            pairs = declarations(tinycss2.serialize(rule.content))
            for selector, cost in found:
                matcher.add_selector(selector, pairs)
                tests += cost
        elements = {node.etree_element: node for node in cssselect2.ElementWrapper.from_xml_root(root).iter_subtree()}
    except RecursionError as error:
        raise InputError("style: its rules are nested too deep") from error
    return Stylesheet(elements if tests else {}, matcher, notes)


class _Census(NamedTuple):
    """How many elements a selector is tested on (by its id, class or tag), the depth, and the most siblings."""

    marks: Counter[str]
    depth: int
    siblings: int

    @classmethod
    def of(cls, root: Element) -> _Census:
        marks, level, depth, siblings = Counter[str](), [root], 0, 1
        while level:
            depth, siblings = depth + 1, max(siblings, max(map(len, level)))
            for node in level:
                classes = {f".{name}" for name in node.get("class", "").split()}
                marks.update({"*", node.tag.lower(), f"#{node.get('id')}", *classes})
            level = [child for node in level for child in node]
        return cls(marks, depth, siblings)

    def cost(self, selector: cssselect2.compiler.CompiledSelector, text: str) -> int:
        mark = f"#{selector.id}" if selector.id else f".{selector.class_name}" if selector.class_name else "*"
        if mark == "*" and selector.local_name:
            mark = str(selector.lower_local_name)
        return self.marks[mark] * self.siblings ** len(_FAR.findall(text)) * self.depth ** len(_DEEP.findall(text))


def _selectors(rule: tinycss2.ast.Node, census: _Census) -> list[tuple[cssselect2.compiler.CompiledSelector, int]]:
    """The selectors of a rule and what they cost; none if any of them is not understood, as CSS has it."""
    if rule.type != "qualified-rule":
        return []
    found, part = [], list[tinycss2.ast.Node]()
    for token in [*rule.prelude, None]:
        if token is not None and token != ",":
            part.append(token)
            continue
        text = tinycss2.serialize(part).strip()
        if "has(" in text.lower() or len(text) > 1000:
            return []
        try:
            found += [(selector, census.cost(selector, text)) for selector in cssselect2.compile_selector_list(text)]
        except (cssselect2.SelectorError, SyntaxError, MemoryError):  # the latter two: nested too deep to compile
            return []
        part = []
    return found
