"""Our SMPP beside a bare loop of smpplib, in turns: `python -m benchmarks.smpp [--messages 5000]`.

Both send the same short messages to the same emulated message centre, which is a process of its own, over loopback, with at most
ten without an answer, and read all answers and receipts. smpplib journals nothing, and answers receipts by itself; ours calls
the journal before each first octet, and answers a receipt after its handler. The figures are of the client alone.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import smpplib.client
import smpplib.consts

from benchmarks.figures import say
from modemd.providers.secret import Secret
from modemd.providers.smpp.endpoint import SmppEndpoint
from modemd.providers.smpp.link import SmppLink
from modemd.smpp.events import Delivery, RequestAnswered, UnreadableDelivery
from modemd.smpp.limits import SessionLimits
from modemd.smpp.message_operations import SubmitSm

ROUNDS = 3
WINDOW = 10
SENDER, RECIPIENT, TEXT = "33755500001", "33612345678", b"Your table is booked."
SYSTEM_ID = "bench"
PASSWORD = "bench"  # noqa: S105 - of an emulated centre
# The least rate, and the most CPU of a message, beside smpplib's.
LEAST_RATE, MOST_CPU = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Messages a second, and microseconds of CPU a message."""

    per_s: float
    cpu_us: float


def serve_centre(told: Connection) -> None:
    """Serves a message centre until the process is ended; tells its port."""
    from modemd.emulator import LoopTimers, Network
    from modemd.emulator.smpp.centre import SmppCentre
    from modemd.emulator.smpp.server import serve

    async def run() -> None:
        network = Network(LoopTimers(asyncio.get_running_loop()), delivery_latency_s=0, report_latency_s=0)
        centre = SmppCentre(network)
        centre.add_account(SYSTEM_ID, PASSWORD, numbers=(f"+{SENDER}",))
        server = await serve(centre)
        told.send(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()

    asyncio.run(run())


class _Counter:
    """Handler of a link that counts receipts, and sets `done` at the last one."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.done = asyncio.Event()

    async def take_delivery(self, delivery: Delivery | UnreadableDelivery) -> int:
        self._left -= 1
        if not self._left:
            self.done.set()
        return 0

    def note_late_answer(self, answer: RequestAnswered) -> None:
        raise AssertionError("an answer was late")


async def send_ours(port: int, count: int) -> None:
    """Sends messages by our link."""
    counter = _Counter(count)
    endpoint = SmppEndpoint("127.0.0.1", port, SYSTEM_ID, Secret(PASSWORD), limits=SessionLimits(window=WINDOW))
    link = await SmppLink.open(endpoint, counter)
    body = SubmitSm(SENDER, RECIPIENT, TEXT, source_addr_ton=1, source_addr_npi=1, registered_delivery=1)

    async def journal() -> None:
        """Notes nothing."""

    async def send_some(numbers: Any) -> None:
        for _ in numbers:
            answer = await link.submit(body, journal)
            assert isinstance(answer, RequestAnswered)
            assert answer.is_taken

    numbers = iter(range(count))
    await asyncio.gather(*(send_some(numbers) for _ in range(WINDOW)))
    await counter.done.wait()
    await link.close(5)


def send_smpplib(port: int, count: int) -> None:
    """Sends messages by smpplib."""
    logging.getLogger("smpp").setLevel(logging.CRITICAL)
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    answered = received = sent = 0

    def note_answer(pdu: Any, **more: Any) -> None:
        nonlocal answered
        answered += 1

    def note_receipt(pdu: Any, **more: Any) -> int:
        nonlocal received
        received += 1
        return 0

    client.set_message_sent_handler(note_answer)
    client.set_message_received_handler(note_receipt)
    client.connect()
    client.bind_transceiver(system_id=SYSTEM_ID, password=PASSWORD)
    while received < count or answered < count:
        while sent < count and sent - answered < WINDOW:
            sent += 1
            client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_INTL,
                source_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                source_addr=SENDER,
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                destination_addr=RECIPIENT,
                short_message=TEXT,
                registered_delivery=True,
            )
        client.read_once()
    client.unbind()
    client.disconnect()


def measure(send: Callable[[], None], count: int) -> Cost:
    """Returns what it costs to send so many messages."""
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    send()
    return Cost(count / (time.perf_counter() - began), (time.process_time() - cpu) / count * 1e6)


def main() -> int:
    """Measures, says the figures, and returns 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000)
    count = parser.parse_args().messages
    ours: list[Cost] = []
    theirs: list[Cost] = []
    for _ in range(ROUNDS):
        for costs, send in (
            (ours, lambda port: asyncio.run(send_ours(port, count))),
            (theirs, lambda port: send_smpplib(port, count)),
        ):
            hears, tells = multiprocessing.Pipe(duplex=False)
            process = multiprocessing.Process(target=serve_centre, args=(tells,), daemon=True)
            process.start()
            port = hears.recv()
            costs.append(measure(lambda send=send, port=port: send(port), count))  # type: ignore[misc]
            process.terminate()
            process.join()
    for name, costs in (("modemd", ours), ("smpplib", theirs)):
        per_s, cpu_us = (statistics.median(getattr(each, field) for each in costs) for field in ("per_s", "cpu_us"))
        say(f"{name:8} {per_s:7.0f} messages/s, {cpu_us:6.0f} us of CPU a message")
    rate = statistics.median(our.per_s / their.per_s for our, their in zip(ours, theirs, strict=True))
    cpu = statistics.median(our.cpu_us / their.cpu_us for our, their in zip(ours, theirs, strict=True))
    say(f"rate {rate:.2f} (at least {LEAST_RATE}), CPU {cpu:.2f} (at most {MOST_CPU})")
    return 0 if rate >= LEAST_RATE and cpu <= MOST_CPU else 1


if __name__ == "__main__":
    sys.exit(main())
