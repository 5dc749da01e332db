// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// pingpong first N | pingpong second
// Two of these, the output of one being the input of the other, send each other N bytes, one at a
// time: `first` waits for the answer to each before it sends the next. Each byte wakes its reader.
#include <cstring>

#include "workload.h"

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "first") == 0) {
        long bytes = workload::number(argc, argv, 2);
        workload::wait_for_go();
        for (long i = 0; i < bytes; ++i) {
            workload::write_byte(STDOUT_FILENO);
            if (!workload::read_byte(STDIN_FILENO)) {
                return 1;
            }
        }
        workload::stay();
    }
    while (workload::read_byte(STDIN_FILENO)) {
        workload::write_byte(STDOUT_FILENO);
    }
}
