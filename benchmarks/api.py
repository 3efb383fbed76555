"""The API beside a bare endpoint of the same framework, in turns: `python -m benchmarks.api [--seconds 5]`.

Both are processes of their own that are asked by Unix socket, over connections that stay open. The bare endpoint is served by
uvicorn as it comes, reads the same document with the same models, and stores nothing; modemd answers after its commit. The target
is for `CLIENTS`; fewer share a commit less often. Then batches of 500 messages.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import say
from modemd.api.messages import NewMessage

FEW_CLIENTS, CLIENTS = 8, 32
ROUNDS = 4
LEAST_RATE = 0.3
MOST_P99 = 5.0
BATCH = 500
LEAST_IN_BATCHES = 6000


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second, and the time in which 99 of 100 were answered."""

    per_s: float
    p99_s: float


def serve_bare(path: str) -> None:
    """Serves the bare endpoint until the process is ended."""
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/v1/messages", status_code=202)
    async def post_message(new: NewMessage) -> dict[str, object]:
        return {"id": 1, "to": new.to, "text": new.text, "state": "queued"}

    uvicorn.run(app, uds=path, http="h11", lifespan="off", log_config=None, access_log=False)


def serve_modemd(path: str, database: str) -> None:
    """Serves modemd, with a modem that is not plugged in, until the process is ended."""
    from modemd import daemon, logs
    from modemd.cli.daemon import serve
    from modemd.config import Settings

    logs.configure("warning")
    modems = [{"name": "none", "port": "/dev/none"}]
    settings = {"database": database, "socket": path, "modems": modems, "country": "FR"}
    serve(daemon.run(Settings.model_validate(settings)))


def make_head(target: str, content_type: str, body: bytes) -> bytes:
    """Returns the head of a POST."""
    lines = (f"POST {target} HTTP/1.1", "Host: x", f"Content-Type: {content_type}", f"Content-Length: {len(body)}")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


async def read_answer(reader: asyncio.StreamReader) -> None:
    """Reads one answer, which must be that a message was accepted."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 202"), head
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    await reader.readexactly(int(length.partition(b":")[2]))


async def ask(path: Path, seconds: float, clients: int = CLIENTS) -> Rate:
    """Returns how fast one message after the other is accepted by each of the clients."""
    lasted: list[float] = []
    ends_at = time.perf_counter() + seconds

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        count = 0
        while time.perf_counter() < ends_at:
            count += 1
            body = json.dumps({"to": f"+3361{number:02}{count % 100000:05}", "text": "Your table is booked."}).encode()
            head = make_head("/v1/messages", "application/json", body)
            began = time.perf_counter()
            writer.write(head + body)
            await read_answer(reader)
            lasted.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return Rate(len(lasted) / seconds, statistics.quantiles(lasted, n=100)[98])


async def ask_batches(path: Path, count: int) -> float:
    """Returns how many messages a second are accepted in batches."""
    reader, writer = await asyncio.open_unix_connection(path)
    began = time.perf_counter()
    for batch in range(count):
        rows = "".join(f"+3362{batch:03}{row:04},Your table is booked.,transactional\n" for row in range(BATCH))
        body = f"to,text,class\n{rows}".encode()
        writer.write(make_head("/v1/batches", "text/csv", body) + body)
        await read_answer(reader)
    writer.close()
    return count * BATCH / (time.perf_counter() - began)


def await_socket(path: Path) -> None:
    """Waits until a server listens."""
    ends_at = time.monotonic() + 30
    while not path.exists() and time.monotonic() < ends_at:
        time.sleep(0.05)


def main() -> int:
    """Measures, says the figures, and returns 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    parser.add_argument("--batches", type=int, default=40, help="how many batches")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        bare, real = Path(made, "bare.sock"), Path(made, "modemd.sock")
        processes = [
            multiprocessing.Process(target=serve_bare, args=(str(bare),), daemon=True),
            multiprocessing.Process(target=serve_modemd, args=(str(real), str(Path(made, "modemd.db"))), daemon=True),
        ]
        for process in processes:
            process.start()
        for path in (bare, real):
            await_socket(path)
        time.sleep(2)
        found: dict[int, dict[Path, list[Rate]]] = {}
        for clients in (FEW_CLIENTS, CLIENTS):
            found[clients] = {bare: [], real: []}
            for _ in range(ROUNDS):
                for path, rates in found[clients].items():
                    rates.append(asyncio.run(ask(path, given.seconds, clients)))
        in_batches = asyncio.run(ask_batches(real, given.batches))
        for process in processes:
            process.terminate()
    rate = p99 = 0.0
    for clients, of_both in found.items():
        pairs = list(zip(of_both[real], of_both[bare], strict=True))
        rate = statistics.median(ours.per_s / theirs.per_s for ours, theirs in pairs)
        p99 = statistics.median(ours.p99_s / theirs.p99_s for ours, theirs in pairs)
        for name, path in (("bare endpoint", bare), ("modemd, durable", real)):
            per_s = statistics.median(each.per_s for each in of_both[path])
            tail = statistics.median(each.p99_s for each in of_both[path])
            say(f"{name:18} {per_s:7.0f} messages/s, p99 {tail * 1000:6.1f} ms, {clients} clients")
        say(
            f"of its rate        {rate:7.2f}   (at least {LEAST_RATE}); p99 {p99:.1f} times its p99 (at most {MOST_P99})"
        )
    say(f"in batches of {BATCH}  {in_batches:7.0f} messages/s (at least {LEAST_IN_BATCHES})")
    return 0 if rate >= LEAST_RATE and p99 <= MOST_P99 and in_batches >= LEAST_IN_BATCHES else 1


if __name__ == "__main__":
    sys.exit(main())
