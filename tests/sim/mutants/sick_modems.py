"""Mistakes against promise 4: a sick modem heals, or is used no more."""

from __future__ import annotations

from tests.sim.mutants.sources import SourceMutant as Mutant

_ESCALATION, _ESCALATION_TESTS = "modem/recovery/escalation.py", "tests/modem/recovery/test_escalation.py"
_SESSION, _MODEM_TESTS = "modem/session.py", "tests/modem/test_modem.py"
_SYMPTOMS_TESTS = "tests/modem/recovery/test_symptoms.py"

MUTANTS = (
    Mutant(
        "escalation_stays_at_its_step",
        "a trouble that goes on gets the same step again",
        _ESCALATION,
        "if (self.step is not None and step <= self.step) or",
        "if (self.step is not None and step < self.step) or",
        _ESCALATION_TESTS,
    ),
    Mutant(
        "reset_without_patience",
        "a modem that boots after a reset is reset again",
        _ESCALATION,
        "        if now < self._waits_until:\n            return None",
        "        if now < 0:\n            return None",
        _ESCALATION_TESTS,
    ),
    Mutant(
        "quarantine_never_grows",
        "a modem that no step mends is tried as often as ever",
        _ESCALATION,
        "        self.rounds += 1\n",
        "",
        _ESCALATION_TESTS,
    ),
    Mutant(
        "any_sign_is_recovery",
        "a modem that registers and refuses every part counts as well",
        _ESCALATION,
        "PLANS[self.trouble].ends_by not in (sign, RecoverySign.READY)",
        "sign is None",
        _ESCALATION_TESTS,
    ),
    Mutant(
        "resets_in_a_row",
        "the next round's reset does not wait",
        _ESCALATION,
        "(step.is_hard and now < self._reset_not_before)",
        "(step.is_hard and now < 0)",
        _ESCALATION_TESTS,
    ),
    Mutant(
        "restart_unnoticed",
        "a modem that has restarted is not set up again",
        _SESSION,
        "            if restarted or self._needs_setup():",
        "            if self._needs_setup():",
        _MODEM_TESTS,
    ),
    Mutant(
        "lost_notices_unnoticed",
        "a modem that has lost its notices is left without them",
        "modem/messages/notice_setting.py",
        "        if is_as_set(values or (), self._command):",
        "        if True:",
        "tests/sim/modems/test_lost_settings.py",
    ),
    Mutant(
        "no_network_for_ever",
        "a modem without network is left as it is",
        "modem/recovery/symptoms.py",
        "not registration.is_registered and not is_denied, now, registration.name.lower()",
        "is_denied and not is_denied, now, registration.name.lower()",
        _SYMPTOMS_TESTS,
    ),
    Mutant(
        "unanswered_not_counted",
        "a modem that swallows PDUs and answers AT is never repaired",
        "modem/messages/pipeline.py",
        "                self._symptoms.note_unanswered()\n",
        "                pass\n",
        "tests/sim/modems/test_recovery.py::test_five_unanswered_messages_begin_the_escalation",
    ),
    Mutant(
        "permanent_errors_say_nothing",
        "a modem that says 1 to everybody is never suspected",
        "rules/sim_breaker.py",
        "        row.count += 1\n",
        "        row.count += not refusal.kind.is_permanent\n",
        "tests/rules/test_sim_breaker.py",
    ),
    Mutant(
        "joined_line_insisted_on",
        "a modem that refuses the joined line sends nothing",
        "modem/messages/sender.py",
        "if self._has_joined or _find_code(reply) not in _LINE_REFUSED:",
        "if reply is not None:",
        "tests/modem/messages/test_sender_pdu_mode.py",
    ),
    Mutant(
        "port_tried_without_pause",
        "a port that cannot be opened is tried in a loop",
        "modem/modem.py",
        "REOPEN_S = (0.2, 0.5, 1.0, 2.0, 3.0)",
        "REOPEN_S = (0.2,)",
        _MODEM_TESTS,
    ),
)
