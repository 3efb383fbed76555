"""HTTP on TCP: the listening socket, and the TLS context of its certificate."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from modemd.errors import ConfigError
from modemd.http.certificate_files import find_unusable_files, refuse_passphrase


@contextlib.contextmanager
def listening_tcp(host: str, port: int) -> Iterator[socket.socket]:
    """Opens a listening TCP socket, and closes it at the end. `port` 0: any that is free. ConfigError if the address is taken or
    none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol, or asyncio does not know it for TCP and leaves Nagle's algorithm on: then the body of each answer waits
    # for the client's acknowledgement of the head, some 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise ConfigError([f"http.listen: {host} port {port}: {error.strerror}"]) from error
        listener.listen()
        listener.setblocking(False)
        yield listener
    finally:
        listener.close()


class TlsCertificate:
    """TLS context of a certificate whose files can be read again: new connections then get the new one."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Reads the files. ConfigError if they are not there, or do not belong together."""
        self._files = certificate, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.load()

    def load(self) -> None:
        """Reads the files again. ConfigError; then the certificate before is in force."""
        certificate, key = self._files
        try:
            # A context that is in use must not be left with half of a pair.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=refuse_passphrase)
            self.context.load_cert_chain(certificate, key, password=refuse_passphrase)
        except (OSError, ValueError) as error:
            found = list(find_unusable_files(certificate, key))
            raise ConfigError(found or [f"http.tls: {certificate} and {key}: {error}"]) from error
