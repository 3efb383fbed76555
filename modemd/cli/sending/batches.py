"""`modemd batches`, and decisions about a whole batch: what became of the rows of files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.output import echo, print_json, print_sentence, print_table, printable
from modemd.cli.sending.csv_upload import OWN_KEY
from modemd.cli.show.progress import show_progress
from modemd.cli.show.times import format_time
from modemd.config import Settings, load

COLUMNS = ("id", "state", "reason", "accepted_at", "rows", "accepted", "refused", "again", "messages", "key")
# The least important first, if the terminal is too narrow.
SPARE = ("again", "key", "refused", "accepted", "rows")
# A large batch goes in small steps.
DECISION_S = 3600.0
_DONE = {"cancel": "cancelled", "pause": "paused", "resume": "resumed"}


@options.command()
@options.config_file
@click.option("--id", type=click.IntRange(min=1), help="Only this batch, with the states of its messages.")
@options.limit
@options.as_json
def batches(config: Path, id: int | None, limit: int, as_json: bool) -> None:
    """Show the batches, newest first."""
    settings = load(config)
    if id is not None:
        batch = call_api(settings, "GET", f"/v1/batches/{id}")
        if as_json:
            print_json(batch)
        else:
            _print_batch(settings, batch)
        return
    rows = call_api(settings, "GET", "/v1/batches", query={"limit": limit})
    if as_json:
        print_json(rows)
    elif not rows:
        echo("no batches")
    else:
        print_table([_make_row(settings, row) for row in rows], COLUMNS, spare=SPARE)


def _make_row(settings: Settings, batch: dict[str, Any]) -> dict[str, Any]:
    """Returns a batch as a row of the table."""
    accepted_at = format_time(batch["accepted_at"], settings.timezone) if batch["accepted_at"] else None
    reason = "cancelled" if batch["reason"] is None and batch["decision"] == "cancel" else batch["reason"]
    return batch | {
        "accepted_at": accepted_at, "messages": batch["promoted"], "key": _find_key(batch), "reason": reason,
    }  # fmt: skip


def _find_key(batch: dict[str, Any]) -> str | None:
    """Returns the key that a person gave the file. None: none, or one that this command made."""
    key: str | None = batch["key"]
    return key if key is not None and not key.startswith(OWN_KEY) else None


def _print_batch(settings: Settings, batch: dict[str, Any]) -> None:
    """Prints a batch: its rows, the states of its messages, and what consent refused."""
    reason = f" ({printable(batch['reason'])})" if batch["reason"] else ""
    key = f", key {printable(key)}" if (key := _find_key(batch)) else ""
    since = f", accepted {format_time(batch['accepted_at'], settings.timezone)}" if batch["accepted_at"] else ""
    echo(f"batch {batch['id']}: {batch['state']}{reason}{since}{key}")
    if batch["decision"]:
        at = format_time(batch["decided_at"], settings.timezone)
        print_sentence(
            f"{_DONE[batch['decision']]} {at} by {printable(batch['decided_by'])}: {printable(batch['decided_why'])}"
        )
    again = f", {batch['again']} known by their keys" if batch["again"] else ""
    echo(f"{batch['rows']} rows: {batch['accepted']} accepted, {batch['refused']} refused{again}")
    left = count_left(batch)
    if left:
        echo(f"{left} rows are no messages yet{_explain_wait(batch)}")
    if batch["messages"]:
        echo("messages: " + ", ".join(f"{count} {state}" for state, count in batch["messages"].items()))
    for message in batch["refusals"]:
        echo(f"message {message['id']} to {message['to']} refused: {message['reason']}")
    if more := explain_unlisted(batch):
        echo(more)


def explain_unlisted(batch: dict[str, Any]) -> str:
    """Returns how many rows consent refused beside the messages that a batch lists, and what lists them. Nothing if that are all,
    or if the rows are no messages yet."""
    more = batch["refused"] - len(batch["refusals"]) if batch["refusals"] else 0
    return f"{more} more are refused: modemd messages --batch {batch['id']} --state refused" if more else ""


def count_left(batch: dict[str, Any]) -> int:
    """Returns how many rows of a batch are no messages yet."""
    return int(batch["rows"] - batch["again"] - batch["promoted"])


def _explain_wait(batch: dict[str, Any]) -> str:
    if batch["state"] == "held":
        return ": the batch is held"
    return ": the daemon makes messages of them" if batch["state"] == "accepted" else ""


def explain_no_messages(settings: Settings, batch: int) -> str:
    """Returns why a batch has no messages. Refused (`not_found`) if there is no such batch."""
    found = call_api(settings, "GET", f"/v1/batches/{batch}")
    left = count_left(found)
    return (
        f"no messages yet: {left} rows of batch {batch} are {found['state']}{_explain_wait(found)}"
        if left
        else (f"no messages: batch {batch} made none")
    )


def decide(config: Path, decision: str, batch: int, why: str, by: str, *, as_json: bool) -> None:
    """Posts a decision (`cancel`, `pause`, `resume`) about a batch, and prints how many messages it has changed, and the states
    of all of them; on a terminal, also meanwhile."""
    settings, path = load(config), f"/v1/batches/{batch}"
    try:
        done = show_progress(
            lambda: post_json(settings, f"{path}/{decision}", {"why": why, "by": by}, timeout_s=DECISION_S),
            lambda: f"batch {batch}: {_describe_states(call_api(settings, 'GET', path))}",
            show=sys.stderr.isatty() and not as_json,
        )
    except KeyboardInterrupt:
        echo(f"the {decision} of batch {batch} may go on without this command: modemd batches --id {batch}", err=True)
        raise
    if as_json:
        print_json(done)
        return
    now = _describe_states(call_api(settings, "GET", path))
    echo(f"batch {batch}: {done['changed']} messages {_DONE[decision]}; now {now}")


def _describe_states(batch: dict[str, Any]) -> str:
    """Returns how many messages of a batch are in each state, and how many rows are no messages yet."""
    now = [f"{count} {state}" for state, count in batch["messages"].items()]
    if left := count_left(batch):
        now.append(f"{left} rows no messages yet")
    return ", ".join(now)
