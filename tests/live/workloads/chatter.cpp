// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// chatter PAIRS ROUNDS [COMM]
// PAIRS times two processes, each pair passing one byte to and fro ROUNDS times. If that is 0: for
// ever, with a sleep each time, which leaves the machine to others. COMM is the name they take.
// A read may find its byte there already and not sleep, so 2 * PAIRS * ROUNDS switches are what to
// expect, not the least there can be.
#include <vector>

#include "workload.h"

namespace {

struct Pipe {
    int ends[2];  ///< to read, to write
    Pipe() {
        if (::pipe(ends) != 0) {
            workload::fail("pipe");
        }
    }
};

[[noreturn]] void talk(int in, int out, long rounds, const char* comm) {
    if (comm != nullptr) {
        ::prctl(PR_SET_NAME, comm);
    }
    for (long i = 0; rounds == 0 || i < rounds; ++i) {
        workload::read_byte(in);
        if (rounds == 0) {
            ::usleep(1000);
        }
        workload::write_byte(out);
    }
    for (;;) {
        ::pause();
    }
}

}  // namespace

int main(int argc, char** argv) {
    long pairs = workload::number(argc, argv, 1);
    long rounds = workload::number(argc, argv, 2);
    const char* comm = argc > 3 ? argv[3] : nullptr;

    std::vector<int> starts;  // a byte written here sets a pair going
    for (long i = 0; i < pairs; ++i) {
        Pipe there;
        Pipe back;
        workload::fork_child([&] { talk(there.ends[0], back.ends[1], rounds, comm); });
        workload::fork_child([&] { talk(back.ends[0], there.ends[1], rounds, comm); });
        ::close(there.ends[0]);
        ::close(back.ends[0]);
        ::close(back.ends[1]);
        starts.push_back(there.ends[1]);
    }
    workload::wait_for_go();
    for (int start : starts) {
        workload::write_byte(start);
    }
    workload::stay();
}
