"""Which revision answers while a candidate has a share? Dealt without randomness: the same question has the same answer."""

from typing import Final
from zlib import crc32

from andon.stats.blocks import BLOCK_ROWS

_BUCKETS: Final = 100
"""A weight is in percent."""


class Split:
    """True from any of its questions: the candidate answers. weight: percent of answers that are the candidate's, 0 to 100."""

    def __init__(self, weight: int) -> None:
        """Raises ValueError for a weight that is not a percentage."""
        if not 0 <= weight <= _BUCKETS:
            raise ValueError(f"weight is {weight}: a percentage from 0 to {_BUCKETS}")
        self.weight = weight
        self._owed = 0

    def for_asset(self, asset: str) -> bool:
        """Sticky, in every process alike; more weight moves assets to the candidate and none back."""
        return crc32(asset.encode()) % _BUCKETS < self.weight

    def for_request(self) -> bool:
        """The next request without an asset: of any hundred in a row, `weight` are the candidate's, as far apart as can be."""
        self._owed += self.weight
        if self._owed < _BUCKETS:
            return False
        self._owed -= _BUCKETS
        return True

    def for_row(self, time_ms: int, every_ms: int) -> bool:
        """Rows of one machine change hands by blocks of evidence, evenly spread in row time: at 20 % every fifth block."""
        block = time_ms // (every_ms * BLOCK_ROWS)
        return (block + 1) * self.weight // _BUCKETS > block * self.weight // _BUCKETS
