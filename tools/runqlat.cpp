// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(runqlat);

namespace {

const tally::Registration registered{{
    .name = "runqlat",
    .object = TALLY_OBJECT(runqlat),
    .description =
        "Measures, for every thread, the time from the moment it became runnable (woken, created "
        "or preempted) to the moment it got a CPU, and charges it to the container of the thread "
        "that waited. Long waits mean that there are too few CPUs, that a neighbour uses them, or "
        "that the container has used up its CPU quota.",
    .examples =
        {
            {"tally runqlat", "every container, until Ctrl-C"},
            {"tally runqlat -c web 1", "one container, a report each second"},
            {"tally runqlat --json -d 10 | jq -c '[.key.container, .p99]'", "for a script"},
        },
    .further_names = {{
        .name = "runqslower",
        .description = "Prints each runnable thread that waits long for a CPU (10 ms, or "
                       "--min-us), when it gets one: its container, the duration of the wait, "
                       "whether the wait began when it was woken, created or preempted, and the "
                       "thread that had this CPU before it, with its container.",
        .examples =
            {
                {"tally runqslower", "every container, until Ctrl-C"},
                {"tally runqslower -c web --min-us 1000", "who keeps a container from its CPUs"},
                {"tally runqslower --json -d 60 | jq -r '[.container, .previous_container] | @tsv' "
                 "| sort | uniq -c",
                 "which container waits for which"},
            },
        .summary = "Slow waits for a CPU, and the thread that had it",
        .tells_events = true,
        .defaults = {{"min-us", 10'000}},
    }},
}};

}  // namespace
