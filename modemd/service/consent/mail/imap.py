"""IMAP: one connection to a mailbox (RFC 3501, over TLS). It blocks, so it is used on a thread of its own.

Nothing is deleted or moved, and nothing is marked as read by reading it (BODY.PEEK). `imaplib` splits the octets of the server
into answers; what they mean is read here, because it hands most of them on as they are.
"""

from __future__ import annotations

import base64
import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from modemd.config.mailbox import MailboxSettings
from modemd.config.mailbox_files import make_tls_context, read_password
from modemd.errors import ModemdError
from modemd.light_dataclass import dataclass
from modemd.rules.consent.mail.reading import LARGEST

# How long the server may be silent, in seconds.
SILENCE_S = 30.0
DONE_KEYWORD = "$ModemdDone"
"""Keyword (RFC 3501 2.3.2) of every mail that was handled, if the server allows keywords."""
# UIDs that one SEARCH asks for: its answer is one line, and imaplib takes no line above 1,000,000 octets.
SEARCH_SPAN = 20_000
LARGEST_UID = 2**32 - 1


class MailboxError(ModemdError):
    """Mailbox that cannot be read now. The text says what was tried and what came back, never the password."""


class MailUnreadable(ModemdError):
    """Mail that the server does not give, though it gives others."""


@dataclass(frozen=True, slots=True)
class FolderState:
    """State of a folder: the number that says whether its UIDs are still the same, and the UID that the next mail will have
    (None if the server does not say)."""

    uidvalidity: int
    uidnext: int | None


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """Mail as the server has it: its first `LARGEST` octets, whether there are more, and when it arrived."""

    uid: int
    octets: bytes
    is_cut: bool
    received_at: datetime | None


class ImapSession:
    """Connection that is logged in, with the folder open. Only one thread may use it at a time; `abandon` may be called by
    any."""

    def __init__(self, client: imaplib.IMAP4, settings: MailboxSettings) -> None:
        self._client = client
        self._settings = settings
        self._can_store = False
        self._has_keywords = False

    @classmethod
    def open(cls, settings: MailboxSettings) -> ImapSession:
        """Connects, checks the certificate, and logs in. Raises MailboxError."""
        try:
            context, password = make_tls_context(settings.ca_file), read_password(settings.password_file)
        except (ValueError, OSError) as error:
            raise MailboxError(f"the files of the mailbox cannot be used: {error}") from None
        where = f"{settings.host}:{settings.port}"
        with _told_as_mailbox_error(where):
            if settings.tls == "implicit":
                client: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                    settings.host, settings.port, ssl_context=context, timeout=SILENCE_S
                )
            else:
                client = imaplib.IMAP4(settings.host, settings.port, timeout=SILENCE_S)
        try:
            with _told_as_mailbox_error(where):
                if settings.tls == "starttls":
                    client.starttls(context)
                _log_in(client, settings.user, password)
        except MailboxError:
            _cut(client)
            raise
        return cls(client, settings)

    def select(self) -> FolderState:
        """Opens the folder. A folder that may only be read is opened, too: flags are then not set. Raises MailboxError."""
        name, can_write = _quote(_encode_folder(self._settings.folder)), True
        with self._talking():
            try:
                status, answer = self._client.select(name)
            except imaplib.IMAP4.readonly:
                status, answer, can_write = "OK", [], False
            permanent = _to_text(self._find_answer("PERMANENTFLAGS")).lower()
            uidvalidity, uidnext = (_to_number(self._find_answer(each)) for each in ("UIDVALIDITY", "UIDNEXT"))
        if status != "OK":
            raise self._fail(f"folder {self._settings.folder!r}: {_to_text(answer)}")
        if uidvalidity is None:
            raise self._fail("the server does not say UIDVALIDITY, so mails cannot be told apart")
        # A server that does not say which flags it keeps, keeps the usual ones (RFC 3501 7.1).
        self._can_store = can_write and (not permanent or r"\seen" in permanent)
        self._has_keywords = can_write and (r"\*" in permanent or DONE_KEYWORD.lower() in permanent)
        return FolderState(uidvalidity, uidnext)

    def list_uids(self, above: int, uidnext: int | None) -> list[int]:
        """Returns the lowest UIDs above this one, in their order; [] only if there are none. Raises MailboxError."""
        first, span = above + 1, SEARCH_SPAN
        while uidnext is None or first < uidnext:
            last = "*" if uidnext is None else str(min(first + span - 1, LARGEST_UID))
            answer = self._command("SEARCH", "UID", f"{first}:{last}")
            found = {int(word) for piece in answer if isinstance(piece, bytes) for word in piece.split()}
            # * is the last mail, also if its UID is below the first one asked for (RFC 3501 6.4.8).
            if uids := sorted(uid for uid in found if uid > above):
                return uids
            if uidnext is None:
                return []
            first, span = first + span, span * 8
        return []

    def fetch(self, uid: int) -> FetchedMail | None:
        """Returns a mail; None if it is not there any more. Raises MailUnreadable if the server does not give it, MailboxError if
        it gives nothing at all."""
        wanted = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{LARGEST}>)"
        with self._talking():
            status, answer = self._client.uid("FETCH", str(uid), wanted)
        if status != "OK":
            raise MailUnreadable(f"the server does not give it: {_to_text(answer)}")
        for index, piece in enumerate(answer):
            if not isinstance(piece, tuple) or len(piece) < 2:
                continue
            # What follows the octets of the mail is an item of its own: the UID may stand there.
            following = answer[index + 1] if index + 1 < len(answer) else b""
            told = piece[0] + (following if isinstance(following, bytes) else b"")
            if re.search(rb"\bUID %d\b" % uid, told):
                size = re.search(rb"RFC822\.SIZE (\d+)", told)
                is_cut = size is not None and int(size[1]) > len(piece[1]) >= LARGEST
                return FetchedMail(uid, piece[1], is_cut, _find_arrival(told))
        return None

    def flag(self, uid: int, *, seen: bool) -> None:
        """Flags a mail as handled, and with `seen` as read, as far as the server allows. Raises MailboxError."""
        flags = [r"\Seen"] if seen and self._can_store else []
        flags += [DONE_KEYWORD] if self._has_keywords else []
        if flags:
            self._command("STORE", str(uid), "+FLAGS.SILENT", f"({' '.join(flags)})")

    def close(self) -> None:
        """Logs out. Nothing is expunged: CLOSE would do that."""
        with contextlib.suppress(MailboxError), self._talking():
            self._client.logout()

    def abandon(self) -> None:
        """Cuts the connection. A thread that waits for the server then ends."""
        _cut(self._client)

    def _command(self, *words: str) -> Sequence[object]:
        with self._talking():
            status, answer = self._client.uid(*words)
        if status != "OK":
            raise self._fail(f"{words[0]}: {_to_text(answer)}")
        return answer

    def _find_answer(self, name: str) -> Sequence[object]:
        return self._client.response(name)[1] or ()

    def _talking(self) -> AbstractContextManager[None]:
        return _told_as_mailbox_error(f"{self._settings.host}:{self._settings.port}")

    def _fail(self, why: str) -> MailboxError:
        return MailboxError(f"{self._settings.host}:{self._settings.port}: {why}")


@contextlib.contextmanager
def _told_as_mailbox_error(where: str) -> Iterator[None]:
    """Raises MailboxError for whatever happens within. imaplib raises errors of many kinds at answers that it does not expect."""
    try:
        yield
    except Exception as error:
        raise MailboxError(f"{where}: {_explain(error)}") from error


def _log_in(client: imaplib.IMAP4, user: str, password: str) -> None:
    if "AUTH=PLAIN" in client.capabilities:  # which takes every letter; LOGIN takes ASCII only
        answer = f"\0{user}\0{password}".encode()
        client.authenticate("PLAIN", lambda _: answer)
    else:
        client.login(_quote(user), password)


def _cut(client: imaplib.IMAP4) -> None:
    with contextlib.suppress(OSError, AttributeError):
        client.sock.shutdown(socket.SHUT_RDWR)


def _explain(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return _to_text(error.args[:1]) or type(error).__name__


def _to_text(answer: Sequence[object]) -> str:
    """Returns what the server said, as one line that is safe to print."""
    pieces = (each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in answer if each)
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(pieces))[:300].strip()


def _to_number(answer: Sequence[object]) -> int | None:
    found = re.search(r"\d+", _to_text(answer))
    return int(found[0]) if found is not None else None


def _find_arrival(told: bytes) -> datetime | None:
    found = re.search(rb'INTERNALDATE "\s?([^"]{1,40})"', told)
    if found is None:
        return None
    try:
        arrived = parsedate_to_datetime(found[1].decode("ascii", "replace").replace("-", " ", 2))
        return arrived.astimezone(UTC) if arrived.tzinfo is not None else None
    except (ValueError, TypeError, OverflowError):
        return None


def _quote(text: str) -> str:
    """Returns a quoted string (RFC 3501 4.3)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encode_folder(name: str) -> str:
    """Returns the name of a folder in the UTF-7 of IMAP (RFC 3501 5.1.3)."""

    def encode(found: re.Match[str]) -> str:
        octets = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return f"&{octets.decode('ascii')}-"

    return re.sub(r"[^\x20-\x7e]+", encode, name.replace("&", "&-"))
