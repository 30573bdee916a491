"""What became of a person's word?"""

from dataclasses import dataclass

from andon.api.exits import Exit
from andon.watch.standing import Object


@dataclass(frozen=True, slots=True)
class Said:
    """The object as it is now, and in a sentence what was done to it. exit: whether anything was."""

    object: Object
    text: str
    exit: Exit = Exit.OK
