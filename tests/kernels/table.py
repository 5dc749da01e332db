# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""The table of docs/kernels.md: which tool runs on which kernel, and by what kind of probes. Made of what
tally has said in the guests; of a kernel that did not run, what is there stays."""

import json
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/kernels.md"
BEGIN, END = "<!-- made by tests/kernels/run --write-docs -->\n", "<!-- end of what is made -->\n"

# In the table: a tool that does not run. Below it: why, and what others run without.
NO = "-"
REASON = re.compile(r"^\* (?P<tool>\S+) on (?P<kernels>[^:]+): (?P<reason>.*)$")


def order(kernel):
    """The oldest first."""
    version, flavour = kernel.split("-")
    return [int(part) for part in version.split(".")], flavour


class Table:
    """(kernel, tool) to the kinds of its probes or NO, and to the reason for each NO, or to
    what is missing."""

    def __init__(self):
        self.cells, self.reasons = {}, {}

    def add(self, kernel, files):
        """What the guest of this kernel has said; what is known of that kernel is forgotten."""
        for known in self.cells, self.reasons:
            for key in [key for key in known if key[0] == kernel]:
                del known[key]
        kinds = {}
        for line in (files / "probes.json").read_text().splitlines():
            probe = json.loads(line)
            if probe["chosen"]:
                # A dictionary, for the order.
                kinds.setdefault(probe["tool"], {})[probe["hook"].split("/")[0]] = True
        for line in (files / "doctor.json").read_text().splitlines():
            check = json.loads(line)
            key = kernel, check["name"]
            if check["kind"] != "tool":
                continue
            self.cells[key] = NO if check["status"] == "fail" else " ".join(sorted(kinds[check["name"]]))
            if check["status"] != "ok":
                self.reasons[key] = check["finding"]

    def text(self, kernels):
        tools = sorted({tool for _, tool in self.cells})
        lines = [f"| | {' | '.join(kernels)} |", f"|---|{'---|' * len(kernels)}"]
        for tool in tools:
            cells = (self.cells.get((kernel, tool), "?") for kernel in kernels)
            lines.append(f"| {tool} | {' | '.join(cells)} |")
        lines.append("")
        together = {}
        for (kernel, tool), reason in sorted(self.reasons.items()):
            together.setdefault((tool, reason), []).append(kernel)
        lines += [f"* {tool} on {', '.join(where)}: {reason}"
                  for (tool, reason), where in sorted(together.items())]
        return "\n".join(lines).rstrip("\n") + "\n"


def parts_of_page():
    """What is before, between and after the marks."""
    before, rest = PAGE.read_text().split(BEGIN)
    between, after = rest.split(END)
    return before, between, after


def committed():
    """The table that the page has."""
    table = Table()
    names = []
    for line in parts_of_page()[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        found = REASON.match(line)
        if cells and not cells[0] and not line.startswith("|--"):
            names = cells[1:]
        elif cells and not line.startswith("|--"):
            table.cells |= {(name, cells[0]): cell for name, cell in zip(names, cells[1:])}
        elif found:
            table.reasons |= {(name, found["tool"]): found["reason"]
                              for name in found["kernels"].split(", ")}
    return table


def write(text):
    before, _, after = parts_of_page()
    PAGE.write_text(before + BEGIN + text + END + after)
