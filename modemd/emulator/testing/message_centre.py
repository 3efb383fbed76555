"""Handle of an SMPP message centre for tests: plain calls that are executed on the thread of the emulator."""

from __future__ import annotations

import asyncio
from typing import get_args

from modemd.emulator.network.status_reports import LATE_S, Oddity
from modemd.emulator.smpp.centre import SmppCentre
from modemd.emulator.smpp.faults import FaultKind, ReceiptFault, SubmitFault
from modemd.emulator.smpp.settings import IdForm
from modemd.emulator.testing.background import Background
from modemd.errors import ConfigError
from modemd.smpp.texts import DefaultAlphabet

SERVICE_NUMBER = "+33755500001"
SYSTEM_ID = "emulated"
PASSWORD = "emulated"  # noqa: S105 - of an emulated centre on this machine


class NotBound(AssertionError):
    """No client was bound in time."""


class MessageCentre:
    """An SMPP 3.4 message centre at a TCP port of this machine. A program binds to `host` and `port` with `system_id` and
    `password`, and sends from `number`, to which phones can write, or from any of the `senders` of the centre."""

    def __init__(self, background: Background, core: SmppCentre, system_id: str, server: asyncio.Server) -> None:
        account = core.accounts[system_id]
        self.host, self.port = server.sockets[0].getsockname()[:2]
        self.system_id = system_id
        self.password = account.password
        self.number = account.numbers[0]
        self._background = background
        self._core = core
        self._account = account
        self._server = server
        core.on_bound.append(lambda bound: background.notify())

    @property
    def bound(self) -> int:
        """Number of connections that are bound."""
        return len(self._account.links)

    @property
    def waiting(self) -> int:
        """Number of receipts and messages that wait for a bind."""
        return self._account.waiting

    def wait_until_bound(self, count: int = 1, *, timeout: float = 5.0) -> None:
        """Waits until so many connections are bound. Raises NotBound after `timeout` seconds."""
        __tracebackhide__ = True
        if self._background.wait_for(lambda: True if self.bound >= count else None, timeout) is None:
            raise NotBound(f"waited {timeout:g} s for {count} bound connections; there are {self.bound}")

    # -- faults: a wrong value raises ConfigError

    def refuse_next(self, status: int) -> None:
        """Refuses the next message with this command_status, such as 0x58 (throttled); nothing is accepted."""
        self._plan("refuse", status=_check_status(status))

    def lose_next_answer(self) -> None:
        """Accepts the next message, and never answers it."""
        self._plan("lose_answer")

    def delay_next_answer(self, seconds: float) -> None:
        """Accepts the next message, and answers it so many seconds later: a receipt can come before."""
        self._plan("late_answer", seconds=_check_seconds(seconds))

    def cut_after_next(self) -> None:
        """Accepts the next message, and ends its connection without an answer."""
        self._plan("cut")

    def cut_before_next(self) -> None:
        """Ends the connection of the next message, which is not accepted."""
        self._plan("cut_before")

    def next_receipt(self, oddity: Oddity, *, seconds: float = LATE_S) -> None:
        """Sets how the next receipt comes: "late" (by `seconds`), "twice", with a "foreign" one, or "never"."""
        if oddity not in get_args(Oddity):
            raise ConfigError([f"a receipt comes {', '.join(get_args(Oddity))}; not {oddity!r}"])
        self._background.call(self._core.faults.plan, ReceiptFault(oddity, _check_seconds(seconds)))

    def refuse_binds(self, status: int | None) -> None:
        """Refuses every bind with this command_status from now on; None: accepts them again."""
        self._background.call(self._set, refuses_binds_with=None if status is None else _check_status(status))

    def cut(self) -> None:
        """Ends all connections now."""
        self._background.call(self._core.cut_connections)

    def configure(
        self,
        *,
        alphabet: str | None = None,
        id_form: IdForm | None = None,
        answer_latency: float | None = None,
        receipt_tlvs: bool | None = None,
    ) -> None:
        """Changes the centre; omitted values stay.

        `alphabet` is what it means by data_coding 0: gsm7, latin1, ascii or gsm7-packed. `id_form` is how identifiers are
        written: decimal, hex, or mixed (hex in the answer, decimal in the receipt). `answer_latency` is in seconds.
        `receipt_tlvs`: whether receipts have TLVs beside their text.
        """
        if id_form is not None and id_form not in get_args(IdForm):
            raise ConfigError([f"id_form is {', '.join(get_args(IdForm))}; not {id_form!r}"])
        if alphabet is not None and alphabet not in list(DefaultAlphabet):
            raise ConfigError([f"alphabet is {', '.join(DefaultAlphabet)}; not {alphabet!r}"])
        self._background.call(
            self._set,
            alphabet=None if alphabet is None else DefaultAlphabet(alphabet),
            id_form=id_form,
            answer_latency_s=None if answer_latency is None else _check_seconds(answer_latency),
            has_receipt_tlvs=receipt_tlvs,
        )

    def close(self) -> None:
        """Ends all connections, and listens no more."""
        self._background.run(self._close())

    def __repr__(self) -> str:
        return f"<message centre at {self.host}:{self.port}>"

    async def _close(self) -> None:
        self._server.close()
        self._core.cut_connections()
        await asyncio.sleep(0)  # the loop ends the connections in its next turn

    def _plan(self, kind: FaultKind, *, status: int = 0, seconds: float = 0.0) -> None:
        self._background.call(self._core.faults.plan, SubmitFault(kind, status, seconds))

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            if value is not None or name == "refuses_binds_with":
                setattr(self._core.settings, name, value)


def _check_status(status: int) -> int:
    if not 0 < status <= 0xFFFFFFFF:
        raise ConfigError([f"a status of an error is 1 to 0xFFFFFFFF; not {status}"])
    return status


def _check_seconds(seconds: float) -> float:
    if not 0 <= seconds <= 86400:
        raise ConfigError([f"seconds are 0 to 86400; not {seconds}"])
    return seconds
