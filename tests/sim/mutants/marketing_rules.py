"""Mistakes against the rules of marketing: hours, what is asked again in the claim, the ledger, words, and the filter watch."""

from __future__ import annotations

from tests.sim.mutants.sources import SourceMutant as Mutant

_HOURS = "tests/rules/quiet_hours/test_quiet_hours_oracle.py"
_OPENINGS = "rules/quiet_hours/openings.py"
_CLAIM = "tests/store/queue/test_contact_holds.py"
_DECISION = "rules/send_decision.py"
_ASKED = "hold = rules.find_hold(facts.message_class, facts.number, facts.contact, now, facts.parts)"
_WORDS = "tests/rules/consent/words/test_decision.py"

MUTANTS = (
    Mutant(
        "hours_in_utc",
        "hours are those of UTC, not of the recipient",
        _OPENINGS,
        "for row in rows) for zone in zones}",
        'for row in rows) for zone in ("UTC",)}',
        _HOURS,
    ),
    Mutant(
        "holiday_of_the_utc_date",
        "a holiday is that of the date in UTC",
        _OPENINGS,
        "status = _find_status(row, holidays, country, today)",
        "utc = _EPOCH + (midnight + hours.opens * 60 - _find_offset(zone, midnight)) // DAY_S\n"
        "        status = _find_status(row, holidays, country, date.fromordinal(utc))",
        _HOURS,
    ),
    Mutant(
        "weekday_of_the_next_date",
        "the weekday is off by one",
        _OPENINGS,
        "hours = row.days[today.weekday()]",
        "hours = row.days[(today.weekday() + 1) % 7]",
        _HOURS,
    ),
    Mutant(
        "closing_is_open",
        "the minute in which hours end belongs to them",
        _OPENINGS,
        "opens, closes = midnight + hours.opens * 60, midnight + hours.closes * 60",
        "opens, closes = midnight + hours.opens * 60, midnight + hours.closes * 60 + 60",
        _HOURS,
    ),
    Mutant(
        "no_time_to_send",
        "a message begins a moment before the closing",
        "rules/quiet_hours/quiet_hours.py",
        "at + SECONDS_PER_PART * parts <= openings.known[index]",
        "at <= openings.known[index]",
        "tests/rules/quiet_hours",
    ),
    Mutant(
        "summer_time_ignored",
        "the offset at the opening counts for the closing, too",
        _OPENINGS,
        "if before == after:",
        "if True:",
        _HOURS,
    ),
    Mutant(
        "any_zone_will_do",
        "one possible zone that is open is enough",
        _OPENINGS,
        "levels.append(_intersect(by_zone))",
        "levels.append(_merge([each for of_zone in by_zone for each in of_zone]))",
        _HOURS,
    ),
    Mutant(
        "hours_at_the_acceptance_only",
        "a claim does not ask for quiet hours again",
        _DECISION,
        _ASKED,
        f"{_ASKED}\n"
        "    if hold is not None and hold.reason in (RefusalCode.QUIET_HOURS, RefusalCode.PUBLIC_HOLIDAY):\n"
        "        hold = None",
        _CLAIM,
    ),
    Mutant(
        "caps_at_the_acceptance_only",
        "a claim does not ask for the caps again",
        _DECISION,
        _ASKED,
        f"{_ASKED}\n    if hold is not None and hold.reason is RefusalCode.FREQUENCY_CAP:\n        hold = None",
        _CLAIM,
    ),
    Mutant(
        "review_at_the_acceptance_only",
        "a claim does not ask for open reviews again",
        _DECISION,
        _ASKED,
        f"{_ASKED}\n    if hold is not None and hold.reason is RefusalCode.UNDER_REVIEW:\n        hold = None",
        _CLAIM,
    ),
    Mutant(
        "list_at_the_acceptance_only",
        "a claim does not ask whether the list was left",
        _DECISION,
        "rules.find_objection(facts.message_class, facts.number, facts.contact)",
        "rules.find_objection(facts.message_class, facts.number, ContactFacts(facts.contact.marketing))",
        _CLAIM,
    ),
    Mutant(
        "review_holds_nothing",
        "an open review is not read",
        "store/consent/contact_facts.py",
        "review_until=reviews.read_hold_until(db, number),",
        "review_until=None,",
        _CLAIM,
    ),
    Mutant(
        "country_not_asked",
        "the country is not asked for when a message is accepted",
        "store/outbox/accept.py",
        "rules.find_objection(new.message_class, new.number, contact)",
        "rules.consent.find_objection(new.message_class, new.number, contact.marketing, contact.list_state)",
        _CLAIM,
    ),
    Mutant(
        "ledger_row_dropped",
        "a statement changes the consent, and leaves no row in the ledger",
        "store/consent/statements.py",
        "ledger.add(db, _make_entry(statement), now)",
        "_make_entry(statement)",
        "tests/store/consent",
    ),
    Mutant(
        "chain_without_the_row_before",
        "a row of the ledger is not bound to the row before it",
        "store/consent/ledger.py",
        "[previous.hex(), id, at, action, digest.hex()]",
        '["", id, at, action, digest.hex()]',
        "tests/store/consent/test_verification.py",
    ),
    Mutant(
        "erased_opt_out_forgotten",
        "an erased number that had opted out is on no list",
        "store/keyed_hashes/suppression.py",
        "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        "SELECT ?, ?, ?, ? WHERE 0",
        "tests/store/contacts/test_erasure.py",
    ),
    Mutant(
        "suppression_not_asked",
        "a contact that is made anew is not looked up",
        "store/keyed_hashes/suppression.py",
        "since = find_suppression(db, number)",
        "since = None",
        "tests/store/contacts/test_erasure.py",
    ),
    Mutant(
        "answers_without_a_limit",
        "the answers of an hour are counted, and bound nothing",
        "rules/consent/answers.py",
        "if facts.count_hour >= limits.per_hour:",
        "if False:",
        "tests/rules/consent/test_answers.py",
    ),
    Mutant(
        "machines_are_answered",
        "a sentence after an automatic answer is answered, and so is each word",
        "rules/consent/answers.py",
        "or _find_repetition(facts) or",
        "or",
        "tests/rules/consent/test_answers.py",
    ),
    Mutant(
        "likeness_opts_out",
        "what is perhaps an opt-out is taken for one",
        "rules/consent/words/decision.py",
        "is_sure = match.tier is not MatchTier.AMBIGUOUS",
        "is_sure = True",
        _WORDS,
    ),
    Mutant(
        "yes_without_a_question",
        "YES is an opt-in of somebody who was not asked and has not opted out",
        "rules/consent/words/decision.py",
        "if state is ConsentState.OPTED_OUT:\n        return _make(match, InboundAction.OPT_IN",
        "if True:\n        return _make(match, InboundAction.OPT_IN",
        _WORDS,
    ),
    Mutant(
        "yes_to_another_question",
        "YES counts although another question is open",
        "rules/consent/words/decision.py",
        'if open_answers is not None:\n        return _make_nothing(match, f"{match.word} may answer',
        'if False:\n        return _make_nothing(match, f"{match.word} may answer',
        _WORDS,
    ),
    Mutant(
        "watch_pauses_everything",
        "a filtered SIM sends nothing at all",
        "service/operations/filter_watch.py",
        "self._pause(MessageClass.MARKETING, each.sim,",
        "self._pause(None, each.sim,",
        "tests/sim/operations/test_filter_watch.py",
    ),
)
