"""Sections of a family's file: what each says, key by key.

A field is a key of the file; its default is the value that 3GPP TS 27.005 and TS 27.007, or most modems, have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Answers to `+CGMI`, `+CGMM`, `+CGMR`; `type_allocation` is the first 8 digits of its IMEIs."""

    manufacturer: str
    model: str
    revision: str
    type_allocation: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Manner in which the family talks. `usb`: a reset takes the port away. `lead` comes before each line of an answer
    (empty: before no line at all, not even a notice), `line_end` ends each line. `echo`: echo is on after power-on.

    `keeps_settings`: what AT&W saved survives a restart; `keeps` are the commands whose settings survive without it.
    `references`: TP-MR counts on over a restart (`counts`), begins at 0 after each (`restarts`), is the one in the PDU
    of the host, which hosts leave at 0 (`repeats`), or is always 0 (`zero`). `cms_texts`: `+CMS ERROR` has words
    instead of its number `never`, with `+CMEE=2` (`asked`) or `always`. `charsets`: the values of `+CSCS`, the first
    after power-on.

    `cell` ends `+CREG` at level 2: area, cell and, if the family has it, access technology; with `shows_cell`, `+CREG?`
    has it at every level. `creg_levels` are the levels of `+CREG` that can be set, the first after power-on; another
    one is taken without effect. `sim_removed` and `sim_inserted` are sent when a SIM is removed or inserted while it
    runs. `text_mode_sending` answers a PDU mode argument (a length, a status by number) while text mode is on.
    `answers_when_sent`: with `+CSMS=1`, `+CMGS` also gives the time of the service centre. `csmp_forgets_centre`:
    AT+CSMP= empties `+CSCA`. `link_pause_s`: for so many seconds after `AT+CMMS?` a setting is refused. `guard_s`: if a
    command comes sooner than this after a final result, notices between the command and its own result are lost.
    `sends_blind`: with this switch, OK follows the prompt at once, no `+CMGS` comes, and after a failed send the device
    is deaf until it restarts.
    """

    unknown: str = "ERROR"
    lead: str = "\r\n"
    line_end: str = "\r\n"
    prompt: str = "\r\n> "
    echo: bool = True
    prompt_latency_s: float = 0.1
    send_latency_s: tuple[float, ...] = (2.0, 6.0)
    text_mode_at_start: bool = False
    text_mode_sending: str = "+CMS ERROR: 305"
    error_level_at_start: int = 0
    cms_texts: str = "never"
    charsets: tuple[str, ...] = ("IRA", "GSM", "UCS2", "HEX")
    keeps_settings: bool = False
    keeps: tuple[str, ...] = ()
    references: str = "counts"
    usb: bool = True
    cell: str = '"1A2B","0C3D4E5F",7'
    shows_cell: bool = False
    creg_levels: tuple[int, ...] = (0, 1, 2)
    sim_removed: tuple[str, ...] = ()
    sim_inserted: tuple[str, ...] = ()
    answers_when_sent: bool = False
    csmp_forgets_centre: bool = False
    link_pause_s: float = 0.0
    guard_s: float = 0.0
    sends_blind: str = ""


@dataclass(frozen=True, slots=True)
class Commands:
    """Command names that the family does not know, and ones that it never answers. Names as typed: `+CCID`.

    `without_ok`: whole commands whose answer ends without a final result. `before_unlock`: until the SIM is read and
    unlocked, the family knows only these and those of V.250 (empty: no such rule). `restarts` and `powers_off`: whole
    commands that do so; before it is off, the device sends `last_words`, and stays off until its power returns.
    `functions` are the values of `+CFUN`: 1 is full, those in `offline` are without radio; `function_form` is the
    answer to `+CFUN?`, and with `function_waits` a value is refused until the SIM is read. `slow`: whole commands that
    are answered after `slow_s` seconds.
    """

    unsupported: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    without_ok: tuple[str, ...] = ()
    before_unlock: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    powers_off: tuple[str, ...] = ()
    last_words: tuple[str, ...] = ()
    functions: tuple[int, ...] = (0, 1, 4)
    offline: tuple[int, ...] = (0, 4)
    function_form: str = "{function}"
    function_waits: bool = False
    slow: tuple[str, ...] = ()
    slow_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Storage:
    """Message memories, the number of the first slot, the answer about an empty one, and how messages are shown.

    `memories` are those for reading, `written` (empty: the same) for sending, `received` (empty: the same) for incoming
    messages. Without `memories` the device stores nothing: a message that is not routed stays with the network.
    `offered`, if set, is the answer to `+CPMS=?` instead: some firmware offers memories that it does not have. With
    `together` 2, `+CPMS` has no third memory, and incoming messages go to the SIM; with `names_all`, a setting that
    does not name all memories is refused. `refused` is the result of a setting with a wrong memory. `SM` is on the SIM,
    `ME` and `SR` (reports) are in the device, `MT` is those of `joined` as one.

    `empty_slot` and `empty_list` are the results of `+CMGR` of an empty slot, after the line `empty_line`, and of
    `+CMGL` of an empty memory; empty: OK. `listed` and `shown` are the parameters of `+CMGL:` and `+CMGR:` before a
    PDU. `lists_unmarked`: with a second parameter of 1, both leave unread messages unread. `full_notice` is sent when a
    memory is full, only with the switch `full_notice_needs` if that is set. `damages_reports`: a stored report has four
    wrong octets before it, and its last four are lost.
    """

    memories: tuple[str, ...] = ("SM", "ME")
    written: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    together: int = 3
    names_all: bool = False
    refused: str = "+CMS ERROR: 302"
    offered: str = ""
    joined: tuple[str, ...] = ("SM", "ME")
    index_base: int = 0
    device_capacity: int = 23
    report_capacity: int = 20
    listed: str = "{index},{status},,{length}"
    shown: str = "{status},,{length}"
    lists_unmarked: bool = False
    empty_slot: str = "+CMS ERROR: 321"
    empty_line: str = ""
    empty_list: str = ""
    full_notice: str = ""
    full_notice_needs: str = ""
    damages_reports: bool = False

    def of_place(self, place: int) -> tuple[str, ...]:
        """Returns the allowed values of the first, second or third memory of `+CPMS`, counted from 0."""
        return (self.memories, self.written or self.memories, self.received or self.memories)[place]


@dataclass(frozen=True, slots=True)
class Notify:
    """`+CNMI`: the answer to `=?`, the allowed values of mode, mt, bm, ds, bfr, and the notices about messages.

    `offered` is the answer, the lists are the truth: some firmware offers what it refuses. Without `bfr`, there is no
    fifth value. `at_start` are the values after power-on (empty: 0, and the first `bfr`).
    `services` are the values of `+CSMS`. `routing_needs_service`: mt 2 and 3 and ds 1 are refused without `+CSMS=1`.
    `awaits_acknowledgement`: routed messages and reports wait for `+CNMA` whatever `+CSMS` is. `omitted_are_zero`: an
    omitted value becomes 0, otherwise it stays. `message_header` precedes a routed message, with the sender's
    `{number}`; `report_notice` announces a stored report, `report_header` precedes a routed one. `push_notice` ends
    `+CMTI` for a WAP push. `acknowledgements` are the allowed n of `+CNMA`; with `acknowledges_by_pdu`, 1 and 2 may
    have a PDU.
    """

    offered: str
    mode: tuple[int, ...] = (0, 1, 2)
    mt: tuple[int, ...] = (0, 1, 2, 3)
    bm: tuple[int, ...] = (0, 2)
    ds: tuple[int, ...] = (0, 1, 2)
    bfr: tuple[int, ...] = (0, 1)
    at_start: tuple[int, ...] = ()
    refused: str = "+CMS ERROR: 303"
    services: tuple[int, ...] = (0, 1)
    awaits_acknowledgement: bool = False
    routing_needs_service: bool = False
    omitted_are_zero: bool = False
    message_header: str = "+CMT: ,{length}"
    report_memory: str = "SM"
    report_notice: str = '+CDSI: "{memory}",{index}'
    report_header: str = "+CDS: {length}"
    push_notice: str = ""
    acknowledgements: tuple[int, ...] = (0, 1, 2)
    acknowledges_by_pdu: bool = True
    acknowledge_within_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a device sends unasked: once, `after_s` seconds after power-on, or every `every_s` seconds.

    `{utc:...}` in it is replaced with the time, its parts named as in strftime. `needs`: the line comes only with this
    switch. `sim`: at the start, the line comes only if the SIM is so: `ready`, `locked` (a PIN or PUK is asked for) or
    `absent`.
    """

    say: str
    after_s: float = 0.0
    every_s: float = 0.0
    needs: str = ""
    sim: str = ""

    def at(self, utc: datetime) -> str:
        """Returns the line as sent at this time."""
        return self.say.format(utc=utc)


@dataclass(frozen=True, slots=True)
class Boot:
    """Seconds from power-on until the device answers, reads its SIM and is registered.

    `gone_s`: how long the port is away at a reset (USB). While the SIM cannot be used yet, commands that need it get
    `+CMS ERROR: busy_cms` or `+CME ERROR: busy_cme`.
    """

    answers_s: float = 0.0
    sim_ready_s: float = 1.0
    registered_s: float = 2.0
    gone_s: float = 3.0
    busy_cms: int = 314
    busy_cme: int = 14
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class PinEntry:
    """After a correct PIN: how long the SIM is busy (CMS 314, CME 14), and the lines sent when it can be used."""

    busy_s: float = 0.0
    ready: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Ussd:
    """Coding of the strings in `+CUSD`.

    `plain`: as text, whatever `+CSCS` is. `charset`: in the character set of `+CSCS`. `packed_hex`: hex of packed
    septets with dcs 15, else of UCS-2 with dcs 72; any other argument gets `refused`. In all of them, characters that
    the alphabet of the family does not have come as hex of UCS-2 with dcs 72.
    """

    coding: str = "charset"
    refused: str = "ERROR"


@dataclass(frozen=True, slots=True)
class Voice:
    """Incoming calls: the interval of `RING`, and the line `missed` after a call that nobody took.

    `refused_while_sending`: a call is refused during `+CMGS`. In `missed`, `{number}` is the caller and `{time:...}`
    the local time of the network, its parts named as in strftime.
    """

    ring_every_s: float = 4.0
    missed: str = ""
    refused_while_sending: bool = False


@dataclass(frozen=True, slots=True)
class Chatter:
    """Lines that repeat while a host listens, until the command `silenced_by` (empty: forever).

    `before_echo` comes before the echo of every seventh command, in the same packet.
    """

    silenced_by: str = ""
    before_echo: str = ""
    lines: tuple[Line, ...] = ()
