"""Routes of the words of consent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from modemd.api.documents import document, documents
from modemd.api.requests import Decision, Text
from modemd.api.routes import new_router
from modemd.rules.consent.words.decision import ConsentState
from modemd.rules.consent.words.keywords import ChangeKind, KeywordAction
from modemd.service.service import Service


class DisabledWord(Decision):
    """A word that means nothing any more, in one country or in all."""

    word: Text
    country: Text | None = None


class AssignedWord(DisabledWord):
    """A word, and what it means from now on."""

    action: KeywordAction
    language: Text


def make_router(service: Service) -> APIRouter:
    """Returns the routes of the words of consent."""
    router, words = new_router("/v1/consent"), service.consent.words

    @router.get("/words", summary="List the words of consent")
    async def get_words(
        language: Annotated[Text | None, Query(description="only the words of one language")] = None,
    ) -> list[dict[str, Any]]:
        return documents(await words.list_words(language))

    async def assign(kind: ChangeKind, new: AssignedWord) -> dict[str, Any]:
        view = await words.change(
            kind, new.word, new.authorship, action=new.action, language=new.language, country=new.country
        )
        return document(view)

    @router.post("/words/add", summary="Add a word of consent")
    async def post_add(new: AssignedWord) -> dict[str, Any]:
        return await assign(ChangeKind.ADD, new)

    @router.post("/words/reassign", summary="Let a word of consent mean something else")
    async def post_reassign(new: AssignedWord) -> dict[str, Any]:
        return await assign(ChangeKind.REASSIGN, new)

    @router.post("/words/disable", summary="Let a word of consent mean nothing")
    async def post_disable(old: DisabledWord) -> dict[str, Any]:
        return document(await words.change(ChangeKind.DISABLE, old.word, old.authorship, country=old.country))

    @router.get("/test", summary="Say what would follow from an inbound text; store nothing")
    async def get_test(
        text: Annotated[Text, Query(description="the text")],
        sender: Annotated[Text, Query(alias="from", description="who sends it")],
        state: Annotated[ConsentState | None, Query(description="where they stand; else as it is stored")] = None,
        answers: Annotated[Text | None, Query(description="answers that were asked for, separated by commas")] = None,
    ) -> dict[str, Any]:
        declared = answers.split(",") if answers is not None else None
        return document(await words.try_text(text, sender, state=state, answers=declared))

    return router
