# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Every tool runs on this kernel, or `tally doctor` says why it does not."""

import os
import platform
from pathlib import Path

from support import Run, parse

VERSION = tuple(int(part) for part in platform.release().split("-")[0].split("+")[0].split(".")[:2])

# docs/kernels.md
FROM_5_10 = {"cgsnoop", "execsnoop", "exitsnoop", "mountsnoop", "oomsnoop", "opensnoop", "runqlat", "runqslower",
             "sigsnoop", "statsnoop", "syscount", "syslat", "sysslower", "tcpconnect", "tcplife", "tcpretrans"}


def test_every_tool_loads_and_attaches():
    result = Run("doctor", "--json", until_ready=False).wait(120)
    if "RESULTS" in os.environ:
        Path(os.environ["RESULTS"], "doctor.json").write_bytes(result.out)
    tools = {record["name"]: record for record in parse(result.out) if record["kind"] == "tool"}
    expected = set(tools) if VERSION >= (6, 1) else FROM_5_10
    failing = {name: tools[name]["finding"] for name in sorted(expected)
               if tools[name]["status"] != "ok"}
    assert not failing


def test_the_host_has_what_is_needed():
    """No tracefs, debugfs or bpffs is mounted, and nothing asks for it."""
    mounts = Path("/proc/mounts").read_text()
    assert not any(f" {kind} " in mounts for kind in ("tracefs", "debugfs", "bpf"))
    records = parse(Run("doctor", "--json", until_ready=False).wait(120).out)
    assert {record["name"]: record["finding"] for record in records
            if record["kind"] == "host" and record["status"] != "ok"} == {}
