"""PINs come from files that not everybody may read, the SIM's own first, and tries of them outlive the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.errors import SimUnusable
from modemd.modem.setup.sim_pin import PinTries
from modemd.service.sims.pins import PinStore, read_pin
from tests.modem.scripted_port import simulated
from tests.service.bench import EAST, WEST, Bench


def written(path: Path, text: str = "1234\n", mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("text", ["1234", "1234\n", " 12345678 \r\n"], ids=["bare", "a line", "blanks round it"])
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640], ids=oct)
def test_a_pin_is_read(tmp_path: Path, text: str, mode: int) -> None:
    """4 to 8 digits; the owner and the group may read it."""
    pin = read_pin(written(tmp_path / "pin", text, mode))
    assert (pin.digits, pin.source) == (text.strip(), str(tmp_path / "pin"))


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        pytest.param(
            "1234", 0o644, r"can be read by everybody; take that right away \(chmod o-r\)", id="for everybody"
        ),
        pytest.param("123", 0o600, "holds no PIN", id="too short"),
        pytest.param("123456789", 0o600, "holds no PIN", id="too long"),
        pytest.param("PIN=1234", 0o600, "holds no PIN", id="more than the PIN"),
        pytest.param("", 0o600, "holds no PIN", id="empty"),
        pytest.param("١٢٣٤", 0o600, "holds no PIN", id="digits of another script"),
    ],
)
def test_a_file_that_is_no_good_says_why(tmp_path: Path, text: str, mode: int, words: str) -> None:
    """By its path, never by what is in it."""
    with pytest.raises(SimUnusable, match=words) as refused:
        read_pin(written(tmp_path / "pin", text, mode))
    assert str(tmp_path / "pin") in str(refused.value)
    assert not text or text not in str(refused.value).replace(str(tmp_path), "")  # pytest numbers its folders


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    """With the system's own words."""
    with pytest.raises(SimUnusable, match="cannot be read: No such file or directory"):
        read_pin(tmp_path / "pin")


def book(bench: Bench, credentials: Path | None = None) -> PinStore:
    return PinStore(bench.store, bench.settings, bench.clock, credentials)


@simulated
async def test_the_sims_own_pin_goes_before_the_modems(tmp_path: Path) -> None:
    """File of the SIM, credential of the SIM, file of the modem, credential of the modem; without any, none."""
    of_sim = written(tmp_path / "sim", "1111")
    of_modem = written(tmp_path / "modem", "3333")
    bench = Bench(
        sims={WEST: {"pin_file": str(of_sim)}},
        modems=[{"name": "west", "port": "/dev/west", "pin_file": str(of_modem)}],
    )
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name, text in ((f"pin-{WEST}", "9999"), (f"pin-{EAST}", "2222"), ("pin-west", "9999"), ("pin-roof", "4444")):
        written(credentials / name, text, 0o400)
    pins = book(bench, credentials)
    for modem, iccid, digits in (
        ("west", WEST, "1111"),
        ("west", EAST, "2222"),
        ("west", None, "3333"),
        ("roof", None, "4444"),
        ("roof", "8933010000000000099", "4444"),
    ):
        found = pins.for_modem(modem).find_pin(iccid)
        assert found is not None
        assert found.digits == digits, (modem, iccid)
    assert pins.for_modem("east").find_pin(None) is None
    assert book(bench).for_modem("roof").find_pin(None) is None


@simulated
async def test_tries_are_kept_in_the_database(tmp_path: Path) -> None:
    """Another process finds them there."""
    bench = Bench()
    pins = book(bench).for_modem("west")
    await pins.record_try(WEST, b"one")
    await pins.record_try(WEST, b"two")
    await pins.record_refusal(WEST, b"two")
    await pins.record_try(WEST, b"three")
    await pins.forget_try(WEST, b"three")
    assert await book(bench).for_modem("east").read_tries(WEST) == PinTries(frozenset({b"two"}), frozenset({b"one"}))
    await pins.forget_tries(WEST)
    assert await pins.read_tries(WEST) == PinTries(frozenset(), frozenset())
