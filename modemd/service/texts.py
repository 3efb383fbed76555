"""Texts that people enter, checked: no control characters, languages as tags, addresses as addresses."""

from __future__ import annotations

import ipaddress
import re

from modemd.errors import ErrorCode, Refused

# Characters of a language tag.
LONGEST_TAG = 20
# All but line ends, tabs and page breaks.
_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f-\\x9f]")
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)


def check_controls(*texts: str | None, what: str = "the text") -> None:
    """Raises Refused (`bad_text`) if a text has a control character that is no line end, tab or page break. Such a character
    comes from a mistake of the sender's program; some modems and terminals would obey it."""
    for text in texts:
        if text is not None and (found := _CONTROL.search(text)):
            raise Refused(
                ErrorCode.BAD_TEXT,
                f"{what} has the control character U+{ord(found[0]):04X} at character {found.start()}; leave it out",
            )


def check_language(tag: str | None) -> None:
    """Raises Refused (`bad_name`) if a language is no tag of at most `LONGEST_TAG` characters."""
    if tag is not None and (len(tag) > LONGEST_TAG or _TAG.fullmatch(tag) is None):
        raise Refused(ErrorCode.BAD_NAME, f"{tag[:LONGEST_TAG]!r} is no language tag; write it as fr or pt-BR")


def check_ip(address: str | None) -> None:
    """Raises Refused (`bad_address`) if a text is no IP address."""
    if address is None:
        return
    try:
        ipaddress.ip_address(address)
    except ValueError:
        said = f"{address[:50]!r} is no IP address; write it as 192.0.2.1 or 2001:db8::1"
        raise Refused(ErrorCode.BAD_ADDRESS, said) from None
