"""`modemd pdu`: decodes and encodes PDUs, and plans texts. Needs no configuration, no database and no modem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from modemd import pdu as codec
from modemd.cli import options
from modemd.cli.output import echo, print_json, printable

_width = click.option(
    "--reference-width", default="8", show_default=True, type=click.Choice(["8", "16"]),
    help="The size in bits of the reference that joins the parts.",
)  # fmt: skip
_national = click.option("--national", is_flag=True, help="Use national language tables if they save parts.")


@options.group()
def pdu() -> None:
    """Decode and encode PDUs, and show how a text would be sent."""


@pdu.command()
@click.argument("hex", nargs=-1, required=True)
@click.option(
    "--direction", default="incoming", show_default=True, type=click.Choice([way.value for way in codec.Direction]),
    help="incoming: a PDU that a modem received. outgoing: a PDU for AT+CMGS.",
)  # fmt: skip
@click.option("--no-smsc", is_flag=True, help="HEX is only the TPDU, without the address of the service centre.")
@options.as_json
def decode(hex: tuple[str, ...], direction: str, no_smsc: bool, as_json: bool) -> None:
    """Explain every octet of a PDU: offset, hex, field, meaning. Spaces in HEX do not matter.

    If the PDU cannot be read, the command ends with 1 and prints one line: the field, the octet and the reason. Octets
    count from the start of the TPDU, after the address of the service centre.
    """
    rows = codec.explain(_octets("".join(hex)), codec.Direction(direction), smsc=not no_smsc)
    if as_json:
        print_json([{"offset": row.offset, "hex": row.hex, "field": row.field, "meaning": row.meaning} for row in rows])
        return
    # Not `print_table`, which cuts long values.
    widest = max(len(row.field) for row in rows)
    for row in rows:
        shown = f"{row.offset:4d}  {row.field:<{widest}}  {printable(row.meaning)}"
        echo(f"{shown}\n      {row.hex}" if row.octets else shown)


@pdu.command()
@click.option("--to", required=True, help="The recipient: +33612345678, a short code, or a name.")
@options.text("The text.")
@click.option("--report", is_flag=True, help="Ask for a delivery report.")
@click.option("--class", "message_class", type=click.IntRange(0, 3), help="The message class; 0 is a flash message.")
@click.option(
    "--reference", default=0, show_default=True, type=click.IntRange(min=0), help="The reference that joins the parts."
)
@_width
@_national
@options.as_json
def encode(
    to: str,
    text: str,
    report: bool,
    message_class: int | None,
    reference: int,
    reference_width: str,
    national: bool,
    as_json: bool,
) -> None:
    """Encode a text as PDUs. Print for each part the AT+CMGS command, and the PDU for the prompt.

    The address of the service centre is 00: the modem takes the one in the SIM.
    """
    if reference >> int(reference_width):
        raise click.BadParameter(f"must fit into {reference_width} bits", param_hint="--reference")
    parts = codec.compose(
        to,
        codec.compose_letters(text),
        reference=reference,
        reference_width=int(reference_width),
        report_requested=report,
        message_class=message_class,
        national=national,
    )
    tpdus = [part.encode() for part in parts]
    if as_json:
        print_json(
            [
                {"part": number, "tpdu_length": len(tpdu), "pdu": codec.frame(tpdu).hex().upper()}
                for number, tpdu in enumerate(tpdus, start=1)
            ]
        )
        return
    for tpdu in tpdus:
        echo(f"AT+CMGS={len(tpdu)}\n{codec.frame(tpdu).hex().upper()}")


@pdu.command()
@options.text("The text.")
@_width
@_national
@options.as_json
def plan(text: str, reference_width: str, national: bool, as_json: bool) -> None:
    """Show how a text would be sent.

    The command prints the alphabet, the parts, the free room in each part, and the characters that make the text longer.
    """
    planned = codec.plan(codec.compose_letters(text), reference_width=int(reference_width), national=national)
    if as_json:
        print_json(_document(planned))
        return
    unit = {codec.Alphabet.GSM7: "septets", codec.Alphabet.UCS2: "UTF-16 units"}[planned.alphabet]
    echo(f"{planned.alphabet.name}, {_parts(planned.parts)}")
    for number, segment in enumerate(planned.segments, start=1):
        echo(f"part {number}: {segment.units} {unit}, room for {segment.room} more")
    if planned.foreign:
        echo(f"not in the GSM 7 bit alphabet: {_listed(planned.foreign)}")
    if (offer := planned.offer) is not None:
        swaps = ", ".join(f"{_with_code(swap.character)} -> {swap.by!r}" for swap in offer.replaced)
        echo(f"{offer.alphabet.name}, {_parts(offer.parts)} ({offer.saved} fewer) with {swaps}")


def _document(planned: codec.Plan) -> dict[str, Any]:
    offer = planned.offer
    return {
        "alphabet": planned.alphabet.value,
        "parts": planned.parts,
        "units": list(planned.units),
        "room": [segment.room for segment in planned.segments],
        "locking": planned.locking,
        "single": planned.single,
        "foreign": [{"offset": each.offset, "character": each.character} for each in planned.foreign],
        "offer": None
        if offer is None
        else {
            "text": offer.text,
            "alphabet": offer.alphabet.value,
            "parts": offer.parts,
            "saved": offer.saved,
            "replaced": [
                {"offset": each.offset, "character": each.character, "by": each.by} for each in offer.replaced
            ],
        },
    }


def _parts(count: int) -> str:
    return "1 part" if count == 1 else f"{count} parts"


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise click.BadParameter(
            "must be octets of two hex digits each, such as 0001000B91...", param_hint="HEX"
        ) from None


def _listed(foreign: Sequence[codec.Foreign]) -> str:
    return ", ".join(f"{_with_code(each.character)} at {each.offset}" for each in foreign)


def _with_code(character: str) -> str:
    """Returns a character with its code, since it may be invisible."""
    codes = " ".join(f"U+{ord(each):04X}" for each in character)
    shown = printable(character)
    return f"{character} ({codes})" if shown == character else shown
