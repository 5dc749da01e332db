# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""cgsnoop: what happens to cgroups, of every hierarchy, and who does it."""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from cgroups import Version1, hierarchy
from runs import Run, parse, run
from support import PARENT, eventually

# Each step is one change, by a process that tally has started.
LIFE = """
import os, sys, time
root, name = sys.argv[1], os.fsencode(sys.argv[2])
above = os.fsencode(root) + b"/" + name
one, two = above + b"/one", above + b"/two"

def write(path, text):
    with open(path, "w") as file:
        file.write(text)

def wait_until(frozen):
    while f"frozen {frozen}" not in open(one + b"/cgroup.events").read():
        time.sleep(0.01)

for each in above, one, two:
    os.mkdir(each)
child = os.fork()
if child == 0:
    while True:
        time.sleep(1)
write(one + b"/cgroup.procs", str(child))
if os.path.exists(one + b"/cgroup.freeze"):
    write(one + b"/cgroup.freeze", "1")
    wait_until(1)
    write(one + b"/cgroup.freeze", "0")
    wait_until(0)
else:
    os.rename(two, above + b"/three")
    two = above + b"/three"
write(two + b"/cgroup.procs", str(child))
os.kill(child, 9)
os.waitpid(child, 0)
for each in one, two, above:
    while True:
        try:
            os.rmdir(each)
            break
        except OSError:  # the dead one is in it for a moment
            time.sleep(0.01)
print(os.getpid(), child)
"""


def changes_of(tmp_path, root, name):
    """What a command that lives this life does, as (change, path below), the events, its number and
    that of its child."""
    out = tmp_path / "out"
    done = tmp_path / "done"
    run("cgsnoop", "--json", "-O", out, "--", "sh", "-c", '"$@" >"$0"', done, sys.executable, "-c",
        LIFE, root, name)
    pid, child = (int(word) for word in done.read_text().split())
    records = parse(out.read_bytes())
    assert not any(records[-1]["lost"].values()), records[-1]
    events = [each for each in records if each["type"] == "event"]
    return [(each["change"], each["path"]) for each in events], events, pid, child


@pytest.mark.guest
def test_the_life_of_cgroups_of_version_2(tmp_path):
    name = f"tally-live-{os.getpid()}"
    told, events, pid, child = changes_of(tmp_path, hierarchy(), name)
    above = f"/{name}"
    one, two = f"{above}/one", f"{above}/two"
    # Both can be read before they are told, so that we may go on already; the first is told by the child
    # of itself, and the second at times.
    states = ("frozen", one), ("unfrozen", one)
    assert [told.count(each) for each in states] == [1, 1]
    assert [each for each in told if each not in states] == [
        ("made", above), ("made", one), ("made", two), ("moved", one),
        ("freezing", one), ("unfreezing", one),
        ("moved", two), ("removed", one), ("removed", two), ("removed", above)]
    assert {each["hierarchy"] for each in events} == {0}
    for event in events:
        # The last thread that stops makes it frozen.
        does = {"frozen": {child}, "unfrozen": {child, pid}}.get(event["change"], {pid})
        assert event["pid"] in does
        moved = (child, None, event["comm"]) if event["change"] == "moved" else (None, None, None)
        assert (event["moved_pid"], event["moved_tid"], event["moved_comm"]) == moved


@pytest.mark.guest(cgroups="v1")
def test_hostile_names_in_version_1(tmp_path):
    name = os.fsdecode(f"tally-live-{os.getpid()}-".encode() + b"\x1b[2J\xff")
    try:
        root = Version1("pids").root
    except LookupError as missing:
        pytest.skip(str(missing))
    told, events, _, _ = changes_of(tmp_path, root, name)
    above = "/" + os.fsencode(name).decode("utf-8", "backslashreplace")
    one, two, three = (f"{above}/{each}" for each in ("one", "two", "three"))
    assert told == [
        ("made", above), ("made", one), ("made", two), ("moved", one), ("renamed", three),
        ("moved", three), ("removed", one), ("removed", three), ("removed", above)]
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    (number,) = [int(line.split(":")[0]) for line in lines
                 if "pids" in line.split(":")[1].split(",")]
    assert {each["hierarchy"] for each in events} == {number}
    assert b"\x1b" not in (tmp_path / "out").read_bytes()


def test_who_makes_cgroups_in_two_containers(start):
    """Prime numbers of sub-cgroups, by processes inside; the neighbour's are not told."""
    loop = """read -r go; i=0; while [ $i -lt {} ]; do
        mkdir /sys/fs/cgroup/$i; rmdir /sys/fs/cgroup/$i; i=$((i+1)); done; echo done; read -r end"""
    left = start("left", "sh", "-c", loop.format(503))
    right = start("right", "sh", "-c", loop.format(509))
    runs = [Run("cgsnoop", "--json", "-c", "left"), Run("cgsnoop", "--json", "--cgroup", PARENT)]
    for container in (left, right):
        os.write(container.input, b"\n")
    for container in (left, right):
        assert container.line() == "done\n"
    one, both = (running.end() for running in runs)
    assert one.lost == both.lost == {}
    for result, counts in ((one, {"left": 503}), (both, {"left": 503, "right": 509})):
        assert len(result.events()) == 2 * sum(counts.values())
        for name, count in counts.items():
            for change in "made", "removed":
                events = result.events(container=name, change=change)
                assert [each["path"] for each in events] == [
                    f"/{PARENT}/{name}/{number}" for number in range(count)]


def clone_into(directory):
    """A child that begins in this cgroup, was never moved there and waits to be killed."""
    CLONE_INTO_CGROUP, SYS_clone3 = 0x200000000, 435
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    arguments = (ctypes.c_uint64 * 11)(CLONE_INTO_CGROUP, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, fd)
    child = ctypes.CDLL(None).syscall(SYS_clone3, arguments, ctypes.sizeof(arguments))
    if child == 0:
        while True:
            signal.pause()
    os.close(fd)
    assert child > 0
    return child


def test_a_process_that_is_born_into_a_cgroup():
    directory = hierarchy() / f"tally-live-{os.getpid()}"
    directory.mkdir()
    try:
        running = Run("cgsnoop", "--json", "-p", os.getpid())
        children = [clone_into(directory) for _ in range(7)]
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        result = running.end()
    finally:
        eventually(lambda: "populated 0" in (directory / "cgroup.events").read_text(), "empty")
        directory.rmdir()
    events = result.events()
    assert [(each["change"], each["moved_pid"], each["path"]) for each in events] == [
        ("born", child, f"/{directory.name}") for child in children]
    assert {each["pid"] for each in events} == {os.getpid()}
    assert {each["moved_tid"] for each in events} == {None}


def test_a_thread_that_is_moved_alone(tmp_path):
    try:
        root = Version1("pids").root
    except LookupError as missing:
        pytest.skip(str(missing))
    script = f"""
import os, threading
above = "{root}/tally-live-{os.getpid()}"
os.mkdir(above)
def body():
    with open(above + "/tasks", "w") as file:
        file.write(str(threading.get_native_id()))
    print(threading.get_native_id(), os.getpid(), flush=True)
thread = threading.Thread(target=body)
thread.start()
thread.join()
while True:
    try:
        os.rmdir(above)
        break
    except OSError:
        pass
"""
    out = tmp_path / "out"
    done = tmp_path / "done"
    run("cgsnoop", "--json", "-O", out, "--", "sh", "-c", '"$@" >"$0"', done, sys.executable, "-c",
        script)
    tid, pid = (int(word) for word in done.read_text().split())
    events = [json.loads(line) for line in out.read_text().splitlines()]
    (moved,) = [each for each in events if each.get("change") == "moved"]
    assert (moved["moved_pid"], moved["moved_tid"], moved["tid"]) == (pid, tid, tid)
