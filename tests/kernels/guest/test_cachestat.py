# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""cachestat: pages that a container asks for, which were in the page cache or not."""

import ctypes
import mmap
import os
from pathlib import Path

import pytest
from counters import settle
from runs import Run
from support import eventually

PAGES = {"left": 1009, "right": 503}
ALL_OF_THEM = b"crosCtw"


@pytest.fixture(params=["ext4", "xfs", "btrfs"])
def folder(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def pair(folder, start):
    """Two containers, each with a file; they have done all of it before, so that their program is
    there."""
    containers = []
    for name, pages in PAGES.items():
        path = folder / name
        path.write_bytes(os.urandom(4096) * pages)
        containers.append(start(name, "pages", pages, stdout=os.open(path, os.O_RDWR)))
        do(containers[-1], ALL_OF_THEM)
    return containers


def do(container, what):
    os.write(container.input, what)
    settle([container])


def faults_of(pid):
    """Page faults, and those of them for which the kernel had to read."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[7]) + int(fields[9]), int(fields[9])


def counts(result, container):
    found = [each["values"] for each in result.records
             if each["type"] == "counts" and each["key"]["container"] == container.name]
    return found[0] if found else None


def check(values, hits, misses, dirtied=0):
    """These pages; and some added and dirtied in which a file system (btrfs) has its own notes."""
    assert values["hits"] == hits and values["misses"] == misses
    assert misses <= values["added"] <= misses + 20
    assert dirtied <= values["dirtied"] <= dirtied + 20


def measure(pair, what, **options):
    """What is counted while the first one does this, and the page faults that it takes. Once more
    where the kernel did not run a program because it was interrupted in the same one."""
    for _ in range(5):
        before = faults_of(pair[0].pid)
        running = Run("cachestat", "--json", **options)
        do(pair[0], what)
        result = running.end()
        result.faults = [now - then for now, then in zip(faults_of(pair[0].pid), before)]
        if result.lost.keys() != {"missed_run"}:
            break
    assert result.status == 0 and result.lost == {}, result.err.decode()
    return result


def test_reads(pair):
    """Each page is read by a call: missing at first, there from then on."""
    pages = PAGES["left"]
    cold = measure(pair, b"c")
    assert counts(cold, pair[1]) is None
    check(counts(cold, pair[0]), 0, pages)
    for how in (b"r", b"o", b"s"):
        check(counts(measure(pair, how), pair[0]), pages, 0)


def test_by_kprobes(pair):
    options = {"env": {**os.environ, "TALLY_REFUSED_HOOKS": "fentry,fexit"}}
    check(counts(measure(pair, b"c", **options), pair[0]), 0, PAGES["left"])
    check(counts(measure(pair, b"s", **options), pair[0]), PAGES["left"], 0)


def test_two_at_once(pair):
    """One reads what is not there, the other what is."""
    running = Run("cachestat", "--json")
    for container, what in zip(pair, (b"c", b"rr")):
        os.write(container.input, what)
    settle(pair)
    result = running.end()
    missed = result.end["lost"]["missed_run"]
    assert PAGES["left"] - missed <= counts(result, pair[0])["misses"] <= PAGES["left"]
    assert 2 * PAGES["right"] - missed <= counts(result, pair[1])["hits"] <= 2 * PAGES["right"]
    assert counts(result, pair[1])["misses"] == 0


def forget(path):
    """What is cached of a file, of which a file system may keep some a moment longer
    (tests/live/workloads/pages.cpp)."""
    libc = ctypes.CDLL(None)
    with open(path, "r+b") as file:
        os.fsync(file.fileno())
        memory = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        cached = (ctypes.c_ubyte * -(-len(memory) // mmap.PAGESIZE))()

        def is_forgotten():
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            assert libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(len(memory)), cached) == 0
            return not any(each & 1 for each in cached)

        eventually(is_forgotten, "nothing of the file is cached")


def test_read_ahead(folder, start):
    """What is read ahead for a container is its own: added, and a hit when it gets there."""
    pages = 1009
    path = folder / "file"
    path.write_bytes(os.urandom(4096) * pages)
    reader = start("reader", "sh", "-c", "read x; cat <&1 >/dev/null; read x",
                   stdout=os.open(path, os.O_RDWR))
    forget(path)
    running = Run("cachestat", "--json", "--by", "container,comm")
    os.write(reader.input, b"\n")
    settle([reader])
    values = counts(running.end(), reader)
    assert values["added"] >= pages
    assert 0 < values["misses"] < pages
    assert values["hits"] + values["misses"] >= pages


def test_page_faults(pair):
    """As many as the kernel counts for the process, whose memory is all there."""
    for what, is_cold in ((b"C", True), (b"t", False)):
        result = measure(pair, what)
        values = counts(result, pair[0])
        faults, of_these_major = result.faults
        assert of_these_major == (PAGES["left"] if is_cold else 0)
        check(values, faults - of_these_major, of_these_major)


def test_writes(pair):
    """Written pages are neither hits nor misses."""
    do(pair[0], b"c")  # nothing of it is dirty any more
    check(counts(measure(pair, b"w"), pair[0]), 0, 0, dirtied=PAGES["left"])
