// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// naps NUMBER
// Sleeps for a millisecond NUMBER times, says how often it was given a CPU meanwhile, by its own
// counters, and ends. Unlike the others it neither waits to be told nor stays: it is a whole short
// life.
#include <sys/resource.h>

#include "workload.h"

namespace {

long switches() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

}  // namespace

int main(int argc, char** argv) {
    const long before = switches();
    for (long left = workload::number(argc, argv, 1); left > 0; --left) {
        ::usleep(1000);
    }
    std::printf("%ld\n", switches() - before);
}
