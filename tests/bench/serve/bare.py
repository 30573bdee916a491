"""How fast is ONNX Runtime itself, with nothing around it? `python -m … bare MODEL.onnx ROWS VARIANTS SECONDS`.

What any server could reach if requests cost nothing.
"""

import json
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Final

import numpy as np

from . import cases
from .cases import Case
from .load import Window
from .models import Model
from .processes import on_core

NAME: Final = "ONNX Runtime"


def run(model: Model, case: Case, seconds: float, core: int) -> tuple[Window, float]:
    """In a process of its own on the core that serves; what it showed, and the share of the core that it got."""
    command = [sys.executable, "-m", __name__, str(model.path), str(case.rows), str(case.variants), str(seconds)]
    with on_core(core):
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    found = json.loads(done.stdout)
    return Window(**found["window"]), found["busy"]


def main(path: str, rows: int, variants: int, seconds: float) -> None:
    """Run the model on all variants of a case, again and again."""
    from .contenders import session

    run_model, times = session(Model("", "1", Path(path))).run, []
    feeds = cycle([{"rows": cases.rows(rows, variant)} for variant in range(variants)])
    until = time.perf_counter() + seconds
    worked, begun = time.process_time(), time.perf_counter()
    now = begun
    while now < until:
        run_model(["prediction"], next(feeds))
        before, now = now, time.perf_counter()
        times.append(now - before)
    p50, p99, most = (float(ms) for ms in 1000 * np.quantile(times, [0.5, 0.99, 1]))
    window = {"requests": len(times), "failed": 0, "seconds": now - begun, "codes": {}}
    busy = (time.process_time() - worked) / (now - begun)
    print(json.dumps({"window": window | {"p50_ms": p50, "p99_ms": p99, "max_ms": most}, "busy": busy}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
