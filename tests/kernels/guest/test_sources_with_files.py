# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""All sources of events in one object, with the operations of a file system."""

from runs import check_count
from test_sources_of_events import OPENS, READS, SOURCES, check, count_by


def test_operations_beside_the_others(ext4):
    sources = {**SOURCES, "only_file_operations": "operations"}
    results, *truth = count_by(("all_sources", *sources), ext4 / "file")
    everything = check(results, *truth, sources)
    # One more open, to read.
    check_count(everything["operations"]["count"], OPENS + 1 + READS, results["all_sources"])
