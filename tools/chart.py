"""Brings into the chart what has its one truth elsewhere: the CRDs, and the schema of the operator's configuration.

Helm packages only what lies inside the chart's folder, so the chart keeps copies; ``--check`` says whether they are equal.
"""

import argparse
import json
import sys
from pathlib import Path

from andon.api.config import OperatorConfig

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "charts" / "andon"


def wanted() -> dict[Path, str]:
    """Each generated file of the chart and what it should hold."""
    crds = {CHART / "files" / "crds" / source.name: source.read_text() for source in (ROOT / "crds").glob("*.yaml")}
    return crds | {CHART / "values.schema.json": values_schema()}


def values_schema() -> str:
    """The schema of the values: written by hand but for ``config``, which the operator's own model describes."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    config = OperatorConfig.model_json_schema(by_alias=True)
    schema["$defs"] = config.pop("$defs")
    schema["properties"]["config"] = config
    return json.dumps(schema, indent=2) + "\n"


def stale(files: dict[Path, str]) -> list[Path]:
    """Files of the chart that are missing, differ, or have no source any more."""
    differ = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    return differ + [path for path in (CHART / "files" / "crds").glob("*.yaml") if path not in files]


def write(files: dict[Path, str]) -> None:
    """Make the chart's copies equal."""
    for path in stale(files):
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path])
        else:
            path.unlink()
        print(f"chart: {path.relative_to(ROOT)}")


def main() -> int:
    """Write the copies, or with ``--check`` only name those that differ (exit code 1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a copy differs")
    files = wanted()
    if not parser.parse_args().check:
        write(files)
        return 0
    differ = stale(files)
    for path in differ:
        print(f"{path.relative_to(ROOT)} is not what its source says; run: make chart", file=sys.stderr)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
