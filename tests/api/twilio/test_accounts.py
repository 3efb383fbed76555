"""Accounts, numbers and balance, by the official SDK; what is not offered; and errors whoever makes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from modemd.errors import ErrorCode, StoreUnavailable
from modemd.rules.twilio.sids import make_number_sid
from tests.api.client import Client as PlainClient
from tests.api.client import narrow_app
from tests.api.twilio.door import TwilioDoor, make_key, twilio_door
from tests.service.assembled import NOON, AssembledService
from tests.service.twilio.own_sims import ALICE, EAST, EAST_NUMBER, WEST, WEST_NUMBER

ACCOUNT, OTHER = "AC" + "0123456789abcdef" * 2, "AC" + "9" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT}"


async def test_an_account_is_shown(door: TwilioDoor) -> None:
    """So that a client can check what it was given; the token is masked."""
    account = await door.call(lambda client: client.api.accounts(door.account).fetch())
    assert (account.sid, account.status, account.friendly_name) == (door.account, "active", "crm")
    assert set(account.auth_token) == {"*"}
    assert [each.sid for each in await door.call(lambda client: client.api.accounts.list())] == [door.account]
    assert await door.call(lambda client: client.api.accounts.list(friendly_name="another")) == []


async def test_the_numbers_are_those_of_the_sims(door: TwilioDoor) -> None:
    """As configured, or as the SIM tells; a SIM that is not admitted has none. They can send texts."""
    first, second = await door.call(lambda client: client.incoming_phone_numbers.list())
    assert (first.phone_number, first.friendly_name, first.sid) == (WEST_NUMBER, "front desk", make_number_sid(WEST))
    assert (second.phone_number, second.friendly_name) == (EAST_NUMBER, EAST_NUMBER)
    assert (first.date_created, first.capabilities["sms"], first.capabilities["mms"]) == (NOON, True, False)
    fetched = await door.call(lambda client: client.incoming_phone_numbers(make_number_sid(EAST)).fetch())
    assert fetched.phone_number == EAST_NUMBER
    narrowed = await door.call(lambda client: client.incoming_phone_numbers.list(phone_number=EAST_NUMBER))
    assert [each.phone_number for each in narrowed] == [EAST_NUMBER]
    narrowed = await door.call(lambda client: client.incoming_phone_numbers.list(friendly_name="front desk"))
    assert [each.phone_number for each in narrowed] == [WEST_NUMBER]


@pytest.mark.parametrize(
    ("work", "status", "code"),
    [
        pytest.param(lambda c: c.incoming_phone_numbers.create(phone_number="+33700000009"), 405, 20004, id="buy"),
        pytest.param(lambda c: c.incoming_phone_numbers(make_number_sid(WEST)).delete(), 405, 20004, id="release"),
        pytest.param(
            lambda c: c.incoming_phone_numbers(make_number_sid(WEST)).update(sms_url="https://e.example"),
            405,
            20004,
            id="hook",
        ),
        pytest.param(lambda c: c.incoming_phone_numbers("PN" + "0" * 32).fetch(), 404, 20404, id="no such number"),
        pytest.param(lambda c: c.balance.fetch(), 404, 20404, id="no balance known"),
        pytest.param(
            lambda c: c.calls.create(to=ALICE, from_=WEST_NUMBER, url="https://e.example"), 404, 20404, id="call"
        ),
        pytest.param(lambda c: c.api.accounts(c.account_sid).update(friendly_name="x"), 405, 20004, id="rename"),
        pytest.param(lambda c: c.api.accounts(OTHER).fetch(), 401, 20003, id="another account"),
    ],
)
async def test_what_is_not_offered_says_so(door: TwilioDoor, work: Any, status: int, code: int) -> None:
    """With a code and a sentence, as any other error."""
    with pytest.raises(TwilioRestException) as error:
        await door.call(work)
    assert (error.value.status, error.value.code) == (status, code)
    assert len(error.value.msg) > 20


async def test_the_numbers_need_a_scope(assembled: AssembledService) -> None:
    """Every key may check its account."""
    async with twilio_door(assembled, await make_key(assembled, "alerts:write")) as door:
        account = await door.call(lambda client: client.api.accounts(door.account).fetch())
        assert account.sid == door.account
        with pytest.raises(TwilioException, match="403"):
            await door.call(lambda client: client.incoming_phone_numbers.list())


async def test_credentials_are_checked(assembled: AssembledService) -> None:
    """A wrong token is 401 and 20003, and so is the account of another key; a key may call with its own secret."""
    own = await make_key(assembled, "all", name="shop")
    other = await make_key(assembled, "all", name="other")
    async with twilio_door(assembled, own) as door:
        for wrong in (door.client(token="f" * 32), door.client(OTHER), door.client(own.account, other.token)):
            with pytest.raises(TwilioRestException) as error:
                await door.call(lambda client: client.api.accounts(own.account).fetch(), wrong)
            assert (error.value.status, error.value.code) == (401, 20003)
        by_key = door.client("SK" + "1" * 32, own.key, own.account)
        assert (
            await door.call(lambda client: client.api.accounts(own.account).fetch(), by_key)
        ).friendly_name == "shop"
        elsewhere = door.client("SK" + "1" * 32, own.key, other.account)
        with pytest.raises(TwilioRestException) as error:
            await door.call(lambda client: client.messages.create(to=ALICE, from_=WEST_NUMBER, body="x"), elsewhere)
        assert (error.value.status, error.value.code) == (401, 20003)


ERROR_KEYS = {"code", "message", "more_info", "status"}


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "code"),
    [
        ("GET", "/2010-04-01", b"", 404, 20404),
        ("GET", "/2010-04-01/Accounts.json", b"", 401, 20003),
        ("GET", "/2010-04-01/Accounts/AC1.json", b"", 401, 20003),
        ("GET", f"{PATH}/Messages", b"", 404, 20404),
        ("PUT", f"{PATH}/Messages.json", b"", 405, 20004),
        ("POST", f"{PATH}/Messages.json", b"Body=%FF", 422, 20422),
        ("POST", f"{PATH}/Messages.json", b"", 400, 21604),
        ("GET", f"{PATH}/Messages.json?PageToken=PA1", b"", 422, 20422),
        ("GET", f"{PATH}/Messages.json?PageSize=0", b"", 422, 20422),
        ("GET", f"{PATH}/Messages.json?PageSize=1001", b"", 422, 20422),
        ("GET", f"{PATH}/Messages.json?DateSent=yesterday", b"", 422, 20422),
        ("GET", f"{PATH}/Messages.json?DateSent%3C=9999-12-31T23:59:59Z", b"", 422, 20422),
        ("GET", f"{PATH}/Messages/SM1.json", b"", 404, 20404),
        ("POST", f"{PATH}/Messages.json", b"Body=" + b"a" * 300_000, 422, 20422),
    ],
)
async def test_every_error_has_the_one_shape(
    assembled: AssembledService, method: str, target: str, body: bytes, status: int, code: int
) -> None:
    """By the Unix socket, which needs no key. Neither `type` nor `title`, or SDKs raise what old code does not catch."""
    client = PlainClient(narrow_app(assembled.service))
    answer = await client.call(method, target, body, "application/x-www-form-urlencoded")
    assert (answer.status, answer.json["code"], answer.json["status"]) == (status, code, status)
    assert answer.json.keys() == ERROR_KEYS
    assert str(code) in answer.json["more_info"]


async def test_a_page_has_no_key_of_its_own(assembled: AssembledService) -> None:
    """The SDK takes the one key that it does not know for the records. A place beyond every id is the end."""
    client = PlainClient(narrow_app(assembled.service))
    page = (
        await client.get(f"{PATH}/Messages.json?PageToken=PAffffffffffffffff-ffffffffffffffff&Page=1&To=%2B331")
    ).json
    assert page.keys() == {
        *("messages", "page", "page_size", "start", "end", "uri"),
        *("first_page_uri", "next_page_uri", "previous_page_uri"),
    }
    assert (page["messages"], page["page"], page["next_page_uri"]) == ([], 1, None)
    assert page["first_page_uri"] == f"{PATH}/Messages.json?PageSize=50&To=%2B331&Page=0"


@pytest.mark.parametrize(
    ("error", "status", "code", "is_raised"),
    [(StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full"), 503, 20503, False), (KeyError("x"), 500, 20500, True)],
)
async def test_our_own_trouble_has_the_shape_too(
    assembled: AssembledService,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: int,
    is_raised: bool,
) -> None:
    """A database that takes nothing is 503; a mistake is 500, and goes to the log of the server."""

    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(assembled.service.twilio.messages), "read", fail)
    answer = await PlainClient(narrow_app(assembled.service)).get(f"{PATH}/Messages/SM{'0' * 31}1.json")
    assert (answer.status, json.loads(answer.body).keys(), answer.json["code"]) == (status, ERROR_KEYS, code)
    assert (answer.raised is not None) == is_raised
