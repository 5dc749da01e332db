# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""CSV, read back by Python: the columns of the JSON records, and the same numbers."""

import csv
import io
import os

import pytest
from counters import run_beside, settle
from runs import Run, run
from support import eventually

BUCKET = ("bucket.ge", "bucket.lt", "bucket.count")


@pytest.fixture
def busy(start):
    container = start("busy", "chatter", 2, 0)
    container.go()
    return container


def read(text):
    """Lines as dictionaries; every line has all columns."""
    assert text.endswith(b"\n") and b"\r" not in text
    rows = list(csv.reader(io.StringIO(text.decode("utf-8"), newline="")))
    heading, lines = rows[0], rows[1:]
    assert len(set(heading)) == len(heading)
    assert all(len(line) == len(heading) for line in lines)
    return heading, [dict(zip(heading, line)) for line in lines]


def records(lines):
    """Lines that differ in the bucket only are one record: [(the rest, buckets)]."""
    found = []
    for line in lines:
        rest = {name: cell for name, cell in line.items() if name not in BUCKET}
        bucket = tuple(line[name] for name in BUCKET)
        if not found or found[-1][0] != rest:
            found.append((rest, []))
        if bucket != ("", "", ""):
            found[-1][1].append(bucket)
    return found


def columns_of(record):
    """What a JSON record is called in CSV."""
    columns = []
    for name, value in record.items():
        if name in ("key", "values"):
            columns += value
        elif name == "in_flight":
            columns += [f"in_flight.{member}" for member in value]
        elif name == "buckets":
            columns += BUCKET
        else:
            columns.append(name)
    return columns


@pytest.mark.parametrize("by", ["container", "cgroup,comm", "none"])
def test_columns_are_the_members_of_json(busy, by):
    json = run_beside(busy, "runqlat", "--json", "-c", "busy", "--by", by).histograms("total")
    heading, lines = read(run_beside(busy, "runqlat", "-o", "csv", "-c", "busy", "--by", by).out)
    assert heading == columns_of(json[0])
    assert all(line["type"] == "histogram" and line["scope"] == "total" for line in lines)


def test_numbers_agree(busy):
    result = run("runqlat", "-o", "csv", "-c", "busy", 0.3, 3)
    _, lines = read(result.out)
    found = records(lines)
    assert [each["scope"] for each, _ in found] == ["interval"] * 3 + ["total"]
    for each, buckets in found:
        assert each["container"] == "busy" and each["cgroup"] == busy.cgroup
        assert each["pod"] == "" and each["unit"] == "ns" and each["tool"] == "runqlat"
        assert sum(int(count) for _, _, count in buckets) == int(each["count"])
        edges = [(int(ge), int(lt)) for ge, lt, _ in buckets]
        assert edges == sorted(edges) and all(ge < lt for ge, lt in edges)
        assert edges[0][0] <= int(each["min"]) < edges[0][1]
        assert edges[-1][0] <= int(each["max"]) < edges[-1][1]
        assert int(each["p50"]) <= int(each["p99"]) <= int(each["max"])
    totals = found[-1][0]
    assert sum(int(each["count"]) for each, _ in found[:-1]) == int(totals["count"])
    assert sum(int(each["sum"]) for each, _ in found[:-1]) == int(totals["sum"])
    added = {}
    for _, buckets in found[:-1]:
        for ge, _, count in buckets:
            added[ge] = added.get(ge, 0) + int(count)
    assert added == {ge: int(count) for ge, _, count in found[-1][1]}


def test_counts_are_those_of_json(start):
    """Two runs at once see the same calls."""
    container = start("caller", "calls", "opens", 6_004, 4_003)
    words = ("-c", "caller", "-s", "openat", "--by", "container,syscall,error")
    with_json = Run("syscount", "--json", *words)
    with_csv = Run("syscount", "-o", "csv", *words)
    container.go()
    container.line()
    expected = [each for each in with_json.end().records if each["type"] == "counts"]
    heading, lines = read(with_csv.end().out)

    assert heading == columns_of(expected[0])
    assert len(lines) == len(expected) >= 3
    for line, record in zip(lines, expected):
        for name, value in record["key"].items():
            text = {None: "", True: "true", False: "false"}.get(value, value)
            assert line[name] == text, name
        for name in ("schema", "type", "tool", "name", "scope"):
            assert line[name] == str(record[name])
        for name in ("calls", "errors"):
            assert int(line[name]) == record["values"][name]
        assert int(line["total_ns"]) > 0
    counts = {line["error"]: int(line["calls"]) for line in lines}
    assert counts["ENOENT"] == 6_004 and counts["EACCES"] == 4_003


def test_heading_without_values():
    """And at once, not with the first report."""
    running = Run("runqlat", "-o", "csv", "--comm", "nobody-is-called-so", "-O", "/dev/stdout")
    eventually(lambda: os.fstat(running._out.fileno()).st_size > 0, "a heading")
    heading, lines = read(running.end().out)
    assert "bucket.ge" in heading and lines == []


def test_hostile_names(start):
    container = start("plain", "chatter", 1, 0, b"=,\"\x1b\xff\\")
    container.go()
    result = run_beside(container, "runqlat", "-o", "csv", "-c", "plain", "--by", "comm")
    assert b"\x1b" not in result.out and b"\xff" not in result.out
    _, lines = read(result.out)
    assert {line["comm"] for line in lines} >= {"\\x3d,\"\\x1b\\xff\\\\"}


def test_losses_go_to_stderr(start):
    container = start("many", "chatter", 20, 50)
    settle([container])
    running = Run("runqlat", "-o", "csv", "--cgroup", container.cgroup, "--by", "tid", "--max-keys", 4,
                  "--strict")
    container.go()
    settle([container])
    result = running.end()
    assert result.status == 3
    assert b"tally: runqlat: lost" in result.err and b"map_full" in result.err
    _, lines = read(result.out)
    assert {line["type"] for line in lines} <= {"histogram"}


@pytest.mark.parametrize("option", [("--view", "table"), ("--top", 3), ("--min-count", 2)])
def test_options_for_text(option, tmp_path):
    file = tmp_path / "out.csv"
    result = run("runqlat", "-o", "csv", "-O", file, *option, "-d", 1, status=2)
    assert "csv" in result.sentence and not file.exists()
