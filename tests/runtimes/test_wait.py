# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""A container that does not exist yet is measured from its first instruction."""

import os

import pytest
from runc import Runc
from runtime import workload
from counters import settle
from runs import Run

CALLS = 1009


def count_getppid():
    return Run("syscount", "--json", "-s", "getppid", "-c", "later", "--wait")


def check(running, reported, expected):
    result = running.end()
    assert result.status == 0, result.err.decode()
    totals = [record for record in result.records
              if record["type"] == "counts" and record["scope"] == "total"]
    assert [record["key"]["container"] for record in totals] == ["later"]
    assert totals[0]["key"]["runtime"] == reported
    assert totals[0]["values"]["calls"] == expected
    assert result.lost == {}


@pytest.mark.only_for(lambda runtime: runtime is Runc)
def test_a_whole_life(runtime):
    """One that is gone when tally ends, and one of another name before it."""
    running = count_getppid()
    for name, calls in (("sooner", 503), ("later", CALLS)):
        # Not by a shell, which makes that call as well; the byte that sets it going is there at once.
        go, write_end = os.pipe()
        os.write(write_end, b"x")
        os.close(write_end)
        with open(go, "rb") as stdin:
            runtime.run(name, "/bin/workload_calls", "getppid", str(calls), stdin=stdin)
    check(running, "runc", CALLS + runtime.getppids)


def test_from_its_first_instruction(runtime, containers):
    """In every runtime, beside another of its containers."""
    running = count_getppid()
    sooner = containers.start("sooner", *workload("calls", "getppid", 503))
    later = containers.start("later", *workload("calls", "getppid", CALLS))
    for each in (sooner, later):
        each.go()
    settle([sooner, later])
    # And that of the shell that waits.
    check(running, runtime.reported, CALLS + runtime.getppids + 1)
