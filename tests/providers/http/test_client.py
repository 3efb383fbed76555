"""The client of a provider, against real servers on this machine."""

from __future__ import annotations

import asyncio
import json
import traceback
from pathlib import Path

import pytest

from modemd.errors import ConfigError
from modemd.providers.exchange import ExchangeError, NotSent, ResponseLost
from modemd.providers.http.client import ProviderClient
from modemd.providers.outcomes import NotTaken, RefusalClass, Taken, Unknown
from modemd.providers.twilio import answers as twilio_answers
from modemd.providers.twilio.answers import load_twilio_codes
from modemd.providers.twilio.requests import TwilioRequests, TwilioSend
from modemd.providers.vonage import answers as vonage_answers
from modemd.providers.vonage.answers import load_vonage_codes
from modemd.providers.vonage.requests import VonageRequests, VonageSend
from modemd.rules.webhooks.targets import parse_target
from tests.free_port import free_port
from tests.providers.http.clients import QUICK, Hook, client
from tests.providers.http.peers import OK, SECRET, Peer, answering, post, serving, silent


async def test_a_request_is_answered() -> None:
    """The server gets head and body in one piece of HTTP/1.1; the client, status, headers and body."""
    async with serving(answering(OK)) as peer, client() as provider:
        hook = Hook(peer)
        answer = await provider.send(post(peer.port), hook)
        assert (answer.status, answer.body) == (201, b'{"sid":"SM"}')
        assert answer.find_header("content-type") == "application/json"
        assert answer.find_header("retry-after") is None
        ((head, body),) = peer.heard
        assert head.startswith("POST /2010-04-01/Messages.json HTTP/1.1\r\n")
        assert f"\r\nHost: 127.0.0.1:{peer.port}\r\n" in head
        assert f"\r\nAuthorization: {SECRET.reveal()}\r\n" in head
        assert "\r\nUser-Agent: modemd/" in head
        assert "\r\nAccept-Encoding: identity\r\n" in head
        assert body == b"To=%2B33612345678&Body=hello"
        assert hook.calls == [0]


async def test_the_hook_runs_once_and_before_the_first_octet() -> None:
    """The journal is written while the server has heard nothing; on a kept connection, too."""
    async with serving(answering(OK)) as peer, client() as provider:
        hook = Hook(peer)
        for _ in range(3):
            await provider.send(post(peer.port), hook)
        assert hook.calls == [0, 1, 2]
        assert peer.connections == 1


async def test_a_hook_that_fails_sends_nothing() -> None:
    """Its error passes, and the server never hears of the request."""

    async def fail() -> None:
        raise LookupError("the database is full")

    async with serving(answering(OK)) as peer, client() as provider:
        with pytest.raises(LookupError):
            await provider.send(post(peer.port), fail)
        await provider.send(post(peer.port))
        assert len(peer.heard) == 1


async def test_no_listener_is_not_sent() -> None:
    """A connection that is refused is no message that may have been taken, and the hook is not called."""
    async with client() as provider:
        hook = Hook()
        with pytest.raises(NotSent, match="no connection"):
            await provider.send(post(free_port()), hook)
        assert hook.calls == []


@pytest.mark.parametrize("cut", range(len(OK)))
async def test_an_answer_cut_at_any_octet_is_lost(cut: int) -> None:
    """However much of the answer came: the message may have been taken."""
    async with serving(answering(OK[:cut], closes=True)) as peer, client() as provider:
        hook = Hook(peer)
        with pytest.raises(ResponseLost) as lost:
            await provider.send(post(peer.port), hook)
        assert len(hook.calls) == len(peer.heard) == peer.connections == 1
        assert lost.value.status == (201 if b"\r\n\r\n" in OK[:cut] else None)


CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'6;a=b\r\n{"sid"\r\n6\r\n:"SM"}\r\n0\r\nX-Trailer: 1\r\n\r\n'
)


@pytest.mark.system
async def test_a_chunked_answer_cut_at_any_octet_is_lost() -> None:
    """An answer that goes on after 100 Continue, in chunks, is whole only with its last octet."""
    async with serving(answering(CHUNKED)) as peer, client() as provider:
        assert (await provider.send(post(peer.port))).body == b'{"sid":"SM"}'
    for cut in range(len(CHUNKED)):
        async with serving(answering(CHUNKED[:cut], closes=True)) as peer, client() as provider:
            with pytest.raises(ResponseLost):
                await provider.send(post(peer.port))


async def test_an_answer_octet_by_octet() -> None:
    """Where the octets are cut into packets does not matter."""

    async def drip(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peer.read_request(reader)
        for octet in CHUNKED:
            writer.write(bytes([octet]))
            await asyncio.sleep(0)

    async with serving(drip) as peer, client() as provider:
        assert (await provider.send(post(peer.port))).body == b'{"sid":"SM"}'


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"\x00\xff\x16\x03\x01garbage\r\n\r\n", id="no HTTP"),
        pytest.param(b"220 mail.example.com ESMTP\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: x\r\n\r\n", id="a length that is none"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two lengths"),
        pytest.param(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="a chunk without a size"),
        pytest.param(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", id="another protocol, agreed by nobody"
        ),
        pytest.param(b"HTTP/1.1 201 Created\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", id="an endless head"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: 1048577\r\n\r\n" + b"a" * 1_048_577, id="too large"),
    ],
)
async def test_garbage_is_a_lost_answer(answer: bytes) -> None:
    """Whatever a server says that cannot be read: the request was written."""
    async with serving(answering(answer, closes=True)) as peer, client() as provider:
        with pytest.raises(ResponseLost):
            await provider.send(post(peer.port))
        assert len(peer.heard) == 1


async def test_a_silent_server_is_a_lost_answer() -> None:
    """After the time for the answer, and with one request only."""
    async with serving(silent) as peer, client(QUICK) as provider:
        with pytest.raises(ResponseLost, match=r"no whole answer within 0\.15 s"):
            await provider.send(post(peer.port))
        assert len(peer.heard) == peer.connections == 1


async def test_a_slow_drip_has_the_same_time() -> None:
    """The time is for the whole answer: an octet now and then does not make it longer."""

    async def drip(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peer.read_request(reader)
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(drip) as peer, client(QUICK) as provider:
        started = asyncio.get_running_loop().time()
        with pytest.raises(ResponseLost, match="within"):
            await provider.send(post(peer.port))
        assert asyncio.get_running_loop().time() - started < 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """It is an answer; where it leads to hears nothing."""
    async with serving(answering(OK)) as other:
        answer = f"HTTP/1.1 {status} x\r\nLocation: http://127.0.0.1:{other.port}/\r\nContent-Length: 0\r\n\r\n"
        async with serving(answering(answer.encode())) as peer, client() as provider:
            assert (await provider.send(post(peer.port))).status == status
        assert other.heard == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe"])
async def test_a_body_that_cannot_be_read_is_an_answer(body: bytes) -> None:
    """What it means is for the reader of answers to say."""
    answer = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    async with serving(answering(answer)) as peer, client() as provider:
        assert (await provider.send(post(peer.port))).body == body


async def test_a_request_that_http_cannot_say_is_not_sent() -> None:
    """Its error does not show what was wrong: it could be the secret."""
    async with serving(answering(OK)) as peer, client() as provider:
        request = post(peer.port)
        for headers in ((("X-Key", "hush\r\nX: y"),), (("X Key", "hush"),), (("X-Key", "hush☃"),)):
            with pytest.raises(NotSent) as failed:
                await provider.send(type(request)("POST", request.target, SECRET, headers))
            shown = "".join(traceback.format_exception(failed.value))
            assert "hush" not in shown
        assert peer.connections == 0


@pytest.mark.parametrize("script", [silent, answering(b"garbage\r\n\r\n"), answering(OK[:70], closes=True)])
async def test_no_failure_shows_a_secret(script: object) -> None:
    """Neither its text nor its traceback has the credentials, the number or the text of the message."""
    async with serving(script) as peer, client(QUICK) as provider:  # type: ignore[arg-type]  # mypy joins the types to object
        with pytest.raises(ExchangeError) as failed:
            await provider.send(post(peer.port))
        shown = "".join(traceback.format_exception(failed.value)) + repr(failed.value) + repr(post(peer.port))
        for hidden in (SECRET.reveal(), SECRET.reveal().removeprefix("Basic "), "33612345678", "hello"):
            assert hidden not in shown


async def test_plain_http_stays_on_this_machine() -> None:
    """Credentials never go over a network without TLS."""
    async with client() as provider:
        with pytest.raises(NotSent, match="no https"):
            await provider.send(post(80, "192.0.2.1"))


def test_a_file_without_certificates_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    """It is named when the client is made, not when the first message is due."""
    with pytest.raises(ConfigError, match=r"ca_file: .*No such file"):
        ProviderClient(ca_file=tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConfigError, match="no certificate in PEM form"):
        ProviderClient(ca_file=tmp_path / "empty.pem")


async def test_a_message_of_each_provider_through_all_layers() -> None:
    """What the makers make is sent as it is, and what comes back is read: taken, refused, or unknown."""
    sid, uuid = "SM" + "1" * 32, "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
    bodies = (
        (201, b'{"sid": "%b", "num_segments": "1", "from": "ACME"}' % sid.encode()),
        (400, b'{"code": 21610, "message": "opted out", "status": 400}'),
        (503, b"<html>"),
        (202, b'{"message_uuid": "%b"}' % uuid.encode()),
        (402, b'{"type": "https://developer.vonage.com/api-errors#low-balance", "title": "Low balance"}'),
    )
    answers = [b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%b" % (code, len(body), body) for code, body in bodies]
    async with serving(answering(*answers)) as peer, client() as provider:
        api = parse_target(f"http://127.0.0.1:{peer.port}")
        by_twilio = TwilioRequests("AC1", SECRET, api).make_send(TwilioSend("+33612345678", "hello", "ACME"))
        by_vonage = VonageRequests("key", SECRET, api, api).make_send(VonageSend("+33612345678", "ACME", "hello", "m1"))
        found = [twilio_answers.read_send(await provider.send(by_twilio), load_twilio_codes()) for _ in range(3)]
        assert found[0] == Taken(sid, 1, None, "ACME")
        assert found[1] == NotTaken(RefusalClass.OPTOUT, "21610", "opted out")
        assert isinstance(found[2], Unknown)
        assert vonage_answers.read_send(await provider.send(by_vonage), load_vonage_codes()) == Taken(uuid)
        refused = vonage_answers.read_send(await provider.send(by_vonage), load_vonage_codes())
        assert refused == NotTaken(RefusalClass.MONEY, "low-balance", "Low balance")
        assert peer.heard[0][0].startswith("POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\n")
        assert peer.heard[3][0].startswith("POST /v1/messages HTTP/1.1\r\n")
        assert json.loads(peer.heard[3][1])["client_ref"] == "m1"
