# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What the records say: intervals and totals, losses, waits that go on."""

import json
import time
from collections import Counter

import pytest
from counters import measure, run_beside, settle
from runs import Run, buckets_of, parse, run
from support import CPUS, eventually


@pytest.fixture
def busy(start):
    """A container that talks for ever."""
    container = start("busy", "chatter", 10, 0)
    container.go()
    return container


def key_of(record):
    return json.dumps(record["key"], sort_keys=True)


def summed(records):
    """Count, sum and every bucket, by key."""
    sums = {}
    for record in records:
        row = sums.setdefault(key_of(record), Counter())
        row["count"] += record["count"]
        row["sum"] += record["sum"]
        row.update(buckets_of(record))
    return sums


def test_intervals_sum_up_to_the_total(busy):
    began = time.monotonic()
    result = run("runqlat", "--json", 1, 3)
    took = time.monotonic() - began
    intervals = result.histograms("interval", container="busy")
    total = result.total(container="busy")
    assert len(intervals) == 3
    # None ends before its second is over, however late it is seen.
    for number in 1, 2, 3:
        assert number - 0.1 < sum(record["interval_s"] for record in intervals[:number]) < took
    assert all(record["count"] > 0 for record in intervals)
    assert summed(intervals) == summed([total])


@pytest.mark.parametrize("by", ["container", "tid", "cgroup,comm"])
def test_sums_are_exact_for_every_key(busy, start, by):
    """Under load, with intervals so short that many waits end while the numbers are read."""
    start("new", "spawn", "processes", 300).go()
    result = run("runqlat", "--json", "--by", by, 0.1, 15)
    assert len({record["time"] for record in result.histograms("interval")}) == 15
    intervals = summed(result.histograms("interval"))
    # A key that has nothing but waits that go on has no place in a sum.
    totals = summed(record for record in result.histograms("total") if record["count"])
    intervals = {key: sums for key, sums in intervals.items() if sums["count"]}
    assert len(totals) > 2
    assert intervals == totals
    assert len(result.histograms("total")) == len({key_of(r) for r in result.histograms("total")})


def test_each_record_agrees_with_itself(busy):
    result = run("runqlat", "--json", "--by", "comm", 0.5, 2)
    records = [record for record in result.records if record["type"] == "histogram"]
    assert records
    for record in records:
        if not record["count"]:
            continue
        buckets = record["buckets"]
        assert sum(bucket["count"] for bucket in buckets) == record["count"]
        assert all(bucket["count"] > 0 for bucket in buckets)
        edges = [bucket["ge"] for bucket in buckets]
        assert edges == sorted(set(edges))
        assert buckets[0]["ge"] <= record["min"] <= record["max"]
        assert buckets[-1]["lt"] is None or record["max"] < buckets[-1]["lt"]
        assert record["min"] * record["count"] <= record["sum"] <= record["max"] * record["count"]
        percentiles = [record[name] for name in ("p50", "p90", "p99", "p99_9")]
        assert percentiles == sorted(percentiles) and percentiles[-1] <= record["max"]


def test_order_of_records(busy):
    records = run("runqlat", "--json", 0.5, 2).records
    scopes = [record["scope"] for record in records if record["type"] == "histogram"]
    assert scopes == sorted(scopes)  # intervals before totals
    assert {"interval", "total"} == set(scopes)
    assert [record["type"] for record in records].count("end") == 1


def test_waits_that_go_on(start):
    """Three on one CPU that never let go of it: at any moment two of them wait."""
    spinners = start("spinners", "spin", 3, cpu=CPUS[0])
    began = time.monotonic_ns()
    spinners.go()
    records = run("runqlat", "--json", "-c", "spinners", 0.5, 4).histograms("interval")
    flights = [record["in_flight"] for record in records]
    assert len(flights) == 4
    # Just then, one of them may be neither: it moves, or something else has the CPU.
    assert all(1 <= flight["count"] <= 3 for flight in flights)
    assert any(flight["count"] >= 2 for flight in flights)
    assert all(0 < flight["oldest_ns"] < time.monotonic_ns() - began for flight in flights)


# Losses


def full(start):
    """A container with more threads than `--max-keys 4` has room for. Measured by its cgroup: with -c the
    newborn cgroups of a test beside this one would need keys too, until they have a name."""
    return start("many", "chatter", 20, 50)


def test_losses_are_records(start):
    container = full(start)
    measured = measure([container], "--cgroup", container.cgroup, "--by", "tid", "--max-keys", 4)
    lost = [record for record in measured.result.records if record["type"] == "lost"]
    assert {record["reason"] for record in lost} >= {"map_full"}
    in_records = sum(record["count"] for record in lost if record["reason"] == "map_full")
    assert measured.result.end["lost"]["map_full"] == in_records > 0
    # Whatever was not counted for a key was counted as lost.
    counted = sum(record["count"] for record in measured.result.histograms("total"))
    assert 0 < counted < measured.expected[0]
    measured.check(counted + in_records, measured.expected[0])


@pytest.mark.parametrize("strict", [False, True])
def test_losses_in_text(start, strict):
    container = full(start)
    settle([container])
    running = Run("runqlat", "--cgroup", container.cgroup, "--by", "tid", "--max-keys", 4,
                  *(["--strict"] if strict else []))
    container.go()
    settle([container])
    result = running.end()
    assert result.status == (3 if strict else 0)
    assert b"lost" in result.err and b"--max-keys" in result.err
    assert b"lost" not in result.out


@pytest.mark.parametrize("format", ["json", "text"])
def test_strict_is_3_when_something_was_lost(start, format):
    """And only then. Here nothing is, but for what nobody can see on some machines."""
    container = start("quiet", "chatter", 1, 10)
    measured = measure([container], "-c", "quiet", "--strict", "-o", format, statuses=(0, 3))
    result = measured.result
    if format == "json":
        lost = result.lost
        assert lost.keys() <= {"unmatched_begin", "unmatched_end"}
        assert sum(lost.values()) <= measured.unseen
    else:
        lost = "lost" in result.err.decode()
        assert not lost or measured.unseen > 0
    assert result.status == (3 if lost else 0)


# Files


def test_a_file_can_be_read_while_it_grows(busy, tmp_path):
    file = tmp_path / "out.json"
    running = Run("runqlat", "--json", "-O", file, "-c", "busy", 0.3)
    eventually(lambda: file.read_bytes().count(b"\n") >= 2, "two reports in the file")
    records = parse(file.read_bytes())  # every line is whole
    assert {record["scope"] for record in records if record["type"] == "histogram"} == {"interval"}
    result = running.end()
    assert result.status == 0 and result.out == b""
    records = parse(file.read_bytes())
    assert records[-1]["type"] == "end" and records[-2]["scope"] == "total"


def test_a_file_is_written_anew(busy, tmp_path):
    file = tmp_path / "out.txt"
    file.write_bytes(b"old" * 100_000)
    run_beside(busy, "runqlat", "-O", file, "-c", "busy")
    assert b"old" not in file.read_bytes() and b"busy" in file.read_bytes()
