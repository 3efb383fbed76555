"""Requests to the network, its operators and the USB bus of a running lab; how mistakes in requests are described.

Control door, scenarios and command line use the same requests, with the same checks: an unknown key is a mistake, and
so is a value out of range.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from modemd.emulator.error_codes import LabCode
from modemd.emulator.lab.requests.base import Cause, LabRequest, Seconds, Share
from modemd.emulator.lab.requests.faults import Fault, fault_kinds
from modemd.emulator.network.network import Network
from modemd.emulator.network.operators import Operator
from modemd.emulator.network.status_reports import LATE_S, Oddity
from modemd.emulator.usb.bus import UsbBus
from modemd.errors import ConfigError, Refused

PLACE = r"^[0-9]+-[0-9]+(\.[0-9]+)*$"


class ImpairmentChange(LabRequest):
    """Changes of a network's impairments: shares, and how far its clock is ahead."""

    reports_twice: Share | None = None
    reports_foreign: Share | None = None
    reports_national: Share | None = None
    temporary_reports: Share | None = None
    reordered: Share | None = None
    clock_off_s: Annotated[float, Field(ge=-86400, le=86400)] | None = None


class NetworkChange(ImpairmentChange):
    """Changes of a running network; omitted values stay.

    `kind` ends all impairments, or (false) sets the usual ones, before the other values are set.
    """

    kind: bool | None = None
    delivery_latency_s: Seconds | None = None
    report_latency_s: Seconds | None = None
    report_loss: Share | None = None

    def apply(self, network: Network) -> None:
        given = self.model_dump(include=set(NetworkChange.model_fields), exclude_none=True)
        if (kind := given.pop("kind", None)) is not None:
            (network.be_kind if kind else network.be_unkind)()
        if (ahead_s := given.pop("clock_off_s", None)) is not None:
            network.unkind.clock_off = timedelta(seconds=ahead_s)
        for name, value in given.items():
            setattr(network.unkind if name in ImpairmentChange.model_fields else network, name, value)


class Refusal(LabRequest):
    """Refuses SUBMITs to `recipient` (none: to all) with `cause`; without a cause, ends the refusal.

    `operator` is the code of the only operator that does so; without it, all do.
    """

    recipient: str | None = None
    cause: Cause | None = None
    operator: str | None = None

    def apply(self, network: Network) -> None:
        """Applies the request. Raises Refused (`no_operator`) for an unknown operator."""
        operator = None if self.operator is None else _operator(network, self.operator)
        if self.cause is None:
            network.accept(self.recipient, operator)
        else:
            network.reject(self.recipient, self.cause, operator)


class Fate(LabRequest):
    """Sets the TP-Status of messages to `recipient` from now on; without one, the usual one."""

    recipient: Annotated[str, Field(min_length=1)]
    status: Annotated[int, Field(ge=0, le=255)] | None = None

    def apply(self, network: Network) -> None:
        network.fate(self.recipient, self.status)


class NextReport(LabRequest):
    """Sets how the next report of the network comes, to any SIM."""

    comes: Oddity
    seconds: Seconds = LATE_S

    def apply(self, network: Network) -> None:
        network.next_report(self.comes, seconds=self.seconds)


class Move(LabRequest):
    """Pulls a USB device and plugs it in elsewhere (`1-1.1`, `1-4`): its ports come back, and it boots."""

    place: Annotated[str, Field(pattern=PLACE)]
    to: Annotated[str, Field(pattern=PLACE)]

    def apply(self, bus: UsbBus) -> None:
        """Applies the request. Raises Refused if there is no device, or the new place is taken."""
        try:
            bus.move(self.place, self.to)
        except KeyError:
            raise Refused(LabCode.NO_DEVICE, f"nothing is plugged in at {self.place}") from None
        except ValueError as error:
            raise Refused(LabCode.TAKEN, str(error)) from None


class OperatorChange(LabRequest):
    """Changes of an operator; omitted values stay."""

    delivery_latency_s: Seconds | None = None
    report_latency_s: Seconds | None = None
    parts_per_s: Annotated[float, Field(ge=0, le=1000)] | None = None
    refusals: dict[Annotated[int, Field(ge=0, le=999)], Share] | None = None

    def apply(self, network: Network, code: str) -> None:
        """Applies the request. Raises Refused (`no_operator`) for an unknown operator."""
        network.operator(_operator(network, code).code, **self.model_dump(include=set(OperatorChange.model_fields)))


def _operator(network: Network, code: str) -> Operator:
    if (operator := network.operators.get(code)) is None:
        raise Refused(LabCode.NO_OPERATOR, f"no operator {code}; there are {', '.join(network.operators)}")
    return operator


AnyRequest = TypeVar("AnyRequest", bound=LabRequest)
Checked = TypeVar("Checked")
_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


def fault(kind: str, values: dict[str, Any]) -> Fault:
    """Makes a fault of its kind and values, which may be text. Raises ConfigError with all mistakes."""
    return _validate(_FAULT, {**values, "kind": kind})


def make_request(model: type[AnyRequest], **values: Any) -> AnyRequest:
    """Makes a request of one kind from its values. Raises ConfigError with all mistakes."""
    return _validate(TypeAdapter(model), values)


def _validate(adapter: TypeAdapter[Checked], values: dict[str, Any]) -> Checked:
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        raise ConfigError(describe_mistakes(error)) from None


def describe_mistakes(error: ValidationError) -> list[str]:
    """Returns a line for each mistake: its key, and what is allowed."""
    return [
        f"{place}: {text}" if (place := _place(mistake["loc"])) else text
        for mistake in error.errors()
        for text in (_describe_mistake(mistake),)
    ]


def _place(location: tuple[int | str, ...]) -> str:
    """Returns the place of a mistake, such as `event[2].fault.seconds`.

    The location contains the kind that a union chose, which is no key of the file.
    """
    place = ""
    chosen = fault_kinds()
    for step in location:
        if isinstance(step, int):
            place += f"[{step}]"
        elif step not in chosen:
            place += f".{step}" if place else step
    return place


def _describe_mistake(mistake: Any) -> str:
    given = mistake["input"]
    match mistake["type"]:
        case "missing":
            return "is needed"
        case "extra_forbidden":
            return "no such key"
        case "union_tag_invalid":
            return f"kind {given.get('kind')!r} is not one of {', '.join(fault_kinds())}"
        case "union_tag_not_found":
            return f"kind is needed: one of {', '.join(fault_kinds())}"
        case "string_pattern_mismatch":
            return f"{given!r} does not match {mistake['ctx']['pattern']}"
        case "value_error":
            return str(mistake["ctx"]["error"])
        case _:
            message = mistake["msg"].removeprefix("Input ").removeprefix("String ")
            return f"{given!r} {message}" if isinstance(given, str | int | float | bool) else message
