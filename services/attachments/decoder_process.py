"""Runs a program that decodes what somebody sent, in a process that knows nothing and ends soon."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# `-I`: the environment and the folder do not decide what is imported.
_PROGRAM = """
import sys
sys.path.append(sys.argv[1])
from services.attachments.{module} import main
sys.exit(main(only_confine="--only-confine" in sys.argv))
"""
_ROOT = str(Path(__file__).parents[2])
# Of malloc's arenas each thread would reserve one, and the program's address space is limited.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}


class NotDecoded(Exception):
    """What came is broken, too large, or of a kind that the program does not know."""


async def is_confined(module: str) -> bool:
    """Whether this system confines the program before it looks at anything."""
    process = await asyncio.create_subprocess_exec(
        *_command(module), "--only-confine", stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, env=_ENVIRONMENT
    )
    return await process.wait() == 0


@asynccontextmanager
async def decoder(module: str, content: AsyncIterator[bytes]) -> AsyncIterator[asyncio.StreamReader]:
    """What the program of this module says of the content; raises NotDecoded where it does not take it. The
    process ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *_command(module), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_ENVIRONMENT
    )
    try:
        await _give(process, content)
        if process.stdout is None:
            raise NotDecoded
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _give(process: Process, content: AsyncIterator[bytes]) -> None:
    stdin = process.stdin
    if stdin is None:
        raise NotDecoded
    async for chunk in content:
        try:
            stdin.write(chunk)
            await stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise NotDecoded from error
    stdin.close()


def _command(module: str) -> tuple[str, ...]:
    return sys.executable, "-I", "-c", _PROGRAM.format(module=module), _ROOT
