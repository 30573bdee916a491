"""The `andon` command, also installed as `kubectl-andon`.

Commands live in modules of their own and import what they need when they run: `andon --help` must answer at once, and an edge box
that only serves must never need the operator's packages. `parts` says which commands run another part of Andon; start there.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

from andon.api.errors import UserError
from andon.api.exits import Exit


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit. argv: without the program's name; by default the process's own."""
    from andon.cli.root import app, program

    try:
        app(args=argv, prog_name=program())
    except UserError as error:
        print(f"andon: {error}", file=sys.stderr)
        sys.exit(Exit.FAILED)
    sys.exit(Exit.OK)
