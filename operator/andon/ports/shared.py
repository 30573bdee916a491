"""One answer for all who ask the same thing at about the same time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """At most one `fetch` at a time, whose answer serves everybody for `max_age` seconds after it was asked for.

    So the number of queries depends on the clock and not on how many objects want to know. Failures are shared like answers.
    """

    def __init__(self, fetch: Callable[[], Coroutine[Any, Any, T]], max_age: float) -> None:
        self._fetch = fetch
        self._max_age = max_age
        self._asked = 0.0
        self._answer: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The answer: the one under way, the one just given, or a new one. A caller that is cancelled disturbs no other."""
        now = asyncio.get_running_loop().time()
        if self._answer is None or (self._answer.done() and now - self._asked >= self._max_age):
            self._asked = now
            self._answer = asyncio.create_task(self._fetch())
        return await asyncio.shield(self._answer)
