// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/locked_memory.h"

#include <sys/resource.h>

#include "host/kernel_facts.h"

namespace tally {

std::optional<std::uint64_t> lockable_memory() {
    if (has_task_storage()) {
        return std::nullopt;
    }
    rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_MEMLOCK, &limit) == 0 || ::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
        return std::nullopt;
    }
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_MEMLOCK, &limit);
    return limit.rlim_max;
}

}  // namespace tally
