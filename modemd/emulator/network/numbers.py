"""Numbers of subscribers, as every list of SIMs and phones writes them."""

from __future__ import annotations

import re

E164 = r"\+[1-9][0-9]{3,14}"
"""Pattern of an international number (ITU-T E.164 6.2.1)."""


def check_sim_number(text: str) -> str:
    """Returns the number of a SIM. Raises ValueError if it is not E.164."""
    if not re.fullmatch(E164, text):
        raise ValueError(f"{text!r} is not E.164, as in +33612345678")
    return text
