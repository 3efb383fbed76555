"""Layout of a table in the width that there is."""

from __future__ import annotations

import random

import pytest

from modemd.cli.show.table import GAP, LEAST_WIDTH, NOTHING, Layout, cut, display_width, lay_out, split


def test_a_table_that_fits_is_as_it_is() -> None:
    """Nothing is cut that need not be, and columns without a value stay."""
    assert lay_out(["id", "text"], [["1", NOTHING]], 20, [1]) == Layout((0, 1), (2, 4))
    assert lay_out(["text"], [["x" * 500]], None) == Layout((0,), (500,))


def test_columns_without_a_value_go_first() -> None:
    """They tell nothing, so nobody is told that they are missing."""
    assert lay_out(["reason", "text"], [[NOTHING, "x" * 12]], 12) == Layout((1,), (12,))


def test_the_widest_become_narrower_first() -> None:
    """A number of a telephone stays whole while a text is cut."""
    layout = lay_out(["to", "reason", "text"], [["+33612345678", "r" * 40, "t" * 90]], 82)
    assert layout.widths[0] == 12
    assert abs(layout.widths[1] - layout.widths[2]) <= 1
    assert sum(layout.widths) + 2 * len(GAP) == 82


def test_columns_are_spared_in_their_order() -> None:
    """The least important goes first, and no more of them than needed."""
    rows = [["a" * 20, "b" * 20, "c" * 20, "d" * 20]]
    assert lay_out(["a", "b", "c", "d"], rows, 86, [2, 1]).omitted == ()
    assert lay_out(["a", "b", "c", "d"], rows, 80, [2, 1]).omitted == (2,)
    assert lay_out(["a", "b", "c", "d"], rows, 60, [2, 1]).omitted == (1, 2)


def test_a_text_gives_way_before_a_column_does() -> None:
    """Its beginning tells which one it is; a reason has to be read."""
    assert lay_out(["parts", "text"], [["p" * 20, "t" * 90]], 40, [0]).omitted == ()
    assert lay_out(["parts", "reason"], [["p" * 20, "r" * 90]], 40, [0]).omitted == (0,)


@pytest.mark.parametrize("seed", range(50))
def test_no_table_is_wider_than_the_terminal(seed: int) -> None:
    """Whatever stands in it, as long as there is room for the narrowest columns."""
    dice = random.Random(seed)
    count = dice.randint(1, 9)
    rows = [[dice.choice("xyz漢") * dice.randint(1, 120) for _ in range(count)] for _ in range(5)]
    available = dice.randint(count * (LEAST_WIDTH + len(GAP)), 250)
    spare = dice.sample(range(count), dice.randint(0, count - 1))
    layout = lay_out(["h" * dice.randint(1, 12) for _ in range(count)], rows, available, spare)
    assert sum(layout.widths) + len(GAP) * (len(layout.widths) - 1) <= available
    assert {*layout.columns, *layout.omitted} == set(range(count))


@pytest.mark.parametrize("width", range(1, 30))
def test_a_text_that_is_split_is_all_there(width: int) -> None:
    """Piece by piece, with only blanks between, and no piece wider than its column."""
    text, pieces = "a remedy 漢字 that nobody may overlook: unlocktheSIMinaphone", []
    rest = text
    while rest:
        piece, rest = split(rest, width)
        pieces.append(piece)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(display_width(piece) <= max(width, 2) for piece in pieces)


@pytest.mark.parametrize("width", range(1, 12))
def test_a_cut_text_is_no_wider(width: int) -> None:
    """Also where the cut falls into a wide letter."""
    assert display_width(cut("a漢b漢c漢d", width)) <= width
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
