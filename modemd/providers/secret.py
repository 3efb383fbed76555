"""Secret: a value that no text, log line or traceback shows."""

from __future__ import annotations

from base64 import b64encode
from hmac import compare_digest
from typing import NoReturn


class Secret:
    """Secret text. Only `reveal` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Takes the text. ValueError, which does not show it, if it is empty, or has characters that no header may have."""
        if not text or not text.isascii() or not text.isprintable():
            raise ValueError("the secret is empty, or has characters other than printable ASCII")
        self._text = text

    def reveal(self) -> str:
        """Returns the text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not to be stored")


def make_basic_authorization(user: str, password: Secret) -> Secret:
    """Returns the value of the header `Authorization` (RFC 7617). ValueError if the user has a colon."""
    if ":" in user:
        raise ValueError("the name of the user has a colon")
    return Secret(f"Basic {b64encode(f'{user}:{password.reveal()}'.encode()).decode()}")
