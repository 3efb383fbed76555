"""Mistakes in the texts that modemd itself writes, in the notice, and in the bounds of automatic answers."""

from __future__ import annotations

from tests.sim.mutants.sources import SourceMutant as Mutant

MUTANTS = (
    Mutant(
        "notice_forgotten",
        "the notice is added to no first message",
        "rules/consent/notice.py",
        "(not was_noticed or demands.every_message or not can_reply)",
        "(demands.every_message or not can_reply)",
        "tests/rules/consent/test_notice.py",
    ),
    Mutant(
        "notice_not_asked_for",
        "marketing is stored as it was submitted",
        "store/outbox/accept.py",
        "notices.finish(db, new, rules) if objection is None else final",
        "final",
        "tests/store/outbox/test_notices.py",
    ),
    Mutant(
        "noticed_by_a_refusal",
        "a message that the network refused counts as one that told how to end it",
        "store/queue/outcomes.py",
        'if part["has_notice"] and state in _SENT:',
        'if part["has_notice"]:',
        "tests/store/outbox/test_notices.py",
    ),
    Mutant(
        "notice_once_everywhere",
        "countries that want the notice in each message get it once",
        "rules/consent/notice.py",
        "(not was_noticed or demands.every_message or not can_reply)",
        "(not was_noticed or not can_reply)",
        "tests/rules/consent/test_notice.py",
    ),
    Mutant(
        "notice_taken_for_granted",
        "an offer that contains the letters STOP counts as one with a notice",
        "rules/consent/opt_out_mention.py",
        "((bare.isupper() and not shouts)",
        "((True)",
        "tests/rules/consent/test_opt_out_mention.py",
    ),
    Mutant(
        "brand_makes_a_segment",
        "a long brand makes a second segment of a reply",
        "rules/consent/texts/texts.py",
        "return next((text for text in texts if count_segments(text) <= segments), None)",
        "return next(iter(texts), None)",
        "tests/rules/consent/texts/test_texts.py",
    ),
    Mutant(
        "automatic_answers_answered",
        "a sentence that follows our answer is answered again",
        "rules/consent/answers.py",
        "if facts.answered and not is_bare_word(facts.text):",
        "if False:",
        "tests/rules/consent/test_answers.py",
    ),
    Mutant(
        "answers_to_a_block_of_numbers",
        "answers are not counted by the block of numbers",
        "rules/consent/answers.py",
        "if facts.count_prefix_hour >= limits.per_prefix_hour:",
        "if False:",
        "tests/rules/consent/test_answers.py",
    ),
    Mutant(
        "strangers_answered",
        "somebody to whom nobody wrote is answered",
        "rules/consent/answers.py",
        "    if not written_to:\n        return",
        "    if False:\n        return",
        "tests/rules/consent/test_answers.py",
    ),
    Mutant(
        "own_numbers_answered",
        "our own SIMs are answered",
        "rules/consent/answers.py",
        "if not set(facts.own_numbers).isdisjoint(facts.meant):",
        "if False:",
        "tests/rules/consent/test_answers.py",
    ),
    Mutant(
        "text_changed_later",
        "an administrator's text holds only after a restart",
        "service/consent/reply_texts.py",
        "        self._apply(await self._store.write(partial(reply_texts.put, entry=entry, authorship=authorship, now=now)))",
        "        await self._store.write(partial(reply_texts.put, entry=entry, authorship=authorship, now=now))",
        "tests/service/consent/test_reply_texts.py",
    ),
)
