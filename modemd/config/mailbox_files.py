"""Files of the mailbox for opt-outs (its password, and the certificates to trust), and the secret of a door. This asks the disk,
so it is no part of loading."""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

from modemd.config.doors import GrafanaSettings
from modemd.config.mailbox import MailboxSettings

LARGEST_PASSWORD = 1000  # octets


def read_password(path: Path) -> str:
    """Returns the password in a file: all of it but the line end. ValueError if it has none, cannot be read, or can be read by
    everybody; PermissionError if this user may not read it."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IROTH:
                raise ValueError(f"{path}: can be read by everybody; take that right away (chmod o-r)")
            octets = file.read(LARGEST_PASSWORD + 1)
    except PermissionError:
        raise
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from None
    try:
        password = octets.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not text in UTF-8") from None
    if not password or len(octets) > LARGEST_PASSWORD or any(sign in password for sign in "\0\r\n"):
        raise ValueError(f"{path}: must hold a password in one line, and nothing else")
    return password


def make_tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Returns a context that checks the server's certificate and name. ValueError if the file has no certificates."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise ValueError(f"{ca_file}: has no certificates in PEM form ({error.reason or error})") from None
    except PermissionError:
        raise
    except OSError as error:
        raise ValueError(f"{ca_file}: {error.strerror or error}") from None


def find_unusable_files(settings: MailboxSettings | None) -> Iterator[str]:
    """Yields a line for each file of the mailbox that cannot be used, with its key. A file that only the daemon's user may read
    is passed over."""
    if settings is None:
        return
    for key, check in (
        ("password_file", lambda: read_password(settings.password_file)),
        ("ca_file", lambda: make_tls_context(settings.ca_file)),
    ):
        try:
            check()
        except PermissionError:
            continue
        except ValueError as error:
            yield f"consent.mailbox.{key}: {error}"


def find_unusable_secret(settings: GrafanaSettings | None) -> Iterator[str]:
    """Yields a line if the secret of Grafana's signature cannot be used, as `find_unusable_files`."""
    if settings is not None and settings.hmac_secret_file is not None:
        try:
            read_password(settings.hmac_secret_file)
        except PermissionError:
            return
        except ValueError as error:
            yield f"doors.grafana.hmac_secret_file: {error}"
