"""The oddities of docs/emulator-commands.md: each is a value of a family's file, and a sentence for it."""

from __future__ import annotations

from collections.abc import Callable

from modemd.emulator import Family, families
from tests.generated.markdown import code, table

Told = Callable[[Family], str]
"""What is said of a family; nothing where it has not this oddity."""


def oddities() -> str:
    """What a host meets in one family and not in others, family by family."""
    return table(
        ("family", "is odd in that"),
        ((f"`{name}`", _told(family) or "nothing more") for name, family in families.items()),
    )


def _told(family: Family) -> str:
    return "; ".join(said for tell in TOLD if (said := tell(family)))


def _when(true: object, said: str) -> str:
    return said if true else ""


def _full(family: Family) -> str:
    storage = family.storage
    needs = f" where `AT{storage.full_notice_needs}` asked for it" if storage.full_notice_needs else ""
    return _when(storage.full_notice, f"`{storage.full_notice.format(memory='SM')}` tells of a full store{needs}")


def _refused(family: Family) -> str:
    refused = [f"`AT{typed}` gets `{result}`" for typed, result in family.refusals.items()]
    return ", ".join(refused)


def _boot(family: Family) -> str:
    needs = sorted({line.needs for line in family.boot.lines if line.needs})
    return _when(needs, f"tells of its start where {code(f'AT{one}' for one in needs)} asked for it")


TOLD: tuple[Told, ...] = (
    lambda family: _when(family.commands.unanswered, f"never answers {code(family.commands.unanswered)}"),
    lambda family: _when(
        family.commands.without_ok, f"ends {code(f'AT{one}' for one in family.commands.without_ok)} without `OK`"
    ),
    lambda family: _when(
        family.commands.before_unlock,
        f"knows only {code(family.commands.before_unlock)} until the SIM is read and open",
    ),
    _refused,
    lambda family: _when(family.commands.function_waits, "refuses `+CFUN` until the SIM is read"),
    lambda family: _when(
        family.commands.function_form != "{function}",
        f"reads `+CFUN: {family.commands.function_form.format(function=1)}`",
    ),
    lambda family: _when(
        family.commands.slow,
        f"answers {code(f'AT{one}' for one in family.commands.slow)} after {family.commands.slow_s:g} s",
    ),
    lambda family: _when(len(family.dialogue.lead) > len("\r\n"), "prints a blank line too many"),
    lambda family: _when(
        family.dialogue.line_end == "\r", "ends each line with CR alone, the prompt too, and begins none"
    ),
    lambda family: _when(family.chatter.before_echo, f"says `{family.chatter.before_echo}` before some echoes"),
    lambda family: _when(not family.dialogue.echo, "has its echo off at the start"),
    lambda family: _when(
        family.dialogue.creg_levels == (2,), "`AT+CREG=0` is OK, and the level stays 2: notices with the cell go on"
    ),
    lambda family: _when(
        family.dialogue.cell.startswith(" "), f"writes `+CREG: 2,1,{family.dialogue.cell}`, with blanks"
    ),
    lambda family: _when(family.dialogue.shows_cell, "`+CREG?` has the cell at every level"),
    lambda family: _when(
        family.dialogue.charsets[0] == "UCS2",
        "is in UCS2 from the start: strings of `+CSCA`, `+COPS` and `+CNUM` are hex",
    ),
    lambda family: _when("{ef_iccid}" in str(family.replies), "tells the ICCID with its digits swapped"),
    lambda family: _when(
        family.dialogue.cms_texts != "never",
        "says `+CMS ERROR` in words" + _when(family.dialogue.cms_texts == "asked", " with `+CMEE=2`"),
    ),
    lambda family: _when(family.causes, "has numbers of its own for a network's refusals (354 for 21)"),
    lambda family: _when(
        family.boot.busy_cms != 314, f"says {family.boot.busy_cms} while its SIM is not ready, not 314 and 14"
    ),
    lambda family: _when(
        family.storage.together != 3, f"`+CPMS` takes {family.storage.together} memories, and more are an error"
    ),
    lambda family: _when(
        not family.storage.memories, "stores no messages: the network keeps what is not handed over (`+CMT`, `+CDS`)"
    ),
    lambda family: _when(family.storage.names_all, "`+CPMS` must name all memories; else it is an error"),
    lambda family: _when(family.storage.empty_line, f"shows an empty slot as `{family.storage.empty_line}`"),
    lambda family: _when(
        family.storage.empty_list, f"answers `+CMGL` of an empty memory with `{family.storage.empty_list}`"
    ),
    lambda family: _when(
        family.storage.received, f"receives into {code(family.storage.received)} only, the third of `+CPMS`"
    ),
    lambda family: _when(family.storage.joined != ("SM", "ME"), f"`MT` is {code(family.storage.joined)}"),
    lambda family: _when(family.storage.lists_unmarked, "`AT+CMGL=4,1` leaves messages unread"),
    lambda family: _when(family.storage.listed != "{index},{status},,{length}", "`+CMGL` and `+CMGR` show no status"),
    lambda family: _when(family.storage.damages_reports, "stored reports have junk before them and no end"),
    _full,
    lambda family: _when(
        "{" not in family.notify.report_notice, f"a stored report is told of as `{family.notify.report_notice}`, always"
    ),
    lambda family: _when(
        family.notify.message_header != "+CMT: ,{length}",
        f"`{family.notify.message_header.format(number='+336...', length='n')}` precedes a message",
    ),
    lambda family: _when("," in family.notify.report_header, "`+CDS:` has a comma too many"),
    lambda family: _when(family.notify.routing_needs_service, "routes messages and reports only with `+CSMS=1`"),
    lambda family: _when(
        family.notify.awaits_acknowledgement, "messages and reports wait for `+CNMA`, without `+CSMS=1`"
    ),
    lambda family: _when(
        any(family.notify.at_start[:4]), f"begins with `+CNMI: {','.join(map(str, family.notify.at_start))}`"
    ),
    lambda family: _when(
        family.notify.services != (0, 1), f"`+CSMS` takes {' and '.join(map(str, family.notify.services))}"
    ),
    lambda family: _when(not family.notify.bfr, "`+CNMI` has four values"),
    lambda family: _when(
        len(family.notify.bfr) == 1, f"the fifth value of `+CNMI` must be {max(family.notify.bfr, default=0)}"
    ),
    lambda family: _when(family.notify.omitted_are_zero, "what `AT+CNMI=` leaves out becomes 0"),
    lambda family: _when(family.notify.push_notice, f"ends `+CMTI` with `{family.notify.push_notice}` for a WAP push"),
    lambda family: _when(not family.notify.acknowledges_by_pdu, "takes no PDU with `+CNMA`"),
    lambda family: _when(
        family.dialogue.link_pause_s,
        f"refuses `+CMMS` for {family.dialogue.link_pause_s:g} s after it was read (500)",
    ),
    lambda family: _when(family.dialogue.csmp_forgets_centre, "`AT+CSMP=` empties `+CSCA`"),
    lambda family: _when(family.dialogue.answers_when_sent, "with `+CSMS=1`, `+CMGS` gives the time too"),
    lambda family: _when(
        family.dialogue.guard_s,
        f"loses notices while it serves a command that came within {family.dialogue.guard_s * 1000:g} ms of a result",
    ),
    lambda family: _when(
        family.dialogue.sends_blind,
        f"with `AT{family.dialogue.sends_blind}`, `OK` follows the prompt, no `+CMGS` comes, and a refused message "
        "freezes the port",
    ),
    _boot,
    lambda family: _when(family.voice.refused_while_sending, "refuses calls during `+CMGS`"),
    lambda family: _when(family.voice.missed, "tells of missed calls"),
)
