"""Truth journal: every SUBMIT that the network accepted, raw. Only the journal proves that a message was lost or sent twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True)
class Accepted:
    """A SUBMIT that the network accepted, and when.

    `tpdu` is the SUBMIT as it went over the air: the octets of the host, with the device's own TP-MR (`reference`) in
    octet 1, as sticks do. `first_octet_at` is when the first octet of the host after the prompt reached the device.
    `text` is the text of this part, None if it is no text. `sender` and `recipient` are E.164, or a short code.

    If an SMS provider sent it, `tpdu` is the DELIVER that the recipient gets, `device` the provider, and `iccid` is empty.
    `sender` may be a name then; `first_octet_at` is when the provider had the request.
    """

    at: datetime
    first_octet_at: datetime
    iccid: str
    sender: str
    device: str
    reference: int
    recipient: str
    tpdu: bytes
    text: str | None

    def as_json(self) -> dict[str, Any]:
        """Returns the entry as plain JSON values: times in ISO 8601 with offset, `tpdu` in upper-case hex."""
        return {
            "at": self.at.isoformat(),
            "first_octet_at": self.first_octet_at.isoformat(),
            "iccid": self.iccid,
            "sender": self.sender,
            "device": self.device,
            "reference": self.reference,
            "recipient": self.recipient,
            "tpdu": self.tpdu.hex().upper(),
            "text": self.text,
        }


class Journal:
    """Journal of accepted SUBMITs, in order in `accepted`.

    With a `sink`, one JSON line for each is also appended to that file. After an entry is recorded and before the modem
    answers, each callback of `on_accepted` is called with it. A line is one unbuffered write before the modem answers:
    so a reader of the file never knows less than the host, and a killed emulator leaves only whole lines.
    """

    def __init__(self, sink: Path | None = None) -> None:
        self.accepted: list[Accepted] = []
        self.on_accepted: list[Callable[[Accepted], None]] = []
        self._file: BinaryIO | None = None
        if sink is not None:
            self._file = open(sink, "ab", buffering=0)  # noqa: SIM115 - kept open; close() ends it

    def record(self, entry: Accepted) -> None:
        """Records an accepted SUBMIT. Raises OSError if the sink cannot be written."""
        self.accepted.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry.as_json(), ensure_ascii=False).encode() + b"\n")
        for callback in list(self.on_accepted):
            callback(entry)

    def close(self) -> None:
        """Closes the sink. `accepted` stays readable."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __len__(self) -> int:
        return len(self.accepted)

    def __iter__(self) -> Iterator[Accepted]:
        return iter(self.accepted)
