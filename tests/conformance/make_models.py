"""Writes the models that are served, with Andon's environment: the clients' have no ONNX."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from unit.serve.datatypes import TYPES
from unit.serve.models import echo, linear

folder = Path(sys.argv[1])
(folder / "echo.onnx").write_bytes(echo(*TYPES.values(), names=[name.lower() for name in TYPES]))
(folder / "sums.onnx").write_bytes(linear())
(folder / "more.onnx").write_bytes(linear(bias=100.0))
