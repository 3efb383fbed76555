"""`modemd run` and `modemd config check`: the daemon in the foreground, and its configuration file."""

from __future__ import annotations

import asyncio
import faulthandler
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

from modemd import logs, resources
from modemd.cli import options
from modemd.cli.output import echo, print_warnings
from modemd.config import load
from modemd.config.hook_programs import find_unusable_programs
from modemd.config.http import TlsSettings
from modemd.config.mailbox_files import find_unusable_files, find_unusable_secret
from modemd.errors import ConfigError, ModemdError
from modemd.profiles import Profiles
from modemd.rules.country_policies.policies import NO_ADVICE, PolicySeverity
from modemd.service.rules_in_force import find_notice_lacks
from modemd.service.sims.policies import find_own_policies

# Seconds for which a thread that reads or writes the database may keep the interpreter while the loop waits for it. Python's own
# 5 ms would come at each of a dozen steps of a modem's dialogue.
THREAD_SWITCH_S = 0.001


def serve(work: Coroutine[Any, Any, None]) -> None:
    """Runs the work of a daemon to its end, with what modems need before what clients have asked for."""
    from modemd.http.slices import SlicingLoop

    sys.setswitchinterval(THREAD_SWITCH_S)
    with asyncio.Runner(loop_factory=SlicingLoop) as runner:
        runner.run(work)


@options.command()
@options.config_file
def run(config: Path) -> None:
    """Run the daemon in the foreground, until SIGTERM or Ctrl-C.

    After the first signal, the daemon waits for modems that are sending. After a second one it does not wait. SIGHUP reloads the
    configuration. The log names the changed keys that need a restart.
    """
    from modemd import daemon

    settings = load(config)
    logs.configure(settings.log_level)
    # systemd ends a daemon that hangs with SIGABRT; the log then shows where every thread was.
    faulthandler.enable()
    try:
        serve(daemon.run(settings, lambda: load(config)))
    except (ModemdError, OSError):
        raise
    except Exception:  # a mistake of modemd: nobody sits at this terminal, and the log needs all of it
        logs.get(__name__).exception("ended by a mistake in modemd")
        raise


@options.group()
def config() -> None:
    """Check the configuration file."""


@config.command()
@options.config_file
def check(config: Path) -> None:
    """Check a configuration, and the files that it names.

    Print every mistake with its place, and warnings about sending in the countries of the SIMs, and about what marketing lacks
    there."""
    settings = load(config)
    profiles, problems = Profiles.load_with_errors([resources.folder("drivers"), settings.drivers])
    if profiles is None or problems:
        raise ConfigError(list(map(str, problems)))
    for modem in settings.modems:
        if modem.driver is not None:
            profiles.find_by_name(modem.driver)
    missing = [
        *find_unusable_programs(settings),
        *find_unusable_files(settings.consent.mailbox),
        *find_unusable_secret(settings.doors.grafana),
        *_find_unusable_certificate(settings.http.tls),
    ]
    if missing:
        raise ConfigError([f"{config}: {line}" for line in missing])
    modems = f"{len(settings.modems)} modem(s)" if settings.modems else "every modem that is found"
    echo(f"{config}: {modems}, database {settings.database}: no mistakes")
    print_warnings(find_notice_lacks(settings))
    policies = [each for each in find_own_policies(settings) if each.severity is PolicySeverity.WARNING]
    print_warnings([*map(str, policies), f"{NO_ADVICE}; `modemd policies` has the sources"] if policies else [])


def _find_unusable_certificate(tls: TlsSettings | None) -> Iterator[str]:
    """Yields a line for each file of the certificate that cannot be used, or, if root asks, not by the user of the daemon."""
    if tls is None:
        return
    # The daemon has no use for these.
    from modemd.doctor.rights import current_user
    from modemd.http.certificate_files import find_unusable_files

    if found := list(find_unusable_files(tls.certificate, tls.key)):
        yield from found
        return
    user = current_user()
    for name, path in (("certificate", tls.certificate), ("key", tls.key)):
        if not user.may_read(path):
            yield f"http.tls.{name}: {path}: the user {user.name} may not read it: sudo chown {user.name}: {path}"
