"""Problem details: the one body of every error (RFC 9457), made by the server, the API and the emulator's control API."""

from __future__ import annotations

from typing import Any

CONTENT_TYPE = "application/problem+json"
_TYPE = "urn:modemd:error:"


def make_problem(code: str, status: int, detail: str, **more: Any) -> dict[str, Any]:
    """Returns the document of an error. `code`: for programs, stable; `detail`: one line for a person; `more`: further fields."""
    title = code.replace("_", " ").capitalize()
    return {"type": f"{_TYPE}{code}", "title": title, "status": int(status), "code": code, "detail": detail, **more}


def is_problem(document: object) -> bool:
    """Returns whether a document is one of `make_problem`."""
    return isinstance(document, dict) and str(document.get("type", "")).startswith(_TYPE) and "detail" in document
