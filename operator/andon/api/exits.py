"""What an exit code of `andon` means."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes: 0 done; 1 not done, or a check did not hold, the message says why; 2 not understood: the command line."""

    OK = 0
    FAILED = 1
    USAGE = 2
