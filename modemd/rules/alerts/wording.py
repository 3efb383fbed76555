"""Wording of the texts about alerts. Their length and their alphabet are the sender's business."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from modemd.rules.alerts.alert_group import MonitorAlert

# Alerts that are written out; a text of two parts has no room for more.
MOST_NAMED = 30
UNNAMED = "alert"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FIELD = re.compile(r"(labels|annotations)\.([A-Za-z_][A-Za-z0-9_.-]*)", re.ASCII)


def find_template_mistake(template: str) -> str | None:
    """Returns what is wrong with a template; None if nothing is."""
    names = _PLACEHOLDER.findall(template)
    wrong = next((name for name in names if name not in _MAKERS and not _FIELD.fullmatch(name)), None)
    if wrong is not None:
        known = ", ".join(f"{{{name}}}" for name in _MAKERS)
        return f"{{{wrong}}} is no placeholder; there are {known}, {{labels.NAME}} and {{annotations.NAME}}"
    if re.search(r"[{}]", _PLACEHOLDER.sub("", template)):
        return "{ or } stands alone; a placeholder is written as {count}"
    return None if names else "it has no placeholder, so that every alert would be the same text"


def word_alerts(alerts: Sequence[MonitorAlert], truncated: int, template: str) -> str:
    """Returns a text about alerts: `[FIRING:2] HighLoad db1, db2: Load is high`, then those that are resolved. `truncated`: how
    many more there are; `template`: of the text about those that fire, and about those that do not."""
    firing = [alert for alert in alerts if alert.is_firing]
    resolved = [alert for alert in alerts if not alert.is_firing]
    return "; ".join(_fill(template, those, truncated) for those in (firing, resolved) if those)


def _fill(template: str, alerts: Sequence[MonitorAlert], truncated: int) -> str:
    """Returns a template with its placeholders filled, each once: what stands in an alert is no placeholder."""

    def make(found: re.Match[str]) -> str:
        field = _FIELD.fullmatch(found[1])
        if field is None:
            return _MAKERS[found[1]](alerts, truncated)
        return _join(getattr(alert, field[1]).get(field[2], "") for alert in alerts[:MOST_NAMED])

    return _PLACEHOLDER.sub(make, template)


def _join(values: Iterable[str]) -> str:
    """Returns values with commas between them, each once."""
    return ", ".join(dict.fromkeys(value for value in values if value))


def describe_alerts(alerts: Sequence[MonitorAlert]) -> str:
    """Returns names, instances and summaries of alerts; those that differ by their instance only are told together."""
    instances: dict[tuple[str, str], list[str]] = {}
    for alert in alerts[:MOST_NAMED]:
        instances.setdefault((alert.name or UNNAMED, alert.summary), []).append(alert.instance)
    return "; ".join(_describe(name, summary, where) for (name, summary), where in instances.items())


def word_digest(counts: Sequence[int], descriptions: Sequence[str]) -> str:
    """Returns a text about alerts that were withheld in a storm: how many of each group, and what each group was about."""
    return f"[ALERTS] {sum(counts)} more alerts: {'; '.join(descriptions[:MOST_NAMED])}"


def _describe(name: str, summary: str, instances: Sequence[str]) -> str:
    where = _join(instances)
    start = f"{name} {where}" if where else name
    return f"{start}: {summary}" if summary else start


# What stands for each placeholder. `truncated`: how many alerts the monitoring system has left out.
_MAKERS: dict[str, Callable[[Sequence[MonitorAlert], int], str]] = {
    "status": lambda alerts, truncated: "FIRING" if alerts[0].is_firing else "RESOLVED",
    "count": lambda alerts, truncated: f"{len(alerts)}+{truncated}" if truncated else str(len(alerts)),
    "alerts": lambda alerts, truncated: describe_alerts(alerts),
    "names": lambda alerts, truncated: _join(alert.name or UNNAMED for alert in alerts[:MOST_NAMED]),
    "instances": lambda alerts, truncated: _join(alert.instance for alert in alerts[:MOST_NAMED]),
    "summaries": lambda alerts, truncated: _join(alert.summary for alert in alerts[:MOST_NAMED]),
}
