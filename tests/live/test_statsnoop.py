# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""statsnoop: each call that asks for a file is told, once."""

import sys
import time

import pytest

from runs import Run, parse, run
from support import PARENT, often
from test_events import HOSTILE, in_json

CALLS = ["stat", "lstat", "newfstatat", "statx", "statfs", "access", "faccessat", "faccessat2"]
COUNTS = {"left": often(503, 11), "right": often(509, 13)}
FILES = {"left": "/missing", "right": "/etc"}


@pytest.mark.guest
def test_calls_of_two_containers(start):
    containers = [start(name, "stats", count, FILES[name]) for name, count in COUNTS.items()]
    runs = [
        Run("statsnoop", "--json", "--cgroup", PARENT),
        Run("statsnoop", "--json", "-c", "right"),
        Run("statsnoop", "--json", "--cgroup", PARENT, "--errors-only"),
    ]
    began = time.monotonic_ns()
    for container in containers:
        container.go()
    for container in containers:
        container.line()
    took = time.monotonic_ns() - began
    everything, of_right, failing = (running.end() for running in runs)
    for container in containers:
        events = everything.events(container=container.name, path=FILES[container.name])
        assert [each["syscall"] for each in events] == CALLS * COUNTS[container.name]
        assert {each["error"] for each in events} == {
            "ENOENT" if container.name == "left" else None}
        assert {each["pid"] for each in events} == {container.pid}
        assert all(0 < each["duration_ns"] for each in events)
        assert sum(each["duration_ns"] for each in events) <= took  # one after the other
    assert {each["container"] for each in of_right.events()} == {"right"}
    assert len(of_right.events()) == len(CALLS) * COUNTS["right"]
    assert len(failing.events()) == len(failing.events(container="left", error="ENOENT"))
    assert len(failing.events()) == len(CALLS) * COUNTS["left"]
    assert everything.lost == of_right.lost == failing.lost == {}


def test_hostile_paths(start):
    container = start("left", "stats", "words", *HOSTILE)
    running = Run("statsnoop", "--json", "-c", "left")
    container.go()
    container.line()
    result = running.end()
    assert [each["path"] for each in result.events()] == [in_json(word) for word in HOSTILE]
    assert b"\x1b" not in result.out and "\u202e".encode() not in result.out
    assert result.lost == {}


def test_full_paths(tmp_path):
    (tmp_path / "file").touch()
    script = f"""
import os
os.chdir({str(tmp_path)!r})
os.stat("file")
directory = os.open("/proc/self", os.O_RDONLY)
os.access("none", os.R_OK, dir_fd=directory)
"""
    out = tmp_path / "out"
    run("statsnoop", "--json", "--full-path", "-O", out, "--", sys.executable, "-c", script)
    events = [each for each in parse(out.read_bytes()) if each["type"] == "event"]
    pid = events[-1]["pid"]
    told = [(each["path"], each["error"]) for each in events]
    assert (f"{tmp_path}/file", None) in told
    assert told[-1] == (f"/proc/{pid}/none", "ENOENT") or (f"/proc/{pid}/none", "ENOENT") in told
