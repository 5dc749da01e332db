// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// naps NUMBER
// Sleeps for a millisecond NUMBER times and ends. Unlike the others it neither waits to be told nor
// stays: it is a whole short life.
#include "workload.h"

int main(int argc, char** argv) {
    for (long left = workload::number(argc, argv, 1); left > 0; --left) {
        ::usleep(1000);
    }
}
