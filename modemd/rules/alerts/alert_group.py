"""Group of alerts, as Prometheus Alertmanager posts it to a webhook (version 4 of its format), and Grafana with more fields."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from modemd.light_dataclass import dataclass

# Characters that are read of a label, an annotation, or a name: far more than a text has.
LONGEST_FIELD = 500
# Where the summary of an alert is, the best place first.
_SUMMARIES = ("summary", "description", "message")


@dataclass(frozen=True, slots=True)
class MonitorAlert:
    """Alert of a monitoring system: its name, the instance that it is about, what is wrong; `identity` tells it from every
    other, and from the same one at another time. `labels` and `annotations`: those that are texts, by name."""

    is_firing: bool
    name: str
    instance: str
    summary: str
    identity: str
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    annotations: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Group of alerts. `receiver`: its name in the monitoring system; `truncated`: how many alerts that system left out."""

    receiver: str
    key: str
    alerts: tuple[MonitorAlert, ...]
    truncated: int = 0

    def select(self, *, resolved: bool) -> tuple[MonitorAlert, ...]:
        """Returns the alerts to tell of: those that fire, and with `resolved` those that are over."""
        return tuple(alert for alert in self.alerts if alert.is_firing or resolved)


def parse_group(document: Any) -> AlertGroup:
    """Returns the group in a document of Alertmanager or Grafana. ValueError, which says where, if it is none."""
    if not isinstance(document, Mapping):
        raise ValueError("the body is no object of JSON")
    if str(document.get("version", "4")) not in ("4", "1"):  # Grafana's own format counts from 1
        raise ValueError(f"version: {_read_text(document, 'version')!r} is not known; modemd reads version 4")
    alerts = document.get("alerts")
    if not isinstance(alerts, list):
        raise ValueError("alerts: there is no list of alerts")
    truncated = document.get("truncatedAlerts", 0)
    return AlertGroup(
        _read_text(document, "receiver"),
        _read_text(document, "groupKey"),
        tuple(_parse_alert(alert, f"alerts[{index}]") for index, alert in enumerate(alerts)),
        truncated if isinstance(truncated, int) and not isinstance(truncated, bool) and truncated > 0 else 0,
    )


def make_group_key(door: str, receiver: str, group: AlertGroup, alerts: Iterable[MonitorAlert]) -> str:
    """Returns the key under which `alerts` of a group are told to a receiver: the same for the same alerts, in whichever order
    they come."""
    identities = sorted(f"{'firing' if alert.is_firing else 'resolved'} {alert.identity}" for alert in alerts)
    # Lengths are told, so that no two lists have one digest.
    parts = [group.key, *identities]
    digest = hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode())
    return f"{_PREFIXES.get(door, door)}:{receiver}:{digest.hexdigest()}"


_PREFIXES = {"alertmanager": "am", "grafana": "gf"}


def _parse_alert(alert: Any, where: str) -> MonitorAlert:
    if not isinstance(alert, Mapping):
        raise ValueError(f"{where}: is no object of JSON")
    labels, annotations = _find_texts(alert, "labels", where), _find_texts(alert, "annotations", where)
    status = alert.get("status")
    if status not in ("firing", "resolved"):
        raise ValueError(f"{where}.status: is neither firing nor resolved")
    return MonitorAlert(
        status == "firing",
        _read_text(labels, "alertname"),
        _read_text(labels, "instance"),
        next((summary for name in _SUMMARIES if (summary := _read_text(annotations, name))), ""),
        f"{_read_text(alert, 'fingerprint') or _name_by_labels(labels)} {_read_text(alert, 'startsAt')}",
        {name: _read_text(labels, name) for name in labels},
        {name: _read_text(annotations, name) for name in annotations},
    )


def _name_by_labels(labels: Mapping[str, Any]) -> str:
    """Returns what tells an alert from the others of its group if it has no fingerprint."""
    text = ",".join(f"{name}={_read_text(labels, name)}" for name in sorted(labels))
    return text.encode("utf-8", "replace").decode("utf-8")


def _read_text(document: Mapping[str, Any], key: str) -> str:
    """Returns a field as a text; an empty one if it is not there, or is no text and no number. Half a surrogate pair, which JSON
    can escape, becomes a question mark."""
    value = document.get(key, "")
    text = str(value)[:LONGEST_FIELD] if isinstance(value, str | int | float) else ""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _find_texts(document: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    texts = document.get(key) or {}
    if not isinstance(texts, Mapping):
        raise ValueError(f"{where}.{key}: is no object of JSON")
    return texts
