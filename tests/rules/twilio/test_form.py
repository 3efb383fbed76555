"""Form bodies."""

from __future__ import annotations

import pytest

from modemd.rules.twilio.form import MOST_FIELDS, TwilioForm


def test_a_form_is_read() -> None:
    """Plus and percent signs, UTF-8, empty values, lists, and booleans as clients write them."""
    form = TwilioForm.parse(
        b"To=%2B33612345678&Body=Arr%C3%AAt+%E2%9C%8B&MediaUrl=a&MediaUrl=&MediaUrl=b&Empty=&S=True&N=false"
    )
    assert (form.get("To"), form.get("Body"), form.get("Empty")) == ("+33612345678", "Arrêt ✋", "")
    assert (form.find("Empty"), form.find("Missing"), form.get("Missing")) == (None, None, None)
    assert form.get_list("MediaUrl") == ("a", "b")
    assert (form.is_true("S"), form.is_true("N"), form.is_true("Missing")) == (True, False, False)


def test_a_query_may_have_a_sign_in_its_name() -> None:
    """`DateSent<` arrives with a percent sign."""
    assert TwilioForm.parse("DateSent%3C=2023-08-24&PageSize=2").get("DateSent<") == "2023-08-24"


@pytest.mark.parametrize(
    "body",
    [b"Body=%FF", b"Body=\xff", "&".join(f"a{n}=1" for n in range(MOST_FIELDS + 1))],
    ids=["octet", "raw", "many"],
)
def test_what_is_no_form_is_refused(body: bytes | str) -> None:
    """Before anything is done with it."""
    with pytest.raises(ValueError, match=r".+"):
        TwilioForm.parse(body)
