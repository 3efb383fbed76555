"""Settings of the doors: formats by which other programs hand over alerts and messages. A door is closed unless it is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from modemd.config.alarms import NUMBERS_FORM, parse_numbers
from modemd.config.amounts import DURATION_FORM
from modemd.config.values import Duration, FilePath, Frozen, freeze_mapping, in_range, matching, not_empty


def _check_receivers(receivers: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    if not receivers:
        raise ValueError("there is no receiver")
    return freeze_mapping(receivers)


def _check_template(template: str) -> str:
    from modemd.rules.alerts.wording import find_template_mistake  # for doors that are open only

    if (mistake := find_template_mistake(template)) is not None:
        raise ValueError(mistake)
    return template


ReceiverName = Annotated[str, matching(r"[A-Za-z0-9_.-]{1,40}")]
ReceiverNumbers = Annotated[
    tuple[str, ...], BeforeValidator(parse_numbers), BeforeValidator(not_empty), Field(description=NUMBERS_FORM)
]


class AlertDoorSettings(Frozen):
    """Door for the alerts of a monitoring system: its receivers, and which alerts become a text."""

    receivers: Annotated[Mapping[ReceiverName, ReceiverNumbers], AfterValidator(_check_receivers)] = Field(
        description="names, each with a list of at most 10 numbers with + and country code, such as"
        " on-call: ['+33612345678']; a name has at most 40 letters, digits, _, . and -"
    )
    resolved: bool = Field(default=False, description="true or false: whether it is told, too, that alerts are over")
    repeat: Annotated[Duration, in_range(timedelta(minutes=1), timedelta(days=7))] = Field(
        default=timedelta(hours=1), description=f"{DURATION_FORM}; at least 1min, at most 7d"
    )
    """The same alerts of a group are told again only after this time."""
    most: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="a whole number from 1 to 1000: texts to a receiver in 10 minutes"
    )
    """Further alerts are counted, and told in one text."""
    text: Annotated[str, AfterValidator(_check_template)] = Field(
        default="[{status}:{count}] {alerts}",
        description="the text about alerts, with {status}, {count}, {alerts}, {names}, {instances}, {summaries},"
        " {labels.NAME} and {annotations.NAME}",
    )


class GrafanaSettings(AlertDoorSettings):
    """Door for Grafana, which can sign what it posts."""

    hmac_secret_file: FilePath | None = Field(
        default=None, description="the path of a file with the secret of Grafana's signature, not readable by everybody"
    )


class SmsEagleSettings(Frozen):
    """Door for clients of SMSEagle."""

    message_class: Literal["alarm", "otp", "transactional", "conversational", "marketing"] = Field(
        default="transactional", description="alarm, otp, transactional, conversational or marketing"
    )


class DoorSettings(Frozen):
    """Doors. None: the door is closed."""

    alertmanager: AlertDoorSettings | None = Field(
        default=None, description="the door for Prometheus Alertmanager: receivers, resolved, repeat, most, text"
    )
    grafana: GrafanaSettings | None = Field(
        default=None, description="the door for Grafana: receivers, resolved, repeat, most, text, hmac_secret_file"
    )
    smseagle: SmsEagleSettings | None = Field(
        default=None, description="the door for clients of SMSEagle: message_class; {} for the defaults"
    )

    @property
    def alert_doors(self) -> dict[str, AlertDoorSettings]:
        """The doors for alerts that are open, by name."""
        given: dict[str, AlertDoorSettings | None] = {"alertmanager": self.alertmanager, "grafana": self.grafana}
        return {name: door for name, door in given.items() if door is not None}

    @property
    def are_closed(self) -> bool:
        """True if there is no door at all."""
        return not self.alert_doors and self.smseagle is None
