// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(sysslower);

namespace {

const tally::Registration registered{{
    .name = "sysslower",
    .object = TALLY_OBJECT(sysslower),
    .description =
        "Prints each system call that takes long (10 ms, or --min-us), when it returns, with its "
        "container, duration, result and arguments. Calls that are meant to wait (epoll_wait, "
        "futex, nanosleep ...) are left out, unless -s names them or --waiting is given.",
    .examples =
        {
            {"tally sysslower", "every container, calls of 10 ms and more, until Ctrl-C"},
            {"tally sysslower -c db -s fsync -s fdatasync --min-us 1000",
             "which files a database waits for"},
            {"tally sysslower -p 4711 --min-us 0", "all calls of a process, as strace shows them"},
            {"tally sysslower --json -d 60 | jq -r '[.container, .syscall, .path] | @tsv'",
             "for a script"},
            {"tally sysslower --min-us 100 -- make", "what a command waits for"},
        },
}};

}  // namespace
