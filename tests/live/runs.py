# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Runs of tally, and what they have written."""

import fcntl
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time

import jsonschema

from bpf_ids import remember_bpf_of
from processes import ends_within, launch
from support import REPOSITORY, SOON, TALLY, often

SCHEMA = REPOSITORY / "docs" / "output.schema.json"


def make_validator():
    schema = json.loads(SCHEMA.read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, format_checker=jsonschema.FormatChecker())


def parse(text):
    """JSON lines as a list, each of them (in a guest, each of the last few) valid against the schema."""
    validator = parse.validator = getattr(parse, "validator", None) or make_validator()
    assert text.endswith(b"\n") or not text, "the last line is cut"
    records = [json.loads(line) for line in text.decode("utf-8").splitlines()]
    for record in records[-often(len(records), 10):]:
        validator.validate(record)
    return records


# The start line, in text and in JSON; and how a line about losses begins, and that of what had begun
# before the start; and that of containers that somebody else has elsewhere.
BESIDE_THE_DATA = re.compile(r"tally: ([a-z]+( is measuring|: )|\d+ processes? of containers )")


def has_key(record, key):
    return all(name in record["key"] and record["key"][name] == key[name] for name in key)


class Result:
    """What a run of tally has left."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def records(self):
        if not hasattr(self, "_records"):
            self._records = parse(self.out)
            assert self._records and self._records[-1]["type"] == "end", "no end record"
        return self._records

    def histograms(self, scope, **key):
        """Records of a scope whose key holds at least these values."""
        return [
            record
            for record in self.records
            if record["type"] == "histogram" and record["scope"] == scope and has_key(record, key)
        ]

    def events(self, **members):
        """Records of events with these members."""
        return [
            record
            for record in self.records
            if record["type"] == "event"
            and all(record[name] == value for name, value in members.items())
        ]

    def total(self, **key):
        """The one total record of this key."""
        found = self.histograms("total", **key)
        assert len(found) == 1, f"{len(found)} totals for {key}"
        return found[0]

    @property
    def end(self):
        return self.records[-1]

    @property
    def lost(self):
        """Everything lost by reason, as far as there is any; but for events of cgroups, which are those of
        the whole machine, so that others can make them too many."""
        return {reason: count for reason, count in self.end["lost"].items()
                if count and reason != "cgroup_event"}

    @property
    def sentence(self):
        """What went wrong: the one line on stderr, but for the one that says that it runs and those
        about losses."""
        text = self.err.decode("utf-8")
        assert text.endswith("\n"), text
        lines = [line for line in text.splitlines() if not BESIDE_THE_DATA.match(line)]
        assert len(lines) == 1 and lines[0].startswith("tally: "), text
        return lines[0]


def buckets_of(record):
    return {(bucket["ge"], bucket["lt"]): bucket["count"] for bucket in record["buckets"]}


class Run:
    """A tally that runs. Its output goes to files: a full pipe would stop it."""

    def __init__(self, *arguments, until_ready=True, program=(TALLY,), stdin=subprocess.DEVNULL,
                 stdout=None, stderr=None, **options):
        self._out = tempfile.TemporaryFile()
        self._err = tempfile.TemporaryFile()
        ready, announce = os.pipe()
        # Not a number that a shell in between might use.
        write_end = fcntl.fcntl(announce, fcntl.F_DUPFD_CLOEXEC, 50)
        os.close(announce)
        if until_ready:
            tool, *others = arguments
            arguments = (tool, "--ready-fd", write_end, *others)
        self.process = launch(
            (*program, *arguments),
            stdin=stdin,
            stdout=self._out if stdout is None else stdout,
            stderr=self._err if stderr is None else stderr,
            pass_fds=(write_end,),
            **options,
        )
        os.close(write_end)
        try:
            if until_ready:
                self._wait_until_ready(ready)
                remember_bpf_of(self.process)
        finally:
            os.close(ready)

    def _wait_until_ready(self, fd):
        readable, _, _ = select.select([fd], [], [], SOON)
        said = os.read(fd, 100) if readable else b"nothing"
        if said != b"ready\n":
            self.process.kill()
            result = self.wait()
            raise AssertionError(f"--ready-fd got {said!r}; {result.status}, {result.err.decode()}")

    def wait(self, within=SOON):
        """The result, when it ends by itself."""
        deadline, pause = time.monotonic() + within, 0.05
        while not ends_within(self.process, min(pause, deadline - time.monotonic())):
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self.process.args, within)
            remember_bpf_of(self.process)
            pause *= 2
        status = self.process.returncode

        def text_of(file):
            file.seek(0)
            text = file.read()
            file.close()
            return text

        return Result(status, text_of(self._out), text_of(self._err))

    def end(self, number=signal.SIGTERM):
        """The result, when it ends by a signal."""
        remember_bpf_of(self.process)
        self.process.send_signal(number)
        return self.wait()

    def so_far(self):
        """What it has written to stdout by now."""
        return os.pread(self._out.fileno(), os.fstat(self._out.fileno()).st_size, 0)


def check_count(counted, expected, result):
    """All are counted. Kernels that may preempt a thread in a program (7.3) leave that program out for
    whoever runs on this CPU until it goes on: so many may be missing as tally says are."""
    assert expected - result.end["lost"]["missed_run"] <= counted <= expected, (counted, result.end)


def run(*arguments, status=0, **options):
    """A tally that ends by itself, with this status (None: any)."""
    result = Run(*arguments, until_ready=False, **options).wait()
    assert status in (None, result.status), result.err.decode()
    return result
