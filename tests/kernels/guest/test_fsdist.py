# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""fsdist counts each operation of a file system once, for who asked for it."""

import json
import subprocess

import pytest
from file_operations import frozen, operating  # noqa: F401 pylint: disable=unused-import
from support import Run, eventually, run

# Primes, so that no sum of some of them is another.
OPERATIONS = {"read": 10007, "pread": 101, "readv": 53, "sendfile": 211, "uring": 19, "fault": 23,
              "write": 1009, "pwrite": 13, "writev": 7, "dsync": 17, "fsync": 31, "fdatasync": 5,
              "open": 503, "missing": 3, "directory": 29}
OF_NEIGHBOUR = {"read": 5003, "write": 307, "fsync": 11, "open": 103}


def words(operations):
    return [word for pair in operations.items() for word in pair]


def asked(operations):
    """How many operations of a file system that makes."""
    kinds = {"read": ("read", "pread", "readv", "sendfile", "uring", "fault"),
             "write": ("write", "pwrite", "writev", "dsync"),
             "fsync": ("dsync", "fsync", "fdatasync"), "open": ("open",)}
    return {kind: sum(operations.get(each, 0) for each in of) for kind, of in kinds.items()}


def counted(result, container):
    """Counts by file system and operation."""
    counts = {}
    for record in result.histograms("total", container=container):
        of_fs = counts.setdefault(record["key"]["fs"], {})
        of_fs[record["key"]["operation"]] = record["count"]
        assert record["unit"] == "ns" and record["in_flight"]["count"] == 0
    return counts


def measure(containers, *arguments):
    """One after the other: a kernel that preempts would leave programs out for the one while the other
    has been preempted in them."""
    running = Run("fsdist", "--json", *arguments)
    for container in containers:
        container.go()
        container.finish()
    result = running.end()
    assert result.lost == {}
    return result


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_every_operation_of_two_containers(kind, request, operate):
    folder = request.getfixturevalue(kind)
    left = operate("left", folder / "left", *words(OPERATIONS))
    right = operate("right", folder / "right", *words(OF_NEIGHBOUR))
    result = measure((left, right), "--fs", kind)
    assert counted(result, "left") == {kind: asked(OPERATIONS)}
    assert counted(result, "right") == {kind: asked(OF_NEIGHBOUR)}
    assert result.end["before_attach"] == 0


@pytest.mark.guest(everywhere=True)
def test_reads_of_one_container_are_that_many(ext4, operate):
    """For the right container, file system and operation, and nothing else."""
    left = operate("left", ext4 / "left", "read", 10007)
    right = operate("right", ext4 / "right", "write", 307)
    result = measure((left, right), "--fs", "ext4")
    reads = result.histograms("total", fs="ext4", operation="read")
    assert [(each["key"]["container"], each["count"]) for each in reads] == [("left", 10007)]


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_directories_are_not_counted(kind, request, operate):
    """Though their fsync, and with some their open, is the function of the files."""
    left = operate("left", request.getfixturevalue(kind) / "file", "directory", 29, "open", 2)
    result = measure((left,), "--fs", kind, "-c", "left")
    assert counted(result, "left") == {kind: {"open": 2}}
    assert result.end["before_attach"] == 0


def test_what_was_lost_is_not_in_flight_for_ever(ext4, overlay, operate, monkeypatch):
    """kretprobe waits for some ten returns at once. More threads hang, of which some are never heard of
    again."""
    monkeypatch.setenv("TALLY_REFUSED_HOOKS", "fentry,fexit")
    merged = overlay(ext4)
    containers = [operate(f"hanging-{index}", merged / str(index), "write", 1) for index in range(13)]
    running = Run("fsdist", "--json", "--fs", "overlay", "--operation", "write", "--by", "operation")
    with frozen(ext4):
        for container in containers:
            container.go()
        for container in containers:
            eventually(container.hangs, "it hangs")
    for container in containers:
        container.finish()
    result = running.end()
    (total,) = result.histograms("total")
    assert total["in_flight"]["count"] == 0
    assert result.lost["unmatched_begin"] > 0
    assert total["count"] + result.lost["unmatched_begin"] == len(containers)


def test_by_the_other_kind_of_hooks(ext4, overlay, operate, monkeypatch):
    """kprobe and kretprobe, where there is no fentry."""
    monkeypatch.setenv("TALLY_REFUSED_HOOKS", "fentry,fexit")
    operations = {"read": 503, "sendfile": 211, "write": 101, "dsync": 17, "fsync": 31, "open": 53}
    left = operate("left", overlay(ext4) / "file", *words(operations))
    below = asked(operations)
    above = below | {"fsync": below["fsync"] - operations["dsync"]}
    result = measure((left,), "-c", "left", "--fs", "overlay,ext4")
    assert counted(result, "left") == {"overlay": above, "ext4": below}


def test_what_is_not_counted_is_said(ext4, operate):
    """Of two that read at the same time."""
    counts = {"left": 10007, "right": 9001}
    containers = [operate(name, ext4 / name, "read", count) for name, count in counts.items()]
    running = Run("fsdist", "--json", "--fs", "ext4", "--operation", "read")
    for container in containers:
        container.go()
    for container in containers:
        container.finish()
    result = running.end()
    missing = sum(count - result.total(container=name)["count"] for name, count in counts.items())
    assert set(result.lost) <= {"missed_run", "unmatched_begin", "unmatched_end"}
    assert 0 <= missing <= result.lost.get("missed_run", 0)
    print(f"{missing} of {sum(counts.values())} reads missing, lost: {result.lost}")


def test_an_overlay_and_what_is_below(ext4, overlay, operate):
    """Both are asked, and each has its own row. That a write is synchronous is for the lower one."""
    left = operate("left", overlay(ext4) / "file", *words(OPERATIONS))
    result = measure((left,), "-c", "left", "--fs", "overlay,ext4")
    below = asked(OPERATIONS)
    above = below | {"fsync": below["fsync"] - OPERATIONS["dsync"]}
    assert counted(result, "left") == {"overlay": above, "ext4": below}


def test_a_network_file_system(nfs, operate):
    """Its server is this kernel, so what it does on its own disk is there too, for the server's threads."""
    operations = OPERATIONS | {"read": 1009, "write": 307, "open": 101}
    left = operate("left", nfs / "file", *words(operations))
    result = measure((left,), "--fs", "nfs,ext4")
    expected = asked(operations)
    expected["open"] += 1  # the first of those that are missing: the server has to be asked
    assert counted(result, "left") == {"nfs": expected}
    below = result.histograms("total", container=None, fs="ext4", operation="fsync")
    assert [record["count"] > 0 for record in below] == [True]


def oldest_in_flight(running):
    """In nanoseconds, of those that were reported last."""
    lines = [json.loads(line) for line in running.so_far().splitlines(keepends=True) if line.endswith(b"\n")]
    return next((each["in_flight"]["oldest_ns"] for each in reversed(lines)
                 if each["type"] == "histogram" and each["in_flight"]["count"]), 0)


def test_a_server_that_does_not_answer(nfs, operate):
    """All but the write, which waits for nobody, hangs until the network is back."""
    left = operate("left", nfs / "file", "write", 1, "fsync", 1)
    running = Run("fsdist", "--json", "--fs", "nfs", "-c", "left", 0.2)
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    try:
        left.go()
        eventually(left.hangs, "it hangs")
        eventually(lambda: oldest_in_flight(running) > 1_000_000_000, "it hangs for long")
    finally:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    left.finish()
    result = running.end()
    hanging = [record for record in result.histograms("interval", container="left")
               if record["in_flight"]["count"]]
    assert {(each["key"]["fs"], each["key"]["operation"]) for each in hanging} == {("nfs", "fsync")}
    assert max(each["in_flight"]["oldest_ns"] for each in hanging) > 1_000_000_000
    assert {each["in_flight"]["oldest_tid"] for each in hanging} == {left.number}
    assert result.total(container="left", operation="fsync")["max"] > 1_000_000_000


def test_only_what_is_asked_for(ext4, operate):
    """One container, one operation; and rows of another kind."""
    left = operate("left", ext4 / "left", "read", 1009, "write", 101)
    right = operate("right", ext4 / "right", "read", 307)
    result = measure((left, right), "--fs", "ext4", "-c", "left", "--operation", "write", "--by",
                     "operation")
    assert [(record["key"], record["count"]) for record in result.histograms("total")] == [
        ({"operation": "write"}, 101)]
    assert result.end["before_attach"] == 0


def test_words_that_mean_nothing():
    assert "choose from read, write, open, fsync" in run("fsdist", "--operation", "seek",
                                                          status=2).sentence
    assert "ext4" in run("fsdist", "--fs", "ext5", status=2).sentence


def test_what_hangs_is_in_flight(ext4, overlay, operate):
    """A write to an overlay waits inside of it for the file system below, which is frozen."""
    left = operate("left", overlay(ext4) / "file", "write", 3)
    running = Run("fsdist", "--json", "--fs", "overlay", "-c", "left", 0.2)
    with frozen(ext4):
        left.go()
        eventually(left.hangs, "it hangs")
        eventually(lambda: oldest_in_flight(running) > 500_000_000, "it hangs for long")
    left.finish()
    result = running.end()
    hanging = [record for record in result.histograms("interval", container="left", fs="overlay")
               if record["in_flight"]["count"]]
    assert hanging and {record["key"]["operation"] for record in hanging} == {"write"}
    last = hanging[-1]
    assert last["in_flight"]["count"] == 1
    assert last["in_flight"]["oldest_ns"] > 500_000_000
    assert last["in_flight"]["oldest_tid"] == left.number
    (total,) = result.histograms("total", container="left", fs="overlay")
    assert (total["count"], total["in_flight"]["count"]) == (3, 0)
    assert total["max"] > 500_000_000
    assert result.lost == {}
