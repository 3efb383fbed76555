"""Progress of work that takes long: one line on stderr, printed again over itself, while the work goes on."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from modemd.cli.output import echo, echo_over_last
from modemd.cli.show.table import cut, display_width
from modemd.errors import ModemdError

# How often the progress is printed. For work that is done sooner, none is.
PROGRESS_INTERVAL_S = 0.5
# How much longer than the last question the next one waits, so that asking takes a small share of the time.
SHARE_OF_WORK = 10
# How long the end of the work, or Ctrl-C, waits for a question that is under way.
LAST_QUESTION_S = 5.0

T = TypeVar("T")


def show_progress(work: Callable[[], T], describe: Callable[[], str], *, show: bool) -> T:
    """Returns what `work` returns. With `show`, asks `describe` on a thread of its own how far it is, and prints that; nothing if
    it is empty, or if that cannot be asked now."""
    if not show:
        return work()
    progress = _Progress(describe)
    thread = threading.Thread(target=progress.run, name="progress", daemon=True)
    thread.start()
    try:
        return work()
    finally:
        progress.is_over.set()
        thread.join(LAST_QUESTION_S)
        if progress.printed:
            echo(err=True)


class _Progress:
    """Line that is printed until the work `is_over`. `printed`: the columns that it takes on the terminal."""

    def __init__(self, describe: Callable[[], str]) -> None:
        self._describe = describe
        self.is_over = threading.Event()
        self.printed = 0

    def run(self) -> None:
        """Prints the line again and again."""
        interval_s = PROGRESS_INTERVAL_S
        while not self.is_over.wait(interval_s):
            began = time.monotonic()
            with contextlib.suppress(ModemdError, OSError):
                self._print(self._describe())
            # Without a daemon the question is answered in this process, beside the work that it is about.
            interval_s = max(PROGRESS_INTERVAL_S, SHARE_OF_WORK * (time.monotonic() - began))

    def _print(self, text: str) -> None:
        """Prints the line over the one before, of which nothing is left."""
        if not text:
            return
        line = cut(text, shutil.get_terminal_size().columns - 1)
        width = display_width(line)
        echo_over_last(line + " " * (self.printed - width))
        self.printed = width
