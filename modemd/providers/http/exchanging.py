"""Exchange over an open connection: the octets of a request, and the answer to it (HTTP/1.1, RFC 9112)."""

from __future__ import annotations

import asyncio

import h11

from modemd import __version__
from modemd.providers.exchange import NotSent, ProviderAnswer, ProviderRequest, ResponseLost
from modemd.providers.http.streams import Streams

# Octets of the head of an answer, and of one read.
_LARGEST_HEAD = 64 * 1024
_READ_OCTETS = 64 * 1024


class Exchange:
    """One request and its answer. `largest_body`: octets of an answer that are taken."""

    def __init__(self, request: ProviderRequest, largest_body: int) -> None:
        """Writes the request down. NotSent if HTTP cannot say it."""
        self._largest_body = largest_body
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._status: int | None = None
        headers = [
            ("Host", request.target.authority),
            ("User-Agent", f"modemd/{__version__}"),
            ("Accept-Encoding", "identity"),
            *request.headers,
        ]
        if request.authorization is not None:
            headers.append(("Authorization", request.authorization.reveal()))
        if request.body or request.method == "POST":
            headers.append(("Content-Length", str(len(request.body))))
        try:
            head = h11.Request(method=request.method, target=request.target.path, headers=headers)
            events = (head, h11.Data(data=request.body), h11.EndOfMessage())
            self._octets = b"".join(self._connection.send(event) or b"" for event in events)
        except (h11.LocalProtocolError, UnicodeError):  # their texts can have the value of a header
            raise NotSent("the request has a header or path that HTTP does not allow") from None

    async def run(self, streams: Streams, timeout_s: float) -> ProviderAnswer:
        """Writes the request, and returns the answer. ResponseLost if it is not whole after `timeout_s` seconds. The write is
        the first thing that happens, before anything is awaited."""
        streams.expect()
        streams.writer.write(self._octets)
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._read(streams)
        except TimeoutError:
            raise ResponseLost(f"no whole answer within {timeout_s:g} s", self._status) from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ResponseLost(f"the connection broke before the whole answer: {why}", self._status) from None
        except h11.RemoteProtocolError:
            raise ResponseLost("the answer is cut, or is no HTTP", self._status) from None
        streams.rest()
        return answer

    @property
    def may_go_on(self) -> bool:
        """True if the connection can have another exchange after this one."""
        connection = self._connection
        is_over = connection.our_state is h11.DONE and connection.their_state is h11.DONE
        return is_over and connection.trailing_data == (b"", False)

    async def _read(self, streams: Streams) -> ProviderAnswer:
        response: h11.Response | None = None
        body = bytearray()
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA:
                self._connection.receive_data(await streams.reader.read(_READ_OCTETS))
            elif isinstance(event, h11.Response):
                response, self._status = event, event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._largest_body:
                    raise ResponseLost(f"the answer is larger than {self._largest_body} octets", self._status)
            elif isinstance(event, h11.EndOfMessage) and response is not None:
                headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)
                return ProviderAnswer(response.status_code, headers, bytes(body))
            elif not isinstance(event, h11.InformationalResponse):
                raise ResponseLost("the connection was closed without an answer", self._status)
