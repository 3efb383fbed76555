"""Answers to test commands, as firmware gives them."""

from __future__ import annotations

import pytest

from modemd.at import offers
from modemd.errors import DecodeError


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("+CNMI: (0-3),(0-3),(0,2),(0,1),(0,1)", [{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 2}, {0, 1}, {0, 1}], id="SIM800"),
        pytest.param("+CNMI: (0-3),(0,1),(0,2,3),(0,2),(1)", [{0, 1, 2, 3}, {0, 1}, {0, 2, 3}, {0, 2}, {1}], id="MC75i"),
        pytest.param("+CNMI:(0-2),(0-3),(0,2),(0-2)", [{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}], id="no blank, four groups"),
        pytest.param("+CNMI: (0,1,2),(0,1),(0,2),(0),(1)", [{0, 1, 2}, {0, 1}, {0, 2}, {0}, {1}], id="a stick without reports"),
        pytest.param("+CNMI: (2),(0 - 1)", [{2}, {0, 1}], id="blanks in a range"),
        pytest.param("+CNMI: (3-1),(1-99999999999)", None, id="ranges that are none"),
        pytest.param("+CNMI: (),()", None, id="empty groups"),
        pytest.param("+CNMI: 2,1,0,0,0", None, id="no groups"),
        pytest.param("+CSQ: 1", None, id="another line"),
    ],
)  # fmt: skip
def test_values_that_parameters_may_have(line: str, offered: list[set[int]] | None) -> None:
    """Lists and ranges in parentheses; what says nothing is an error, and never a guess."""
    if offered is None:
        with pytest.raises(DecodeError):
            offers.parse_number_groups([line], "+CNMI")
    else:
        assert [set(group) for group in offers.parse_number_groups([line], "+CNMI")] == offered


@pytest.mark.parametrize(
    ("lines", "offered"),
    [
        pytest.param(['+CPMS: ("SM","ME"),("SM","ME"),("SM")'], [["SM", "ME"], ["SM", "ME"], ["SM"]], id="three groups"),
        pytest.param(['+CPMS: "ME","MT","SM"'], [["ME", "MT", "SM"]] * 3, id="ungrouped (MU609)"),
        pytest.param(['+CPMS: (("SM","BM","SR"),("SM"))'], [["SM", "BM", "SR"], ["SM"]], id="nested, two (Wavecom)"),
        pytest.param(["+CPMS: (SM,ME),(SM),(SM)"], [["SM", "ME"], ["SM"], ["SM"]], id="without quotes"),
        pytest.param(['+CPMS: ("SM","SM_P"),', '("SM","SM_P"),("SM")'], [["SM", "SM_P"], ["SM", "SM_P"], ["SM"]], id="two lines"),
        pytest.param(["+CPMS: (),(),()"], None, id="empty groups (Nokia)"),
        pytest.param(["+CPMS:"], None, id="nothing"),
        pytest.param([], None, id="a bare OK"),
    ],
)  # fmt: skip
def test_memories_by_place(lines: list[str], offered: list[list[str]] | None) -> None:
    """Grouped, ungrouped or nested: which memories each place takes."""
    if offered is None:
        with pytest.raises(DecodeError):
            offers.parse_memories(lines)
    else:
        assert [list(group) for group in offers.parse_memories(lines)] == offered
