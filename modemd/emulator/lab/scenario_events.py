"""Events of a scenario: each does one thing to a modem, a phone or the network, at its time."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Self

from pydantic import Field, model_validator

from modemd.emulator.lab.lab import Lab
from modemd.emulator.lab.requests.base import LabRequest
from modemd.emulator.lab.requests.faults import Fault
from modemd.emulator.lab.requests.network import Fate, NetworkChange, NextReport, OperatorChange, Refusal
from modemd.emulator.lab.requests.phones import CallRequest
from modemd.emulator.lab.requests.ussd import UssdServiceRequest
from modemd.emulator.lab.scenario_tables import OperatorCode, ScenarioMessage, SubscriberName
from modemd.emulator.network.messages import MessageContent


class ScenarioOperatorChange(OperatorChange):
    """Changes of one operator's values."""

    code: OperatorCode


_ACTIONS = ("fault", "send", "on", "call", "network", "operator", "reject", "fate", "next_report", "ussd")
_ACTORS = {"fault": "modem", "send": "phone", "on": "phone", "call": "phone"}


class Event(LabRequest):
    """An event at a time, perhaps repeated."""

    at_s: Annotated[float, Field(ge=0)]
    every_s: Annotated[float, Field(gt=0)] | None = None
    modem: str | None = None
    fault: Fault | None = None
    phone: SubscriberName | None = None
    send: ScenarioMessage | None = None
    on: bool | None = None
    call: CallRequest | None = None
    network: NetworkChange | None = None
    operator: ScenarioOperatorChange | None = None
    reject: Refusal | None = None
    fate: Fate | None = None
    next_report: NextReport | None = None
    ussd: UssdServiceRequest | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        actions = [name for name in _ACTIONS if getattr(self, name) is not None]
        if len(actions) != 1:
            raise ValueError(f"one of {', '.join(_ACTIONS)} is needed, {len(actions)} are there")
        (name,) = actions
        actor = _ACTORS.get(name)
        for key in ("modem", "phone"):
            if key == actor and getattr(self, key) is None:
                raise ValueError(f"{name} needs a {key}")
            if key != actor and getattr(self, key) is not None:
                raise ValueError(f"{name} goes without a {key}")
        return self

    def happen(self, lab: Lab) -> None:
        """Performs the event, and schedules its next time."""
        if self.every_s is not None:
            lab.timers.after(self.every_s, partial(self.happen, lab))
        if self.fault is not None and self.modem is not None:
            self.fault.apply(lab.modems[self.modem])
        elif self.send is not None and self.phone is not None:
            content: MessageContent = self.send.to_content()
            lab.network.phone(self.phone).send(self.send.to, content)
        elif self.on is not None and self.phone is not None:
            phone = lab.network.phone(self.phone)
            (phone.switch_on if self.on else phone.switch_off)()
        elif self.call is not None and self.phone is not None:
            lab.network.phone(self.phone).call(self.call.to, for_s=self.call.for_s)
        elif self.operator is not None:
            self.operator.apply(lab.network, self.operator.code)
        for change in (self.network, self.reject, self.fate, self.next_report, self.ussd):
            if change is not None:
                change.apply(lab.network)
