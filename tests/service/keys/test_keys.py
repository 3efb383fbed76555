"""API keys: whose a secret is, and what it may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from modemd.errors import Refused
from modemd.service.keys.keys import ApiKeys, KeyRequest
from tests.service.assembled import AssembledService, all_rows, assembled_service

HERE = "10.0.0.1"


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path) as assembled:
        yield assembled


@pytest.fixture
def keys(assembled: AssembledService) -> ApiKeys:
    return assembled.service.keys


async def code(keys: ApiKeys, secret: str, user: str | None = None) -> str | None:
    """The code of the refusal of a secret; None if it is taken."""
    try:
        if user is None:
            await keys.authenticate(secret, HERE)
        else:
            await keys.authenticate_basic(user, secret, HERE)
    except Refused as refused:
        return str(refused.code)
    return None


async def test_a_key_is_known_by_its_secret_and_by_its_account(keys: ApiKeys) -> None:
    """Bearer, Basic with the key as password, Basic with account and token: the same caller."""
    issued = await keys.create(KeyRequest("shop", ("messages:write",)))
    assert issued.auth_token is not None
    callers = [
        await keys.authenticate(issued.key, HERE),
        await keys.authenticate_basic("anybody", issued.key, HERE),
        await keys.authenticate_basic(issued.row.account_sid, issued.auth_token, HERE),
    ]
    assert {(each.key, each.name, each.address) for each in callers} == {(issued.row.id, "shop", HERE)}
    assert callers[0].account_sid == issued.row.account_sid
    assert keys.find_auth_token(issued.row.id) == issued.auth_token
    assert keys.find_account_sid(issued.row.id) == issued.row.account_sid


async def test_no_secret_is_stored(keys: ApiKeys, assembled: AssembledService) -> None:
    """Neither the key nor the token is anywhere in the database or its log."""
    issued = await keys.create(KeyRequest("shop", ("all",)))
    await keys.authenticate(issued.key, HERE)
    folder = assembled.settings.database.parent
    content = b"".join(path.read_bytes() for path in folder.glob("modemd.db*") if path.is_file())
    assert b"shop" in content
    assert issued.auth_token is not None
    for secret in (issued.key, issued.auth_token):
        assert secret.encode() not in content


@pytest.mark.parametrize(
    ("secret", "user"),
    [("", None), ("mk_wrong", None), ("", "AC0"), ("wrong", "AC0"), ("\ud800", None), ("é", "é"), ("", "")],
)
async def test_a_wrong_secret_is_refused(keys: ApiKeys, secret: str, user: str | None) -> None:
    """Whatever it is made of."""
    await keys.create(KeyRequest("shop", ("all",)))
    assert await code(keys, secret, user) == "unauthorized"


async def test_the_token_of_another_account_is_refused(keys: ApiKeys) -> None:
    """A token belongs to its account."""
    one, other = [await keys.create(KeyRequest(name, ("all",))) for name in ("one", "other")]
    assert other.auth_token is not None
    assert await code(keys, other.auth_token, one.row.account_sid) == "unauthorized"


async def test_an_expired_and_a_revoked_key_are_refused_alike(keys: ApiKeys, assembled: AssembledService) -> None:
    """Nothing tells them from a wrong one."""
    soon = assembled.clock.now() + timedelta(hours=1)
    short = await keys.create(KeyRequest("short", ("all",), expires_at=soon))
    gone = await keys.create(KeyRequest("gone", ("all",)))
    assert (await code(keys, short.key), await code(keys, gone.key)) == (None, None)
    await keys.revoke(gone.row.id)
    assembled.clock.passes(hours=1)
    for issued in (short, gone):
        assert issued.auth_token is not None
        assert await code(keys, issued.key) == "unauthorized"
        assert await code(keys, issued.auth_token, issued.row.account_sid) == "unauthorized"
    assert await keys.has_keys() is False


async def test_after_a_rotation_both_secrets_are_valid_for_a_while(keys: ApiKeys, assembled: AssembledService) -> None:
    """The account stays; the old secret and token end with the overlap."""
    old = await keys.create(KeyRequest("shop", ("all",)))
    new = await keys.rotate(old.row.id, timedelta(hours=2))
    assert new.row.account_sid == old.row.account_sid
    assert {new.key, new.auth_token}.isdisjoint({old.key, old.auth_token})
    assert old.auth_token is not None
    assert new.auth_token is not None
    for passed, valid in ((0, None), (3, "unauthorized")):
        assembled.clock.passes(hours=passed)
        assert await code(keys, old.key) == valid
        assert await code(keys, old.auth_token, old.row.account_sid) == valid
        assert await code(keys, new.key) is None
        assert await code(keys, new.auth_token, new.row.account_sid) is None


async def test_failed_tries_are_slowed_down_and_a_valid_key_is_not(keys: ApiKeys) -> None:
    """Somebody who guesses waits; whoever has the key does not, from the same address."""
    issued = await keys.create(KeyRequest("shop", ("all",)))
    codes = [await code(keys, "mk_guess") for _ in range(12)]
    assert codes == ["unauthorized"] * 10 + ["too_many_tries"] * 2
    assert await code(keys, issued.key) is None


async def test_a_key_may_make_so_many_requests_a_minute(keys: ApiKeys) -> None:
    """The one too many is refused."""
    issued = await keys.create(KeyRequest("shop", ("all",), per_minute=2))
    caller = await keys.authenticate(issued.key, HERE)
    keys.check_rate(caller)
    keys.check_rate(caller)
    with pytest.raises(Refused, match="2 requests a minute"):
        keys.check_rate(caller)


async def test_a_budget_is_for_a_day_and_counts_what_was_accepted(keys: ApiKeys, assembled: AssembledService) -> None:
    """What was not accepted is given back; a restart forgets nothing; the next day begins anew."""
    issued = await keys.create(KeyRequest("shop", ("all",), per_day=3))
    caller = await keys.authenticate(issued.key, HERE)
    async with keys.spending(caller, 3) as spending:
        spending.accepted = 2
    again = ApiKeys(assembled.store, assembled.clock, lambda: 0.0)
    caller = await again.authenticate(issued.key, HERE)
    with pytest.raises(Refused, match="has 1 left") as refused:
        async with again.spending(caller, 2):
            pass
    assert refused.value.code == "budget_spent"
    with pytest.raises(ValueError, match="it failed"):
        async with again.spending(caller, 1):
            raise ValueError("it failed")
    async with again.spending(caller, 1) as spending:
        spending.accepted = 1
    assembled.clock.passes(days=1)
    async with again.spending(caller, 3) as spending:
        spending.accepted = 3


async def test_a_name_is_free_again_after_its_key_was_revoked(keys: ApiKeys) -> None:
    """Two keys in use never have one name."""
    first = await keys.create(KeyRequest("shop", ("all",)))
    with pytest.raises(Refused, match="there is an API key"):
        await keys.create(KeyRequest("shop", ("all",)))
    await keys.revoke(first.row.id)
    second = await keys.create(KeyRequest("shop", ("all",)))
    assert [row.revoked_at is None for row in await all_rows(await keys.list_keys())] == [False, True]
    assert second.row.account_sid != first.row.account_sid


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (KeyRequest("", ("all",)), "bad_name"),
        (KeyRequest("x" * 61, ("all",)), "bad_name"),
        (KeyRequest("a\x07b", ("all",)), "bad_text"),
        (KeyRequest("shop", ()), "bad_scope"),
        (KeyRequest("shop", ("all", "everything")), "bad_scope"),
        (KeyRequest("shop", ("all",), per_minute=0), "bad_limit"),
        (KeyRequest("shop", ("all",), per_day=0), "bad_limit"),
    ],
)
async def test_a_wrong_wish_is_refused(keys: ApiKeys, wish: KeyRequest, refusal: str) -> None:
    """Nothing is made."""
    with pytest.raises(Refused) as refused:
        await keys.create(wish)
    assert (refused.value.code, await all_rows(await keys.list_keys())) == (refusal, [])


async def test_without_the_key_of_the_ledger_no_token_is_valid(keys: ApiKeys, assembled: AssembledService) -> None:
    """A token that anybody could compute opens nothing; the key itself still does."""
    issued = await keys.create(KeyRequest("shop", ("all",)))
    await assembled.store.write(lambda db: db.execute("UPDATE api_key SET derived_with = ''"))
    again = ApiKeys(assembled.store, assembled.clock, lambda: 0.0)
    await again.load()
    assert again.find_auth_token(issued.row.id) is None
    assert issued.auth_token is not None
    account = (await all_rows(await again.list_keys()))[0].account_sid
    for password in ("", issued.auth_token):
        assert await code(again, password, account) == "unauthorized"
    assert await code(again, issued.key) is None


async def test_a_name_is_no_number(keys: ApiKeys) -> None:
    """A number means an id."""
    with pytest.raises(Refused, match="name with a letter"):
        await keys.create(KeyRequest("123", ("all",)))


async def test_a_key_for_a_sim_names_one(keys: ApiKeys, assembled: AssembledService) -> None:
    """What is no ICCID is refused. A SIM that was never met may be put in later: the key is made, with a warning."""
    with pytest.raises(Refused, match="is no ICCID") as refused:
        await keys.create(KeyRequest("shop", ("all",), ("+33612345678",)))
    assert refused.value.code == "bad_sim"
    issued = await keys.create(KeyRequest("shop", ("all",), ("8933010000000000010",) * 2))
    assert issued.row.lines == ("8933010000000000010",)
    (warning,) = issued.warnings
    assert "was never met" in warning
    assert (await keys.rotate(issued.row.id, timedelta(0))).warnings == ()
