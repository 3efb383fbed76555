"""USSD session of a device, and the coding of its strings (3GPP TS 22.090; TS 27.007 7.15)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from modemd.emulator.device.charset import decode_septets, encode_text, to_septets
from modemd.emulator.device.registration import RegistrationLayer
from modemd.emulator.device.results import CmeError, FinalResult
from modemd.emulator.network.ussd_services import NETWORK_WAITS_S, UNKNOWN_CODE, UNKNOWN_REPLY, UssdAnswer, UssdState
from modemd.emulator.timers import Handle
from modemd.pdu import pack_ussd, table, unpack_ussd

GSM_CODING, UCS2_CODING = 15, 72
"""Data coding schemes of USSD strings (3GPP TS 23.038 5): the default alphabet, and UCS-2."""
_DEFAULT = table(0, 0)


def encode_string(text: str, coding: str, charset: str) -> tuple[str, int]:
    """Encodes a text for `+CUSD` as the family does; returns the string and its dcs. `charset` is that of `+CSCS`."""
    if _DEFAULT.try_encode(text) is None:
        return encode_text(text, "UCS2"), UCS2_CODING
    if coding == "packed_hex":
        return pack_ussd(to_septets(text)).hex().upper(), GSM_CODING
    return encode_text(text, charset if coding == "charset" else "IRA"), GSM_CODING


def decode_string(typed: str, dcs: int, coding: str, charset: str) -> str:
    """Decodes the string of `+CUSD` from a host. Raises ValueError if it is not in the family's coding."""
    if dcs == UCS2_CODING and (coding == "packed_hex" or charset == "UCS2"):
        return bytes.fromhex(typed).decode("utf-16-be")
    if coding == "packed_hex":
        return _DEFAULT.decode(unpack_ussd(bytes.fromhex(typed)))
    if coding == "plain":
        return typed
    return _DEFAULT.decode(decode_septets(typed.encode("latin-1"), charset))


class UssdSession:
    """USSD session of one device: a code is sent, the network answers in a notice, and perhaps wants a reply."""

    def __init__(self, device: RegistrationLayer) -> None:
        self._device = device
        self._answer_timer: Handle | None = None
        self._menu: Mapping[str, UssdAnswer] = {}
        self._reply_timeout: Handle | None = None

    def reset(self) -> None:
        """Ends the session: power is lost, or the host ended it."""
        for handle in (self._answer_timer, self._reply_timeout):
            if handle is not None:
                handle.cancel()
        self._answer_timer = self._reply_timeout = None
        self._menu = {}

    def send(self, typed: str, dcs: int) -> None:
        """Sends a code, or a reply to what the network asked.

        Raises the family's refusal for a string that it cannot decode; CmeError 30 without a network; CmeError 3 while
        the last one is not answered.
        """
        device = self._device
        family = device.family.ussd
        try:
            text = decode_string(typed, dcs, family.coding, device.settings.alphabet)
        except ValueError:
            raise FinalResult(family.refused) from None
        device.require_sim(CmeError)
        if not device.registered:
            raise CmeError(30)
        if self._answer_timer is not None:
            raise CmeError(3)
        answer = self._menu.get(text, UNKNOWN_REPLY) if self._menu else device.network.ussd.get(text, UNKNOWN_CODE)
        self.reset()
        wait_s = NETWORK_WAITS_S if answer.state is UssdState.TIMED_OUT else answer.after_s
        self._answer_timer = device.later(wait_s, partial(self._on_answer, answer))

    def _on_answer(self, answer: UssdAnswer) -> None:
        self.reset()
        device = self._device
        if not device.registered:
            self._notify(UssdState.TIMED_OUT)
            return
        for _ in range(answer.times):
            self._notify(answer.state, answer.text)
        if answer.closes:
            self._notify(UssdState.ENDED)
        if answer.menu:
            self._menu = answer.menu
            self._reply_timeout = device.later(NETWORK_WAITS_S, self._on_reply_timeout)

    def _on_reply_timeout(self) -> None:
        self.reset()
        self._notify(UssdState.ENDED)

    def _notify(self, state: UssdState, text: str | None = None) -> None:
        device = self._device
        if device.settings.flags.get("+CUSD", "0") != "1":
            return
        line = f"+CUSD: {int(state)}"
        if text is not None:
            string, dcs = encode_string(text, device.family.ussd.coding, device.settings.alphabet)
            line += f',"{string}",{dcs}'
        device.host.send_notice(line)
