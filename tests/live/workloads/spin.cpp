// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// spin N
// N processes that never give up their CPU of their own accord.
#include "workload.h"

int main(int argc, char** argv) {
    long processes = workload::number(argc, argv, 1);
    workload::wait_for_go();
    for (long i = 0; i < processes; ++i) {
        workload::fork_child([] {
            volatile bool forever = true;
            while (forever) {
            }
        });
    }
    workload::stay();
}
