"""Rows of a CSV: files as spreadsheet programs save them, and files that are no list of messages at all."""

from __future__ import annotations

import pytest

from modemd.service.messages.csv_encoding import FileContent
from modemd.service.messages.csv_rows import LONGEST_ROW, MOST_EMPTY, NO_OPTIONS, FileOptions, parse_rows
from modemd.service.messages.submission import LONGEST_TEXT, MessageRequest

HELLO = MessageRequest("+33612345678", "hello, you", "otp")


def found(text: str, options: FileOptions = NO_OPTIONS) -> list[tuple[int, MessageRequest | str]]:
    """The rows of a text that have a value, each with its line."""
    content = FileContent(text.encode(), "utf-8-sig", b"")
    return [(row.line, row.found) for row in parse_rows(content, options) if row.found is not None]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param('to,text,class\n+33612345678,"hello, you",otp\n', 2, id="commas"),
        pytest.param("To;Text;Class\r\n+33612345678;hello, you;otp\r\n", 2, id="names with capitals"),
        pytest.param("to;text;class\r\n+33612345678;hello, you;otp\r\n", 2, id="semicolons of a French Excel"),
        pytest.param("\ufeffto;text;class\r\n+33612345678;hello, you;otp\r\n", 2, id="a byte order mark"),
        pytest.param("to\ttext\tclass\n+33612345678\thello, you\totp\n", 2, id="tabs"),
        pytest.param("sep=;\r\nto;text;class\r\n+33612345678;hello, you;otp\r\n", 3, id="sep= of Excel"),
        pytest.param('"sep=,"\nto,text,class\n+33612345678,"hello, you",otp\n', 3, id="sep= in quotes"),
        pytest.param("SEP=|\nto|text|class\n+33612345678|hello, you|otp\n", 3, id="another separator"),
        pytest.param('to,text,class,,\n+33612345678,"hello, you",otp,,\n,,,,\n', 2, id="columns that were cleared"),
        pytest.param('\r\n\r\nto,text,class\n\n+33612345678,"hello, you",otp\n', 5, id="empty lines"),
    ],
)
def test_a_file_of_a_spreadsheet_is_read(text: str, line: int) -> None:
    """Separators, first line and empty columns are as the program that saved the file likes them."""
    assert found(text) == [(line, HELLO)]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        pytest.param(
            "Nom;Mobile;Message\nAnna;+33612345678;hello, you\n",
            FileOptions(message_class="otp", to_column="mobile", text_column="MESSAGE"),
            HELLO,
            id="columns of other names",
        ),
        pytest.param(
            "to\n+33612345678\n", FileOptions(text="hello, you", message_class="otp"), HELLO, id="numbers alone"
        ),
        pytest.param(
            "to,text,class,at\n+33612345678,hi,,18:00\n",
            FileOptions(
                text="x", message_class="otp", at="9:00", valid="2h", window="9:00-12:00", sim="1", report=False
            ),
            MessageRequest(
                "+33612345678", "hi", "otp", "18:00", report=False, valid="2h", window="9:00-12:00", sim="1"
            ),
            id="what a row says itself counts",
        ),
        pytest.param(
            "to,text,at\n36111,hi, \n",
            FileOptions(message_class="otp", at="9:00", short_code=True),
            MessageRequest("36111", "hi", "otp", "9:00", short_code=True),
            id="an empty value says nothing",
        ),
        pytest.param(
            "to,text,list\n36111,hi,\n",
            FileOptions(message_class="marketing", list_name="promo", short_code=True),
            MessageRequest("36111", "hi", "marketing", short_code=True, list_name="promo"),
            id="a list for all rows",
        ),
        pytest.param(
            "to,text,list\n36111,hi, news \n",
            FileOptions(message_class="marketing", list_name="promo", short_code=True),
            MessageRequest("36111", "hi", "marketing", short_code=True, list_name="news"),
            id="a list of its own",
        ),
    ],
)
def test_options_are_for_all_rows_that_do_not_say_it(text: str, options: FileOptions, expected: MessageRequest) -> None:
    """A file needs only the columns in which its rows differ, and they may have any name."""
    assert [row for _, row in found(text, options)] == [expected]


def test_columns_without_a_meaning_are_passed_over_with_a_warning() -> None:
    """A list of customers has more columns than a message; a person sees which are not used."""
    content = FileContent(b"To,Text,Class,Pr\xc3\xa9nom,att\n1,x,otp,Anna,now\n", "utf-8-sig", b"")
    head, row = parse_rows(content)
    assert head.warnings == ("'Prénom', 'att' are not used; the columns are to,text,class[,at,key,list]",)
    assert row.found == MessageRequest("1", "x", "otp")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("to,text,class,\n1,x,otp,y\n", (2, "has a value in column 4, which has no name"), id="no name"),
        pytest.param("to;text;class\n1;x\n", (2, "has 2 fields, the first line 3"), id="a field is missing"),
        pytest.param("sep=", (1, "no column to, no column text, no column class, unknown column 'sep='"), id="sep"),
        pytest.param("to,text,class\n1,x,y\n2,a\0b\n", (3, "has 2 fields, the first line 3"), id="NUL"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(text: str, problem: tuple[int, str]) -> None:
    """The last row found is the wrong one: its line, and what is wrong with it."""
    line, said = found(text)[-1]
    assert line == problem[0]
    assert isinstance(said, str)
    assert said.startswith(problem[1])


def test_the_longest_text_fits_into_a_row() -> None:
    """A row takes the longest text even if each of its characters is doubled, as quotation marks are."""
    text = '"' * LONGEST_TEXT
    quoted = text.replace('"', '""')
    assert found(f'to,text,class\n1,"{quoted}",otp\n') == [(2, MessageRequest("1", text, "otp"))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("," * (LONGEST_ROW + 1), id="names that are commas only"),
        pytest.param("to,text,class\n" + "," * (LONGEST_ROW + 1), id="commas only"),
        pytest.param('to,text,class\n"' + "\n" * (LONGEST_ROW + 1), id="a quotation of line ends"),
        pytest.param("to,text,class\n" + ('"' + "\n" * 1000 + '",') * 140, id="many fields of many lines"),
    ],
)
def test_a_row_without_an_end_ends_the_reading(text: str) -> None:
    """Not more than one row's characters are kept: 32 MiB of commas took gigabytes."""
    _, said = found(text)[-1]
    assert isinstance(said, str)
    assert f"more than {LONGEST_ROW} characters" in said


def test_unknown_columns_are_not_all_listed() -> None:
    """A file that is no list of messages gets a short answer."""
    ((line, said),) = found(",".join(f"c{number}" for number in range(10_000)))
    assert line == 1
    assert isinstance(said, str)
    assert "and 9995 more unknown columns" in said
    assert len(said) < 500


def test_rows_without_a_value_have_an_end() -> None:
    """Rows that were cleared are passed over, but not millions of them."""
    assert found("to,text,class\n" + ",,\n" * MOST_EMPTY + "1,x,otp\n") == [
        (MOST_EMPTY + 2, MessageRequest("1", "x", "otp"))
    ]
    assert found("\n" * (MOST_EMPTY + 1)) == [
        (MOST_EMPTY + 1, f"more than {MOST_EMPTY} rows have no value; delete them")
    ]
