# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Cgroup hierarchies of this machine."""

import subprocess
import tempfile
import time
from pathlib import Path

from support import SOON, eventually


def hierarchy():
    """Where the version 2 cgroup hierarchy is mounted, with its root visible."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2" and fields[3] == "/":
            return Path(fields[4])
    raise RuntimeError("no version 2 cgroup hierarchy is mounted")


class Version1:
    """A cgroup hierarchy of version 1, by what /proc/PID/cgroup calls it. One of a controller must
    be mounted; one that has a name only ("name=...") is mounted here, and gone after unmount()."""

    def __init__(self, name):
        self.name = name
        self.is_ours = name.startswith("name=")
        if self.is_ours:
            self.root = Path(tempfile.mkdtemp(prefix="tally-live-"))
            try:
                self._mount()
            except BaseException:
                self.root.rmdir()
                raise
            return
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            fields = line.split()
            kind, _, options = fields[fields.index("-") + 1:]
            if kind == "cgroup" and fields[3] == "/" and name in options.split(","):
                self.root = Path(fields[4])
                return
        raise LookupError(f"no version 1 hierarchy of {name} is mounted")

    def _mount(self):
        subprocess.run(["mount", "-t", "cgroup", "-o", f"none,{self.name}", "cgroup", self.root],
                       check=True, timeout=SOON)

    def unmount(self):
        """The kernel removes a hierarchy some time after it is unmounted, but only if no cgroup was
        in it then, and one that was removed is in it a moment longer. So it may have to be mounted
        again for that."""
        if not self.is_ours:
            return

        def is_gone():
            return f":{self.name}:" not in Path("/proc/self/cgroup").read_text()

        def unmounted_and_gone():
            subprocess.run(["umount", self.root], check=True, timeout=SOON)
            deadline = time.monotonic() + 2
            while not is_gone() and time.monotonic() < deadline:
                time.sleep(0.01)
            if is_gone():
                return True
            self._mount()
            return False

        time.sleep(0.1)  # mostly long enough for that moment
        eventually(unmounted_and_gone, f"no hierarchy {self.name}")
        self.root.rmdir()
