"""The part of CSS that drawing programs put into SVG files: simple selectors and presentation properties.

Understood: `*`, `tag`, `.class`, `#id`, `tag.class` and lists of these. Anything else is skipped and reported.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from .values import accepted
from .xmltree import Node

Pairs = tuple[tuple[str, str], ...]
_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_SIMPLE = re.compile(r"(\*|[A-Za-z][\w-]*)?((?:[.#][\w-]+)*)")


@dataclass(frozen=True)
class Rule:
    """One simple selector with its declarations; the important ones come after all others, style attributes too."""

    tag: str
    classes: frozenset[str]
    id: str
    declarations: Pairs
    important: Pairs
    weight: tuple[int, int, int]

    def matches(self, node: Node) -> bool:
        if self.tag not in ("", "*", node.tag) or (self.id and self.id != node.attributes.get("id")):
            return False
        return not self.classes or self.classes <= set(node.attributes.get("class", "").split())


@dataclass(frozen=True)
class Stylesheet:
    """Rules in the order in which they apply, and the file's notes on what could not be understood."""

    rules: tuple[Rule, ...]
    notes: Counter[str]

    def properties(self, node: Node) -> dict[str, str]:
        """What applies to an element: presentation attributes, then rules, then its own style attribute.

        What is not a value of its property is ignored and noted, so that what was said before it counts.
        """
        own, own_important = declarations(node.attributes.get("style", ""))
        applying = [rule for rule in self.rules if rule.matches(node)]
        ordinary = (tuple(node.attributes.items()), *(rule.declarations for rule in applying), own)
        important = (*(rule.important for rule in applying), own_important)
        found: dict[str, str] = {}
        for key, text in (pair for pairs in (*ordinary, *important) for pair in pairs):
            value = accepted(key, text)
            if value is not None:
                found[key] = value
            elif text.strip():
                self.notes[f"values of {key} that it does not have ignored"] += 1
        return found


def declarations(text: str) -> tuple[Pairs, Pairs]:
    """`a: b; c: d !important` as pairs without comments, the ordinary and the important ones."""
    ordinary: list[tuple[str, str]] = []
    important: list[tuple[str, str]] = []
    for part in _COMMENT.sub("", text).split(";"):
        key, colon, value = part.partition(":")
        if colon:
            plain = value.replace("!important", "")
            (ordinary if plain == value else important).append((key.strip().lower(), plain.strip()))
    return tuple(ordinary), tuple(important)


def read_stylesheet(root: Node, notes: Counter[str]) -> Stylesheet:
    """All <style> elements of a document; selectors that are not understood are noted."""
    rules: list[Rule] = []
    incomplete = False
    for node in root.walk():
        if node.tag != "style":
            continue
        text = _COMMENT.sub("", node.text)
        incomplete |= "@" in text
        for selectors, body in _RULE.findall(text):
            for selector in selectors.split(","):
                rule = _rule(selector.strip(), declarations(body))
                if rule is None:
                    incomplete = True
                else:
                    rules.append(rule)
    if incomplete:
        notes["CSS rules with selectors other than tag, .class and #id left out"] += 1
    return Stylesheet(tuple(sorted(rules, key=lambda rule: rule.weight)), notes)


def _rule(selector: str, body: tuple[Pairs, Pairs]) -> Rule | None:
    match = _SIMPLE.fullmatch(selector)
    if not selector or match is None:
        return None
    marks = re.findall(r"[.#][\w-]+", match[2])
    ids = [mark[1:] for mark in marks if mark[0] == "#"]
    classes = frozenset(mark[1:] for mark in marks if mark[0] == ".")
    tag = match[1] or ""
    return Rule(tag, classes, ids[0] if ids else "", *body, (len(ids), len(classes), int(tag not in ("", "*"))))
