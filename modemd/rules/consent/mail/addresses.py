"""E-mail addresses: the form in which they are stored and compared."""

from __future__ import annotations

LONGEST_ADDRESS = 254  # characters (RFC 5321 4.5.3.1.3)


def normalise_address(text: str) -> str | None:
    """Returns an address as it is stored and compared, in small letters; None if it is none."""
    address = text.strip().casefold()
    name, at, domain = address.rpartition("@")
    if not at or not name or not domain or len(address) > LONGEST_ADDRESS or "@" in name:
        return None
    return (
        address if all(sign.isprintable() and not sign.isspace() and sign not in '<>,;"' for sign in address) else None
    )
