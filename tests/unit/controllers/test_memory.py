"""What was rolled back is remembered by git and by the registry: either is enough, and neither is told apart from nothing."""

import pytest

from andon.api.config import Mlflow, OperatorConfig, Prometheus, Repository
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus, Quarantined
from andon.api.missing import Missing
from andon.api.quarantine import Conviction
from andon.controllers.memory import RETRY, Memory
from andon.controllers.queue import Key
from unit.core.deployments import NOW, digest, slot, spec

KEY = Key("plant-a", "soft-sensor")
CONFIG = OperatorConfig(
    prometheus=Prometheus(url="http://prometheus"),
    mlflow=Mlflow(url="http://mlflow"),
    repositories=[Repository(name="plant", url="https://git/plant.git", namespaces=["plant-a"])],
)
GIT, REGISTRY = (Conviction("2", digest("2"), decision, str(KEY)) for decision in ("d-1111111111", "d-2222222222"))
KNOWN = slot("2")
AWAY = Missing("Unreachable", "It cannot be reached.")
FILE = {"file": {"uri": "https://files/m.onnx", "digest": digest("2"), "version": "2"}}


class World:
    """git and the registry, each with one answer."""

    def __init__(self, git=(), registry=(), known=KNOWN, takes=None):
        self.git, self.registry, self.known, self.takes = git, registry, known, takes
        self.asked, self.told = 0, []

    async def convictions(self, *whose):
        self.asked += 1
        return self.git if len(whose) == 3 else self.registry

    async def resolve(self, name, version):
        return self.known

    async def convict(self, name, conviction):
        self.told.append(conviction)
        return self.takes


def memory(world):
    return Memory(CONFIG, world, world)


def wanted(**model):
    return ModelDeploymentSpec.model_validate({"model": model, "git": {"repositoryRef": "plant"}}) if model else spec("2")


@pytest.mark.parametrize(
    ("world", "given", "remembered"),
    [
        pytest.param(World((GIT,), (REGISTRY,)), spec("2"), (GIT, REGISTRY), id="both"),
        pytest.param(World((GIT,), AWAY), spec("2"), (GIT,), id="git alone"),
        pytest.param(World(AWAY, (REGISTRY,)), spec("2"), (REGISTRY,), id="the registry alone"),
        pytest.param(World((), AWAY), spec("2"), (), id="git says that there is nothing"),
        pytest.param(World(AWAY, AWAY), spec("2"), None, id="neither can say"),
        pytest.param(World((GIT,), AWAY), wanted(**FILE), (GIT,), id="a file: git"),
        pytest.param(World(AWAY, (REGISTRY,)), wanted(**FILE), None, id="a file is in no registry"),
        pytest.param(World(AWAY, (REGISTRY,)), ModelDeploymentSpec.model_validate({"model": FILE}), (), id="nobody to ask"),
        pytest.param(
            World(AWAY, (REGISTRY,)), spec("2", git={"repositoryRef": "others"}), (REGISTRY,), id="no right to that one"
        ),
    ],
)
async def test_recall(world, given, remembered):
    said = await memory(world).recall(KEY, given)
    assert (None if isinstance(said, Missing) else said) == remembered


async def test_who_could_say_is_not_asked_again_and_who_could_not_is():
    world = World(AWAY, AWAY)
    remembering = memory(world)
    assert isinstance(await remembering.recall(KEY, spec("2")), Missing)
    world.git = (GIT,)
    for _ in range(3):
        assert await remembering.recall(KEY, spec("2")) == (GIT,)
    assert world.asked == 4
    other = spec("2", model={"mlflow": {"name": "another", "version": "2"}})
    await remembering.recall(KEY, other)
    assert world.asked == 6, "of another model the registry may know something else"
    remembering.forget(KEY)
    await remembering.recall(KEY, other)
    assert world.asked == 8, "it is gone: another one of its name is asked about anew"


def convicted(**more):
    entry = Quarantined(version="2", digest=digest("2"), decision="d-1111111111", since=NOW, **more)
    return ModelDeploymentStatus(quarantined=[entry])


async def test_the_registry_is_told_once_of_each_conviction():
    world = World()
    remembering = memory(world)
    assert await remembering.record(KEY, spec("1"), convicted()) == 0.0, "look again: the status is to say so"
    assert (world.told, remembering.recorded(KEY)) == ([GIT], {GIT.decision})
    assert await remembering.record(KEY, spec("1"), convicted()) is None
    assert await memory(world).record(KEY, spec("1"), convicted(recorded=True)) is None
    assert world.told == [GIT]


async def test_of_many_that_cannot_be_told_one_is_tried():
    world = World(takes=AWAY)
    entries = [Quarantined(version="2", digest=digest("2"), decision=f"d-{n:010}", since=NOW) for n in range(3)]
    many = ModelDeploymentStatus.model_construct(quarantined=entries)
    assert await memory(world).record(KEY, spec("1"), many) == RETRY
    assert len(world.told) == 1, "a registry that is slow must not hold up a deployment fifty times"


async def test_the_same_version_convicted_again_is_told_again():
    world = World()
    remembering = memory(world)
    await remembering.record(KEY, spec("1"), convicted())
    again = Quarantined(version="2", digest=digest("2"), decision="d-4444444444", since=NOW)
    assert await remembering.record(KEY, spec("1"), ModelDeploymentStatus(quarantined=[again])) == 0.0
    assert [c.decision for c in world.told] == [GIT.decision, "d-4444444444"]


@pytest.mark.parametrize(
    ("world", "given", "wait"),
    [
        pytest.param(World(takes=AWAY), spec("1"), RETRY, id="it cannot be told now"),
        pytest.param(World(known=AWAY), spec("1"), RETRY, id="it cannot even be asked"),
        pytest.param(World(known=Missing("NotFound", "")), spec("1"), 0.0, id="it knows no such version (any more)"),
        pytest.param(World(known=slot("3"), takes=AWAY), spec("1"), 0.0, id="its version of that number is another"),
        pytest.param(World(takes=AWAY), wanted(**FILE), None, id="a file is in no registry"),
    ],
)
async def test_what_the_registry_does_not_take_down_is_tried_again_where_that_is_of_use(world, given, wait):
    assert await memory(world).record(KEY, given, convicted()) == wait
