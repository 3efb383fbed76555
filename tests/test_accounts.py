"""Names of users and groups, and numbers where there is no name."""

from __future__ import annotations

import os
import pwd

from modemd import accounts

NOBODYS = 3_999_999


def test_a_name_stands_for_a_number() -> None:
    """The account that runs this process is told by its name."""
    assert accounts.user_name(0) == accounts.group_name(0) == "root"
    assert accounts.current_user_name() == pwd.getpwuid(os.geteuid()).pw_name


def test_a_number_without_a_name_is_told_as_it_is() -> None:
    """A container may run as a number that no account has."""
    assert accounts.user_name(NOBODYS) == accounts.group_name(NOBODYS) == str(NOBODYS)
