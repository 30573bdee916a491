"""One rollback, followed from the first bad row to the commit, with the operator killed on the way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from andon.lab.demo.story import Story
from andon.lab.demo.world import Commit, World


@dataclass(frozen=True, slots=True)
class Rollback:
    """What happened when. Times are those that the parts themselves wrote down."""

    first_bad_row: str
    deciding_scrape: str
    decided: str
    serving_reverted: str
    committed: str
    bad_rows_served: int
    interval: float
    commits: list[Commit]
    version: str

    @classmethod
    def watch(cls, story: Story, world: World, before: str, version: str) -> "Rollback":
        """Follow it. The operator gets SIGKILL when the server has acknowledged and git has not been told."""
        story.await_(f"version {version} is candidate", lambda: _judged(world, version), within=60)
        story.await_("the policy decides: ModelRegression -> Rollback", lambda: _decision(world, version), within=120)
        reverted = story.await_(
            "the server acknowledges that version 1 alone serves", lambda: _reverted(world, version), within=30
        )
        pid = world.kill_operator()
        untold = not world.commits(before)
        story.show("kubectl get modeldeployments", world.kubectl("get", "modeldeployments"))
        story.say(f"The operator (pid {pid}) is killed with SIGKILL, before git was told.")
        story.check("killed between decision and commit", ok=untold)
        commits = story.await_(
            "a new operator finishes the decision: the commit appears", lambda: world.commits(before) or None, within=90
        )
        story.await_("the decision is done", lambda: _done(world, version), within=60)
        decision = _decision(world, version) or {}
        evidence = decision["evidence"]
        story.check("Prometheus convicted it", ok=decision["verdict"] == "ModelRegression", detail=decision["summary"])
        found = cls(
            first_bad_row=evidence["firstBadRow"],
            deciding_scrape=evidence["scraped"],
            decided=decision["since"],
            serving_reverted=reverted["since"],
            committed=world.committed_at(commits[0].hash),
            bad_rows_served=_served_by(world, version, evidence["firstBadRow"]),
            interval=world.interval(),
            commits=world.commits(before),
            version=version,
        )
        took = (_time(found.serving_reverted) - _time(found.deciding_scrape)).total_seconds()
        story.check(
            "from the deciding scrape to acknowledged serving: an interval and a second at most",
            ok=took <= found.interval + 1,
            detail=f"{took:.2f} s, interval {found.interval:.0f} s",
        )
        return found

    def report(self) -> dict[str, Any]:
        """As it stands in the report."""
        return {
            "firstBadRow": self.first_bad_row,
            "decidingScrape": self.deciding_scrape,
            "decided": self.decided,
            "servingReverted": self.serving_reverted,
            "committed": self.committed,
            "badRowsServed": self.bad_rows_served,
            "intervalSeconds": self.interval,
        }


def _judged(world: World, version: str) -> bool | None:
    candidates = [(ack.get("candidate") or {}).get("version") for ack in world.acks()]
    return candidates == [version] or None


def _decision(world: World, version: str) -> dict[str, Any] | None:
    decisions = world.read("driftpolicy").get("status", {}).get("decisions", ())
    return next((d for d in decisions if d["action"] == "Rollback" and d["from"]["version"] == version), None)


def _reverted(world: World, version: str) -> dict[str, Any] | None:
    acks = world.acks()
    back = bool(acks) and all(
        (ack.get("candidate") or {}).get("version") != version and ack["stable"]["version"] == "1" for ack in acks
    )
    return acks[0] if back else None


def _done(world: World, version: str) -> bool | None:
    acted = world.read("modeldeployment").get("status", {}).get("decisions", ())
    return any(d["state"] == "Done" and d["from"]["version"] == version for d in acted) or None


def _served_by(world: World, version: str, since: str) -> int:
    """Rows whose answer came from this version, not those it scored in shadow."""
    return sum(1 for row in world.predictions(_time(since)) if row["version"] == version)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
