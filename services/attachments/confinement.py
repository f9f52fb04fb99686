"""Takes from a process, for good, what decoding a picture does not need: files, sockets, programs, others.

A filter of system calls (seccomp, see Linux' Documentation/userspace-api/seccomp_filter.rst): what is not
listed here fails with EPERM, for whoever the process runs as.
"""

import ctypes
import errno
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass

_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_MODE_FILTER = 2

# linux/bpf_common.h: load a word of linux/seccomp.h's seccomp_data; compare; return.
_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_OFFSET_OF_NUMBER, _OFFSET_OF_ARCHITECTURE, _OFFSET_OF_ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
# Of memory's protection (linux/mman.h): that it can be executed. Of a new thread's flags (linux/sched.h):
# that it is one, and is neither traced nor in a world of its own (CLONE_PTRACE, CLONE_VFORK, CLONE_NEW...).
_EXECUTABLE = 0x4
_THREAD, _OTHER_WORLD = 0x10000, 0x7E026000


@dataclass(frozen=True, slots=True)
class _Machine:
    """How a machine calls itself (linux/audit.h) and numbers its system calls (asm/unistd.h)."""

    architecture: int
    plain: Sequence[int]
    mmap: int
    mprotect: int
    clone: int
    clone3: int


# Plain: read, write, close, lseek, munmap, mremap, brk, madvise, rt_sigaction, rt_sigprocmask, rt_sigreturn,
# sigaltstack, futex, set_robust_list, rseq, gettid, getpid, exit, exit_group, getrandom, clock_gettime,
# sched_yield, sched_getaffinity, restart_syscall.
_X86_64 = (
    0,
    1,
    3,
    8,
    11,
    25,
    12,
    28,
    13,
    14,
    15,
    131,
    202,
    273,
    334,
    186,
    39,
    60,
    231,
    318,
    228,
    24,
    204,
    219,
)
_AARCH64 = (
    *(63, 64, 57, 62, 215, 216, 214, 233, 134, 135, 139, 132),
    *(98, 99, 293, 178, 172, 93, 94, 278, 113, 124, 123, 128),
)
_MACHINES = {
    "x86_64": _Machine(0xC000003E, _X86_64, mmap=9, mprotect=10, clone=56, clone3=435),
    "aarch64": _Machine(0xC00000B7, _AARCH64, mmap=222, mprotect=226, clone=220, clone3=435),
}


class _Program(ctypes.Structure):
    """linux/filter.h's sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> bool:
    """Whether the kernel confined this process, of one thread; what it has open it can still use."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    instructions = _instructions(machine)
    program = _Program(len(instructions) // 8, instructions)
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1) and _prctl(
        _PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(program)
    )


def hide() -> None:
    """Close this process' memory and environment to others of the same user, unless that is root."""
    _prctl(_PR_SET_DUMPABLE, 0)


def _prctl(option: int, *values: int) -> bool:
    arguments = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    status: int = ctypes.CDLL(None).prctl(option, *arguments)
    return status == 0


def _instructions(machine: _Machine) -> bytes:
    """The filter: allow what is listed, refuse the rest; a call in another machine's way ends the process."""
    program = [
        _instruction(_LOAD, _OFFSET_OF_ARCHITECTURE),
        _instruction(_EQUAL, machine.architecture, if_equal=1),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _OFFSET_OF_NUMBER),
    ]
    for number in machine.plain:
        program += _answered(number, _ALLOW)
    for number in (machine.mmap, machine.mprotect):
        program += _allowed_where(number, argument=2, mask=_EXECUTABLE, value=0)
    program += _allowed_where(machine.clone, argument=0, mask=_THREAD | _OTHER_WORLD, value=_THREAD)
    # Its flags lie where no filter can see them. As if it were not there, libraries fall back to clone.
    program += _answered(machine.clone3, _FAIL | errno.ENOSYS)
    return b"".join([*program, _instruction(_RETURN, _FAIL | errno.EPERM)])


def _answered(number: int, answer: int) -> list[bytes]:
    return [_instruction(_EQUAL, number, if_not=1), _instruction(_RETURN, answer)]


def _allowed_where(number: int, *, argument: int, mask: int, value: int) -> list[bytes]:
    """The argument's lower half decides, which comes first on both machines."""
    return [
        _instruction(_EQUAL, number, if_not=5),
        _instruction(_LOAD, _OFFSET_OF_ARGUMENTS + 8 * argument),
        _instruction(_AND, mask),
        _instruction(_EQUAL, value, if_not=1),
        _instruction(_RETURN, _ALLOW),
        _instruction(_LOAD, _OFFSET_OF_NUMBER),
    ]


def _instruction(code: int, operand: int, *, if_equal: int = 0, if_not: int = 0) -> bytes:
    """linux/filter.h's sock_filter; the jumps count instructions to leave out."""
    return struct.pack("=HBBI", code, if_equal, if_not, operand)
