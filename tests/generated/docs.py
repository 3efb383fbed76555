"""Writes the generated parts of the docs: `python -m tests.generated.docs [--check]`.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`; what stands around it is written by hand.
With --check nothing is written, and the exit status is 1 if a file is not as it would be written.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path

from modemd.doctor import ADVICE, Severity, Symptom
from modemd.modem.recovery.escalation import PLANS, EscalationStep
from modemd.modem.recovery.symptoms import THRESHOLDS
from modemd.rules.refusals import RefusalCode, find_twilio_code
from modemd.rules.states import (
    CLOSABLE_MESSAGES,
    FINAL_MESSAGES,
    FINAL_PARTS,
    TRANSITIONS,
    MessageState,
    PartEvent,
    PartState,
    derive_message_state,
)
from tests.generated import man
from tests.generated.emulator_docs import command_table, differing_answers, family_facts, own_commands
from tests.generated.markdown import table
from tests.generated.oddities import oddities

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)

# An event without its words here stops the generator.
MEANING = {
    PartEvent.PROMOTED: "its time has come",
    PartEvent.CLAIMED: "journaled for a modem",
    PartEvent.ACCEPTED: "the network took it: `+CMGS`, early or late, or a status report that proves it",
    PartEvent.WITHDRAWN: "claimed, but no octet of its PDU was written",
    PartEvent.PUT_OFF: "refused for now, to be tried again",
    PartEvent.REFUSED: "refused for good, alone or with the rest of its message; or the remaining parts waited too long",
    PartEvent.PUT_BACK: "its SIM was refused for everybody, so the refusal was not its own",
    PartEvent.LOST: "written, and never answered",
    PartEvent.REPEATED: "an unknown alarm or otp goes out once more",
    PartEvent.GIVEN_UP: "its repeat came too late to be worth sending: what was unknown stays so",
    PartEvent.DELIVERED: "a status report says that the phone has it",
    PartEvent.UNDELIVERED: "a status report says that the network has given up",
    PartEvent.EXPIRED: "its validity ended before it was sent",
    PartEvent.CANCELLED: "withdrawn by an opt-out or by a person, before it was sent",
    PartEvent.SETTLED_SENT: "a person says that it was sent",
    PartEvent.SETTLED_NOT_SENT: "a person says that it was not sent",
}


def part_table() -> str:
    """Every transition of a part."""
    rows = [
        (f"`{state}`", str(event), f"`{after}`", MEANING[event])
        for state in PartState
        for (before, event), after in TRANSITIONS.items()
        if before is state
    ]
    return table(("a part that is", "and is", "becomes", "which means"), rows)


def signs_of_health() -> str:
    """By which evidence a modem that answers is known to be sick."""
    rows = [
        (
            str(sign),
            f"{threshold.times} in a row" if threshold.times > 1 else _lasting(threshold.lasts_s),
            f"an escalation, as *{threshold.trouble}*" if threshold.trouble else "a remark in `modemd modems`",
            threshold.source,
        )
        for sign, threshold in THRESHOLDS.items()
    ]
    return table(("sign", "counts after", "what is done", "because"), rows)


def _lasting(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds else "once"


def escalation_steps() -> str:
    """Returns the steps of each escalation, by trouble."""
    rows = []
    for trouble, course in PLANS.items():
        steps = [
            step.label + (f" (after {_lasting(course.after_s[step])})" if step in course.after_s else "")
            for step in course.steps
        ]
        way = (
            ", ".join([*steps, EscalationStep.QUARANTINE.label]) if steps else "none: looked at again every few seconds"
        )
        rows.append((str(trouble), course.description, way, str(course.ends_by)))
    return table(("trouble", "its sign", "steps, in this order", "over when"), rows)


def advice() -> str:
    """What the doctor can say, by what a person sees."""
    sections = []
    for symptom in Symptom:
        rows = [
            (f"`{code}`", str(known.severity), _with_gaps(known.what), _with_gaps(known.remedy))
            for code, known in ADVICE.items()
            if known.symptom is symptom and known.severity is not Severity.FINE
        ]
        sections.append(f"## {symptom}\n\n{table(('code', 'severity', 'what is seen', 'what helps'), rows)}")
    return "\n".join(sections)


def good_findings() -> str:
    """What the doctor says where all is well."""
    rows = [(f"`{code}`", _with_gaps(known.what)) for code, known in ADVICE.items() if known.severity is Severity.FINE]
    return table(("code", "what is seen"), rows)


def _with_gaps(words: str) -> str:
    """A value in braces is any value; a name in angle brackets stays."""
    return re.sub(r"\{(\w+)\}", r"*\1*", words).replace("<", "&lt;").replace("|", "\\|")


def part_diagram() -> str:
    """The same as a diagram; events that lead the same way share an arrow."""
    arrows: dict[tuple[PartState, PartState], list[PartEvent]] = {}
    for (before, event), after in TRANSITIONS.items():
        arrows.setdefault((before, after), []).append(event)
    lines = [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in arrows.items()]
    lines += [f"    {state} --> [*]" for state in PartState if state in FINAL_PARTS]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> held", "    [*] --> queued", *lines, "```", ""])


def message_table() -> str:
    """How a message's state follows from its parts, in the order that decides."""
    rows = []
    for part in precedence():
        started, fresh = derive_message_state([part], tried=True), derive_message_state([part], tried=False)
        named = f"`{started}`" if started is fresh else f"`{started}`; before its first claim `{fresh}`"
        rows.append((f"`{part}`", named, _ending(started)))
    rows.append(
        ("(there is none: consent forbids the message)", f"`{MessageState.REFUSED}`", _ending(MessageState.REFUSED))
    )
    return table(("if a part is", "the message is", "and that is"), rows)


def refusal_table() -> str:
    """Every reason for which a rule refuses, cancels or holds a message."""
    rows = [
        (
            f"`{code}`",
            "ends" if code.is_final else "waits",
            code.sentence,
            code.remedy,
            str(find_twilio_code(code) or ""),
        )
        for code in RefusalCode
    ]
    return table(("code", "the message", "because", "what to do", "Twilio"), rows)


def precedence() -> list[PartState]:
    """The states of parts in the order in which they name the message. AssertionError where no such order exists."""

    def named(parts: Iterable[PartState]) -> MessageState:
        return derive_message_state(list(parts), tried=True)

    # With `tried`, a queued part and one on the air name the same; the one on the air goes first in the table.
    wins = {part: sum(named([part, other]) is named([part]) for other in PartState) for part in PartState}
    order = sorted(PartState, key=lambda part: (-wins[part], part is not PartState.SENDING))
    for size in range(1, len(order) + 1):
        for parts in combinations(order, size):
            if named(parts) is not named(parts[:1]):
                raise AssertionError(f"{', '.join(parts)} give {named(parts)}: the docs' table cannot say that")
    return order


def _ending(state: MessageState) -> str:
    if state in FINAL_MESSAGES:
        return "final"
    return (
        "closed, keeping its name, a day after the end of its validity" if state in CLOSABLE_MESSAGES else "on its way"
    )


GENERATORS: dict[str, Callable[[], str]] = {
    "part table": part_table,
    "signs of health": signs_of_health,
    "escalation steps": escalation_steps,
    "advice": advice,
    "good findings": good_findings,
    "part diagram": part_diagram,
    "message table": message_table,
    "refusal table": refusal_table,
    "family facts": family_facts,
    "command table": command_table,
    "differing answers": differing_answers,
    "own commands": own_commands,
    "oddities": oddities,
}


def generated(text: str) -> str:
    """A document with its generated parts made anew. KeyError for a name that nothing generates."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{GENERATORS[block['name']]()}\n{block[3]}", text)


def main(arguments: list[str]) -> int:
    stale = []
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if (new := generated(text)) != text:
            stale.append(path.name)
            if "--check" not in arguments:
                path.write_text(new, encoding="utf-8")
    page = man.manual()
    if not man.PAGE.exists() or man.PAGE.read_text(encoding="utf-8") != page:
        stale.append(man.PAGE.name)
        if "--check" not in arguments:
            man.PAGE.write_text(page, encoding="utf-8")
    if stale and "--check" in arguments:
        sys.stderr.write(f"not as generated: {', '.join(stale)}; run make generated\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
