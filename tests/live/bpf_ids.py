# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Numbers of BPF programs, links and maps: what tests leave in the kernel."""

import contextlib
import ctypes
import errno
import os
from pathlib import Path

# All that was seen in the hands of a process that a test has launched.
made = set()


def remember_bpf_of(process):
    """What it and its descendants hold now is of this test: nothing_left_in_the_kernel() asks for it."""
    if process.poll() is None:
        for pid in (process.pid, *descendants(process.pid)):
            made.update(held_by(f"/proc/{pid}"))


def descendants(pid):
    """Of all threads; as far as they are still there."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield child
                yield from descendants(child)


def left_in_the_kernel(suspects):
    """Those that are still loaded, and that no process holds."""
    left = suspects & loaded()
    return left - held() if left else left


# Commands of bpf(2) that give the next number after one.
NEXT = {"prog": 11, "map": 12, "link": 31}
SYSTEM_CALL = 321


def loaded():
    """Numbers of all BPF programs, links and maps in the kernel."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = set()
    for kind, command in NEXT.items():
        numbers = (ctypes.c_uint32 * 3)()  # what we have, what comes next, flags
        while libc.syscall(SYSTEM_CALL, command, numbers, ctypes.sizeof(numbers)) == 0:
            found.add((kind, numbers[1]))
            numbers[0] = numbers[1]
        assert ctypes.get_errno() == errno.ENOENT, os.strerror(ctypes.get_errno())
    return found


def held():
    """Those that a living process holds."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        found |= held_by(process)
    return found


def held_by(process):
    found = set()
    with contextlib.suppress(OSError):
        for file in (Path(process) / "fdinfo").iterdir():
            for line in file.read_text().splitlines():
                for kind in ("prog", "link", "map"):
                    if line.startswith(f"{kind}_id:"):
                        found.add((kind, int(line.split()[1])))
    return found
