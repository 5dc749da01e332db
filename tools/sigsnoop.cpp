// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(sigsnoop);

namespace {

const tally::Registration registered{{
    .name = "sigsnoop",
    .object = TALLY_OBJECT(sigsnoop),
    .description = "Tells of each signal: whose process gets it, who has sent it, or that it is "
                   "the kernel's own, and what became of it.",
    .examples =
        {
            {"tally sigsnoop -s KILL,TERM", "who ends whom"},
            {"tally sigsnoop -c web", "what the processes of a container get"},
            {"tally sigsnoop -c web --sent", "what they send"},
            {"tally sigsnoop --json | jq -c 'select(.sender_pid == null)'", "the kernel's own"},
        },
}};

}  // namespace
