// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// mounts N             N times each call that makes mounts and namespaces, as told in its loop
// mounts words WORD... one mount that fails for each of these names
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "workload.h"

namespace {

constexpr const char* kPlace = "/tmp/place";

/// The result of a call that must succeed.
long good(const char* what, long result) {
    if (result < 0) {
        workload::fail(what);
    }
    return result;
}

/// A call that must fail so.
void bad(const char* what, long result, int error) {
    if (result >= 0 || errno != error) {
        workload::fail(what);
    }
}

struct Attributes {
    std::uint64_t set, cleared, propagation, user_namespace;
};

void use_old_calls() {
    const auto place = reinterpret_cast<std::uintptr_t>(kPlace);
    good("mount",
         ::syscall(SYS_mount, "none", place, "tmpfs", MS_NOSUID | MS_NODEV, "size=1M,mode=700"));
    good("remount", ::syscall(SYS_mount, nullptr, place, nullptr, MS_REC | MS_PRIVATE, nullptr));
    good("umount2", ::syscall(SYS_umount2, kPlace, MNT_DETACH));
    bad("mount", ::syscall(SYS_mount, "none", place, "nosuchfs", 0xc0ed0000 | MS_RDONLY, nullptr),
        ENODEV);
    bad("pivot_root", ::syscall(SYS_pivot_root, "/tmp", "/nowhere"), ENOENT);
}

void use_new_calls() {
    const long system = good("fsopen", ::syscall(SYS_fsopen, "tmpfs", 1));
    good("fsconfig", ::syscall(SYS_fsconfig, system, 1, "size", "2M", 0));
    good("fsconfig", ::syscall(SYS_fsconfig, system, 6, nullptr, nullptr, 0));
    const long mount = good("fsmount", ::syscall(SYS_fsmount, system, 1, 2 | 4));
    good("move_mount", ::syscall(SYS_move_mount, mount, "", AT_FDCWD, kPlace, 4));
    Attributes attributes{1, 2, MS_PRIVATE, 0};
    good("mount_setattr",
         ::syscall(SYS_mount_setattr, AT_FDCWD, kPlace, 0x8000, &attributes, sizeof attributes));
    const long tree = good("open_tree", ::syscall(SYS_open_tree, AT_FDCWD, kPlace, 1 | O_CLOEXEC));
    const long picked = good("fspick", ::syscall(SYS_fspick, AT_FDCWD, kPlace, 1));
    for (const long each : {system, mount, tree, picked}) {
        ::close(static_cast<int>(each));
    }
    good("umount2", ::syscall(SYS_umount2, kPlace, 0));
}

void use_namespaces() {
    const int own = ::open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    good("unshare", ::syscall(SYS_unshare, CLONE_NEWUTS));
    good("setns", ::syscall(SYS_setns, own, CLONE_NEWUTS));
    ::close(own);
    clone_args arguments{};
    arguments.flags = CLONE_NEWIPC | CLONE_NEWNS;
    arguments.exit_signal = SIGCHLD;
    if (good("clone3", ::syscall(SYS_clone3, &arguments, sizeof arguments)) == 0) {
        ::_exit(0);
    }
    ::wait(nullptr);
    if (good("clone", ::syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0)) == 0) {
        ::_exit(0);
    }
    ::wait(nullptr);
    workload::fork_child([] {});  // no event
    ::wait(nullptr);
}

}  // namespace

int main(int argc, char** argv) {
    ::mkdir(kPlace, 0700);
    workload::wait_for_go();
    if (argc > 2 && std::string(argv[1]) == "words") {
        for (char** each = argv + 2; *each != nullptr; ++each) {
            ::syscall(SYS_mount, *each, "/nowhere", *each, 0, *each);
        }
    } else {
        const long count = workload::number(argc, argv, 1);
        for (long i = 0; i < count; ++i) {
            use_old_calls();
            use_new_calls();
            use_namespaces();
        }
    }
    std::puts("done");
    std::fflush(stdout);
    workload::stay();
}
