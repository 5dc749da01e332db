// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(capable);

namespace {

const tally::Registration registered{{
    .name = "capable",
    .object = TALLY_OBJECT(capable),
    .description =
        "Counts how often the kernel asks whether a thread has a capability, and how often the "
        "answer is no: what a container needs of what it is given, and what it is missing. The "
        "user namespace says whether it has to be the host's own, the initial one, or is one "
        "below it, as in a rootless container.",
    .examples =
        {
            {"tally capable -c web -d 60", "which capabilities a container makes use of"},
            {"tally capable --by container,capability,syscall,comm", "for what, and which program"},
            {"tally capable --json -d 10 | jq -c 'select(.values.refused > 0)'",
             "what somebody was refused"},
        },
}};

}  // namespace
