"""`modemd consent`: the table of its commands, loaded when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import click

from modemd.cli.options import LazyGroup


class ConsentCommands(LazyGroup):
    """The commands about consent."""

    table: ClassVar[Mapping[str, tuple[str, str]]] = {
        "show": ("consent.show", "show"),
        "email": ("consent.emails", "email"),
        "emails": ("consent.emails", "emails"),
        "replies": ("consent.replies", "replies"),
        "history": ("consent.history", "history"),
        "opt-out": ("consent.entries", "opt_out"),
        "opt-in": ("consent.entries", "opt_in"),
        "import": ("consent.imports", "import_file"),
        "verify": ("consent.verify", "verify"),
        "request": ("consent.request", "request"),
        "reviews": ("consent.reviews", "reviews"),
        "subscribers": ("consent.subscribers", "subscribers"),
        "review": ("consent.reviews", "review"),
        "test": ("consent.test", "test"),
        "words": ("consent.words", "words"),
    }


@click.group(cls=ConsentCommands)
def consent() -> None:
    """Show and change consent: who may get marketing, and why."""
