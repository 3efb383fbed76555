"""A small sender as somebody else would write it: pyserial, and nothing of modemd."""

from __future__ import annotations

import serial


class Sender:
    """Sends one part of UCS-2 at a time."""

    def __init__(self, port: str, timeout_s: float = 2.0) -> None:
        self._port = serial.Serial(port, 115200, timeout=timeout_s, exclusive=True)
        for command in ("ATE0", "AT+CMGF=0"):
            self.ask(command)

    def ask(self, command: str, until: bytes = b"OK\r\n") -> str:
        """The answer up to its end; RuntimeError if it ends otherwise or not in time."""
        self._port.write(command.encode() + (b"" if command.endswith("\x1a") else b"\r"))
        answer: bytes = self._port.read_until(until)
        if not answer.endswith(until):
            raise RuntimeError(f"{command!r} got {answer!r}")
        return answer.decode().strip()

    def send(self, to: str, text: str) -> None:
        digits = to.lstrip("+")
        padded = digits + "F" * (len(digits) % 2)
        swapped = "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))
        data = text.encode("utf-16-be")
        tpdu = f"0100{len(digits):02X}91{swapped}0008{len(data):02X}{data.hex()}"
        self.ask(f"AT+CMGS={len(tpdu) // 2}", until=b"> ")
        self.ask(f"00{tpdu}\x1a")

    def close(self) -> None:
        self._port.close()
