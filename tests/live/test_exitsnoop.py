# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""exitsnoop: each process that ends, as wait4(2) tells its parent."""

import json
import os
import sys
from pathlib import Path

import pytest

from support import PARENT, Run, parse, run

# What a process does on its way out, after the event, is in what its parent is told: 0.1 ms here.
# In the event are interrupts of its last tick, which are not its own: 0.01 ms. (Of what the kernel
# has added up by then up to 4 ms would be missing.)
CPU_SLACK_NS = 2_000_000


class Ending:
    """What wait4(2) tells of a child."""

    def __init__(self, pid, status, user_us, system_us, peak, elapsed_us):
        self.pid = pid  # in its own pid namespace
        self.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        self.exit_code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        self.cpu_ns = (user_us + system_us) * 1000
        self.peak = peak
        self.elapsed_ns = elapsed_us * 1000

    def check(self, event):
        signals = {9: "SIGKILL", 15: "SIGTERM", None: None}
        assert event["exit_code"] == self.exit_code
        assert event["signal"] == signals[self.signal]
        assert event["peak_memory"] == self.peak
        used = event["user_ns"] + event["system_ns"]
        assert abs(used - self.cpu_ns) < CPU_SLACK_NS
        assert 0 < event["lifetime_ns"] <= self.elapsed_ns + 1000
        assert event["ended"] == "process"
        assert event["core_dumped"] is event["oom_killed"] is False


def endings_of(container):
    container.go()
    return [Ending(*each) for each in json.loads(container.line())]


def test_endings_of_two_containers_at_once(start):
    counts = {"left": 1009, "right": 1013}
    containers = [start(name, "endings", "processes", count) for name, count in counts.items()]
    running = Run("exitsnoop", "--json", "--cgroup", PARENT)
    for container in containers:
        container.go()
    endings = {each.name: [Ending(*one) for one in json.loads(each.line())] for each in containers}
    result = running.end()
    assert result.lost == {}
    for container in containers:
        events = result.events(container=container.name)
        assert [each["container_pid"] for each in events] == [
            each.pid for each in endings[container.name]]
        for number, (ending, event) in enumerate(zip(endings[container.name], events)):
            ending.check(event)
            assert event["lifetime_ns"] >= number % 11 * 1_000_000
            assert event["parent_pid"] == container.pid
            assert event["pid"] == event["tid"] != event["container_pid"]
            assert event["comm"] == "workload_ending"
    assert len(result.events()) == sum(counts.values())


@pytest.mark.guest
def test_filters(start):
    left = start("left", "endings", "processes", 263)  # number 256 has exit code 0
    right = start("right", "endings", "processes", 103)
    runs = [
        Run("exitsnoop", "--json", "-c", "left", "--failed-only"),
        Run("exitsnoop", "--json", "-p", right.pid),  # only its children end
    ]
    failed = [each for each in endings_of(left) if each.exit_code != 0]
    endings_of(right)
    by_container, by_pid = (running.end() for running in runs)
    assert len(failed) == 262
    assert [each["container_pid"] for each in by_container.events()] == [
        each.pid for each in failed]
    assert by_pid.events() == []


def test_threads(start):
    """The first thread ends before the others, and the process with the last of them."""
    count = 17
    left = start("left", "endings", "threads", count)
    running = Run("exitsnoop", "--json", "-c", "left", "--threads")
    (ending,) = endings_of(left)
    result = running.end()
    assert result.lost == {}
    (process,) = result.events(ended="process")
    threads = result.events(ended="thread")
    ending.check(process)
    assert len(threads) == count == len({each["tid"] for each in threads})
    assert {each["pid"] for each in threads} == {process["pid"]} == {process["tid"]}
    assert threads[0]["tid"] == process["pid"] != threads[-1]["tid"]
    assert {each["peak_memory"] for each in threads} == {None}
    # What is made for a thread, before it can run, is of its maker.
    used = sum(each["user_ns"] + each["system_ns"] for each in threads)
    assert abs(used - process["user_ns"] - process["system_ns"]) < count * CPU_SLACK_NS


def test_a_program_that_dumps_core(tmp_path):
    if not Path("/proc/sys/kernel/core_pattern").read_text().startswith("core"):
        pytest.skip("core dumps of this machine do not go to the working directory")
    script = """
import os, resource, signal
limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
for size in 0, limit:
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (size, limit))
        os.abort()
    print(os.WCOREDUMP(os.waitpid(child, 0)[1]), flush=True)
"""
    out = tmp_path / "out"
    result = run("exitsnoop", "--json", "-O", out, "--", sys.executable, "-c", script, cwd=tmp_path)
    events = [each for each in parse(out.read_bytes()) if each["type"] == "event"]
    assert [each["signal"] for each in events] == ["SIGABRT", "SIGABRT", None]
    assert [str(each["core_dumped"]) for each in events[:2]] == result.out.decode().split()


def test_the_memory_of_a_program_before_exec_is_not_its_own(tmp_path):
    """Where the kernel tells of a process while it still has its memory: since 6.16."""
    script = """
import subprocess
much = bytearray(97 << 20)
subprocess.run(["true"])
"""
    out = tmp_path / "out"
    run("exitsnoop", "--json", "-O", out, "--", sys.executable, "-c", script)
    true, python = [each for each in parse(out.read_bytes()) if each["type"] == "event"]
    assert (true["comm"], python["exit_code"]) == ("true", 0)
    assert python["peak_memory"] > 97 << 20
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) < (6, 16):
        pytest.skip("this kernel tells the most that the process had, before its exec too")
    assert true["peak_memory"] < 32 << 20
