"""What was found, what must hold, and the tables of it: for a terminal and for the documentation, from the same JSON."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from ..decisions.report import table
from . import bare, cases
from .cases import Case
from .contenders import ANDON, FLOOR, KSERVE, MLSERVER, OVER_HTTP
from .evidence import Overhead
from .flips import Flips
from .models import MODELS
from .rounds import Sample

BEGIN: Final = "<!-- figures: written by `python -m tests.bench.serve --publish`, not by hand -->"
END: Final = "<!-- end of figures -->"

PER_SECOND: Final = "per second"
OF_CORE: Final = "per second of its core"

TIMES_FASTER: Final = 5.0
SHARE_OF_BARE: Final = 0.8
MOST_RESIDENT_MB: Final = 100.0
MOST_OVERHEAD: Final = 0.05
SLOWEST_REVERT_MS: Final = 100.0

Found = dict[str, Any]


def machine() -> Found:
    """Where, and of what code."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "commit": commit,
        "load before": round(os.getloadavg()[0], 2),
    }


def answers(samples: Iterable[Sample]) -> list[Found]:
    """By server, model and case: median, least and most over the rounds."""

    def place(sample: Sample) -> tuple[str, int, str]:
        return sample.model, cases.CASES.index(sample.case), sample.server

    return [_answer(list(of)) for _, of in groupby(sorted(samples, key=place), key=place)]


def _answer(samples: Sequence[Sample]) -> Found:
    first = samples[0]
    return {
        "what": "answers",
        "server": first.server,
        "model": first.model,
        "case": str(first.case),
        "rounds": len(samples),
        PER_SECOND: _spread([s.window.rate for s in samples]),
        OF_CORE: _spread([s.of_core for s in samples]),
        "p50 ms": _spread([s.window.p50_ms for s in samples]),
        "p99 ms": _spread([s.window.p99_ms for s in samples]),
        "core": _spread([s.busy for s in samples]),
        "failed": sum(s.window.failed for s in samples),
    }


def footprint(server: str, version: str, starts: Sequence[float], resident: Sequence[float]) -> Found:
    """Of one server: one figure per model it was started with."""
    return {
        "what": "footprint",
        "server": server,
        "version": version,
        "first answer s": _spread(starts),
        "resident MB": _spread(resident),
    }


def missing(server: str, why: str) -> Found:
    """Of one that did not take part."""
    return {"what": "missing", "server": server, "why": why}


def flips(found: Flips) -> Found:
    """Of a thousand."""
    return {
        "what": "flips",
        "flips": len(found.changed_ms),
        "requests": found.window.requests + found.probes,
        "failed": found.failed,
        "line-up changed ms": _tail(found.changed_ms),
        "answered ms": _tail(found.answered_ms),
        "per second": found.window.rate,
    }


def overhead(found: Overhead, every_ms: int) -> Found:
    """Of scoring beside."""
    return {
        "what": "evidence",
        "rows per second": 1000 / every_ms,
        "core taken": found.share,
        "per second": {
            "with": _spread([beside.window.rate for beside, _ in found.rounds]),
            "without": _spread([alone.window.rate for _, alone in found.rounds]),
        },
        "of an idle core": found.idle,
    }


def musts(results: Sequence[Found]) -> list[Found]:
    """Those of which something was measured."""
    held = [*_speed(results), *_steadiness(results)]
    return [m for m in held if m["value"] is not None]


def _speed(results: Sequence[Found]) -> Iterable[Found]:
    for model in MODELS:
        andon = _rate(results, ANDON.name, model, cases.MANY)
        for peer in (MLSERVER.name, KSERVE.name):
            ratio = _ratio(andon, _rate(results, peer, model, cases.MANY))
            yield _at_least(f"{model}, {cases.MANY}: times as fast as {peer}", ratio, TIMES_FASTER)
        batch = cases.BINARY_BATCH
        share = _ratio(_rate(results, ANDON.name, model, batch), _rate(results, bare.NAME, model, batch))
        yield _at_least(f"{model}, {batch}: share of bare ONNX Runtime", share, SHARE_OF_BARE)


def _steadiness(results: Sequence[Found]) -> Iterable[Found]:
    resident = next((r["resident MB"]["most"] for r in _of(results, "footprint") if r["server"] == OVER_HTTP.name), None)
    yield _at_most("resident memory after load, without gRPC, MB", resident, MOST_RESIDENT_MB)
    for found in _of(results, "evidence"):
        yield _at_most("evidence's share of the core under load", found["core taken"], MOST_OVERHEAD)
    for found in _of(results, "flips"):
        yield _at_most("revert at the server under load, 99 of 100, ms", found["line-up changed ms"]["p99"], SLOWEST_REVERT_MS)
        yield _at_most(f"requests failed over {found['flips']:,} flips", found["failed"], 0)
    failed = [r["failed"] for r in _of(results, "answers") if r["server"] == ANDON.name]
    yield _at_most("requests failed in all cases", sum(failed) if failed else None, 0)


def text(found: Found) -> str:
    """Every table that has something to show."""
    results, about = found["results"], found["machine"]
    measured = f"Commit {about['commit']}; {about['cpu']}, {about['cores']} cores, Python {about['python']}."
    busy = about["load before"]
    others = f" The machine had other work (load {busy} before the run): read ratios." if busy > 0.5 else ""
    parts = {
        "What must hold": "\n\n".join(filter(None, [_must_table(found["musts"]), *_shortfalls(results)])),
        **{f"Answers per second, {name}": _rates(results, name) for name in MODELS},
        **{f"Answers per second of the server's core, {name}": _rates(results, name, OF_CORE) for name in MODELS},
        **{f"Milliseconds to an answer (p50 / p99), {name}": _times(results, name) for name in MODELS},
        "Memory and start": _footprints(results),
        "What only Andon does": _only_andon(results),
    }
    return "\n\n".join([measured + others, *(f"### {title}\n{part}" for title, part in parts.items() if part)])


def publish(source: Path, page: Path) -> None:
    """Put the figures in place of those between the page's two marks. Raises ValueError where it has none."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for figures: put {BEGIN} and {END} where they go")
    page.write_text(f"{before}{BEGIN}\n{text(json.loads(source.read_text()))}\n{END}{after}")


def _must_table(musts: Sequence[Found]) -> str:
    rows = [[m["name"], f"{m['value']:.3g}", f"{m['limit']:g}", "holds" if m["ok"] else "**does not**"] for m in musts]
    return table(["must", "value", "limit", ""], rows) if rows else ""


def _shortfalls(results: Sequence[Found]) -> Iterable[str]:
    """Why a model's share of bare ONNX Runtime is less than it must be: what its rows take, and what an answer takes."""
    for model in MODELS:
        rates = [_rate(results, name, model, cases.BINARY_BATCH, OF_CORE) for name in (ANDON.name, bare.NAME)]
        share = _ratio(*rates)
        constant = _rate(results, FLOOR.name, model, cases.BINARY_BATCH, OF_CORE)
        if share is not None and share < SHARE_OF_BARE:
            answer, rows = (1e6 / rate for rate in rates if rate)
            left = rows / SHARE_OF_BARE - rows
            yield (
                f"Why not more of bare ONNX Runtime with {model}: there 64 rows take {rows:.0f} µs of a core, an answer takes"
                f" Andon {answer:.0f} µs. The rest is reading, unpacking, packing and writing a request, which weighs only where"
                f" a model is as small as this; to reach the limit it would have to be done in {left:.0f} µs."
                + _floor(constant, rates[1])
            )


def _floor(constant: float | None, bare_rate: float | None) -> str:
    """What is left to any server of the kind."""
    if not constant or not bare_rate:
        return ""
    takes, rows = 1e6 / constant, 1e6 / bare_rate
    return (
        f" To parse such a request and answer a constant, with the fastest parser and event loop that Python has, takes"
        f" {takes:.0f} µs: with the rows' {rows:.0f} µs no more than {rows / (takes + rows):.2f} of bare ONNX Runtime can be had."
    )


def _rates(results: Sequence[Found], model: str, of: str = PER_SECOND) -> str:
    def cell(found: Found) -> str:
        rate = found[of]
        return f"{rate['median']:,.0f} ({rate['least']:,.0f}–{rate['most']:,.0f})"

    return _by_case(results, model, cell)


def _times(results: Sequence[Found], model: str) -> str:
    return _by_case(results, model, lambda r: f"{r['p50 ms']['median']:.2f} / {r['p99 ms']['median']:.2f}")


def _by_case(results: Sequence[Found], model: str, cell: Any) -> str:
    """A row per server, a column per case."""
    of = {(r["server"], r["case"]): r for r in _of(results, "answers") if r["model"] == model}
    servers = list(dict.fromkeys(server for server, _ in of))
    names = [str(case) for case in cases.CASES]
    rows = [[server, *(_cell(of.get((server, name)), cell) for name in names)] for server in servers]
    return table(["", *names], rows) if rows else ""


def _cell(found: Found | None, cell: Any) -> str:
    if found is None:
        return "-"
    return str(cell(found)) + (f", {found['failed']:,} failed" if found["failed"] else "")


def _footprints(results: Sequence[Found]) -> str:
    rows = [
        [r["server"], r["version"], f"{r['resident MB']['most']:.0f}", f"{r['first answer s']['median']:.1f}"]
        for r in _of(results, "footprint")
    ]
    rows += [[r["server"], f"not installed: {r['why']}", "-", "-"] for r in _of(results, "missing")]
    return table(["", "version", "resident after load, MB", "start to first answer, s"], rows) if rows else ""


def _only_andon(results: Sequence[Found]) -> str:
    rows = []
    for r in _of(results, "flips"):
        rows.append([f"{r['flips']:,} flips under load", f"{r['failed']} of {r['requests']:,} requests failed"])
        rows.append(["orders replaced to line-up changed", _milliseconds(r["line-up changed ms"])])
        rows.append(["orders replaced to an answer of the other revision", _milliseconds(r["answered ms"])])
    for r in _of(results, "evidence"):
        rate = r["per second"]
        left = f"{rate['with']['median']:,.0f} answers per second, {rate['without']['median']:,.0f} without"
        what = f"scoring {r['rows per second']:g} rows/s, share of the core under load"
        rows.append([what, f"{_percent(r['core taken'])} ({left})"])
        rows.append(["the same when nobody asks", _percent(r["of an idle core"])])
    return table(["", ""], rows) if rows else ""


def _milliseconds(of: Found) -> str:
    return f"{of['median']:.0f} ms (p99 {of['p99']:.0f}, slowest {of['most']:.0f})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _spread(values: Sequence[float]) -> Found:
    return {"median": median(values), "least": min(values), "most": max(values)}


def _tail(values: Sequence[float]) -> Found:
    return _spread(values) | {"p99": float(np.quantile(values, 0.99))}


def _of(results: Iterable[Found], what: str) -> list[Found]:
    return [r for r in results if r["what"] == what]


def _rate(results: Sequence[Found], server: str, model: str, case: Case, of: str = PER_SECOND) -> float | None:
    """The median; nothing where answers failed."""
    for r in _of(results, "answers"):
        if (r["server"], r["model"], r["case"]) == (server, model, str(case)):
            return None if r["failed"] else float(r[of]["median"])
    return None


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours is not None and theirs else None


def _at_least(name: str, value: float | None, limit: float) -> Found:
    return {"name": name, "value": value, "limit": limit, "ok": value is not None and value >= limit}


def _at_most(name: str, value: float | None, limit: float) -> Found:
    return {"name": name, "value": value, "limit": limit, "ok": value is not None and value <= limit}


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
