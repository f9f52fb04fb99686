"""What decodes photos can do nothing else, whoever it runs as; and its parent's memory is closed to it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
_NOBODY = 65534
_EPERM = 101
# Does one thing, as the decoder or as itself; its status tells the error, or 0.
_DOING = """
import ctypes, errno, mmap, os, resource, signal, socket, sys, threading
sys.path.append(sys.argv[1])
from services.attachments.confinement import confine
from services.attachments.rendering import load_decoders

def call(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

parent, memory = os.getppid(), (ctypes.c_ulong * 2)()
load_decoders()
if os.getuid() != int(sys.argv[2]):
    os.setuid(int(sys.argv[2]))
if sys.argv[3] == "confined" and not confine():
    sys.exit(99)
try:
    exec(sys.argv[4])
except OSError as error:
    os._exit(100 + error.errno)
os._exit(0)
"""
_DEEDS = {
    "read a file": "open('/etc/passwd')",
    "write a file": "os.open('/dev/null', os.O_WRONLY)",
    "list a folder": "os.listdir('/')",
    "make a folder": "os.mkdir('/')",
    "look at its parent's files": "os.stat(f'/proc/{parent}/stat')",
    "open a socket": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "open a socket on this machine": "socket.socketpair()",
    "start a program": "os.execv('/bin/true', ['true'])",
    "make a process": "os.fork() or os._exit(0)",
    "make a world": "call('unshare', 0)",
    "signal a process": "os.kill(os.getpid(), 0)",
    "watch a process": "call('ptrace', 0, 0, 0, 0)",
    "read another's memory": "call('process_vm_readv', os.getpid(), 0, 0, 0, 0, 0)",
    "change limits": "resource.prlimit(os.getpid(), resource.RLIMIT_CORE)",
    "execute memory": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "be somebody else": "os.setuid(os.getuid())",
    "ask the kernel for more": "call('prctl', 3, 0, 0, 0, 0)",
}
_STILL = {
    "take memory": "mmap.mmap(-1, 4096)",
    "start a thread": "t = threading.Thread(target=bytes); t.start(); t.join()",
}
# Looks at its parent from a child, before and after the parent hid itself.
_HIDING = """
import ctypes, os, sys
sys.path.append(sys.argv[1])
from services.attachments.confinement import hide

def looked():
    child = os.fork()
    if child == 0:
        try:
            for name in ("environ", "mem", "maps"):
                open(f"/proc/{os.getppid()}/{name}", "rb").close()
        except PermissionError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

if os.getuid() == 0:
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
before = looked()
hide()
sys.exit(0 if before and not looked() and os.listdir("/proc/self/fd") else 1)
"""


async def _status(program: str, *arguments: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", program, str(_ROOT), *arguments
    )
    return await process.wait()


def _users() -> list[int]:
    """Who may be tried: root can be anybody."""
    return [0, _NOBODY] if os.getuid() == 0 else [os.getuid()]


@pytest.mark.parametrize("deed", _DEEDS)
async def test_the_decoder_can_not(deed: str) -> None:
    for user in map(str, _users()):
        assert await _status(_DOING, user, "confined", _DEEDS[deed]) == _EPERM, user


@pytest.mark.parametrize("deed", sorted(set(_DEEDS) - {"make a folder"}))
async def test_what_is_not_confined_can(deed: str) -> None:
    """Otherwise the refusals above would have other reasons."""
    assert await _status(_DOING, str(os.getuid()), "free", _DEEDS[deed]) == 0


@pytest.mark.parametrize("deed", _STILL)
async def test_the_decoder_still_can(deed: str) -> None:
    assert await _status(_DOING, str(os.getuid()), "confined", _STILL[deed]) == 0


async def test_a_process_that_hides_is_closed_to_others_of_its_user() -> None:
    assert await _status(_HIDING) == 0
