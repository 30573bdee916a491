"""How long work is shown: a bar on a terminal, plain lines anywhere else (a CI log, a file)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """One piece of work after another, each with a weight of its own (seconds, when known)."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bar: Bar | None = None
        self._task = TaskID(0)
        self._begun = 0.0
        self._now = ""

    @contextmanager
    def of(self, total: float) -> Iterator[None]:
        """Work that weighs ``total``."""
        if not self._console.is_terminal:
            yield
            return
        columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
        with Bar(*columns, console=self._console, transient=True) as self._bar:
            self._task = self._bar.add_task("", total=total)
            yield
        self._bar = None

    def begin(self, what: str) -> None:
        """Say what is being done now."""
        self._begun, self._now = time.monotonic(), what
        if self._bar:
            self._bar.update(self._task, description=what)
        else:
            self.say(f"{what} ...")

    def done(self, weight: float) -> None:
        """What was begun is done."""
        self.say(f"{self._now}: done in {time.monotonic() - self._begun:.0f} s")
        if self._bar:
            self._bar.advance(self._task, weight)

    def say(self, line: str) -> None:
        """One line, above the bar if there is one."""
        self._console.print(line, highlight=False, soft_wrap=True)
