from __future__ import annotations

import pytest

from modemd.smpp.message_ids import IdConversion, find_conversion, match_message_id

NONE, DECIMAL, HEX = IdConversion.NONE, IdConversion.RECEIPT_IS_DECIMAL, IdConversion.RECEIPT_IS_HEX


@pytest.mark.parametrize(
    ("receipt_id", "ids", "conversion", "found"),
    [
        pytest.param("1A", ["1A", "2B"], NONE, 0, id="exact"),
        pytest.param("1a", ["1A", "2B"], NONE, 0, id="another case"),
        pytest.param("7", ["0000007", "8"], NONE, 0, id="leading zeros lost"),
        pytest.param("0007", ["7"], NONE, 0, id="leading zeros added"),
        pytest.param("1a", ["1A", "1a"], NONE, 1, id="exact goes before another case"),
        pytest.param("1A", ["1A", "1A"], NONE, None, id="two exact ones"),
        pytest.param("01a", ["1A", "1a"], NONE, None, id="two by case"),
        pytest.param("26", ["1A"], NONE, None, id="never converted unasked"),
        pytest.param("26", ["1A"], DECIMAL, 0, id="receipt in decimal"),
        pytest.param("26", ["1A"], HEX, None, id="the other way"),
        pytest.param("1A", ["26"], HEX, 0, id="receipt in hexadecimal"),
        pytest.param("10", ["10", "A"], DECIMAL, 0, id="exact goes before a number"),
        pytest.param("26", ["1A", "01a"], DECIMAL, None, id="two by number"),
        pytest.param("10", ["10", "10", "A"], DECIMAL, None, id="no later step decides between two"),
        pytest.param("0", ["000"], NONE, 0, id="nothing but zeros"),
        pytest.param("", ["", "0"], NONE, None, id="no identifier"),
        pytest.param("1", ["", "1"], NONE, 1, id="a candidate without an identifier"),
        pytest.param("1_0", ["A"], DECIMAL, None, id="an underscore makes no number"),
        pytest.param("٣", ["3"], HEX, None, id="digits of other scripts are no number"),
        pytest.param(
            "550e8400-e29b-41d4-a716-446655440000", ["550E8400-E29B-41D4-A716-446655440000"], HEX, 0, id="UUID"
        ),
    ],
)
def test_the_only_candidate_that_fits(
    receipt_id: str, ids: list[str], conversion: IdConversion, found: int | None
) -> None:
    """Exact, then by case and zeros, then by base; two candidates are none."""
    assert match_message_id(receipt_id, dict(enumerate(ids)), conversion) == found


@pytest.mark.parametrize(
    ("receipt_id", "ids", "conversion"),
    [
        pytest.param("26", ["1A", "2B"], DECIMAL, id="decimal"),
        pytest.param("1A", ["26"], HEX, id="hexadecimal"),
        pytest.param("26", ["26", "1A"], NONE, id="fits without"),
        pytest.param("10", ["A", "16"], NONE, id="fits both ways"),
        pytest.param("x", ["1A"], NONE, id="fits no way"),
    ],
)
def test_a_conversion_is_offered_if_only_it_fits(receipt_id: str, ids: list[str], conversion: IdConversion) -> None:
    """A person decides about it."""
    assert find_conversion(receipt_id, dict(enumerate(ids))) == conversion
