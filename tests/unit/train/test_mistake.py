"""The demo's mistaken unit changes one tag and nothing else."""

from pathlib import Path

import numpy as np
import pytest

import landed
from andon.lab.mistake import KPA_TO_PSI, convert
from andon.runtime.train import landing


def test_only_the_named_tag_is_converted(tmp_path: Path) -> None:
    records = landed.series({"a": np.array([100.0, 200.0]), "b": np.array([1.0, 2.0])})
    landed.write(tmp_path / "in", [*records, landed.record("a", 0, None, landed.BAD)])
    (tmp_path / "in" / "date=2025-11-22" / ".half.parquet").write_bytes(b"")
    landed.quarantine(tmp_path / "in", {"tags": ["b"], "since": "2025-11-22T10:00:00Z"})
    assert convert(tmp_path / "in", tmp_path / "out", "a", KPA_TO_PSI) == 3
    before, after = (landing.read(tmp_path / folder, {"a", "b"}) for folder in ("in", "out"))
    assert after.records["a"].value[1:].tolist() == pytest.approx([14.50377, 29.00754])
    assert np.isnan(after.records["a"].value[0])
    assert after.records["b"].value.tolist() == [1.0, 2.0]
    assert after.records["a"].at_ms.tolist() == before.records["a"].at_ms.tolist()
    assert after.windows == before.windows


def test_a_tag_that_never_landed_cannot_be_mistaken(tmp_path: Path) -> None:
    landed.write(tmp_path / "in", [landed.record("a", 0, 1.0)])
    with pytest.raises(ValueError, match="no record of c"):
        convert(tmp_path / "in", tmp_path / "out", "c", 2.0)
