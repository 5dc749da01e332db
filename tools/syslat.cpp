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
    .further_names = {{
        .name = "sysslower",
        .description = "Prints each system call that takes long (10 ms, or --min-us), when it "
                       "returns, with its container, duration, result and arguments. Calls that "
                       "are meant to wait (epoll_wait, futex, nanosleep ...) are left out, unless "
                       "-s names them or --waiting is given.",
        .examples =
            {
                {"tally sysslower", "every container, calls of 10 ms and more, until Ctrl-C"},
                {"tally sysslower -c db -s fsync -s fdatasync --min-us 1000",
                 "which files a database waits for"},
                {"tally sysslower -p 4711 --min-us 0",
                 "all calls of a process, as strace shows them"},
                {"tally sysslower --json -d 60 | jq -r '[.container, .syscall, .path] | @tsv'",
                 "for a script"},
                {"tally sysslower --min-us 100 -- make", "what a command waits for"},
            },
        .summary = "Slow system calls, with their arguments",
        .tells_events = true,
        .defaults = {{"min-us", 10'000}},
        .hidden = {"errors-only"},
    }},
}};

}  // namespace
