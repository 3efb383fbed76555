"""Routes by which a person enters consent: an opt-out, an opt-in, or a file of opt-ins."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AfterValidator, Field

from modemd.api.documents import document
from modemd.api.requests import CSV_BODY, Body, Moment, Text, read_csv
from modemd.api.routes import new_router
from modemd.errors import ErrorCode, Refused
from modemd.service.consent.entries import ConsentEntry, EvidenceFile, Proof
from modemd.service.consent.imports import ImportOptions
from modemd.service.service import Service

IMPORT = "/v1/consent/import"
NUMBERS = "/v1/consent/numbers"
# Octets of the body of an entry: a file of evidence of 1 MiB, in base64, and its texts.
LARGEST_ENTRY = 2 * 1024 * 1024


def check_base64(text: str) -> str:
    """Returns `text`. Raises ValueError if it is no base64."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is no base64") from None
    return text


class EvidenceBody(Body):
    """File of evidence: its name, and its content in base64."""

    name: Annotated[Text, Field(min_length=1, max_length=255)]
    content: Annotated[str, AfterValidator(check_base64)]


class Entry(Body):
    """Entry of a person: how they learnt of it, who enters it, and what proves it."""

    channel: Text
    by: Text
    evidence: Text
    evidence_file: EvidenceBody | None = None
    list_name: Annotated[Text | None, Field(alias="list")] = None
    at: Moment | None = None
    language: Text | None = None
    basis: Text | None = None
    wording: Text | None = None
    wording_version: Text | None = None
    wording_language: Text | None = None
    url: Text | None = None
    ip: Text | None = None
    user_agent: Text | None = None
    contact_id: Text | None = None

    def make_entry(self, number: str) -> ConsentEntry:
        """Returns the entry as the service takes it."""
        file = self.evidence_file
        proof = Proof(
            occurred_at=self.at,
            actor=self.by,
            evidence=self.evidence,
            file=EvidenceFile(file.name, base64.b64decode(file.content)) if file is not None else None,
            basis=self.basis,
            wording=self.wording,
            wording_version=self.wording_version,
            wording_language=self.wording_language,
            url=self.url,
            ip=self.ip,
            user_agent=self.user_agent,
            contact_id=self.contact_id,
        )
        return ConsentEntry(number, self.channel, proof, self.language, self.list_name)


def make_router(service: Service) -> APIRouter:
    """Returns the routes of entries."""
    router, rooms = new_router(), service.consent

    @router.post(f"{NUMBERS}/{{number}}/opt-out", summary="Enter an opt-out that came in another way than by SMS")
    async def post_opt_out(number: str, entry: Entry) -> dict[str, Any]:
        return document(await rooms.entries.opt_out(entry.make_entry(number)))

    @router.post(f"{NUMBERS}/{{number}}/opt-in", summary="Enter an opt-in, with its proof")
    async def post_opt_in(number: str, entry: Entry) -> dict[str, Any]:
        return document(await rooms.entries.opt_in(entry.make_entry(number)))

    @router.post(
        IMPORT, summary="Import the opt-ins of a CSV: number[,at,evidence,wording,...]", openapi_extra=CSV_BODY
    )
    async def post_import(
        request: Request, basis: Text = "", by: Text = "", channel: Text = "import", file: Text = "an imported file"
    ) -> dict[str, Any]:
        if not by.strip():
            raise Refused(ErrorCode.NO_REASON, "say who imports the file (by)")
        return document(
            await rooms.imports.import_rows(await read_csv(request), ImportOptions(channel, basis, by, file))
        )

    return router
