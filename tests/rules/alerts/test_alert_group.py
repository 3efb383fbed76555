"""What Alertmanager and Grafana post, read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.alerts.alert_group import MonitorAlert, make_group_key, parse_group

# As Alertmanager 0.25 posts it.
GROUP: dict[str, Any] = {
    "receiver": "sms",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighLoad", "instance": "db1", "severity": "page"},
            "annotations": {"summary": "Load is high"},
            "startsAt": "2026-11-22T11:59:00.000Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": "aaaa",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "HighLoad", "instance": "db2", "severity": "page"},
            "annotations": {"description": "It was high"},
            "startsAt": "2026-11-22T11:00:00.000Z",
            "endsAt": "2026-11-22T11:58:00.000Z",
            "generatorURL": "",
            "fingerprint": "bbbb",
        },
    ],
    "groupLabels": {"alertname": "HighLoad"},
    "commonLabels": {"alertname": "HighLoad", "severity": "page"},
    "commonAnnotations": {},
    "externalURL": "http://monitor:9093",
    "version": "4",
    "groupKey": '{}:{alertname="HighLoad"}',
    "truncatedAlerts": 0,
}
# What Grafana adds.
GRAFANA = GROUP | {
    "version": "1",
    "orgId": 1,
    "title": "[FIRING:1] HighLoad",
    "state": "alerting",
    "message": "**Firing**",
    "alerts": [alert | {"values": {"B": 22.5}, "valueString": "[ var='B' ]"} for alert in GROUP["alerts"]],
}


@pytest.mark.parametrize("document", [GROUP, GRAFANA], ids=["Alertmanager", "Grafana"])
def test_a_group_is_read(document: dict[str, Any]) -> None:
    """Name, instance and summary of each alert; the same alert at another time is another."""
    group = parse_group(document)
    assert (group.receiver, group.key, group.truncated) == ("sms", '{}:{alertname="HighLoad"}', 0)
    assert group.alerts == (
        MonitorAlert(True, "HighLoad", "db1", "Load is high", "aaaa 2026-11-22T11:59:00.000Z"),
        MonitorAlert(False, "HighLoad", "db2", "It was high", "bbbb 2026-11-22T11:00:00.000Z"),
    )
    assert group.select(resolved=False) == group.alerts[:1]
    assert group.select(resolved=True) == group.alerts


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param([], "no object", id="a list"),
        pytest.param({}, "alerts: there is no list", id="nothing"),
        pytest.param(GROUP | {"version": "3"}, "version: '3'", id="an old version"),
        pytest.param(GROUP | {"alerts": {}}, "alerts: there is no list", id="no list"),
        pytest.param(GROUP | {"alerts": ["x"]}, r"alerts\[0\]: is no object", id="no alert"),
        pytest.param(GROUP | {"alerts": [{"status": "on"}]}, r"alerts\[0\].status", id="no status"),
        pytest.param(
            GROUP | {"alerts": [{"status": "firing", "labels": ["x"]}]}, r"alerts\[0\].labels", id="no labels"
        ),
    ],
)
def test_what_is_no_group_is_told(document: Any, problem: str) -> None:
    """The message says where the mistake is."""
    with pytest.raises(ValueError, match=problem):
        parse_group(document)


def test_little_is_enough() -> None:
    """An alert without fingerprint is told by its labels; odd values and half a surrogate pair harm nothing."""
    document = json.loads(
        '{"alerts": [{"status": "firing", "labels": {"b": "2", "a": 1}, "annotations": {"summary": "\\ud800", "x": []}}],'
        ' "truncatedAlerts": "x", "groupKey": null}'
    )
    (alert,) = parse_group(document).alerts
    assert alert == MonitorAlert(True, "", "", "?", "a=1,b=2 ")


def test_the_same_alerts_have_one_key() -> None:
    """In whichever order they come; with another alert, start, group, receiver or door the key is another."""
    group = parse_group(GROUP)
    key = make_group_key("alertmanager", "on-call", group, group.alerts)
    assert key.startswith("am:on-call:")
    assert make_group_key("alertmanager", "on-call", group, group.alerts[::-1]) == key
    later = parse_group(GROUP | {"alerts": [GROUP["alerts"][0] | {"startsAt": "2026-11-22T12:59:00Z"}]})
    others = {
        make_group_key("grafana", "on-call", group, group.alerts),
        make_group_key("alertmanager", "other", group, group.alerts),
        make_group_key("alertmanager", "on-call", group, group.alerts[:1]),
        make_group_key("alertmanager", "on-call", later, later.alerts),
        make_group_key("alertmanager", "on-call", parse_group(GROUP | {"groupKey": "x"}), group.alerts),
    }
    assert len(others - {key}) == 5


# What JSON can say, with half a surrogate pair and with the keys of a group among the others.
WORDS = st.text(st.characters(), max_size=5) | st.sampled_from(["alerts", "status", "firing", "labels", "annotations"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4))


@given(JSON, JSON, JSON)
def test_whatever_is_posted_is_a_group_or_a_mistake(document: Any, labels: Any, more: Any) -> None:
    """No JSON raises anything but ValueError; the texts of a group can be encoded."""
    alert = {"status": "firing", "labels": labels, "annotations": more, "startsAt": document}
    for posted in (document, {"alerts": [document]}, {"alerts": [alert], "groupKey": more, "receiver": labels}):
        try:
            group = parse_group(posted)
        except ValueError:
            continue
        make_group_key("grafana", group.receiver, group, group.alerts)
        f"{group.receiver} {group.alerts}".encode()
