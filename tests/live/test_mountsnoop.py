# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""mountsnoop: each call that makes mounts and namespaces is told, once, with all of its arguments."""

import ctypes
import errno
import time

import pytest

from runs import Run
from support import PARENT, often
from test_events import HOSTILE, in_json

PLACE = "/tmp/place"
OPENED = "a descriptor that the call gave"

# What the workload `mounts` does each time: what is not named is null.
CALLS = [
    {"syscall": "mount", "source": "none", "target": PLACE, "filesystem": "tmpfs",
     "flags": "MS_NOSUID|MS_NODEV", "data": "size=1M,mode=700"},
    {"syscall": "mount", "target": PLACE, "flags": "MS_REC|MS_PRIVATE"},
    {"syscall": "umount2", "target": PLACE, "flags": "MNT_DETACH"},
    {"syscall": "mount", "source": "none", "target": PLACE, "filesystem": "nosuchfs",
     "flags": "MS_RDONLY", "error": "ENODEV"},
    {"syscall": "pivot_root", "source": "/tmp", "target": "/nowhere", "error": "ENOENT"},
    {"syscall": "fsopen", "filesystem": "tmpfs", "flags": "FSOPEN_CLOEXEC", "new_fd": OPENED},
    {"syscall": "fsconfig", "fd": "fsopen", "flags": "FSCONFIG_SET_STRING", "option": "size",
     "data": "2M"},
    {"syscall": "fsconfig", "fd": "fsopen", "flags": "FSCONFIG_CMD_CREATE"},
    {"syscall": "fsmount", "fd": "fsopen", "flags": "FSMOUNT_CLOEXEC", "new_fd": OPENED,
     "attributes": "MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV"},
    {"syscall": "move_mount", "fd": "fsmount", "source": "", "target": PLACE,
     "flags": "MOVE_MOUNT_F_EMPTY_PATH"},
    {"syscall": "mount_setattr", "target": PLACE, "flags": "AT_RECURSIVE|MS_PRIVATE",
     "attributes": "MOUNT_ATTR_RDONLY", "cleared": "MOUNT_ATTR_NOSUID"},
    {"syscall": "open_tree", "source": PLACE, "flags": "OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC",
     "new_fd": OPENED},
    {"syscall": "fspick", "target": PLACE, "flags": "FSPICK_CLOEXEC", "new_fd": OPENED},
    {"syscall": "umount2", "target": PLACE, "flags": "0"},
    {"syscall": "unshare", "flags": "CLONE_NEWUTS"},
    {"syscall": "setns", "fd": "any", "flags": "CLONE_NEWUTS"},
    {"syscall": "clone3", "flags": "CLONE_NEWNS|CLONE_NEWIPC"},
    {"syscall": "clone", "flags": "CLONE_NEWUTS"},
]
FIELDS = ("syscall", "error", "fd", "target_fd", "new_fd", "flags", "attributes", "cleared", "filesystem",
          "source", "target", "option", "data")


def check_one_round(events):
    given = {}
    for event, call in zip(events, CALLS):
        told = {field: event[field] for field in FIELDS}
        expected = dict.fromkeys(FIELDS) | call
        if told["new_fd"] is not None:
            given[event["syscall"]] = told["new_fd"]
            told["new_fd"] = OPENED
        if expected["fd"] == "any":
            assert told["fd"] > 2
            expected["fd"] = told["fd"]
        elif expected["fd"]:
            expected["fd"] = given[expected["fd"]]
        assert told == expected
        assert 0 < event["duration_ns"]


def has_mount_setattr():
    """Since Linux 5.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(442, -1, None, 0, None, 0) == 0 or ctypes.get_errno() != errno.ENOSYS


@pytest.mark.guest
def test_all_calls_of_two_containers(start):
    if not has_mount_setattr():
        pytest.skip("this kernel has no mount_setattr, one of the calls that are made here")
    counts = {"left": often(23, 3), "right": often(19, 2)}
    containers = [start(name, "mounts", count) for name, count in counts.items()]
    runs = [
        Run("mountsnoop", "--json", "--cgroup", PARENT),
        Run("mountsnoop", "--json", "-c", "left", "--errors-only"),
    ]
    began = time.monotonic_ns()
    for container in containers:
        container.go()
    for container in containers:
        assert container.line() == "done\n"
    took = time.monotonic_ns() - began
    everything, failing = (running.end() for running in runs)
    assert everything.lost == failing.lost == {}
    for container in containers:
        events = everything.events(container=container.name)
        assert {each["pid"] for each in events} == {container.pid}
        assert len(events) == len(CALLS) * counts[container.name]
        for begin in range(0, len(events), len(CALLS)):
            check_one_round(events[begin:begin + len(CALLS)])
        assert sum(each["duration_ns"] for each in events) <= took  # one after the other
    assert [each["error"] for each in failing.events()] == ["ENODEV", "ENOENT"] * counts["left"]
    assert {each["container"] for each in failing.events()} == {"left"}


def test_the_birth_of_a_container(start):
    """What the container maker does is seen, from outside and from within."""
    running = Run("mountsnoop", "--json")
    container = start("left", "stats", 1, "/")
    container.go()
    container.line()
    result = running.end()
    flags = " ".join(each["flags"] for each in result.events() if each["flags"])
    for namespace in ("CLONE_NEWNS", "CLONE_NEWPID", "CLONE_NEWUTS"):
        assert namespace in flags
    assert result.events(syscall="pivot_root", error=None)
    assert {"mount", "unshare", "umount2"} <= {each["syscall"] for each in result.events()}


def test_hostile_words(start):
    container = start("left", "mounts", "words", *HOSTILE)
    running = Run("mountsnoop", "--json", "-c", "left")
    container.go()
    container.line()
    result = running.end()
    events = result.events()
    assert [each["filesystem"] for each in events] == [in_json(word) for word in HOSTILE]
    assert [each["source"] for each in events] == [in_json(word) for word in HOSTILE]
    # What begins with a control character, or is empty, is taken for no text.
    assert [each["data"] for each in events] == [
        in_json(word) if word[:1] >= b" " else None for word in HOSTILE]
    assert b"\x1b" not in result.out and "\u202e".encode() not in result.out
    assert result.lost == {}
