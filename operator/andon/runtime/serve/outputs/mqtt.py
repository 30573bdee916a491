"""How do predictions reach a broker? One message each with QoS 1, a batch under way at a time, in order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import aiomqtt
import orjson

from andon.runtime.serve.outputs.secrets import Secret
from andon.runtime.serve.outputs.senders import Message, OutputError, Send

TIMEOUT: Final = 10.0
KEEP_ALIVE: Final = 30
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


class Broker:
    """A topic of the broker that a Secret tells of."""

    most = 100

    def __init__(self, topic: str, secret: Secret) -> None:
        self._topic = topic
        self._secret = secret

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Send]:
        """See Sender. The Secret is read anew at each connect."""
        client = self._client()
        try:
            async with client:

                async def send(batch: Sequence[Message]) -> None:
                    await self._publish(client, batch)

                yield send
        except aiomqtt.MqttError as error:
            raise OutputError(f"the broker of the Secret {self._secret.name}: {error}") from None

    def _client(self) -> aiomqtt.Client:
        try:
            url = urlsplit(self._secret.needed("url"))
            host, port = url.hostname, url.port or _PORTS.get(url.scheme)
        except ValueError:
            host, port = None, None
        if not host or not port:
            raise OutputError(f"url of the Secret {self._secret.name} is not mqtt://HOST:PORT or mqtts://HOST:PORT; correct it")
        client = aiomqtt.Client(
            host,
            port,
            username=self._secret.given("username"),
            password=self._secret.given("password"),
            tls_context=self._secret.trust() if url.scheme == "mqtts" else None,
            timeout=TIMEOUT,
            keepalive=KEEP_ALIVE,
            max_inflight_messages=self.most,
        )
        client.pending_calls_threshold = self.most
        return client

    async def _publish(self, client: aiomqtt.Client, batch: Sequence[Message]) -> None:
        """Publish all, then wait until the broker has acknowledged each, or is gone. Raises OutputError."""
        messages = [
            asyncio.ensure_future(client.publish(self._topic, orjson.dumps(message), qos=1, timeout=TIMEOUT)) for message in batch
        ]
        everything, gone = asyncio.ensure_future(asyncio.wait(messages)), asyncio.ensure_future(anext(client.messages))
        try:
            await asyncio.wait({everything, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*messages, everything, gone):
                task.cancel()
            ended = await asyncio.gather(*messages, everything, gone, return_exceptions=True)
        arrived = next((i for i, outcome in enumerate(ended[: len(batch)]) if outcome is not None), len(batch))
        if arrived < len(batch):
            raise OutputError(f"the broker of the Secret {self._secret.name} did not acknowledge: {_why(ended[-1])}", arrived)


def _why(ended: object) -> str:
    return str(ended) if isinstance(ended, aiomqtt.MqttError) else f"no answer within {TIMEOUT:g} s"
