"""A version of an earlier moment is trained on what had landed by then, and on nothing later."""

from datetime import UTC, datetime
from pathlib import Path

from andon.lab.successor import landed_until


def test_files_that_ended_later_are_left_out(tmp_path: Path):
    landing, out = tmp_path / "landing", tmp_path / "out"
    out.mkdir()
    for name in ("1000-1999.parquet", "2000-2999.parquet", "3000-3999.parquet", ".draft-1.parquet"):
        path = landing / "date=1970-01-01" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (landing / "quarantine.json").write_text("{}")
    assert landed_until(datetime.fromtimestamp(2.999, UTC), landing, out) == 2
    assert sorted(path.name for path in out.rglob("*.*")) == ["1000-1999.parquet", "2000-2999.parquet", "quarantine.json"]
