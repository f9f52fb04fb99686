"""Tells the C library's allocator how to hold memory in processes that large pieces of bytes pass through."""

import ctypes
from typing import Final

# <malloc.h> of glibc.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
_LARGE: Final = 4 * 1024 * 1024
_KEPT: Final = 16 * 1024 * 1024


def keep_pieces() -> None:
    """Let up to 16 MiB that are freed be kept for what comes next, in one arena for all threads.

    Otherwise each piece of 128 KiB or more goes back to the kernel and is got again page by page, which costs
    more than all else that is done with it. To be called before there are threads. Does nothing where the C
    library is not glibc.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)
        library.mallopt(_ARENA_MAX, 1)
