# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Which hooks a tool uses on this kernel, and what it says where it cannot have them."""

import os

import pytest
from support import WORKLOADS, eventually, left_in_the_kernel, loaded, parse, run

pytestmark = pytest.mark.guest

OBJECT = WORKLOADS / "objects" / "probes.bpf.o"
READS = 1009


def refusing(*kinds):
    return {"env": {**os.environ, "TALLY_REFUSED_HOOKS": ",".join(kinds)}}


def plan_of(*arguments, status=0, **options):
    records = parse(run("run", OBJECT, "--probe-plan", "--json", *arguments, status=status,
                        **options).out)
    assert all(record["type"] == "probe" and record["tool"] == "probes" for record in records)
    return {record["program"]: record for record in records}


def functions_can_be_hooked():
    plan = parse(run("run", OBJECT, "--probe-plan", "--json", status=None).out)
    return any(each["chosen"] for each in plan if each["group"] == "hook.vfs.read")


@pytest.fixture
def hooks_are_allowed():
    if not functions_can_be_hooked():
        pytest.skip("this kernel refuses to hook functions: only in guests")


@pytest.fixture
def hooks_are_refused():
    if functions_can_be_hooked():
        pytest.skip("this kernel lets BPF hook functions")


def test_of_a_tool_without_alternatives():
    records = parse(run("runqlat", "--probe-plan", "--json").out)
    assert {(each["hook"], each["group"], each["chosen"]) for each in records} == {
        ("tp_btf/sched_switch", None, True), ("tp_btf/sched_wakeup", None, True),
        ("tp_btf/sched_wakeup_new", None, True)}


def test_a_refused_hook_is_named(hooks_are_refused):
    before = loaded()
    result = run("run", OBJECT, "-d", 1, status=1)
    assert result.out == b""
    assert result.sentence.startswith("tally: probes cannot run on this kernel: ")
    assert "fentry/vfs_read is refused (" in result.sentence
    assert "kprobe/vfs_read is refused (" in result.sentence
    assert result.sentence.endswith("; it needs a kernel that lets BPF hook functions")
    eventually(lambda: not left_in_the_kernel(loaded() - before), "all that it had loaded gone")
    plan = plan_of(status=1)
    assert not any(each["chosen"] for each in plan.values() if each["group"] == "hook.vfs.read")
    assert plan["read_ends_fexit"]["reason"].startswith("fentry/vfs_read is refused")


def test_what_is_not_there():
    """A tracepoint, and a function; of two shapes of a tracepoint there is one."""
    plan = plan_of(status=None)
    assert plan["on_rain"]["reason"] == "there is no tracepoint rain"
    assert [plan[name]["chosen"] for name in ("on_victim", "on_victim_number")].count(True) == 1
    result = run("run", OBJECT, "--hook", "mind", "-d", 1, status=1)
    assert "vfs_read_mind" in result.sentence


@pytest.mark.parametrize("kind", ["fentry", "kprobe"])
def test_each_read_enters_and_returns(hooks_are_allowed, kind):
    """By the kind of hook that is left."""
    options = refusing("fentry", "fexit") if kind == "kprobe" else {}
    assert plan_of(**options)["read_begins_" + kind]["chosen"]
    result = run("run", OBJECT, "--json", "--by", "none", "--", "dd", "if=/dev/zero",
                 "of=/dev/null", "bs=1", f"count={READS}", **options)
    (counts,) = (each["values"] for each in result.records if each["type"] == "counts")
    # dd's own libraries and locale are read too.
    assert READS <= counts["entries"] <= READS + 100
    assert counts["returns"] <= counts["entries"]
    assert counts["returns"] >= READS
    assert b"tally: probes runs without the weather: there is no tracepoint rain" in result.err


def test_all_kinds_refused(hooks_are_allowed):
    result = run("run", OBJECT, "-d", 1, status=1,
                 **refusing("fentry", "fexit", "kprobe", "kretprobe"))
    assert "fentry/vfs_read is refused (TALLY_REFUSED_HOOKS says so)" in result.sentence


def test_as_csv():
    result = run("runqlat", "--probe-plan", "-o", "csv", status=2)
    assert result.sentence == "tally: --probe-plan has only text and json"
