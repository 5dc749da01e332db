// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(syscount);

namespace {

const tally::Registration registered{{
    .name = "syscount",
    .object = TALLY_OBJECT(syscount),
    .description = "Counts the system calls that return, by container and call: how many return, "
                   "how many of them fail, and their total time. For the distribution of their "
                   "durations see 'tally syslat'.",
    .examples =
        {
            {"tally syscount", "every container and call, until Ctrl-C"},
            {"tally syscount --by container 1", "which container calls most, each second"},
            {"tally syscount -c web --errors-only --by syscall,error -d 10",
             "which errors a container gets"},
        },
}};

}  // namespace
