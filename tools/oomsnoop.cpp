// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(oomsnoop);

namespace {

const tally::Registration registered{{
    .name = "oomsnoop",
    .object = TALLY_OBJECT(oomsnoop),
    .description = "Prints each process that the kernel kills because memory has run out: its "
                   "container, the memory it used, the cgroup whose limit was reached, and the "
                   "process whose allocation caused the kill.",
    .examples =
        {
            {"tally oomsnoop", "every container, until Ctrl-C"},
            {"tally oomsnoop -c 'shop/*'", "the pods of a Kubernetes namespace"},
            {"tally oomsnoop --json | jq -r '[.container, .memory_cgroup] | @tsv'", "for a script"},
        },
}};

}  // namespace
