"""The `andon` command, also installed as `kubectl-andon`.

Commands live in modules of their own and import what they need when they run: `andon --help` must answer at once, and an edge box
that only serves must never need the operator's packages. `parts` says which commands run another part of Andon; start there.
"""

import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.cli.stream import written


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit. argv: without the program's name; by default the process's own."""
    try:
        sys.exit(_run(list(sys.argv[1:] if argv is None else argv)))
    except UserError as error:
        print(f"andon: {error}", file=sys.stderr)
        sys.exit(Exit.FAILED)
    except KeyboardInterrupt:  # by Ctrl-C, before a part has its own answer to it
        sys.exit(128 + signal.SIGINT)


def _run(args: list[str]) -> int:
    """A part that reads its own command line starts at once: what Typer takes stays taken as long as an edge box serves."""
    from andon.cli.parts import PARTS, run

    part = next((part for part in PARTS if part.has_options and args[:1] == [part.name]), None)
    if part:
        return run(part, args[1:], f"andon {part.name}") or Exit.OK
    from andon.cli.root import app, program

    with written():
        app(args=args, prog_name=program())
    return Exit.OK
