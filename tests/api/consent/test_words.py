"""The routes of the words of consent."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.timestamps import to_text
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, assembled_service

ALICE = "+33612345678"
TRY = f"/v1/consent/test?from=%2B{ALICE[1:]}&text="
JANE = {"by": "jane", "why": "customers write it"}


async def test_a_word_counts_as_soon_as_it_is_added(tmp_path: Path) -> None:
    """Added, reassigned and disabled: each at once, in the running service, and after it was opened again."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        new = {"word": "Terminé", "action": "opt_out", "language": "fr"} | JANE
        for kind, body, action in (
            ("add", new, "opt_out"),
            ("reassign", new | {"action": "help"}, "help"),
            ("disable", {"word": "termine", "country": "FR"} | JANE, "none"),
        ):
            assert (await client.post(f"/v1/consent/words/{kind}", body)).status == 200
            assert (await client.get(f"{TRY}termine")).json["action"] == action
            word = assembled.service.consent.current_words.current().match("TERMINÉ", country="FR")
            assert (word.action.value if word is not None else "none") == action
        await assembled.service.know_time()
        assert (await client.get(f"{TRY}termine")).json["action"] == "none"
        assert (await client.get("/v1/consent/test?from=%2B3212345678&text=termine")).json["action"] == "help"


async def test_words_are_listed_with_their_changes(tmp_path: Path) -> None:
    """Those that come with modemd have their source; a change says who, why and when."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        await client.post("/v1/consent/words/disable", {"word": "FIN"} | JANE)
        found = (await client.get("/v1/consent/words?language=fr")).json
        assert {"fr"} <= {tag for row in found for tag in row["languages"]}
        everything = (await client.get("/v1/consent/words")).json
        fin = [row for row in everything if row["word"] == "FIN"]
        assert [(row["state"], row["action"], row["by"]) for row in fin] == [("disable", None, "jane")]
        stop = next(row for row in everything if row["word"] == "STOP")
        assert stop["source"].startswith("Twilio")


async def test_changes_that_are_not_allowed(tmp_path: Path) -> None:
    """Fixed words, words that are there already or not at all, no reason, no such country or language."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        new = {"word": "Terminé", "action": "opt_out", "language": "fr"} | JANE
        for kind, body, status, code in (
            ("add", new | {"word": "STOP"}, 409, "fixed_word"),
            ("disable", {"word": "Start"} | JANE, 409, "fixed_word"),
            ("add", new | {"word": "FIN"}, 409, "name_taken"),
            ("add", new | {"word": "..."}, 422, "bad_word"),
            ("add", new | {"country": "France"}, 422, "bad_word"),
            ("add", new | {"language": "French"}, 422, "bad_word"),
            ("add", new | {"why": " "}, 422, "no_reason"),
            ("disable", {"word": "nothing"} | JANE, 404, "not_found"),
        ):
            answer = await client.post(f"/v1/consent/words/{kind}", body)
            assert (answer.status, answer.json["code"]) == (status, code), body
        assert (await client.get("/v1/consent/words")).json[0]["state"] == "shipped"


async def test_a_trial_uses_what_is_stored_and_stores_nothing(tmp_path: Path) -> None:
    """Without a state in the question, the person's own counts; open answers shadow ordinary words."""
    async with assembled_service(tmp_path, country="FR", brand="Chez Paul") as assembled:
        client = Client(narrow_app(assembled.service))
        assert (await client.get(f"{TRY}OUI")).json["action"] == "none"
        said = ConsentStatement(ALICE, False, "stop", "de", "sms")
        await assembled.store.write(lambda db: statements.apply_statement(db, said, NOON))
        back = (await client.get(f"{TRY}OUI")).json
        assert (back["action"], back["state"], back["tier"], back["language"]) == ("opt_in", "opted_out", 1, "fr")
        assert back["reply"].startswith("Chez Paul")
        assert (await client.get(f"{TRY}START")).json["language"] == "de"
        assert (await client.get(f"{TRY}OUI&state=pending")).json["action"] == "confirm"
        assert (await client.get(f"{TRY}OUI&answers=oui,non")).json["action"] == "none"
        events = await assembled.store.read(lambda db: db.execute("SELECT count(*) FROM consent_event").fetchone()[0])
        assert events == 1


async def test_a_trial_knows_the_questions_and_the_lists_that_are_open(tmp_path: Path) -> None:
    """A question of a message that was sent shadows its answers; a join word subscribes, as the daemon reads it."""
    async with assembled_service(
        tmp_path, country="FR", brand="Chez Paul", consent={"lists": {"promo": {"title": "Offres", "join": ["PROMO"]}}}
    ) as assembled:
        client = Client(narrow_app(assembled.service))
        found = (await client.get(f"{TRY}promo")).json
        assert (found["action"], found["list"], found["language"]) == ("opt_in", "promo", "fr")
        assert "Offres" in found["reply"]
        assert (await client.get(f"{TRY}FIN")).json["action"] == "opt_out"
        asked = {"to": ALICE, "text": "Oui ou fin ?", "answers": ["FIN"]}
        assert (await client.post("/v1/messages", asked)).status == 202
        assert (await client.get(f"{TRY}FIN")).json["action"] == "opt_out"
        await assembled.store.write(_send)
        assert (await client.get(f"{TRY}FIN")).json["action"] == "none"


def _send(db: sqlite3.Connection) -> None:
    """Stores that the message was sent."""
    db.execute(
        """INSERT INTO attempt (part_id, message_id, number, sim, modem, opened_at, outcome)
           SELECT id, message_id, number, '8933010000000000010', 'west', ?, 'sent' FROM part""",
        (to_text(NOON),),
    )
