"""Mistakes against promise 5: nothing waits while a modem is free."""

from __future__ import annotations

from tests.sim.mutants.sources import SourceMutant as Mutant

_DISPATCHER, _DISPATCHER_TESTS = "service/dispatch/dispatcher.py", "tests/service/dispatch/test_dispatcher.py"
_SENDER, _SENDER_TESTS = "modem/messages/sender.py", "tests/modem/messages/test_sender.py"
_PIPELINE, _MODEM_TESTS = "modem/messages/pipeline.py", "tests/modem/test_modem.py"

MUTANTS = (
    Mutant(
        "given_back_wakes_nobody",
        "a draft that is given back wakes nobody",
        _DISPATCHER,
        "        self.end_reservation(draft)\n        self._on_ready()",
        "        self.end_reservation(draft)",
        _DISPATCHER_TESTS,
    ),
    Mutant(
        "claim_without_prompt_open",
        "a claim whose prompt does not come stays open",
        _SENDER,
        "            self.withdraw_early_claim()\n            raise",
        "            raise",
        _SENDER_TESTS,
    ),
    Mutant(
        "claims_while_disk_is_full",
        "claims go on while an outcome waits for the disk",
        _DISPATCHER,
        "return self._outcomes.has_unstored or self._store.failure is not None",
        "return self._store.failure is not None",
        _DISPATCHER_TESTS,
    ),
    Mutant(
        "slow_prompt_keeps_its_part",
        "a modem without a prompt keeps its part from the others",
        _PIPELINE,
        "            self._outbound.return_draft(draft)\n\n    def take_long_send",
        "            pass\n\n    def take_long_send",
        _MODEM_TESTS,
    ),
    Mutant(
        "sick_modem_keeps_its_draft",
        "a modem that becomes unusable keeps what it had chosen",
        "modem/session.py",
        "        self._context.report_unusable(health, reason)\n        self._context.pipeline.drop_draft()",
        "        self._context.report_unusable(health, reason)",
        _MODEM_TESTS + " tests/sim/sending/test_regressions.py",
    ),
    Mutant(
        "lost_answer_waited_for",
        "a lost answer costs the family's time-out",
        "modem/link/dialogue.py",
        'if line == "OK":\n                self._answer.set_exception(',
        'if line == "":\n                self._answer.set_exception(',
        "tests/modem/messages/test_sender_answers.py",
    ),
    Mutant(
        "one_number_holds_up_all",
        "what waits for an earlier message to its number uses up the search",
        "store/queue/candidates.py",
        "ORDER BY p.rank, p.started DESC, p.message_id, p.seq LIMIT :scan) q",
        "ORDER BY p.rank, p.started DESC, p.message_id, p.seq LIMIT :limit) q",
        "tests/sim/sending/test_regressions.py tests/store/queue/test_claims.py",
    ),
    Mutant(
        "alarm_waits_for_pace",
        "an alarm waits until its SIM's pace lets others go",
        _PIPELINE,
        "return in_turn and self._draft is None and self._outbound.has_unseen_urgent(identity.sender)",
        "return False",
        _MODEM_TESTS,
    ),
    Mutant(
        "alarm_behind_a_draft",
        "an alarm waits for what was chosen before it",
        "service/dispatch/reservations.py",
        "if candidate.place > place}",
        "if candidate.place > place and not candidate}",
        _DISPATCHER_TESTS,
    ),
    Mutant(
        "rest_never_ends",
        "nobody is woken when a SIM's rest is over",
        "service/dispatch/outcomes.py",
        "asyncio.get_running_loop().call_later(pause.rest.total_seconds(), self._on_settled)",
        "pause.rest.total_seconds()",
        _DISPATCHER_TESTS,
    ),
    Mutant(
        "due_wakes_nobody",
        "what has come due waits for the next look",
        "service/wakeups.py",
        "        self._note_urgent()\n        self._wake_modems()",
        "        self._note_urgent()",
        "tests/service/dispatch/test_due.py tests/sim/sending/test_sending.py",
    ),
    Mutant(
        "offer_of_a_failed_claim_kept",
        "the part that a failed claim offered stays reserved for nobody",
        _DISPATCHER,
        "        finally:\n            self._reservations.end_claim(ticket)",
        "        finally:\n            pass",
        _DISPATCHER_TESTS,
    ),
    Mutant(
        "refused_sim_keeps_the_part",
        "what one SIM will not send is not left to the others",
        "service/dispatch/outcomes.py",
        "return is_movable and self._breakers.leave_to_others",
        "return not is_movable and self._breakers.leave_to_others",
        _DISPATCHER_TESTS,
    ),
)
