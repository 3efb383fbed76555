"""Coding of USSD: encodes texts for `AT+CUSD`, and decodes `+CUSD` lines (3GPP TS 27.007 7.15, TS 23.038 5). Pure.

A modem has one of three codings (`ussd` in a driver file): `plain` text; `packed_hex`, septets packed as on the air, in hex, as
Huawei's modems want it; and `charset`, the character set that `+CSCS` names. Of the character sets, only GSM (the default
alphabet's septets as octets) and UCS2 (in hex) lose nothing, and only they are set. In each coding, a UCS2 string is in hex.
"""

from __future__ import annotations

import re
from enum import IntEnum

from modemd.errors import DecodeError, EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu import Alphabet, pack_ussd, table, unpack_ussd

GSM_DCS, UCS2_DCS = 15, 72
"""Data coding schemes that modemd writes: the default alphabet with the language not stated, and UCS2 (3GPP TS 23.038 5)."""

LONGEST_SEPTETS, LONGEST_UCS2 = 182, 80
"""Length of the longest text, in septets and in UCS2 characters: a USSD string has at most 160 octets (3GPP TS 23.038
6.1.2.3)."""

_DEFAULT = table(0, 0)
# Characters allowed between quotation marks in a command line: no controls, which end or cancel the line, and no quotation mark.
_SAFE = re.compile(r"[ !#-~]*")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_UCS2 = re.compile(r"(?:[0-9A-Fa-f]{4})+")
_QUOTED = re.compile(r'\+CUSD:\s*(\d)\s*,\s*"(.*)"\s*(?:,\s*(\d{1,3})?\s*)?', re.DOTALL)
_TORN = re.compile(r'\+CUSD:\s*(\d)\s*,\s*"(.*)', re.DOTALL)  # the end of the line was lost
_BARE = re.compile(r"\+CUSD:\s*(\d)\s*(?:,\s*(.*?)\s*(?:,\s*(\d{1,3})\s*)?)?", re.DOTALL)
# Codes that a telephone itself obeys: PIN, PIN2, PUK, PUK2 (3GPP TS 22.030 6.6.2), the IMEI (6.7). A wrong one blocks the SIM.
_SIM_CODES = re.compile(r"\*\*0(?:4|5)2?\*.*|\*#06#", re.DOTALL)


class UssdState(IntEnum):
    """State of a USSD session, the `<m>` of `+CUSD`."""

    DONE = 0
    REPLY_WANTED = 1
    ENDED = 2
    OTHER_CLIENT = 3
    NOT_SUPPORTED = 4
    TIMED_OUT = 5

    @property
    def label(self) -> str:
        """Name of the state, for people."""
        return _LABELS[self]


_LABELS = {
    UssdState.DONE: "done",
    UssdState.REPLY_WANTED: "reply wanted",
    UssdState.ENDED: "ended by the network",
    UssdState.OTHER_CLIENT: "another program on this modem has answered",
    UssdState.NOT_SUPPORTED: "not supported: the network does not know the code, or the modem has no 2G or 3G to say it on",
    UssdState.TIMED_OUT: "the network did not answer in time",
}


@dataclass(frozen=True, slots=True)
class UssdMessage:
    """Message from the network; `text` is None if it has only a state."""

    state: UssdState
    text: str | None = None


@dataclass(frozen=True, slots=True)
class UssdCommand:
    """Values of `AT+CUSD`: the string between the quotation marks, its dcs, and the `+CSCS` that it needs, None if it needs
    none."""

    string: str
    dcs: int
    charset: str | None = None


def encode_text(text: str, coding: str) -> UssdCommand:
    """Encodes a code, or a reply to a menu, for a modem of this coding. Raises EncodeError if that is impossible."""
    if not text:
        raise EncodeError("USSD", "there is nothing to say")
    if _SIM_CODES.fullmatch(text):
        raise EncodeError("USSD", "codes that change a PIN or show the IMEI are for the telephone, and are not sent")
    septets = _DEFAULT.try_encode(text)
    if len(text if septets is None else septets) > (LONGEST_UCS2 if septets is None else LONGEST_SEPTETS):
        raise EncodeError("USSD", f"longer than {LONGEST_SEPTETS} septets or {LONGEST_UCS2} other characters")
    if coding == "packed_hex":
        if septets is None:
            return UssdCommand(_encode_ucs2(text), UCS2_DCS)
        return UssdCommand(pack_ussd(septets).hex().upper(), GSM_DCS)
    if coding == "plain":
        if _SAFE.fullmatch(text) is None:
            raise EncodeError("USSD", 'this modem takes ASCII without " only')
        return UssdCommand(text, GSM_DCS)
    as_is = None if septets is None else septets.decode("latin-1")
    if as_is is None or _SAFE.fullmatch(as_is) is None:
        return UssdCommand(_encode_ucs2(text), GSM_DCS if septets is not None else UCS2_DCS, "UCS2")
    return UssdCommand(as_is, GSM_DCS, "GSM")


def in_ucs2(text: str, command: UssdCommand) -> UssdCommand:
    """Returns `command` for a modem that is in UCS2 and stays there: the same dcs, and the string in hex."""
    return UssdCommand(_encode_ucs2(text), command.dcs, "UCS2")


def _encode_ucs2(text: str) -> str:
    try:
        return text.encode("utf-16-be").hex().upper()
    except UnicodeEncodeError:
        raise EncodeError("USSD", "holds half a surrogate pair") from None


def decode_line(line: str, coding: str, charset: str | None) -> UssdMessage:
    """Decodes a `+CUSD` line. `charset` is that of `+CSCS`; it matters to the coding `charset` only. Raises DecodeError.

    A string that is not in the coding that it should be in is taken as plain text, because some firmware mixes codings.
    """
    match = _QUOTED.fullmatch(line)
    torn = None if match else _TORN.fullmatch(line)
    match = match or torn or _BARE.fullmatch(line)
    if match is None or int(match[1]) not in set(UssdState):
        raise DecodeError("+CUSD", 0, f"not a USSD answer: {line!r}")
    dcs = None if torn or match[3] is None else int(match[3])
    text = match[2]
    return UssdMessage(UssdState(int(match[1])), None if text is None else _decode_text(text, dcs, coding, charset))


def _decode_text(string: str, dcs: int | None, coding: str, charset: str | None) -> str:
    alphabet = Alphabet.GSM7 if dcs is None else alphabet_of(dcs)
    if alphabet is Alphabet.DATA8:
        return string  # octets for a program, not for a person
    if alphabet is Alphabet.UCS2 or (coding == "charset" and charset == "UCS2"):
        if _UCS2.fullmatch(string):
            text = bytes.fromhex(string).decode("utf-16-be", "replace")
            return text[3:] if dcs == _UCS2_BEHIND_LANGUAGE else text
        return string
    if coding == "packed_hex" and _HEX.fullmatch(string):
        text = _DEFAULT.decode(unpack_ussd(bytes.fromhex(string)))
    elif coding == "charset" and charset == "GSM" and string.isascii():
        text = _DEFAULT.decode(string.encode("ascii"))
    else:
        text = string
    return text[3:] if dcs == _GSM_BEHIND_LANGUAGE else text


_GSM_BEHIND_LANGUAGE, _UCS2_BEHIND_LANGUAGE = 0x10, 0x11
"""The text begins with two letters of a language and a carriage return (3GPP TS 23.038 5)."""


def alphabet_of(dcs: int) -> Alphabet:
    """Returns the alphabet of a data coding scheme of cell broadcast and USSD (3GPP TS 23.038 5). Reserved values mean the
    default alphabet, as the standard demands."""
    group = dcs >> 4
    if dcs == _UCS2_BEHIND_LANGUAGE:
        return Alphabet.UCS2
    if 4 <= group <= 7 or group == 9:
        return {1: Alphabet.DATA8, 2: Alphabet.UCS2}.get(dcs >> 2 & 3, Alphabet.GSM7)
    if group == 15 and dcs & 4:
        return Alphabet.DATA8
    return Alphabet.GSM7
