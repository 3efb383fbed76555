"""Messages, by the official SDK, unmodified but for its base URL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from modemd.rules.twilio.sids import make_service_sid
from modemd.store.inbound import inbox
from modemd.store.queue.outcomes import AttemptResult
from tests.api.twilio.door import TwilioDoor, make_key, twilio_door
from tests.service.assembled import NOON, AssembledService, all_rows
from tests.service.twilio.own_sims import (
    ALICE,
    BOB,
    EAST,
    EAST_NUMBER,
    WEST,
    WEST_NUMBER,
    arrive,
    report,
    try_next,
)


async def sent(door: TwilioDoor, to: str = ALICE, body: str = "hello", **more: Any) -> Any:
    """A message is created."""
    sender = {} if "messaging_service_sid" in more else {"from_": WEST_NUMBER}
    return await door.call(lambda client: client.messages.create(to=to, body=body, **sender, **more))


async def refused(door: TwilioDoor, **parameters: Any) -> TwilioRestException:
    """A message is not created."""
    with pytest.raises(TwilioRestException) as error:
        await door.call(
            lambda client: client.messages.create(**{"to": ALICE, "from_": WEST_NUMBER, "body": "hello"} | parameters)
        )
    return error.value


async def fetched(door: TwilioDoor, sid: str) -> Any:
    """A message as it is now."""
    return await door.call(lambda client: client.messages(sid).fetch())


async def test_a_message_is_created(door: TwilioDoor) -> None:
    """From a number of ours: queued for its SIM, with every property that the SDK knows."""
    message = await sent(door)
    assert (message.sid, message.account_sid) == ("SM" + "0" * 31 + "1", door.account)
    assert (message.from_, message.to, message.body) == (WEST_NUMBER, ALICE, "hello")
    assert (message.status, message.direction, message.num_segments, message.num_media) == (
        "queued", "outbound-api", "1", "0",
    )  # fmt: skip
    assert (message.error_code, message.error_message, message.price, message.messaging_service_sid) == (None,) * 4
    assert (message.date_created, message.date_updated, message.date_sent) == (NOON, NOON, None)
    assert message.uri == f"/2010-04-01/Accounts/{door.account}/Messages/{message.sid}.json"
    view = await door.service.messages.histories.describe(1)
    assert (view.message.message_class, view.message.recipient) == ("transactional", ALICE)


async def test_the_pool_chooses_the_sender(door: TwilioDoor, assembled: AssembledService) -> None:
    """Accepted without a sender; who sent it is known when it was sent."""
    message = await sent(door, messaging_service_sid=make_service_sid(door.account))
    assert (message.status, message.from_, message.messaging_service_sid) == (
        "accepted",
        None,
        make_service_sid(door.account),
    )
    await try_next(assembled, EAST)
    message = await fetched(door, message.sid)
    assert (message.status, message.from_, message.messaging_service_sid) == (
        "sent",
        EAST_NUMBER,
        make_service_sid(door.account),
    )


async def test_a_message_goes_its_way(door: TwilioDoor, assembled: AssembledService) -> None:
    """Sent, then delivered, with the dates of both."""
    message = await sent(door)
    assembled.clock.passes(seconds=5)
    await try_next(assembled)
    message = await fetched(door, message.sid)
    assert (message.status, message.date_sent) == ("sent", NOON + timedelta(seconds=5))
    assembled.clock.passes(seconds=5)
    await report(assembled)
    message = await fetched(door, message.sid)
    assert (message.status, message.date_updated) == ("delivered", NOON + timedelta(seconds=10))


@pytest.mark.parametrize(("status", "code"), [(0x43, 30005), (0x46, 30003), (0x40, 30008)])
async def test_what_is_not_delivered_says_why(
    door: TwilioDoor, assembled: AssembledService, status: int, code: int
) -> None:
    """By the number that Twilio has for the status of the report."""
    message = await sent(door)
    await try_next(assembled)
    await report(assembled, status=status)
    message = await fetched(door, message.sid)
    assert (message.status, message.error_code) == ("undelivered", code)
    assert message.error_message


async def test_what_the_network_refuses_has_failed(door: TwilioDoor, assembled: AssembledService) -> None:
    """With the number for the error of the network."""
    message = await sent(door)
    await try_next(assembled, result=AttemptResult.REFUSED, reference=None, error="+CMS ERROR: 28")
    message = await fetched(door, message.sid)
    assert (message.status, message.error_code) == ("failed", 30005)


async def test_a_long_text_has_its_segments(door: TwilioDoor) -> None:
    """Counted as they go on the air."""
    assert (await sent(door, body="a" * 161)).num_segments == "2"
    assert (await sent(door, body="✋" * 71)).num_segments == "2"


async def test_smart_encoding_saves_segments(door: TwilioDoor) -> None:
    """Characters that look alike are put for others only when it is asked for."""
    text = "“Hello” – it’s me" + "a" * 100
    plain, smart = await sent(door, body=text), await sent(door, body=text, smart_encoded=True)
    assert (plain.num_segments, plain.body) == ("2", text)
    assert (smart.num_segments, smart.body) == ("1", '"Hello" - it\'s me' + "a" * 100)


@pytest.mark.parametrize(
    ("intent", "message_class"), [("otp", "otp"), ("marketing", "marketing"), ("customercare", "transactional")]
)
async def test_an_intent_is_a_class(door: TwilioDoor, intent: str, message_class: str) -> None:
    """So that consent and quiet hours bind marketing that comes this way."""
    await sent(door, message_intent=intent)
    assert (await door.service.messages.histories.describe(1)).message.message_class == message_class


async def test_a_message_is_scheduled_and_cancelled(door: TwilioDoor) -> None:
    """Its status says so; a second cancel is too late."""
    at = NOON + timedelta(hours=2)
    message = await sent(door, messaging_service_sid=make_service_sid(door.account), schedule_type="fixed", send_at=at)
    assert message.status == "scheduled"
    row = (await door.service.messages.histories.describe(1)).message
    assert row.at == at.isoformat(timespec="microseconds")
    message = await door.call(lambda client: client.messages(message.sid).update(status="canceled"))
    assert (message.status, message.error_code) == ("canceled", None)
    with pytest.raises(TwilioRestException) as error:
        await door.call(lambda client: client.messages(message.sid).update(status="canceled"))
    assert (error.value.status, error.value.code) == (409, 30409)


async def test_what_was_not_worth_sending_any_more_has_failed(door: TwilioDoor, assembled: AssembledService) -> None:
    """ValidityPeriod counts in our queue."""
    await sent(door, validity_period=600)
    row = (await door.service.messages.histories.describe(1)).message
    assert row.expires_at == (NOON + timedelta(seconds=600)).isoformat(timespec="microseconds")


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        pytest.param({"to": "+331"}, 400, 21211, id="no such number"),
        pytest.param({"to": "nobody"}, 400, 21211, id="no number"),
        pytest.param({"to": "whatsapp:+33612345678"}, 400, 21211, id="another way"),
        pytest.param({"to": "112"}, 400, 21211, id="an emergency number"),
        pytest.param({"to": "12345"}, 400, 21211, id="a short code"),
        pytest.param({"to": ""}, 400, 21604, id="no recipient"),
        pytest.param({"from_": "+33799999999"}, 400, 21606, id="not our number"),
        pytest.param({"from_": "+33700000003"}, 400, 21606, id="a SIM that is not admitted"),
        pytest.param({"from_": "ACME"}, 400, 21606, id="a name"),
        pytest.param({"from_": ""}, 400, 21603, id="no sender"),
        pytest.param({"messaging_service_sid": "MG" + "0" * 32}, 404, 21701, id="another pool"),
        pytest.param({"body": ""}, 400, 21619, id="no text"),
        pytest.param({"body": " \u200b"}, 400, 21619, id="a text that nobody sees"),
        pytest.param({"body": "a" * 1601}, 400, 21617, id="too long"),
        pytest.param({"media_url": ["https://e.example/a.png"]}, 400, 21623, id="a picture"),
        pytest.param({"body": "", "content_sid": "HX" + "0" * 32}, 400, 21619, id="a template"),
        pytest.param({"message_intent": "promotion"}, 422, 20422, id="an intent that nobody knows"),
        pytest.param({"schedule_type": "fixed"}, 400, 35111, id="scheduled for when"),
        pytest.param({"schedule_type": "fixed", "send_at": "soon"}, 400, 35114, id="no time"),
        pytest.param({"send_at": NOON - timedelta(hours=1)}, 400, 35114, id="in the past"),
        pytest.param({"send_at": NOON + timedelta(days=800)}, 400, 35117, id="years ahead"),
        pytest.param({"validity_period": 36001}, 422, 20422, id="valid for too long"),
        pytest.param({"validity_period": 0}, 422, 20422, id="valid for no time"),
        pytest.param({"status_callback": "ftp://e.example/"}, 400, 21609, id="another protocol"),
        pytest.param({"status_callback": "https://a_b.example/"}, 400, 21609, id="an underscore"),
    ],
)
async def test_what_cannot_be_sent_is_refused(
    door: TwilioDoor, parameters: dict[str, Any], status: int, code: int
) -> None:
    """With Twilio's number and HTTP status, and in words; nothing is stored."""
    error = await refused(door, **parameters)
    assert (error.status, error.code) == (status, code)
    assert error.msg
    assert await door.call(lambda client: client.messages.list()) == []


async def test_a_short_code_is_for_the_other_api(door: TwilioDoor) -> None:
    """The error says what a program can do, and names no option of the command line."""
    message = (await refused(door, to="12345")).msg
    assert "POST /v1/messages with short_code" in message
    assert "--" not in message


@pytest.mark.parametrize("intent", [None, "delivery", "otp"])
async def test_only_marketing_is_bound_by_an_opt_out(
    door: TwilioDoor, assembled: AssembledService, intent: str | None
) -> None:
    """As docs/twilio.md says: without an intent, a message is transactional."""
    await assembled.stop_word(ALICE)
    message = await sent(door, **({} if intent is None else {"message_intent": intent}))
    assert message.status == "queued"


async def test_somebody_who_opted_out_gets_nothing(door: TwilioDoor, assembled: AssembledService) -> None:
    """Marketing after STOP is 21610, whatever the sender."""
    await assembled.stop_word(ALICE)
    error = await refused(door, message_intent="marketing")
    assert (error.status, error.code) == (400, 21610)
    assert "opted out" in error.msg
    (listed,) = await door.call(lambda client: client.messages.list())
    assert (listed.status, listed.error_code) == ("failed", 21610)


async def test_a_token_sends_once(door: TwilioDoor) -> None:
    """The header for retries gets the first answer again; for another text it is a conflict."""
    client = door.client()
    target = f"{door.base_url}/2010-04-01/Accounts/{door.account}/Messages.json"

    def post(body: str) -> tuple[int, dict[str, Any]]:
        answer = client.http_client.session.post(
            target,
            {"To": ALICE, "From": WEST_NUMBER, "Body": body},
            auth=(door.account, door.credentials.token),
            headers={"I-Twilio-Idempotency-Token": "order-1"},
        )
        return answer.status_code, answer.json()

    first, again, other = [await door.call(lambda _, text=text: post(text)) for text in ("one", "one", "two")]  # type: ignore[misc]
    assert (first[0], again) == (201, first)
    assert (other[0], other[1]["code"]) == (409, 20409)


async def test_a_list_is_read_by_pages(door: TwilioDoor, assembled: AssembledService) -> None:
    """Newest first, both directions in one list; what comes meanwhile moves nothing."""
    for number in range(5):
        assembled.clock.passes(minutes=1)
        await (arrive(assembled, text=f"text {number}") if number % 2 else sent(door, body=f"text {number}"))
    pages = []

    def read(client: Any) -> None:
        page = client.messages.page(page_size=2)
        while page is not None:
            pages.append([each.body for each in page])
            client.messages.create(to=ALICE, from_=WEST_NUMBER, body="meanwhile")
            page = page.next_page()

    await door.call(read)
    assert pages == [["text 4", "text 3"], ["text 2", "text 1"], ["text 0"]]
    everything = await door.call(lambda client: client.messages.list(page_size=3))
    assert [each.body for each in everything[3:]] == [f"text {number}" for number in range(4, -1, -1)]
    assert [each.direction for each in everything[3:5]] == ["outbound-api", "inbound"]
    assert len(await door.call(lambda client: client.messages.list(limit=4, page_size=3))) == 4


@pytest.mark.parametrize(
    ("chosen", "bodies"),
    [
        ({"to": ALICE}, ["to alice"]),
        ({"to": WEST_NUMBER}, ["of alice"]),
        ({"from_": ALICE}, ["of alice"]),
        ({"from_": WEST_NUMBER}, ["to bob", "to alice"]),
        ({"from_": EAST_NUMBER}, []),
        ({"to": "nobody at all"}, []),
        ({"date_sent": datetime(2026, 11, 22, tzinfo=UTC)}, ["of alice", "to alice"]),
        ({"date_sent": datetime(2026, 11, 23, tzinfo=UTC)}, []),
        ({"date_sent_after": NOON + timedelta(minutes=1)}, ["of alice"]),
        ({"date_sent_before": NOON + timedelta(minutes=1)}, ["to alice"]),
        ({"date_sent_after": NOON + timedelta(days=1)}, []),
        ({"to": ALICE, "from_": WEST_NUMBER}, ["to alice"]),
    ],
)
async def test_a_list_is_narrowed(
    door: TwilioDoor, assembled: AssembledService, chosen: dict[str, Any], bodies: list[str]
) -> None:
    """By either end, and by when it was sent; the filters hold for every page."""
    await sent(door, body="to alice")
    await try_next(assembled)
    assembled.clock.passes(minutes=2)
    await arrive(assembled, ALICE, "of alice")
    await sent(door, BOB, "to bob")
    found = await door.call(lambda client: client.messages.list(page_size=1, **chosen))
    assert [each.body for each in found] == bodies


async def test_an_inbound_message_is_shown(door: TwilioDoor, assembled: AssembledService) -> None:
    """From the person, to the number of the SIM; a missed call is no message."""
    await assembled.store.write(lambda db: inbox.store_missed_call(db, WEST, ALICE, assembled.clock.now()))
    id = await arrive(assembled, text="where is it?")
    (message,) = await door.call(lambda client: client.messages.list())
    assert (message.sid, message.direction, message.status) == (f"SM1{id:031x}", "inbound", "received")
    assert (message.from_, message.to, message.body, message.date_sent) == (ALICE, WEST_NUMBER, "where is it?", NOON)
    assert (await fetched(door, message.sid)).body == "where is it?"


async def test_a_text_is_removed(door: TwilioDoor, assembled: AssembledService) -> None:
    """Once the message has left; before, its text is needed."""
    message = await sent(door)
    with pytest.raises(TwilioRestException) as error:
        await door.call(lambda client: client.messages(message.sid).update(body=""))
    assert (error.value.status, error.value.code) == (409, 20009)
    await try_next(assembled)
    redacted = await door.call(lambda client: client.messages(message.sid).update(body=""))
    assert (redacted.body, redacted.status) == ("", "sent")
    history = await door.service.messages.histories.describe(1)
    (event,) = [event for event in history.events if event.what == "redacted"]
    assert (history.message.text, event.detail["by"]) == ("", "crm")
    inbound = f"SM1{await arrive(assembled):031x}"
    assert (await door.call(lambda client: client.messages(inbound).update(body=""))).body == ""


async def test_a_message_is_deleted(door: TwilioDoor, assembled: AssembledService) -> None:
    """Its text is gone, and this API lists it no more; the row stays for counts and quotas."""
    message, inbound = await sent(door), f"SM1{await arrive(assembled):031x}"
    with pytest.raises(TwilioRestException) as error:
        await door.call(lambda client: client.messages(message.sid).delete())
    assert (error.value.status, error.value.code) == (409, 20009)
    await try_next(assembled)
    for sid in (message.sid, inbound):
        assert await door.call(lambda client, sid=sid: client.messages(sid).delete())  # type: ignore[misc]
        with pytest.raises(TwilioRestException) as error:
            await fetched(door, sid)
        assert (error.value.status, error.value.code) == (404, 20404)
    assert await door.call(lambda client: client.messages.list()) == []
    assert (await door.service.messages.histories.describe(1)).message.text == ""


@pytest.mark.parametrize("sid", ["SM" + "0" * 31 + "9", "SM1" + "0" * 30 + "9", "SM" + "f" * 32, "XX"])
async def test_what_is_not_there_is_not_found(door: TwilioDoor, sid: str) -> None:
    """404 and 20404, for each thing that one can do with a message."""
    for work in ("fetch", "delete"):
        with pytest.raises(TwilioRestException) as error:
            await door.call(lambda client, work=work: getattr(client.messages(sid), work)())  # type: ignore[misc]
        assert (error.value.status, error.value.code) == (404, 20404)


async def test_feedback_and_media(door: TwilioDoor, assembled: AssembledService) -> None:
    """Feedback is an event of the message; media there are none."""
    message = await sent(door)
    feedback = await door.call(lambda client: client.messages(message.sid).feedback.create(outcome="confirmed"))
    assert (feedback.message_sid, feedback.outcome) == (message.sid, "confirmed")
    history = await door.service.messages.histories.describe(1)
    assert [event.detail for event in history.events if event.what == "feedback"] == [{"outcome": "confirmed"}]
    assert await door.call(lambda client: client.messages(message.sid).media.list()) == []
    with pytest.raises(TwilioRestException) as error:
        await door.call(lambda client: client.messages(message.sid).media("ME" + "0" * 32).fetch())
    assert error.value.code == 20404


@pytest.mark.parametrize(
    ("body", "status"), [({"Body": "new words"}, 422), ({"Status": "sent"}, 422)], ids=["a new text", "another status"]
)
async def test_nothing_else_can_be_changed(door: TwilioDoor, body: dict[str, str], status: int) -> None:
    """A text can only be removed, and a message only cancelled."""
    message = await sent(door)
    parameters = {key.lower(): value for key, value in body.items()}
    with pytest.raises(TwilioRestException) as error:
        await door.call(lambda client: client.messages(message.sid).update(**parameters))
    assert (error.value.status, error.value.code) == (status, 20422)


@pytest.mark.parametrize(
    ("scopes", "works", "fails"),
    [
        (("messages:write",), ["create"], ["list", "fetch"]),
        (("messages:read",), ["list", "fetch"], ["create", "update", "delete"]),
        (("inbox:read",), [], ["list", "create"]),
        (("messages:read", "messages:write"), ["create", "list", "fetch"], []),
    ],
)
async def test_a_key_may_do_what_its_scopes_say(
    assembled: AssembledService, scopes: tuple[str, ...], works: list[str], fails: list[str]
) -> None:
    """Anything else is 403, and nothing of it happens."""
    sid = "SM" + "0" * 31 + "1"
    calls: dict[str, Any] = {
        "create": lambda client: client.messages.create(to=ALICE, from_=WEST_NUMBER, body="hello"),
        "list": lambda client: client.messages.list(),
        "fetch": lambda client: client.messages(sid).fetch(),
        "update": lambda client: client.messages(sid).update(status="canceled"),
        "delete": lambda client: client.messages(sid).delete(),
    }
    async with twilio_door(assembled, await make_key(assembled, "all", name="whole")) as door:
        await door.call(calls["create"])
    async with twilio_door(assembled, await make_key(assembled, *scopes)) as door:
        for each in works:
            await door.call(calls[each])
        for each in fails:
            with pytest.raises(TwilioException, match=r"403.*scope"):  # a list raises another class than the rest
                await door.call(calls[each])


async def test_the_inbox_is_for_keys_that_may_read_it(assembled: AssembledService) -> None:
    """Without the scope the list has only what was sent, and an inbound message is 403."""
    id = await arrive(assembled)
    async with twilio_door(assembled, await make_key(assembled, "messages:read")) as door:
        assert await door.call(lambda client: client.messages.list()) == []
        with pytest.raises(TwilioRestException) as error:
            await fetched(door, f"SM1{id:031x}")
        assert error.value.status == 403


async def test_a_key_sends_by_its_own_sims(assembled: AssembledService) -> None:
    """Another number is not its own; the pool is its one SIM; of several it has to name one."""
    one = await make_key(assembled, "all", name="one", lines=(EAST,))
    async with twilio_door(assembled, one) as door:
        numbers = await door.call(lambda client: client.incoming_phone_numbers.list())
        assert [each.phone_number for each in numbers] == [EAST_NUMBER]
        assert (await refused(door, from_=WEST_NUMBER)).code == 21606
        message = await sent(door, messaging_service_sid=make_service_sid(door.account))
        assert (message.from_, message.status) == (EAST_NUMBER, "queued")
    two = await make_key(assembled, "all", name="two", lines=(EAST, WEST))
    async with twilio_door(assembled, two) as door:
        assert (await sent(door)).from_ == WEST_NUMBER
        error = await refused(door, from_="", messaging_service_sid=make_service_sid(door.account))
        assert (error.status, error.code) == (403, 20006)


async def test_a_key_has_a_budget(assembled: AssembledService) -> None:
    """What is refused, or was known, costs nothing of it."""

    def post(client: Any) -> None:
        path = f"/2010-04-01/Accounts/{client.account_sid}/Messages.json"
        form = {"To": ALICE, "From": WEST_NUMBER, "Body": "once"}
        answer = client.http_client.session.post(
            f"{client.api.base_url}{path}", form, auth=client.auth, headers={"I-Twilio-Idempotency-Token": "order-1"}
        )
        assert answer.status_code == 201

    async with twilio_door(assembled, await make_key(assembled, "all", per_day=2)) as door:
        for _ in range(3):
            await refused(door, to="+331")
            await door.call(post)
        await sent(door)
        error = await refused(door)
        assert (error.status, error.code) == (429, 20429)


async def test_a_change_is_in_the_audit_log(door: TwilioDoor) -> None:
    """With the key, and what was done to which message."""
    message = await sent(door)
    await door.call(lambda client: client.messages(message.sid).update(status="canceled"))
    await door.assembled.store.write(lambda db: None)  # the log goes into the commit of the next change
    changes = await all_rows(await door.service.keys.list_changes(None, 10))
    assert [(each.name, each.method) for each in changes] == [("crm", "POST")] * 2
    assert [each.route.rpartition("/")[2] for each in changes] == [f"{message.sid}.json", "Messages.json"]
