"""Texts in force, and their changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.errors import Refused
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import Texts
from modemd.store.events import Authorship
from tests.service.assembled import assembled_service

ANN = Authorship("ann", "friendlier")


async def test_a_change_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    """The next reply has the new text, also after a start of the daemon; texts that were handed out before stay as they were."""
    async with assembled_service(tmp_path) as assembled:
        texts = assembled.service.consent.reply_texts
        before = texts.texts
        view = await texts.set_text("FR", "opt_out_reply", "Au  revoir.\nRépondez START.", ANN, is_proofread=True)
        assert (view.language, view.text, view.proofread, view.by, view.why) == (
            *("fr", "Au revoir. Répondez START.", True),
            *("ann", "friendlier"),
        )
        reply = texts.texts.compose(TextKind.OPT_OUT_REPLY, "fr-CA", brand="Acme")
        assert reply == "Acme: Au revoir. Répondez START."
        assert before.compose(TextKind.OPT_OUT_REPLY, "fr") == Texts.load().compose(TextKind.OPT_OUT_REPLY, "fr")
    async with assembled_service(tmp_path) as assembled:
        await assembled.service.know_time()
        texts = assembled.service.consent.reply_texts
        assert texts.texts.compose(TextKind.OPT_OUT_REPLY, "fr") == "Au revoir. Répondez START."
        view = await texts.reset_text("fr", "opt_out_reply", ANN)
        assert (view.source, view.by) == ("written for modemd", None)
        assert texts.texts.compose(TextKind.OPT_OUT_REPLY, "fr").startswith("Vous ne recevrez plus")


async def test_a_language_of_ones_own(tmp_path: Path) -> None:
    """A text can be given in a language that has none yet; the other kinds stay English there."""
    async with assembled_service(tmp_path) as assembled:
        texts = assembled.service.consent.reply_texts
        await texts.set_text("lb", "opt_out_reply", "Äddi. Mat START kommen d'Offeren erëm.", ANN)
        assert texts.texts.compose(TextKind.OPT_OUT_REPLY, "lb-LU").startswith("Äddi")
        assert texts.texts.compose(TextKind.OPT_IN_REPLY, "lb").startswith("You will")
        assert [view.kind for view in texts.list_texts(language="lb")] == [TextKind.OPT_OUT_REPLY]


async def test_the_list_can_be_narrowed(tmp_path: Path) -> None:
    """By language, by kind, or both; a language without texts is said to have none."""
    async with assembled_service(tmp_path) as assembled:
        texts = assembled.service.consent.reply_texts
        assert len(texts.list_texts()) == len(Texts.load().entries)
        assert {view.language for view in texts.list_texts(language="fr-ca")} == {"fr"}
        (only,) = texts.list_texts(language="pl", kind="notice")
        assert (only.text, only.segments, only.proofread, only.source) == (
            *("Rezygnacja: odpisz STOP", 1),
            *(False, "written for modemd"),
        )
        with pytest.raises(Refused, match="English is used instead"):
            texts.list_texts(language="tlh")


@pytest.mark.parametrize(
    ("language", "kind", "text", "authorship", "code"),
    [
        pytest.param("french", "notice", "STOP to end", ANN, "bad_name", id="no language"),
        pytest.param("fr", "reply", "STOP to end", ANN, "bad_kind", id="no kind"),
        pytest.param("fr", "notice", "arrêt", ANN, "bad_text", id="a word of consent"),
        pytest.param("fr", "notice", "", ANN, "empty_text", id="no text"),
        pytest.param("fr", "notice", "STOP to end", Authorship("ann", " "), "no_reason", id="no reason"),
    ],
)
async def test_a_wrong_change_changes_nothing(
    tmp_path: Path, language: str, kind: str, text: str, authorship: Authorship, code: str
) -> None:
    """The texts in force stay as they are."""
    async with assembled_service(tmp_path) as assembled:
        texts = assembled.service.consent.reply_texts
        with pytest.raises(Refused) as refused:
            await texts.set_text(language, kind, text, authorship)
        assert refused.value.code == code
        assert texts.texts.entries == Texts.load().entries


async def test_a_text_that_nobody_changed_cannot_be_reset(tmp_path: Path) -> None:
    """The error says so."""
    async with assembled_service(tmp_path) as assembled:
        with pytest.raises(Refused, match="nobody has changed the text notice of the language fr"):
            await assembled.service.consent.reply_texts.reset_text("fr", "notice", ANN)
