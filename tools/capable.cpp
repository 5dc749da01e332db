// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(capable);

namespace {

const tally::Registration registered{{
    .name = "capable",
    .object = TALLY_OBJECT(capable),
    .description =
        "Counts how often the kernel checks whether a thread has a capability, and how often the "
        "check is refused: which of its capabilities a container uses, and which ones it lacks. "
        "The user namespace tells whether the capability is needed in the host's own (the initial "
        "one) or in one below it, as in a rootless container.",
    .examples =
        {
            {"tally capable -c web -d 60", "which capabilities a container uses"},
            {"tally capable --by container,capability,syscall,comm",
             "which program needs them, and for which call"},
            {"tally capable --json -d 10 | jq -c 'select(.values.refused > 0)'",
             "only those that were refused"},
        },
}};

}  // namespace
