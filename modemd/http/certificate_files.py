"""Files of the certificate of the API: what is wrong with them, and what helps."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

MAKE = "modemd tls self-signed makes a pair"


def find_unusable_files(certificate: Path, key: Path) -> Iterator[str]:
    """Yields a line for each file that cannot be used, with its key of the configuration; one line if only the pair cannot."""
    faults = [
        f"http.tls.{name}: {path}: {fault}"
        for name, path in (("certificate", certificate), ("key", key))
        if (fault := _find_fault(path)) is not None
    ]
    yield from faults
    if faults:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=refuse_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            yield f"http.tls: {key} is not the key of {certificate}; name two files that belong together, or {MAKE}"
        else:
            why = error.reason or error
            yield f"http.tls: {certificate} and {key}: no certificate and its key, in PEM form ({why}); {MAKE}"
    except ValueError as error:
        yield f"http.tls.key: {key}: {error}; take the passphrase off (openssl pkey -in OLD -out NEW)"


def _find_fault(path: Path) -> str | None:
    """Returns why a file cannot be read; None if it can."""
    try:
        with path.open("rb"):
            return None
    except FileNotFoundError as error:
        return f"{error.strerror}; correct the path, or {MAKE}"
    except PermissionError as error:
        return f"{error.strerror}: this user may not read it; check as root, or let the user of the daemon read it"
    except OSError as error:
        return f"{error.strerror or error}"


def refuse_passphrase() -> str:
    """Raises ValueError: the callback of a key that needs a passphrase."""
    raise ValueError("it has a passphrase, which nobody could type when the daemon starts")
