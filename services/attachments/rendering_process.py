"""Runs the program that renders a photo, in a process that knows nothing and ends soon."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

# `-I`: the environment and the folder do not decide what is imported.
_PROGRAM = """
import sys
sys.path.append(sys.argv[1])
from services.attachments.rendering import main
sys.exit(main(only_confine="--only-confine" in sys.argv))
"""
_COMMAND = (sys.executable, "-I", "-c", _PROGRAM, str(Path(__file__).parents[2]))
# Of malloc's arenas each thread would reserve one, and the program's address space is limited.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
_SECONDS = 30.0
_CHUNK = 65_536
_MEDIA_TYPES = frozenset({"image/gif", "image/jpeg", "image/png", "image/tiff", "image/webp"})


class NotRendered(Exception):
    """The photo is broken, too large, or of a kind that has no rendition."""


async def is_confined() -> bool:
    """Whether this system confines the program before it looks at a photo."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, "--only-confine", stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, env=_ENVIRONMENT
    )
    return await process.wait() == 0


@dataclass(frozen=True, slots=True)
class Rendering:
    """A rendition as it comes out of the program."""

    media_type: str
    size: int
    chunks: AsyncGenerator[bytes, None]


@asynccontextmanager
async def rendering(photo: AsyncIterator[bytes]) -> AsyncIterator[Rendering]:
    """Render a photo; raises NotRendered, also while the chunks are read. The process ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_ENVIRONMENT
    )
    try:
        await _give(process, photo)
        yield await _take(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _give(process: Process, photo: AsyncIterator[bytes]) -> None:
    stdin = process.stdin
    if stdin is None:
        raise NotRendered
    async for chunk in photo:
        try:
            stdin.write(chunk)
            await stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise NotRendered from error
    stdin.close()


async def _take(process: Process) -> Rendering:
    stdout = process.stdout
    if stdout is None:
        raise NotRendered
    try:
        async with asyncio.timeout(_SECONDS):
            line = await stdout.readline()
    except TimeoutError as error:
        raise NotRendered from error
    media_type, _, size = line.decode("ascii", "replace").strip().partition(" ")
    if media_type not in _MEDIA_TYPES or not size.isdecimal():
        raise NotRendered
    return Rendering(media_type, int(size), _chunks(stdout, int(size)))


async def _chunks(stdout: asyncio.StreamReader, size: int) -> AsyncGenerator[bytes, None]:
    while size:
        chunk = await stdout.read(min(size, _CHUNK))
        if not chunk:
            raise NotRendered
        size -= len(chunk)
        yield chunk
