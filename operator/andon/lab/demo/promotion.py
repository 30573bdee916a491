"""The last act: a good version goes shadow -> 20 % -> 100 %, and the line gets every prediction meanwhile."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from andon.lab.broker import ADDRESS
from andon.lab.demo.line import Delivery, Line
from andon.lab.demo.story import Story
from andon.lab.demo.world import NAME, NAMESPACE, World

TOPIC: Final = f"{NAMESPACE}/{NAME}"
_WEIGHT: Final = 20
_EARLIER: Final = timedelta(seconds=10)
"""The first message may be of a row that is older than the subscription."""

Json = dict[str, Any]


def good_version(story: Story, world: World, sound_until: datetime) -> Json:
    """8. A good version is judged in shadow, then by a share of the rows, and promoted; the old one stays as reference.

    sound_until: what landed later is not of this plant as it is now, and is not trained on.
    """
    began = datetime.now(UTC) - _EARLIER
    old = _effective(world)
    with Line(world.secret(ADDRESS)["url"], TOPIC) as line:
        story.await_("predictions arrive at the line, by MQTT", lambda: line.messages or None, within=30)
        version = _trained_again(story, world, sound_until)
        shared, promoted = _through_the_steps(story, world, version)
        _old_one_stays(story, world, old, promoted)
        until = line.messages[-1]["time"]
        answered = [row for row in world.predictions(began) if row["time"] <= until]
        delivery = Delivery.of(answered, tuple(line.messages), until)
    by_version = Counter(row["version"] for row in answered if shared <= _moment(row) < promoted)
    _check(story, delivery, by_version, version)
    return {
        "version": version,
        **delivery.report(),
        "answeredInShare": dict(by_version),
        "reference": world.read("modeldeployment")["status"]["reference"],
    }


def _trained_again(story: Story, world: World, until: datetime) -> str:
    from andon.lab.successor import train_again

    story.say("Somebody trains again as the first time, on all that had landed before the plant changed: a sound version.")
    outcome = train_again(world.training(), world.landing(), world.registry(), until, say=story.say)
    return str(outcome.version)


def _through_the_steps(story: Story, world: World, version: str) -> tuple[datetime, datetime]:
    """When it began to answer a share of the rows, and when all of them."""
    world.commit_version(version, f"Serve version {version} of {NAME}")
    story.await_(f"version {version} scores in shadow", lambda: _serving(world, candidate=version, weight=0), within=60)
    story.say("It answers nobody. Rows and labels speak for it, not time: it goes on when the policy finds it Healthy.")
    share = story.await_(
        f"version {version} answers {_WEIGHT} %", lambda: _serving(world, candidate=version, weight=_WEIGHT), 180
    )
    story.show("kubectl get modeldeployments", world.kubectl("get", "modeldeployments"))
    stable = story.await_(
        f"version {version} is promoted: it answers everybody", lambda: _serving(world, stable=version), within=120
    )
    story.await_(
        "the deployment is Ready", lambda: (world.ready("modeldeployment") and _effective(world) == version) or None, within=60
    )
    return _since(share), _since(stable)


def _old_one_stays(story: Story, world: World, old: str, promoted: datetime) -> None:
    """The old version scores on, so that the new one is watched beside it for life."""
    reference = (world.read("modeldeployment")["status"].get("reference") or {}).get("version")
    story.check(f"version {old} stays as reference", ok=reference == old, detail=f"status.reference: version {reference}")
    story.await_(
        f"version {old} goes on scoring in shadow",
        lambda: any((row["slot"], row["version"]) == ("reference", old) for row in world.scored(promoted)) or None,
        within=30,
    )
    healthy = lambda: world.read("driftpolicy")["status"].get("verdict") == "Healthy" or None  # noqa: E731
    story.await_("the policy has seen enough of what serves now to say Healthy", healthy, within=90)
    story.show("kubectl get andon", world.kubectl("get", "andon"))


def _check(story: Story, delivery: Delivery, by_version: Counter[str], version: str) -> None:
    detail = f"{delivery.sent} predictions, {delivery.missing} missing, {delivery.twice} twice"
    story.check("the line got every prediction, none twice", ok=not delivery.missing and not delivery.twice, detail=detail)
    story.check("in order, and as the server's log has them", ok=delivery.in_order and delivery.alike)
    share = by_version[version] / max(by_version.total(), 1)
    story.check(
        f"in its step version {version} answered blocks of 20 rows, about {_WEIGHT} %",
        ok=0.05 <= share <= 0.4,
        detail=f"{by_version[version]} of {by_version.total()} rows",
    )


def _serving(world: World, *, weight: int | None = None, **slots: str) -> Json | None:
    """The acknowledgement that these slots have these versions, and the candidate this share."""
    for ack in world.acks():
        right = all((ack.get(slot) or {}).get("version") == version for slot, version in slots.items())
        if right and weight in {None, ack["weight"]}:
            return ack
    return None


def _effective(world: World) -> str:
    return str(world.read("modeldeployment")["status"]["effective"]["version"])


def _since(ack: Json) -> datetime:
    return datetime.fromisoformat(ack["since"])


def _moment(row: Json) -> datetime:
    return datetime.fromtimestamp(row["time"] / 1000, UTC)
