"""`modemd tls`: a certificate for the second door of a box that has no name on the Internet."""

from __future__ import annotations

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modemd.cli import options
from modemd.cli.output import echo, print_json
from modemd.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

CERTIFICATE, KEY = "tls.crt", "tls.key"
LIFETIME = timedelta(days=825)
# A clock that is a little behind must not refuse it.
BACKDATED = timedelta(hours=1)


@options.group()
def tls() -> None:
    """Make a certificate for the API."""


@tls.command("self-signed")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/etc/modemd"),
    show_default=True,
    help=f"Where {CERTIFICATE} and {KEY} are written.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    help="A name or address by which clients call the box; can be repeated. Default: the host's name, localhost, 127.0.0.1, ::1.",
)
@click.option("--replace", is_flag=True, help="Replace the files if they are there.")
@options.as_json
def self_signed(folder: Path, names: tuple[str, ...], replace: bool, as_json: bool) -> None:
    """Make a self-signed certificate, and print its fingerprint.

    Give the certificate to the clients, or let them compare the fingerprint. Its private key never leaves the box.
    """
    named = names or (socket.gethostname(), "localhost", "127.0.0.1", "::1")
    certificate, key, fingerprint = make_self_signed(named, datetime.now(UTC))
    paths = folder / CERTIFICATE, folder / KEY
    if not replace and (there := [str(path) for path in paths if path.exists()]):
        raise ConfigError([f"{' and '.join(there)}: is there already; --replace replaces it"])
    try:
        _write(paths[1], key, 0o600)
        _write(paths[0], certificate, 0o644)
    except OSError as error:
        raise ConfigError([f"{folder}: {error.strerror}; write as root, or take another --dir"]) from error
    if as_json:
        print_json({"certificate": str(paths[0]), "key": str(paths[1]), "names": list(named), "sha256": fingerprint})
        return
    echo(f"certificate  {paths[0]}, for {', '.join(named)}, until {datetime.now(UTC) + LIFETIME:%Y-%m-%d}")
    echo(f"private key  {paths[1]}")
    echo(f"SHA-256      {fingerprint}")
    echo("Let the user of the daemon read the private key, and set http.tls in the configuration:", err=True)
    echo(f"  sudo chown modemd: {paths[1]}", err=True)


def make_self_signed(names: tuple[str, ...], now: datetime) -> tuple[bytes, bytes, str]:
    """Returns a certificate and its key as PEM, and the fingerprint of the certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_make_name(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    return certificate.public_bytes(pem), private, fingerprint


def _make_name(text: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _write(path: Path, octets: bytes, mode: int) -> None:
    """Writes a file under its name only when it is whole."""
    part = path.with_name(f"{path.name}.new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
