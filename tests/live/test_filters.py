# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Whom to measure, and what makes a row."""

from collections import Counter

import pytest
from counters import measure, settle
from runs import Run, buckets_of
from support import CPUS

PAIRS, ROUNDS = 4, 500
COMM = "chit-chat"


@pytest.fixture
def talkers(start):
    """A container with 2 * PAIRS processes named COMM that talk, and its idle process 1."""
    return start("talkers", "chatter", PAIRS, ROUNDS, COMM)


@pytest.fixture
def neighbour(start):
    """Another container that is just as busy."""
    return start("neighbour", "chatter", PAIRS, ROUNDS)


def talking(container):
    """The processes that have something to say, so not the first."""
    return [pid for pid in container.pids() if pid != container.pid]


def of(switches, pids):
    return sum(count for (pid, _), count in switches.items() if pid in pids)


def expect_all(measured, expected):
    """The rows of this measurement are these, no more: (key's names and values) -> count."""
    rows = measured.result.histograms("total")
    counted = {tuple(sorted(row["key"].items())): row["count"] for row in rows}
    wanted = {tuple(sorted(dict(key).items())): count for key, count in expected.items() if count}
    assert counted.keys() == wanted.keys()
    for key, count in wanted.items():
        measured.check(counted[key], count)


@pytest.mark.parametrize("option", ["-p", "-t", "--pid", "--tid"])
def test_processes_and_threads(talkers, option):
    chosen = talking(talkers)[:2]
    measured = measure([talkers], option, chosen[0], option, chosen[1], "--by", "pid,tid")
    switches = measured.switches[0]
    assert of(switches, chosen) >= 2 * ROUNDS
    expect_all(measured, {(("pid", pid), ("tid", pid)): of(switches, [pid]) for pid in chosen})


def test_command_name(talkers):
    measured = measure([talkers], "--comm", COMM, "--by", "comm")
    expected = of(measured.switches[0], talking(talkers))
    expect_all(measured, {(("comm", COMM),): expected})


def test_different_options_must_all_hold(talkers, neighbour):
    one = talking(talkers)[0]
    measured = measure([talkers, neighbour], "-c", "talkers", "--comm", COMM, "-p", one,
                       "-p", talking(neighbour)[0], "--by", "pid")
    expect_all(measured, {(("pid", one),): of(measured.switches[0], [one])})
    measured = measure([talkers, neighbour], "-c", "neighbour", "-p", one)
    assert measured.result.histograms("total") == []


@pytest.mark.parametrize("path", ["from the root", "in the file system"])
def test_cgroup(talkers, neighbour, path):
    path = talkers.cgroup if path == "from the root" else talkers.directory
    measured = measure([talkers, neighbour], "--cgroup", path)
    total = measured.result.total()
    measured.check(total["count"], measured.expected[0])
    assert total["key"]["cgroup"] == talkers.cgroup


@pytest.mark.parametrize("names", [("talkers", "neighbour"), ("t*lkers", "neigh*"), ("[tn][ae][il][gk][eh]*",)],
                         ids=["names", "patterns", "one pattern"])
def test_several_containers(talkers, neighbour, names):
    options = [word for name in names for word in ("-c", name)]
    measured = measure([talkers, neighbour], *options)
    assert len(measured.result.histograms("total")) == 2
    for container, expected in zip((talkers, neighbour), measured.expected):
        measured.check(measured.result.total(container=container.name)["count"], expected)


# --by

CONTAINER_KEY = {"container": "talkers", "container_id": None, "runtime": "namespaces",
                 "pod": None, "namespace": None, "systemd_unit": None}


def test_by_pid(talkers):
    measured = measure([talkers], "-c", "talkers", "--by", "pid")
    expect_all(measured,
               {(("pid", pid),): count for (pid, _), count in measured.switches[0].items()})


def test_by_tid(talkers):
    measured = measure([talkers], "-c", "talkers", "--by", "tid")
    expect_all(measured,
               {(("tid", tid),): count for (_, tid), count in measured.switches[0].items()})


def test_by_comm(talkers):
    measured = measure([talkers], "-c", "talkers", "--by", "comm")
    switches = measured.switches[0]
    # The kernel keeps 15 bytes of a name.
    expect_all(measured, {(("comm", COMM),): of(switches, talking(talkers)),
                          (("comm", "workload_chatter"[:15]),): of(switches, [talkers.pid])})


def test_by_cgroup(talkers):
    measured = measure([talkers], "-c", "talkers", "--by", "cgroup")
    expect_all(measured, {(("cgroup", talkers.cgroup),
                           ("cgroup_id", talkers.directory.stat().st_ino)): measured.expected[0]})


@pytest.mark.parametrize("by,key", [("none", {}), ("unit", {"systemd_unit": None})])
def test_by_what_they_all_share(talkers, by, key):
    measured = measure([talkers], "-c", "talkers", "--by", by)
    expect_all(measured, {tuple(key.items()): measured.expected[0]})


def test_by_container_and_comm(talkers):
    measured = measure([talkers], "-c", "talkers", "--by", "container,comm")
    key = {**CONTAINER_KEY, "cgroup": talkers.cgroup}
    switches = measured.switches[0]
    expect_all(measured, {
        tuple({**key, "comm": comm}.items()): of(switches, pids)
        for comm, pids in ((COMM, talking(talkers)), ("workload_chatter"[:15], [talkers.pid]))
    })


def test_the_host_has_no_container(talkers):
    """Whatever is not in a container has its cgroup, and no container's name."""
    measured = measure([talkers])
    rows = measured.result.histograms("total")
    assert len(rows) >= 2  # at least tally itself runs, and talkers
    assert Counter(row["key"]["container"] for row in rows)["talkers"] == 1
    for row in rows:
        assert (row["key"]["container"] is None) == (row["key"]["runtime"] is None)


# What the tool itself has


def test_shortest_waits_left_out(start):
    """Two at a time, over one workload: all waits, and those from what half of them take on this machine."""
    sample = start("sample", "chatter", PAIRS, ROUNDS, cpu=CPUS[0])
    least = max(1, measure([sample], "-c", "sample").result.total()["p50"] // 1000)
    container = start("mixed", "chatter", PAIRS, ROUNDS, cpu=CPUS[0])
    settle([container])
    everything = Run("runqlat", "--json", "-c", "mixed")
    longer = Run("runqlat", "--json", "-c", "mixed", "--min-us", least)
    container.go()
    settle([container])
    every, some = everything.end().total(), longer.end().total()
    counts = buckets_of(every)
    # Each reads the clock for itself, so some waits are just longer for one and not for the other.
    at_least = sum(count for (ge, _), count in counts.items() if ge >= least * 1250)
    at_most = sum(count for (_, lt), count in counts.items() if lt is None or lt > least * 800)
    assert 0 < some["count"] < every["count"]
    slack = 2 + every["count"] // 50
    assert at_least - slack <= some["count"] <= at_most + slack
    assert some["min"] >= least * 1000


def test_the_order_of_by_is_only_that_of_the_columns(start):
    """Two units below a container, and its process 1 in none of them."""
    container = start("units", "chatter", PAIRS, ROUNDS)
    talkers = talking(container)
    parts = {"a.service": talkers[: PAIRS], "b.service": talkers[PAIRS:], None: [container.pid]}
    for unit, pids in parts.items():
        if unit:
            (container.directory / unit).mkdir()
            for pid in pids:
                (container.directory / unit / "cgroup.procs").write_text(str(pid))
    settle([container])
    other = Run("runqlat", "--json", "-c", "units", "--by", "container,unit")
    measured = measure([container], "-c", "units", "--by", "unit,container")
    other = other.end()

    def rows(result):
        return {tuple(sorted(row["key"].items())): row for row in result.histograms("total")}

    assert rows(measured.result).keys() == rows(other).keys()
    for unit, pids in parts.items():
        expected = of(measured.switches[0], pids)
        for result in (measured.result, other):
            total = result.total(container="units", systemd_unit=unit)
            measured.check(total["count"], expected)
