"""May this process write now? Whatever writes, to the cluster, to git or elsewhere, asks first."""

from collections.abc import Callable

Guard = Callable[[], None]
"""Returns while this process may write. Otherwise it raises, or ends the process."""


def alone() -> None:
    """Where nobody else writes: always."""
