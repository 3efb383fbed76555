from __future__ import annotations

import pytest

from modemd.smpp.statuses import LOCKING_STATUSES, CommandStatus, StatusClass, classify_status, describe_status


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("00", StatusClass.OK),
        ("58 14", StatusClass.THROTTLED),
        ("08 45 FF 64", StatusClass.AGAIN),
        ("0A 48 49 15", StatusClass.SENDER),
        ("0B 50 51 33", StatusClass.NUMBER),
        ("01 43 61 62 C0 C1 C2 C3 C4 104", StatusClass.MESSAGE),
        ("04 05 0D 0E 0F 53", StatusClass.SESSION),
        ("11 13 67 0C", StatusClass.OPERATION),
        ("100 101 102 103", StatusClass.ROUTE),
        ("02 03 65 66 FE 400 4FF 3FF FFFFFFFF", StatusClass.UNLISTED),
    ],
)
def test_each_code_has_a_class(codes: str, expected: StatusClass) -> None:
    """As the table of providers has them; what no table has is unlisted."""
    assert {classify_status(int(code, 16)) for code in codes.split()} == {expected}


def test_failover_is_closed_by_default() -> None:
    """Only where the message is surely not taken, and another route can differ."""
    allowed = {each for each in StatusClass if each.allows_failover}
    assert allowed == {
        StatusClass.THROTTLED,
        StatusClass.SENDER,
        StatusClass.SESSION,
        StatusClass.ROUTE,
        StatusClass.MONEY,
    }


def test_our_mistakes_and_unlisted_codes_raise_an_alarm() -> None:
    """A person must look at those."""
    assert {each for each in StatusClass if each.raises_alarm} == {StatusClass.MESSAGE, StatusClass.UNLISTED}


def test_a_route_says_what_its_vendor_means() -> None:
    """Its table goes before ours, but nothing makes a refusal of 0."""
    own = {0x401: StatusClass.OPTED_OUT, 0x402: StatusClass.MONEY, 0x0B: StatusClass.ROUTE, 0: StatusClass.NUMBER}
    assert [classify_status(code, own) for code in (0x401, 0x402, 0x0B, 0, 0x403)] == [
        StatusClass.OPTED_OUT,
        StatusClass.MONEY,
        StatusClass.ROUTE,
        StatusClass.OK,
        StatusClass.UNLISTED,
    ]


def test_statuses_are_described() -> None:
    """By name, and always with the code."""
    assert describe_status(CommandStatus.THROTTLED) == "throttled (0x58)"
    assert describe_status(0x410) == "status of the vendor (0x410)"
    assert describe_status(0x200) == "unlisted status (0x200)"


def test_a_wrong_password_is_not_tried_again_soon() -> None:
    """Providers lock accounts."""
    assert {0x0E, 0x0F} == LOCKING_STATUSES
