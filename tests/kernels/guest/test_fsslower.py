# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""fsslower: each slow operation is told, once, with its file; the fast are not."""

import time

import pytest
from file_operations import frozen, operating  # noqa: F401 pylint: disable=unused-import
from runs import Run
from support import eventually

PAGE = 4096


def tell(container, *arguments):
    running = Run("fsslower", "--json", "-c", container.name, *arguments)
    container.go()
    container.finish()
    result = running.end()
    assert result.lost == {}
    return result


def members(event, *names):
    return tuple(event[name] for name in names)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_all_operations_with_what_they_were_asked(kind, request, operate):
    """In their order, each with its file, its place in it and what became of it."""
    path = request.getfixturevalue(kind) / "a file"
    counts = {"read": 7, "sendfile": 5, "fault": 2, "write": 3, "append": 4, "fsync": 2, "open": 3}
    left = operate("left", path, *(word for pair in counts.items() for word in pair))
    right = operate("right", path.with_name("other"), "read", 11)
    right.go()
    events = tell(left, "--min-us", 0, "--fs", kind).events()
    right.finish()

    done = [("read", 0, PAGE, PAGE, None)] * 12
    done += [("read", 0, PAGE, None, "EFAULT")] * 2
    done += [("write", 0, PAGE, PAGE, None)] * 3
    done += [("open", None, None, None, None)]  # to append
    done += [("write", PAGE * (1 + index), PAGE, PAGE, None) for index in range(4)]
    done += [("fsync", None, None, None, None)] * 2
    done += [("open", None, None, None, None)] * 3
    assert [members(each, "operation", "offset", "size", "done", "error") for each in events] == done
    assert {members(each, "fs", "path", "comm", "container") for each in events} == {
        (kind, str(path), "workload_file_o", "left")}
    assert all(0 < each["duration_ns"] < 60_000_000_000 for each in events)


def test_what_ends_later(ext4, operate):
    """AIO past the page cache: where the function returns before the disk has answered, how much was
    read is known to nobody, and the file may be gone."""
    left = operate("left", ext4 / "file", "fsync", 1, "aio", 101)
    events = tell(left, "--min-us", 0, "--fs", "ext4", "--operation", "read").events()
    assert len(events) == 101
    later = ("read", None, PAGE, None, None, None)
    at_once = ("read", 0, PAGE, PAGE, None, str(ext4 / "file"))
    told = [members(each, "operation", "offset", "size", "done", "error", "path") for each in events]
    assert {later} <= set(told) <= {later, at_once}


def test_only_what_is_slow(ext4, overlay, operate):
    """One write of many takes a second: that to an overlay while what is below takes none."""
    merged = overlay(ext4)
    left = operate("left", merged / "file", "write", 101)
    running = Run("fsslower", "--json", "--fs", "overlay", "--min-us", 500_000)
    with frozen(ext4):
        left.go()
        eventually(left.hangs, "it hangs")
        time.sleep(1)
    left.finish()
    result = running.end()
    (event,) = result.events()
    assert members(event, "fs", "operation", "offset", "size", "done", "path", "container", "pid") == (
        "overlay", "write", 0, PAGE, PAGE, str(merged / "file"), "left", left.number)
    assert 900_000_000 < event["duration_ns"] < 60_000_000_000
    assert result.lost == {}
