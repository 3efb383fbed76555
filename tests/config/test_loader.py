"""From a file to settings, or to everything that is wrong with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from modemd import resources
from modemd.config import (
    BalanceSettings,
    ConsentSettings,
    DiscoverySettings,
    LimitSettings,
    ModemSettings,
    Settings,
    SimSettings,
    ValiditySettings,
    load,
)
from modemd.config.alarms import AlarmSettings
from modemd.config.consent import CapSettings
from modemd.config.consent_lists import DoubleOptInSettings, ListSettings
from modemd.config.doors import AlertDoorSettings, DoorSettings, SmsEagleSettings
from modemd.config.filter_watch import FilterWatchSettings
from modemd.config.geography import GeographySettings, ReachSettings
from modemd.config.mailbox import MailboxSettings
from modemd.config.retention import RetentionPeriods, RetentionSettings
from modemd.config.settings import BalanceSmsSettings
from modemd.errors import ConfigError
from modemd.rules.classes import MessageClass

ROOT = Path(__file__).resolve().parents[2]
SMALLEST = "database: modemd.db\nmodems:\n  - name: west\n    port: /dev/modemd/west\n"
ICCID = "89330000000000000017"


def written(folder: Path, text: str) -> Path:
    path = folder / "modemd.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    """What load says about a text, without the path before it."""
    path = written(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [problem.removeprefix(f"{path}:") for problem in caught.value.problems]


def told(path: Path) -> list[str]:
    """The mistakes that load finds; none where it loads."""
    try:
        load(path)
    except ConfigError as error:
        return error.problems
    return []


def test_the_smallest_configuration_has_defaults(tmp_path: Path) -> None:
    """A database and one modem are enough; everything else has its documented default."""
    settings = load(written(tmp_path, SMALLEST))
    assert settings.database == tmp_path / "modemd.db"
    assert settings.socket == tmp_path / "modemd.sock"
    assert settings.modems == (ModemSettings(name="west", port="/dev/modemd/west", rate=1.0, driver=None),)
    assert (settings.sims, settings.timezone, settings.country, settings.brand) == ({}, ZoneInfo("UTC"), None, None)
    assert settings.consent == ConsentSettings(marketing="not_opted_out", transactional_after_stop={"+1": "refuse"})
    assert settings.validity == ValiditySettings(
        alarm=timedelta(hours=1),
        otp=timedelta(minutes=5),
        system=timedelta(hours=24),
        transactional=timedelta(hours=24),
        conversational=timedelta(hours=24),
        marketing=timedelta(hours=72),
    )
    assert (settings.stop_grace_s, settings.drivers) == (45, Path("/etc/modemd/drivers"))
    assert (settings.log_level, settings.sweep_interval, settings.report) == ("info", timedelta(seconds=60), True)


def test_the_example_file_loads_and_says_everything() -> None:
    """The shipped example is a configuration, and no option is missing from it."""
    settings = load(resources.folder("config.example.yaml"))
    assert settings.model_fields_set == set(Settings.model_fields)
    assert {key for modem in settings.modems for key in modem.model_fields_set} == set(ModemSettings.model_fields)
    assert settings.finding.model_fields_set == set(DiscoverySettings.model_fields)
    assert settings.sims[ICCID].model_fields_set == set(SimSettings.model_fields)
    balance = settings.sims[ICCID].balance
    assert balance is not None
    assert balance.model_fields_set == set(BalanceSettings.model_fields) - {"sms"}
    assert settings.limits.model_fields_set == set(LimitSettings.model_fields)
    assert settings.consent.model_fields_set == set(ConsentSettings.model_fields)
    assert settings.consent.mailbox is not None
    assert settings.consent.mailbox.model_fields_set == set(MailboxSettings.model_fields)
    assert settings.consent.lists["promo"].model_fields_set == set(ListSettings.model_fields)
    assert settings.consent.double_opt_in.model_fields_set == set(DoubleOptInSettings.model_fields)
    assert settings.consent.caps[0].model_fields_set == set(CapSettings.model_fields)
    assert settings.geography.model_fields_set == set(GeographySettings.model_fields)
    assert settings.sims[ICCID].countries["BE"].model_fields_set == set(ReachSettings.model_fields)
    assert settings.validity.model_fields_set == set(ValiditySettings.model_fields)
    assert settings.alarms.model_fields_set == set(AlarmSettings.model_fields)
    assert settings.doors.model_fields_set == set(DoorSettings.model_fields)
    assert settings.doors.alert_doors["alertmanager"].model_fields_set == set(AlertDoorSettings.model_fields)
    assert settings.doors.smseagle is not None
    assert settings.doors.smseagle.model_fields_set == set(SmsEagleSettings.model_fields)
    assert settings.filter_watch.model_fields_set == set(FilterWatchSettings.model_fields)
    assert settings.retention.model_fields_set == set(RetentionSettings.model_fields)
    assert settings.retention.outbox.model_fields_set == set(RetentionPeriods.model_fields)


@pytest.mark.parametrize(
    "model",
    [
        Settings,
        ModemSettings,
        DiscoverySettings,
        SimSettings,
        BalanceSettings,
        BalanceSmsSettings,
        LimitSettings,
        ConsentSettings,
        ListSettings,
        DoubleOptInSettings,
        CapSettings,
        MailboxSettings,
        GeographySettings,
        ReachSettings,
        ValiditySettings,
        AlarmSettings,
        FilterWatchSettings,
        DoorSettings,
        AlertDoorSettings,
        SmsEagleSettings,
        RetentionSettings,
        RetentionPeriods,
    ],
)
def test_every_key_is_in_the_docs(model: type[BaseModel]) -> None:
    """docs/configuration.md has a row of a table for every key."""
    rows = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").splitlines()
    first_cells = [row.split("|")[1] for row in rows if row.startswith("|")]
    assert [key for key in model.model_fields if not any(f"`{key}`" in cell for cell in first_cells)] == []


def test_paths_count_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the daemon is started does not matter, and a relative --config does not either."""
    (tmp_path / "etc").mkdir()
    written(tmp_path / "etc", SMALLEST.replace("/dev/modemd/west", "../ports/modem0") + "drivers: own\n")
    monkeypatch.chdir(tmp_path)
    settings = load(Path("etc/modemd.yaml"))
    assert settings.database == tmp_path / "etc" / "modemd.db"
    assert settings.modems[0].port == str(tmp_path / "ports" / "modem0")
    assert settings.drivers == tmp_path / "etc" / "own"


def test_settings_do_not_change(tmp_path: Path) -> None:
    """What was read at the start stays so, down to the mappings."""
    settings = load(written(tmp_path, SMALLEST + f"sims: {{{ICCID}: {{number: +33612345678}}}}\n"))
    with pytest.raises(ValidationError, match="frozen"):
        settings.report = False
    with pytest.raises(TypeError):
        settings.sims["x"] = SimSettings()  # type: ignore[index]


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """One run tells everything that is wrong, with line, column, key and what is allowed."""
    text = """\
modems:
  - name: West
    port: /dev/ttyUSB0
    baud: 9600
  - name: east
    port: /dev/../dev/ttyUSB0
    rate: fast
  - name: east
timezone: Europe/Pari
report: no
report: true
reprot: true
"""
    assert problems(tmp_path, text) == [
        "1:1: database: is missing; allowed: the path of the database file, such as /var/lib/modemd/modemd.db",
        "2:11: modems[0].name: 'West' is not valid; allowed: a unique name of small letters, digits, _ and -",
        f"4:5: modems[0].baud: unknown key; allowed: {', '.join(ModemSettings.model_fields)}",
        "6:11: modems[1].port: '/dev/../dev/ttyUSB0' is already modems[0].port",
        "7:11: modems[1].rate: 'fast' is not a rate; "
        "allowed: parts per second or minute, such as 1/s, 2/s or 30/min, or unlimited",
        "8:5: modems[2]: does not say which modem it is; exactly one of port, imei, iccid, usb is needed; "
        "allowed: auto, or a list of at least one modem, each with name and one of port, imei, iccid, usb",
        "8:11: modems[2].name: 'east' is already modems[1].name",
        "9:11: timezone: there is no time zone 'Europe/Pari'; allowed: the name of a time zone, such as Europe/Paris",
        "11:1: report: written twice, first in line 10; remove one",
        "12:1: reprot: unknown key; did you mean report?",
    ]


@pytest.mark.parametrize(
    ("line", "key", "said"),
    [
        pytest.param("socket:", "socket", "an empty value is not valid", id="an empty path"),
        pytest.param("stop_grace_s: '45'", "stop_grace_s", "'45' is not valid", id="a number in quotes"),
        pytest.param("stop_grace_s: -1", "stop_grace_s", "-1 is not valid", id="a negative time"),
        pytest.param("stop_grace_s: true", "stop_grace_s", "true is not valid", id="a truth value for a number"),
        pytest.param("report: yes", "report", "'yes' is not valid", id="yes is a word"),
        pytest.param("sweep_interval: 60", "sweep_interval", "60 is not valid", id="a duration without unit"),
        pytest.param("sweep_interval: 0s", "sweep_interval", "0:00:00 is out of range", id="no time between sweeps"),
        pytest.param("sweep_interval: 99999999999999d", "sweep_interval", "is too long", id="an endless one"),
        pytest.param("validity: {otp: 442d}", "validity.otp", "is out of range", id="longer than TP-VP can say"),
        pytest.param("validity: 5min", "validity", "'5min' is not valid", id="one validity for all"),
        pytest.param("validity: {urgent: 1h}", "validity.urgent", "unknown key", id="an unknown class"),
        pytest.param("country: fr", "country", "'fr' is not a known country", id="a country in small letters"),
        pytest.param("country: XX", "country", "'XX' is not a known country", id="an unknown country"),
        pytest.param("timezone: ../../etc/passwd", "timezone", "there is no time zone", id="a path for a zone"),
        pytest.param("timezone: Europe", "timezone", "there is no time zone", id="a folder for a zone"),
        pytest.param("brand: ' '", "brand", "' ' is not valid", id="a blank brand"),
        pytest.param("sims: {abc: {}}", "sims.abc", "'abc' is not valid", id="an ICCID of letters"),
        pytest.param(
            f"sims: {{{ICCID}: {{number: 0612345678}}}}", f"sims.{ICCID}.number", "'0612345678'", id="national"
        ),
        pytest.param(
            f"sims: {{{ICCID}: {{rate:}}}}", f"sims.{ICCID}.rate", "an empty value is not valid", id="an empty rate"
        ),
        pytest.param("consent: {marketing: all}", "consent.marketing", "'all' is not valid", id="an unknown basis"),
        pytest.param(
            "consent: {transactional_after_stop: {33: allow}}",
            "consent.transactional_after_stop.33",
            "'33' is not valid",
            id="a prefix without plus",
        ),
        pytest.param(
            "consent: {transactional_after_stop: [x]}", "consent.transactional_after_stop", "a list", id="list"
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(tmp_path: Path, line: str, key: str, said: str) -> None:
    """Each mistake gives one line: place, key, what is wrong, what is allowed."""
    (problem,) = problems(tmp_path, SMALLEST + line + "\n")
    assert problem.startswith("5:")
    assert f" {key}: " in problem
    assert said in problem
    assert "allowed: " in problem.partition(said)[2]


@pytest.mark.parametrize("written_modems", ["", "modems: auto\n"], ids=["absent", "auto"])
def test_without_a_list_all_modems_are_found(tmp_path: Path, written_modems: str) -> None:
    """`modems: auto` is what holds where nothing is said; a list of ports finds nothing beside them."""
    settings = load(written(tmp_path, f"database: modemd.db\n{written_modems}"))
    assert (settings.modems, settings.is_discovery_enabled, settings.may_use_unlisted) == ((), True, True)
    assert settings.finding == DiscoverySettings(
        others=None, probe_bridges=False, rescan=timedelta(seconds=30), emulator=None
    )
    listed = load(written(tmp_path, SMALLEST))
    assert (listed.is_discovery_enabled, listed.may_use_unlisted) == (False, False)


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        pytest.param("imei", "490154203237518", "490154203237518", id="an IMEI, which YAML takes for a number"),
        pytest.param("imei", "'004999010640000'", "004999010640000", id="an IMEI that begins with zero"),
        pytest.param("iccid", ICCID, ICCID, id="an ICCID"),
        pytest.param("usb", "1-1.2", "1-1.2", id="a place on USB"),
    ],
)
def test_a_modem_may_be_known_by_more_than_a_port(tmp_path: Path, key: str, value: str, read: str) -> None:
    """Name, rate and driver stay with a stick, a SIM or a place; such modems are looked for, and no others."""
    settings = load(written(tmp_path, f"database: a.db\nmodems: [{{name: west, {key}: {value}}}]\n"))
    assert getattr(settings.modems[0], key) == read
    assert (settings.is_discovery_enabled, settings.may_use_unlisted) == (True, False)
    assert load(
        written(tmp_path, f"database: a.db\nmodems: [{{name: west, {key}: {value}}}]\nfinding: {{others: true}}\n")
    ).may_use_unlisted


@pytest.mark.parametrize(
    ("modem", "told"),
    [
        pytest.param("imei: 49015420323751", None, id="an IMEI without its check digit is one"),
        pytest.param("imei: 4901", "imei: 4901 is not valid", id="an IMEI that is too short"),
        pytest.param("imei: true", "imei: true is not valid", id="an IMEI that is none"),
        pytest.param("usb: hub", "usb: 'hub' is not valid", id="no place on USB"),
        pytest.param("usb: 1-1, imei: 490154203237518", "has imei and usb; exactly one of port", id="two ways at once"),
    ],
)
def test_a_modem_is_identified_in_one_way(tmp_path: Path, modem: str, told: str | None) -> None:
    """What tells a modem from others is checked before anything looks for it."""
    text = f"database: a.db\nmodems: [{{name: west, {modem}}}]\n"
    if told is None:
        assert load(written(tmp_path, text)).modems
        return
    (problem,) = problems(tmp_path, text)
    assert told in problem


def test_an_imei_is_given_once(tmp_path: Path) -> None:
    """Two modems cannot be the same stick, however its number is written."""
    text = "database: a.db\nmodems:\n- {name: a, imei: 490154203237518}\n- {name: b, imei: '490154203237518'}\n"
    (problem,) = problems(tmp_path, text)
    assert problem == "4:19: modems[1].imei: '490154203237518' is already modems[0].imei"


@pytest.mark.parametrize("port", ["socket://h", "socket://:1", "socket://h:0", "socket://h:70000", "socket://h:x",
                                  "socket://h:1/x", "rfc2217://h:1", "''", "7"])  # fmt: skip
def test_a_port_is_a_path_or_a_socket(tmp_path: Path, port: str) -> None:
    """A port that cannot be opened is told before anything tries to."""
    (problem,) = problems(tmp_path, SMALLEST.replace("/dev/modemd/west", port))
    assert "modems[0].port: " in problem
    assert problem.endswith("or socket://host:port")


def test_a_socket_port_is_kept_as_written(tmp_path: Path) -> None:
    """Host and port are the modem's to read."""
    settings = load(written(tmp_path, SMALLEST.replace("/dev/modemd/west", "socket://[2001:db8::1]:5000")))
    assert settings.modems[0].port == "socket://[2001:db8::1]:5000"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "1:1: the file is empty; it needs at least", id="empty"),
        pytest.param("# all\n# comments\n", "1:1: the file is empty", id="only comments"),
        pytest.param("- a\n", "1:1: the file must consist of keys", id="a list"),
        pytest.param("modemd\n", "1:1: the file must consist of keys", id="a word"),
        pytest.param("a:\n\t- b\n", "2:1: a tab; YAML is indented with spaces", id="tabs"),
    ],
)
def test_a_file_that_is_no_configuration_gives_one_line(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong as a whole is said once."""
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(said)


def test_bad_utf8_is_reported_with_its_place(tmp_path: Path) -> None:
    """A file in another encoding is named with the byte that shows it."""
    path = tmp_path / "modemd.yaml"
    path.write_bytes(SMALLEST.encode() + b"brand: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"modemd.yaml:5:11: byte 0xe9 is not UTF-8"):
        load(path)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    """A missing file, and a folder in its place, are one clear line each."""
    with pytest.raises(ConfigError, match=r"absent.yaml: cannot be read: No such file"):
        load(tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_no_modem_is_a_mistake(tmp_path: Path) -> None:
    """A list without modems is not a configuration."""
    (problem,) = problems(tmp_path, "database: a.db\nmodems: []\n")
    assert problem.startswith("2:9: modems: the list is empty; allowed: auto, or a list of at least one modem")


def test_a_socket_path_that_is_too_long_is_reported(tmp_path: Path) -> None:
    """A path too long for a Unix socket is named where it comes from, not met as an obscure error at start."""
    (own,) = problems(tmp_path, SMALLEST + f"socket: /{'s' * 107}\n")
    assert own.startswith("5:9: socket: ")
    assert own.endswith("is 108 bytes long; a Unix socket's path has at most 107")
    (derived,) = problems(tmp_path, SMALLEST.replace("modemd.db", f"/{'d' * 105}.db"))
    assert derived.startswith("1:11: socket: ")


def test_database_and_socket_are_two_files(tmp_path: Path) -> None:
    """The socket must not replace the database."""
    (problem,) = problems(tmp_path, SMALLEST.replace("modemd.db", "modemd.sock"))
    assert problem == "1:11: socket: must not be the path of the database"


@pytest.mark.parametrize(
    ("written_rate", "per_second"), [("2/s", 2.0), ("30/min", 0.5), ("0.5/s", 0.5), ("unlimited", None)]
)
def test_a_rate_is_parts_per_second(tmp_path: Path, written_rate: str, per_second: float | None) -> None:
    """Rates are kept per second; unlimited is None."""
    assert load(written(tmp_path, f"{SMALLEST}    rate: {written_rate}\n")).modems[0].rate == per_second


@pytest.mark.parametrize("bad", ["0/s", "-1/s", "1/h", "1", "1/", "s", f"{'9' * 400}/s", "modem"])
def test_a_rate_that_is_none_is_refused(tmp_path: Path, bad: str) -> None:
    """A rate of nothing, of everything, or in another form is a mistake."""
    (problem,) = problems(tmp_path, f"{SMALLEST}    rate: {bad}\n")
    assert "modems[0].rate: " in problem


@pytest.mark.parametrize(
    ("sim", "pace"),
    [("{}", 2.0), ("{rate: modem}", 2.0), ("{rate: 30/min}", 0.5), ("{rate: unlimited}", None)],
)
def test_the_sims_rate_comes_before_the_modems(tmp_path: Path, sim: str, pace: float | None) -> None:
    """A SIM with a rate of its own takes it along; any other SIM has the rate of the modem it sits in."""
    settings = load(written(tmp_path, f"{SMALLEST}    rate: 2/s\nsims: {{{ICCID}: {sim}}}\n"))
    assert settings.rate(settings.modems[0], ICCID) == pace
    assert settings.rate(settings.modems[0], "another") == settings.rate(settings.modems[0], None) == 2.0


@pytest.mark.parametrize(
    ("written_rules", "meant"),
    [
        ("{+33: refuse}", {"+1": "refuse", "+33": "refuse"}),
        ("{+1: allow}", {"+1": "allow"}),
        ("{+1613: allow}", {"+1": "refuse", "+1613": "allow"}),
        ("{}", {"+1": "refuse"}),
    ],
)
def test_plus_one_stays_closed_until_it_is_opened(tmp_path: Path, written_rules: str, meant: dict[str, str]) -> None:
    """Naming other countries does not open +1; only saying so does."""
    text = f"{SMALLEST}consent: {{transactional_after_stop: {written_rules}}}\n"
    assert load(written(tmp_path, text)).consent.transactional_after_stop == meant


def test_settings_can_be_made_without_a_file() -> None:
    """Programs and tests make settings of ready values; they are checked all the same."""
    modem = ModemSettings(name="west", port="/dev/west", rate=None)
    settings = Settings(database=Path("/srv/a.db"), modems=(modem,), sweep_interval=timedelta(seconds=5))
    assert (settings.socket, settings.modems[0].rate) == (Path("/srv/a.sock"), None)
    with pytest.raises(ValidationError):
        ModemSettings(name="West", port="/dev/west")


def test_every_class_has_a_validity() -> None:
    """The classes of messages and the keys of `validity` are the same words."""
    assert set(ValiditySettings.model_fields) == {name.value for name in MessageClass}
    assert ValiditySettings().of(MessageClass.OTP) == timedelta(minutes=5)


def test_validity_is_asked_by_class() -> None:
    """Each class has its own; a name that is no class is a KeyError, not a default."""
    assert ValiditySettings().of("marketing") == timedelta(hours=72)
    with pytest.raises(KeyError):
        ValiditySettings().of("of")


KEYS = st.sampled_from(
    [
        *Settings.model_fields,
        *ModemSettings.model_fields,
        *SimSettings.model_fields,
        *ConsentSettings.model_fields,
        *GeographySettings.model_fields,
        ICCID,
        "+1",
        "",
        "a\nb",
    ]
)
VALUES = st.recursive(
    st.sampled_from(
        [None, True, 0, -1, 1.5, "", "1/s", "90s", "FR", "UTC", "opted_in", "/dev/x", "socket://h:1", "\x00", "é"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_mapping_is_settings_or_mistakes(tmp_path_factory: pytest.TempPathFactory, mapping: object) -> None:
    """Whatever shape a file has, it is settings, or one line a mistake with its place; never a traceback."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(json.dumps(mapping), encoding="utf-8")
    for problem in told(path):
        assert re.match(r".*any\.yaml:\d+:\d+: .", problem)
        assert problem.isprintable()


@given(st.binary(max_size=60) | st.text(alphabet=" -:{}[]*&!|>'\"#%@\n\tab0~", max_size=40).map(str.encode))
def test_any_octets_are_settings_or_mistakes(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    """The same for what is no YAML at all."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(octets)
    found = told(path)
    assert found
    assert all(re.match(r".*any\.yaml:\d+:\d+: .", problem) and problem.isprintable() for problem in found)


def test_importing_the_configuration_is_cheap() -> None:
    """Reading a configuration loads neither the web framework nor the number plans."""
    heavy = ("fastapi", "phonenumbers", "sqlite_utils", "serial")
    ask = f"import sys, modemd.config; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("balance", "key", "said"),
    [
        ('{ussd: "*100#", pattern: "([0-9]"}', ".pattern", "is not a regular expression"),
        ('{ussd: "*100#", sms: {to: 123, text: SOLDE}, pattern: "x"}', "", "exactly one of ussd, sms is needed"),
        ('{pattern: "x"}', "", "exactly one of ussd, sms is needed"),
        ('{sms: {to: 123, text: SOLDE}, replies: [1], pattern: "x"}', "", "replies needs ussd"),
        ('{ussd: "100 please", pattern: "x"}', ".ussd", "is not valid"),
        ('{ussd: "*100#", replies: [one], pattern: "x"}', ".replies[0]", "is not valid"),
        ('{ussd: "*100#", pattern: "x", every: 1min}', ".every", "out of range"),
    ],
    ids=["pattern", "both ways", "no way", "replies", "no code", "no reply", "too often"],
)
def test_a_balance_is_checked(tmp_path: Path, balance: str, key: str, said: str) -> None:
    """What cannot be asked, or would not be understood, is told with its place."""
    (problem,) = problems(tmp_path, SMALLEST + f"sims: {{{ICCID}: {{balance: {balance}}}}}\n")
    assert f" sims.{ICCID}.balance{key}: " in problem
    assert said in problem


def test_numbers_without_quotes_are_what_they_look_like(tmp_path: Path) -> None:
    """A short code and a reply are digits, as they are written."""
    sms = "{sms: {to: 123, text: SOLDE}, pattern: x}"
    settings = load(written(tmp_path, SMALLEST + f"sims: {{{ICCID}: {{balance: {sms}}}}}\n"))
    balance = settings.sims[ICCID].balance
    assert balance is not None
    assert balance.sms is not None
    assert (balance.sms.to, balance.sms.answer_sender) == ("123", "123")


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        pytest.param("uhubctl -a cycle", "power_hook: 'uhubctl -a cycle' is not valid", id="a line for a shell"),
        pytest.param("[]", "power_hook: a list is not valid", id="nothing"),
        pytest.param(
            '[uhubctl, "{place}"]', "power_hook: {place} is not a placeholder", id="a placeholder that is none"
        ),
        pytest.param("[uhubctl, true]", "power_hook: the list has an item that is not text", id="no text"),
    ],
)
def test_a_power_hook_is_a_program_with_arguments(tmp_path: Path, hook: str, said: str) -> None:
    """As a list, with placeholders that exist; for all modems, or for one."""
    (problem,) = problems(tmp_path, SMALLEST + f"recovery: {{power_hook: {hook}}}\n")
    assert said in problem


def test_a_power_hook_may_be_a_modems_own(tmp_path: Path) -> None:
    """Numbers among its arguments need no quotes."""
    settings = load(written(tmp_path, SMALLEST + 'recovery: {power_hook: [relay, 2, "{hub_port}"]}\n'))
    assert settings.recovery.power_hook == ("relay", "2", "{hub_port}")
    assert settings.modems[0].power_hook is None


def test_an_iccid_may_have_letters(tmp_path: Path) -> None:
    """Some issuers use A to E as digits; F is a filler, and no part of it."""
    iccid = "898602B8091751100000"
    settings = load(written(tmp_path, SMALLEST + f'sims: {{{iccid}: {{smsc: "+33609001390"}}}}\n'))
    assert settings.sims[iccid].smsc == "+33609001390"
    with pytest.raises(ConfigError):
        load(written(tmp_path, SMALLEST + f"sims: {{{iccid[:-1]}F: {{}}}}\n"))
