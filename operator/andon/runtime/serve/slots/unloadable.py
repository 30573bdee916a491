"""Why can a revision not be loaded? One exception for everything from its address to its first answer."""

from typing import Final

from andon.api.slots import LoadError, SlotModel

LONGEST_MESSAGE: Final = 1000


class UnloadableError(Exception):
    """A revision that could not be loaded. reason: a stable word. again: whether trying again may help."""

    def __init__(self, reason: str, message: str, *, again: bool = False) -> None:
        super().__init__(message[:LONGEST_MESSAGE])
        self.reason = reason
        self.again = again

    def of(self, slot: SlotModel) -> LoadError:
        """As it is acknowledged."""
        return LoadError(digest=slot.digest, reason=self.reason, message=str(self))
