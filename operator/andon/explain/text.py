"""The same explanation in a terminal."""

from collections.abc import Iterator
from datetime import UTC
from textwrap import fill
from typing import Final

from andon.explain.explanation import CheckTold, Explanation

WIDTH: Final = 100


def text(told: Explanation) -> str:
    """What a person reads, at most 100 columns wide but for commands, which are not broken."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Explanation) -> Iterator[str]:
    yield told.answer.upper()
    yield _wrapped(told.headline)
    yield _wrapped(told.done)
    about = (told.verdict, told.target, f"{told.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC", told.id)
    yield " · ".join(part for part in about if part)
    if told.subjects:
        yield f"Tags, most responsible first: {', '.join(told.subjects)}"
    yield from _section("What was seen", [s for s in (told.sentence, *told.seen) if s])
    yield from _section("What it was not, and why", [f"{other.cause}: {other.why}" for other in told.ruled_out])
    yield from _section("How it was decided, step by step", [_check(c) for c in told.checks])
    yield from _section("What held it back", [_check(c) for c in told.guards if c.answered and told.refused])
    yield from _section("What came of it later", list(told.again))
    yield from _section(
        "What it would have meant" if told.replayed else "What may be done next",
        [f"{step.who}: {step.what}" + _typed(step.command) for step in told.steps],
    )


def _section(title: str, paragraphs: list[str]) -> Iterator[str]:
    if paragraphs:
        yield f"\n{title}"
        for paragraph in paragraphs:
            words, *typed = paragraph.split("\n")
            yield from (_wrapped(words, "  "), *typed)


def _typed(command: str | None) -> str:
    return f"\n      {command}" if command else ""


def _check(check: CheckTold) -> str:
    return f"{'Yes' if check.answered else 'No '}  {check.question}  {check.saw}"


def _wrapped(paragraph: str, indent: str = "") -> str:
    return fill(paragraph, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)
