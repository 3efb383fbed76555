"""`modemd consent opt-out` and `modemd consent opt-in`: what a person enters who learnt of it in another way than by SMS."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from modemd.accounts import current_user_name
from modemd.cli import options
from modemd.cli.client import post_json, quote_number
from modemd.cli.output import echo, print_json, printable
from modemd.cli.show.times import parse_moment
from modemd.config import load
from modemd.service.consent.entries import LARGEST_EVIDENCE, OPT_IN_CHANNELS, OPT_OUT_CHANNELS

by = click.option("--by", default=current_user_name, help="Who enters it. Without this option, the user of this shell.")


def _proof_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that an opt-out and an opt-in share."""
    for option in (
        by,
        click.option("--language", help="The language of the contact, such as fr."),
        click.option("--at", help="When it was said. Without an offset, in your configured time zone."),
        click.option(
            "--evidence-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="A file that proves it, at most 1 MiB, such as a scanned letter. It is stored.",
        ),
        click.option("--list", "list", help="The list of subscribers. Without this option, all marketing."),
        click.option("--evidence", required=True, help="What proves it, in words."),
    ):
        command = option(command)
    return command


@options.command("opt-out")
@options.config_file
@click.argument("number")
@click.option(
    "--channel", required=True, type=click.Choice(tuple(map(str, OPT_OUT_CHANNELS))), help="How you learnt of it."
)
@_proof_options
@options.as_json
def opt_out(config: Path, number: str, as_json: bool, **given: Any) -> None:
    """Enter an opt-out that came by mail, phone or letter.

    It has the effect of a STOP, at once: marketing that waits is cancelled. No SMS is sent.
    """
    found = _post(config, number, "opt-out", given)
    if as_json:
        print_json(found)
        return
    told = "is opted out" if found["changed"] else "was opted out before; this is stored, too"
    echo(f"{printable(found['number'])} {told}; {found['withdrawn']} messages that waited are cancelled")


@options.command("opt-in")
@options.config_file
@click.argument("number")
@click.option(
    "--channel", required=True, type=click.Choice(tuple(map(str, OPT_IN_CHANNELS))), help="How the person agreed."
)
@click.option("--basis", required=True, help="The legal basis, such as consent.")
@click.option("--wording", help="The text that the person was shown, word by word.")
@click.option("--wording-version", help="Your own name for the version of this text.")
@click.option("--wording-language", help="The language of this text.")
@click.option("--url", help="The address of the form.")
@click.option("--ip", help="The IP address of the person.")
@click.option("--user-agent", help="The browser of the person.")
@click.option("--contact-id", help="The person's id in another system.")
@_proof_options
@options.as_json
def opt_in(config: Path, number: str, as_json: bool, **given: Any) -> None:
    """Store that a person has agreed to marketing, with the proof.

    If the number has opted out, this ends it only with --at, if that is later than the opt-out.
    """
    found = _post(config, number, "opt-in", given)
    if as_json:
        print_json(found)
        return
    told = "is opted in" if found["changed"] else "was opted in before; this is stored, too"
    echo(f"{printable(found['number'])} {told}")


def _post(config: Path, number: str, what: str, given: dict[str, Any]) -> Any:
    settings = load(config)
    file: Path | None = given.pop("evidence_file")
    content = _read_evidence(file) if file is not None else b""
    attached = {"name": file.name, "content": base64.b64encode(content).decode()} if file is not None else None
    entry = given | {"at": parse_moment(given["at"], settings.timezone), "evidence_file": attached}
    return post_json(settings, f"/v1/consent/numbers/{quote_number(number)}/{what}", entry)


def _read_evidence(path: Path) -> bytes:
    """Returns the content of a file of evidence; of a larger one no more than shows that. UsageError if it cannot be read,
    or is no regular file: a device may never end."""
    try:
        if not path.is_file():
            path.stat()
            raise click.UsageError(f"{path}: this is no regular file")
        with path.open("rb") as file:
            return file.read(LARGEST_EVIDENCE + 1)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from error
