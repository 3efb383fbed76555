"""The tables of docs/emulator.md and docs/emulator-commands.md: what was answered when every family was asked."""

from __future__ import annotations

import re

from modemd.emulator import Family, families
from modemd.emulator.device.commands import COMMANDS
from modemd.emulator.device.settings import Settings
from tests.emulator.bench import Bench
from tests.generated.markdown import code, table

YES, NO, NEVER, UNFINISHED = "yes", "", "never answers", "without OK"
FORMS = ("=?", "?", "")
"""The forms a command is asked in: test, read, execution. The last may act, so each command has a device of its own."""

VALUES = {"E": "0", "V": "1", "Q": "0", "S3": "?", "S4": "?"}
"""What is written after a basic command that would change how its answer looks."""


def command_table() -> str:
    """Every shared command, and what each family says to it."""
    rows = [(f"`{command}`", *(asked(name, command) for name in families)) for command in sorted(COMMANDS, key=_order)]
    return table(("command", *(f"`{name}`" for name in families)), rows)


def asked(name: str, command: str) -> str:
    """How the family answers the command: YES where any of its forms gets another answer than nonsense does."""
    answers = [_answer(name, command + form) for form in (FORMS if command[0] in "+^" else ("",))]
    if not any(answers):
        return NEVER
    unknown = _answer(name, "+NONSENSE")
    if all(answer == unknown for answer in answers):
        return NO
    ended = [answer for answer in answers if answer != unknown]
    return YES if all(re.search(r"(OK|ERROR.*|NO CARRIER|> )$", answer) for answer in ended) else UNFINISHED


def _answer(name: str, typed: str) -> str:
    bench = Bench(name)
    bench.host.ask("ATE0+CMEE=1")
    return bench.host.say(f"AT{typed}{VALUES.get(typed, '')}\r".encode(), 1.0).decode("latin-1").strip("\r\n")


def _order(command: str) -> tuple[bool, str]:
    return command[0] in "+^", command


def differing_answers() -> str:
    """The test forms that families answer differently, each answer with those that give it."""
    rows = []
    for command in sorted(COMMANDS, key=_order):
        if not command.startswith("+"):
            continue
        said: dict[str, list[str]] = {}
        for name in families:
            if (answer := _answer(name, f"{command}=?")) != _answer(name, "+NONSENSE"):
                said.setdefault(" ".join(answer.split()), []).append(name)
        if len(said) > 1:
            rows += [(f"`{command}=?`", code([answer]), code(names)) for answer, names in said.items()]
    return table(("asked", "answered", "by"), rows)


def own_commands() -> str:
    """What only some families have: replies of their own, switches, and ways to restart and to switch off."""
    return table(
        ("family", "answers", "switches", "restarts", "switches off"),
        (
            (
                f"`{name}`",
                code(family.replies),
                code(f"{switch}={'|'.join(values)}" for switch, values in family.switches.items()),
                code(family.commands.restarts),
                code(family.commands.powers_off),
            )
            for name, family in families.items()
        ),
    )


def family_facts() -> str:
    """What a host must know of each family, in a line."""
    headings = (
        "family",
        "stands for",
        "unknown command",
        "first slot",
        "empty slot",
        "memories",
        "reports",
        "at a restart",
        "begins",
        "keeps",
        "TP-MR",
        "USSD",
        "says by itself",
    )
    return table(headings, (_facts(name, family) for name, family in families.items()))


def _facts(name: str, family: Family) -> tuple[str, ...]:
    dialogue, storage = family.dialogue, family.storage
    fresh = Settings.fresh(family)
    return (
        f"`{name}`",
        f"{family.identity.manufacturer.strip()} {family.identity.model.strip()}",
        f"`{dialogue.unknown}`",
        str(storage.index_base) if storage.memories else "",
        f"`{storage.empty_slot or 'OK'}`" if storage.memories else "",
        code(storage.memories, " ") or "none",
        _reports(family),
        f"port away for {family.boot.gone_s:g} s" if dialogue.usb else "port stays",
        ("text mode" if fresh.text_mode else "PDU mode") + f", `+CMEE: {fresh.error_level}`",
        code(dialogue.keeps, " ") or ("what `AT&W` saved" if dialogue.keeps_settings else ""),
        {"counts": "counts on", "restarts": "from 0 after each", "repeats": "the host's own", "zero": "0 always"}[
            dialogue.references
        ],
        {"plain": "plain", "packed_hex": "hex of packed septets", "charset": "in `+CSCS`"}[family.ussd.coding],
        code(line.say.split(":")[0].split("{")[0] for line in family.chatter.lines)
        + (f" until `AT{family.chatter.silenced_by}`" if family.chatter.silenced_by else ""),
    )


def _reports(family: Family) -> str:
    notify = family.notify
    told = {
        1: f"1: `{notify.report_header.format(length='n')}`"
        + (" with `+CSMS=1`" if notify.routing_needs_service else ""),
        2: f"2: `{notify.report_notice.format(memory=notify.report_memory, index='n')}`",
    }
    ways = [told[ds] for ds in notify.ds if ds]
    offered = notify.offered.split("),")[3] if notify.offered.count(")") > 3 else ""
    refused = [str(ds) for ds in (1, 2) if ds not in notify.ds and str(ds) in _numbers(offered)]
    return ", ".join(ways) + (f"; {', '.join(refused)} is offered and refused" if refused else "")


def _numbers(offered: str) -> set[str]:
    if spread := re.search(r"(\d)-(\d)", offered):
        return {str(number) for number in range(int(spread[1]), int(spread[2]) + 1)}
    return set(re.findall(r"\d", offered))
