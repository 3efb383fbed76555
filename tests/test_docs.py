"""README and docs: links lead somewhere, quoted commands exist, generated parts are fresh."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from modemd import config
from modemd.cli.help import list_pages
from modemd.cli.main import commands
from modemd.cli.options import CONFIG_VARIABLE
from tests.generated import docs as generated_docs
from tests.generated import man

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
# In a block, a line that calls modemd from PATH or from an environment; in a sentence, between backquotes.
_BLOCK_LINE = re.compile(r"^ *(?:\$ )?((?:\S*/)?modemd +[a-z-].*)$", re.MULTILINE)
_INDENTED = re.compile(r"^ {4}.*$", re.MULTILINE)
_INLINE = re.compile(r"`((?:\S*/)?modemd +[a-z-][^`]*)`")
_PLACEHOLDER = re.compile(r"[A-Z]+|\[.*|.*\]|\||\.\.\.")
_SHELL = ("|", ">", "<", "&", "&&", ";", "#")


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        text = _FENCE.sub("", page.read_text(encoding="utf-8"))
        yield from ((page, target) for target in _LINK.findall(text) if not re.match(r"[a-z]+:", target))


@cache
def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get: small letters, without punctuation, with dashes for spaces."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.exists() and (not anchor or anchor in anchors(file))


def test_every_link_leads_somewhere() -> None:
    """A link between pages names a file that is there, and a heading that is in it."""
    assert [f"{page_id(page)}: {target}" for page, target in links() if not leads_somewhere(page, target)] == []


def quoted_commands() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        prose = _FENCE.sub("", text)
        block_lines = "\n".join([*_FENCE.findall(text), *_INDENTED.findall(prose)])
        yield from ((page, command) for command in _BLOCK_LINE.findall(block_lines) + _INLINE.findall(prose))


def words(command: str) -> list[str]:
    """The arguments of a quoted command, up to what belongs to the shell."""
    found = shlex.split(command)[1:]
    end = next((index for index, word in enumerate(found) if word in _SHELL), len(found))
    return found[:end]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_quoted_command_exists(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the docs tell people to type is a command with options that it has, and values that it takes."""
    monkeypatch.setenv(CONFIG_VARIABLE, "modemd.yaml")
    for command in (command for quoting, command in quoted_commands() if quoting == page):
        try:
            check_quoted_command(words(command))
        except click.ClickException as error:
            raise AssertionError(f"{command}: {error.format_message()}") from error


def check_quoted_command(arguments: list[str]) -> None:
    called: click.Command = commands
    context: click.Context | None = None
    if "--version" in arguments or "--help" in arguments:
        assert arguments in (["--version"], ["--help"])
        return
    placeholders = any(_PLACEHOLDER.fullmatch(word) for word in arguments)
    while isinstance(called, click.Group):
        context = click.Context(called, parent=context, **called.context_settings)
        _, rest, _ = called.make_parser(context).parse_args(list(arguments))
        if not rest:  # the name of a group stands for all of it
            return
        found = called.get_command(context, rest[0])
        assert found is not None, f"{rest[0]} is no command"
        called, arguments = found, rest[1:]
    if not arguments:  # only the name of a command, in a sentence
        return
    if placeholders:
        without = [word.strip("[]") for word in arguments if word not in ("|", "...")]
        called.make_parser(click.Context(called, parent=context, **called.context_settings)).parse_args(without)
    else:
        called.make_context(called.name, arguments, parent=context)


def test_commands_are_found_in_the_docs() -> None:
    """The search for quoted commands finds them, in blocks and in sentences."""
    found = {words(command)[0] for _, command in quoted_commands()}
    assert {"run", "send", "status", "messages", "inbox", "optouts", "explain", "emulate", "phone", "config"} <= found


def test_the_readme_names_the_two_commands_of_a_newcomer() -> None:
    """`make demo` and `make test` come first, and the Makefile has both."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"    make {target}\n" in readme
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_readme_lists_the_dependencies() -> None:
    """Each dependency stands in the README with the reason that pyproject.toml gives."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    names = [re.split(r"[^\w-]", needed)[0] for needed in tomllib.loads(project)["project"]["dependencies"]]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("`", "")
    for name in names:
        reason = re.search(rf'^  "{name}\b[^"]*", +# (.+)$', project, re.MULTILINE)
        assert reason is not None, f"{name} needs a reason in pyproject.toml"
        assert f"| {name} | {reason[1]} |" in readme


def whole_configurations() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for block in _FENCE.findall(page.read_text(encoding="utf-8")):
            if block.startswith("```yaml\ndatabase:"):
                yield page, block.removeprefix("```yaml\n").removesuffix("```")


@pytest.mark.parametrize(
    ("page", "configuration"),
    [pytest.param(*found, id=f"{page_id(found[0])} {index}") for index, found in enumerate(whole_configurations())],
)
def test_every_shown_configuration_can_be_used(tmp_path: Path, page: Path, configuration: str) -> None:
    """A configuration that the docs show whole has no mistakes."""
    path = tmp_path / "modemd.yaml"
    path.write_text(configuration, encoding="utf-8")
    assert config.load(path).database


def test_the_changelog_has_a_place_for_what_comes() -> None:
    """What a user notices is written under Unreleased until it is released."""
    assert "\n## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=page_id)
def test_generated_parts_are_fresh(page: Path) -> None:
    """A table printed from the code is as the code is now."""
    text = page.read_text(encoding="utf-8")
    assert generated_docs.generated(text) == text


def test_the_manual_page_is_fresh() -> None:
    """man/modemd.1 says what the commands say, each of them, and man(1) reads it without a complaint."""
    assert man.PAGE.read_text(encoding="utf-8") == man.manual()
    for command in ("modemd send", "modemd sims list", "modemd modems", "modemd alarms", "modemd help"):
        assert f"\n.SS {command}\n" in man.manual()


def texts() -> str:
    """Every text of the program that is no docstring, and the shipped example."""
    found = [(ROOT / "config.example.yaml").read_text(encoding="utf-8")]
    for path in (ROOT / "modemd").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings)
        found += [node.value for node in constants if isinstance(node.value, str)]
    return "\n".join(found)


def test_every_page_that_a_text_names_is_there() -> None:
    """What remedies and messages say to read, `modemd help` can print, with the section that is named. The folder docs is not
    named: a wheel has it elsewhere."""
    text, pages = texts(), list_pages()
    assert re.search(r"(?<!twilio\.com/)docs/", text) is None
    named = set(re.findall(r"modemd help ([a-z-]+)", text))
    assert {"operating", "configuration"} <= named
    assert named - {"lists"} <= {*pages, *commands.list_commands(click.Context(commands))}
    operating = pages["operating"].read_text(encoding="utf-8")
    sections = re.findall(r'(?:has a section|see) "([A-Z][^"]+)"', text)
    assert "A damaged database" in sections
    for section in sections:
        assert re.search(rf"^#+ {section}$", operating, re.MULTILINE), section


def test_a_stale_part_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--check writes nothing and fails where a generated part is stale; without it, the part is written, once."""
    page = tmp_path / "page.md"
    stale = "before\n<!-- generated: part table -->\nold\n<!-- end -->\nafter\n"
    page.write_text(stale, encoding="utf-8")
    monkeypatch.setattr(generated_docs, "DOCS", tmp_path)
    monkeypatch.setattr(man, "PAGE", tmp_path / "modemd.1")
    assert generated_docs.main(["--check"]) == 1
    assert page.read_text(encoding="utf-8") == stale
    assert generated_docs.main([]) == 0
    assert "| `queued` | claimed | `sending` |" in page.read_text(encoding="utf-8")
    assert (tmp_path / "modemd.1").read_text(encoding="utf-8") == man.manual()
    assert generated_docs.main(["--check"]) == 0
