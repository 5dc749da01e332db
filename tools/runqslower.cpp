// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(runqslower);

namespace {

const tally::Registration registered{{
    .name = "runqslower",
    .object = TALLY_OBJECT(runqslower),
    .description =
        "Tells of each thread that could run and did not get a CPU for long (10 ms, if --min- "
        "us does not say otherwise), when it gets one: whose it is, how long it waited, since "
        "it was woken or since it lost its CPU, and who had that CPU before it, with the "
        "container.",
    .examples =
        {
            {"tally runqslower", "every container, until Ctrl-C"},
            {"tally runqslower -c web --min-us 1000", "who keeps a container from its CPUs"},
            {"tally runqslower --json -d 60 | jq -r '[.container, .previous_container] | @tsv' | "
             "sort | uniq -c",
             "which container waits behind which"},
        },
}};

}  // namespace
