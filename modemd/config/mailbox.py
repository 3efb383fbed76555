"""Settings of the mailbox for opt-outs by e-mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from modemd.config.amounts import DURATION_FORM
from modemd.config.values import Duration, FilePath, Frozen, in_range, matching


class MailboxSettings(Frozen):
    """Mailbox that is read by IMAP over TLS."""

    host: Annotated[str, matching(r"[A-Za-z0-9.:-]{1,253}")] = Field(
        description="the name or address of the IMAP server, such as imap.example.com"
    )
    tls: Literal["implicit", "starttls"] = Field(
        default="implicit", description="implicit: TLS from the first octet; starttls: TLS after the command STARTTLS"
    )
    port: int = Field(
        default_factory=lambda data: 143 if data.get("tls") == "starttls" else 993,
        ge=1,
        le=65535,
        description="a port number from 1 to 65535",
    )
    user: Annotated[str, matching(r"[^\x00-\x1f\x7f]{1,200}")] = Field(
        description="the name to log in with, mostly an address"
    )
    password_file: FilePath = Field(description="the path of a file with the password, which not everybody can read")
    folder: Annotated[str, matching(r"[^\x00-\x1f\x7f]{1,200}")] = Field(
        default="INBOX", description="the name of the folder, such as INBOX or Unsubscribe"
    )
    ca_file: FilePath | None = Field(
        default=None, description="the path of a PEM file with the certificates to trust, instead of the system's"
    )
    every: Annotated[Duration, in_range(timedelta(seconds=10), timedelta(days=1))] = Field(
        default=timedelta(minutes=5), description=f"{DURATION_FORM}; at least 10s, at most 1d"
    )

    @property
    def name(self) -> str:
        """User, server and folder, which tell this mailbox from every other."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"
