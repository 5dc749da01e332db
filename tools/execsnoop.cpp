// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(execsnoop);

namespace {

const tally::Registration registered{{
    .name = "execsnoop",
    .object = TALLY_OBJECT(execsnoop),
    .description = "Prints each program that starts (execve, execveat): its container, its file "
                   "and all of its arguments; and each exec that fails, with the error.",
    .examples =
        {
            {"tally execsnoop", "every container, until Ctrl-C"},
            {"tally execsnoop -c web", "programs started by one container"},
            {"tally execsnoop --errors-only", "programs that cannot be started, and why"},
            {"tally execsnoop --json | jq -r '[.container, .arguments[0]] | @tsv'", "for a script"},
            {"tally execsnoop -- make", "programs started by a build"},
        },
}};

}  // namespace
