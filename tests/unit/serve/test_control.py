"""Orders obeyed and remembered, whatever the disk says."""

import pytest

from andon.api.slots import Slots
from andon.runtime.serve.slots.control import Files, Orders
from unit.serve.models import linear, slot


class Obedient:
    """A line-up that only notes what it is told."""

    def __init__(self):
        self.texts = []

    def want(self, slots, text):
        self.texts.append(text)


class Once:
    """Gives these orders and no more."""

    source = "a test"

    def __init__(self, *texts):
        self.texts = texts

    async def orders(self):
        for text in self.texts:
            yield text


@pytest.fixture
def text(tmp_path):
    return Slots(namespace="plant-a", deployment="product-e", stable=slot(tmp_path, "1", linear())).text()


def followed(lineup, memory):
    return Orders(lineup, "plant-a", "product-e", memory)


async def test_the_last_orders_are_remembered(tmp_path, text):
    await followed(Obedient(), tmp_path / "slots.json").follow(Once(text, "nonsense"))
    after = Obedient()
    followed(after, tmp_path / "slots.json").remembered()
    assert after.texts == [text]


async def test_orders_that_cannot_be_remembered_are_obeyed(tmp_path, text, caplog):
    lineup = Obedient()
    await followed(lineup, tmp_path / "full" / "slots.json").follow(Once(text))
    assert lineup.texts == [text]
    assert "cannot be remembered" in caplog.text


async def test_a_memory_that_was_torn_changes_nothing(tmp_path):
    (tmp_path / "slots.json").write_bytes(b"\xff\xfe{")
    lineup = Obedient()
    followed(lineup, tmp_path / "slots.json").remembered()
    assert lineup.texts == []


async def test_an_orders_file_that_is_no_text_is_looked_at_again(tmp_path, text):
    file = tmp_path / "orders.json"
    file.write_bytes(b"\xff\xfe{")
    given = Files(file, None).orders()
    assert "{" in await anext(given)
    part = tmp_path / "part"
    part.write_text(text)
    part.rename(file)
    assert await anext(given) == text
    await given.aclose()
