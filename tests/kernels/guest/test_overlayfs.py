# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""The scripts of tests/overlayfs under ovlcopyup: what each of them says that is copied up, is, and
nothing else."""

import re

import pytest
from runs import run
from support import REPOSITORY

pytestmark = pytest.mark.skipif(run("ovlcopyup", "--probe-plan", status=None).status != 0,
                                reason="ovlcopyup cannot run on this kernel")

FOLDER = REPOSITORY / "tests" / "overlayfs"


@pytest.mark.parametrize("script", sorted(each.name for each in FOLDER.glob("*.sh") if each.name != "layers.sh"))
def test_copies(script, tmp_path):
    out = tmp_path / "out"
    done = run("ovlcopyup", "--events", "--json", "-O", out, "--", FOLDER / script)
    assert b"NOT SO" not in done.out, done.out.decode()
    result = type(done)(done.status, out.read_bytes(), done.err)
    said = [tuple(words.split()) for words in
            re.findall(r"^# copies: (.+)$", (FOLDER / script).read_text(), re.MULTILINE)]
    assert [(each["kind"], each["path"], each["error"] or str(each["copied"]))
            for each in result.events()] == said
    assert result.lost == {}
