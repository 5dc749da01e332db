// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(sigsnoop);

namespace {

const tally::Registration registered{{
    .name = "sigsnoop",
    .object = TALLY_OBJECT(sigsnoop),
    .description = "Prints each signal: the process that gets it, the process that sent it (none "
                   "if the kernel did), and what became of it.",
    .examples =
        {
            {"tally sigsnoop -s KILL,TERM", "which process kills which"},
            {"tally sigsnoop -c web", "signals received by the processes of a container"},
            {"tally sigsnoop -c web --sent", "signals sent by them"},
            {"tally sigsnoop --json | jq -c 'select(.sender_pid == null)'",
             "signals from the kernel"},
        },
}};

}  // namespace
