"""What modemd adds to marketing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from modemd.rules.consent import notice
from modemd.rules.consent.notice import NoticedText
from modemd.rules.consent.notice_countries import NoticeCountry
from modemd.rules.consent.texts.segments import count_segments
from modemd.rules.consent.texts.texts import Texts

TEXTS = Texts.load()
URL = "https://example.org/stop"


@dataclass(frozen=True)
class Case:
    """Call of `compose` with ordinary values, of which a test names the others."""

    text: str = "Acme: sale today"
    country: str | None = "US"
    language: str | None = "en"
    brand: str | None = "Acme"
    was_noticed: bool = False
    can_reply: bool = True
    contact: str | None = None

    def compose(self) -> NoticedText:
        return notice.compose(
            self.text, country=self.country, language=self.language, brand=self.brand, was_noticed=self.was_noticed,
            can_reply=self.can_reply, contact=self.contact, texts=TEXTS,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "text", "added"),
    [
        pytest.param(Case(), "Acme: sale today\nReply STOP to opt out", ("notice",), id="the first message"),
        pytest.param(Case(was_noticed=True), "Acme: sale today", (), id="the second one"),
        pytest.param(Case(text="Sale. Reply STOP to end"), "Sale. Reply STOP to end", (), id="the text has it"),
        pytest.param(
            Case(text="Sale\n \n"), "Sale\nReply STOP to opt out", ("notice",), id="blank lines at the end go"
        ),
        pytest.param(
            Case(text="Sale \n", was_noticed=True), "Sale \n", (), id="a text that needs nothing stays as it is"
        ),
        pytest.param(
            Case(text="Acme : soldes", country="FR", language="fr-CA", was_noticed=True),
            "Acme : soldes\nRépondez STOP pour ne plus recevoir nos offres",
            ("notice",),
            id="each message in France",
        ),
        pytest.param(
            Case(text="Soldes STOP au 36111", country="FR", was_noticed=True),
            "Acme: Soldes STOP au 36111",
            ("sender_name",),
            id="who sends, in France",
        ),
        pytest.param(
            Case(text="Soldes chez ÁCMÉ. STOP au 36111", country="FR"),
            "Soldes chez ÁCMÉ. STOP au 36111",
            (),
            id="a name with other case and accents is the name",
        ),
        pytest.param(
            Case(text="Acmette vend. STOP au 36111", country="FR"),
            "Acme: Acmette vend. STOP au 36111",
            ("sender_name",),
            id="a part of another word is not",
        ),
        pytest.param(Case(text="Sale", was_noticed=True), "Sale", (), id="no name where none is wanted"),
        pytest.param(
            Case(text="할인", country="KR", language="ko"),
            "(광고) Acme: 할인\n수신거부: STOP 회신",
            ("prefix", "sender_name", "notice"),
            id="all three in Korea",
        ),
        pytest.param(
            Case(text="(광고) 할인 수신거부 0801234567", country="kr"),
            "(광고) Acme: 할인 수신거부 0801234567",
            ("sender_name",),
            id="the name comes behind a mark that is there",
        ),
        pytest.param(
            Case(can_reply=False, contact=URL),
            f"Acme: sale today\nTo opt out: {URL}",
            ("notice",),
            id="no answer arrives",
        ),
        pytest.param(
            Case(can_reply=False, contact=URL, was_noticed=True),
            f"Acme: sale today\nTo opt out: {URL}",
            ("notice",),
            id="then it is in each message",
        ),
        pytest.param(
            Case(text=f"Sale. Not for you? {URL}", can_reply=False, contact=URL),
            f"Sale. Not for you? {URL}",
            (),
            id="once",
        ),
        pytest.param(Case(language=None), "Acme: sale today\nReply STOP to opt out", ("notice",), id="no language"),
        pytest.param(Case(country=None), "Acme: sale today\nReply STOP to opt out", ("notice",), id="no country"),
    ],
)
def test_what_is_added(case: Case, text: str, added: tuple[str, ...]) -> None:
    """The notice stands on a line of its own at the end, the name at the beginning, and nothing twice."""
    found = case.compose()
    assert (found.text, found.added, found.lacks) == (text, added, ())


def test_a_noticed_text_is_noticed_once() -> None:
    """What was composed needs nothing more, in any language."""
    for language in TEXTS.languages:
        for country in ("FR", "KR", "US"):
            first = Case(text="Sale", country=country, language=language).compose()
            again = Case(text=first.text, country=country, language=language).compose()
            assert (again.text, again.added, again.has_notice) == (first.text, (), True)


def test_the_caller_knows_whether_the_notice_is_there() -> None:
    """A message without the notice does not count as the one that carried it."""
    assert Case().compose().has_notice
    assert Case(text="Sale. STOP to end", was_noticed=True).compose().has_notice
    assert not Case(was_noticed=True).compose().has_notice


def test_what_nobody_configured_is_said() -> None:
    """Without a contact or a brand nothing is made up: the caller hears what is missing."""
    one_way = Case(can_reply=False).compose()
    assert (one_way.text, one_way.has_notice, one_way.lacks) == ("Acme: sale today", False, ("contact",))
    nameless = Case(country="FR", brand=None).compose()
    assert nameless.lacks == ("brand",)
    assert nameless.added == ("notice",)


def test_the_notice_costs_no_segment_by_its_accents() -> None:
    """The notice loses its accents if they would make a plain text longer by a segment, and keeps them otherwise."""
    short = Case(text="Acme: wyprzedaz", language="pt").compose()
    assert short.text == "Acme: wyprzedaz\nResponda STOP para não receber ofertas"
    long = Case(text="Acme: " + "x" * 100, language="pt").compose()
    assert long.text.endswith("\nResponda STOP para nao receber ofertas")
    assert count_segments(long.text) == 1
    accented = Case(text="Acme: " + "ż" * 100, language="pt").compose()
    assert accented.text.endswith("não receber ofertas")


def test_an_operators_table_can_take_the_place_of_ours() -> None:
    """Countries come in as data."""
    table = {"US": NoticeCountry("US", every_message=True, prefix="[AD]")}
    found = notice.compose(
        "Sale", country="US", language="en", brand=None, was_noticed=True, can_reply=True, contact=None,
        texts=TEXTS, countries=table,
    )  # fmt: skip
    assert found.text == "[AD] Sale\nReply STOP to opt out"
