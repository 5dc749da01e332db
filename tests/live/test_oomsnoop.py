# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""oomsnoop: the victim, by whose limit, and by whom, as the kernel's log has it."""

import contextlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from cgroups import Version1
from runs import Run
from support import SOON, WORKLOADS, eventually

MOST = 24 << 20
HOLDS, TOUCHES = 18, 9  # megabytes: together too much, and the first is the larger
KILLED = re.compile(
    r"Killed process (?P<pid>\d+) .* anon-rss:(?P<anonymous>\d+)kB, file-rss:(?P<file>\d+)kB, "
    r"shmem-rss:(?P<shared>\d+)kB, .*pgtables:(?P<tables>\d+)kB oom_score_adj:(?P<adjustment>-?\d+)")


def kernel_log():
    """What the kernel's log says of victims, by process."""
    log = subprocess.run(["dmesg"], stdout=subprocess.PIPE, check=False, timeout=SOON)
    if log.returncode != 0:
        pytest.skip("the kernel's log, which is the truth, cannot be read here")
    found = KILLED.finditer(log.stdout.decode(errors="replace"))
    return {int(each["pid"]): each.groupdict() for each in found}


def is_removed(directory, root):
    """The dead are in a cgroup for a moment. What lives, after a test that failed, is moved out."""
    with open(directory + b"/cgroup.procs", encoding="ascii") as file:
        for pid in file.read().split():
            with contextlib.suppress(OSError):
                (root / "cgroup.procs").write_text(pid)
    with contextlib.suppress(OSError):
        os.rmdir(directory)
        return True
    return False


def used_in(directory):
    """Bytes that the cgroup is charged for."""
    with open(directory + b"/memory.usage_in_bytes", encoding="ascii") as file:
        return int(file.read())


@contextlib.contextmanager
def memory_cgroup(name, most):
    """A cgroup with a limit, and one without below it, as their path and the directory of the
    second."""
    try:
        root = Version1("memory").root
    except LookupError as missing:
        pytest.skip(str(missing))
    above = os.fsencode(root) + b"/" + name
    below = above + b"/inner"
    os.makedirs(below)
    try:
        with open(above + b"/memory.limit_in_bytes", "w") as file:
            file.write(str(most))
        yield b"/" + name, below
    finally:
        for each in below, above:
            eventually(lambda each=each: is_removed(each, root), "the cgroup removed")


def move(directory, *containers):
    for container in containers:
        with open(directory + b"/cgroup.procs", "w") as file:
            file.write(str(container.pid))


def child_of(container):
    """The number of its one child, as the host has it."""
    pids = eventually(lambda: [pid for pid in container.pids() if pid != container.pid], "a child")
    assert len(pids) == 1
    return pids[0]


def test_the_victim_is_charged_and_not_who_wants_memory(start):
    """Who wants it may be killed too: where the victim is gone, but its memory not quite, the kernel
    chooses another. Then that one is told as well, as a victim of its own container."""
    name = f"tally-live-{os.getpid()}-".encode() + b"\x1b[2J\xff\xc2\x85"
    with memory_cgroup(name, MOST) as (path, inner):
        left = start("left", "hog", "hold", HOLDS)
        right = start("right", "hog", "touch", TOUCHES)
        move(inner, left, right)
        with open(f"/proc/{left.pid}/oom_score_adj", "w") as file:
            file.write("17")
        of_left, of_right = (Run("oomsnoop", "--json", "-c", each) for each in ("left", "right"))
        victims, triggers, inside, killed_too = [], [], [], []
        for _ in range(5):
            # Nothing of the dead is left that could make them too many.
            eventually(lambda: used_in(inner) < MOST - (HOLDS << 20) - (2 << 20), "memory given back")
            left.go()
            assert left.line() == "used\n"
            victims.append(child_of(left))
            right.go()
            answer = right.line()
            if answer == "used\n":
                triggers.append(child_of(right))
                right.go()
                assert right.line().split()[1] == "0"
            else:
                number, ended_by = answer.split()
                assert ended_by == "9"
                triggers.append(None)
                killed_too.append(int(number))
            number, ended_by = left.line().split()
            assert ended_by == "9"
            inside.append(int(number))
        results = of_left.end(), of_right.end()
        left.stop()
        right.stop()
    told, told_too = (result.events() for result in results)
    assert [result.lost for result in results] == [{}, {}]
    log = kernel_log()
    assert [each["pid"] for each in told] == victims
    assert [each["container_pid"] for each in told] == inside
    # It made them die, and is told only where it died itself, by its own doing.
    assert [each["container_pid"] for each in told_too] == killed_too
    numbers = iter([each["pid"] for each in told_too])
    assert [each["trigger_pid"] for each in told] == [each or next(numbers) for each in triggers]
    for event in told_too:
        assert event["container"] == "right" and event["trigger_pid"] == event["pid"] in log
    for event in told:
        truth = {name: int(number) for name, number in log[event["pid"]].items()}
        assert event["container"] == "left"
        assert event["trigger_comm"] == "workload_hog"
        # Each CPU may keep so many pages to itself before it adds them to the process's (f1a7941243c1
        # "mm: convert mm's rss stats into percpu_counter"; percpu_counter_batch).
        batch = max(32, 2 * os.cpu_count())
        apart = batch * os.cpu_count() * os.sysconf("SC_PAGE_SIZE")
        assert event["anonymous_memory"] == truth["anonymous"] * 1024 >= (HOLDS << 20) - apart
        assert event["file_memory"] == truth["file"] * 1024
        assert event["shared_memory"] == truth["shared"] * 1024
        assert event["page_tables"] == truth["tables"] * 1024
        assert event["oom_score_adj"] == truth["adjustment"] == 17
        assert event["memory_limit"] == MOST
        assert event["memory_cgroup"] == path.decode("utf-8", "backslashreplace")
    assert b"\x1b" not in results[0].out and b"\xc2\x85" not in results[0].out


@pytest.mark.guest(cgroups="v1")
def test_the_lower_of_two_limits(start):
    with memory_cgroup(f"tally-live-{os.getpid()}".encode(), 4 * MOST) as (path, inner):
        with open(inner + b"/memory.limit_in_bytes", "w") as file:
            file.write(str(MOST))
        left = start("left", "hog", "hold", 2 * HOLDS)
        move(inner, left)
        running = Run("oomsnoop", "--json", "-c", "left")
        exits = Run("exitsnoop", "--json", "-c", "left")
        left.go()
        number, ended_by = left.line().split()
        assert ended_by == "9"
        (event,) = running.end().events()
        (end,) = exits.end().events()
        left.stop()
    assert event["trigger_pid"] == event["pid"] == end["pid"]
    assert event["container_pid"] == int(number)
    assert (event["memory_cgroup"], event["memory_limit"]) == (path.decode() + "/inner", MOST)
    assert (end["oom_killed"], end["signal"], end["exit_code"]) == (True, "SIGKILL", None)
    assert MOST - (2 << 20) < end["peak_memory"] < MOST + (2 << 20)


@pytest.mark.guest
def test_threads_by_their_number(start):
    """On kernels that tell of a victim its number only. Here of threads that begin a program, and so
    have the number that another had before."""
    caller = start("reuser", "calls", "executes", 101)
    running = Run("run", WORKLOADS / "objects" / "threads_by_number.bpf.o", "--json", "-c", "reuser",
                  until_ready=False)
    eventually(lambda: b"is measuring" in Path(f"/proc/{running.process.pid}/fd/2").read_bytes(),
               "the start line")
    caller.go()
    caller.line()
    events = running.end().events(name="found")
    assert len(events) == 101
    assert {(event["same"], event["stray"]) for event in events} == {(True, False)}
