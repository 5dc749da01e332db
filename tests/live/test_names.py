# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Names are data from others: they reach neither a terminal nor JSON as they are."""

import csv
import io
import os
import re
import unicodedata

import pytest
from counters import run_beside
from processes import launch
from runs import Run, parse, run
from support import SOON, TALLY
from terminals import Terminal

# Sets the window's title, colours and turns text around, rings; quotes; a C1 control character; line
# breaks; and two bytes that are no UTF-8.
EVIL = b"\x1b]0;pwned\x07\x1b[31;45m\"'\\\xe2\x80\xae\xc2\x9b\r\n\t,\xe2\x80\xa8\xff\xc3"
EVIL_COMM = b"\x1b[35mpwned\"\xff"
# How they begin once they are safe to look at. Views shorten what is long.
SAFE = r"\x1b]0;"
SAFE_COMM = r"\x1b[35m"


@pytest.fixture
def evil(start):
    """A container whose host name, cgroup and command names are like that."""
    container = start(EVIL, "chatter", 2, 0, EVIL_COMM)
    container.go()
    return container


def as_json_has_it(name):
    """A byte that is no UTF-8 is written as the text \\xNN, everything else as it is."""
    return name.decode("utf-8", "backslashreplace")


def check_raw_text(text, allowed):
    """Valid UTF-8 and nothing in it that does something, but for what `allowed` matches."""
    rest = re.sub(allowed, "", text.decode("utf-8"))
    doing = {letter for letter in rest if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp")}
    assert doing == set()


BY = pytest.mark.parametrize("by,safe", [("container", SAFE), ("cgroup", SAFE), ("comm", SAFE_COMM)])


@pytest.mark.parametrize("by", ["container", "cgroup", "comm"])
def test_json(evil, by):
    result = run_beside(evil, "runqlat", "--json", "--by", by)
    check_raw_text(result.out, "\n")
    path = as_json_has_it(os.fsencode(evil.cgroup))
    expected = {"container": {"container": as_json_has_it(EVIL), "cgroup": path},
                "cgroup": {"cgroup": path},
                "comm": {"comm": as_json_has_it(EVIL_COMM)}}[by]
    assert result.total(**expected)["count"] > 0


def unescaped(text):
    """The bytes that docs/output.md says a string in text or CSV stands for."""
    def original(match):
        kind, digits = match[1][:1], match[1][1:]
        if kind == "\\":
            return b"\\"
        number = int(digits, 16)
        return bytes([number]) if kind == "x" else chr(number).encode()

    parts = re.split(r"(\\(?:\\|x..|u.{4}|U.{8}))", text)
    return b"".join(original(re.match(r"\\(.*)", part)) if index % 2 else part.encode()
                    for index, part in enumerate(parts))


@pytest.mark.parametrize("by", ["container", "comm"])
def test_csv(evil, by):
    result = run_beside(evil, "runqlat", "-o", "csv", "--by", by)
    check_raw_text(result.out, "\n")
    rows = list(csv.DictReader(io.StringIO(result.out.decode(), newline="")))
    expected = {"container": EVIL, "comm": EVIL_COMM}[by]
    assert expected in {unescaped(row[by]) for row in rows}
    # No line is more than a row: what breaks lines is escaped.
    assert result.out.count(b"\n") == 1 + len(rows)


@BY
@pytest.mark.parametrize("view", ["bars", "table"])
def test_text(evil, by, safe, view):
    result = run_beside(evil, "runqlat", "--by", by, "--view", view)
    check_raw_text(result.out, "\n")
    assert safe in result.out.decode()


@BY
def test_terminal(evil, by, safe):
    """Redrawn live, so tally's own cursor movements and colours are there."""
    terminal = Terminal()
    process = launch([TALLY, "runqlat", "--by", by, "-d", "2.5"], **terminal.options)
    terminal.launched()
    text = terminal.read(SOON)
    terminal.close()
    assert process.wait(SOON) == 0
    assert text.count(safe.encode()) >= 2  # it was redrawn
    # Cursor, erasing, attributes, modes; never an operating system command.
    check_raw_text(text, r"[\r\n]|\x1b\[\??[0-9;]*[A-Za-z]")
    assert b"\x1b[31;45m" not in text and b"\x1b[35mpw" not in text


def test_list_of_containers(evil):
    result = run("containers")
    check_raw_text(result.out, "\n")
    assert SAFE in result.out.decode()
    assert EVIL in {unescaped(line.split("  ")[0]) for line in result.out.decode().splitlines()}
    result = run("containers", "-o", "json")
    check_raw_text(result.out, "\n")
    assert as_json_has_it(EVIL) in {record["name"] for record in parse(result.out)}


def test_error_message(evil):
    """What exists is named here too; and what was asked for."""
    result = run("runqlat", "-c", b"no\x1b]0;such\xff", status=2)
    check_raw_text(result.err, "\n")
    assert SAFE in result.sentence and "such" in result.sentence


BAD = b"\x1b[2J\x07\xc2\x9b\xe2\x80\xae\xff"


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("arguments,status", [
    (["x" + "BAD"], 2),
    (["help", "BAD"], 2),
    (["list", "BAD"], None),
    (["runqlat", "--by", "BAD"], 2),
    (["runqlat", "--by", "pid,BAD"], 2),
    (["runqlat", "--foBAD"], 2),
    (["runqlat", "--foBAD=BAD"], 2),
    (["runqlat", "-BAD"], 2),
    (["runqlat", "1", "2", "BAD"], 2),
    (["runqlat", "BAD"], 2),
    (["runqlat", "1", "BAD"], 2),
    (["runqlat", "-c", "BAD"], 2),
    (["runqlat", "--cgroup", "BAD"], 2),
    (["runqlat", "-p", "BAD"], 2),
    (["runqlat", "-t", "BAD"], 2),
    (["runqlat", "-d", "BAD"], 2),
    (["runqlat", "-o", "BAD"], 2),
    (["runqlat", "--view", "BAD"], 2),
    (["runqlat", "--top", "BAD"], 2),
    (["runqlat", "--max-keys", "BAD"], 2),
    (["runqlat", "--ready-fd", "BAD"], 2),
    (["runqlat", "--min-us", "BAD"], 2),
    (["runqlat", "-d", "0.2", "-O", "/nosuch/BAD"], 1),
    (["containers", "BAD"], 2),
    (["containers", "--BAD"], 2),
    (["containers", "-o", "BAD"], 2),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_no_message_repeats_bytes_that_do_something(arguments, status, locale):
    words = [word.encode().replace(b"BAD", BAD) for word in arguments]
    running = run_in(locale, *words)
    assert running.status == status or status is None and running.status in (0, 2)
    check_raw_text(running.err, "\n")
    if locale == "C":
        assert running.err.isascii()


def run_in(locale, *arguments):
    return Run(*arguments, until_ready=False, env={**os.environ, "LC_ALL": locale}).wait()


def test_messages_in_ascii(start):
    """Names of containers that exist, too. In a locale that has the letter, it is written."""
    start("\u015bwiat", "chatter", 1, 1)
    for arguments in (["-c", "\u0144o"], ["--by", "\u0144o"], ["--cgroup", "/\u0144o"],
                      ["\u0144o"]):
        plain = run_in("C", "runqlat", *arguments)
        assert plain.status == 2 and plain.err.isascii() and plain.sentence
        assert "\u0144o" in run_in("C.UTF-8", "runqlat", *arguments).sentence
    assert "\u015bwiat" in run_in("C.UTF-8", "runqlat", "-c", "nosuch").sentence
    assert run_in("C", "runqlat", "-c", "nosuch").err.isascii()


def test_chosen_by_that_name(evil):
    result = run_beside(evil, "runqlat", "--json", "-c", EVIL)
    assert result.total(container=as_json_has_it(EVIL))["count"] > 0
    result = run_beside(evil, "runqlat", "--json", "--comm", EVIL_COMM, "--by", "comm")
    assert result.total(comm=as_json_has_it(EVIL_COMM))["count"] > 0
