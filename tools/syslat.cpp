// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(syslat);

namespace {

const tally::Registration registered{{
    .name = "syslat",
    .object = TALLY_OBJECT(syslat),
    .description = "Measures every system call from its entry to its return, by container and "
                   "call. Calls that have not returned are in flight, with the age of the oldest "
                   "and the thread that made it: this shows a call that hangs. Calls that are "
                   "meant to wait (epoll_wait, futex, nanosleep ...) are listed after the others.",
    .examples =
        {
            {"tally syslat", "every container and call, until Ctrl-C"},
            {"tally syslat -c web -s fsync -s fdatasync 1",
             "how long one container's disk syncs take"},
            {"tally syslat --by container,tid,syscall --min-us 10000", "the slow ones, and whose"},
            {"tally syslat --errors-only --by container,syscall,error -d 10",
             "what fails, and how fast"},
        },
}};

}  // namespace
