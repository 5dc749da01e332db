# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""A container that gets another name has it at once."""

import pytest
from runtime import workload
from runs import Run, parse, run
from support import eventually


@pytest.mark.only_for(lambda runtime: runtime.can_rename)
def test_renamed(runtime, containers):
    container = containers.start("before", *workload("chatter", 1, 0))
    container.go()
    running = Run("runqlat", "--json", "--by", "container", "1")
    eventually(lambda: b'"container":"before"' in running.so_far(), "its first name")
    containers.rename(container, "after")
    listed = parse(run("containers", "--json").out)
    [name] = [each["name"] for each in listed if each["container_id"] == container.identity]
    assert name == "after"
    eventually(lambda: b'"container":"after"' in running.so_far(), "its other name")
    result = running.end()
    names = [record["key"]["container"] for record in result.histograms("interval")
             if record["key"]["container_id"] == container.identity]
    assert names[0] == "before" and names[-1] == "after"
