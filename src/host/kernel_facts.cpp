// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/kernel_facts.h"

#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>

#include "util/error.h"
#include "util/read_file.h"

namespace tally {
namespace {

bool has_capability(int which) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    if (::syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    return (data[which / 32].effective >> (which % 32)) & 1U;
}

}  // namespace

void check_tracing_is_possible() {
    const bool admin = has_capability(CAP_SYS_ADMIN);
    if (!admin && !(has_capability(CAP_BPF) && has_capability(CAP_PERFMON))) {
        throw Error("tracing needs root (CAP_BPF and CAP_PERFMON): run it with sudo");
    }
    if (::access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
        throw Error(
            "this kernel does not describe its types (no /sys/kernel/btf/vmlinux): it needs one "
            "built with CONFIG_DEBUG_INFO_BTF");
    }
}

std::uint32_t thread_number_limit() {
    const auto text = read_kernel_file("/proc/sys/kernel/pid_max");
    std::uint32_t limit = 4 * 1024 * 1024;  // PID_MAX_LIMIT, include/linux/threads.h
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), limit);
    }
    return limit;
}

bool has_task_storage() {
    return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, nullptr) == 1;
}

}  // namespace tally
