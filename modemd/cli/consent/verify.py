"""`modemd consent verify`: whether the consent ledger is whole."""

from __future__ import annotations

import sys
from datetime import tzinfo
from pathlib import Path
from typing import Any

from modemd.cli import options
from modemd.cli.client import call_api
from modemd.cli.output import echo, print_json, printable
from modemd.cli.show.times import format_time
from modemd.config import load

# A long ledger is read page by page.
VERIFY_S = 3600.0
# Problems that are printed; --json has all.
MOST_PROBLEMS = 20


@options.command()
@options.config_file
@options.as_json
def verify(config: Path, as_json: bool) -> None:
    """Check every row of the consent ledger.

    The command finds rows that were changed, taken away, put in or cut off. It only reads. It ends with 1 if anything is wrong.
    """
    settings = load(config)
    found = call_api(settings, "GET", "/v1/consent/verify", timeout_s=VERIFY_S)
    if as_json:
        print_json(found)
    else:
        _print(found, settings.timezone)
    if found["problems"]:
        sys.exit(1)


def _print(found: dict[str, Any], zone: tzinfo) -> None:
    problems = found["problems"]
    for problem in problems[:MOST_PROBLEMS]:
        echo(printable(problem["because"]))
    if len(problems) > MOST_PROBLEMS:
        echo(f"and {len(problems) - MOST_PROBLEMS} more; --json shows all")
    erased = f", {found['erased']} of them erased" if found["erased"] else ""
    echo(f"{found['rows']} rows checked{erased}; {'no problem' if not problems else 'the ledger is not whole'}")
    if found["rows"]:
        echo(f"the last row is {found['last']}, its chain value {found['head']}")
    if found["anchored_at"] is not None:
        echo(f"{found['anchors']} anchors agree; the last is of {format_time(found['anchored_at'], zone)}")
