"""How is memory that is no longer needed given back? By an allocator that is told not to keep it.

glibc keeps what large requests took for the next ones, in an arena per thread, and takes ever larger pieces from there: after
eight bodies of 8 MiB a server was 70 MB larger than it need be, for good.
"""

import ctypes
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
_SMALL: Final = 128 << 10


def give_back() -> None:
    """From now on: large pieces go back when they are freed, and threads share arenas. Other allocators are left as they are."""
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    for what, value in ((_MMAP_THRESHOLD, _SMALL), (_TRIM_THRESHOLD, _SMALL), (_ARENA_MAX, 1)):
        if tune is not None:
            tune(what, value)
