# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What a runtime may leave behind that does not end with our mount and network namespaces: cgroups
and processes. Mounts as well, which would be in the way of the next one."""

import contextlib
import os
from pathlib import Path

from support import eventually

# Where the host's own life goes on meanwhile.
NOT_OURS = ("/user.slice", "/system.slice", "/init.scope", "/tally-live-")


def hierarchies():
    """Every cgroup hierarchy that is mounted with its root visible: "unified" or the options that
    make it what it is, and where it is."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        kind, _, options = fields[fields.index("-") + 1:]
        if fields[3] == "/" and kind == "cgroup2":
            found.append(("unified", Path(fields[4])))
        elif fields[3] == "/" and kind == "cgroup":
            names = [option for option in options.split(",") if option not in ("rw", "xattr")]
            found.append((",".join(names), Path(fields[4])))
    return found


def cgroups():
    found = set()
    for _, root in hierarchies():
        for folder, below, _ in os.walk(root):
            path = "/" + os.path.relpath(folder, root)
            if path.startswith(NOT_OURS):
                below.clear()
            elif folder != str(root):
                found.add(folder)
    return found


def processes():
    """Those in our mount namespace, but for this one and those above it."""
    own = os.readlink("/proc/self/ns/mnt")
    above, pid = set(), os.getpid()
    while pid != 0:
        above.add(pid)
        status = Path(f"/proc/{pid}/stat").read_text()
        pid = int(status.rpartition(")")[2].split()[1])
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(folder.name) not in above and os.readlink(folder / "ns" / "mnt") == own:
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
    return {f"{pid} {command.decode(errors='replace')}" for pid, command in found.items()}


def mounts():
    return {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}


class Before:
    """What there was before a runtime was used."""

    def __init__(self):
        self.cgroups, self.processes, self.mounts = cgroups(), processes(), mounts()

    def remove_parents(self, parents):
        """The empty cgroups that a runtime never removes, if they came with it."""
        for _, root in hierarchies():
            for parent in parents:
                for folder, _, _ in os.walk(root / parent, topdown=False):
                    if folder not in self.cgroups:
                        with contextlib.suppress(OSError):
                            os.rmdir(folder)

    def assert_nothing_left(self):
        def left():
            return (cgroups() - self.cgroups, processes() - self.processes,
                    mounts() - self.mounts)

        try:
            eventually(lambda: not any(left()), "nothing left", 5)
        except AssertionError:
            raise AssertionError(f"left behind: {left()}") from None
