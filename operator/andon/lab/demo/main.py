"""`andon demo`: bring a lab up, play the acts, write the report, take the lab down."""

import importlib.metadata
import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from andon.api.exits import Exit
from andon.lab import daemon, toolchain
from andon.lab.audit import Write, tally, writes
from andon.lab.crew import LabError
from andon.lab.demo import acts, promotion, troubles
from andon.lab.demo.rollback import Rollback
from andon.lab.demo.story import NeverHappenedError, Story
from andon.lab.demo.world import World
from andon.lab.gobuild import ToolchainError
from andon.lab.lab import Options
from andon.lab.state import folder_of

_QUIET: Final = 60.0
_CALM: Final = timedelta(seconds=5)
_LAB: Final = "demo"
_LIBRARIES: Final = ("mlflow", "asyncua", "kopf", "onnxruntime")


def main(report: Path | None, last_act: int, *, keep: bool, speed: float) -> int:
    """Exit code 0 only if every check held. report: file for the JSON report. last_act: 1 to 8."""
    story, began = Story(), time.monotonic()
    _end_like_ctrl_c(signal.SIGTERM, signal.SIGHUP)
    try:
        toolchain.ensure()
        told = _play(story, last_act, speed, _page(report))
    except (LabError, ToolchainError) as error:
        story.say(f"andon demo: {error}")
        return Exit.FAILED
    except KeyboardInterrupt:
        story.say("interrupted; the lab goes down with it")
        return Exit.FAILED
    finally:
        if not keep:
            daemon.down(_LAB)
    if report is not None:
        report.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        story.say(f"report: {report}")
    story.say(f"{'All checks held' if told['ok'] else 'NOT all checks held'} ({time.monotonic() - began:.0f} s).")
    return Exit.OK if told["ok"] else Exit.FAILED


def _end_like_ctrl_c(*numbers: signal.Signals) -> None:
    """However a demo is ended its lab ends too; what `nohup` made it deaf to stays so."""
    for number in numbers:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _page(report: Path | None) -> Path:
    """Where an explanation is written: beside the report, else where the lab's logs outlive it."""
    return report.with_suffix(".html") if report else folder_of(_LAB) / "logs" / "decision.html"


def _play(story: Story, last_act: int, speed: float, page: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"rollback": None, "promotion": None, "commits": [], "settled": None}
    try:
        with story.act("1. Plant up"):
            daemon.down(_LAB)
            state = daemon.up(
                Options(name=_LAB, speed=speed),
                lambda row: story.say(f"{row.name} {row.stage.lower()} after {row.seconds:.1f} s"),
            )
            story.say(f"the lab is up after {state.seconds:.1f} s; KUBECONFIG={state.kubeconfig}")
            world = World(_LAB)
            began = world.pull()
            acts.plant_up(story, world)
        _play_on(story, world, last_act, page, told)
        told["commits"] = world.commits(began)
    except NeverHappenedError as error:
        story.say(f"the story ends here: {error}")
    return _report(story, told)


def _play_on(story: Story, world: World, last_act: int, page: Path, told: dict[str, Any]) -> None:
    def bad_version() -> None:
        rollback.append(acts.bad_version(story, world))
        told["rollback"] = rollback[0].report()

    def good_version() -> None:
        told["promotion"] = promotion.good_version(story, world, changed[0])

    rollback: list[Rollback] = []
    changed: list[datetime] = []
    later: tuple[tuple[str, Callable[[], object]], ...] = (
        ("2. A model from raw tags", lambda: acts.model_from_tags(story, world)),
        ("3. A bad version, committed by hand", bad_version),
        ("4. The same bad version again", lambda: acts.same_version_again(story, world, rollback[0].version)),
        ("5. A sensor sticks", lambda: troubles.sensor_sticks(story, world)),
        ("6. Prometheus goes away", lambda: troubles.prometheus_goes_away(story, world)),
        ("7. The plant itself changes", lambda: changed.append(troubles.plant_changes(story, world, page))),
        ("8. A good version", good_version),
    )
    for name, play in later[: last_act - 1]:
        with story.act(name):
            play()
    if last_act > len(later):
        with story.act("Settled"):
            told["settled"] = _settled(story, world)


def _settled(story: Story, world: World) -> dict[str, Any]:
    """Who wrote to the API server in a quiet minute, by its own audit log, once what the last act left to say is said."""
    story.await_("nobody has written for some seconds", lambda: not _written(world, datetime.now(UTC) - _CALM) or None, within=60)
    begin = datetime.now(UTC)
    end = begin + timedelta(seconds=_QUIET)
    story.await_("a quiet minute passes", lambda: datetime.now(UTC) > end or None, within=_QUIET + 30)
    found = tally(writes(world.folder / "audit.log", begin, end))
    identities = sorted({*found.writes, *_identities(world)})
    counts = {identity: found.writes[identity] for identity in identities}
    story.check("operator and pods wrote nothing for a minute", ok=not any(counts.values()), detail=json.dumps(counts))
    for write in _written(world, begin):
        story.say(f"{write.at:%H:%M:%S} {write.verb} {write.resource} {write.name} by {write.identity}")
    return {"seconds": _QUIET, "writes": counts, "leaseRenewals": sum(found.leases.values())}


def _written(world: World, since: datetime) -> list[Write]:
    """What operator and pods have written since then, but for Leases."""
    found = writes(world.folder / "audit.log", since, datetime.now(UTC))
    return [write for write in found if write.is_workload and not write.is_lease]


def _identities(world: World) -> list[str]:
    """The operator, and every ServiceAccount that Andon's pods run as."""
    pods = json.loads(world.kubectl("get", "pods", "-A", "-o", "json"))["items"]
    return [f"system:serviceaccount:{p['metadata']['namespace']}:{p['spec']['serviceAccountName']}" for p in pods]


def _report(story: Story, told: dict[str, Any]) -> dict[str, Any]:
    commits = [{"subject": c.subject, "trailers": c.trailers, "linesChanged": c.lines} for c in told["commits"]]
    return {
        "ok": story.ok,
        "acts": [act.report() for act in story.acts],
        "components": _components(),
        "rollback": told["rollback"],
        "promotion": told["promotion"],
        "git": {"commits": commits},
        "settled": told["settled"],
    }


def _components() -> dict[str, str]:
    """What was really running, as each says itself."""
    programs = {
        "kubernetes": ("kube-apiserver", "--version"),
        "etcd": ("etcd", "--version"),
        "prometheus": ("prometheus", "--version"),
    }
    versions = {name: _version(str(toolchain.binary(tool)), option) for name, (tool, option) in programs.items()}
    return versions | {name: importlib.metadata.version(name) for name in _LIBRARIES}


def _version(program: str, option: str) -> str:
    ran = subprocess.run([program, option], capture_output=True, text=True, timeout=30, check=True)
    match = re.search(r"v?[0-9]+\.[0-9]+[^\s,]*", ran.stdout + ran.stderr)
    return match[0] if match else ran.stdout.strip()
