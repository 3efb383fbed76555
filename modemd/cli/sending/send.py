"""`modemd send`: one message, one for each of several recipients, or every row of a CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from modemd.cli import options
from modemd.cli.client import post_json, warn_without_daemon
from modemd.cli.output import count_parts, echo, print_json, print_warnings, printable
from modemd.cli.sending.batches import explain_unlisted
from modemd.cli.sending.csv_upload import post_rows, preview_rows
from modemd.cli.sending.estimates import print_estimate, print_preview
from modemd.cli.sending.waiting import parse_wait, wait_for_outcomes
from modemd.cli.show.times import format_time
from modemd.config import Settings, load
from modemd.errors import Refused
from modemd.rules.refusals import RefusalCode

# Wrong rows of a CSV that are printed, a line each.
MOST_PROBLEMS = 20


@options.command()
@options.config_file
@click.option(
    "--to",
    multiple=True,
    help="The recipient: +33612345678, or a national number of the configured country. Write the option once for each "
    "recipient.",
)
@options.text("The text of the message.", required=False)
@options.purpose
@click.option("--at", help="The earliest time to send: 2026-11-22T18:30, or 18:30, which is the next 18:30.")
@options.valid
@options.window
@click.option("--sim", help="The only SIM that may send it, by its ICCID. Without this option, modemd chooses.")
@options.subscribers
@options.answers
@click.option("--key", help="Your own name for the message or the CSV, so that modemd sends it only once.")
@options.no_report
@options.short_code
@click.option(
    "--csv", "csv_file", help="A file with the columns to,text,class[,at,key,list]. Write - for standard input."
)
@click.option("--to-column", help="The column of the CSV that has the recipients, if it is not named to.")
@click.option("--text-column", help="The column of the CSV that has the texts, if it is not named text.")
@click.option("--dedupe", is_flag=True, help="If several rows of the CSV have the same number, send only the first.")
@click.option("--dry-run", is_flag=True, help="Print parts, duration and cost. Send and store nothing.")
@click.option("--wait", callback=parse_wait, help="Wait for the outcome, at most this long: 60s, 5min. Not with --csv.")
@options.as_json
def send(
    config: Path,
    to: tuple[str, ...],
    text: str | None,
    message_class: str,
    at: str | None,
    valid: str | None,
    window: str | None,
    sim: str | None,
    list_name: str | None,
    answers: list[str] | None,
    key: str | None,
    no_report: bool,
    short_code: bool,
    csv_file: str | None,
    to_column: str | None,
    text_column: str | None,
    dedupe: bool,
    dry_run: bool,
    wait: float | None,
    as_json: bool,
) -> None:
    """Send a message, or every row of a CSV.

    If the command ends with 0, all accepted messages are on disk. The daemon sends them as soon as it can. With --wait, the
    exit status says the outcome: 0 sent, 1 failed, 3 not known yet.

    With --csv, the options --text, --class, --at, --valid, --window, --sim, --list, --answers, --no-report and --short-code are
    for all rows that have no value of their own.
    """
    if wait is not None and (dry_run or csv_file is not None):
        raise click.UsageError("--wait is for messages that are sent now; modemd batches shows what became of a CSV")
    settings = load(config)
    new: dict[str, object] = {"text": text, "at": at, "valid": valid, "window": window, "sim": sim, "list": list_name}
    new |= {"report": False if no_report else None, "short_code": short_code or None}
    if csv_file is not None:
        if to:
            raise click.UsageError("--to cannot be used with --csv, whose rows have the recipients")
        new |= {"class": message_class if options.is_given("message_class") else None}
        new |= {"answers": ",".join(answers) if answers else None}
        new |= {"to_column": to_column, "text_column": text_column, "dedupe": dedupe or None}
        _send_file(settings, csv_file, new, key, dry_run=dry_run, as_json=as_json)
        return
    if to_column or text_column or dedupe:
        raise click.UsageError("--to-column, --text-column and --dedupe need --csv")
    if not to or text is None:
        raise click.UsageError("needs --to and --text, or --csv")
    if len(to) > 1 and key is not None:
        raise click.UsageError("--key belongs to one message; it cannot be used with several --to")
    new |= {"answers": answers or []}
    new |= {"to": to[0] if len(to) == 1 else to, "class": message_class, "key": key}
    if dry_run:
        print_preview(post_json(settings, "/v1/messages/preview", new), settings.timezone, as_json=as_json)
        return
    answer = post_json(settings, "/v1/messages", new)
    warn_without_daemon(settings)
    messages = answer if isinstance(answer, list) else [answer]
    status = 1 if all(message["state"] == "refused" for message in messages) else 0
    if wait is not None and not status:
        if not as_json:
            _print_submitted(settings, messages)
        messages, status = wait_for_outcomes(settings, messages, wait)
    print_answer(settings, messages if isinstance(answer, list) else messages[0], as_json, is_outcome=wait is not None)
    sys.exit(status)


def _send_file(
    settings: Settings, name: str, new: dict[str, object], key: str | None, *, dry_run: bool, as_json: bool
) -> None:
    rows, show = _read_csv(name), sys.stderr.isatty() and not as_json
    try:
        if dry_run:
            print_preview(
                preview_rows(settings, rows, new | {"key": key}, show=show), settings.timezone, as_json=as_json
            )
            return
        batch = post_rows(settings, rows, new, key, show=show)
        warn_without_daemon(settings)
    except Refused as error:
        if error.problems:
            _fail_with_problems(error)
        raise
    _print_batch(settings, batch, as_json)


def _read_csv(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}") from error


def _fail_with_problems(error: Refused) -> NoReturn:
    """Prints the first wrong rows of a CSV, a line each, and how many more there are. Exits with 1."""
    count = len(error.problems)
    echo(f"modemd: nothing was accepted; {count} {'problem' if count == 1 else 'problems'}:", err=True)
    for problem in error.problems[:MOST_PROBLEMS]:
        echo(f"modemd: {printable(problem)}", err=True)
    if count > MOST_PROBLEMS:
        echo(f"modemd: and {count - MOST_PROBLEMS} more", err=True)
    if any("no column" in problem for problem in error.problems):
        echo(
            "modemd: --to-column and --text-column name columns; --text and --class say it for all rows without one",
            err=True,
        )
    sys.exit(1)


def print_accepted(settings: Settings, message: dict[str, Any], as_json: bool) -> None:
    """Prints a submitted message and its warnings. Exits with 1 if consent refused it."""
    print_answer(settings, message, as_json)
    if message["state"] == "refused":
        sys.exit(1)


def print_answer(
    settings: Settings, answer: dict[str, Any] | list[dict[str, Any]], as_json: bool, *, is_outcome: bool = False
) -> None:
    """Prints a submitted message, or several. `is_outcome`: for people, print only what became of them."""
    messages = answer if isinstance(answer, list) else [answer]
    if as_json:
        print_json(answer)
    elif is_outcome:
        for message in messages:
            reason = f" ({printable(message['reason'])})" if message["reason"] else ""
            echo(f"message {message['id']}{_name_recipient(message, messages)} {message['state']}{reason}")
        return
    _print_submitted(settings, messages, is_quiet=as_json)


def _print_submitted(settings: Settings, messages: list[dict[str, Any]], *, is_quiet: bool = False) -> None:
    """Prints submitted messages, with their warnings and refusals on stderr; with `is_quiet`, only these."""
    for message in messages:
        print_warnings(message["warnings"])
        to = _name_recipient(message, messages)
        if message["state"] == "refused":
            echo(f"modemd: message {message['id']}{to} refused: {explain_reason(message['reason'])}", err=True)
        elif not is_quiet:
            known = ", already known by its key" if message["again"] else ""
            until = f" until {format_time(message['until'], settings.timezone)}" if message["until"] else ""
            why = f": {explain_reason(message['reason'])}" if message["reason"] in set(RefusalCode) else ""
            echo(f"message {message['id']}{to} {message['state']}{until} ({count_parts(message['parts'])}{known}){why}")


def explain_reason(reason: str) -> str:
    """Returns the reason of a message, with its sentence if a rule gave it."""
    return f"{reason} ({RefusalCode(reason).sentence})" if reason in set(RefusalCode) else printable(reason)


def _name_recipient(message: dict[str, Any], messages: list[dict[str, Any]]) -> str:
    return f" to {message['to']}" if len(messages) > 1 else ""


def _print_batch(settings: Settings, batch: dict[str, Any], as_json: bool) -> None:
    """Prints a batch with its warnings, refusals and estimate. Exits with 1 if no row was accepted."""
    if as_json:
        print_json(batch)
    elif batch["repeated"]:
        echo(f"batch {batch['id']}, already known by its key: its {batch['rows']} rows are not sent again")
    else:
        again = f"; {batch['again']} not sent again, known by their keys" if batch["again"] else ""
        left_out = f", {batch['left_out']} left out" if batch["left_out"] else ""
        echo(f"batch {batch['id']}: {batch['accepted']} accepted, {batch['refused']} refused{left_out}{again}")
    print_warnings(batch["warnings"])
    for message in batch["refusals"]:
        echo(
            f"modemd: message {message['id']} to {message['to']} refused: {explain_reason(message['reason'])}", err=True
        )
    if more := explain_unlisted(batch):
        echo(f"modemd: {more}", err=True)
    if batch["estimate"] is not None and batch["estimate"]["messages"] and not as_json:
        print_estimate(batch["estimate"], settings.timezone)
    if not batch["accepted"]:
        sys.exit(1)
