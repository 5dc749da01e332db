// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(cgsnoop);

namespace {

const tally::Registration registered{{
    .name = "cgsnoop",
    .object = TALLY_OBJECT(cgsnoop),
    .description = "Tells of each cgroup that is made, removed, renamed, frozen or unfrozen, and "
                   "of each process or thread that comes into one by a move or by birth: which "
                   "cgroup, of which hierarchy, and who did it. The filters are about who did it.",
    .examples =
        {
            {"tally cgsnoop", "all hierarchies, until Ctrl-C"},
            {"tally cgsnoop --comm runc --comm systemd", "what these two do"},
            {"tally cgsnoop --json | jq -c 'select(.change == \"removed\") | .path'",
             "which cgroups go"},
            {"tally cgsnoop -- docker start web", "what a command does itself"},
        },
}};

}  // namespace
