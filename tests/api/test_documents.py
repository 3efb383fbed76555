"""Documents have the keys that docs/api.md promises, whatever the fields are called."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from modemd.api.documents import document
from modemd.errors import ErrorCode, StoreUnavailable
from modemd.modem.link.wire_log import WireLine
from modemd.modem.status import ModemHealth
from modemd.rules.classes import MessageClass
from modemd.rules.report_matching import MatchDoubt
from modemd.rules.states import MessageState
from modemd.rules.waits import Wait, WaitCode
from modemd.service.calendar.recurring import AddedSchedule, ScheduleStory
from modemd.service.consent.requests import RequestView
from modemd.service.messages.batches import BatchResult, BatchView
from modemd.service.messages.decisions import ReleaseResult
from modemd.service.messages.estimates import Estimate
from modemd.service.messages.history import MessageHistory, MessageView, ReportView
from modemd.service.messages.previews import Preview
from modemd.service.messages.submission import SubmitResult
from modemd.service.messages.workload import CostlyCharacter
from modemd.service.modems.ussd import UssdResult
from modemd.service.operations.health import Health, StatusView, WaitingView
from modemd.service.views import BalanceView, LimitView, ModemView, SimView
from modemd.store import rows
from modemd.store.consent.reviews import ReviewRow
from modemd.store.schedules import Schedule

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOON_TEXT = "2026-11-22T12:00:00.000000+00:00"


def empty(kind: Any, **values: Any) -> Any:
    """One of `kind` that has None wherever nothing is given."""
    return kind(**{field.name: values.get(field.name) for field in fields(kind)})


MESSAGE = empty(rows.MessageRow, id=7, state=MessageState.REFUSED, message_class=MessageClass.OTP)
BATCH = BatchView(empty(rows.BatchRow), {MessageState.HELD: 2}, (rows.RefusedRow(7, "+33612345678", "opted_out"),))
SCHEDULE = empty(Schedule, zone="UTC", recipients=("+33612345678",), answers=(), created_at=NOON)
MESSAGE_KEYS = (
    "id to text class state reason parts parts_sent created_at at expires_at sent_at delivered_at closed_at sim only_sim key "
    "list answers notice submitted_text until"
)
BATCH_KEYS = (
    "id key state reason created_at accepted_at rows again refused promoted accepted first_message last_message "
    "decision decided_at decided_by decided_why"
)
REPORT_KEYS = "id stored_at sim to reference status outcome accepted_at discharged_at message part attempt meaning"
SCHEDULE_KEYS = "name cron timezone next paused to class text valid_s window sim list answers late created_at"
SIM_KEYS = (
    "sim number imsi smsc modem first_seen last_seen admitted_at name limits paused health rests_until rate balance"
)
MODEM_KEYS = (
    "name port place health can_send reason rests_until driver manufacturer model firmware imei sim imsi number registration "
    "signal_dbm sent operator smsc storage remarks recovery balance"
)

ESTIMATE = Estimate(1, 2, 1, (CostlyCharacter("ô", 1),), 1, 0, NOON, 2, 0, 0.08)


@pytest.mark.parametrize(
    ("view", "keys"),
    [
        (MESSAGE, MESSAGE_KEYS),
        (empty(rows.PartRow), "part state tries repeats until"),
        (
            empty(rows.AttemptRow),
            "id part sim modem opened_at written_at closed_at outcome reference error",
        ),
        (empty(rows.EventRow), "at what detail"),
        (empty(rows.InboxRow), "id from to_sim text kind sent_at stored_at parts total complete seen_at"),
        (empty(rows.OptOutRow), "number since word language channel"),
        (empty(rows.BatchRow), BATCH_KEYS),
        (empty(rows.RefusedRow), "id to reason"),
        (empty(rows.PauseRow), "class sim by why at"),
        (empty(rows.AlarmRow), "id code subject text raised_at cleared_at sms_at command_at"),
        (empty(rows.RunRow, messages=(1,)), "local at outcome messages error"),
        (SubmitResult(MESSAGE, (), is_repeat=False), f"{MESSAGE_KEYS} warnings again"),
        (
            MessageHistory(MESSAGE, None, {}, (), (), (), ()),
            f"{MESSAGE_KEYS} waits modems progress attempts reports events",
        ),
        (MessageView(MESSAGE, Wait(WaitCode.PACE, "its turn is next")), f"{MESSAGE_KEYS} waits"),
        (ReportView(empty(rows.ReportRow, status=0)), REPORT_KEYS),
        (ReportView(empty(rows.ReportRow, status=0), MatchDoubt.SEVERAL), f"{REPORT_KEYS} reason because"),
        (BATCH, f"{BATCH_KEYS} messages refusals"),
        (
            BatchResult(BATCH.batch, {}, (), (), 0, is_repeat=False, estimate=ESTIMATE),
            f"{BATCH_KEYS} messages refusals warnings left_out repeated estimate",
        ),
        (empty(ReviewRow), "id number kind text word tier inbox_ids opened_at due_at resolved_at resolution by why"),
        (RequestView("+33612345678", "promo", MESSAGE), "number list message"),
        (ESTIMATE, "messages parts extra_parts characters sims ahead ends_at duration_s expiring cost"),
        (Preview(1, 0, 0, 0, (), ESTIMATE), "rows refused again left_out warnings estimate"),
        (ReleaseResult(1, 2), "messages batches"),
        (ScheduleStory(SCHEDULE, None, ()), f"{SCHEDULE_KEYS} runs"),
        (AddedSchedule(SCHEDULE, None, (), ("doubtful",)), f"{SCHEDULE_KEYS} runs warnings"),
        (empty(SimView, sim=empty(rows.SimRow), limits={}, paused=()), SIM_KEYS),
        (empty(ModemView), MODEM_KEYS),
        (WireLine(NOON, ">", "AT"), "at way text"),
        (UssdResult("done", "hi", None), "state text session"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_the_keys_are_those_of_the_api(view: object, keys: str) -> None:
    """In this order; a field that is renamed changes none of them. Whatever comes out is JSON."""
    found = document(view)
    assert list(found) == keys.split()
    assert json.loads(json.dumps(found)) == found


def test_values_are_as_json_has_them() -> None:
    """Words of a list are texts, times have microseconds and amounts are numbers, at any depth."""
    sim = SimView(
        empty(rows.SimRow, iccid="89330", modem="8612"), "shop", {"quota_day": LimitView(3, 10, 1)}, (MessageClass.OTP,),
        "west", ModemHealth.READY, NOON, 1.0, BalanceView(Decimal("12.50"), NOON, is_low=True),
    )  # fmt: skip
    found = document(sim)
    assert (found["sim"], found["modem"], found["health"]) == ("89330", "west", "ready")
    assert found["limits"] == {"quota_day": {"used": 3, "most": 10, "reserved": 1}}
    assert (found["paused"], found["rests_until"]) == (["otp"], NOON_TEXT)
    assert found["balance"] == {"amount": 12.5, "at": NOON_TEXT, "low": True}
    assert type(found["health"]) is type(found["paused"][0]) is str
    assert type(found["balance"]["amount"]) is float


def test_a_report_shows_its_status_in_hex() -> None:
    """As the standard writes it, with its meaning in words."""
    found = document(ReportView(empty(rows.ReportRow, status=0x46)))
    assert (found["status"], found["meaning"]) == ("46", "failed for good: validity period expired")


def test_the_times_of_a_schedule_and_of_the_wire_are_shorter() -> None:
    """Minutes for the next run, in the zone of the schedule; milliseconds for a line."""
    assert document(ScheduleStory(SCHEDULE, NOON, ()))["next"] == "2026-11-22T12:00+00:00"
    assert document(WireLine(NOON, "<", "OK"))["at"] == "2026-11-22T12:00:00.000+00:00"


def test_the_status_of_the_service() -> None:
    """Health first, then what is wrong, then what there is; the age stands beside the oldest that waits."""
    waiting = rows.WaitingCount(MessageState.HELD, MessageClass.OTP, 2, NOON)
    status = StatusView(
        Health(False, "disk_full", "nothing is sent"), 17, StoreUnavailable(ErrorCode.DISK_FULL, "make room"), "it leaps",
        (), (), (), (rows.PauseRow(MessageClass.OTP, None, "ann", "a test", "2026-11-22T12:00:00.000000+00:00"),),
        (WaitingView(waiting, 60),), rows.StoreCounts((waiting,), (rows.HeldCount("scheduled", 2),), {}, 5, 1, 0, 2),
    )  # fmt: skip
    assert document(status) == {
        "can_send": False,
        "code": "disk_full",
        "message": "nothing is sent",
        "pid": 17,
        "trouble": {"code": "disk_full", "message": "make room"},
        "clock": {"trusted": False, "because": "it leaps"},
        "modems": [],
        "sims": [],
        "alarms": [],
        "pauses": [
            {"class": "otp", "sim": None, "by": "ann", "why": "a test", "at": "2026-11-22T12:00:00.000000+00:00"}
        ],
        "waiting": [
            {
                "state": "held",
                "class": "otp",
                "messages": 2,
                "oldest": NOON_TEXT,
                "oldest_message": None,
                "age_s": 60,
                "waits": None,
            }
        ],
        "held": [{"reason": "scheduled", "messages": 2}],
        "states": {},
        "in_batches": 5,
        "unmatched_reports": 1,
        "opted_out": 0,
        "open_reviews": 2,
    }


def test_a_nested_view_is_a_document_too() -> None:
    """With its own keys."""

    @dataclass(frozen=True)
    class Outer:
        inner: rows.RefusedRow

    assert document(Outer(rows.RefusedRow(1, "+33612345678", None))) == {
        "inner": {"id": 1, "to": "+33612345678", "reason": None}
    }
