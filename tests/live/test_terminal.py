# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What a terminal shows while a run goes on."""

import pytest
from processes import launch
from support import SOON, TALLY, eventually
from terminals import Terminal, screen_of


def test_screen_of():
    """The terminal of these tests itself."""
    assert screen_of("one\r\ntwo\r\n\x1b[2A1\x1b[K\r\nnew\x1b[J") == ["1", "new"]
    assert screen_of("a\x1b[1mb\x1b[0m\r\n\x1b[1A\x1b[J") == [""]


@pytest.mark.parametrize("pictures", [1, 2])
def test_the_picture_is_below_the_losses(start, pictures):
    """One picture, that of now, and no loss line in it or below it."""
    container = start("many", "chatter", 20, 0)
    container.go()
    terminal = Terminal()
    # By cgroup: see full() in test_records.py.
    process = launch([TALLY, "runqlat", "--cgroup", container.cgroup, "--by", "tid", "--max-keys", 1],
                     **terminal.options)
    terminal.launched()
    eventually(lambda: terminal.read(0.05).count(b"so far") >= pictures, "a picture")
    lines = [line.rstrip() for line in screen_of(terminal.read(0.5).decode())]
    process.terminate()
    terminal.read(SOON)
    terminal.close()
    assert process.wait(SOON) == 0
    headings = [number for number, line in enumerate(lines) if line.startswith("so far")]
    losses = [number for number, line in enumerate(lines) if " lost " in line]
    assert losses, lines
    assert len(headings) == 1, lines
    assert losses[-1] < headings[0], lines
    assert any("waits" in line or "TID" in line for line in lines[headings[0]:]), lines
