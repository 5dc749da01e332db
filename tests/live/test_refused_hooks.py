# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Where the kernel refuses hooks of functions: tools that need them say so in one sentence, and leave
nothing behind. What they do where it does not is tested in tests/kernels."""

import re

import pytest
from runs import Run, parse, run


@pytest.fixture(autouse=True)
def refusing_kernel():
    plan = parse(Run("fsdist", "--probe-plan", "--json", until_ready=False).wait().out)
    chosen = sorted(record["hook"] for record in plan if record["chosen"] and record["group"])
    if chosen:
        pytest.skip(f"this kernel lets functions be hooked: {chosen[0]}")


@pytest.mark.parametrize("tool", ["fsdist", "fsslower"])
def test_one_sentence_names_the_hook(tool):
    result = run(tool, "-d", 1, status=1)
    assert result.out == b""
    assert re.match(rf"tally: {tool} cannot run on this kernel: fentry/(\w+_read\w*) is .* and kprobe/\1 is ",
                    result.sentence)


def test_of_the_file_system_that_is_asked_for():
    assert "fentry/ovl_read_iter is " in run("fsdist", "--fs", "overlay", "-d", 1, status=1).sentence


def test_doctor_agrees():
    checks = parse(Run("doctor", "--json", until_ready=False).wait(120).out)
    tools = {record["name"]: record for record in checks if record["kind"] == "tool"}
    for tool in "fsdist", "fsslower":
        said = run(tool, "-d", 1, status=1).sentence
        assert tools[tool]["status"] == "fail"
        assert tools[tool]["finding"] in said
