"""Kinds of the texts that modemd writes about consent, and what each must contain."""

from __future__ import annotations

import re
from enum import StrEnum


class TextKind(StrEnum):
    """Kind of a text. The values are those of texts.csv."""

    OPT_OUT_REPLY = "opt_out_reply"
    """The one answer to STOP: no more offers, and how to come back."""
    LIST_OPT_OUT_REPLY = "list_opt_out_reply"
    """The answer to STOP with the name of a list: no more messages of this list, and how to end all."""
    OPT_IN_REPLY = "opt_in_reply"
    """The answer to START: offers come again, and how to end them."""
    WELCOME = "welcome"
    """The answer to somebody who is subscribed now: what comes, and how to end it."""
    WELCOME_GENERAL = "welcome_general"
    """The same if no title says what comes: offers."""
    HELP_REPLY = "help_reply"
    """The answer to HELP: what is sent, and how to end it."""
    OPT_IN_REQUEST = "opt_in_request"
    """The question of a double opt-in: who sends what, how often, what it costs, how to say yes and no."""
    OPT_IN_REMINDER = "opt_in_reminder"
    """The one reminder of that question."""
    NOTICE = "notice"
    """The line at the end of marketing: how to end it by an answer."""
    NOTICE_CONTACT = "notice_contact"
    """The same where an answer does not arrive: how to end it elsewhere."""


# Answers to a person's word. Each is one segment by itself, and the brand stands before it.
REPLIES = frozenset(
    {
        TextKind.OPT_OUT_REPLY,
        TextKind.LIST_OPT_OUT_REPLY,
        TextKind.OPT_IN_REPLY,
        TextKind.WELCOME,
        TextKind.WELCOME_GENERAL,
        TextKind.HELP_REPLY,
    }
)

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

# Placeholders that a kind must have.
REQUIRED: dict[TextKind, frozenset[str]] = {
    TextKind.OPT_OUT_REPLY: frozenset(),
    TextKind.LIST_OPT_OUT_REPLY: frozenset({"list"}),
    TextKind.OPT_IN_REPLY: frozenset(),
    TextKind.WELCOME: frozenset({"list"}),
    TextKind.WELCOME_GENERAL: frozenset(),
    TextKind.HELP_REPLY: frozenset(),
    TextKind.OPT_IN_REQUEST: frozenset({"brand", "list", "frequency"}),
    TextKind.OPT_IN_REMINDER: frozenset({"brand", "list"}),
    TextKind.NOTICE: frozenset(),
    TextKind.NOTICE_CONTACT: frozenset({"contact"}),
}
# Placeholders that a kind may have beside them.
_OPTIONAL: dict[TextKind, frozenset[str]] = {
    **dict.fromkeys(REPLIES, frozenset({"brand"})),
    TextKind.OPT_IN_REMINDER: frozenset({"frequency"}),
}


def find_placeholder_mistake(kind: TextKind, text: str) -> str | None:
    """Returns what is wrong with the placeholders of a text; None if nothing is."""
    found = PLACEHOLDER.findall(text)
    required, allowed = REQUIRED[kind], REQUIRED[kind] | _OPTIONAL.get(kind, frozenset())
    if unknown := sorted(set(found) - allowed):
        may = ", ".join(f"{{{name}}}" for name in sorted(allowed)) or "none"
        return f"{{{unknown[0]}}} is no placeholder of {kind}; allowed: {may}"
    if missing := sorted(required - set(found)):
        return f"a text of the kind {kind} must contain {{{missing[0]}}}"
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        return "{ or } stands alone; a placeholder is written as {brand}"
    return None
