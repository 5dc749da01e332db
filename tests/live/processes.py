# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Processes that tests launch, none of which outlives its test."""

import os
import select
import signal
import subprocess

from bpf_ids import remember_bpf_of
from support import argv

# Every process that was launched and may still run.
launched = []


def launch(command, **options):
    """A process in a session of its own, which `kill_launched` ends if nothing else does."""
    process = subprocess.Popen(argv(command), start_new_session=True, **options)
    launched.append(process)
    return process


def ends_within(process, seconds):
    """Whether it does; said as soon as it has (Popen.wait() with a limit looks each 50 ms)."""
    if process.poll() is None:
        fd = os.pidfd_open(process.pid)
        try:
            select.select([fd], [], [], max(0, seconds))
        finally:
            os.close(fd)
    return process.poll() is not None


def kill_launched():
    """Kills every launched process that still runs, with its children. Their commands."""
    left = [process for process in launched if process.poll() is None]
    launched.clear()
    for process in left:
        remember_bpf_of(process)
        # Not waited for yet, so that the number is still its own.
        os.killpg(process.pid, signal.SIGKILL)
    for process in left:
        process.wait()
    return [process.args for process in left]
