"""`kubectl_complete-andon`: what kubectl asks when a person presses the tabulator after `kubectl andon`."""

import os
import shlex
import sys
from contextlib import suppress
from typing import Final, NoReturn

_NO_FILES: Final = ":4"
"""The last line, as kubectl wants it: what stands before is all there is, and a file's name is none of it."""


def complete() -> NoReturn:
    """Print what could stand in place of the last argument, a line each."""
    from andon.cli import main

    words = sys.argv[1:]
    os.environ["_ANDON_COMPLETE"] = "complete_bash"
    os.environ["COMP_WORDS"] = shlex.join(["andon", *words])
    os.environ["COMP_CWORD"] = str(len(words))
    sys.argv[0] = "andon"
    with suppress(SystemExit):
        main([])
    print(_NO_FILES)
    sys.exit(0)
