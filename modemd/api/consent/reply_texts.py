"""Routes of the texts of replies and notices."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from modemd.api.documents import document, documents
from modemd.api.requests import Decision, Text
from modemd.api.routes import new_router
from modemd.service.service import Service

LANGUAGE = "only this language, such as fr or fr-CA"
KIND = "only this kind of text, such as opt_out_reply"


class TextChange(Decision):
    """Text that an administrator puts in place of the one in force, with who decides and why."""

    text: Text
    segments: Annotated[int, Field(ge=1, le=10)] = 1
    proofread: bool = False


def make_router(service: Service) -> APIRouter:
    """Returns the routes of the texts of replies and notices."""
    router = new_router("/v1/consent/replies")

    @router.get("", summary="List the texts of replies and notices")
    async def get_replies(
        language: Annotated[str | None, Query(description=LANGUAGE)] = None,
        kind: Annotated[str | None, Query(description=KIND)] = None,
    ) -> list[dict[str, Any]]:
        return documents(service.consent.reply_texts.list_texts(language=language, kind=kind))

    @router.post("/{language}/{kind}", summary="Put a text in place of the one in force")
    async def post_reply(language: str, kind: str, change: TextChange) -> dict[str, Any]:
        changed = await service.consent.reply_texts.set_text(
            language, kind, change.text, change.authorship, segments=change.segments, is_proofread=change.proofread
        )
        return document(changed)

    @router.post("/{language}/{kind}/reset", summary="Put the text that comes with modemd in force again")
    async def post_reset(language: str, kind: str, decision: Decision) -> dict[str, Any]:
        return document(await service.consent.reply_texts.reset_text(language, kind, decision.authorship))

    return router
