"""Acts five to seven, in which no version is at fault: a sensor is, or nobody can see, or the plant itself has changed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from andon.lab.demo.rows import every_row_once
from andon.lab.demo.story import Story
from andon.lab.demo.world import KINDS, NAME, NAMESPACE, World

_STUCK: Final = "xmeas_7"
_BIASED: Final = "xmeas_11"
_BIAS: Final = 0.75
"""Degrees: four of its standard deviations, and still inside of the range that it has in sound operation."""
_KINETICS: Final = 13
"""The Tennessee Eastman fault in which the reaction slowly becomes another one."""


def sensor_sticks(story: Story, world: World) -> None:
    """5. A sensor sticks, another goes astray: the data are at fault, not the model."""
    touched = _touched(world)
    world.plant(do="stick", tag=_STUCK)
    story.say(f"The reactor's pressure, {_STUCK}, shows the same value for ever; its time stamps go on.")
    story.await_("the policy names the tag", lambda: _fault(world, _STUCK), within=120)
    story.show("kubectl get driftpolicies", world.kubectl("get", "driftpolicies"))
    story.check("DataFault names the tag", ok=_faults(world) == {_STUCK: "Stuck"}, detail=f"{_faults(world)}")
    window = story.await_("the DataSource's status has the window", lambda: _window(world, _STUCK), within=30)
    story.check("the window is in the status", ok=window["tags"] == [_STUCK], detail=f"since {window['since']}")
    story.await_("the collector writes quarantine.json", lambda: _quarantine_file(world, window["decision"]), within=30)
    story.check("the window is in quarantine.json", ok=True, detail=window["decision"])
    _explained(story, world, window["decision"], "IT IS THE DATA.")
    world.plant(do="bias", tag=_BIASED, amount=_BIAS)
    story.say(
        f"The separator's temperature, {_BIASED}, now shows {_BIAS} degrees too much: it moves, and stays within its range."
    )
    story.await_("the policy names that tag too", lambda: _fault(world, _BIASED), within=120)
    wanted = {_STUCK: "Stuck", _BIASED: "Biased"}
    story.check("only what the other tags say tells it", ok=_faults(world) == wanted, detail=f"{_faults(world)}")
    story.check("nothing is rolled back or retrained, and nothing committed", ok=_touched(world) == touched)
    world.plant(do="normal")
    story.await_("both sensors are repaired and believed again", lambda: not _faults(world) or None, within=180)


def prometheus_goes_away(story: Story, world: World) -> None:
    """6. Prometheus goes away: nobody can see, so nobody acts."""
    before, began = world.pull(), datetime.now(UTC)
    versions = [_kind_version(world, kind) for kind in ("datasource", "trainingpipeline")]
    with world.without_prometheus():
        story.say("Prometheus is frozen: it accepts connections and answers nobody.")
        story.await_("the policy says Unknown", lambda: world.condition("driftpolicy").startswith("Unknown/") or None, within=60)
        silent = (datetime.now(UTC) - began).total_seconds()
        interval = world.interval()
        story.check("only after three intervals", ok=silent >= 3 * interval, detail=f"{silent:.0f} s, interval {interval:.0f} s")
        story.show("kubectl get driftpolicies", world.kubectl("get", "driftpolicies"))
        every_row_once(story, world, seconds=3)
        story.check(
            "nothing else happens",
            ok=not world.commits(before) and world.read("modeldeployment")["status"]["effective"]["version"] == "1",
        )
    story.await_("Prometheus is back and all is Ready", lambda: all(world.ready(kind) for kind in KINDS) or None, within=90)
    story.check("nobody else noticed", ok=[_kind_version(world, kind) for kind in ("datasource", "trainingpipeline")] == versions)
    story.show("kubectl get andon", world.kubectl("get", "andon"))


def plant_changes(story: Story, world: World, page: Path) -> datetime:
    """7. The plant itself changes: the model was never taught there. When it did. page: where the explanation is written."""
    touched, began = _touched(world), datetime.now(UTC)
    page.unlink(missing_ok=True)
    world.plant(do="fault", number=_KINETICS)
    story.say(f"The reaction's kinetics drift: process fault {_KINETICS}, which version 1 has never seen. All sensors are sound.")
    decision = story.await_("the policy proposes: HarmfulShift -> Retrain", lambda: _proposed(world), within=300)
    story.show("kubectl get driftpolicies", world.kubectl("get", "driftpolicies"))
    said = world.read("driftpolicy")["status"]["stableVerdict"]
    story.check("the verdict is HarmfulShift", ok=said == decision["verdict"] == "HarmfulShift", detail=decision["summary"])
    story.check("no sensor is blamed", ok=not _faults(world), detail=f"{_faults(world)}")
    asked = (decision["action"], decision["authority"], decision["state"])
    story.check("a person is asked", ok=asked == ("Retrain", "Confirm", "Open"), detail=decision["id"])
    waiting: Callable[[], bool | None] = lambda: world.condition("trainingpipeline", "AwaitingApproval") != "" or None  # noqa: E731
    story.await_("the pipeline says how to approve it", waiting, within=30)
    path = """jsonpath={.status.conditions[?(@.type=="AwaitingApproval")].message}"""
    story.show(f"kubectl get trainingpipeline {NAME} -o '{path}'", world.kubectl("get", "trainingpipeline", NAME, "-o", path))
    _explained(story, world, decision["id"], "IT IS THE PLANT", page)
    written = page.read_text(encoding="utf-8") if page.exists() else ""
    story.check("its page is written, and has the verdict", ok="HarmfulShift" in written, detail=str(page))
    story.check("nothing is trained, rolled back or committed without that person", ok=_touched(world) == touched)
    world.plant(do="normal")
    healthy: Callable[[], bool | None] = lambda: world.read("driftpolicy")["status"]["verdict"] == "Healthy" or None  # noqa: E731
    story.await_("the plant is back to normal, and the model Healthy", healthy, within=300)
    story.await_(
        "the pipeline asks nobody any more",
        lambda: not world.condition("trainingpipeline", "AwaitingApproval") or None,
        within=30,
    )
    story.check("the proposal is withdrawn", ok=_proposed(world) is None)
    return began


def _kind_version(world: World, kind: str) -> str:
    """The resourceVersion of the kind's object: it moves with every change."""
    return str(world.read(kind)["metadata"]["resourceVersion"])


def _explained(story: Story, world: World, decision: str, answer: str, page: Path | None = None) -> None:
    """How it was known. answer: how the explanation begins."""
    options = ("--html", str(page)) if page else ()
    said = world.explain(decision, *options)
    story.show(" ".join(("andon explain", decision, "-n", NAMESPACE, *options)), said)
    story.check("the explanation says which it is", ok=said.startswith(answer), detail=said.partition("\n")[0])
    story.check("and what it is not, and why", ok="What it was not, and why" in said)


def _touched(world: World) -> tuple[str, str, str]:
    """What must stay as it is: the repository, the Jobs, the version that answers."""
    version = world.read("modeldeployment")["status"]["effective"]["version"]
    return world.pull(), world.kubectl("get", "jobs", "-o", "name"), version


def _faults(world: World) -> dict[str, str]:
    return {f["tag"]: f["fault"] for f in world.read("driftpolicy").get("status", {}).get("dataFaults", ())}


def _fault(world: World, tag: str) -> str | None:
    return _faults(world).get(tag)


def _proposed(world: World) -> dict[str, Any] | None:
    decisions = world.read("driftpolicy").get("status", {}).get("decisions", ())
    return next((d for d in decisions if d["action"] == "Retrain" and d["state"] == "Open"), None)


def _window(world: World, tag: str) -> dict[str, Any] | None:
    windows = world.read("datasource").get("status", {}).get("quarantine", ())
    return next((w for w in windows if "until" not in w and tag in w["tags"]), None)


def _quarantine_file(world: World, decision: str) -> bool | None:
    path = world.landing() / "quarantine.json"
    windows = json.loads(path.read_text(encoding="utf-8"))["windows"] if path.exists() else []
    return any(w["decision"] == decision for w in windows) or None
