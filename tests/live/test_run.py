# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""`tally run`: a tracer from a file, and files that are none."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from counters import Switches, run_beside, status_of
from runs import Run, parse, run
from support import CPUS, REPOSITORY, SOON, TALLY, WORKLOADS, eventually

OBJECTS = WORKLOADS / "objects"


@pytest.fixture(scope="module")
def prototype(tmp_path_factory):
    """The example, compiled as docs/new-tool.md says, against an installed tree."""
    folder = tmp_path_factory.mktemp("prototype")
    subprocess.run(["cmake", "--install", WORKLOADS.parent, "--prefix", folder / "usr"], check=True,
                   stdout=subprocess.DEVNULL, timeout=SOON)
    source = (REPOSITORY / "tests" / "example" / "oncpu.bpf.c").read_text()
    (folder / "oncpu.bpf.c").write_text(source)
    (command,) = re.findall(r"^clang .*$", (REPOSITORY / "docs" / "new-tool.md").read_text(), re.M)
    words = shlex.split(command.replace("/usr/local", str(folder / "usr")))
    compiled = subprocess.run(words, cwd=folder, capture_output=True, timeout=SOON, check=False)
    assert compiled.returncode == 0 and not compiled.stderr, compiled.stderr.decode()
    return folder / "oncpu.bpf.o"


@pytest.fixture
def busy(start):
    container = start("talking", "chatter", 2, 0)
    container.go()
    return container


def test_json_by_its_own_key(busy, prototype):
    running = Run(prototype, "--json", "-c", "talking", "--by", "container,preempted", 0.2,
                  program=(TALLY, "run"))
    eventually(lambda: b'"interval"' in running.so_far(), "an interval in which it had a CPU")
    result = running.end()
    assert result.status == 0, result.err.decode()
    histograms = [each for each in result.records if each["type"] == "histogram"]
    assert {each["scope"] for each in histograms} == {"interval", "total"}
    for each in histograms:
        assert each["tool"] == "oncpu" and each["name"] == "stays"
        assert each["key"]["container"] == "talking" and each["key"]["preempted"] in (0, 1)
    assert result.end["tool"] == "oncpu"
    assert b"tally: oncpu is measuring" in result.err


def test_text_and_its_own_option(start, busy, prototype):
    """Two that never sleep take turns on one CPU, in user space; those that sleep give it up."""
    spinning = start("spinning", "spin", 2, cpu=CPUS[0])
    spinning.go()
    eventually(lambda: len(spinning.pids()) == 3, "both")
    result = run_beside(spinning, prototype, "-c", "spinning", "--view", "table", "--preempted-only",
                        program=(TALLY, "run"))
    assert b"CONTAINER" in result.out and b"\nspinning" in result.out and b"stays" in result.out


def test_preempted_is_what_the_kernel_counts_as_involuntary(start, prototype):
    spinning = start("spinning", "spin", 2, cpu=CPUS[0])
    spinning.go()
    eventually(lambda: len(spinning.pids()) == 3, "both")
    pids = [pid for pid in spinning.pids() if pid != spinning.pid]

    def involuntary():
        return sum(int(status_of(Path(f"/proc/{pid}/task/{pid}"))[b"nonvoluntary_ctxt_switches"]) for pid in pids)

    before, unseen = involuntary(), Switches([1]).total
    running = Run(prototype, "--json", "-p", pids[0], "-p", pids[1], "--by", "preempted", program=(TALLY, "run"))
    attached = involuntary()
    eventually(lambda: involuntary() >= attached + 100, "a hundred turns")
    ending = involuntary()
    result = running.end()
    after, unseen = involuntary(), Switches([1]).total - unseen
    # A stay that began before the start is not counted, nor one whose beginning process 1 has hidden.
    count = result.total(preempted=1)["count"]
    assert ending - attached - len(pids) - unseen <= count <= after - before
    # The row of those that have the CPU at the end has no stay that has ended.
    assert all(row["count"] == 0 for row in result.histograms("total", preempted=0))


def test_an_object_that_measures_and_tells(start):
    """With --events the same ends are told one by one that are counted without."""
    counts = {"left": 103, "right": 107}  # of which every fifth is killed
    file = OBJECTS / "event_and_counts.bpf.o"
    containers = [start(name, "endings", "processes", count) for name, count in counts.items()]
    words = (file, "--json", "-c", "left", "-c", "right")
    measuring = Run(*words, "--by", "container,way", program=(TALLY, "run"))
    telling = Run(*words, "--events", program=(TALLY, "run"))
    for container in containers:
        container.go()
    for container in containers:
        container.line()
    measured, told = measuring.end(), telling.end()
    assert measured.lost == told.lost == {}
    assert not measured.events() and {each["type"] for each in told.records} == {"event", "end"}
    for name, count in counts.items():
        killed = len(range(0, count, 5))
        for way, ends in ("killed", killed), ("left", count - killed):
            assert len(told.events(container=name, way=way)) == ends
            assert measured.total(container=name, way=way)["count"] == ends
            values = [each["values"] for each in measured.records if each["type"] == "counts"
                      and each["key"]["container"] == name and each["key"]["way"] == way]
            assert values == [{"ends": ends, "killed": ends if way == "killed" else 0}]


def test_its_name_comes_from_anybody(busy, prototype):
    """In records and messages, as other bytes from others."""
    file = prototype.parent / os.fsdecode(b"\x1b[2J\xff.bpf.o")
    file.write_bytes(prototype.read_bytes())
    result = run("run", file, "--json", "-c", "talking", "-d", 0.2)
    assert {each["tool"] for each in parse(result.out)} == {"\x1b[2J\\xff"}
    assert b"\x1b" not in result.out + result.err
    assert b"tally: \\x1b[2J\\xff is measuring" in result.err
    assert b"\x1b" not in run("run", file, "--help").out


def test_help(prototype):
    text = run("run", prototype, "--help").out.decode()
    assert f"Usage: tally run {prototype} [OPTIONS]" in text
    for option in ("--container", "--by", "--json", "--preempted-only"):
        assert option in text
    assert run("help", "run").out == run("run", "--help").out != b""


def sentences(result):
    assert result.out == b""
    lines = result.err.decode().splitlines()
    assert 1 <= len(lines) <= 2 and all(line.startswith("tally: ") for line in lines), lines
    return result.err.decode()


@pytest.mark.parametrize("name,part", [
    ("no_declaration", "TRACER"),
    ("option_type", "'warmest'"),
    ("option_name", "'container'"),
    ("key_type", "'task'"),
    ("key_subject", "struct subject"),
    ("declaration", "'forecast:tomorrow'"),
    ("wire_version", "another version"),
])
def test_an_object_that_is_none_of_ours(name, part, tmp_path):
    file = tmp_path / "out"
    result = run("run", OBJECTS / f"{name}.bpf.o", "-O", file, "-d", 1, status=1)
    assert part in sentences(result)
    assert not file.exists()


def test_an_object_that_the_verifier_refuses(tmp_path):
    file = tmp_path / "out"
    words = ("run", OBJECTS / "rejected.bpf.o", "-O", file, "-d", 1)
    text = sentences(run(*words, status=1))
    assert "'on_switch' of rejected" in text
    assert "invalid mem access" in text and "histogram_add(lengths" in text
    assert "libbpf" not in text and not file.exists()

    verbose = run(*words, "-v", status=1).err.decode()
    assert len(verbose.splitlines()) > 20
    assert "libbpf: prog 'on_switch': BPF program load failed" in verbose


def test_files_that_are_no_objects(tmp_path, prototype):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    cut = tmp_path / "cut.bpf.o"
    cut.write_bytes(prototype.read_bytes()[:50_000])
    empty = tmp_path / "empty.bpf.o"
    empty.touch()
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for file in (fifo, huge, cut, empty, loop, tmp_path, "/etc/passwd", "/dev/zero", "/bin/true"):
        sentences(run("run", file, "-d", 1, status=1))


@pytest.mark.parametrize("words", [("run",), ("run", "/nonexistent.bpf.o"), ("run", "/etc/passwd/x"),
                                   ("run", "-d", "1"), ("help", "run", "x")])
def test_wrong_command_lines(words):
    sentences(run(*words, status=2))
