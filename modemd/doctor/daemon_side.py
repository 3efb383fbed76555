"""Findings from a running daemon: asks it for its state and its modems, which the doctor then does not touch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from modemd.config import Settings
from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.doctor.interview import SIM_CODES, leave_out_pin_remedy, storage_code
from modemd.doctor.rights import User
from modemd.modem.recovery.symptoms import WEAK_DBM
from modemd.modem.setup.sim_pin import LOCKED, REMEDIES
from modemd.modem.status import ModemHealth
from modemd.rules.country_policies.policies import EVERYWHERE, PolicySeverity
from modemd.rules.pauses import Pause
from modemd.service.modems.views import NOT_USABLE
from modemd.service.sims.policies import find_own_policies

CallApi = Callable[[str, str, Mapping[str, Any] | None], Awaitable[tuple[int, Any]]]
"""Request to the daemon (method, path, document): returns the HTTP status and the answer's JSON. OSError if nothing listens or
the socket is forbidden; TimeoutError or ValueError if there is no usable answer."""

Row = Mapping[str, Any]
_OK = 200


async def ask_daemon(ask: CallApi, settings: Settings, config: object, who: User) -> tuple[Finding, Row | None]:
    """Returns a finding about the daemon, and its answer to `GET /v1/status`; None without an answer."""
    socket = settings.socket
    try:
        code, status = await ask("GET", "/v1/status", None)
    except (FileNotFoundError, ConnectionRefusedError):
        return Finding.of(Code.DAEMON_NOT_RUNNING, socket=socket, config=config), None
    except PermissionError as error:
        return Finding.of(Code.DAEMON_CLOSED, socket=socket, who=who.name, reason=error.strerror or error), None
    except TimeoutError:
        return Finding.of(Code.DAEMON_SILENT, socket=socket, reason="it took too long"), None
    except (OSError, ValueError) as error:
        return Finding.of(Code.DAEMON_SILENT, socket=socket, reason=error), None
    if code != _OK:
        return Finding.of(Code.DAEMON_SILENT, socket=socket, reason=f"status {code}"), None
    return Finding.of(Code.DAEMON_RUNNING, message=status["message"]), status


def pause_findings(pauses: Sequence[Row]) -> list[Finding]:
    """Returns a finding for each pause."""
    return [
        Finding.of(
            Code.PAUSED,
            what=Pause(pause["class"], pause["sim"]),
            since=pause["at"],
            by=pause["by"],
            why=pause["why"],
            command=f"`modemd resume{_resume_options(pause)} --why REASON`",
        )
        for pause in pauses
    ]


def policy_findings(settings: Settings, status: Row | None) -> list[Finding]:
    """Returns a finding for each warning about sending in the countries of the SIMs: of those that are configured, and of those
    that the daemon has met."""
    met = {row["sim"]: row["number"] for row in status.get("sims", ())} if status is not None else {}
    return [
        Finding.of(
            Code.SIM_POLICY, policy=each, command=f"modemd policies {each.country}".removesuffix(f" {EVERYWHERE}")
        )
        for each in find_own_policies(settings, met)
        if each.severity is PolicySeverity.WARNING
    ]


def _resume_options(pause: Row) -> str:
    """Returns the options that name a pause."""
    return "".join(f" --{option} {pause[option]}" for option in ("class", "sim") if pause[option] is not None)


def modem_findings(row: Row) -> list[Finding]:
    """Returns the findings of a row of the daemon's list of modems."""
    name, reason = row["name"], row["reason"] or row["health"]
    if row["health"] == ModemHealth.READY:
        return _about_ready(row)
    if row["health"] == NOT_USABLE:
        return [Finding.of(Code.NOT_USABLE, name, reason=reason)]
    if row["health"] == ModemHealth.NEEDS_PERSON:
        return [Finding.of(_sim_code(reason), name, reason=leave_out_pin_remedy(reason))]
    if row["health"] in (ModemHealth.OPENING, ModemHealth.SETTING_UP, ModemHealth.STOPPED):
        return [Finding.of(Code.MODEM_STARTING, name, reason=reason)]
    if row["registration"] == "denied":
        return [Finding.of(Code.REGISTRATION_DENIED, name)]
    if row["health"] == ModemHealth.SEARCHING:
        return [Finding.of(Code.NOT_REGISTERED, name, reason=row["registration"])]
    if row["health"] == ModemHealth.GONE and row.get("port") is None:
        return [Finding.of(Code.MODEM_MISSING, name, reason=reason, command=f"`modemd modems forget {name}`")]
    if row["health"] == ModemHealth.GONE:
        return [Finding.of(Code.PORT_FAILS, name, reason=reason)]
    return [Finding.of(Code.MODEM_SICK, name, reason=reason)]


def _about_ready(row: Row) -> list[Finding]:
    name, dbm = row["name"], row["signal_dbm"]
    signal = "unknown signal" if dbm is None else f"{dbm} dBm"
    found = []
    if row["rests_until"] is not None:
        found.append(Finding.of(Code.SIM_RESTS, name, reason=row["reason"], until=row["rests_until"]))
    elif not row["can_send"]:
        found.append(Finding.of(Code.SMSC_MISSING, name, iccid=row["sim"]))
    else:
        found.append(Finding.of(Code.MODEM_READY, name, model=row["model"] or "a modem", signal=signal))
        found += [Finding.of(Code.MODEM_LACKS, name, remark=remark) for remark in row.get("remarks", ())]
    operator = f", {row['operator']}" if row["operator"] else ""
    if "roaming" in row["registration"]:
        found.append(Finding.of(Code.ROAMING, name, operator=operator))
    if dbm is None or dbm < WEAK_DBM:
        found.append(Finding.of(Code.SIGNAL_WEAK, name, signal=signal))
    used, _, total = (row["storage"] or "").partition("/")
    if total and (code := storage_code(int(used), int(total))) is not Code.STORAGE_FINE:
        found.append(Finding.of(code, name, used=used, total=total))
    return found


def _sim_code(reason: str) -> Code:
    """Returns the code for the state of the SIM. The daemon gives only its words (`modemd.modem.setup.sim_pin.REMEDIES`)."""
    state = next((state for state, words in REMEDIES.items() if words == reason), None)
    if state is None and reason.startswith(("the SIM asks for its PIN,", "the PIN in ")):
        state = LOCKED
    return SIM_CODES.get(state or "", Code.SIM_OTHER)
