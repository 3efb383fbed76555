"""An application that Twilio would call, which checks each signature by the official validator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator


class Receiver:
    """Server whose `calls` are the forms that came with a valid signature, and `paths` where each of them came. `answer` is the
    TwiML for all of them, or a function of the form."""

    def __init__(self, token: str, port: int = 0) -> None:
        self.calls: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answer: bytes | Callable[[dict[str, str]], bytes] = b""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.take(dict(parse_qsl(body, keep_blank_values=True)), signed=True)

            def do_GET(self) -> None:
                self.take(dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)), signed=False)

            def take(self, form: dict[str, str], *, signed: bool) -> None:
                """Answers a call. The parameters of a GET are signed with its address."""
                url, signature = f"{receiver.url}{self.path}", self.headers["X-Twilio-Signature"]
                assert RequestValidator(token).validate(url, form if signed else {}, signature)
                assert not RequestValidator("another").validate(url, form if signed else {}, signature)
                receiver.calls.append(form)
                receiver.paths.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.end_headers()
                self.wfile.write(receiver.answer(form) if callable(receiver.answer) else receiver.answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def find(self, **wanted: str) -> dict[str, str] | None:
        """The first call whose form has these values."""
        return next((each for each in list(self.calls) if each.items() >= wanted.items()), None)

    async def until(self, count: int) -> list[dict[str, str]]:
        """The calls, when there are so many."""
        async with asyncio.timeout(20):
            while len(self.calls) < count:  # noqa: ASYNC110 - another thread adds them
                await asyncio.sleep(0.02)
        return self.calls
