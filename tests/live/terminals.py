# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Terminals that programs write to, and what they show."""

import fcntl
import os
import re
import select
import termios
import time


class Terminal:
    """A pseudo-terminal of 50 lines of 160 characters, as the one of a process that is launched
    with its options. Closed before the end, it hangs up."""

    def __init__(self):
        self.main, other = os.openpty()
        termios.tcsetwinsize(other, (50, 160))
        self.text = b""
        self.options = {
            "stdin": other,
            "stdout": other,
            "stderr": other,
            "env": {**os.environ, "TERM": "xterm-256color"},
            "preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        }
        self._other = other

    def launched(self):
        """From now on only the process holds the other end."""
        os.close(self._other)
        self._other = None

    def read(self, seconds):
        """Everything written so far, after so many seconds or when the other end is closed."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([self.main], [], [], left)
            try:
                self.text += os.read(self.main, 65536) if readable else b""
            except OSError:  # the other end is closed
                break
        return self.text

    def close(self):
        os.close(self.main)


def screen_of(text):
    """The lines that a terminal high and wide enough shows after this text."""
    lines, row, column = [""], 0, 0
    for match in re.finditer(r"\x1b\[(\??[0-9;]*)([A-Za-z])|(\r)|(\n)|([^\r\n\x1b]+)", text):
        number, command, back, down, plain = match.groups()
        if back:
            column = 0
        elif down:
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif plain:
            line = lines[row].ljust(column)
            lines[row] = line[:column] + plain + line[column + len(plain):]
            column += len(plain)
        elif command == "A":
            row = max(0, row - int(number or 1))
        elif command == "K":
            assert number in ("", "0")
            lines[row] = lines[row][:column]
        elif command == "J":
            assert number in ("", "0")
            lines[row] = lines[row][:column]
            del lines[row + 1:]
        else:
            assert command in "mhl", match.group()  # nothing that moves or erases
    return lines
