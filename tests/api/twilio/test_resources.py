"""Resources whatever is sent to them: methods, content types, other people's accounts, and hostile forms."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from tests.api.twilio.door import TwilioDoor, make_key, twilio_door
from tests.service.assembled import AssembledService
from tests.service.twilio.own_sims import ALICE, EAST_NUMBER, WEST_NUMBER, arrive

FORM = "application/x-www-form-urlencoded"
ERROR_KEYS = {"code", "message", "more_info", "status"}
OTHER = "AC" + "9" * 32
LEAST = f"To={quote_plus(ALICE)}&From={quote_plus(WEST_NUMBER)}"
HELLO = f"{LEAST}&Body=hello"


async def call(
    door: TwilioDoor, method: str, path: str, body: bytes | str = b"", kind: str | None = FORM, account: str = ""
) -> requests.Response:
    """The answer to a request with the credentials of the account."""
    url = f"{door.base_url}/2010-04-01/Accounts/{account or door.account}{path}"
    given = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": kind} if kind is not None else {}
    answer = await asyncio.to_thread(
        requests.request, method, url, data=given, headers=headers, auth=(door.account, door.credentials.token),
        timeout=30,
    )  # fmt: skip
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and method != "HEAD":
        told = answer.json()
        assert told.keys() == ERROR_KEYS
        assert told["status"] == answer.status_code
        assert told["message"]
        assert "Traceback" not in told["message"]
        assert door.credentials.token not in answer.text
    return answer


def code_of(answer: requests.Response) -> tuple[int, int | None]:
    """HTTP status, and the code of an error."""
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("OPTIONS", "/Messages.json", "GET, POST"),
        ("PUT", "/Messages.json", "GET, POST"),
        ("DELETE", "/Messages.json", "GET, POST"),
        ("TRACE", ".json", "GET"),
        ("POST", "/Balance.json", "GET"),
        ("DELETE", f"/Messages/SM{'0' * 31}1/Feedback.json", "POST"),
    ],
)
async def test_a_method_that_is_none_names_those_that_are(door: TwilioDoor, method: str, path: str, allow: str) -> None:
    """In the header that HTTP has for it, too."""
    answer = await call(door, method, path)
    assert (code_of(answer), answer.headers["Allow"]) == ((405, 20004), allow)


async def test_to_look_changes_nothing(door: TwilioDoor) -> None:
    """HEAD is answered as GET, without the body."""
    answer = await call(door, "HEAD", "/Messages.json")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await call(door, "HEAD", f"/Messages/SM{'0' * 31}1.json")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FORM, 201),
        (f"{FORM}; charset=utf-8", 201),
        (FORM.upper(), 201),
        (None, 201),
        ("application/json", 422),
        ("multipart/form-data; boundary=x", 422),
        ("text/plain", 422),
        ("", 422),
        ("x" * 500, 422),
    ],
)
async def test_a_body_is_a_form(door: TwilioDoor, kind: str | None, status: int) -> None:
    """What is said to be another thing is refused, though it could be read as one."""
    answer = await call(door, "POST", "/Messages.json", HELLO, kind)
    assert code_of(answer) == (status, None if status == 201 else 20422)


async def test_a_request_without_a_body_may_say_what_it_has_not(door: TwilioDoor) -> None:
    """Clients send a content type with GET and DELETE."""
    id = await arrive(door.assembled)
    path = f"/Messages/SM1{id:031x}.json"
    assert (await call(door, "GET", path, kind="application/json")).status_code == 200
    assert (await call(door, "DELETE", path, kind="application/json")).status_code == 204


@pytest.mark.parametrize("name", ["Calls", "Recordings", "AvailablePhoneNumbers/FR/Local", "Usage/Records", "Nothing"])
async def test_what_is_not_offered_says_so(door: TwilioDoor, name: str) -> None:
    """To the owner of the account; to others, the account is not theirs, as everywhere."""
    for method in ("GET", "POST", "DELETE"):
        answer = await call(door, method, f"/{name}.json", HELLO if method == "POST" else b"")
        assert code_of(answer) == (404, 20404)
        assert f"does not offer {name.partition('/')[0]};" in answer.json()["message"]
        assert code_of(await call(door, method, f"/{name}.json", account=OTHER)) == (401, 20003)


@pytest.mark.parametrize(
    ("domain", "work"),
    [
        ("verify", lambda c: c.verify.v2.services("VA" + "0" * 32).verifications.create(to=ALICE, channel="sms")),
        ("lookups", lambda c: c.lookups.v2.phone_numbers(ALICE).fetch()),
        ("conversations", lambda c: c.conversations.v1.conversations.create()),
        ("messaging", lambda c: c.messaging.v1.services("MG" + "0" * 32).fetch()),
        ("content", lambda c: c.content.v1.contents("HX" + "0" * 32).fetch()),
    ],
)
async def test_other_apis_of_twilio_say_so(assembled: AssembledService, domain: str, work: Any) -> None:
    """In the shape that the SDK reads, whatever the scopes of the key; without one it is 401."""
    async with twilio_door(assembled, await make_key(assembled, "messages:write")) as door:
        for client, status, code in ((door.client(), 404, 20404), (door.client(token="f" * 32), 401, 20003)):
            getattr(client, domain).base_url = door.base_url
            with pytest.raises(TwilioRestException) as error:
                await door.call(work, client)
            assert (error.value.status, error.value.code) == (status, code)


async def test_the_paths_of_modemd_stay_its_own(door: TwilioDoor) -> None:
    """With their own errors, also for a method that is none."""
    for method, path, status in (("PUT", "/v1/messages", 405), ("GET", "/v1/nothing", 404), ("GET", "/v2/x", 404)):
        answer = await asyncio.to_thread(
            requests.request, method, f"{door.base_url}{path}", auth=("x", door.credentials.key), timeout=30
        )
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    [
        ".json",
        "/Messages.json",
        "/Messages/SM1.json",
        f"/Messages/SM{'0' * 31}1/Media.json",
        "/Balance.json",
        "/X.json",
    ],
)
async def test_an_account_that_is_not_there_is_as_one_of_others(door: TwilioDoor, path: str) -> None:
    """And so is a text that can be no account: the answers are the same but for nothing."""
    told = [(await call(door, "GET", path, account=account)).json() for account in (OTHER, "AC1", "x" * 40, "%00")]
    assert told == [told[0]] * 4
    assert told[0]["code"] == 20003


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(f"{HELLO}&To=nobody", 21211, id="a second recipient, of which the last counts"),
        pytest.param(f"{HELLO}&Body=" + "x" * 1601, 21617, id="a second text"),
        pytest.param(f"{HELLO}&X=%ff", 20422, id="no UTF-8"),
        pytest.param(f"{HELLO}&X=%ED%A0%80", 20422, id="half a surrogate pair"),
        pytest.param(HELLO.encode() + b"&X=\xff", 20422, id="octets beyond ASCII"),
        pytest.param(HELLO + "&X=1" * 1000, 20422, id="a thousand fields"),
        pytest.param("&" * 100_000, 20422, id="only separators"),
        pytest.param("=" * 1000, 21604, id="no names"),
        pytest.param("%" * 1000, 21604, id="only percent signs"),
        pytest.param(f"{LEAST}&Body=%00", 21619, id="a NUL"),
        pytest.param(f"{LEAST}&Body={'x' * 1601}", 21617, id="one character too many"),
        pytest.param(f"{LEAST}&Body={quote_plus('✋') * 1601}", 21617, id="and of three octets each"),
        pytest.param(f"{LEAST}&Body=x&ValidityPeriod=-1", 20422, id="valid for less than nothing"),
        pytest.param(f"{LEAST}&Body=x&ValidityPeriod=1e3", 20422, id="a number that is none"),
        pytest.param(f"{LEAST}&Body=x&ValidityPeriod={'9' * 9000}", 20422, id="a huge number"),
        pytest.param(f"{LEAST}&Body=x&ScheduleType=fixed&SendAt=2026-13-45", 35114, id="no day"),
        pytest.param(f"{LEAST}&Body=x&SendAt=%00", 35114, id="a time of NUL"),
        pytest.param(f"{LEAST}&Body=x&SendAt={'9' * 9000}", 35114, id="a long time"),
        pytest.param(f"{LEAST}&Body=x&SendAt=Thu,+99+Aug+2023+05:01:45+%2B9999", 35114, id="no time of a letter"),
        pytest.param(f"{LEAST}&Body=x&SendAt=9999-12-31T23:59:59-14:00", 35114, id="after the last year"),
        pytest.param(f"{LEAST}&Body=x&SendAt=0001-01-01T00:00:00%2B14:00", 35114, id="before the first year"),
        pytest.param(f"To=&From={quote_plus(WEST_NUMBER)}&Body=x", 21604, id="an empty recipient"),
        pytest.param(f"To=%2B33%006&From={quote_plus(WEST_NUMBER)}&Body=x", 21211, id="a NUL in a number"),
        pytest.param(f"To=%2B{'3' * 5000}&From={quote_plus(WEST_NUMBER)}&Body=x", 21211, id="a long number"),
        pytest.param(f"To={quote_plus('٣٣')}&From={quote_plus(WEST_NUMBER)}&Body=x", 21211, id="Arabic digits"),
        pytest.param(f"To=33612345678&From={'7' * 5000}&Body=x", 21606, id="a long sender"),
        pytest.param(f"{LEAST}&Body=x&MessagingServiceSid=MG1", 21701, id="no pool"),
        pytest.param(f"{LEAST}&Body=x&MessageIntent=%00", 20422, id="no intent"),
        pytest.param(f"{LEAST}&Body=x&StatusCallbackMethod=DELETE&StatusCallback=https://a.example", 21609, id="method"),
    ],
)  # fmt: skip
async def test_a_hostile_form_is_answered(door: TwilioDoor, body: bytes | str, code: int) -> None:
    """As what it is: an error of the client, with a code; and nothing is stored."""
    assert code_of(await call(door, "POST", "/Messages.json", body))[1] == code
    assert (await call(door, "GET", "/Messages.json")).json()["messages"] == []


@pytest.mark.parametrize(
    ("given", "to", "sender"),
    [
        pytest.param({"From": " +33 7 00 00 00 01 "}, ALICE, WEST_NUMBER, id="blanks"),
        pytest.param({"From": "07-00-00-00-02"}, ALICE, EAST_NUMBER, id="as it is dialled"),
        pytest.param({"To": "+33 (0)6 12 34 56 78"}, ALICE, WEST_NUMBER, id="a number as a person writes it"),
        pytest.param({"To": "0612345678"}, ALICE, WEST_NUMBER, id="without its country"),
        pytest.param({"Body": "x" * 1600}, ALICE, WEST_NUMBER, id="the longest text"),
        pytest.param({"Body": "✋" * 1600}, ALICE, WEST_NUMBER, id="and of three octets each"),
        pytest.param({"Attempt": "-1", "MaxPrice": "NaN", "Unknown": "x" * 9000}, ALICE, WEST_NUMBER, id="the rest"),
    ],
)
async def test_a_strange_form_is_understood(door: TwilioDoor, given: dict[str, str], to: str, sender: str) -> None:
    """Numbers as people write them, and parameters that change nothing."""
    form = {"To": ALICE, "From": WEST_NUMBER, "Body": "hello"} | given
    body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in form.items())
    answer = await call(door, "POST", "/Messages.json", body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["to"], answer.json()["from"], answer.json()["body"]) == (to, sender, form["Body"])


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//crm.example/s",
        "https://user:password@crm.example/",
        "http://127.0.0.1/s",
        "http://[::1]:8080/s",
        "http://[::ffff:10.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.1.2.3/",
        "http://0.0.0.0/",
        "http://[64:ff9b::a00:1]/",
        "http://224.0.0.1/",
        "https://crm.example:0x50/",
        "https://crm.example/\r\nX-Evil: 1",
        "https://crm.example/ x",
        "http://[",
        "https://",
        "https://" + "a" * 64 + ".example/",
    ],
)
async def test_a_callback_that_can_never_be_called_is_refused(door: TwilioDoor, url: str) -> None:
    """At once: the sender would wait for what never comes. No password is repeated."""
    answer = await call(door, "POST", "/Messages.json", f"{HELLO}&StatusCallback={quote_plus(url)}")
    assert code_of(answer) == (400, 21609)
    assert "password@" not in answer.text


async def test_ten_megabytes_are_not_read(door: TwilioDoor) -> None:
    """The answer comes before them, or the connection ends."""

    def post() -> Any:
        try:
            return requests.post(
                f"{door.base_url}/2010-04-01/Accounts/{door.account}/Messages.json",
                data=b"Body=" + b"a" * 10_000_000,
                headers={"Content-Type": FORM},
                auth=(door.account, door.credentials.token),
                timeout=30,
            )
        except requests.ConnectionError:
            return None

    answer = await asyncio.to_thread(post)
    if answer is not None:
        assert code_of(answer) == (422, 20422)
    assert (await call(door, "GET", "/Messages.json")).json()["messages"] == []
