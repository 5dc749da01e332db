# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Containers that ask file systems for a known number of operations each."""

import contextlib
import fcntl
import os
import subprocess
from pathlib import Path

import pytest
from cgroups import hierarchy
from processes import launch
from support import MAKER, PARENT, SOON, WORKLOADS


class Operating:
    """A container with the host's files that has opened `path` and waits to be told to begin."""

    def __init__(self, name, path, *operations):
        self.name = name
        self.process = launch(
            (MAKER, "run", name, "--cgroup-parent", PARENT, "--",
             WORKLOADS / "workload_file_operations", path, *operations),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._expect(b"ready\n")

    def _expect(self, line):
        said = self.process.stdout.readline()
        assert said == line, f"{self.name} says {said!r}"

    def go(self):
        self.process.stdin.write(b"x")
        self.process.stdin.flush()

    def finish(self):
        self._expect(b"done\n")

    @property
    def number(self):
        """Of the workload, the only process in the container's cgroup."""
        return int((hierarchy() / PARENT / self.name / "cgroup.procs").read_text())

    def hangs(self):
        """Whether it waits in the kernel without interruption."""
        return Path(f"/proc/{self.number}/stat").read_text().split(") ")[1].startswith("D")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(SOON)
        self.process.stdout.close()


@pytest.fixture(name="operate")
def operating():
    """operate(NAME, PATH, KIND, N, ...) is an Operating; all end after the test."""
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            container = Operating(*arguments)
            stack.callback(container.stop)
            return container

        yield start


@contextlib.contextmanager
def frozen(folder):
    """The file system of that folder takes no writes (FIFREEZE, FITHAW of include/uapi/linux/fs.h)."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(opened, 0xC0045877, 0)
        try:
            yield
        finally:
            fcntl.ioctl(opened, 0xC0045878, 0)
    finally:
        os.close(opened)
