"""Debian's dovecot as a process of a test: IMAP over TLS on this machine, with a Maildir that the test writes into."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.free_port import free_port

USER, PASSWORD = "optout@example.com", "secret with blanks é"
# dovecot refuses to touch mails as root.
NOBODY = 65534

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/Maildir
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
"""


def is_installed() -> bool:
    return shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin") is not None


@dataclass(frozen=True)
class MailServer:
    """A mail server that runs. `ca_file`: its certificate, which names localhost."""

    folder: Path
    port: int
    starttls_port: int

    @property
    def ca_file(self) -> Path:
        return self.folder / "cert.pem"

    def deliver(self, name: str, octets: bytes, *, seen: bool = False) -> None:
        """Puts a mail into the folder as a delivery does; `seen`: as another client leaves it once it was read."""
        place = self.folder / "Maildir" / ("cur" if seen else "new") / (f"{name}:2,S" if seen else name)
        waiting = self.folder / "Maildir" / "tmp" / name
        waiting.write_bytes(octets)
        if os.geteuid() == 0:
            os.chown(waiting, NOBODY, NOBODY)
        waiting.rename(place)

    def flags(self) -> dict[str, str]:
        """The Maildir flags of each mail by its name, S for seen; small letters are keywords."""
        found = {}
        for path in (*(self.folder / "Maildir" / "new").iterdir(), *(self.folder / "Maildir" / "cur").iterdir()):
            name, _, flags = path.name.partition(":2,")
            found[name.partition(",")[0]] = flags
        return found

    def keywords(self) -> str:
        """The keywords that the folder knows."""
        path = self.folder / "Maildir" / "dovecot-keywords"
        return path.read_text(encoding="utf-8") if path.exists() else ""


def make_certificate(folder: Path, name: str) -> None:
    """Makes a certificate for localhost that signs itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """While the block runs, dovecot serves; as an ordinary user, whoever runs the test."""
    import grp
    import pwd

    is_root = os.geteuid() == 0
    uid, gid = (NOBODY, NOBODY) if is_root else (os.geteuid(), os.getegid())
    folder = Path(tempfile.mkdtemp(prefix="mail"))
    try:
        make_certificate(folder, "cert")
        (folder / "cert.key").rename(folder / "key.pem")
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        for name in ("run", "state", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
            (folder / name).mkdir()
        server = MailServer(folder, free_port(), free_port())
        configured = CONFIGURATION.format(
            folder=folder, uid=uid, gid=gid, user=pwd.getpwuid(uid).pw_name, group=grp.getgrgid(gid).gr_name,
            port=server.port, starttls_port=server.starttls_port,
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(configured, encoding="utf-8")
        if is_root:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, uid, gid)
        command = ["/usr/sbin/dovecot", "-F", "-c", str(folder / "dovecot.conf")]
        with (folder / "stderr").open("wb") as errors:
            if is_root:
                process = subprocess.Popen(command, stderr=errors, user=uid, group=gid, extra_groups=[])
            else:
                process = subprocess.Popen(command, stderr=errors)
        try:
            wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(server: MailServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        said = "".join(
            path.read_text(encoding="utf-8", errors="replace")
            for path in (server.folder / "stderr", server.folder / "dovecot.log")
            if path.exists()
        )
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
