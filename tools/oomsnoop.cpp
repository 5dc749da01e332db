// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(oomsnoop);

namespace {

const tally::Registration registered{{
    .name = "oomsnoop",
    .object = TALLY_OBJECT(oomsnoop),
    .description = "Tells of each process that the kernel kills because memory has run out: whose "
                   "it is, what memory it had, which cgroup's limit was the reason, and who wanted "
                   "the page that was one too many.",
    .examples =
        {
            {"tally oomsnoop", "every container, until Ctrl-C"},
            {"tally oomsnoop -c 'shop/*'", "of the pods of a namespace"},
            {"tally oomsnoop --json | jq -r '[.container, .memory_cgroup] | @tsv'", "for a script"},
        },
}};

}  // namespace
