"""What an exit code of `andon` means."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes: 0 done; 1 not done, or a check did not hold, the message says why; 2 not understood: the command line.

    3: it was so already, nothing was written. 4: refused, the message says how a person does it. 75: not now, the same may
    succeed later.
    """

    OK = 0
    FAILED = 1
    USAGE = 2
    ALREADY = 3
    REFUSED = 4
    NOT_NOW = 75
