"""The kinds of what comes in: a closed list. Only `text` is what a person wrote."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["text", "data", "undecodable", "mms", "voicemail", "sim_data", "call"]
KINDS: tuple[Kind, ...] = get_args(Kind)
