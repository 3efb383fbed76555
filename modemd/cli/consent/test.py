"""`modemd consent test`: what would follow from an inbound text, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from modemd.api.documents import document
from modemd.cli import options
from modemd.cli.client import call_api
from modemd.cli.output import echo, print_json, print_sentence, printable
from modemd.config import Settings, load
from modemd.errors import NoDatabase
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.decision import ConsentState, make_answer_words
from modemd.rules.consent.words.matching import Words
from modemd.rules.consent.words.trial import TrialFacts, try_text
from modemd.service.consent.words import make_facts


def _find_if_there(context: click.Context, option: click.Parameter, given: Path | None) -> Path | None:
    """Returns the configuration file that is named, or the first that is there; None if none is."""
    return given if given is not None else next(filter(options.is_there, options.CONFIG_PLACES), None)


@options.command()
@options.config_option(_find_if_there)
@click.argument("text")
@click.option("--from", "sender", required=True, metavar="NUMBER", help="Who sends the text.")
@click.option(
    "--state",
    type=click.Choice([each.value for each in ConsentState]),
    help="Where the sender stands. Without this option: as it is stored; none if nothing is.",
)
@click.option(
    "--answers", metavar="WORDS", help="Answers that a message of the last 24 hours asked for, separated by commas."
)
@options.as_json
def test(config: Path | None, text: str, sender: str, state: str | None, answers: str | None, as_json: bool) -> None:
    """Say what would follow from an inbound text, and why. Nothing is stored and nothing is sent.

    It also works without a configuration and without a database: then the words that come with modemd count.
    """
    settings = load(config) if config is not None else None
    found = _ask(settings, text, sender, state, answers)
    if as_json:
        print_json(found)
        return
    tier = f" (tier {found['tier']})" if found["tier"] is not None else ""
    print_sentence(f"{found['action']}{tier}: {printable(found['because'])}")
    if found["list"] is not None:
        echo(f"list: {printable(found['list'])}")
    if found["reply"] is not None:
        print_sentence(f"reply ({found['language']}): {printable(found['reply'])}")


def _ask(settings: Settings | None, text: str, sender: str, state: str | None, answers: str | None) -> dict[str, Any]:
    if settings is not None:
        query = {"text": text, "from": sender, "state": state, "answers": answers}
        try:
            found: dict[str, Any] = call_api(settings, "GET", "/v1/consent/test", query=query)
        except NoDatabase:
            pass
        else:
            return found
    known = ConsentState(state) if state is not None else ConsentState.NONE
    facts = make_facts(settings, sender, known) if settings is not None else TrialFacts(sender, known)
    if answers is not None:
        facts = replace(facts, open_answers=make_answer_words(answers.split(",")))
    words = Words.load(any_stop_counts=settings.consent.any_stop) if settings is not None else Words.load()
    return document(try_text(text, words, Texts.load(), facts))
