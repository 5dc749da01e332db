// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// capabilities N GIVEN_UP NESTED
// Sets the domain name N times, which takes CAP_SYS_ADMIN; gives that up and tries it GIVEN_UP
// times more; and, as a child in a user namespace of its own, sets the name there NESTED times.
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>

#include "workload.h"

namespace {

void set_name(long times, bool is_allowed) {
    for (long i = 0; i < times; ++i) {
        const int result = ::setdomainname("inside", 6);
        if (is_allowed ? result != 0 : result == 0 || errno != EPERM) {
            workload::fail("setdomainname");
        }
    }
}

void give_up_sys_admin() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2];
    if (::syscall(SYS_capget, &header, sets) != 0) {
        workload::fail("capget");
    }
    sets[0].effective &= ~(1U << CAP_SYS_ADMIN);
    if (::syscall(SYS_capset, &header, sets) != 0) {
        workload::fail("capset");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const long allowed = workload::number(argc, argv, 1);
    const long refused = workload::number(argc, argv, 2);
    const long nested = workload::number(argc, argv, 3);
    workload::wait_for_go();
    set_name(allowed, true);
    workload::fork_child([=] {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWUTS) != 0) {
            workload::fail("unshare");
        }
        set_name(nested, true);
    });
    ::wait(nullptr);
    give_up_sys_admin();
    set_name(refused, false);
    workload::stay();
}
