"""Groups of alerts become texts: once each, in a storm together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modemd.errors import ErrorCode, Refused, StoreUnavailable
from modemd.rules.alerts.alert_group import AlertGroup, MonitorAlert
from modemd.service.alerts.incoming import AlertAnswer, AlertOutcome, IncomingAlerts
from modemd.service.messages.history import MessageSearch
from tests.service.assembled import AssembledService, all_rows, assembled_service

ALICE, BOB = "+33612345678", "+33698765432"
DOORS: dict[str, Any] = {
    "alertmanager": {"receivers": {"on-call": [ALICE, BOB], "night": [BOB]}, "most": 3},
    "grafana": {"receivers": {"on-call": [ALICE]}, "resolved": True},
}


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, doors=DOORS) as assembled:
        yield assembled


@pytest.fixture
def alerts(assembled: AssembledService) -> IncomingAlerts:
    assert assembled.service.alerts is not None
    return assembled.service.alerts


def alert(name: str, *, is_firing: bool = True, starts_at: str = "11:59") -> MonitorAlert:
    return MonitorAlert(is_firing, name, "db1", "Load is high", f"{name} {starts_at}")


def group(*alerts: MonitorAlert, receiver: str = "on-call") -> AlertGroup:
    return AlertGroup(receiver, "key", alerts)


async def texts(assembled: AssembledService) -> list[tuple[str, str, str]]:
    """Recipient, class and text of each message, in the order of acceptance."""
    listed = await assembled.service.messages.histories.list_views(MessageSearch(), limit=0)
    rows = [view.message for view in await all_rows(listed)]
    return [(row.recipient, row.message_class, row.text) for row in reversed(rows)]


async def test_without_a_door_there_is_no_such_work(tmp_path: Path) -> None:
    """Nothing of it is made if the configuration opens no door for alerts."""
    async with assembled_service(tmp_path) as closed:
        assert closed.service.alerts is None


async def test_a_group_is_one_text_to_each_number(assembled: AssembledService, alerts: IncomingAlerts) -> None:
    """Of the class alarm, to every number of the receiver; modems are told of it."""
    answer = await alerts.receive("alertmanager", "on-call", group(alert("HighLoad"), alert("“Disk” full…")))
    assert answer == AlertAnswer("on-call", AlertOutcome.ACCEPTED, (1, 2))
    text = '[FIRING:2] HighLoad db1: Load is high; "Disk" full... db1: Load is high'
    assert await texts(assembled) == [(ALICE, "alarm", text), (BOB, "alarm", text)]
    assert assembled.service.modems.registry.modems[0]._context.awake.is_set()


async def test_the_same_alerts_are_told_once(assembled: AssembledService, alerts: IncomingAlerts) -> None:
    """Posted again they are known, in any order, until `repeat` has passed; one more alert is news."""
    first, second = alert("HighLoad"), alert("DiskFull")
    assert (await alerts.receive("alertmanager", "night", group(first, second))).outcome == "accepted"
    assembled.clock.passes(minutes=59)
    again = await alerts.receive("alertmanager", "night", group(second, first))
    assert again == AlertAnswer("night", AlertOutcome.REPEATED)
    assert (await alerts.receive("alertmanager", "on-call", group(first, second))).outcome == "accepted"
    assembled.clock.passes(minutes=1)
    assert (await alerts.receive("alertmanager", "night", group(first, second))).outcome == "accepted"
    more = group(first, second, alert("Down"))
    assert (await alerts.receive("alertmanager", "night", more)).outcome == "accepted"
    anew = group(alert("HighLoad", starts_at="12:30"), second)
    assert (await alerts.receive("alertmanager", "night", anew)).outcome == "accepted"
    assert len(await texts(assembled)) == 6


async def test_resolved_alerts_are_told_only_if_wanted(assembled: AssembledService, alerts: IncomingAlerts) -> None:
    """A group of which everything is over says nothing, unless `resolved` is true; what still fires was told."""
    over = group(alert("HighLoad", is_firing=False))
    assert await alerts.receive("alertmanager", "night", over) == AlertAnswer("night", AlertOutcome.NOTHING)
    assert (await alerts.receive("alertmanager", "night", group(alert("Down")))).outcome == "accepted"
    both = group(alert("Down"), alert("HighLoad", is_firing=False))
    assert (await alerts.receive("alertmanager", "night", both)).outcome == "repeated"
    assert (await alerts.receive("grafana", "on-call", over)).outcome == "accepted"
    assert [text for _, _, text in await texts(assembled)] == [
        "[FIRING:1] Down db1: Load is high",
        "[RESOLVED:1] HighLoad db1: Load is high",
    ]


async def test_the_receiver_is_named_or_the_only_one(alerts: IncomingAlerts) -> None:
    """By the path, by the group, or because there is one; any other is refused, with those that there are."""
    fires = group(alert("HighLoad"), receiver="night")
    assert (await alerts.receive("alertmanager", None, fires)).receiver == "night"
    assert (await alerts.receive("grafana", None, fires)).receiver == "on-call"
    for door, name in (("grafana", "night"), ("alertmanager", "day"), ("alertmanager", "")):
        with pytest.raises(Refused, match="on-call") as caught:
            await alerts.receive(door, name, fires)
        assert caught.value.code is ErrorCode.NO_RECEIVER
    with pytest.raises(Refused, match="'web'"):
        await alerts.receive("alertmanager", None, group(alert("HighLoad"), receiver="web"))


async def test_a_storm_is_told_in_one_text(assembled: AssembledService, alerts: IncomingAlerts) -> None:
    """Beyond `most` texts in ten minutes, groups are withheld and known; ten minutes after the first, one text tells of all."""
    for name in "ABC":
        assert (await alerts.receive("alertmanager", "night", group(alert(name)))).outcome == "accepted"
    assembled.clock.passes(minutes=1)
    for name in "DEF":
        answer = await alerts.receive("alertmanager", "night", group(alert(name), alert(f"{name}{name}")))
        assert answer == AlertAnswer("night", AlertOutcome.WITHHELD)
    assert (await alerts.receive("alertmanager", "night", group(alert("D"), alert("DD")))).outcome == "repeated"
    assert (await alerts.receive("alertmanager", "on-call", group(alert("D")))).outcome == "accepted"
    assert await alerts.run_step() == 60
    assembled.clock.passes(minutes=9, seconds=30)
    assert await alerts.run_step() == 30
    assembled.clock.passes(seconds=30)
    await alerts.run_step()
    told = [text for number, _, text in await texts(assembled) if number == BOB]
    assert len(told) == 5
    assert told[-1].startswith("[ALERTS] 6 more alerts: D db1: Load is high; DD db1: Load is high; E db1")
    await alerts.run_step()
    assert len(await texts(assembled)) == 6
    assert (await alerts.receive("alertmanager", "night", group(alert("G")))).outcome == "accepted"


async def test_a_database_that_takes_nothing_stores_nothing(
    assembled: AssembledService, alerts: IncomingAlerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then there is an error, and the same group is new afterwards."""

    async def write(change: object) -> object:
        raise StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full")

    with monkeypatch.context() as full:
        full.setattr(assembled.store, "write", write)
        with pytest.raises(StoreUnavailable):
            await alerts.receive("alertmanager", "night", group(alert("A")))
    assert (await alerts.receive("alertmanager", "night", group(alert("A")))).outcome == "accepted"


async def test_old_alerts_are_deleted(assembled: AssembledService, alerts: IncomingAlerts) -> None:
    """The next one deletes what says nothing any more."""
    await alerts.receive("alertmanager", "night", group(alert("A")))
    assembled.clock.passes(days=9)
    await alerts.receive("alertmanager", "night", group(alert("B")))
    rows = await assembled.store.read(lambda db: db.execute("SELECT count(*) FROM alert_text").fetchone()[0])
    assert rows == 1


async def test_a_receiver_whom_nobody_may_write_to_is_told_so(tmp_path: Path) -> None:
    """The messages are stored as refused, and the same group is tried anew."""
    geography = {"countries": ["DE"]}
    async with assembled_service(tmp_path, doors=DOORS, geography=geography) as assembled:
        assert assembled.service.alerts is not None
        for expected in (1, 2):
            answer = await assembled.service.alerts.receive("alertmanager", "night", group(alert("A")))
            assert answer == AlertAnswer("night", AlertOutcome.REFUSED, (expected,))
