"""Entries: opt-outs and opt-ins that a person enters, who learnt of them in another way than by a keyword in an SMS."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.consent.policy import Marketing
from modemd.service.texts import check_controls, check_ip, check_language
from modemd.store import Store
from modemd.store.consent import statements
from modemd.store.consent.proof import LARGEST_EVIDENCE, EvidenceFile, Proof
from modemd.store.consent.statements import ConsentEffect, ConsentStatement

# So that the faces need not import the store.
__all__ = [
    "LARGEST_EVIDENCE",
    "OPT_IN_CHANNELS",
    "OPT_OUT_CHANNELS",
    "ConsentEntries",
    "ConsentEntry",
    "EvidenceFile",
    "Proof",
    "check_proof",
]

# Characters of each text of an entry.
LONGEST_TEXT = 10_000
# How far ahead of now the time of an entry may be: clocks differ.
AHEAD = timedelta(minutes=1)


class EntryChannel(StrEnum):
    """Channel by which a person learnt of an opt-out or opt-in."""

    EMAIL = "email"
    PHONE = "phone"
    LETTER = "letter"
    PAPER = "paper"
    SOCIAL = "social"
    FORM = "form"
    POS = "pos"
    API = "api"
    IMPORT = "import"
    OTHER = "other"


OPT_OUT_CHANNELS = (
    *(EntryChannel.EMAIL, EntryChannel.PHONE, EntryChannel.LETTER, EntryChannel.SOCIAL, EntryChannel.FORM),
    *(EntryChannel.POS, EntryChannel.API, EntryChannel.OTHER),
)
OPT_IN_CHANNELS = (
    *(EntryChannel.FORM, EntryChannel.POS, EntryChannel.PHONE, EntryChannel.PAPER, EntryChannel.EMAIL),
    *(EntryChannel.IMPORT, EntryChannel.API, EntryChannel.OTHER),
)


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """Entry of a person: about which number, how they learnt of it, the proof (`actor`: who enters it), the language of the
    contact, None if it is not known, and the list of subscribers, None for all marketing."""

    number: str
    channel: str
    proof: Proof
    language: str | None = None
    list_name: str | None = None


@dataclass(frozen=True, slots=True)
class EntryResult:
    """Result of an entry: the number as it is stored, the list, None for all marketing, where it stands there now, if that has
    changed, and how many messages that waited were cancelled."""

    number: str
    list: str | None
    marketing: Marketing
    changed: bool
    withdrawn: int


class ConsentEntries:
    """Opt-outs and opt-ins that a person enters. They take effect as a keyword does; no confirmation is sent."""

    def __init__(self, store: Store, settings: CurrentSettings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    async def opt_out(self, entry: ConsentEntry) -> EntryResult:
        """Opts a number out of marketing, and cancels what waits for it. Raises Refused (`bad_number`, `not_possible`,
        `bad_kind` for the channel, `unknown_list`, `no_reason` without evidence or author, `bad_time`, `too_large`,
        `bad_text`, `bad_name` for a language, `bad_address`)."""
        number = self._check(entry, OPT_OUT_CHANNELS)
        return await self._apply(
            ConsentStatement(
                number, False, None, entry.language, entry.channel, proof=entry.proof, list_name=entry.list_name
            )
        )

    async def opt_in(self, entry: ConsentEntry) -> EntryResult:
        """Opts a number in. Raises Refused as `opt_out`; `no_reason` also without a basis; `evidence_too_old` if the number has
        opted out, and the entry is not dated after that."""
        number = self._check(entry, OPT_IN_CHANNELS)
        if not (entry.proof.basis or "").strip():
            raise Refused(ErrorCode.NO_REASON, "say the basis on which this person may get marketing, such as consent")
        return await self._apply(
            ConsentStatement(
                number, True, None, entry.language, entry.channel, proof=entry.proof, list_name=entry.list_name
            )
        )

    async def _apply(self, statement: ConsentStatement) -> EntryResult:
        now = self._clock.now()
        change = partial(statements.apply_statement, statement=statement, now=now)
        effect: ConsentEffect = await self._store.write_consent(change)
        marketing = Marketing.OPTED_IN if statement.opts_in else Marketing.OPTED_OUT
        return EntryResult(
            statement.number, statement.list_name, marketing, effect.has_changed, effect.withdrawn_messages
        )

    def _check(self, entry: ConsentEntry, channels: Collection[EntryChannel]) -> str:
        """Returns the number of an entry as it is stored. Raises Refused."""
        number = phone_numbers.parse_recipient(entry.number, country=self._settings.current().country).number
        if entry.channel not in channels:
            raise Refused(ErrorCode.BAD_KIND, f"{entry.channel!r} is no channel; use one of {', '.join(channels)}")
        check_list(entry.list_name, self._settings.current())
        check_language(entry.language)
        check_proof(entry.proof, self._clock.now())
        return number


def check_list(name: str | None, settings: Settings) -> None:
    """Raises Refused (`unknown_list`) if no list of that name is configured."""
    if name is not None and name not in settings.consent.lists:
        raise Refused(ErrorCode.UNKNOWN_LIST, f"there is no list {name!r} in the configuration")


def check_proof(proof: Proof, now: datetime) -> None:
    """Raises Refused (`no_reason`, `bad_time`, `too_large`, `bad_text`, `bad_name`, `bad_address`) if a proof
    lacks what every proof has, or cannot be."""
    if not (proof.actor or "").strip() or not (proof.evidence or "").strip():
        raise Refused(ErrorCode.NO_REASON, "say who enters it, and what the evidence is")
    if proof.occurred_at is not None and proof.occurred_at > now + AHEAD:
        raise Refused(
            ErrorCode.BAD_TIME, f"{proof.occurred_at:%Y-%m-%d %H:%M} UTC is in the future; say when it was said"
        )
    texts = (
        proof.actor,
        proof.evidence,
        proof.basis,
        proof.wording,
        proof.url,
        proof.ip,
        proof.user_agent,
        proof.contact_id,
        proof.wording_version,
        proof.file.name if proof.file is not None else None,
    )
    if any(text is not None and len(text) > LONGEST_TEXT for text in texts):
        raise Refused(
            ErrorCode.TOO_LARGE, f"a text of an entry has at most {LONGEST_TEXT} characters; attach it as a file"
        )
    check_controls(*texts, what="a text of the entry")
    check_language(proof.wording_language)
    check_ip(proof.ip)
    check_file(proof.file)


def check_file(file: EvidenceFile | None) -> None:
    """Raises Refused (`too_large`) if a file of evidence is too large."""
    if file is not None and len(file.content) > LARGEST_EVIDENCE:
        raise Refused(
            ErrorCode.TOO_LARGE, f"{file.name}: a file of evidence has at most {LARGEST_EVIDENCE // 1024} KiB"
        )
