"""The truth journal: everything the network accepted, raw. It is the one authority for "lost" and "twice"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True)
class Accepted:
    """One SUBMIT the network took, at the moment it took it.

    `tpdu` is the SUBMIT as it went over the air: the host's octets with the device's own TP-MR (`reference`) set in
    octet 1, as sticks do. `first_octet_at` is when the host's first octet after the prompt reached the device.
    `text` is that part's text, None where it is not text. `sender` and `recipient` are E.164, or a short code.
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
        """The same as plain JSON values: times ISO 8601 with offset, `tpdu` in upper-case hex."""
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
    """All of `accepted`, in order; with a `sink`, also one JSON line each in that file (appended to).

    `on_accepted` callbacks run for each entry once it is taken down, before the modem answers.

    A line is one unbuffered write made before the modem answers, so that a reader of the file never knows less than
    the host, and a killed emulator leaves whole lines.
    """

    def __init__(self, sink: Path | None = None) -> None:
        self.accepted: list[Accepted] = []
        self.on_accepted: list[Callable[[Accepted], None]] = []
        self._file: BinaryIO | None = None
        if sink is not None:
            self._file = open(sink, "ab", buffering=0)  # noqa: SIM115 - kept open; close() ends it

    def record(self, entry: Accepted) -> None:
        """Take down one acceptance. Raises OSError when the sink cannot be written."""
        self.accepted.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry.as_json(), ensure_ascii=False).encode() + b"\n")
        for callback in list(self.on_accepted):
            callback(entry)

    def close(self) -> None:
        """Close the sink. What was accepted stays readable in `accepted`."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __len__(self) -> int:
        return len(self.accepted)

    def __iter__(self) -> Iterator[Accepted]:
        return iter(self.accepted)
