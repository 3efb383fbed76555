"""Client of webhooks: one request on a thread, to an address that was judged, with a deadline for all of it.

The name of a receiver is resolved first, and each of its addresses is judged; the connection then goes to one that is allowed,
and the name serves for TLS and for the header `Host`. So a name that is resolved anew cannot lead anywhere else. A redirect is
judged in the same way. urllib3 is loaded with the first request: it takes 2 MiB.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from functools import cached_property
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from modemd import __version__
from modemd.errors import Refused
from modemd.modem.link.blocking import run_blocking
from modemd.rules.webhooks.targets import AddressPolicy, WebTarget, parse_target
from modemd.service.webhooks.exchange import DeliveryFailed, WebhookAnswer, WebhookRequest

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

# For everything; and for connecting, and each wait for octets.
DEADLINE_S = 20.0
STEP_S = 10.0
MOST_REDIRECTS = 3
# Octets of an answer that are read. A reply in TwiML has fewer.
LONGEST_ANSWER = 64 * 1024
# Redirects after which the same request is sent to the other place. 303 asks for a page, which nobody here reads.
_REDIRECTS = frozenset({301, 302, 307, 308})

Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """Returns the IP addresses of a name, the best first. OSError if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class WebhookClient:
    """Client that calls addresses as `policy` allows. `ca_file`: certificates to trust instead of the system's."""

    def __init__(self, policy: AddressPolicy, ca_file: Path | None = None, resolve: Resolve = resolve) -> None:
        self._policy = policy
        self._ca_file = ca_file
        self._resolve = resolve

    async def post(self, request: WebhookRequest) -> WebhookAnswer:
        """Sends a request, and returns the answer. Raises DeliveryFailed."""
        exchange = _Exchange(self, request)
        try:
            return await run_blocking("webhook", exchange.run, DEADLINE_S)
        except TimeoutError:
            raise DeliveryFailed(f"the receiver gave no whole answer within {DEADLINE_S:g} s") from None
        finally:
            exchange.abandon()

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """The context of all connections. OSError if `ca_file` cannot be read."""
        return ssl.create_default_context(cafile=self._ca_file)

    def find_address(self, target: WebTarget) -> str:
        """Returns the first IP address of a target that may be called. Raises DeliveryFailed."""
        try:
            addresses = self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise DeliveryFailed(f"the name of the receiver has no address ({_describe(error)})") from error
        allowed = next((each for each in addresses if self._policy.allows(each)), None)
        if allowed is None:
            raise DeliveryFailed("the receiver has a private address, and webhooks.private_targets does not allow it")
        return allowed


# Two threads that load it at the same moment would see parts of it that are not there yet.
_LOADING = threading.Lock()


class _Exchange:
    """Exchange on a thread, which the loop may abandon."""

    def __init__(self, client: WebhookClient, request: WebhookRequest) -> None:
        self._client = client
        self._request = request
        self._connection: HTTPConnection | None = None
        self._is_abandoned = False

    def abandon(self) -> None:
        """Cuts the connection: the thread must not wait for a receiver that sends an octet now and then."""
        self._is_abandoned = True
        connection = self._connection
        if connection is not None and (sock := connection.sock) is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def run(self) -> WebhookAnswer:
        """Sends the request, also to where it is redirected. Raises DeliveryFailed."""
        with _LOADING:
            from urllib3.exceptions import HTTPError

        # Its warnings have the address that was called, and what the receiver sent.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        url = self._request.url
        for _ in range(MOST_REDIRECTS + 1):
            try:
                target = parse_target(url)
            except Refused as refused:
                raise DeliveryFailed("the receiver redirects to an address that cannot be called") from refused
            if url != self._request.url and self._request.url.startswith("https:") and not target.is_secure:
                raise DeliveryFailed("the receiver redirects from https to http")
            try:
                answer, location = self._ask(target)
            except (HTTPError, HTTPException, OSError, ValueError) as error:
                raise DeliveryFailed(f"the receiver cannot be reached ({_describe(error)})") from error
            if location is None:
                return answer
            try:
                url = urljoin(url, location)
            except ValueError as error:
                raise DeliveryFailed("the receiver redirects to an address that cannot be called") from error
        raise DeliveryFailed(f"the receiver redirects more than {MOST_REDIRECTS} times")

    def _ask(self, target: WebTarget) -> tuple[WebhookAnswer, str | None]:
        """Sends the request to one place. Returns the answer, and where it redirects to."""
        connection = self._connection = self._connect(target, self._client.find_address(target))
        if self._is_abandoned:
            raise DeliveryFailed("abandoned")
        request = self._request
        headers = {"Host": target.authority, "User-Agent": f"modemd/{__version__}", **dict(request.headers)}
        try:
            connection.request(
                request.method, target.path, request.body or None, headers, preload_content=False, decode_content=False
            )
            response = connection.getresponse()
            body = response.read(LONGEST_ANSWER)
            location = response.headers.get("Location") if response.status in _REDIRECTS else None
            return WebhookAnswer(response.status, response.headers.get("Content-Type", ""), body), location
        finally:
            connection.close()

    def _connect(self, target: WebTarget, address: str) -> HTTPConnection:
        with _LOADING:
            from urllib3.connection import HTTPConnection, HTTPSConnection

        if not target.is_secure:
            return HTTPConnection(address, target.port, timeout=STEP_S)
        return HTTPSConnection(
            address, target.port, timeout=STEP_S, ssl_context=self._client.tls, server_hostname=target.host
        )


def _describe(error: Exception) -> str:
    """Returns why a connection failed, without addresses: the innermost cause says it best."""
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
