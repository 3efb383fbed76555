"""Addresses of contacts, as they are stored."""

from __future__ import annotations

from modemd.store.consent import emails
from modemd.store.consent.emails import ContactEmailRow
from tests.store.bench import ALICE, BOB, Bench

ANA, BEN = "ana@example.com", "ben@example.com"


def test_an_address_belongs_to_several_numbers(bench: Bench) -> None:
    """A family with one address, and a person with two telephones."""
    for number, address in ((ALICE, ANA), (BOB, ANA), (BOB, BEN)):
        emails.add(bench.db, number, address, bench.now)
    assert emails.find_numbers(bench.db, [ANA, BEN, "nobody@example.com"]) == {ANA: (ALICE, BOB), BEN: (BOB,)}
    assert emails.count(bench.db, None) == 3
    assert emails.count(bench.db, BOB) == 2
    assert [row.address for row in emails.list_emails(bench.db, BOB)] == [ANA, BEN]


def test_the_list_goes_on_behind_a_row(bench: Bench) -> None:
    """No row is left out or listed twice, also where two numbers have one address."""
    for number, address in ((ALICE, ANA), (BOB, ANA), (BOB, BEN)):
        emails.add(bench.db, number, address, bench.now)
    first = emails.list_emails(bench.db, None, limit=1)[0]
    rest = emails.list_emails(bench.db, None, after=(first.address, first.number))
    assert [(row.address, row.number) for row in (first, *rest)] == [(ANA, ALICE), (ANA, BOB), (BEN, BOB)]


def test_an_address_that_is_added_again_stays(bench: Bench) -> None:
    """With the time at which it was stored first; removed, it is gone."""
    first = emails.add(bench.db, ALICE, ANA, bench.now)
    bench.passes(hours=1)
    assert emails.add(bench.db, ALICE, ANA, bench.now) == first
    removed: ContactEmailRow | None = emails.remove(bench.db, ALICE, ANA, bench.now)
    assert removed == first
    assert emails.remove(bench.db, ALICE, ANA, bench.now) is None
