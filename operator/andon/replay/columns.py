"""What is in a column of a Parquet file? Numbers, times, states or names, in any of the forms that recorders write them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from andon.api.errors import UserError

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]
"""Instants as microseconds since the Unix epoch."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000: Final = 253_402_300_800_000_000
_UNITS: Final = ((1e8, 1e6), (1e11, 1e3), (1e14, 1.0), (1e17, 1e-3), (1e20, 0.0))
"""From which magnitude on a number can only be seconds, milliseconds, micro- or nanoseconds of our day; each in microseconds."""


@dataclass(frozen=True, slots=True)
class Table:
    """One file's columns. Whatever cannot be read raises UserError with the file, the column, the row and what to do."""

    path: Path
    data: Any

    @classmethod
    def read(cls, path: Path) -> "Table":
        """The whole file."""
        if path.is_dir():
            raise UserError(f"{path} is a folder; name one Parquet file")
        try:
            with pq.ParquetFile(path) as file:
                table = cls(path, file.read())
        except FileNotFoundError:
            raise UserError(f"{path}: there is no such file") from None
        except PermissionError:
            raise UserError(f"{path} may not be read by you; ask its owner") from None
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"{path} is not a whole Parquet file ({_line(error)}); write it again") from None
        if twice := {name for name in table.names if table.names.count(name) > 1}:
            raise UserError(f"{path}: more than one column is named {min(twice)}; keep one of them")
        return table

    @property
    def names(self) -> list[str]:
        """The columns, in the file's order; pandas's own index columns are none."""
        return [name for name in self.data.column_names if not name.startswith("__index_level_")]

    def __len__(self) -> int:
        """How many rows."""
        return int(self.data.num_rows)

    def require(self, *names: str) -> None:
        """That there are rows, and these columns."""
        if missing := [name for name in names if name not in self.names]:
            raise UserError(
                f"{self.path} has no column {', '.join(missing)}; add what is missing. It has: {listed(self.names) or 'none'}"
            )
        if len(self) == 0:
            raise UserError(f"{self.path} has no rows; give a file that has some, or leave it out")

    def column(self, name: str) -> Any:
        """The column itself, whether its file keeps each value once or not."""
        column = self.data.column(name)
        return pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column

    def numbers(self, name: str) -> Floats:
        """The column as floats, NaN where there is none: null, NaN and infinity are no numbers."""
        column = self.column(name)
        kind = column.type
        if not (_is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
            raise UserError(f"{self.path}: column {name} is {kind}, not numbers; write it as double")
        if pa.types.is_boolean(kind):
            column = pc.cast(column, pa.int8())
        values = np.array(pc.cast(column, pa.float64(), safe=False).to_numpy(), dtype=np.float64)
        values[~np.isfinite(values)] = np.nan
        return values

    def states(self, name: str) -> Floats:
        """A column of OPC UA StatusCodes as unsigned 32 bits, written signed or not; null is 0, Good: nothing bad was said."""
        kind = self.column(name).type
        if not (_is_number(kind) or pa.types.is_null(kind)):
            raise UserError(f"{self.path}: column {name} is {kind}, not OPC UA StatusCodes; write 32-bit integers, 0 is Good")
        codes = np.nan_to_num(self.numbers(name), nan=0.0)
        odd = np.flatnonzero((codes != np.floor(codes)) | (codes < -(2.0**31)) | (codes >= 2.0**32))
        if odd.size:
            raise UserError(f"{self.path}: column {name}, row {odd[0] + 1} is {codes[odd[0]]:g}, which is no 32-bit StatusCode")
        return np.where(codes < 0, codes + 2.0**32, codes)

    def texts(self, name: str) -> list[str]:
        """A column of names, written as text or whole numbers; null and nothing but blanks are empty."""
        column = self.column(name)
        if _is_text(column.type):
            return [(value or "").strip() for value in column.to_pylist()]
        if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
            raise UserError(f"{self.path}: column {name} is {column.type}, not names; write it as text")
        return ["" if np.isnan(value) else repr(value).removesuffix(".0") for value in self.numbers(name).tolist()]

    def is_without_zone(self, name: str) -> bool:
        """Whether the times do not say where they were taken: they are read as UTC."""
        kind = self.column(name).type
        return bool(pa.types.is_timestamp(kind) and kind.tz is None)

    def times(self, name: str) -> Micros:
        """A column of instants: timestamps of any unit, dates, ISO 8601 text, or numbers since the Unix epoch; UTC if they have
        no zone. Numbers are seconds, milliseconds, micro- or nanoseconds, whichever puts the first of them after 1973."""
        absent = np.flatnonzero(self.data.column(name).is_null(nan_is_null=True).to_numpy())
        if absent.size:
            raise UserError(f"{self.path}: column {name}, row {absent[0] + 1} has no time; give it one or leave the row out")
        times = self._instants(name)
        odd = np.flatnonzero((times < 0) | (times >= _YEAR_10000))
        if odd.size:
            raise UserError(f"{self.path}: column {name}, row {odd[0] + 1} lies outside of the years 1970 to 9999; correct it")
        return times

    def _instants(self, name: str) -> Micros:
        column = self.column(name)
        kind = column.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            micros = pc.cast(column, pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
            return np.asarray(pc.cast(micros, pa.int64()).to_numpy(), dtype=np.int64)
        if _is_text(kind):
            return np.array([self._instant(name, i, text) for i, text in enumerate(column.to_pylist())], dtype=np.int64)
        if _is_number(kind):
            return self._since_epoch(name)
        raise UserError(f"{self.path}: column {name} is {kind}, not times; write timestamps in UTC")

    def _instant(self, name: str, row: int, text: str) -> int:
        try:
            return micros_of(instant(text))
        except ValueError as error:
            raise UserError(f"{self.path}: column {name}, row {row + 1}: {error}") from None

    def _since_epoch(self, name: str) -> Micros:
        numbers = self.numbers(name)
        first = float(numbers[0]) if numbers.size else np.nan
        scale = next((scale for least, scale in reversed(_UNITS) if first >= least), 0.0)
        if scale == 0 and numbers.size:
            raise UserError(f"{self.path}: column {name} begins with {first:g}, which is no time; write timestamps in UTC")
        return np.round(np.clip(np.nan_to_num(numbers, nan=-1.0) * scale, -1, _YEAR_10000)).astype(np.int64)


def instant(text: str) -> datetime:
    """The time that ISO 8601 text says, in UTC if it names no zone. Raises ValueError on other text."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a time; write for example 2026-12-01T06:00:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def micros_of(time: datetime) -> int:
    """Microseconds since the Unix epoch."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def time_of(micros: int) -> datetime:
    """The instant, in UTC."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)


def listed(names: list[str], most: int = 8) -> str:
    """The first few of many names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")[:200] if str(error) else type(error).__name__
