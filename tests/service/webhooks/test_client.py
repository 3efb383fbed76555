"""The client of webhooks, against real receivers on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from modemd.rules.webhooks.targets import AddressPolicy
from modemd.service.messages.submission import MessageRequest
from modemd.service.webhooks import client
from modemd.service.webhooks.client import WebhookClient
from modemd.service.webhooks.exchange import DeliveryFailed, WebhookRequest
from tests.service.assembled import assembled_service

CERTIFICATE = Path(__file__).with_name("receiver.test.pem")
"""Certificate of receiver.test, signed by itself, with its key. It is for nothing else."""
HERE = AddressPolicy(networks=(ip_network("127.0.0.0/8"),))
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n<Response/>"


@dataclass
class Receiver:
    """A receiver. `answers`: one for each request, the last for all others; `heard`: head and body of each request."""

    answers: list[bytes]
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = 0
    drips: bool = False
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self.serve(reader, writer))
        self.tasks.add(task)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0
            )
            self.heard.append((head, await reader.readexactly(length)))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if self.drips:
                for octet in answer * 100:
                    writer.write(bytes([octet]))
                    await writer.drain()
                    await asyncio.sleep(0.02)
            writer.write(answer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def receiving(*answers: bytes, tls: bool = False, drips: bool = False) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers or [OK]), drips=drips)
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
    server = await asyncio.start_server(receiver.accept, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        if receiver.tasks:
            await asyncio.wait(receiver.tasks, timeout=5)


def make_client(policy: AddressPolicy = HERE, ca_file: Path | None = None, **addresses: str) -> WebhookClient:
    """A client for which every name is this machine, but for those in `addresses`: `inner` is inner.test."""
    return WebhookClient(policy, ca_file, lambda host, port: [addresses.get(host.removesuffix(".test"), "127.0.0.1")])


def request(port: int, host: str = "receiver.test", scheme: str = "http", method: str = "POST") -> WebhookRequest:
    body = b'{"id":"e1-1"}' if method == "POST" else b""
    return WebhookRequest(f"{scheme}://{host}:{port}/sms?a=b", method, (("Modemd-Event-Id", "e1-1"),), body)


def redirect(url: str, status: int = 307) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()


async def test_a_receiver_gets_the_request_under_its_name() -> None:
    """The connection goes to the address that was judged; `Host` has the name."""
    async with receiving() as receiver:
        answer = await make_client().post(request(receiver.port))
        assert (answer.status, answer.content_type, answer.body) == (200, "text/xml", b"<Response/>")
        assert answer.is_success
        ((head, body),) = receiver.heard
        assert head.startswith("POST /sms?a=b HTTP/1.1\r\n")
        assert f"\r\nHost: receiver.test:{receiver.port}\r\n" in head
        assert "\r\nModemd-Event-Id: e1-1\r\n" in head
        assert "\r\nUser-Agent: modemd/" in head
        assert body == b'{"id":"e1-1"}'
        await make_client().post(request(receiver.port, method="GET"))
        assert receiver.heard[1][0].startswith("GET /sms?a=b HTTP/1.1\r\n")


async def failure(posting: Awaitable[Any]) -> str:
    """Why a request failed."""
    with pytest.raises(DeliveryFailed) as failed:
        await posting
    return str(failed.value)


async def test_a_private_address_is_not_called() -> None:
    """The name alone does not tell: it is judged after it was resolved."""
    async with receiving() as receiver:
        assert "private" in await failure(make_client(AddressPolicy()).post(request(receiver.port)))
        assert receiver.heard == []


async def test_the_first_allowed_address_is_called() -> None:
    """A name may have several."""
    async with receiving() as receiver:
        both = WebhookClient(HERE, None, lambda host, port: ["10.0.0.1", "127.0.0.1"])
        assert (await both.post(request(receiver.port))).status == 200


async def test_tls_is_checked_by_name() -> None:
    """Though the connection goes to an address."""
    async with receiving(tls=True) as receiver:
        trusting = make_client(ca_file=CERTIFICATE)
        assert (await trusting.post(request(receiver.port, scheme="https"))).status == 200
        assert "certificate" in await failure(trusting.post(request(receiver.port, "other.test", "https")))
        assert "certificate" in await failure(make_client().post(request(receiver.port, scheme="https")))
        assert len(receiver.heard) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_gets_the_same_request(status: int) -> None:
    """With its body."""
    async with receiving() as receiver, receiving(redirect("x")) as first:
        first.answers = [redirect(f"http://other.test:{receiver.port}/new", status)]
        assert (await make_client().post(request(first.port))).status == 200
        ((head, body),) = receiver.heard
        assert head.startswith("POST /new HTTP/1.1\r\n")
        assert f"\r\nHost: other.test:{receiver.port}\r\n" in head
        assert body == b'{"id":"e1-1"}'


async def test_a_redirect_is_judged_as_the_first_address() -> None:
    """It must not lead into the private network."""
    async with receiving(redirect("http://inner.test/")) as receiver:
        assert "private" in await failure(make_client(inner="10.0.0.1").post(request(receiver.port)))
    async with receiving(redirect("http://169.254.169.254/latest")) as receiver:
        posting = WebhookClient(HERE, None, lambda host, port: [host if host[0].isdigit() else "127.0.0.1"]).post(
            request(receiver.port)
        )
        assert "private" in await failure(posting)
    for url in ("file:///etc/passwd", "http://a:b@receiver.test/", "http://x:y/"):
        async with receiving(redirect(url)) as receiver:
            assert "cannot be called" in await failure(make_client().post(request(receiver.port)))


async def test_a_name_that_changes_its_address_leads_nowhere_else() -> None:
    """It is resolved once, and the connection goes to the address that was judged; a redirect to the same name is judged anew."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with receiving() as receiver:
        assert (await WebhookClient(HERE, None, resolve).post(request(receiver.port))).status == 200
        assert asked == ["receiver.test"]
    asked.clear()
    async with receiving(redirect("/again")) as receiver:
        assert "private" in await failure(WebhookClient(HERE, None, resolve).post(request(receiver.port)))
        assert (len(asked), len(receiver.heard)) == (2, 1)


@pytest.mark.parametrize(
    "location",
    ["javascript:alert(1)", "//10.0.0.1/", "http://[::1", "http://a\x7fb/", "\\\\evil", "http://" + "a" * 3000],
)
async def test_a_redirect_to_nonsense_is_a_failure(location: str) -> None:
    """With a sentence that has no address; and no mistake of modemd."""
    async with receiving(redirect(location)) as receiver:
        client = WebhookClient(HERE, None, lambda host, port: [host if host[0].isdigit() else "127.0.0.1"])
        said = await failure(client.post(request(receiver.port)))
        assert "10.0.0.1" not in said
        assert location not in said


async def test_redirects_are_bounded_and_stay_encrypted() -> None:
    """Three are followed; none from https to http."""
    async with receiving() as receiver:
        receiver.answers = [redirect("/again")]
        assert "more than 3" in await failure(make_client().post(request(receiver.port)))
        assert len(receiver.heard) == 4
    async with receiving(redirect("http://receiver.test/"), tls=True) as receiver:
        posting = make_client(ca_file=CERTIFICATE).post(request(receiver.port, scheme="https"))
        assert "to http" in await failure(posting)


async def test_a_receiver_that_drips_is_cut_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each octet is in time, the whole is not; its thread ends, too."""
    monkeypatch.setattr(client, "DEADLINE_S", 0.3)
    async with receiving(drips=True) as receiver:
        assert "no whole answer" in await failure(make_client().post(request(receiver.port)))
        assert len(receiver.heard) == 1


async def test_what_is_no_answer_is_a_failure() -> None:
    """Nobody listens, or it is not HTTP; the message names no address."""
    async with receiving(b"SSH-2.0-OpenSSH\r\n\r\n") as receiver:
        told = await failure(make_client().post(request(receiver.port)))
        port = receiver.port
    assert "cannot be reached" in told
    told = await failure(make_client().post(request(port)))
    assert "Connection refused" in told
    assert "127.0.0.1" not in told

    def no_name(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    assert "Name or service" in await failure(WebhookClient(HERE, None, no_name).post(request(80)))


async def test_an_odd_answer_writes_nothing_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """urllib3 would warn, with the address that was called and what the receiver sent."""
    async with receiving(b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 0\r\n\r\n") as receiver:
        await make_client().post(request(receiver.port))
    assert [record for record in caplog.records if record.name.startswith("urllib3")] == []


def test_the_first_requests_come_at_the_same_moment() -> None:
    """On threads of their own, in a process that has not loaded urllib3 yet: none sees a half of it."""
    program = """
import asyncio, collections
from tests.service.webhooks.test_client import failure, make_client, request

async def main():
    client = make_client()
    print(collections.Counter(await asyncio.gather(*(failure(client.post(request(9))) for _ in range(12)))))

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.startswith("Counter({'the receiver cannot be reached (Connection refused)': 12")


async def test_a_long_answer_is_cut() -> None:
    """It is no reply that anybody needs."""
    async with receiving(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000) as receiver:
        assert len((await make_client().post(request(receiver.port))).body) == client.LONGEST_ANSWER


HUNDREDTH = timedelta(seconds=0.01)


def event_id(head: str) -> str:
    return next(line for line in head.split("\r\n") if line.startswith("Modemd-Event-Id:"))


def test_urllib3_is_loaded_with_the_first_request() -> None:
    """A daemon without webhooks does without its memory."""
    code = "import sys, modemd.service.assembly; sys.exit('urllib3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the receiver tells nobody
            await asyncio.sleep(0.01)


async def test_a_whole_service_tells_a_receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the submission to the receiver's ears, with real threads; a receiver that was away gets what it missed."""
    configured = {"webhooks": {"private_targets": ["127.0.0.0/8"]}}
    async with receiving() as receiver, assembled_service(tmp_path, country="FR", **configured) as assembled:
        receiver.answers = [b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", OK]
        monkeypatch.setattr("modemd.service.webhooks.lanes.find_rest", lambda failures: HUNDREDTH)
        monkeypatch.setattr("modemd.service.webhooks.lanes.find_retry", lambda strikes: HUNDREDTH)
        service = assembled.service
        await service.start()
        try:
            await service.webhooks.add(f"http://127.0.0.1:{receiver.port}/", ["message.*"], "modemd", None)
            await service.messages.submission.submit(MessageRequest("+33612345678", "hello"))
            await until(lambda: len(receiver.heard) == 1)

            def is_heard_again() -> bool:
                assembled.clock.passes(seconds=1)  # again and again: the failure may not be noted yet
                return len(receiver.heard) == 2

            await until(is_heard_again)
            (first, body), (second, again) = receiver.heard
            assert event_id(first) == event_id(second)
            assert body == again
            assert b'"text":"hello"' in body
        finally:
            await service.stop(0)
