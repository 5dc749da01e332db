# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""A container that gets another name has it at once."""

import time

import pytest
from runtime import workload
from support import Run, parse, run


@pytest.mark.only_for(lambda runtime: runtime.can_rename)
def test_renamed(runtime, containers):
    container = containers.start("before", *workload("chatter", 1, 0))
    container.go()
    running = Run("runqlat", "--json", "--by", "container", "1")
    time.sleep(1.2)
    containers.rename(container, "after")
    listed = parse(run("containers", "--json").out)
    [name] = [each["name"] for each in listed if each["container_id"] == container.identity]
    assert name == "after"
    time.sleep(2)
    result = running.end()
    names = [record["key"]["container"] for record in result.histograms("interval")
             if record["key"]["container_id"] == container.identity]
    assert names[0] == "before" and names[-1] == "after"
