# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""throttle: how long threads stand still because a CPU quota is used up, as cpu.stat says it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cgroups import Version1, hierarchy
from runs import Run, run
from support import CPUS, eventually

# Quotas of CPUs that others use as well say nothing.
pytestmark = pytest.mark.alone

PERIOD_US = 100_000
LONG_NS = 2_500_000_000  # of standstills


class Quotas:
    """CPU quotas of containers, and of cgroups above them. Where version 2 has not the controller, the
    containers are in a hierarchy of version 1 too, in cgroups of the same path."""

    def __init__(self):
        self.is_version_2 = "cpu" in (hierarchy() / "cgroup.controllers").read_text().split()
        self.root = hierarchy() if self.is_version_2 else Version1("cpu").root
        self.made = []

    def directory(self, path):
        """Of the cgroup at this path; its processes can have a quota."""
        directory = self.root / path.lstrip("/")
        above = [each for each in directory.parents if each == self.root or self.root in each.parents]
        for each in reversed(above) if self.is_version_2 else ():
            (each / "cgroup.subtree_control").write_text("+cpu")
        if not directory.exists():
            missing = [directory, *(each for each in above if not each.exists())]
            directory.mkdir(parents=True)
            self.made += missing
        return directory

    def limit(self, container, quota_us, path=None):
        """Gives the container's cgroup, or the one at a path above it, so much CPU time in each period.
        None: no limit."""
        inner = self.directory(container.cgroup)
        if not self.is_version_2:
            for pid in container.pids():
                (inner / "cgroup.procs").write_text(str(pid))
        # Whatever else runs on this machine, it comes first, and so gets to the end of its quota. Without one
        # it must not: the rest of the test, and all else, would wait for as long as it spins.
        file, usual, most = ("cpu.weight", 100, 10000) if self.is_version_2 else ("cpu.shares", 1024, 262144)
        for each in (inner, *inner.parents):
            if each != self.root and self.root in each.parents:
                (each / file).write_text(str(most if quota_us else usual))
        directory = self.directory(path or container.cgroup)
        if self.is_version_2:
            (directory / "cpu.max").write_text(f"{quota_us or 'max'} {PERIOD_US}")
        else:
            (directory / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (directory / "cpu.cfs_quota_us").write_text(str(quota_us or -1))

    def stat(self, path):
        """In how many periods the cgroup was throttled, and for how many nanoseconds in all."""
        lines = (self.directory(path) / "cpu.stat").read_text().splitlines()
        stat = {name: int(value) for name, value in map(str.split, lines)}
        return stat["nr_throttled"], (
            stat["throttled_usec"] * 1000 if self.is_version_2 else stat["throttled_time"])

    def remove(self):
        for each in sorted(self.made, key=lambda path: -len(path.parts)):
            each.rmdir()


@pytest.fixture
def quotas():
    """Set up before the containers, whose cgroups it removes after them."""
    all_of_them = Quotas()
    yield all_of_them
    all_of_them.remove()


def wait_until_they_run(threads):
    """Until none of them stands still: each has used CPU time from now on, by the scheduler's word."""

    def ran(thread):
        return int(Path(f"/proc/{thread}/schedstat").read_text().split()[0])

    before = [ran(each) for each in threads]
    eventually(lambda: all(ran(each) > then for each, then in zip(threads, before)), "all run")


def spin(quotas, limited, path, others, *arguments):
    """Runs tally while these containers spin; the first one has a quota, at `path` or itself, that is
    lifted before the end, so that nobody stands still then."""
    running = Run("throttle", "--json", *arguments)
    before = quotas.stat(path or limited.cgroup)
    for container in (limited, *others):
        container.go()
    # Nearly at once on a machine that does nothing else.
    eventually(lambda: quotas.stat(path or limited.cgroup)[1] - before[1] > LONG_NS, "standstills")
    quotas.limit(limited, None, path)
    wait_until_they_run([pid for each in (limited, *others) for pid in each.pids() if pid != each.pid])
    after = quotas.stat(path or limited.cgroup)
    result = running.end()
    assert result.status == 0, result.err.decode()
    assert result.lost.keys() <= {"unmatched_begin", "unmatched_end"}, result.lost
    return result, after[0] - before[0], after[1] - before[1]


def assert_as_throttled(found, throttled, result, least=0.95):
    """That these standstills are as long as the kernel says. One of which no program saw the beginning or the
    end (while process 1 has the CPU, on some machines) is told as lost; it is a period long, or two where the
    quota was refilled and used up again."""
    lost = result.end["lost"]
    longest_lost = (lost["unmatched_begin"] + lost["unmatched_end"]) * 2000 * PERIOD_US
    assert least * throttled - longest_lost <= found <= 1.05 * throttled, (found, throttled, result.lost, [
        (each["key"], each["count"], each["sum"]) for each in result.histograms("total")])


@pytest.mark.guest
def test_one_thread_beside_a_neighbour(quotas, start):
    """Both on one CPU: when its quota is refilled the thread has to wait for the neighbour, which is
    none of this."""
    limited, free = (start(name, "spin", 1, cpu=CPUS[0]) for name in ("limited", "free"))
    quotas.limit(limited, 20_000)
    result, times, throttled = spin(quotas, limited, None, [free])
    assert not result.histograms("total", container="free")
    total = result.total(container="limited")
    assert total["key"]["quota_ns"] == 20_000_000 and total["key"]["period_ns"] == 100_000_000
    assert total["unit"] == "ns"
    assert_as_throttled(total["sum"], throttled, result)
    # A wait in which the quota is refilled and used up again is one; some have two in a period.
    assert 0.4 * times - 2 <= total["count"] <= 1.5 * times + 2


@pytest.mark.guest
def test_each_of_several_threads(quotas, start):
    """cpu.stat counts a CPU once, however many threads stand still on it."""
    limited = start("limited", "spin", 3, cpu=CPUS[0])
    quotas.limit(limited, 10_000)
    result, _, throttled = spin(quotas, limited, None, [], "--by", "container,tid", "-c", "limited")
    spinners = [pid for pid in limited.pids() if pid != limited.pid]
    assert len(spinners) == 3
    for each in spinners:
        assert_as_throttled(result.total(tid=each)["sum"], throttled, result, least=0.9)


@pytest.mark.skipif(len(CPUS) < 2, reason="needs two CPUs")
def test_threads_of_several_cpus(quotas, start):
    """Two containers below one quota, each with a CPU: where one thread stands still on each of
    them, cpu.stat counts as this does."""
    both = [start(name, "spin", 1, cpu=cpu) for name, cpu in zip(("left", "right"), CPUS)]
    above = both[0].cgroup.rsplit("/", 1)[0]
    for each in both:
        quotas.limit(each, 10_000, above)
    result, times, throttled = spin(quotas, both[0], above, both[1:])
    totals = [result.total(container=each.name, quota_ns=10_000_000) for each in both]
    assert_as_throttled(sum(each["sum"] for each in totals), throttled, result)
    assert 0.4 * times - 2 <= sum(each["count"] for each in totals) <= 2 * (1.5 * times + 2)


@pytest.mark.guest
def test_quota_above(quotas, start):
    """The container stands still, because of the cgroup above it."""
    limited = start("limited", "spin", 1, cpu=CPUS[0])
    above = limited.cgroup.rsplit("/", 1)[0]
    quotas.limit(limited, 10_000, above)
    if quotas.is_version_2:  # where version 1 allows no more than there is above
        quotas.limit(limited, 90_000)
    result, times, throttled = spin(quotas, limited, above, [])
    total = result.total(container="limited", quota_ns=10_000_000)
    assert_as_throttled(total["sum"], throttled, result)
    assert 0.4 * times - 2 <= total["count"] <= 1.5 * times + 2


def test_in_a_hierarchy_of_version_1(start):
    try:
        cpu = Version1("cpu")
    except LookupError as reason:
        pytest.skip(str(reason))
    limited = start("limited", "spin", 1, cpu=CPUS[0], version_1=cpu)
    (limited.directory / "cpu.cfs_quota_us").write_text("20000")
    running = Run("throttle", "--json", "--hierarchy", "cpu", "-c", "limited")
    limited.go()

    def stat():
        return dict(map(str.split, (limited.directory / "cpu.stat").read_text().splitlines()))

    eventually(lambda: int(stat()["throttled_time"]) > LONG_NS / 2, "standstills")
    (limited.directory / "cpu.cfs_quota_us").write_text("-1")
    wait_until_they_run([pid for pid in limited.pids() if pid != limited.pid])
    throttled = int(stat()["throttled_time"])
    result = running.end()
    assert_as_throttled(result.total(container="limited", quota_ns=20_000_000)["sum"], throttled, result)


@pytest.mark.guest
def test_what_stands_still_now(quotas, start):
    """A quota of 1 % is used up nearly always."""
    limited = start("limited", "spin", 1, cpu=CPUS[0])
    quotas.limit(limited, 1000)
    began = time.monotonic_ns()
    limited.go()

    def standing_still():
        found = run("throttle", "--json", "-c", "limited", "-d", "0.35").histograms("total")
        return found and found[0]["in_flight"]["count"] and found[0]["in_flight"]

    in_flight = eventually(standing_still, "a thread that stands still")
    assert in_flight["count"] in (1, 2)  # perhaps the first process has not come to its rest
    assert in_flight["oldest_pid"] in limited.pids()
    assert 0 < in_flight["oldest_ns"] < time.monotonic_ns() - began

    def table():
        text = run("throttle", "-c", "limited", "-d", "0.3", "--view", "table").out.decode()
        return "limited" in text and text

    text = eventually(table, "a row")
    assert "QUOTA" in text and "PERIOD" in text and "1.00ms" in text and "100ms" in text


def waited_for_a_cpu(thread):
    """For how many nanoseconds in all; with its standstills, where those are no sleep."""
    return int(Path(f"/proc/{thread}/schedstat").read_text().split()[1])


# Has a CPU to itself, and says so.
HOG = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
print("here", flush=True)
while True:
    pass
"""


@pytest.mark.skipif(len(CPUS) < 2, reason="needs two CPUs")
def test_moved_to_a_busy_cpu(quotas, start):
    """A thread that stands still is moved to another CPU, which is not to be had when its quota is lifted:
    it waits for that CPU, which is none of this."""
    limited = start("limited", "spin", 1, cpu=CPUS[0])
    quotas.limit(limited, 20_000)
    running = Run("throttle", "--json", "-c", "limited")
    limited.go()
    thread = eventually(lambda: [pid for pid in limited.pids() if pid != limited.pid], "a thread that spins")[0]
    eventually(lambda: quotas.stat(limited.cgroup)[1] > LONG_NS / 2, "standstills")
    with subprocess.Popen([sys.executable, "-c", HOG, str(CPUS[1])], stdout=subprocess.PIPE) as hog:
        os.sched_setaffinity(0, {CPUS[0]})
        try:
            assert hog.stdout.readline() == b"here\n"
            times, _ = quotas.stat(limited.cgroup)
            eventually(lambda: quotas.stat(limited.cgroup)[0] > times, "the end of a quota")
            waited = waited_for_a_cpu(thread)
            os.sched_setaffinity(thread, {CPUS[1]})
            quotas.limit(limited, None)
            time.sleep(0.5)
        finally:
            hog.kill()
            os.sched_setaffinity(0, CPUS)
    wait_until_they_run([thread])
    waited = waited_for_a_cpu(thread) - waited
    _, throttled = quotas.stat(limited.cgroup)
    result = running.end()
    assert result.status == 0, result.err.decode()
    found = sum(each["sum"] for each in result.histograms("total"))
    assert waited > 0.3e9, waited
    # A queue may be throttled to the end of the period after its thread has left.
    assert throttled - 1.1e3 * PERIOD_US < found < throttled + 0.1e9, (found, throttled, waited)
