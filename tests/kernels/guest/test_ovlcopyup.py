# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""ovlcopyup: files of the image that containers change, against what the workload knows: which, how large,
how long it was in the calls that made the copies."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from processes import launch
from runs import Run, has_key, run
from support import SOON

pytestmark = pytest.mark.skipif(run("ovlcopyup", "--probe-plan", status=None).status != 0,
                                reason="ovlcopyup cannot run on this kernel")

COPIERS = {"left": 23, "right": 29}  # how many files each container copies up


def sizes_of(count):
    """Of so many files, no two alike; so large that the copy is most of what an open takes."""
    return [1_000_003 + 7_919 * number for number in range(count)]


@pytest.fixture
def image(start, container_files):
    """The folder of the containers' image, which is below all of them. What a test puts there goes."""
    start("first", "sleep", "1000").stop()
    folder = Path(container_files, "image")
    before = set(os.listdir(folder))
    yield folder
    for name in set(os.listdir(folder)) - before:
        shutil.rmtree(folder / name)


def fill(folder, sizes):
    """Files of these sizes, whose names are numbers. The names."""
    folder.mkdir(parents=True)
    for number, size in enumerate(sizes):
        (folder / str(number)).write_bytes(b"x" * size)
    return [str(number) for number in range(len(sizes))]


def copier(start, name, operation, files):
    return start(name, "copyups", operation, *files)


def check_time(measured, truth):
    """What the workload measured has little beside the copies."""
    print("measured", measured, "of", truth["ns"])
    assert 0.8 * truth["ns"] <= measured <= truth["ns"]


def undisturbed(containers):
    """Whoever else is to run does so when a long call returns, and the workload would count that as a part of
    its call."""
    for container in containers:
        os.sched_setscheduler(container.pid, os.SCHED_FIFO, os.sched_param(1))


def let_go(*containers):
    """What each workload says, one after the other."""
    said = []
    for container in containers:
        container.go()
        said.append(json.loads(container.line()))
    return said


def counts_of(result, **key):
    """The values of the one total of this key; all 0 if there is none."""
    found = [record["values"] for record in result.records if record["type"] == "counts"
             and record["scope"] == "total" and has_key(record, key)]
    assert len(found) <= 1, found
    return found[0] if found else {"copy_ups": 0, "bytes": 0, "failed": 0}


@pytest.mark.guest(everywhere=True)
def test_files_of_two_containers(start, image):
    """Counts and bytes are exact and the neighbour's, who only reads the same files, are none; the time is
    what the calls took."""
    copiers = []
    for name, count in COPIERS.items():
        names = fill(image / name / "deep", sizes_of(count))
        copiers.append(copier(start, name, "write", [f"/{name}/deep/{each}" for each in names]))
    neighbour = copier(start, "neighbour", "read", [f"/left/deep/{each}" for each in range(23)])
    measuring = Run("ovlcopyup", "--json")
    undisturbed(copiers)
    neighbour.go()
    said = let_go(*copiers)
    assert json.loads(neighbour.line())["done"] == 23
    result = measuring.end()
    assert result.status == 0 and result.lost == {}, result.err
    assert not [record for record in result.records if record["type"] == "event"]
    for (name, count), truth in zip(COPIERS.items(), said):
        assert truth["done"] == count
        assert counts_of(result, container=name, kind="file") == {
            "copy_ups": count, "bytes": sum(sizes_of(count)), "failed": 0}
        # The two directories above the files, once.
        assert counts_of(result, container=name, kind="directory") == {
            "copy_ups": 2, "bytes": 0, "failed": 0}
        assert result.total(container=name, kind="file")["count"] == count
        assert result.total(container=name, kind="directory")["count"] == 2
        check_time(sum(each["sum"] for each in result.histograms("total", container=name)), truth)
    assert not result.histograms("total", container="neighbour")


def test_events_of_two_containers(start, image):
    """Each file by its name, size and cause; those of the other container are left out."""
    copiers = []
    for name, count in COPIERS.items():
        names = fill(image / name, sizes_of(count))
        copiers.append(copier(start, name, "write", [f"/{name}/{each}" for each in names]))
    device = os.stat(f"/proc/{copiers[0].pid}/root").st_dev
    telling = Run("ovlcopyup", "--events", "--json", "-c", "left")
    undisturbed(copiers)
    said = let_go(*copiers)
    result = telling.end()
    assert result.status == 0 and result.lost == {}, result.err
    assert {record["type"] for record in result.records} == {"event", "end"}
    files = result.events(kind="file")
    assert [each["path"] for each in files] == [f"/left/{number}" for number in range(23)]
    assert [each["size"] for each in files] == [each["copied"] for each in files] == sizes_of(23)
    assert [each["path"] for each in result.events(kind="directory")] == ["/left"]
    for each in result.events():
        assert each["container"] == "left" and each["name"] == "copies"
        assert each["why"] in ("open", "openat")
        assert each["error"] is None and each["device"] == device
        assert each["pid"] == copiers[0].pid and each["comm"] == "workload_copyup"
    assert len(result.events()) == 24
    check_time(sum(each["duration_ns"] for each in result.events()), said[0])


@pytest.mark.parametrize("mode", [(), ("--events",)])
def test_both_at_once(start, image, mode):
    """Where the kernel can be preempted in a probe it leaves out the same one of the next thread. What is
    missing is said to be lost."""
    counts = {"left": 211, "right": 223}
    copiers = []
    for name, count in counts.items():
        names = fill(image / name, [10_007] * count)
        copiers.append(copier(start, name, "write", [f"/{name}/{each}" for each in names]))
    running = Run("ovlcopyup", "--json", "-c", "left", "-c", "right", *mode)
    for container in copiers:
        container.go()
    for container in copiers:
        assert json.loads(container.line())["done"] == counts[container.name]
    result = running.end()
    assert set(result.lost) <= {"missed_run", "unmatched_begin", "unmatched_end"}
    lost = sum(result.lost.values())  # up to three for one that was left out, most on a real-time kernel
    for name, count in counts.items():
        found = (len(result.events(container=name, kind="file")) if mode
                 else counts_of(result, container=name, kind="file")["copy_ups"])
        assert max(count - lost, count / 2) <= found <= count


@pytest.mark.parametrize("operation,why,part", [
    ("truncate", {"open", "openat"}, 0),
    ("cut", {"truncate"}, 1),
    ("chmod", {"chmod", "fchmodat"}, 1),
    ("chown", {"chown", "fchownat"}, 1),
    ("touch", {"utimensat"}, 1),
    ("setxattr", {"setxattr"}, 1),
    ("rename", {"rename", "renameat", "renameat2"}, 1),
    ("link", {"link", "linkat"}, 1),
    ("unlink", {"unlink", "unlinkat"}, None),
])
def test_every_cause(start, image, operation, why, part):
    """`part` says how much of each file is copied; None: of an unlinked one only the directory has to change."""
    fill(image / "data", sizes_of(7))
    container = copier(start, "left", operation, [f"/data/{number}" for number in range(7)])
    telling = Run("ovlcopyup", "--events", "--json", "-c", "left")
    (said,) = let_go(container)
    result = telling.end()
    assert said["done"] == 7 and result.lost == {}
    assert {each["why"] for each in result.events()} <= why
    assert [each["path"] for each in result.events(kind="directory")] == ["/data"]
    files = [] if part is None else [(f"/data/{number}", size, size * part)
                                     for number, size in enumerate(sizes_of(7))]
    assert [(each["path"], each["size"], each["copied"]) for each in result.events(kind="file")] == files
    assert len(result.events()) == 1 + len(files)


@pytest.fixture
def layers(tmp_path):
    """layers(OPTIONS) mounts an overlay of tmp_path/lower, which it returns."""
    mounted = []

    def mount(options=""):
        for name in ("upper", "work", "merged"):
            (tmp_path / name).mkdir(exist_ok=True)
        words = (f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
                 f"{options and ','}{options}")
        merged = tmp_path / "merged"
        subprocess.run(["mount", "-t", "overlay", "-o", words, "overlay", merged], check=True)
        mounted.append(merged)
        return merged

    (tmp_path / "lower").mkdir()
    yield mount
    for each in mounted:
        subprocess.run(["umount", each], check=True)


def test_metadata_only(layers, tmp_path):
    """With metacopy=on a chmod copies no data; who opens the file for writing then, copies it."""
    lower = tmp_path / "lower"
    (lower / "file").write_bytes(os.urandom(3_000_017))
    (lower / "other").write_bytes(os.urandom(1_000_003))
    merged = layers("metacopy=on")
    running = [Run("ovlcopyup", "--json", *words, "-p", os.getpid()) for words in
               (("--by", "kind,why"), ("--events",))]
    os.chmod(merged / "file", 0o640)
    os.close(os.open(merged / "file", os.O_RDWR))
    os.close(os.open(merged / "other", os.O_RDWR))
    measured, told = (each.end() for each in running)
    assert measured.lost == told.lost == {}
    assert [(each["path"], each["kind"], each["size"], each["copied"]) for each in told.events()] == [
        ("/file", "metadata", 3_000_017, 0), ("/file", "data", 3_000_017, 3_000_017),
        ("/other", "file", 1_000_003, 1_000_003)]
    assert "chmod" in told.events()[0]["why"] and "open" in told.events()[1]["why"]
    for kind, copied in ("metadata", 0), ("data", 3_000_017), ("file", 1_000_003):
        assert counts_of(measured, kind=kind) == {"copy_ups": 1, "bytes": copied, "failed": 0}


def test_links_and_what_is_no_file(layers, tmp_path):
    lower = tmp_path / "lower"
    (lower / "file").write_bytes(b"x" * 100_003)
    os.link(lower / "file", lower / "alias")
    os.symlink("file", lower / "symlink")
    os.mkfifo(lower / "fifo")
    (lower / "empty").write_bytes(b"")
    merged = layers("index=on")
    telling = Run("ovlcopyup", "--events", "--json", "-p", os.getpid())
    os.close(os.open(merged / "file", os.O_RDWR))
    os.close(os.open(merged / "alias", os.O_RDWR))
    os.lchown(merged / "symlink", 1, 1)
    os.chmod(merged / "fifo", 0o600)
    os.close(os.open(merged / "empty", os.O_RDWR))
    result = telling.end()
    assert [(each["path"], each["kind"], each["copied"]) for each in result.events()] == [
        ("/file", "file", 100_003), ("/alias", "link", 0), ("/symlink", "symlink", 0),
        ("/fifo", "special", 0), ("/empty", "file", 0)]
    assert result.lost == {}


def test_holes_are_not_copied(layers, tmp_path):
    """They are found by pages or blocks, and copied by pieces of a MiB."""
    with open(tmp_path / "lower" / "sparse", "wb") as file:
        file.seek(64 << 20)
        file.write(b"x" * 4096)
    merged = layers()
    telling = Run("ovlcopyup", "--events", "--json", "-p", os.getpid())
    os.close(os.open(merged / "sparse", os.O_RDWR))
    result = telling.end()
    (event,) = result.events()
    assert event["kind"] == "file" and event["size"] == (64 << 20) + 4096
    assert 4096 <= event["copied"] <= 1 << 20


def nothing_is_copied(folder, overlay):
    (folder / "lower").mkdir()
    (folder / "lower" / "file").write_bytes(os.urandom(3_000_017))
    merged = overlay(folder)
    telling = Run("ovlcopyup", "--events", "--json", "-p", os.getpid())
    os.close(os.open(merged / "file", os.O_RDWR))
    result = telling.end()
    assert [(each["kind"], each["size"], each["copied"], each["error"]) for each in result.events()] == [
        ("file", 3_000_017, 0, None)]


def test_what_xfs_shares_is_not_copied(xfs, overlay):
    nothing_is_copied(xfs, overlay)


def test_what_btrfs_shares_is_not_copied(btrfs, overlay):
    nothing_is_copied(btrfs, overlay)


def test_a_full_disk(layers, tmp_path):
    """What was copied until then was copied in vain."""
    (tmp_path / "lower" / "file").write_bytes(b"x" * 5_000_011)
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3M", "small", small], check=True)
    try:
        for name in ("upper", "work", "merged"):
            (small / name).mkdir()
        words = f"lowerdir={tmp_path}/lower,upperdir={small}/upper,workdir={small}/work"
        merged = tmp_path / "merged"
        merged.mkdir()
        subprocess.run(["mount", "-t", "overlay", "-o", words, "overlay", merged], check=True)
        try:
            running = [Run("ovlcopyup", "--json", *each, "-p", os.getpid()) for each in
                       ((), ("--events",))]
            with pytest.raises(OSError, match="No space left"):
                os.open(merged / "file", os.O_RDWR)
            measured, told = (each.end() for each in running)
        finally:
            subprocess.run(["umount", merged], check=True)
    finally:
        subprocess.run(["umount", small], check=True)
    (event,) = told.events()
    assert (event["kind"], event["error"], event["size"]) == ("file", "ENOSPC", 5_000_011)
    assert 1 << 20 <= event["copied"] <= 3 << 20
    assert counts_of(measured, kind="file") == {"copy_ups": 1, "bytes": event["copied"], "failed": 1}


def test_one_that_lasts_and_one_that_waits_for_it(layers, tmp_path):
    """In flight while it lasts: who copies, and who waits for the same file."""
    size = 60_000_011
    with open(tmp_path / "lower" / "file", "wb") as file:
        file.write(os.urandom(1_000_003))
        while file.tell() < size:
            file.write(b"x" * min(1 << 20, size - file.tell()))
    merged = layers()
    running = [Run("ovlcopyup", "--json", *each, "--comm", "opener") for each in
               (("--by", "kind", 0.05), ("--events",))]
    opener = tmp_path / "opener"
    opener.write_text('#!/bin/sh\nexec 3<>"$1"\n')
    opener.chmod(0o755)
    processes = [launch([opener, merged / "file"]) for _ in range(2)]
    for process in processes:
        assert process.wait(SOON) == 0
    measured, told = (each.end() for each in running)
    # Both are in the kernel at once, so one of the ends may be lost (test_both_at_once).
    for kind, copied in ("file", size), ("wait", 0):
        assert [(each["path"], each["copied"]) for each in told.events(kind=kind)] in (
            [("/file", copied)], [] if told.lost or kind == "wait" else None)
    in_flight = [each["in_flight"] for each in measured.histograms("interval", kind="file")
                 if each["in_flight"]["count"]]
    assert in_flight, "it was never seen in flight"
    assert {each["oldest_pid"] for each in in_flight} <= {process.pid for process in processes}
    assert counts_of(measured, kind="wait")["bytes"] == counts_of(measured, kind="wait")["failed"] == 0


@pytest.mark.parametrize("refused", ["fentry,fexit"])
def test_by_kprobes(layers, tmp_path, refused):
    """Where function hooks are refused, kprobes see the same."""
    (tmp_path / "lower" / "file").write_bytes(os.urandom(1_000_003))
    merged = layers()
    running = Run("ovlcopyup", "--json", "-p", os.getpid(), env={**os.environ, "TALLY_REFUSED_HOOKS": refused})
    os.close(os.open(merged / "file", os.O_RDWR))
    result = running.end()
    assert result.lost == {}
    assert counts_of(result, kind="file") == {"copy_ups": 1, "bytes": 1_000_003, "failed": 0}
