# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Containers with a workload."""

import contextlib
import os
import select
import subprocess
from pathlib import Path

from cgroups import hierarchy
from support import MAKER, PARENT, SOON, WORKLOADS, argv


class Contained:
    """A container by its cgroup: `cgroup` is the path from the hierarchy's root, `directory` where
    that is in the file system."""

    def locate(self, pid, version_1=None):
        """By one of its processes; in the version 2 hierarchy, or in that one of version 1."""
        lines = Path(f"/proc/{pid}/cgroup").read_bytes().rstrip(b"\n").split(b"\n")
        paths = dict(line.split(b":", 2)[1:] for line in lines)
        controllers = version_1.name if version_1 else ""
        self.cgroup = os.fsdecode(paths[controllers.encode()])
        root = version_1.root if version_1 else hierarchy()
        self.directory = Path(str(root) + self.cgroup)

    def pids(self):
        """All processes, in sub-cgroups too, as the host numbers them."""
        found = []
        for folder, _, _ in os.walk(self.directory):
            with contextlib.suppress(FileNotFoundError, OSError):
                found += Path(folder, "cgroup.procs").read_text().split()
        return sorted(int(pid) for pid in found)


class Container(Contained):
    """A running container whose process 1 is a workload. Its stdin and stdout are ours, unless the
    caller hands others over. It is in the version 2 hierarchy, or only in one of version 1."""

    def __init__(self, name, *command, cpu=None, parent=PARENT, stdin=None, stdout=None,
                 version_1=None):
        self.name = name
        self.input = self.output = None
        if stdin is None:
            stdin, self.input = os.pipe()
        if stdout is None:
            self.output, stdout = os.pipe()
        workload = WORKLOADS / f"workload_{command[0]}"
        if workload.exists():
            command = (workload.name, *command[1:])
            copy = ("--copy", workload)
        else:
            copy = ()
        pin = () if cpu is None else ("taskset", "-c", str(cpu))
        place = () if version_1 is None else ("--hierarchy", version_1.name)
        start = (*pin, MAKER, "start", name, "--cgroup-parent", parent, *place, *copy, "--",
                 *command)
        try:
            subprocess.run(argv(start), stdin=stdin, stdout=stdout, check=True, timeout=SOON)
            self.pid = int(subprocess.check_output([MAKER, "pid", name], timeout=SOON))
            self.locate(self.pid, version_1)
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(stdin)
            os.close(stdout)

    def go(self):
        """Sets the workload going."""
        os.write(self.input, b"x")

    def line(self):
        """The next line that the workload writes."""
        text = b""
        while not text.endswith(b"\n"):
            readable, _, _ = select.select([self.output], [], [], 2 * SOON)
            assert readable, "the workload does not finish"
            byte = os.read(self.output, 1)
            assert byte, f"the workload has ended, having said {text!r}"
            text += byte
        return text.decode()

    def exec(self, *command):
        return subprocess.check_output([MAKER, "exec", self.name, "--", *command], timeout=SOON)

    def stop(self):
        """Removes it; a second time does nothing."""
        try:
            subprocess.run([MAKER, "stop", self.name], check=True, timeout=SOON)
        finally:
            fds, self.input, self.output = (self.input, self.output), None, None
            for fd in fds:
                if fd is not None:
                    os.close(fd)


@contextlib.contextmanager
def starting():
    """start(NAME, WORKLOAD, ARGUMENT...) makes a container. All are stopped at the end, even if one
    of them cannot be."""
    with contextlib.ExitStack() as started:

        def start(*arguments, **options):
            container = Container(*arguments, **options)
            started.callback(container.stop)
            return container

        yield start


def start_pair(start, bytes_each_way, cpus):
    """Containers `left` and `right`, by start(), that send each other so many bytes one at a time,
    on these CPUs. left.go() sets both going."""
    to_left, to_right = os.pipe(), os.pipe()
    go = os.dup(to_left[1])
    left = start("left", "pingpong", "first", bytes_each_way, cpu=cpus[0],
                 stdin=to_left[0], stdout=to_right[1])
    left.input = go
    right = start("right", "pingpong", "second", cpu=cpus[1],
                  stdin=to_right[0], stdout=to_left[1])
    return left, right
