"""Who is asked over HTTP? Collectors, the API server, registries, consumers: all through one session, made for the first of them.

A server that asks nobody never has it: it is a tenth of the memory of one that does.
"""

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import aiohttp


class Client:
    """The session, once there is one; closed on leaving."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def prepare(self) -> None:
        """Have the session before requests come: what it is made of takes 0.4 s to import."""
        _ = self.session

    @property
    def session(self) -> "aiohttp.ClientSession":
        """Made now, if it is the first time that anybody is to be asked."""
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession()
        return self._session

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        if self._session:
            await self._session.close()
