"""Serial ports as the kernel gives them: real ptys, and a real TCP connection."""

from __future__ import annotations

import asyncio
import grp
import os
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from modemd.errors import PortGone
from modemd.modem.link.port import Port, find_group, open_serial

DEADLINE_S = 5.0


class Far:
    """The modem's side of a pty, and the name of the host's side."""

    def __init__(self) -> None:
        self.fd, near = os.openpty()
        self.name = os.ttyname(near)
        os.set_blocking(self.fd, False)
        self._heard = b""
        self._near: int | None = near  # kept open until the host has opened it, or the far side would see a hang-up

    def settled(self) -> None:
        """The host has it open: from now on its closing is heard."""
        if self._near is not None:
            os.close(self._near)
            self._near = None

    def heard(self) -> bytes:
        """Everything that has come so far."""
        with suppress(BlockingIOError):
            self._heard += os.read(self.fd, 65536)
        return self._heard

    def hang_up(self) -> None:
        self.settled()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Ear:
    """What a port says."""

    def __init__(self, port: Port) -> None:
        self.heard = b""
        self.lost: list[str] = []
        self.reads = 0
        port.on_data = self._data
        port.on_lost = self.lost.append

    def _data(self, data: bytes) -> None:
        self.heard += data
        self.reads += 1


@pytest.fixture
def far() -> Iterator[Far]:
    far = Far()
    yield far
    far.hang_up()


async def becomes(true: Callable[[], bool]) -> None:
    """Wait in real time: the kernel tells no event of the things waited for here."""
    async with asyncio.timeout(DEADLINE_S):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def opened(far: Far) -> tuple[Port, Ear]:
    port = await open_serial(far.name)
    far.settled()
    return port, Ear(port)


async def test_bytes_go_both_ways_as_they_are(far: Far) -> None:
    """Raw: no line discipline changes CR, Ctrl-Z, ESC or any octet, and nothing is echoed."""
    port, ear = await opened(far)
    every = bytes(range(256)) + b"AT\r\x1a\x1b"
    with closing(port):
        os.write(far.fd, every)
        await becomes(lambda: ear.heard == every)
        port.write(every)
        await becomes(lambda: far.heard() == every)
        assert ear.heard == every
        assert port.unwritten == 0


async def test_more_than_the_device_takes_is_written_in_the_end(far: Far) -> None:
    """Over 64 KB at a slow reader: the rest waits its turn, in order, and the loop goes on meanwhile."""
    port, _ = await opened(far)
    data = bytes(index % 251 for index in range(100_000))
    with closing(port):
        port.write(data[:70_000])
        assert port.unwritten > 0
        port.write(data[70_000:])
        await becomes(lambda: len(far.heard()) == len(data))
        assert far.heard() == data
        assert port.unwritten == 0


async def test_a_hang_up_is_told_once_and_costs_nothing(far: Far) -> None:
    """The reader is taken off the loop: it does not spin, and writing says that the port is gone."""
    port, ear = await opened(far)
    far.hang_up()
    await becomes(lambda: bool(ear.lost))
    turns = await turns_in(0.1)
    assert len(ear.lost) == 1
    assert ear.lost[0]
    assert turns < 100, "a level-triggered reader that is left in place spins thousands of times"
    with pytest.raises(PortGone, match="closed"):
        port.write(b"AT\r")


async def turns_in(seconds: float) -> int:
    """How often the loop turns in this time, with nothing to do but wait."""
    loop = asyncio.get_running_loop()
    turns = 0
    real = loop._selector.select  # type: ignore[attr-defined]  # there is no public way to count turns

    def counted(timeout: float | None = None) -> object:
        nonlocal turns
        turns += 1
        return real(timeout)

    loop._selector.select = counted  # type: ignore[attr-defined]
    try:
        await asyncio.sleep(seconds)
    finally:
        loop._selector.select = real  # type: ignore[attr-defined]
    return turns


async def test_a_hang_up_while_bytes_wait_is_told_once(far: Far) -> None:
    """Reader and writer both meet it; the owner hears of it once."""
    port, ear = await opened(far)
    port.write(bytes(100_000))
    assert port.unwritten > 0
    far.hang_up()
    await becomes(lambda: bool(ear.lost))
    await asyncio.sleep(0.05)
    assert len(ear.lost) == 1


async def test_closing_is_quiet(far: Far) -> None:
    """After `close` nothing is called any more, whatever comes; a second close does nothing; the far side sees it go."""
    watched = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]  # there is no public way
    before = len(watched)
    port, ear = await opened(far)
    os.write(far.fd, b"RING\r\n")
    port.close()
    port.close()
    assert len(watched) == before
    await becomes(lambda: hung_up(far))
    assert (ear.heard, ear.lost) == (b"", [])


def hung_up(far: Far) -> bool:
    try:
        return os.read(far.fd, 1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


async def test_a_second_opener_is_told_that_the_port_is_taken(far: Far) -> None:
    """Two readers of one tty would split the answers at random. When the first lets go, it can be opened."""
    port, _ = await opened(far)
    with pytest.raises(PortGone, match=rf"^{far.name}: another program has it open"):
        await open_serial(far.name)
    port.close()
    async with asyncio.timeout(DEADLINE_S):
        again = await reopened(far.name)
    again.close()


async def reopened(name: str) -> Port:
    """Closing takes its own thread: try until it is done."""
    while True:
        try:
            return await open_serial(name)
        except PortGone:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("{}/ttyUSB9", "No such file or directory", id="missing"),
        pytest.param("{}", "Is a directory", id="a directory"),
        pytest.param("{}/file", "not a serial port|Inappropriate ioctl", id="a file"),
        pytest.param("socket://127.0.0.1:1", "refused", id="nobody listens"),
        pytest.param("socket://127.0.0.1", "socket://127.0.0.1", id="no TCP port"),
        pytest.param("nonsense://", "nonsense", id="a scheme nobody knows"),
    ],
)
async def test_what_cannot_be_opened_says_why(tmp_path: Path, name: str, words: str) -> None:
    """One line with the name and the reason, and no trace of pyserial."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PortGone, match=words) as caught:
        await open_serial(name.format(tmp_path))
    text = str(caught.value)
    assert text.startswith(name.format(tmp_path))
    assert "\n" not in text


def test_a_port_that_is_forbidden_names_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may open it is what a person must know; distributions do not agree on the name."""
    (tmp_path / "port").write_bytes(b"")
    os.chown(tmp_path / "port", -1, os.getgid())
    assert find_group(str(tmp_path / "port")) == f"its group, {grp.getgrgid(os.getgid()).gr_name},"
    assert find_group(str(tmp_path / "gone")) == "its group"

    def nameless(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(grp, "getgrgid", nameless)
    assert find_group(str(tmp_path / "port")) == f"its group, number {os.getgid()},"


async def test_a_tcp_port_speaks_both_ways_and_is_lost_when_the_other_end_closes() -> None:
    """`socket://`, as modem servers offer it."""
    accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda reader, writer: accepted.put_nowait((reader, writer)), "127.0.0.1", 0)
    async with server, asyncio.timeout(DEADLINE_S):
        host, number = server.sockets[0].getsockname()
        port = await open_serial(f"socket://{host}:{number}")
        ear = Ear(port)
        reader, writer = await accepted.get()
        port.write(b"AT\r")
        assert await reader.readexactly(3) == b"AT\r"
        writer.write(b"\r\nOK\r\n")
        await becomes(lambda: ear.heard == b"\r\nOK\r\n")
        writer.close()
        await becomes(lambda: bool(ear.lost))
        assert len(ear.lost) == 1
        await writer.wait_closed()


async def test_an_opening_that_is_given_up_leaves_the_port_free(far: Far) -> None:
    """Cancelled while its thread opens: what comes too late is closed again."""
    opening = asyncio.ensure_future(open_serial(far.name))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    async with asyncio.timeout(DEADLINE_S):
        again = await reopened(far.name)
    again.close()
