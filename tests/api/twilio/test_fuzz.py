"""Whatever a client sends, it is never the server's mistake."""

from __future__ import annotations

from random import Random
from urllib.parse import urlencode

from tests.api.client import Client, narrow_app
from tests.service.assembled import AssembledService
from tests.service.twilio.own_sims import ALICE, WEST_NUMBER, arrive

ACCOUNT = "AC" + "0123456789abcdef" * 2
PATHS = (
    *(".json", "/Messages.json", "/Messages/{}.json", "/Messages/{}/Feedback.json", "/Messages/{}/Media.json"),
    *("/IncomingPhoneNumbers.json", "/IncomingPhoneNumbers/{}.json", "/Balance.json", "/Nothing.json"),
)
SIDS = (f"SM{'0' * 31}1", f"SM1{'0' * 30}1", f"SM0{'7' * 31}", f"PN{'0' * 32}", "x", "%00", "%ff", "%ED%A0%80")
NAMES = (
    *("To", "From", "Body", "MessagingServiceSid", "StatusCallback", "StatusCallbackMethod", "ValidityPeriod"),
    *("ScheduleType", "SendAt", "SmartEncoded", "MessageIntent", "MediaUrl", "ContentSid", "Status", "Outcome"),
    *("DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken", "PhoneNumber", "FriendlyName"),
)
VALUES = (
    *("", "0", "-1", "1", "9" * 30, ALICE, WEST_NUMBER, "nobody", "\x00", "a\x00b", "é", "✋" * 800, "\u202e", "true"),
    *("fixed", "canceled", "2026-11-22", "2026-11-23T12:00:00Z", "0001-01-01", "9999-12-31T23:59:59Z", "9999-12-31"),
    *("Thu, 24 Aug 2023 05:01:45 -9999", "Thu, 99 Aug 2023 05:01:45 +0000", f"MG{ACCOUNT[2:]}", "https://x.example/"),
    *("http://[", "SM1", "PA0-0", "PAffffffffffffffff-1", "𝟙𝟚", "٣٤", "1e5", "112", "36105", "marketing", "confirmed"),
)


async def test_nothing_that_is_sent_is_an_error_of_ours(assembled: AssembledService) -> None:
    """Each answer is a success, or a client's error in the one shape."""
    random, statuses = Random(17), set()
    await arrive(assembled)
    client = Client(narrow_app(assembled.service))
    for _ in range(800):
        path = random.choice(PATHS).format(random.choice(SIDS))
        fields = [(name, random.choice(VALUES)) for name in random.sample(NAMES, random.randint(0, 6))]
        if random.random() < 0.4:
            fields += [("To", ALICE), ("From", WEST_NUMBER), ("Body", "hello")]
        form, method = urlencode(fields), random.choice(("GET", "POST", "POST", "DELETE", "PUT"))
        target = f"/2010-04-01/Accounts/{ACCOUNT}{path}{f'?{form}' if method == 'GET' else ''}"
        body = b"" if method == "GET" else form.encode()
        answer = await client.call(method, target, body, "application/x-www-form-urlencoded")
        statuses.add(answer.status)
        assert answer.status < 500, (method, target, form)
        if answer.status >= 400:
            assert answer.json.keys() == {"code", "message", "more_info", "status"}
    assert {200, 201, 400, 404, 405, 422} <= statuses
