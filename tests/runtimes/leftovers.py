# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What a runtime may leave behind that does not end with our mount and network namespaces: cgroups
and processes. Mounts as well, which would be in the way of the next one. The host has containers of its
own, which come and go meanwhile."""

import contextlib
import os
from pathlib import Path

import image
from support import eventually


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
    return {folder for _, root in hierarchies() for folder, _, _ in os.walk(root)}


def is_populated(cgroup):
    """Whether any process is in it or below. One that has been removed meanwhile is not."""
    for folder, _, _ in os.walk(cgroup):
        with contextlib.suppress(OSError):
            if Path(folder, "cgroup.procs").read_text():
                return True
    return False


def processes():
    """Those in our mount namespace, which are all daemons and monitors of containers, and those that
    see our image as their root. But for this process and those above it."""
    own = os.readlink("/proc/self/ns/mnt")
    above, pid = set(), os.getpid()
    while pid != 0:
        above.add(pid)
        status = Path(f"/proc/{pid}/stat").read_text()
        pid = int(status.rpartition(")")[2].split()[1])
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(folder.name) not in above and (
                os.readlink(folder / "ns" / "mnt") == own or image.is_root(folder / "root")
            ):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found.add(f"{folder.name} {command.decode(errors='replace')}")
    return found


def mounts():
    return {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}


class Before:
    """What there was before a runtime was used."""

    def __init__(self):
        self.cgroups, self.processes, self.mounts = cgroups(), processes(), mounts()

    def remove_parents(self, parents):
        """The cgroups that a runtime never removes, if they came with it and are empty."""
        for _, root in hierarchies():
            for parent in sorted(parents, reverse=True):  # a child comes before its parent
                if str(root / parent) not in self.cgroups:
                    with contextlib.suppress(OSError):
                        (root / parent).rmdir()

    def assert_nothing_left(self):
        def left():
            empty = {cgroup for cgroup in cgroups() - self.cgroups if not is_populated(cgroup)}
            return empty | (processes() - self.processes) | (mounts() - self.mounts)

        try:
            eventually(lambda: not left(), "nothing left", 5)
        except AssertionError:
            raise AssertionError(f"left behind: {left()}") from None
