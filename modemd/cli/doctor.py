"""`modemd doctor`: finds out why no message passes, and says what helps."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modemd import resources
from modemd.accounts import explain_denial
from modemd.cli import options
from modemd.cli.output import print_json, print_sentence, printable
from modemd.cli.show.progress import show_progress
from modemd.cli.show.times import localise

if TYPE_CHECKING:
    from modemd.config import Settings
    from modemd.doctor import Environment, Finding, Report
    from modemd.modem.discovery.devices import PortList

ASK_TIMEOUT_S = 10.0
_MARKS = {"fine": "ok", "note": "note", "warning": "warning", "blocks": "BLOCKS"}


def _find_config_or_none(context: click.Context, option: click.Parameter, given: Path | None) -> Path:
    """Returns the configuration file; the last place if there is none: the doctor then checks everything that is plugged in."""
    try:
        return options.find_config(context, option, given)
    except click.UsageError:
        return options.CONFIG_PLACES[-1]


@options.command()
@options.config_option(_find_config_or_none)
@click.option("--port", help="Check only the modem on this port: a device path, or socket://host:port.")
@click.option(
    "--send-to-self",
    is_flag=True,
    help="Send one message from each SIM to itself, if it can send; if a daemon runs, from one SIM only. Each costs as "
    "much as any other message.",
)
@options.as_json
@click.pass_context
def doctor(context: click.Context, config: Path, port: str | None, send_to_self: bool, as_json: bool) -> None:
    """Find out why no message passes, and what helps.

    If a daemon runs, the command asks the daemon, and does not touch the modems. If no daemon runs, the command opens the ports
    of the modems. Without a configuration, it checks everything that is plugged in.

    Exit status 0: a message can pass. 1: no message can pass; this is always so if no daemon runs. With --port, the exit status
    says whether a message can pass on that port, or could if a daemon ran.
    """
    from modemd.doctor import examine
    from modemd.doctor.examination import as_json as document

    environment = _make_environment(config)

    async def run() -> Report:
        return await examine(environment, port=port, send=send_to_self)

    began = time.monotonic()
    report = show_progress(
        lambda: asyncio.run(run()),
        lambda: (
            f"asking the modems, for {time.monotonic() - began:.0f} s; one that is silent takes a quarter of a minute"
        ),
        show=sys.stderr.isatty() and not as_json,
    )
    if as_json:
        print_json(document(report))
    else:
        zone = environment.settings.timezone if environment.settings is not None else None
        for finding in report.findings:
            _print_finding(finding, zone)
        print_sentence(localise(report.message, zone))
    context.exit(0 if report.can_send else 1)


def _print_finding(finding: Finding, zone: tzinfo | None) -> None:
    about = f"{finding.subject}: " if finding.subject is not None else ""
    print_sentence(f"{_MARKS[finding.severity]:<8} {printable(localise(f'{about}{finding.what}', zone))}", 9)
    if finding.remedy:
        print_sentence(f"         -> {printable(localise(finding.remedy, zone))}", 12)


def _make_environment(config: Path) -> Environment:
    """Builds the doctor's view of this machine."""
    from modemd.doctor import Code, Environment, Finding
    from modemd.doctor.rights import current_user
    from modemd.errors import ProfileError
    from modemd.modem.link.port import open_serial
    from modemd.modem.recovery.usb_reset import find_usb_location
    from modemd.profiles import Profiles

    settings, findings = _settings(config)
    shipped = resources.folder("drivers")
    try:
        profiles = Profiles.load([shipped, settings.drivers] if settings is not None else [shipped])
    except ProfileError as error:
        findings.append(Finding.of(Code.DRIVERS_WRONG, problem=error))
        profiles = Profiles.load([shipped])

    def place(port: str) -> str | None:
        found = find_usb_location(port)
        return found.path if found is not None else None

    return Environment(
        settings=settings,
        config=config,
        profiles=profiles,
        now=lambda: datetime.now(UTC),
        open_port=open_serial,
        ports=_ports(settings),
        call_api=_make_caller(settings),
        user=current_user(),
        text=f"modemd doctor {secrets.token_hex(4)}",
        place_of=place,
        credentials=Path(folder) if (folder := os.environ.get("CREDENTIALS_DIRECTORY")) else None,
        earlier_findings=findings,
    )


def _settings(config: Path) -> tuple[Settings | None, list[Finding]]:
    from modemd.config import load
    from modemd.doctor import Code, Finding
    from modemd.errors import ConfigError

    if not options.is_there(config):
        return None, [Finding.of(Code.CONFIG_MISSING, path=config)]
    if not os.access(config, os.R_OK):
        return None, [Finding.of(Code.CONFIG_CLOSED, path=config, reason=explain_denial(config))]
    try:
        return load(config), []
    except ConfigError as error:
        return None, [Finding.of(Code.CONFIG_WRONG, problem=problem, path=config) for problem in error.problems]


def _ports(settings: Settings | None) -> PortList:
    from modemd.daemon import make_port_list

    return make_port_list(settings.finding.emulator if settings is not None else None)


def _make_caller(settings: Settings | None) -> Any:
    from modemd.http.unix import request
    from modemd.modem.link.blocking import run_blocking

    async def call(method: str, target: str, document: Mapping[str, Any] | None) -> tuple[int, Any]:
        if settings is None:
            raise FileNotFoundError
        body = json.dumps(document).encode() if document is not None else None
        status, answer = await run_blocking(
            "ask the daemon",
            lambda: request(settings.socket, method, target, body, timeout_s=ASK_TIMEOUT_S),
            ASK_TIMEOUT_S,
        )
        return status, json.loads(answer)

    return call
