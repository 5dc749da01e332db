# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Every tool runs on this kernel, or `tally doctor` says why it does not."""

import os
import platform
from pathlib import Path

import pytest
from runs import Run, parse
from support import SOON

pytestmark = pytest.mark.guest(since="5.10", cgroups="any", everywhere=True)

KERNEL = tuple(int(part) for part in platform.release().split(".")[:2])

# docs/kernels.md
FROM_5_10 = {"cgsnoop", "execsnoop", "exitsnoop", "mountsnoop", "oomsnoop", "opensnoop", "runqlat", "runqslower",
             "sigsnoop", "statsnoop", "syscount", "syslat", "sysslower", "tcpconnect", "tcplife", "tcpretrans"}


def keep(name, text):
    """Among the results of this guest, for the host."""
    Path(os.environ["RESULTS"], name).write_bytes(text)


@pytest.fixture(scope="module")
def checks():
    """All that it says, by name."""
    text = Run("doctor", "--json", until_ready=False).wait(4 * SOON).out
    keep("doctor.json", text)
    return {record["name"]: record for record in parse(text)}


@pytest.fixture
def tools(checks):
    return {name: record for name, record in checks.items() if record["kind"] == "tool"}


def test_every_tool_loads_and_attaches(tools):
    assert tools.keys() >= FROM_5_10
    expected = set(tools) if KERNEL >= (6, 1) else FROM_5_10
    assert {name: tools[name]["finding"] for name in sorted(expected)
            if tools[name]["status"] != "ok"} == {}


def test_every_tool_has_a_plan(tools):
    """Only one that does not run may have none."""
    texts = []
    for name, record in tools.items():
        result = Run(name, "--probe-plan", "--json", until_ready=False).wait()
        assert result.status == 0 or record["status"] == "fail", (name, result.err)
        texts.append(result.out)
    keep("probes.json", b"".join(texts))


def test_the_machine_has_all_that_is_needed(checks):
    """Though neither tracefs nor debugfs nor bpffs is mounted."""
    mounts = Path("/proc/mounts").read_text()
    assert not any(f" {kind} " in mounts for kind in ("tracefs", "debugfs", "bpf"))
    assert {name: record["finding"] for name, record in checks.items()
            if record["kind"] == "host" and record["status"] != "ok"} == {}
