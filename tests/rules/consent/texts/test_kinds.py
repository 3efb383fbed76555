"""What the kinds of texts must contain."""

from __future__ import annotations

import pytest

from modemd.rules.consent.texts.kinds import TextKind, find_placeholder_mistake

REQUEST = "{brand}: YES for {list} ({frequency})"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (TextKind.OPT_OUT_REPLY, "No more offers."),
        (TextKind.OPT_OUT_REPLY, "No more offers from {brand}."),
        (TextKind.LIST_OPT_OUT_REPLY, "No more {list}."),
        (TextKind.LIST_OPT_OUT_REPLY, "No more {list} from {brand}."),
        (TextKind.WELCOME, "{brand}: here is {list}."),
        (TextKind.WELCOME_GENERAL, "Welcome."),
        (TextKind.OPT_IN_REQUEST, REQUEST),
        (TextKind.OPT_IN_REMINDER, "{brand}: YES for {list}?"),
        (TextKind.NOTICE, "STOP to end"),
        (TextKind.NOTICE_CONTACT, "To end: {contact}"),
    ],
)
def test_a_text_with_what_it_needs_is_right(kind: TextKind, text: str) -> None:
    """Each kind takes the placeholders that it has values for."""
    assert find_placeholder_mistake(kind, text) is None


@pytest.mark.parametrize(
    ("kind", "text", "mistake"),
    [
        (TextKind.OPT_OUT_REPLY, "Bye {name}", "{name} is no placeholder of opt_out_reply; allowed: {brand}"),
        (TextKind.NOTICE, "STOP {contact}", "{contact} is no placeholder of notice; allowed: none"),
        (TextKind.NOTICE_CONTACT, "To end: call us", "a text of the kind notice_contact must contain {contact}"),
        (TextKind.LIST_OPT_OUT_REPLY, "No more news", "list_opt_out_reply must contain {list}"),
        (TextKind.WELCOME, "Welcome", "a text of the kind welcome must contain {list}"),
        (TextKind.WELCOME_GENERAL, "Here is {list}", "{list} is no placeholder of welcome_general; allowed: {brand}"),
        (TextKind.OPT_IN_REQUEST, REQUEST.replace("{list}", "news"), "must contain {list}"),
        (TextKind.OPT_IN_REQUEST, REQUEST.replace("{brand}", "we"), "must contain {brand}"),
        (TextKind.OPT_OUT_REPLY, "Bye {brand", "{ or } stands alone"),
        (TextKind.OPT_OUT_REPLY, "Bye {}", "{} is no placeholder"),
    ],
)
def test_a_wrong_placeholder_is_named(kind: TextKind, text: str, mistake: str) -> None:
    """What is missing or unknown is said in words."""
    found = find_placeholder_mistake(kind, text)
    assert found is not None
    assert mistake in found
