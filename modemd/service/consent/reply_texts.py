"""Texts of replies and notices: those in force, and changes by administrators, which hold at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.consent.texts import changes
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.segments import count_segments
from modemd.rules.consent.texts.texts import ConsentText, Texts, choose_accents
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.matching import MatchTier, Words
from modemd.service.authorship import check_authorship
from modemd.service.texts import check_controls
from modemd.store import Store
from modemd.store.consent import reply_texts
from modemd.store.events import Authorship

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class ReplyTextView:
    """Text as the faces show it. `segments`: how many it makes without the names that are put in; `most_segments`: how many it
    may make; `by`, `at` and `why`: of an administrator's change, else None."""

    language: str
    kind: TextKind
    text: str
    segments: int
    most_segments: int
    proofread: bool
    source: str
    by: str | None
    at: str | None
    why: str | None


class ReplyTexts:
    """Holder of the texts in force. `texts` is a value that never changes; a change replaces it."""

    def __init__(self, store: Store, clock: Clock, find_words: Callable[[], Words]) -> None:
        self._store = store
        self._clock = clock
        self._find_words = find_words
        self._texts = Texts.load()

    @property
    def texts(self) -> Texts:
        """The texts in force now."""
        return self._texts

    async def load(self) -> None:
        """Reads the administrators' texts from the database."""
        self._apply(await self._store.read(reply_texts.list_changed))

    def list_texts(self, *, language: str | None = None, kind: str | None = None) -> list[ReplyTextView]:
        """Returns the texts in force, of one language and of one kind if they are given. Raises Refused (`bad_kind`, `bad_name`;
        `not_found` if the language has no texts)."""
        wanted_kind = changes.parse_kind(kind) if kind is not None else None
        wanted = None
        if language is not None:
            wanted = self._texts.find_language(changes.parse_tag(language))
            if wanted is None:
                raise Refused(
                    ErrorCode.NOT_FOUND, f"there are no texts in the language {language}; English is used instead"
                )
        return [
            _make_view(entry)
            for entry in self._texts.entries
            if wanted in (None, entry.language) and wanted_kind in (None, entry.kind)
        ]

    async def set_text(
        self,
        language: str,
        kind: str,
        text: str,
        authorship: Authorship,
        *,
        segments: int = 1,
        is_proofread: bool = False,
    ) -> ReplyTextView:
        """Puts a text in place of the one in force. Raises Refused (`bad_name`, `bad_kind`, `empty_text`, `bad_text`,
        `no_reason`)."""
        authorship = check_authorship(authorship)
        entry = ConsentText(
            changes.parse_tag(language),
            changes.parse_kind(kind),
            " ".join(text.split()),
            is_proofread,
            segments=segments,
        )
        check_controls(entry.text)
        changes.check_change(entry, self._is_word, self._is_opt_out_word)
        now = self._clock.now()
        self._apply(await self._store.write(partial(reply_texts.put, entry=entry, authorship=authorship, now=now)))
        log.info("text of consent changed", language=entry.language, kind=entry.kind.value)
        return _make_view(self._texts.find(entry.kind, entry.language))

    async def reset_text(self, language: str, kind: str, authorship: Authorship) -> ReplyTextView:
        """Puts the text that comes with modemd in force again. Raises Refused (`bad_name`, `bad_kind`, `no_reason`; `not_found`
        if nobody changed it)."""
        authorship = check_authorship(authorship)
        tag, known_kind = changes.parse_tag(language), changes.parse_kind(kind)
        now = self._clock.now()
        change = partial(reply_texts.delete, language=tag, kind=known_kind, authorship=authorship, now=now)
        changed = await self._store.write(change)
        if changed is None:
            raise Refused(ErrorCode.NOT_FOUND, f"nobody has changed the text {known_kind} of the language {tag}")
        self._apply(changed)
        log.info("text of consent reset", language=tag, kind=known_kind.value)
        return _make_view(self._texts.find(known_kind, tag))

    def _apply(self, changed: list[ConsentText]) -> None:
        self._texts = Texts.load().with_changes(changed)

    def _is_word(self, text: str) -> bool:
        match = self._find_words().match(text)
        return match is not None and match.tier is MatchTier.EXACT

    def _is_opt_out_word(self, word: str) -> bool:
        match = self._find_words().match(word)
        return match is not None and match.tier is MatchTier.EXACT and match.action is KeywordAction.OPT_OUT


def _make_view(entry: ConsentText) -> ReplyTextView:
    return ReplyTextView(
        entry.language,
        entry.kind,
        entry.text,
        count_segments(choose_accents(entry.text)),
        entry.segments,
        entry.is_proofread,
        entry.source,
        entry.changed_by,
        entry.changed_at,
        entry.why,
    )
