"""Imports of opt-ins: all or nothing for what is malformed, and again after a crash."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.service.consent.imports import ROWS_PER_STEP, ImportOptions, ImportResult
from tests.service.assembled import AssembledService

OPTIONS = ImportOptions("import", "consent", "ann", "people.csv")
ROWS = ROWS_PER_STEP * 2 + 50


def make_file(rows: int) -> bytes:
    return (
        "number,at\n" + "".join(f"+336{number:08d},2026-01-01\n" for number in range(10_000, 10_000 + rows))
    ).encode()


async def test_an_import_that_was_cut_off_goes_on(assembled: AssembledService) -> None:
    """What was stored before the crash is known; the rest is stored; and then nothing is left."""
    imports = assembled.service.consent.imports
    assert await imports.import_rows(make_file(ROWS_PER_STEP), OPTIONS) == ImportResult(
        ROWS_PER_STEP, ROWS_PER_STEP, 0, 0
    )
    again = await imports.import_rows(make_file(ROWS), OPTIONS)
    assert again == ImportResult(ROWS, ROWS - ROWS_PER_STEP, ROWS_PER_STEP, 0)
    assert await imports.import_rows(make_file(ROWS), OPTIONS) == ImportResult(ROWS, 0, ROWS, 0)
    assert (await assembled.service.consent.ledger.verify()).rows == ROWS


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (b"", "bad_rows", "there are no rows"),
        (b"phone\n1\n", "bad_rows", "unknown column 'phone'"),
        (b"at\n1\n", "bad_rows", "a column is missing"),
        (b"number,number\n1,2\n", "bad_rows", "there twice"),
        (b"number\n+33612345678,x\n", "bad_rows", "line 2: 2 values for 1 columns"),
        (b'number\n"+336\n', "bad_rows", "line 2"),
        (b"number\n+33612345678\n\xff\n", "bad_encoding", "UTF-8"),
        (b"number,at\n+33612345678,2030-01-01\n", "bad_rows", "in the future"),
        (b"number\n112\n", "bad_rows", "line 2"),
        (b"number\n" + b"1" * 131_073, "bad_rows", "line 2: a value has more than 131072 characters"),
    ],
)
async def test_a_malformed_file_is_refused_whole(
    assembled: AssembledService, content: bytes, code: str, reason: str
) -> None:
    """It is said what is wrong and where, and nothing is stored."""
    with pytest.raises(Refused) as refused:
        await assembled.service.consent.imports.import_rows(content, OPTIONS)
    assert refused.value.code == code
    assert reason in refused.value.reason
    assert (await assembled.service.consent.ledger.verify()).rows == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_spreadsheets_are_read(assembled: AssembledService, encoding: str) -> None:
    """As they save CSV: with a mark at the beginning, semicolons, empty rows, and values in quotation marks."""
    content = 'Number;Wording\r\n;\r\n+33612345678;"Yes; ""é"""\r\n'.encode(encoding)
    found = await assembled.service.consent.imports.import_rows(content, OPTIONS)
    assert found == ImportResult(1, 1, 0, 0)
    (event,) = (await assembled.service.consent.histories.read("+33612345678")).events
    assert (event.event.wording, event.event.basis, event.event.evidence) == (
        'Yes; "é"',
        "consent",
        "a row of people.csv",
    )
