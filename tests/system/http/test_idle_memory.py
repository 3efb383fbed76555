"""Memory of a real daemon that is idle: as it starts, and after each part of the HTTP face was used once."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from modemd.http.unix import request
from modemd.rules.twilio.sids import make_service_sid
from tests.free_port import free_port
from tests.system.processes import MODEMD, Daemon, lab, off_loop, ports, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

ALICE = "+33612345678"
# In units of 1024 octets, as /proc tells it: after the start, and after all was used.
MOST_AT_START_KB, MOST_AFTER_USE_KB = 72 * 1024, 76 * 1024
# The work of the start, or of a request, has ended.
SETTLED_S = 8.0
DOORS = {name: {"receivers": {"on-call": [ALICE]}} for name in ("alertmanager", "grafana")} | {"smseagle": {}}
ALERTS = {
    "status": "firing",
    "receiver": "on-call",
    "groupLabels": {"alertname": "HighLoad"},
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighLoad", "instance": "db1"},
            "annotations": {"summary": "Load is high"},
            "startsAt": "2026-01-01T00:00:00Z",
            "fingerprint": "1",
        }
    ],
}


def resident_kb(daemon: Daemon) -> int:
    """Memory that the daemon holds now."""
    status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


class Receiver:
    """Receiver of webhooks on a port of its own. `posted`: the types of what it got. A text that came in is answered in TwiML."""

    def __init__(self) -> None:
        self.posted: set[str] = set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        body = (await reader.readexactly(int(fields["content-length"]))).decode()
        is_inbound = "SmsStatus=received" in body
        self.posted.add("inbound" if is_inbound else fields["content-type"].split(";")[0])
        answer = b"<Response><Message>thanks</Message></Response>" if is_inbound else b"<Response/>"
        head_of_answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(answer)
        writer.write(head_of_answer + answer)
        await writer.drain()
        writer.close()


@dataclass
class Client:
    """Client of the second door, with a key. `trust`: trusts the certificate of the daemon."""

    port: int
    key: dict[str, Any]
    trust: ssl.SSLContext

    def ask(self, method: str, target: str, body: object = None, headers: dict[str, str] | None = None) -> bytes:
        """The answer, which must be no error. A body that is no text is sent as JSON."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.trust)
        sent = body if body is None or isinstance(body, str) else json.dumps(body)
        given = {"Authorization": f"Bearer {self.key['key']}", "Content-Type": "application/json"} | (headers or {})
        try:
            connection.request(method, target, sent, given)
            response = connection.getresponse()
            answer = response.read()
            assert response.status < 300, (method, target, answer)
            return answer
        finally:
            connection.close()

    def follow_a_while(self) -> None:
        """Reads the first event of the stream, and hangs up."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.trust)
        try:
            connection.request("GET", "/v1/events?after=0", headers={"Authorization": f"Bearer {self.key['key']}"})
            response = connection.getresponse()
            while not response.readline().startswith(b"data: "):
                pass
        finally:
            connection.close()

    def ask_as_twilio(self, method: str, rest: str, **parameters: str) -> Any:
        """The document that a client of Twilio's API gets."""
        account = self.key["account_sid"]
        token = base64.b64encode(f"{account}:{self.key['auth_token']}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/x-www-form-urlencoded"}
        target = f"/2010-04-01/Accounts/{account}{rest}"
        return json.loads(self.ask(method, target, urlencode(parameters) if parameters else None, headers))

    def use_all(self, receiver: str) -> None:
        """Asks each part of the API once."""
        account = self.key["account_sid"]
        for format_ in ({"format": "modemd"}, {"format": "twilio", "key": self.key["id"]}):
            self.ask("POST", "/v1/webhooks", {"url": receiver, "events": ["*"], **format_})
        self.ask_as_twilio("GET", ".json")
        self.ask_as_twilio("GET", "/IncomingPhoneNumbers.json")
        pool = {"MessagingServiceSid": make_service_sid(account), "StatusCallback": receiver}
        sent = self.ask_as_twilio("POST", "/Messages.json", To=ALICE, Body="hello", **pool)
        self.ask_as_twilio("GET", f"/Messages/{sent['sid']}.json")
        self.ask_as_twilio("GET", "/Messages.json")
        for door in ("alertmanager", "grafana"):
            self.ask("POST", f"/doors/{door}", ALERTS)
        self.ask("POST", "/api/v2/messages/sms", {"to": [ALICE], "text": "down"}, {"access-token": self.key["key"]})
        self.ask("POST", "/v1/messages", {"to": ALICE, "text": "hello"})
        self.follow_a_while()


def make_key(sock: Path) -> Any:
    """Makes a key that may do all, and returns it with its secrets."""
    status, answer = request(sock, "POST", "/v1/keys", json.dumps({"name": "crm", "scopes": ["all"]}).encode())
    assert status == 201, answer
    return json.loads(answer)


async def test_a_daemon_that_was_just_started_is_idle_in_72_mib(tmp_path: Path) -> None:
    """With a modem, and nothing else configured. The database was there already."""
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built))
        await off_loop(daemon.make_database)
        with daemon.running():
            await until(daemon.database.with_suffix(".sock").exists, "the daemon answers")
            await asyncio.sleep(SETTLED_S)
            resident = resident_kb(daemon)
        print(f"{resident} kB after the start")  # noqa: T201 - figures, with -s
        assert resident <= MOST_AT_START_KB


async def test_a_daemon_of_which_all_was_used_is_idle_in_76_mib(tmp_path: Path) -> None:
    """The TLS door with a key, Twilio's API with a callback, the doors for alerts and for SMSEagle, webhooks of both formats,
    and the event stream: each once, with messages that are sent and received. The database was there already."""
    receiver, port = Receiver(), free_port()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/sms"
    wanted = [MODEMD, "tls", "self-signed", "--dir", tmp_path, "--name", "127.0.0.1"]
    await off_loop(subprocess.run, wanted, check=True, capture_output=True)
    certificate, key = str(tmp_path / "tls.crt"), str(tmp_path / "tls.key")
    second = {"listen": f"127.0.0.1:{port}", "tls": {"certificate": certificate, "key": key}}
    async with server, lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built), doors=DOORS, http=second, webhooks={"private_targets": "allow"})
        await off_loop(daemon.make_database)
        with daemon.running():
            sock, phone = daemon.database.with_suffix(".sock"), built.network.phone(ALICE)
            await until(sock.exists, "the daemon answers")
            made = await off_loop(make_key, sock)
            client = Client(port, made, ssl.create_default_context(cafile=certificate))
            await off_loop(client.use_all, url)
            await until(lambda: len(phone.inbox) >= 4, "the messages arrive")
            phone.send(next(iter(built.modems.values())).sim.number, "hello back")
            await until(lambda: "thanks" in [each.text for each in phone.inbox], "the reply in TwiML arrives")
            await asyncio.sleep(SETTLED_S)
            resident = resident_kb(daemon)
        print(f"{resident} kB after all was used")  # noqa: T201 - figures, with -s
    assert receiver.posted == {"inbound", "application/json", "application/x-www-form-urlencoded"}
    assert resident <= MOST_AFTER_USE_KB
