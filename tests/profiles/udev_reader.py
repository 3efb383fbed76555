"""Our own reading of udev rules, after udev(7): the syntax, checked, and what a device gets by them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_PAIR = re.compile(r'(?P<key>[A-Z_]+)(?:\{(?P<of>[^}]+)\})?(?P<op>==|!=|\+=|-=|:=|=)"(?P<value>[^"]*)"')
_MATCHES = {"==", "!="}
# key -> whether it needs {...}, and its operators
_KEYS: dict[str, tuple[bool, set[str]]] = {
    "ACTION": (False, _MATCHES),
    "SUBSYSTEM": (False, _MATCHES),
    "SUBSYSTEMS": (False, _MATCHES),
    "ATTRS": (True, _MATCHES),
    "ENV": (True, _MATCHES | {"=", "+="}),
    "SYMLINK": (False, _MATCHES | {"=", "+=", "-=", ":="}),
    "TAG": (False, _MATCHES | {"=", "+=", "-="}),
    "GROUP": (False, {"=", ":="}),
    "MODE": (False, {"=", ":="}),
    "GOTO": (False, {"="}),
    "LABEL": (False, {"="}),
}
_SUBSTITUTION = re.compile(r"\$(?:env\{([^}]+)\}|attr\{([^}]+)\}|(id))")
_OF_PARENTS = {"SUBSYSTEMS", "ATTRS"}


class BadRules(Exception):
    """What udev would not take, or not as it was meant."""


@dataclass(frozen=True)
class Pair:
    """`KEY{of}op"value"`."""

    key: str
    of: str
    op: str
    value: str


@dataclass(frozen=True)
class Parent:
    """A device above the one that the event is about."""

    name: str
    subsystem: str
    attributes: dict[str, str]


@dataclass
class Event:
    """A device that has come, with what rules before ours have found out; then what ours say of it."""

    subsystem: str
    env: dict[str, str]
    parents: Sequence[Parent] = ()
    action: str = "add"
    symlinks: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    group: str = ""
    mode: str = ""


def parse(text: str) -> list[list[Pair]]:
    """The rules. BadRules with the number of the line."""
    rules, labels, jumps = list[list[Pair]](), dict[str, int](), list[tuple[int, str]]()
    for number, line in _lines(text):
        rest, pairs = line, list[Pair]()
        while True:
            found = _PAIR.match(rest)
            if found is None:
                raise BadRules(f"line {number}: no pair at {rest!r}")
            pair = Pair(found["key"], found["of"] or "", found["op"], found["value"])
            _check(number, pair)
            pairs.append(pair)
            rest = rest[found.end() :]
            if not rest:
                break
            if not (comma := re.match(r",\s*(?=\S)", rest)):
                raise BadRules(f"line {number}: no comma before {rest!r}")
            rest = rest[comma.end() :]
        for pair in pairs:
            if pair.key == "LABEL" and labels.setdefault(pair.value, len(rules)) != len(rules):
                raise BadRules(f"line {number}: {pair.value} is there twice")
            if pair.key == "GOTO":
                jumps.append((len(rules), pair.value))
        rules.append(pairs)
    for index, label in jumps:
        if labels.get(label, -1) <= index:
            raise BadRules(f"{label} is not further down")
    return rules


def _lines(text: str) -> Iterator[tuple[int, str]]:
    joined, began = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 1000:
            raise BadRules(f"line {number}: too long to be read")
        if line.lstrip().startswith("#") or (not line.strip() and not joined):
            continue
        began = began or number
        joined += line.lstrip() if joined else line
        if joined.endswith("\\"):
            joined = joined[:-1]
            continue
        yield began, joined.strip()
        joined, began = "", 0
    if joined:
        raise BadRules("the last line goes on")


def _check(number: int, pair: Pair) -> None:
    if pair.key not in _KEYS:
        raise BadRules(f"line {number}: {pair.key} is no key that is used here")
    needs, operators = _KEYS[pair.key]
    if needs != bool(pair.of) or pair.op not in operators:
        raise BadRules(f"line {number}: {pair.key}{{{pair.of}}}{pair.op}")
    if pair.op in _MATCHES:
        if not pair.value and pair.key != "ENV":
            raise BadRules(f"line {number}: {pair.key} matches nothing")
        if "$" in pair.value:
            raise BadRules(f"line {number}: a match is not substituted: {pair.value}")
    elif "$" in _SUBSTITUTION.sub("", pair.value) or "%" in pair.value:
        raise BadRules(f"line {number}: an unknown substitution in {pair.value}")


def apply(rules: list[list[Pair]], event: Event) -> Event:
    """What the device has after these rules."""
    index = 0
    while index < len(rules):
        rule = rules[index]
        index += 1
        parent = _fitting(rule, event)
        if parent is None:
            continue
        for pair in rule:
            if pair.op in _MATCHES or pair.key == "LABEL":
                continue
            if pair.key == "GOTO":
                index = _label(rules, pair.value, index)
                continue
            _assign(pair, event, parent)
    return event


def _label(rules: list[list[Pair]], name: str, after: int) -> int:
    return next(
        index for index in range(after, len(rules)) if (rules[index][0].key, rules[index][0].value) == ("LABEL", name)
    )


def _fitting(rule: list[Pair], event: Event) -> Parent | None:
    """The parent that the rule is about (a nameless one where it is about none); None where the rule does not hold."""
    own = [pair for pair in rule if pair.op in _MATCHES and pair.key not in _OF_PARENTS]
    if not all(_holds(pair, _own(pair, event)) for pair in own):
        return None
    above = [pair for pair in rule if pair.key in _OF_PARENTS]
    if not above:
        return Parent("", "", {})
    # One parent has to fit all of them, and an attribute that is not there fits nothing, != neither.
    return next((parent for parent in event.parents if all(_fits(pair, parent) for pair in above)), None)


def _own(pair: Pair, event: Event) -> str:
    return {"ACTION": event.action, "SUBSYSTEM": event.subsystem}.get(pair.key) or event.env.get(pair.of, "")


def _fits(pair: Pair, parent: Parent) -> bool:
    if pair.key == "SUBSYSTEMS":
        return _holds(pair, parent.subsystem)
    return pair.of in parent.attributes and _holds(pair, parent.attributes[pair.of])


def _holds(pair: Pair, value: str) -> bool:
    found = any(fnmatchcase(value, pattern) for pattern in pair.value.split("|"))
    return found is (pair.op == "==")


def _assign(pair: Pair, event: Event, parent: Parent) -> None:
    def put(found: re.Match[str]) -> str:
        if found[3]:
            return parent.name
        return event.env.get(found[1], "") if found[1] else parent.attributes[found[2]]

    value = _SUBSTITUTION.sub(put, pair.value)
    match pair.key:
        case "ENV":
            event.env[pair.of] = value
        case "SYMLINK":
            event.symlinks.append(value)
        case "TAG":
            event.tags.append(value)
        case "GROUP":
            event.group = value
        case "MODE":
            event.mode = value
