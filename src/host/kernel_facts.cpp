// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/kernel_facts.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sys/utsname.h>

#include <charconv>
#include <memory>

#include "host/host_facts.h"
#include "util/error.h"
#include "util/read_file.h"

namespace tally {

void check_tracing_is_possible() {
    const HostFacts facts = read_host_facts({});
    if (!facts.may_trace()) {
        throw Error(facts.why_not());
    }
    if (!facts.btf_size) {
        throw Error(
            "this kernel has no BTF (/sys/kernel/btf/vmlinux): tally needs one built with "
            "CONFIG_DEBUG_INFO_BTF");
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

std::string host_node_name() {
    utsname names{};
    return ::uname(&names) == 0 ? names.nodename : "";
}

bool has_task_storage() {
    return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, nullptr) == 1;
}

std::optional<std::uint32_t> cgroup_controller_number(const std::string& controller) {
    const std::unique_ptr<btf, decltype(&btf__free)> types(btf__load_vmlinux_btf(), btf__free);
    const std::int32_t id =
        types ? btf__find_by_name_kind(types.get(), "cgroup_subsys_id", BTF_KIND_ENUM) : -1;
    if (id < 0) {
        return std::nullopt;
    }
    // SUBSYS() in include/linux/cgroup_subsys.h; one has a new name in version 2.
    const std::string name = (controller == "blkio" ? "io" : controller) + "_cgrp_id";
    const btf_type* type = btf__type_by_id(types.get(), static_cast<std::uint32_t>(id));
    const struct btf_enum* values = btf_enum(type);
    for (int i = 0; i < btf_vlen(type); ++i) {
        if (name == btf__name_by_offset(types.get(), values[i].name_off)) {
            return static_cast<std::uint32_t>(values[i].val);
        }
    }
    return std::nullopt;
}

}  // namespace tally
