"""What an IMAP server says, as it is read: answers in the forms that servers have. tests/system has a real server."""

from __future__ import annotations

import imaplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from modemd.config.mailbox import MailboxSettings
from modemd.rules.consent.mail.reading import LARGEST
from modemd.service.consent.mail.imap import FetchedMail, FolderState, ImapSession, MailboxError, MailUnreadable

OK = "OK"
DATE = b'INTERNALDATE "22-Nov-2026 13:00:00 +0100"'
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class FakeClient:
    """What imaplib returns: an answer for each command, and untagged ones by their name."""

    def __init__(self, answers: Sequence[Any] = (), untagged: dict[str, bytes] | None = None) -> None:
        self.answers = list(answers)
        self.untagged = {"UIDVALIDITY": b"7", "UIDNEXT": b"5"} | (untagged or {})
        self.said: list[tuple[str, ...]] = []

    def uid(self, *words: str) -> Any:
        self.said.append(words)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def select(self, name: str) -> Any:
        return self.uid("SELECT", name)

    def response(self, name: str) -> Any:
        return name, [self.untagged.get(name)]

    def logout(self) -> Any:
        raise OSError("cut")


def session(client: FakeClient, folder: str = "INBOX") -> ImapSession:
    settings = MailboxSettings(host="mail.example.com", user="stop", password_file=Path("/x"), folder=folder)
    return ImapSession(cast(imaplib.IMAP4, client), settings)


@pytest.mark.parametrize(
    "answer",
    [
        [(b"1 (UID 4 RFC822.SIZE 3 " + DATE + b" BODY[]<0> {3}", b"abc"), b")"],
        [(b"1 (RFC822.SIZE 3 " + DATE + b" BODY[]<0> {3}", b"abc"), b" UID 4)"],
        [b"9 (FLAGS (\\Seen) UID 8)", (b"1 (UID 4 " + DATE + b" BODY[] {3}", b"abc"), b")"],
        [(b"2 (UID 44 BODY[]<0> {1}", b"x"), b")", (b"1 (UID 4 " + DATE + b" BODY[]<0> {3}", b"abc"), b")"],
    ],
)
def test_a_mail_is_found_in_the_answer(answer: list[Any]) -> None:
    """In whatever order the items come, and whatever the server says beside it."""
    assert session(FakeClient([(OK, answer)])).fetch(4) == FetchedMail(4, b"abc", False, NOON)


def test_a_mail_that_is_larger_is_cut() -> None:
    """Only its first octets are asked for, and the rest is known to be there."""
    client = FakeClient([(OK, [(b"1 (UID 4 RFC822.SIZE %d BODY[]<0> {1}" % (LARGEST + 1), bytes(LARGEST)), b")"])])
    found = session(client).fetch(4)
    assert found is not None
    assert (found.is_cut, found.received_at) == (True, None)
    assert f"BODY.PEEK[]<0.{LARGEST}>" in client.said[0][2]


def test_a_mail_that_is_gone_is_none() -> None:
    """Somebody else has deleted it."""
    assert session(FakeClient([(OK, [None])])).fetch(4) is None


def test_a_mail_that_is_not_given_is_told_apart_from_a_connection_that_ends() -> None:
    """The first stops no other mail, the second is tried again."""
    broken = session(FakeClient([("NO", [b"[SERVERBUG] no"]), imaplib.IMAP4.abort("socket error: EOF")]))
    with pytest.raises(MailUnreadable, match="SERVERBUG"):
        broken.fetch(4)
    with pytest.raises(MailboxError, match=r"mail\.example\.com:993: socket error"):
        broken.fetch(4)


def test_only_uids_above_count() -> None:
    """A search up to * returns the last mail, too, however old it is."""
    client = FakeClient([(OK, [b"9"]), (OK, [b"12 10 9"])])
    assert session(client).list_uids(9, None) == []
    assert session(client).list_uids(9, None) == [10, 12]


def test_a_long_gap_in_the_uids_is_passed_in_few_steps() -> None:
    """Each search asks for a bounded number of UIDs; the spans grow."""
    client = FakeClient([(OK, [b""])] * 6 + [(OK, [b"4000000000"])])
    assert session(client).list_uids(0, 4_000_000_001) == [4_000_000_000]
    assert client.said[0] == ("SEARCH", "UID", "1:20000")
    assert session(FakeClient()).list_uids(4, 5) == []


@pytest.mark.parametrize(
    ("permanent", "seen", "words"),
    [
        (rb"(\Answered \Seen \*)", True, rb"(\Seen $ModemdDone)"),
        (rb"(\Answered \Seen \*)", False, b"($ModemdDone)"),
        (rb"(\Seen)", True, rb"(\Seen)"),
        (rb"(\Seen)", False, None),
        (b"()", True, None),
    ],
)
def test_a_mail_is_flagged_as_far_as_the_server_allows(permanent: bytes, seen: bool, words: bytes | None) -> None:
    """Without keywords only as read, and a mail that asks for nothing not at all."""
    client = FakeClient([(OK, [b"3"]), (OK, [None])], {"PERMANENTFLAGS": permanent})
    opened = session(client)
    assert opened.select() == FolderState(7, 5)
    opened.flag(4, seen=seen)
    stored = [said for said in client.said if said[0] == "STORE"]
    assert stored == ([] if words is None else [("STORE", "4", "+FLAGS.SILENT", words.decode())])


def test_a_folder_that_may_only_be_read_is_read() -> None:
    """Its mails are handled, and not flagged."""
    client = FakeClient([imaplib.IMAP4.readonly("INBOX is not writable")], {"PERMANENTFLAGS": rb"(\Seen \*)"})
    opened = session(client)
    assert opened.select() == FolderState(7, 5)
    opened.flag(4, seen=True)
    assert len(client.said) == 1


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("INBOX", '"INBOX"'),
        ('A "b" \\', '"A \\"b\\" \\\\"'),
        ("Désabo & co", '"D&AOk-sabo &- co"'),
        ("退订", '"&kACLog-"'),
    ],
)
def test_a_folder_has_its_name_in_the_form_of_imap(folder: str, said: str) -> None:
    """Quoted, and in the UTF-7 of RFC 3501."""
    client = FakeClient([(OK, [b"1"])])
    session(client, folder).select()
    assert client.said == [("SELECT", said)]


@pytest.mark.parametrize(
    ("client", "why"),
    [
        (FakeClient([("NO", [b"no such folder"])]), "'INBOX': no such folder"),
        (FakeClient([(OK, [b"1"])], {"UIDVALIDITY": b""}), "does not say UIDVALIDITY"),
        (FakeClient([KeyError("odd")]), "odd"),
        (FakeClient([ssl.SSLError(1, "bad record")]), "bad record"),
    ],
)
def test_a_folder_that_cannot_be_opened_says_why(client: FakeClient, why: str) -> None:
    """In one line, with the server."""
    with pytest.raises(MailboxError, match=why):
        session(client).select()


def test_the_end_of_a_connection_never_fails() -> None:
    """Whatever the server does then."""
    session(FakeClient()).close()


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that ends every connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_server_that_speaks_no_imap_is_an_error(tmp_path: Path, deaf_port: int, tls: str) -> None:
    """The text names the server, and has no password in it."""
    password = tmp_path / "password"
    password.write_text("secret")
    password.chmod(0o600)
    settings = MailboxSettings.model_validate(
        {"host": "127.0.0.1", "port": deaf_port, "tls": tls, "user": "x", "password_file": str(password)}
    )
    with pytest.raises(MailboxError, match=rf"^127\.0\.0\.1:{deaf_port}: .") as failed:
        ImapSession.open(settings)
    assert "secret" not in str(failed.value)


def test_without_its_password_nothing_is_opened(tmp_path: Path) -> None:
    """The text names the file."""
    settings = MailboxSettings(host="127.0.0.1", user="x", password_file=tmp_path / "none")
    with pytest.raises(MailboxError, match=str(tmp_path / "none")):
        ImapSession.open(settings)
