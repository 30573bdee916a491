"""What of a command line is not understood, though its options are?"""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from andon.api.errors import UserError


@contextmanager
def understood(argument: str) -> Iterator[None]:
    """A UserError raised within is about this argument: the command line is at fault, and the exit code says so."""
    try:
        yield
    except UserError as error:
        raise typer.BadParameter(str(error), param_hint=argument) from error
