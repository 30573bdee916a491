"""How a demo is told: acts made of checks, on a terminal with what is being waited for, and as a report."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape

T = TypeVar("T")


class NeverHappenedError(Exception):
    """What was waited for did not come in time; the message says what was seen last."""


@dataclass(slots=True)
class Check:
    """One thing that had to hold."""

    name: str
    ok: bool
    detail: str


@dataclass(slots=True)
class Act:
    """One act and what was checked in it."""

    name: str
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it was played to the end and every check held."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def report(self) -> dict[str, Any]:
        """As it stands in the report."""
        checks = [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in self.checks]
        return {"name": self.name, "ok": self.ok, "seconds": round(self.seconds, 1), "checks": checks}


class Story:
    """Tells it as it happens: plain lines where there is no terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self.acts: list[Act] = []

    @property
    def ok(self) -> bool:
        """Whether every act played so far is."""
        return bool(self.acts) and all(act.ok for act in self.acts)

    @contextmanager
    def act(self, name: str) -> Iterator[None]:
        """One act. What never happens ends it as a failed check, and the story with it."""
        act, began = Act(name), time.monotonic()
        self.acts.append(act)
        self._console.print(f"\n[bold]{escape(name)}[/bold]")
        try:
            yield
        except NeverHappenedError as error:
            self.check("played to the end", ok=False, detail=str(error))
            raise
        finally:
            act.seconds = time.monotonic() - began

    def say(self, text: str) -> None:
        """A sentence for the audience."""
        self._console.print(f"  {escape(text)}")

    def show(self, command: str, output: str) -> None:
        """A command a person could type here, and what it answered."""
        self._console.print(f"\n  [bold]$ {escape(command)}[/bold]")
        for line in output.rstrip().splitlines():
            self._console.print(f"  [dim]{escape(line)}[/dim]")
        self._console.print()

    def check(self, name: str, *, ok: bool, detail: str = "") -> bool:
        """Something that must hold; it is told and goes into the report."""
        self.acts[-1].checks.append(Check(name, ok, detail))
        mark = "[green]ok[/green] " if ok else "[red]NOT[/red]"
        self._console.print(f"  {mark} {escape(name)}{escape(f': {detail}') if detail else ''}")
        return ok

    def await_(self, what: str, ask: Callable[[], T | None], within: float) -> T:
        """The first answer that is not None. Raises NeverHappenedError after `within` seconds."""
        began = time.monotonic()
        with self._console.status(escape(what)) as status:
            while (answer := ask()) is None:
                waited = time.monotonic() - began
                if waited > within:
                    raise NeverHappenedError(f"{what}: not within {within:.0f} s")
                status.update(f"{escape(what)} ({waited:.0f} s)")
                time.sleep(0.1)  # the pace of asking; what is waited for is the answer
        self.say(f"{what}: after {time.monotonic() - began:.1f} s")
        return answer
