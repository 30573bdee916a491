"""How does the plant show itself over OPC UA?

Namespace ``urn:plant:tep``; nodes ``s=XMEAS_1`` .. ``s=XMEAS_41``, ``s=XMV_1`` .. ``s=XMV_11`` (Double),
``s=REGIME`` (Int64, always 1, Uncertain while the plant settles) and ``s=RUN`` (Int64, which recording is replayed).
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from asyncua import Server, ua

from andon.lab.plant.plant import Measured, Tick
from andon.lab.plant.recordings import TAGS

NAMESPACE: Final = "urn:plant:tep"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXTRA: Final = ("REGIME", "RUN")
_WHOLE: Final = ua.Variant(0, ua.VariantType.Int64)
_EMPTY: Final = ua.Variant(0.0, ua.VariantType.Double)


class PlantServer:
    """An OPC UA server at an endpoint such as ``opc.tcp://127.0.0.1:4840``."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._server = Server()
        self._index = 0

    async def __aenter__(self) -> "PlantServer":
        gc.disable()  # half a million objects that stay: looking for garbage would take longer than making them
        try:
            await self._server.init()
            gc.freeze()
        finally:
            gc.enable()
        self._server.set_endpoint(self._endpoint)
        self._server.set_server_name("Tennessee Eastman")
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        self._index = await self._server.register_namespace(NAMESPACE)
        reactor = await self._server.nodes.objects.add_object(self._index, "Reactor")
        waiting = ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadWaitingForInitialData))
        for tag in (*TAGS, *_EXTRA):
            node = await reactor.add_variable(ua.NodeId(tag, self._index), tag, _WHOLE if tag in _EXTRA else _EMPTY)
            await self._server.write_attribute_value(node.nodeid, waiting)
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    async def show(self, tick: Tick) -> None:
        """Write all that is new at one time."""
        for measured in tick.measured:
            await self._write(measured)
        certain = ua.StatusCodes.Uncertain if tick.settling else ua.StatusCodes.Good
        for tag, value, status in (("REGIME", 1, certain), ("RUN", tick.run, ua.StatusCodes.Good)):
            await self._put(tag, ua.Variant(value, ua.VariantType.Int64), status, tick.time_ms)

    async def _write(self, measured: Measured) -> None:
        value = ua.Variant(
            measured.reading.value, ua.VariantType.Double if measured.reading.value is not None else ua.VariantType.Null
        )
        await self._put(measured.tag, value, measured.reading.status, measured.source_ms)

    async def _put(self, tag: str, value: ua.Variant, status: int, source_ms: int) -> None:
        data = ua.DataValue(
            Value=value,
            StatusCode=ua.StatusCode(status),
            SourceTimestamp=_EPOCH + timedelta(milliseconds=source_ms),
            ServerTimestamp=datetime.now(UTC),
        )
        await self._server.write_attribute_value(ua.NodeId(tag, self._index), data)


async def on_each_multiple(period_ms: int, act: Callable[[int], Awaitable[None]]) -> None:
    """Call act at each wall-clock multiple of a period, with that time (ms); multiples missed while it acted are left out."""
    last = 0
    while True:
        now_ms = time.time_ns() / 1_000_000
        due = max(last, int(now_ms // period_ms) * period_ms) + period_ms
        await asyncio.sleep((due - now_ms) / 1000)
        await act(due)
        last = due
