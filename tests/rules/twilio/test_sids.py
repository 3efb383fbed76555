"""SIDs."""

from __future__ import annotations

import pytest

from modemd.rules.twilio.sids import (
    LARGEST_ID,
    MessageIdentity,
    is_account_sid,
    make_number_sid,
    make_service_sid,
    parse_message_sid,
)

ACCOUNT = "AC" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("identity", "sid"),
    [
        (MessageIdentity("out", 1), "SM" + "0" * 31 + "1"),
        (MessageIdentity("in", 255), "SM1" + "0" * 29 + "ff"),
        (MessageIdentity("out", LARGEST_ID), "SM0" + "0" * 15 + "7" + "f" * 15),
    ],
)
def test_a_message_has_a_sid(identity: MessageIdentity, sid: str) -> None:
    """Made of its id, and read back; SDKs check the form."""
    assert (identity.sid, len(sid)) == (sid, 34)
    assert parse_message_sid(sid) == identity
    assert parse_message_sid(sid.replace("SM", "MM")) == identity


@pytest.mark.parametrize(
    "sid",
    ["", "SM", "SM" + "0" * 32, "SM2" + "0" * 30 + "1", "SM0" + "f" * 31, "SM" + "0" * 30 + "1", f" SM{'0' * 31}1"],
)
def test_other_texts_are_no_sid(sid: str) -> None:
    """Among them an id that no database has."""
    assert parse_message_sid(sid) is None


def test_other_things_have_sids_of_their_own() -> None:
    """The pool is the account's; a number is its SIM's."""
    assert make_service_sid(ACCOUNT) == f"MG{ACCOUNT[2:]}"
    first, second = make_number_sid("8933010000000000010"), make_number_sid("unknown-in-west")
    assert first != second
    assert [len(each) for each in (first, second)] == [34, 34]
    assert is_account_sid(ACCOUNT)
    assert not is_account_sid(ACCOUNT[:-1])
