"""Whatever a Parquet file holds, it is read or refused in words: nothing else ever leaves the readers."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.api.errors import UserError
from andon.replay import labels
from andon.replay.recording import RecordingFile
from unit.replay.files import clock

ROWS = 4
WHOLE = st.integers(-(2**62), 2**62)
TEXT = st.text(max_size=30) | st.datetimes().map(lambda t: t.isoformat())
KINDS = [
    (pa.float64(), st.floats()),
    (pa.float32(), st.floats(width=32)),
    (pa.float16(), st.floats(width=16).map(np.float16)),
    (pa.int64(), WHOLE),
    (pa.uint8(), st.integers(0, 255)),
    (pa.bool_(), st.booleans()),
    (pa.string(), TEXT),
    (pa.large_string(), TEXT),
    (pa.binary(), st.binary(max_size=4)),
    (pa.null(), st.none()),
    (pa.timestamp("ms"), WHOLE),
    (pa.timestamp("us", "UTC"), WHOLE),
    (pa.timestamp("ns", "Europe/Berlin"), WHOLE),
    (pa.date32(), st.integers(-(2**31), 2**31 - 1)),
    (pa.time64("us"), st.integers(0, 86_399_999_999)),
    (pa.decimal128(12, 3), st.decimals(-(10**6), 10**6, places=3, allow_nan=False)),
    (pa.list_(pa.float64()), st.lists(st.floats(), max_size=2)),
    (pa.struct([("x", pa.int64())]), st.fixed_dictionaries({"x": WHOLE})),
]


@st.composite
def arrays(draw):
    kind, values = draw(st.sampled_from(KINDS))
    column = pa.array(draw(st.lists(values | st.none(), min_size=ROWS, max_size=ROWS)), kind)
    return column.dictionary_encode() if pa.types.is_string(kind) and draw(st.booleans()) else column


TIMES = {"time": pa.array(clock(ROWS), pa.timestamp("us", "UTC"))}
NAMES = st.sampled_from(["a", "a.status", "b", "regime", "label", "available_at"])


@settings(max_examples=200, deadline=None)
@given(st.just(TIMES) | st.fixed_dictionaries({"time": arrays()}) | st.just({}), st.dictionaries(NAMES, arrays(), min_size=1))
def test_any_table_is_read_or_refused(times, others):
    columns = times | others
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.parquet"
        pq.write_table(pa.table(columns), path)
        with suppress(UserError):
            file = RecordingFile.open(path)
            recording = file.read(file.features or ["a"])
            assert recording.values.shape == recording.status.shape == (ROWS, len(file.features))
            assert (np.diff(recording.times) > 0).all()
        with suppress(UserError):
            assert len(labels.read(path, np.arange(ROWS))) <= ROWS
