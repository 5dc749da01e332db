// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(cgsnoop);

namespace {

const tally::Registration registered{{
    .name = "cgsnoop",
    .object = TALLY_OBJECT(cgsnoop),
    .description =
        "Prints each cgroup that is created, removed, renamed, frozen or unfrozen, and each "
        "process or thread that is moved into a cgroup or starts in one: the cgroup, its "
        "hierarchy, and the thread that caused the change. Filters apply to that thread.",
    .examples =
        {
            {"tally cgsnoop", "all hierarchies, until Ctrl-C"},
            {"tally cgsnoop --comm runc --comm systemd", "changes made by these two"},
            {"tally cgsnoop --json | jq -c 'select(.change == \"removed\") | .path'",
             "which cgroups are removed"},
            {"tally cgsnoop -- docker start web", "changes made by a command itself"},
        },
}};

}  // namespace
