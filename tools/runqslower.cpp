// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(runqslower);

namespace {

const tally::Registration registered{{
    .name = "runqslower",
    .object = TALLY_OBJECT(runqslower),
    .description =
        "Prints each runnable thread that waits long for a CPU (10 ms, or --min-us), when it gets "
        "one: its container, the duration of the wait, whether the wait began when it was woken, "
        "created or preempted, and the thread that had this CPU before it, with its container.",
    .examples =
        {
            {"tally runqslower", "every container, until Ctrl-C"},
            {"tally runqslower -c web --min-us 1000", "who keeps a container from its CPUs"},
            {"tally runqslower --json -d 60 | jq -r '[.container, .previous_container] | @tsv' | "
             "sort | uniq -c",
             "which container waits for which"},
        },
}};

}  // namespace
