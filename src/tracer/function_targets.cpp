// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/function_targets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "util/file_descriptor.h"

namespace tally {
namespace {

/// By section: the same function for every object.
std::map<std::string, FunctionTarget> known;
std::map<std::string, FileDescriptor> modules;

/// The descriptor by which the kernel wants the types of a loaded module; -1: the module is gone.
int types_of(const std::string& module) {
    const auto [place, is_new] = modules.try_emplace(module);
    __u32 id = 0;
    while (is_new && !place->second && bpf_btf_get_next_id(id, &id) == 0) {
        FileDescriptor types(bpf_btf_get_fd_by_id(id));
        std::array<char, 64> name{};  // MODULE_NAME_LEN is less
        bpf_btf_info info{};
        info.name = reinterpret_cast<std::uintptr_t>(name.data());
        info.name_len = name.size();
        __u32 size = sizeof info;
        if (types && bpf_obj_get_info_by_fd(types.get(), &info, &size) == 0 &&
            module == std::string_view(name.data())) {
            place->second = std::move(types);
        }
    }
    return place->second.get();
}

int prepare(bpf_program* program, bpf_prog_load_opts* options, long) {
    const auto target = known.find(bpf_program__section_name(program));
    if (target == known.end()) {
        return -ESRCH;
    }
    options->attach_btf_id = target->second.id;
    if (!target->second.module.empty()) {
        const int types = types_of(target->second.module);
        if (types < 0) {
            return -ENOENT;
        }
        options->attach_btf_obj_fd = static_cast<__u32>(types);
    }
    return 0;
}

int attach(const bpf_program* program, long, bpf_link** link) {
    *link = bpf_program__attach_trace(program);
    return *link != nullptr ? 0 : -errno;
}

}  // namespace

void set_function_targets(const std::map<std::string, FunctionTarget>& targets) {
    known.insert(targets.begin(), targets.end());
}

void handle_function_sections() {
    static bool done = false;
    if (done) {
        return;
    }
    done = true;
    libbpf_prog_handler_opts options{};
    options.sz = sizeof options;
    options.prog_prepare_load_fn = prepare;
    options.prog_attach_fn = attach;
    libbpf_register_prog_handler("fentry+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, &options);
    libbpf_register_prog_handler("fexit+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, &options);
}

}  // namespace tally
