"""What becomes of messages when every tenth answer is lost: `python -m tests.sim.silence`.

Every tenth PDU that the network accepts is never answered by the modem, and 90 % of the reports come.
"""

from __future__ import annotations

import sys
from random import Random

from tests.sim.plans.attempt import attempt
from tests.sim.plans.plan import ALPHABETS, CUSTOMERS, NetworkFaults, Plan, PlannedMessage
from tests.sim.seeds import failed, summary

MESSAGES = 500
CLASSES = ("transactional", "conversational", "marketing", "otp", "alarm")


def plan(messages: int = MESSAGES, seed: int = 1) -> Plan:
    """One message every ten seconds, of each class in turn, on three modems."""
    chance = Random(f"silence {seed}")
    planned_messages = tuple(
        PlannedMessage(
            10.0 * index, chance.choice(CUSTOMERS), index + 1, ALPHABETS[0], 1, CLASSES[index % len(CLASSES)]
        )
        for index in range(messages)
    )
    return Plan(
        seed,
        families=("huawei_e3372", "sim800", "generic"),
        answers_lost=0.1,
        network_faults=NetworkFaults(report_loss=0.1),
        planned_messages=planned_messages,
    )


def main() -> int:
    verdict = attempt(plan())
    lines = list(failed(0, verdict)) if verdict.violations else []
    for line in [*lines, *summary([verdict])]:
        sys.stdout.write(f"{line}\n")
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
