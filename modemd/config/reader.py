"""Reader of a strict subset of YAML that keeps the position of every value.

PyYAML's defaults turn an unquoted `+33612345678` into a number without its plus, `0123` into 83, `12:30` into 750 and
`no` into False, and silently take the second of two equal keys. Here only `true`, `false`, `null`, plain integers and
plain decimals are more than text, and a key written twice is an error.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any

import yaml

from modemd.light_dataclass import dataclass

KeyPath = tuple[str | int, ...]  # ("modems", 0, "port")


@dataclass(frozen=True, slots=True, order=True)
class SourcePosition:
    """Position in the file; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: its position, its key (empty for the file as a whole), and what is wrong."""

    position: SourcePosition
    path: KeyPath
    message: str


@dataclass(slots=True)
class Document:
    """Contents of a file, the positions of its values and keys, and its mistakes as YAML."""

    data: Any = None
    values: dict[KeyPath, SourcePosition] = field(default_factory=dict)
    keys: dict[KeyPath, SourcePosition] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def position(self, path: KeyPath) -> SourcePosition:
        """Returns the position of the value at `path`; if there is none, that of the nearest value above it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, SourcePosition(1, 1))


class _Loader(yaml.SafeLoader):
    """YAML loader that knows only the forms below, and refuses aliases."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own spelling of "none of the usual ones")

    def compose_node(self, parent: Any, index: Any) -> Any:
        # An alias can contain itself, or make a small file huge: neither is a configuration.
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not supported", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


_FORMS: tuple[tuple[str, str, str], ...] = (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~"),
    ("int", r"-?(?:0|[1-9][0-9]{0,17})", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?", "-0123456789"),
)
for _tag, _pattern, _first in _FORMS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), [*_first] + ([""] if _tag == "null" else [])
    )


def read(octets: bytes) -> Document:
    """Returns the document in `octets`. Never raises: mistakes are in `problems`, and `data` is None if nothing can be read."""
    document = Document()
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = octets[: error.start]
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        place = SourcePosition(before.count(b"\n") + 1, column)
        return _broken(place, f"byte 0x{octets[error.start]:02x} is not UTF-8; save the file as UTF-8")
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.reader.ReaderError as error:
        before_text = text[: error.position]
        place = SourcePosition(before_text.count("\n") + 1, error.position - (before_text.rfind("\n") + 1) + 1)
        return _broken(place, f"character U+{ord(text[error.position]):04X} is not allowed in YAML")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = SourcePosition(mark.line + 1, mark.column + 1) if mark else SourcePosition(1, 1)
        return _broken(place, _in_plain_words(error))
    except RecursionError:
        return _broken(SourcePosition(1, 1), "nested too deeply to be a configuration")
    if root is not None:
        document.data = _build(root, (), document)
    return document


def _broken(place: SourcePosition, message: str) -> Document:
    return Document(problems=[Problem(place, (), message)])


def _in_plain_words(error: yaml.MarkedYAMLError) -> str:
    """Returns PyYAML's message as one line, with a hint for the most frequent mistakes."""
    message = str(error.problem or error.context or "not YAML")
    if "\\t" in message:
        return "a tab; YAML is indented with spaces"
    if "mapping values are not allowed" in message:
        return "a second ': ' on one line, or a line indented too far; put quotes round a text that contains ': '"
    if "but found another document" in message:
        return "a second document ('---'); the configuration is one document"
    return message


def _build(node: yaml.Node, path: KeyPath, document: Document) -> Any:
    """Returns the value of a node, and stores the positions inside it in `document`."""
    document.values[path] = _start(node)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, index), document) for index, item in enumerate(node.value)]
    return _scalar(node, path, document)


def _mapping(node: yaml.MappingNode, path: KeyPath, document: Document) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            document.problems.append(Problem(_start(key_node), path, "a key must be one plain word"))
            continue
        key: str = key_node.value  # as written: a key is a name, so 8933... and +1 stay what they look like
        here = (*path, key)
        if key in mapping:
            first = document.keys[here].line
            message = f"written twice, first in line {first}; remove one"
            document.problems.append(Problem(_start(key_node), here, message))
            continue
        document.keys[here] = _start(key_node)
        mapping[key] = _build(value_node, here, document)
    return mapping


def _scalar(node: yaml.Node, path: KeyPath, document: Document) -> Any:
    text: str = node.value
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    try:
        match kind:
            case "str":
                return text
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}[text]
    except (ValueError, KeyError):  # only an explicit tag gets here: !!int abc
        pass
    document.problems.append(Problem(_start(node), path, f"the tag {node.tag} is not supported here; remove it"))
    return None


def _start(node: yaml.Node) -> SourcePosition:
    return SourcePosition(node.start_mark.line + 1, node.start_mark.column + 1)
