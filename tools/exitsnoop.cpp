// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(exitsnoop);

namespace {

const tally::Registration registered{{
    .name = "exitsnoop",
    .object = TALLY_OBJECT(exitsnoop),
    .description = "Tells of each process that ends: whose it is, its exit code or the signal that "
                   "ended it, whether for lack of memory, how long it lived, its CPU time and the "
                   "most memory that it had.",
    .examples =
        {
            {"tally exitsnoop", "every container, until Ctrl-C"},
            {"tally exitsnoop -c web --failed-only", "what fails or is killed in one container"},
            {"tally exitsnoop --json | jq -c 'select(.oom_killed)'", "what the OOM killer ended"},
            {"tally exitsnoop --json -- make | jq -r '[.user_ns, .comm] | @tsv' | sort -n | tail",
             "what a build spends its time with"},
        },
}};

}  // namespace
