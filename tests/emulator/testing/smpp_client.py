"""A small client of SMPP as somebody else would write it: smpplib, and nothing of modemd."""

from __future__ import annotations

import queue
from typing import Any

import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm


class Gateway:
    """Binds as a transceiver, and sends texts."""

    def __init__(self, host: str, port: int, system_id: str, password: str, timeout_s: float = 5.0) -> None:
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.deliveries: list[Any] = []
        self._client = smpplib.client.Client(host, port, timeout=timeout_s, allow_unknown_opt_params=True)
        self._client.set_message_sent_handler(self._note_answer)
        self._client.set_message_received_handler(self._take)
        self._client.set_error_pdu_handler(self._note_answer)
        self._client.connect()
        try:
            self._client.bind_transceiver(system_id=system_id, password=password)
        except smpplib.exceptions.PDUError:
            self.close()
            raise

    def send(self, sender: str, to: str, text: str) -> None:
        """Sends a text, in several parts if it is long."""
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        is_number = sender.startswith("+")
        for part in parts:
            self._client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_INTL if is_number else smpplib.consts.SMPP_TON_ALNUM,
                source_addr_npi=smpplib.consts.SMPP_NPI_ISDN if is_number else smpplib.consts.SMPP_NPI_UNK,
                source_addr=sender.removeprefix("+"),
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                destination_addr=to.removeprefix("+"),
                short_message=part,
                data_coding=coding,
                esm_class=esm_class,
                registered_delivery=True,
            )

    def read(self) -> None:
        """Reads the next PDU, and answers it if it is a delivery."""
        self._client.read_once()

    def close(self) -> None:
        """Ends the connection."""
        self._client.disconnect()

    def _note_answer(self, pdu: Any, **more: Any) -> None:
        self.answers.put(pdu)

    def _take(self, pdu: Any, **more: Any) -> int:
        self.deliveries.append(pdu)
        return int(smpplib.consts.SMPP_ESME_ROK)
