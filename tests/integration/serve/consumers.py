"""Consumers of predictions: a real MQTT broker with somebody who listens, and a real web service that fails when told to."""

import asyncio
import contextlib
import json
import ssl

import aiomqtt
from aiohttp import web

from andon.lab.toolchain import binary
from integration.serve.process import free_port

HOST = "127.0.0.1"
TOPIC = "plant-a/product-e"


class Line:
    """A broker, and one who hears all that comes to a topic. heard: messages in order of arrival.

    certificates: a folder with tls.crt and tls.key, with which only private connections are taken.
    """

    def __init__(self, certificates=None):
        self.certificates = certificates
        self.port = free_port()
        self.heard = []
        self._process = None
        self._listener = None

    async def start(self):
        """Start the broker; return once it is listened to."""
        listening = (f"-tcp={HOST}:{self.port}", f"-ws={HOST}:0", f"-info={HOST}:0")
        if self.certificates:
            files = {"cert": self.certificates / "tls.crt", "key": self.certificates / "tls.key"}
            listening += tuple(f"-tls-{kind}-file={path}" for kind, path in files.items())
        silent = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL}
        self._process = await asyncio.create_subprocess_exec(binary("mqtt-broker"), *listening, **silent)
        subscribed = asyncio.Event()
        self._listener = asyncio.create_task(self._listen(subscribed))
        await asyncio.wait_for(subscribed.wait(), 10)

    async def _listen(self, subscribed):
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client("localhost", self.port, tls_context=self._trust()) as client:
                    await client.subscribe(TOPIC, qos=1)
                    subscribed.set()
                    async for message in client.messages:
                        self.heard.append(json.loads(message.payload))
            await asyncio.sleep(0.02)

    def _trust(self):
        return ssl.create_default_context(cafile=self.certificates / "tls.crt") if self.certificates else None

    async def kill(self):
        """As a power cut does it."""
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        self._process.kill()
        await self._process.wait()


class WebService:
    """Takes POSTs of predictions. answers: what it does with the next requests: a status, or None to be silent; then 204.

    taken: bodies that it answered 2xx. seen: every request's headers.
    """

    def __init__(self):
        self.answers, self.taken, self.seen = [], [], []
        app = web.Application(client_max_size=1 << 24)
        app.router.add_post("/predictions", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def start(self):
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}/predictions"

    async def stop(self):
        await self._runner.cleanup()

    async def _take(self, request):
        body = await request.json()
        self.seen.append(dict(request.headers))
        status = self.answers.pop(0) if self.answers else 204
        if status is None:
            await asyncio.sleep(60)
        if status == 204:
            self.taken.append(body["predictions"])
        return web.Response(status=status or 204)
