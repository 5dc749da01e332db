# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Every tool runs on this kernel, or `tally doctor` says why it does not."""

import os
import platform
from pathlib import Path

import pytest
from support import SOON, Run, parse

pytestmark = pytest.mark.guest(since="5.10", cgroups="any")

VERSION = tuple(int(part) for part in platform.release().split("-")[0].split("+")[0].split(".")[:2])

# docs/kernels.md
FROM_5_10 = {"runqlat", "syslat", "syscount", "execsnoop"}


@pytest.fixture(scope="module")
def checks():
    """All that it says, by name; kept for the host."""
    result = Run("doctor", "--json", until_ready=False).wait(4 * SOON)
    if "RESULTS" in os.environ:
        Path(os.environ["RESULTS"], "doctor.json").write_bytes(result.out)
    return {record["name"]: record for record in parse(result.out)}


def test_every_tool_loads_and_attaches(checks):
    tools = {name: record for name, record in checks.items() if record["kind"] == "tool"}
    assert tools.keys() >= FROM_5_10
    expected = set(tools) if VERSION >= (6, 1) else FROM_5_10
    if VERSION < (6, 9):
        expected -= {"oomsnoop"}
        assert tools["oomsnoop"]["status"] == "fail" and "6.9" in str(tools["oomsnoop"])
    assert {name: tools[name]["finding"] for name in sorted(expected)
            if tools[name]["status"] != "ok"} == {}


def test_the_machine_has_all_that_is_needed(checks):
    """Though neither tracefs nor debugfs nor bpffs is mounted."""
    mounts = Path("/proc/mounts").read_text()
    assert not any(f" {kind} " in mounts for kind in ("tracefs", "debugfs", "bpf"))
    assert {name: record["finding"] for name, record in checks.items()
            if record["kind"] == "host" and record["status"] != "ok"} == {}
