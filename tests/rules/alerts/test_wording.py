"""What the texts about alerts say."""

from __future__ import annotations

import pytest

from modemd.rules.alerts.alert_group import MonitorAlert
from modemd.rules.alerts.wording import find_template_mistake, word_alerts, word_digest

TEMPLATE = "[{status}:{count}] {alerts}"


def alert(name: str, instance: str = "", summary: str = "", *, is_firing: bool = True) -> MonitorAlert:
    return MonitorAlert(is_firing, name, instance, summary, f"{name} {instance}")


@pytest.mark.parametrize(
    ("alerts", "truncated", "text"),
    [
        pytest.param([alert("HighLoad", "db1", "Load is high")], 0, "[FIRING:1] HighLoad db1: Load is high", id="one"),
        pytest.param([alert("")], 0, "[FIRING:1] alert", id="one without a name"),
        pytest.param(
            [alert("HighLoad", "db1", "Load is high"), alert("HighLoad", "db2", "Load is high")],
            0,
            "[FIRING:2] HighLoad db1, db2: Load is high",
            id="two that differ by the instance",
        ),
        pytest.param(
            [alert("HighLoad", "db1"), alert("DiskFull", "db1", "2 % left")],
            3,
            "[FIRING:2+3] HighLoad db1; DiskFull db1: 2 % left",
            id="two, and three that were left out",
        ),
        pytest.param(
            [alert("A", is_firing=False), alert("B")], 0, "[FIRING:1] B; [RESOLVED:1] A", id="one of them resolved"
        ),
    ],
)
def test_a_text_says_what_fires_and_where(alerts: list[MonitorAlert], truncated: int, text: str) -> None:
    """How many, which, where, and what is wrong; what fires comes first."""
    assert word_alerts(alerts, truncated, TEMPLATE) == text


def test_a_digest_counts_all() -> None:
    """All alerts are counted, and each group is named."""
    assert word_digest([30, 7], ["HighLoad db1", "DiskFull"]) == "[ALERTS] 37 more alerts: HighLoad db1; DiskFull"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{status} {count}: {names}", "FIRING 2+1: A, B; RESOLVED 1+1: A"),
        ("{instances}/{summaries}/", "db1, db2/full, {status}/; db3//"),
        ("{labels.severity} {annotations.runbook_url}|", "critical, page https://r.example|;  |"),
        ("{labels.nothing}{labels.a-b.c}!", "!; !"),
    ],
)
def test_a_template_has_what_the_alerts_have(template: str, text: str) -> None:
    """Each value once; what stands in an alert is no placeholder, whatever it looks like."""
    alerts = [
        MonitorAlert(True, "A", "db1", "full", "1", {"severity": "critical"}, {"runbook_url": "https://r.example"}),
        MonitorAlert(True, "B", "db2", "{status}", "2", {"severity": "page"}),
        MonitorAlert(False, "A", "db3", "", "3"),
    ]
    assert word_alerts(alerts, 1, template) == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (TEMPLATE, None),
        ("{labels.severity}", None),
        ("{severity}", "{severity} is no placeholder"),
        ("{labels.}", "is no placeholder"),
        ("{labels.__class__.x}{}", "{} is no placeholder"),
        ("{count", "stands alone"),
        ("{{count}}", "stands alone"),
        ("an alert", "no placeholder, so that"),
        ("", "no placeholder, so that"),
    ],
)
def test_a_mistake_in_a_template_is_told(template: str, said: str | None) -> None:
    """Before an alert needs it."""
    found = find_template_mistake(template)
    assert (found is None) if said is None else (found is not None and said in found)
