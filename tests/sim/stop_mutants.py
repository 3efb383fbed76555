"""Deliberate mistakes about STOP, each of which a law of `tests.sim.stops` or an existing test must catch:
`python -m tests.sim.stop_mutants [NAME ...]`.

A mistake replaces a few words in the source of one function, so it cannot outlive what it changes unseen.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import inspect
import io
import logging
import multiprocessing
import os
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest

from tests.sim import stops

TESTS = (
    "tests/service/consent", "tests/store/test_consent.py", "tests/rules/consent/test_keywords.py",
    "tests/rules/consent/test_phrasing.py", "tests/rules/test_sender_numbers.py", "tests/modem/messages/test_sender.py",
    "tests/store/test_store.py",
)  # fmt: skip
_LOADED = "ignore::pytest.PytestAssertRewriteWarning"  # modemd is loaded before pytest begins: the mistake is in it


@dataclass(frozen=True, slots=True)
class StopMutant:
    """A mistake: in the function `where` (module:name), `old` is written as `new`."""

    name: str
    what: str
    where: str
    old: str
    new: str


MUTANTS = (
    StopMutant(
        "start_before_the_stop",
        "a START that was said before the STOP counts",
        "modemd.store.consent:_is_newer_than_opt_out",
        "all(to_text(statement.stated_at) >= _find_time(row) for row in rows)",
        "True",
    ),
    StopMutant(
        "start_with_rubbish",
        "a START whose stamp is rubbish counts",
        "modemd.store.consent:_is_newer_than_opt_out",
        "not _is_credible(statement.stated_at, now):\n        return False",
        "not _is_credible(statement.stated_at, now):\n        return True",
    ),
    StopMutant(
        "stop_with_rubbish",
        "a STOP whose stamp is rubbish counts from that stamp",
        "modemd.store.consent:_find_time",
        "said_at if said_at is not None and _is_credible(from_text(said_at), from_text(at)) else at",
        "said_at or ''",
    ),
    StopMutant(
        "stamps_of_next_year",
        "any stamp that can be read is credible",
        "modemd.store.consent:_is_credible",
        "return stored_at - OLDEST_STAMP <= stamp <= stored_at + NETWORK_MARGIN",
        "return True",
    ),
    StopMutant(
        "epoch_at_the_second_prompt_only",
        "the consent epoch is looked at before the second prompt only",
        "modemd.modem.messages.sender:PartSender._write_at_prompt",
        "if self._outbound.consent_epoch != claimed.consent_epoch:",
        "if len(claimed.tpdu) != octets and self._outbound.consent_epoch != claimed.consent_epoch:",
    ),
    StopMutant(
        "epoch_before_the_second_prompt",
        "the consent epoch is not looked at again after the second prompt",
        "modemd.modem.messages.sender:PartSender._write_at_prompt",
        "if self._outbound.consent_epoch != claimed.consent_epoch:",
        "if len(claimed.tpdu) == octets and self._outbound.consent_epoch != claimed.consent_epoch:",
    ),
    StopMutant(
        "epoch_after_the_commit",
        "the consent epoch moves when the STOP is handed over, not before",
        "modemd.store.store:Store.write_consent",
        "self.consent_epoch += 1\n    return self.write(change)",
        "written = self.write(change)\n"
        "    written.add_done_callback(lambda _: setattr(self, 'consent_epoch', self.consent_epoch + 1))\n"
        "    return written",
    ),
    StopMutant(
        "part_of_a_stop",
        "a part of a long message moves no epoch",
        "modemd.service.inbox.inbound:InboundMessages._store_message",
        "arrival.total > 1 or ",
        "",
    ),
    StopMutant(
        "claim_without_consent",
        "a claim does not look at consent, and a STOP withdraws nothing that is queued",
        "modemd.store.consent:apply_statement",
        'cancel_waiting_messages(db, statement.number, MessageClass.MARKETING, now, "opted_out")',
        "0",
    ),
    StopMutant(
        "batches_without_consent",
        "what is accepted or promoted from a batch is held against nobody's consent",
        "modemd.store.outbox.accept:create_message",
        "policy.find_objection(new.message_class, new.number, consent.read_marketing(db, new.number))",
        "None",
    ),
    StopMutant(
        "stop_leaves_the_schedule",
        "a STOP withdraws what is queued, not what is held for later",
        "modemd.store.ending:cancel_waiting_messages",
        ".fetchall()",
        ".fetchall()\n    waiting = [each for each in waiting if each['state'] == 'queued']",
    ),
    StopMutant(
        "stop_leaves_the_rest",
        "a STOP withdraws messages, not the rest of one that has started",
        "modemd.store.ending:cancel_waiting_messages",
        ".fetchall()",
        ".fetchall()\n    waiting = [each for each in waiting if not each['started']]",
    ),
    StopMutant(
        "plus_or_nothing",
        "digits without a plus are never read as international",
        "modemd.rules.sender_numbers:read_sender",
        'for reading in (digits, digits.removeprefix("00"), digits.removeprefix("011")):',
        "for reading in ((digits,) if text.startswith('+') else ()):",
    ),
    StopMutant(
        "type_of_address_is_believed",
        "what is international by its type is read as it is",
        "modemd.rules.sender_numbers:read_sender",
        '    digits = text.removeprefix("+")\n',
        "    digits = text.removeprefix(\"+\")\n    if text.startswith('+'):\n        return SenderNumber(text)\n",
    ),
    StopMutant(
        "likeliest_only",
        "only the likeliest reading is bound",
        "modemd.service.consent.opt_out:OptOutRules.apply",
        "list(sender.others)",
        "list(sender.others[:0])",
    ),
    StopMutant(
        "no_country_no_stop",
        "a national number whose country is not known binds no contact",
        "modemd.store.consent:find_by_ending",
        'if digits in list_national_forms(row["number"])',
        "if False",
    ),
    StopMutant(
        "no_country_no_later_stop",
        "nor a number that is written to later",
        "modemd.store.consent:_is_bound_by_ending",
        'if not number.startswith("+")',
        "if True",
    ),
    StopMutant(
        "sim_without_a_country",
        "the country is the configured one, or none",
        "modemd.service.inbox.inbound:InboundMessages._read_sender",
        "sim_country.find_iccid_country(sender.id)",
        "None",
    ),
    StopMutant(
        "sibling_numbers",
        "every number that shares the last six digits is bound",
        "modemd.store.consent:find_by_ending",
        'if digits in list_national_forms(row["number"])',
        "if True",
    ),
    StopMutant(
        "anybody_undoes",
        "START in doubtful digits undoes what others have said themselves",
        "modemd.store.consent:is_bound_by_reading_alone",
        'row["channel"] == READING and ',
        "",
    ),
    StopMutant(
        "anybody_comes_in",
        "START of somebody who never said STOP is consent",
        "modemd.store.consent:apply_statement",
        "before is not Marketing.OPTED_OUT or ",
        "",
    ),
    StopMutant(
        "confirmed_each_time",
        "a STOP that is repeated is confirmed again",
        "modemd.store.consent:apply_statement",
        "if before is wanted:\n        return ConsentEffect(has_changed=False, needs_confirmation=False)",
        "if before is wanted:\n        return ConsentEffect(has_changed=False, needs_confirmation=True)",
    ),
    StopMutant(
        "strangers_are_answered",
        "a confirmation goes to whom nobody wrote",
        "modemd.store.consent:list_written_to",
        'AND written_at >= ?", (number, to_text(since))',
        '", (number,)',
    ),
    StopMutant(
        "answers_count_as_writing",
        "a confirmation makes its recipient one who was written to",
        "modemd.store.consent:list_written_to",
        "written_at >= ?",
        "coalesce(written_at, confirmed_at) >= ?",
    ),
    StopMutant(
        "premium_is_answered",
        "confirmations go to premium-rate numbers and satellites",
        "modemd.rules.sender_numbers:may_be_answered",
        "if find_country(number) is None:\n        return False\n    return",
        "return number.startswith('+')\n    return",
    ),
    StopMutant(
        "own_numbers_are_answered",
        "confirmations go to our own SIMs",
        "modemd.service.consent.opt_out:OptOutRules._find_recipient",
        "if not own.isdisjoint(meant):",
        "if False:",
    ),
    StopMutant(
        "no_limit",
        "confirmations are not counted",
        "modemd.store.consent:note_confirmation",
        "add_event(db, None, now, _CONFIRMATION_EVENT, message=message_id)",
        "pass",
    ),
    StopMutant(
        "signatures_are_read",
        "a signature is part of what was said",
        "modemd.rules.consent.phrasing:cut_signature",
        "return kept if kept.strip() else text",
        "return text",
    ),
    StopMutant(
        "invisible_characters_part_words",
        "a soft hyphen is a space",
        "modemd.rules.consent.keywords:normalise",
        'if unicodedata.category(character) == "Cf"',
        "if False",
    ),
    StopMutant(
        "courteous_opt_in",
        "START in more words is consent",
        "modemd.rules.consent.keywords:Keywords._find_opt_outs",
        " and keyword.action is KeywordAction.OPT_OUT",
        "",
    ),
)


@contextlib.contextmanager
def made(mutant: StopMutant) -> Iterator[None]:
    """Makes a mistake for a while. AssertionError if its words are not in the source any more."""
    module_name, _, path = mutant.where.partition(":")
    module = importlib.import_module(module_name)
    *owners, name = path.split(".")
    owner: Any = functools.reduce(getattr, owners, module)
    original = inspect.getattr_static(owner, name)
    source = textwrap.dedent(inspect.getsource(original))
    assert source.count(mutant.old) == 1, f"{mutant.name}: {mutant.where} has changed: nothing is mutated"
    # In the module's own names, but for the function itself.
    names = dict(vars(module))
    exec(compile(source.replace(mutant.old, mutant.new), f"<{mutant.name}>", "exec"), names)  # noqa: S102 - our own source
    function = names[name]
    wrong = _over(function, vars(module))
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(owner, name, wrong))
        for other in _importers(name, original):
            stack.enter_context(mock.patch.object(other, name, wrong))
        yield


def _over(function: Any, names: dict[str, Any]) -> Any:
    """Returns the function over the module's living names, so that other patches count in it too."""
    made_anew = type(function)(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    made_anew.__kwdefaults__ = function.__kwdefaults__
    return made_anew


def _importers(name: str, original: Any) -> list[Any]:
    """Returns the modules that have imported a function by its name."""
    return [
        module
        for key, module in list(sys.modules.items())
        if key.startswith("modemd.") and vars(module).get(name) is original
    ]


def caught(mutant: StopMutant) -> str | None:
    """Returns what has caught a mistake: the law that was broken first, or the test that failed. None: nothing has."""
    logging.disable(logging.CRITICAL)
    with made(mutant):
        try:
            found = stops.find_violations()
        except AssertionError as error:  # the scenario waited for what never came
            found = [f"the scenario ended: {error}"] if str(error) else []
        finally:
            logging.disable(logging.NOTSET)
        if found:
            return f"law: {found[0]}"
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = pytest.main(["-q", "-x", "-n0", "-p", "no:cacheprovider", "-W", _LOADED, *TESTS])
        failed = re.search(r"^FAILED ([^\n]*?)(?: - |$)", said.getvalue(), re.MULTILINE)
        return f"test: {failed[1]}" if status == pytest.ExitCode.TESTS_FAILED and failed else None


def _hunt(name: str) -> str | None:
    return caught(next(mutant for mutant in MUTANTS if mutant.name == name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these; none: all")
    given = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not given.names or mutant.name in given.names]
    # A process for each: what a mutant has broken is broken for nobody else.
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        found = list(pool.imap(_hunt, [mutant.name for mutant in chosen], chunksize=1))
    for mutant, by in zip(chosen, found, strict=True):
        sys.stdout.write(f"{mutant.name:32} {mutant.what}\n{'':32} {by or 'ESCAPED'}\n")
    sys.stdout.write(f"{sum(by is not None for by in found)} of {len(chosen)} caught\n")
    return 1 if None in found else 0


if __name__ == "__main__":
    sys.exit(main())
