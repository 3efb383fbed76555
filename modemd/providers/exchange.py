"""Exchange with a provider: the request, the answer, and the two ways in which there is none."""

from __future__ import annotations

from dataclasses import field

from modemd.errors import ModemdError
from modemd.light_dataclass import dataclass
from modemd.providers.outcomes import RefusalClass
from modemd.providers.secret import Secret
from modemd.rules.webhooks.targets import WebTarget


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """Request. `headers`: without `Host`, `Content-Length` and `Authorization`. Its repr shows no secret, number or text."""

    method: str
    target: WebTarget = field(repr=False)
    authorization: Secret | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """Whole answer: HTTP status, headers with names in lower case, and body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def find_header(self, name: str) -> str | None:
        """Returns the value of a header, by its name in lower case; None if it is not there."""
        return next((value for key, value in self.headers if key == name), None)


class ExchangeError(ModemdError):
    """Exchange without an answer. The message has no secret, number or text of a person."""


class NotSent(ExchangeError):
    """Request of which surely no octet was written: no address, no connection, no trust, no free place."""


class ResponseLost(ExchangeError):
    """Request that was written, in part at least, and has no whole answer: the provider may have acted on it. `status`: the HTTP
    status if the head of the answer came."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class AnswerNotUsable(ModemdError):
    """Answer that does not say what was asked: a refusal of a search or a look-up, or nothing that can be read. `refusal`: its
    class; None if it cannot be read."""

    def __init__(self, reason: str, refusal: RefusalClass | None = None) -> None:
        super().__init__(reason)
        self.refusal = refusal
