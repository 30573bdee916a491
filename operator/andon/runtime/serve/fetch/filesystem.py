"""How is a file read from S3 and whatever else fsspec has a file system for? By a process of its own, which ends with the file.

Those libraries take more memory than the server itself, and may hang: a process can be ended, and gives everything back.
It reads `{"url", "start", "mark"}` from stdin, and writes a line `{"start", "mark"}` and then the bytes.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from andon.runtime.serve.fetch.stream import CHUNK, SILENCE, Stream, shown
from andon.runtime.serve.slots.unloadable import UnloadableError

BLOCK: Final = 4 << 20
NO_LIBRARY: Final = 3
"""Exit code of the process when nothing installed reads such addresses."""


@asynccontextmanager
async def opened(url: str, start: int, mark: str | None) -> AsyncIterator[Stream]:
    """The content from start on, or all of it. Raises OSError, TimeoutError, and UnloadableError: SourceUnsupported."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=pipe, stdout=pipe, stderr=pipe, limit=CHUNK
    )
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise OSError("a process without pipes")
    try:
        process.stdin.write(json.dumps({"url": url, "start": start, "mark": mark}).encode())
        process.stdin.close()
        head = await asyncio.wait_for(process.stdout.readline(), SILENCE)
        if not head:
            raise await _failure(process, url)
        yield Stream(**json.loads(head), chunks=_chunks(process, process.stdout, url))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _chunks(process: asyncio.subprocess.Process, out: asyncio.StreamReader, url: str) -> AsyncIterator[bytes]:
    while chunk := await asyncio.wait_for(out.read(CHUNK), SILENCE):
        yield chunk
    if await asyncio.wait_for(process.wait(), SILENCE):
        raise await _failure(process, url)


async def _failure(process: asyncio.subprocess.Process, url: str) -> Exception:
    said = await asyncio.wait_for(process.stderr.read(), SILENCE) if process.stderr else b""
    last = (said.decode(errors="replace").strip().splitlines() or ["it ended without a word"])[-1]
    if await asyncio.wait_for(process.wait(), SILENCE) == NO_LIBRARY:
        return UnloadableError("SourceUnsupported", f"{shown(url)}: {last}")
    return OSError(last)


def main() -> int:
    """The process itself; the exit code."""
    asked = json.load(sys.stdin)
    sys.unraisablehook = lambda _: None  # what a library says while it is thrown away would be the last line
    try:
        import fsspec

        try:
            system, path = fsspec.core.url_to_fs(asked["url"])
        except (ImportError, ValueError, TypeError) as error:
            scheme = asked["url"].partition(":")[0]
            extra = "andon[s3]" if scheme == "s3" else f"the package that brings it to fsspec ({error})"
            print(f"this image reads no such {scheme} addresses; install {extra} beside andon[serve]", file=sys.stderr)
            return NO_LIBRARY
        _pour(system, path, asked["start"], asked["mark"])
    except Exception as error:  # noqa: BLE001 - the last line of a library's own trouble, whichever it has
        print(f"{type(error).__name__}: {error}".replace("\n", " "), file=sys.stderr)
        return 1
    return 0


def _pour(system: Any, path: str, start: int, mark: str | None) -> None:
    """From start if the content is still that of the mark, else from the beginning."""
    now = str(system.ukey(path))
    begin = start if mark == now else 0
    with system.open(path, "rb", block_size=BLOCK) as file:
        file.seek(begin)
        sys.stdout.buffer.write(json.dumps({"start": begin, "mark": now}).encode() + b"\n")
        while chunk := file.read(CHUNK):
            sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
