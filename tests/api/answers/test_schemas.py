"""The schemas of answers: the keys of `document`, and no others, each with its type."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import jsonschema_rs
import pytest

from modemd.api.answers.schemas import Schemas, list_keys
from modemd.rules.waits import Wait, WaitCode
from modemd.service.pages import PagedList
from modemd.service.views import BalanceView
from tests.api.answers.described import check_answer

HEALTHY = b'{"can_send": true, "code": "ok", "message": "messages pass"}'
TIME = {"type": "string", "format": "date-time"}


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str | None, {"type": ["string", "null"]}),
        (Decimal, {"type": "number"}),
        (datetime | None, {"type": ["string", "null"], "format": "date-time"}),
        (Literal["in", "out"], {"type": "string", "enum": ["in", "out"]}),
        (Literal["in"] | None, {"type": ["string", "null"], "enum": ["in", None]}),
        (WaitCode, {"type": "string", "enum": [each.value for each in WaitCode]}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (PagedList[bool], {"type": "array", "items": {"type": "boolean"}}),
        (dict[str, Any], {"type": "object", "additionalProperties": {}}),
        (Wait, {"$ref": "#/components/schemas/Wait"}),
        (Wait | None, {"anyOf": [{"$ref": "#/components/schemas/Wait"}, {"type": "null"}]}),
    ],
    ids=str,
)
def test_a_type_has_the_schema_of_its_json(hint: Any, schema: dict[str, Any]) -> None:
    """As `document` makes it."""
    assert Schemas().describe(hint) == schema


def test_what_no_document_has_is_a_mistake() -> None:
    """A type that is new to the answers is seen when the document is made."""
    with pytest.raises(TypeError, match="no document has"):
        Schemas().describe(bytes)


def test_a_class_has_a_name_and_its_words() -> None:
    """The keys are those of the API; so are the names in its description."""
    schemas = Schemas()
    schemas.describe(BalanceView)
    assert schemas.named["BalanceView"]["properties"] == {
        "amount": {"type": "number"},
        "at": TIME,
        "low": {"type": "boolean"},
    }
    assert schemas.named["BalanceView"]["required"] == list(list_keys(BalanceView)) == ["amount", "at", "low"]
    assert schemas.named["BalanceView"]["description"].startswith("Balance of a SIM as it is known last")


@pytest.mark.parametrize(
    "body",
    [
        b'{"can_send": true, "code": "ok"}',
        HEALTHY[:-1] + b', "more": 1}',
        HEALTHY.replace(b"true", b'"yes"'),
        b"[]",
    ],
    ids=("a key is missing", "a key is too many", "a wrong type", "a list"),
)
def test_the_tests_see_an_answer_that_is_not_described(body: bytes) -> None:
    """Each client of the tests of the API looks at every answer."""
    check_answer("GET", "/healthz", 200, "application/json", HEALTHY)
    with pytest.raises(jsonschema_rs.ValidationError):
        check_answer("GET", "/healthz", 200, "application/json", body)
