// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/privileges.h"

#include <bpf/bpf.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "session/system_call_filter.h"
#include "util/error.h"

namespace tally {
namespace {

/// A bit for each capability, as in /proc/PID/status.
using CapabilitySet = std::uint64_t;

constexpr CapabilitySet set_of(int capability) {
    return CapabilitySet{1} << capability;
}

/// The kernel's overflow id, on Debian and Fedora the user nobody: it owns no files.
constexpr uid_t kNobody = 65534;

void check(long result, const char* what) {
    if (result < 0) {
        throw Error("cannot give up privileges: {}: {}; --keep-privileges keeps them", what,
                    std::strerror(errno));
    }
}

CapabilitySet effective_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> halves{};
    check(::syscall(SYS_capget, &header, halves.data()), "capget");
    return halves[0].effective | CapabilitySet{halves[1].effective} << 32;
}

/// Leaves nothing inheritable, and therefore nothing ambient (capabilities(7)).
void set_capabilities(CapabilitySet effective, CapabilitySet permitted) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const auto half = [&](int shift) {
        return __user_cap_data_struct{static_cast<std::uint32_t>(effective >> shift),
                                      static_cast<std::uint32_t>(permitted >> shift), 0};
    };
    const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> halves{half(0), half(32)};
    check(::syscall(SYS_capset, &header, halves.data()), "capset");
}

/// Drops all capabilities that a program run from here could gain, one by one, until the kernel
/// knows no more of them.
void empty_bounding_set() {
    for (unsigned long capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;
         ++capability) {
    }
}

/// Root without any capability still owns /etc, and most of /proc/sys. Permitted capabilities are
/// kept.
void become_nobody() {
    check(::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS");
    check(::setgroups(0, nullptr), "setgroups");
    check(::setresgid(kNobody, kNobody, kNobody), "setresgid");
    check(::setresuid(kNobody, kNobody, kNobody), "setresuid");
}

/// Whether a map can be read with the capabilities in effect. From 5.19 on bpf(2) allows it to any
/// holder of the descriptor (c8644cd0efe7 "bpf: refine kernel.unprivileged_bpf_disabled
/// behaviour"); earlier kernels refuse everything before they look at the descriptor.
bool maps_can_be_read() {
    std::uint64_t key = 0;
    std::uint64_t value = 0;
    return bpf_map_lookup_elem(-1, &key, &value) != -EPERM;
}

}  // namespace

void give_up_privileges(const StillNeeded& needed) {
    const CapabilitySet had = effective_capabilities();
    const auto has = [&](int capability) { return (had & set_of(capability)) != 0; };
    // The process that started tally may have asked the kernel to signal tally when it dies. A
    // change of the user id clears that.
    int death_signal = 0;
    check(::prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0), "PR_GET_PDEATHSIG");

    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
    if (has(CAP_SETPCAP)) {
        empty_bounding_set();
    }
    if (::geteuid() == 0 && has(CAP_SETUID) && has(CAP_SETGID)) {
        become_nobody();
    }
    CapabilitySet kept = 0;
    if (needed.names) {
        kept |= set_of(CAP_DAC_READ_SEARCH);
    }
    if (needed.command > 0) {
        kept |= set_of(CAP_KILL);  // its user id is not ours
    }
    kept &= had;
    set_capabilities(kept, had);
    if (!maps_can_be_read()) {
        kept |= had & set_of(has(CAP_BPF) ? CAP_BPF : CAP_SYS_ADMIN);
    }
    set_capabilities(kept, kept);
    check(::prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0), "PR_SET_PDEATHSIG");
    limit_system_calls(needed.command);
}

}  // namespace tally
