"""A wire to a server, that can be cut."""

import asyncio
import contextlib


class Wire:
    """Forwards TCP connections to an address, from another port of the same host, until it is cut."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.end = None
        self._server = None
        self._streams = set()

    async def join(self):
        """Connect; `end` is the port to use."""
        self._server = await asyncio.start_server(self._forward, self.host, self.end or 0)
        self.end = self._server.sockets[0].getsockname()[1]

    async def cut(self):
        """Break every connection and refuse new ones."""
        self._server.close()
        for stream in tuple(self._streams):
            stream.transport.abort()

    async def _forward(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection(self.host, self.port)
        self._streams |= {writer, there_writer}
        await asyncio.gather(_pour(reader, there_writer), _pour(there_reader, writer))
        self._streams -= {writer, there_writer}


async def _pour(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
