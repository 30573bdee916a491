"""The first four acts, a model's life, as a person would play them: trained, served, followed by a bad version, rolled back."""

from collections.abc import Callable
from typing import Any, Final

from andon.lab.demo.rollback import Rollback
from andon.lab.demo.rows import every_row_once
from andon.lab.demo.story import Story
from andon.lab.demo.world import KINDS, NAME, SOURCE, World
from andon.lab.signing import SIGNER

_RESCALED: Final = "xmeas_7"


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
    every_row_once(story, world, seconds=5)
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
    _check_signature(story, world.signature(commit.hash) if commit is not None else "")
    story.await_("the syncer applies it and the deployment is Ready", lambda: world.ready("modeldeployment") or None, within=60)
    story.check(
        "nobody was served by the bad version", ok=rollback.bad_rows_served == 0, detail=f"{rollback.bad_rows_served} rows"
    )
    story.show("kubectl get modeldeployments", world.kubectl("get", "modeldeployments"))
    return rollback


def _check_signature(story: Story, said: str | None) -> None:
    if said is None:
        story.say("There is no ssh-keygen on this machine: commits are not signed here.")
        return
    story.show("git log -1 --show-signature", said)
    story.check("its signature is the operator's", ok=said.endswith(f"G {SIGNER}"))


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


def _train_in_wrong_unit(story: Story, world: World) -> str:
    from andon.lab.mistake import train_in_wrong_unit

    story.say(
        f"Somebody trains on an export in which {_RESCALED} is in psi, not kPa. The test rows are in psi too, so it passes."
    )
    outcome = train_in_wrong_unit(world.training(), world.landing(), world.registry(), _RESCALED, say=story.say)
    story.say(f"It is registered as version {outcome.version}: rmse {outcome.metrics['rmse']:.4f} on rows in psi.")
    return str(outcome.version)


def _stalled(world: World) -> dict[str, Any] | None:
    conditions = world.read("modeldeployment").get("status", {}).get("conditions", ())
    return next((c for c in conditions if c["type"] == "Stalled"), None)
