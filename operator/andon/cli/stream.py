"""What if what a command prints can be written nowhere, or not in this terminal's letters?"""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from andon.api.exits import Exit

_NOWHERE: Final = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What an output says that takes no more; files that a command opens itself are named in the error."""


@contextmanager
def written() -> Iterator[None]:
    """Letters that the terminal does not have become `?`; a full disk is one line, and a pipe that is closed is none."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in _NOWHERE:
            raise
        if error.errno != errno.EPIPE:
            print(f"andon: the result cannot be written: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not tried again at the end
        sys.exit(Exit.FAILED)
