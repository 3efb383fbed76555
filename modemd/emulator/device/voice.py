"""Voice calls of a device: one at a time, incoming or dialled. They have no sound."""

from __future__ import annotations

from modemd.emulator.device.charset import encode_text
from modemd.emulator.device.registration import RegistrationLayer
from modemd.emulator.device.results import FinalResult
from modemd.emulator.network.phonebook import type_of_address
from modemd.emulator.network.voice_calls import CallParty, CallState, VoiceCall
from modemd.emulator.timers import Handle

DIALLING_S = 3.0
"""Seconds from the number to the ring, or to the result that there is none."""

_END_RESULTS = {
    CallState.REFUSED: "BUSY",
    CallState.BUSY: "BUSY",
    CallState.NO_ANSWER: "NO ANSWER",
}
"""Result of the caller's modem at the end of a call; any other end gets NO CARRIER (V.250 6.3.1)."""


class VoiceLine:
    """The calls of one device. During a call, a second one finds it busy."""

    def __init__(self, device: RegistrationLayer) -> None:
        self._device = device
        self._call: VoiceCall | None = None
        self._own_party: CallParty | None = None
        self._dialled: str | None = None
        self._rings = 0
        self._ring_timer: Handle | None = None

    def reset(self) -> None:
        """Ends the call without a result: power, the SIM or the network is lost."""
        call, self._call = self._call, None
        self._stop_ringing()
        if call is not None and self._own_party is not None:
            call.hang_up(self._own_party)

    def end_by_network(self) -> None:
        """Ends the call with a result: the network is lost."""
        lost = self._call is not None or self._dialled is not None
        self.reset()
        if lost:
            self._device.host.send_unsolicited_result("NO CARRIER")

    # -- from the network

    def ring(self, call: VoiceCall) -> bool:
        """Takes an incoming call. Returns False if the device is busy, or its family refuses calls just now."""
        device = self._device
        if self._call is not None or self._dialled is not None:
            return False
        if device.family.voice.refused_while_sending and device.sending:
            return False
        self._call, self._own_party = call, call.callee
        self._rings = 0
        self._send_ring()
        return True

    def call_changed(self, call: VoiceCall) -> None:
        """Reacts to a call that was answered or has ended."""
        if call is not self._call or call.open:
            return
        device = self._device
        incoming = call.callee is self._own_party
        missed = incoming and call.state in (CallState.NO_ANSWER, CallState.HUNG_UP) and self._ring_timer is not None
        self._call = None
        self._stop_ringing()
        if call.ended_by is self._own_party:
            return
        device.host.send_unsolicited_result("NO CARRIER" if incoming else _END_RESULTS.get(call.state, "NO CARRIER"))
        if missed and (form := device.family.voice.missed):
            now = device.timers.now().astimezone(device.network.zone)
            device.host.send_notice(form.format(number=call.caller.number, time=now))

    def _send_ring(self) -> None:
        call, device = self._call, self._device
        if call is None:
            return
        settings = device.settings
        self._rings += 1
        self._ring_timer = device.later(device.family.voice.ring_every_s, self._send_ring)
        device.host.send_unsolicited_result("+CRING: VOICE" if settings.flags.get("+CRC") == "1" else "RING")
        if settings.flags.get("+CLIP") == "1":
            number = call.caller.number
            device.host.send_notice(
                f'+CLIP: "{encode_text(number, settings.alphabet)}",{type_of_address(number)},"",0,"",0'
            )
        if 0 < settings.registers[0] <= self._rings:
            self.answer()

    # -- from the host

    def answer(self) -> None:
        """Answers the call (ATA). Raises FinalResult NO CARRIER if none rings."""
        if self._call is None or self._ring_timer is None:
            raise FinalResult("NO CARRIER")
        self._stop_ringing()
        self._call.answer()

    def hang_up(self) -> None:
        """Ends the call, or refuses the one that rings (ATH)."""
        self._stop_ringing()
        if self._call is not None and self._own_party is not None:
            self._call.hang_up(self._own_party)

    def dial(self, number: str) -> None:
        """Dials a number (ATD with `;`); the OK is the caller's.

        Raises FinalResult NO CARRIER without a network, or during a call.
        """
        device = self._device
        if not device.registered or self._call is not None or self._dialled is not None:
            raise FinalResult("NO CARRIER")
        self._dialled = number
        self._ring_timer = None
        device.later(DIALLING_S, self._connect)

    def _connect(self) -> None:
        device, number = self._device, self._dialled
        self._dialled = None
        if number is None:  # the host hung up meanwhile
            return
        if device.sim is None or not device.registered:
            device.host.send_unsolicited_result("NO CARRIER")
            return
        call = VoiceCall(device.sim, device.network.find_party(number))
        self._call, self._own_party = call, device.sim
        device.network.exchange.connect(call)

    def format_for_clcc(self) -> str | None:
        """Returns the call in the form of `+CLCC`; None without one."""
        call = self._call
        if call is None:
            return None
        incoming = call.callee is self._own_party
        other = (call.caller if incoming else call.callee).number
        state = 0 if call.state is CallState.ANSWERED else 4 if incoming else 3
        number = encode_text(other, self._device.settings.alphabet)
        return f'1,{int(incoming)},{state},0,0,"{number}",{type_of_address(other)}'

    def _stop_ringing(self) -> None:
        self._dialled = None
        if self._ring_timer is not None:
            self._ring_timer.cancel()
            self._ring_timer = None
