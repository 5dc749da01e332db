# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""capable: each time that the kernel asks whether a thread has a capability."""

import os

import pytest
from counters import settle
from runs import Run
from support import PARENT

TIMES = {"left": (1009, 503, 251), "right": (1013, 509, 257)}


def values(result, **key):
    """What is counted of this key, added up."""
    found = [each for each in result.records if each["type"] == "counts"
             and all(each["key"][name] == value for name, value in key.items())]
    return {name: sum(each["values"][name] for each in found) for name in ("checks", "refused")}


@pytest.mark.guest
@pytest.mark.parametrize("refused", ["", "fentry,fexit", "fentry,fexit,kprobe,kretprobe"],
                         ids=["fentry", "kprobe", "tracepoint"])
def test_two_containers_at_once(start, refused):
    """By each of the hooks that this kernel lets us have."""
    env = {**os.environ, "TALLY_REFUSED_HOOKS": refused}
    if Run("capable", "--probe-plan", until_ready=False, env=env).wait().status != 0:
        pytest.skip("this kernel has no such hook")
    containers = [start(name, "capabilities", *times) for name, times in TIMES.items()]
    running = Run("capable", "--json", "--cgroup", PARENT, "--by",
                  "container,capability,user_namespace,syscall", env=env)
    of_right = Run("capable", "--json", "-c", "right", env=env)
    for container in containers:
        container.go()
    settle(containers)
    result, of_right = running.end(), of_right.end()
    for each in result, of_right:
        assert each.status == 0, each.err.decode()
        assert each.lost.keys() <= {"missed_run", "unmatched_begin", "unmatched_end"}, each.lost
    # A function's program is not run again while a thread is interrupted in it.
    missed = result.end["lost"]["missed_run"]
    for name, (allowed, refused, nested) in TIMES.items():
        asked = {"container": name, "capability": "CAP_SYS_ADMIN", "syscall": "setdomainname"}
        initial = values(result, user_namespace="initial", **asked)
        assert allowed + refused - missed <= initial["checks"] <= allowed + refused
        assert refused - missed <= initial["refused"] <= refused
        below = values(result, user_namespace="nested", **asked)
        assert nested - missed <= below["checks"] <= nested and below["refused"] == 0
    assert values(of_right, capability="CAP_SYS_ADMIN")["refused"] >= TIMES["right"][1] - (
        of_right.end["lost"]["missed_run"])
    assert {each["key"]["container"] for each in of_right.records
            if each["type"] == "counts"} == {"right"}


CALLS = 53


@pytest.mark.guest
def test_borrowed_credentials(start):
    """A user without capabilities looks at files of an overlay, which its mounter's are borrowed for."""
    container = start("user", "sh", "-c", "read x")
    both = [Run("capable", "--json", "-c", "user", "--by", "uid,syscall,capability", *options)
            for options in ((), ("--borrowed",))]
    container.exec("nsenter", "-S", "1000", "-G", "1000", "sh", "-c", "stat /bin/* >/dev/null")
    own, all_of_them = (values(each.end(), uid=1000) for each in both)
    assert own["checks"] == own["refused"], own
    assert all_of_them["checks"] - all_of_them["refused"] >= 1, all_of_them


@pytest.mark.guest
def test_a_copy_of_its_own_credentials(start):
    """access() asks with the real user's: a copy of the thread's own, for the time of the call."""
    container = start("access", "stats", CALLS, "/dev/closed")
    container.exec("sh", "-c", "true >/dev/closed; chmod 0 /dev/closed")
    running = Run("capable", "--json", "-c", "access", "--by", "syscall,capability")
    container.go()
    settle([container])
    result = running.end()
    assert result.lost.keys() <= {"missed_run", "unmatched_begin", "unmatched_end"}
    for call in "access", "faccessat", "faccessat2":
        assert values(result, syscall=call, capability="CAP_DAC_READ_SEARCH") == {
            "checks": CALLS, "refused": 0}
