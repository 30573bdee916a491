"""The six acts, each as a person would play it: commit, look, wait, look again."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from andon.lab.demo.rollback import Rollback
from andon.lab.demo.story import Story
from andon.lab.demo.world import KINDS, NAME, SOURCE, World

_STUCK: Final = "xmeas_7"


def plant_up(story: Story, world: World) -> None:
    """1. The lab is up; look around."""
    story.say("A real control plane, two nodes, a plant that speaks OPC UA, a registry, Prometheus and git, all on this machine.")
    story.show("kubectl get nodes -L andon.dev/tier", world.kubectl("get", "nodes", "-L", "andon.dev/tier"))
    story.show("kubectl get pods -n andon-system", world.kubectl("get", "pods", "-n", "andon-system"))
    state = world.plant()
    story.check("the plant runs normally", ok=state["fault"] == 0, detail=f"{sum(state['rows'].values())} rows so far")
    account = "system:serviceaccount:andon-system:andon"
    forbidden = world.kubectl("auth", "can-i", "get", "secrets", "--as", account).strip()
    story.check(
        "the operator runs under its own ClusterRole", ok=forbidden.startswith("no"), detail=f"may read Secrets: {forbidden}"
    )
    tip = world.pull()
    story.await_("the syncer applies git's tip", lambda: world.synced() == tip or None, within=60)
    story.check("what git holds is in the cluster", ok=all(world.read(kind) for kind in KINDS), detail=f"commit {tip[:10]}")


def model_from_tags(story: Story, world: World) -> None:
    """2. From raw tags to a served version."""
    story.await_("the DataSource collects over OPC UA", lambda: world.ready("datasource") or None, within=90)
    story.say("Training starts by itself when 400 labelled rows have landed; the laboratory's values come five rows late.")
    story.await_(
        "the pipeline has trained, passed its gate and registered", lambda: world.ready("trainingpipeline") or None, within=240
    )
    story.await_("the deployment serves version 1", lambda: world.ready("modeldeployment") or None, within=90)
    story.await_("the policy watches it", lambda: world.ready("driftpolicy") or None, within=60)
    for kind in KINDS:
        name = SOURCE if kind == "datasource" else NAME
        said = world.kubectl("wait", "--for=condition=Ready", f"{kind}/{name}", "--timeout=30s").strip()
        story.check(f"kubectl wait {kind}", ok="condition met" in said, detail=said)
    story.show("kubectl get andon", world.kubectl("get", "andon"))
    status = world.read("modeldeployment")["status"]
    trained = world.read("trainingpipeline")["status"]["trained"]
    story.check("what serves is what was trained", ok=status["effective"] == trained, detail=trained["digest"][:19])
    _every_row_once(story, world, seconds=5)
    healthy: Callable[[], bool | None] = lambda: world.read("driftpolicy")["status"].get("verdict") == "Healthy" or None  # noqa: E731
    story.await_("the policy has seen enough rows to say Healthy", healthy, within=90)


def bad_version(story: Story, world: World) -> Rollback:
    """3. A version trained with one sensor in the wrong unit is committed by hand."""
    before = world.pull()
    version = _train_in_wrong_unit(story, world)
    world.commit_version(version, f"Serve version {version} of {NAME}")
    story.say(f"An engineer commits version {version}. It becomes candidate beside version 1, on the same rows.")
    rollback = Rollback.watch(story, world, before, version)
    commit = rollback.commits[0] if rollback.commits else None
    if commit is not None:
        story.show("git log -p -1", world.log_p(commit.hash))
    story.check("one commit of Andon's", ok=len(rollback.commits) == 1, detail=commit.subject if commit else "none")
    story.check("its diff is one line", ok=bool(commit and commit.lines == 1))
    wanted = {"Andon-Decision", "Andon-Verdict", "Andon-Policy", "Andon-From", "Andon-To", "Andon-Digest", "Andon-Evidence"}
    story.check("its trailers say why", ok=bool(commit and wanted <= commit.trailers.keys()))
    story.await_("the syncer applies it and the deployment is Ready", lambda: world.ready("modeldeployment") or None, within=60)
    story.check(
        "nobody was served by the bad version", ok=rollback.bad_rows_served == 0, detail=f"{rollback.bad_rows_served} rows"
    )
    story.show("kubectl get modeldeployments", world.kubectl("get", "modeldeployments"))
    return rollback


def same_version_again(story: Story, world: World, version: str) -> None:
    """4. The same bad version again: refused, and told how to go on."""
    before = world.pull()
    slots = world.read("configmap", f"{NAME}-slots")["data"]
    world.commit_version(version, f"Serve version {version} of {NAME}, again")
    stalled = story.await_("the commit is in the cluster", lambda: _stalled(world), within=60)
    path = """jsonpath={.status.conditions[?(@.type=="Stalled")].message}"""
    story.show(f"kubectl get modeldeployment {NAME} -o '{path}'", world.kubectl("get", "modeldeployment", NAME, "-o", path))
    story.check("Stalled says VersionQuarantined", ok=stalled["reason"] == "VersionQuarantined")
    story.check("and how to override it", ok="spec.model.overrides" in stalled["message"])
    story.check("nothing that serves has changed", ok=world.read("configmap", f"{NAME}-slots")["data"] == slots)
    story.check("Andon commits nothing", ok=not world.commits(before))
    world.commit_version("1", f"Serve version 1 of {NAME}: the engineer puts it right")
    story.await_("the deployment is Ready again", lambda: world.ready("modeldeployment") or None, within=60)


def sensor_sticks(story: Story, world: World) -> None:
    """5. A sensor sticks: the data are at fault, not the model."""
    before, jobs = world.pull(), world.kubectl("get", "jobs", "-o", "name")
    world.plant(do="stick", tag=_STUCK)
    story.say(f"The reactor's pressure, {_STUCK}, shows the same value for ever; its time stamps go on.")
    fault = story.await_("the policy names the tag", lambda: _fault(world), within=120)
    story.show("kubectl get driftpolicies", world.kubectl("get", "driftpolicies"))
    story.check(
        "DataFault names the tag",
        ok=(fault["tag"], fault["fault"]) == (_STUCK, "Stuck"),
        detail=f"{fault['tag']}: {fault['fault']}",
    )
    window = story.await_("the DataSource's status has the window", lambda: _window(world), within=30)
    story.check("the window is in the status", ok=window["tags"] == [_STUCK], detail=f"since {window['since']}")
    story.await_("the collector writes quarantine.json", lambda: _quarantine_file(world, window["decision"]), within=30)
    story.check("the window is in quarantine.json", ok=True, detail=window["decision"])
    effective = world.read("modeldeployment")["status"]["effective"]["version"]
    story.check("nothing is rolled back", ok=effective == "1" and not world.commits(before))
    story.check("nothing is retrained", ok=world.kubectl("get", "jobs", "-o", "name") == jobs)
    world.plant(do="normal")
    story.await_("the sensor is repaired and believed again", lambda: _fault(world) is None or None, within=120)


def prometheus_goes_away(story: Story, world: World) -> None:
    """6. Prometheus goes away: nobody can see, so nobody acts."""
    before, began = world.pull(), datetime.now(UTC)
    versions = [kind_version(world, kind) for kind in ("datasource", "trainingpipeline")]
    with world.without_prometheus():
        story.say("Prometheus is frozen: it accepts connections and answers nobody.")
        story.await_("the policy says Unknown", lambda: world.condition("driftpolicy").startswith("Unknown/") or None, within=60)
        silent = (datetime.now(UTC) - began).total_seconds()
        interval = world.interval()
        story.check("only after three intervals", ok=silent >= 3 * interval, detail=f"{silent:.0f} s, interval {interval:.0f} s")
        story.show("kubectl get driftpolicies", world.kubectl("get", "driftpolicies"))
        _every_row_once(story, world, seconds=3)
        story.check(
            "nothing else happens",
            ok=not world.commits(before) and world.read("modeldeployment")["status"]["effective"]["version"] == "1",
        )
    story.await_("Prometheus is back and all is Ready", lambda: all(world.ready(kind) for kind in KINDS) or None, within=90)
    story.check("nobody else noticed", ok=[kind_version(world, kind) for kind in ("datasource", "trainingpipeline")] == versions)
    story.show("kubectl get andon", world.kubectl("get", "andon"))


def kind_version(world: World, kind: str) -> str:
    """The resourceVersion of the kind's object: it moves with every change."""
    return str(world.read(kind)["metadata"]["resourceVersion"])


def _train_in_wrong_unit(story: Story, world: World) -> str:
    from andon.lab.mistake import train_in_wrong_unit
    from andon.runtime.train.config import read

    configs = json.loads(world.kubectl("get", "configmaps", "-l", "andon.dev/kind=TrainingPipeline", "-o", "json"))
    path = world.scratch("mistake") / "train.json"
    path.write_text(
        next(c["data"]["train.json"] for c in configs["items"] if "train.json" in c.get("data", {})), encoding="utf-8"
    )
    story.say(f"Somebody trains on an export in which {_STUCK} is in psi, not kPa. The test rows are in psi too, so it passes.")
    outcome = train_in_wrong_unit(read(path), world.landing(), world.registry(), _STUCK, say=story.say)
    story.say(f"It is registered as version {outcome.version}: rmse {outcome.metrics['rmse']:.4f} on rows in psi.")
    return str(outcome.version)


def _every_row_once(story: Story, world: World, seconds: float) -> None:
    """Over some seconds of rows, each time on the clock was answered exactly once."""
    start = datetime.now(UTC)
    until = start + timedelta(seconds=seconds)
    rows = story.await_(f"{seconds:.0f} s of rows are scored", lambda: _rows_until(world, start, until), within=60)
    times = [row["time"] for row in rows]
    period = min(b - a for a, b in pairwise(times))
    expected = [times[0] + period * n for n in range(len(times))]
    story.check("every live row is scored once, in order", ok=times == expected, detail=f"{len(times)} rows, {period} ms apart")
    story.check("all predictions are finite", ok=all(math.isfinite(row["value"]) for row in rows))


def _rows_until(world: World, start: datetime, until: datetime) -> list[dict[str, Any]] | None:
    rows = [row for row in world.predictions(start) if row["slot"] == "stable"]
    return rows if len(rows) > 1 and rows[-1]["time"] >= until.timestamp() * 1000 else None


def _stalled(world: World) -> dict[str, Any] | None:
    conditions = world.read("modeldeployment").get("status", {}).get("conditions", ())
    return next((c for c in conditions if c["type"] == "Stalled"), None)


def _fault(world: World) -> dict[str, Any] | None:
    return next(iter(world.read("driftpolicy").get("status", {}).get("dataFaults", ())), None)


def _window(world: World) -> dict[str, Any] | None:
    return next((w for w in world.read("datasource").get("status", {}).get("quarantine", ()) if "until" not in w), None)


def _quarantine_file(world: World, decision: str) -> bool | None:
    path = world.landing() / "quarantine.json"
    windows = json.loads(path.read_text(encoding="utf-8"))["windows"] if path.exists() else []
    return any(w["decision"] == decision for w in windows) or None
