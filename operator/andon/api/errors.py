"""What is told to a person whose input cannot be used: one line, no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing pydantic takes a third of the time in which `andon --help` must answer
    from collections.abc import Iterable

    from pydantic import ValidationError


class UserError(Exception):
    """Something the user wrote, or left out, stops us. Its text names the file, object or field and says what to do next.

    Any layer may raise it; the command line shows the text alone and exits with `Exit.FAILED`.
    """


def invalid(what: str, error: ValidationError) -> UserError:
    """The first thing wrong with a document, as `plant.yaml: spec.tags[3].node: Field required (and 2 more)`.

    what: the file or object, as the user knows it.
    """
    first, *others = error.errors(include_url=False, include_context=False)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    more = f" (and {len(others)} more)" if others else ""
    return UserError(": ".join(part for part in (what, path, first["msg"]) if part) + more)


def nearest(name: str, known: Iterable[str]) -> str:
    """What a message ends with, for who has mistyped a name: those that are near, or else all there are, a few at most."""
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(name, names, n=3) or names[:5]
    return f"; there is: {', '.join(near)}" if near else "; there is none"
