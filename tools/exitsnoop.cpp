// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(exitsnoop);

namespace {

const tally::Registration registered{{
    .name = "exitsnoop",
    .object = TALLY_OBJECT(exitsnoop),
    .description =
        "Prints each process that exits: its container, its exit code or the signal that killed "
        "it, whether the OOM killer sent it, its lifetime, its CPU time and its peak memory.",
    .examples =
        {
            {"tally exitsnoop", "every container, until Ctrl-C"},
            {"tally exitsnoop -c web --failed-only",
             "processes of a container that fail or are killed"},
            {"tally exitsnoop --json | jq -c 'select(.oom_killed)'",
             "processes killed by the OOM killer"},
            {"tally exitsnoop --json -- make | jq -r '[.user_ns, .comm] | @tsv' | sort -n | tail",
             "the CPU time of a build, by process"},
        },
}};

}  // namespace
