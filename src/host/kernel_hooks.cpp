// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/kernel_hooks.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "host/host_facts.h"
#include "util/file_descriptor.h"
#include "util/read_file.h"

namespace tally {
namespace {

constexpr std::string_view kTracepoint = "btf_trace_";  // the typedef of each, in BTF
constexpr const char* kTypes = "/sys/kernel/btf";
constexpr const char* kKprobes = "/sys/bus/event_source/devices/kprobe/type";

/// "fentry/vfs_read" -> fentry, vfs_read
std::pair<std::string, std::string> parts_of(const std::string& section) {
    const std::size_t slash = section.find('/');
    return {section.substr(0, slash), slash == std::string::npos ? "" : section.substr(slash + 1)};
}

bool is_tracepoint(std::string_view kind) {
    return kind == "tp_btf" || kind == "raw_tp" || kind == "raw_tracepoint";
}
bool is_trampoline(std::string_view kind) {
    return kind == "fentry" || kind == "fexit";
}
bool is_kprobe(std::string_view kind) {
    return kind == "kprobe" || kind == "kretprobe";
}

/// How many parameters a function type has; a tracepoint's first, `__data`, is not one of them.
std::uint32_t parameters_of(const btf* types, const btf_type* type) {
    const bool is_tracepoint = btf_is_typedef(type);
    while (type != nullptr && (btf_is_typedef(type) || btf_is_ptr(type) || btf_is_func(type))) {
        type = btf__type_by_id(types, type->type);
    }
    const std::uint32_t count =
        type != nullptr && btf_is_func_proto(type) ? btf_vlen(type) : std::uint32_t{0};
    return is_tracepoint && count > 0 ? count - 1 : count;
}

bpf_insn code(int operation, int destination = 0, int source = 0, int offset = 0, int value = 0) {
    bpf_insn instruction{};
    instruction.code = static_cast<__u8>(operation);
    instruction.dst_reg = static_cast<__u8>(destination & 0xf);
    instruction.src_reg = static_cast<__u8>(source & 0xf);
    instruction.off = static_cast<__s16>(offset);
    instruction.imm = value;
    return instruction;
}

/// Loads a program that only calls the helpers that bodies of FUNCTION_ENTRY and FUNCTION_RETURN
/// need: the current task, as a pointer that may be followed (5.11, 3ca1032ab7ab "bpf: Implement
/// get_current_task_btf and RET_PTR_TO_BTF_ID"), and in fexit the result (5.17).
FileDescriptor load_trial(bpf_prog_type type, bpf_attach_type attach, std::uint32_t function) {
    std::vector<bpf_insn> program;
    if (attach == BPF_TRACE_FEXIT) {
        program = {code(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8),
                   code(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10),
                   code(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -8),
                   code(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_func_ret)};
    }
    program.push_back(code(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_task_btf));
    program.push_back(code(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0));
    program.push_back(code(BPF_JMP | BPF_EXIT));
    bpf_prog_load_opts options{};
    options.sz = sizeof options;
    options.expected_attach_type = attach;
    options.attach_btf_id = function;
    return FileDescriptor(
        bpf_prog_load(type, "tally_trial", "GPL", program.data(), program.size(), &options));
}

constexpr const char* kAllowed = "it needs a kernel that lets BPF hook functions";
constexpr const char* kVersion = "it needs another version of Linux";
constexpr const char* kThere =
    "if it is in a module, load the module first (for a file system, mount one)";

Obstacle refusal(std::string reason) {
    return {std::move(reason), kAllowed, true};
}

/// After a failed load: the verifier does not know a helper, or all loading is forbidden.
Obstacle not_loaded(const char* since) {
    return errno == EINVAL
               ? Obstacle{fmt::format("it needs a helper of Linux {}", since), kVersion, true}
               : refusal(std::strerror(errno));
}

/// Attaches one for a moment. Returns the obstacle, if any.
std::optional<Obstacle> try_trampoline(const btf* types, bool at_return) {
    std::int32_t function = -1;
    // The first exists for the kernel's own tests, and never runs.
    for (const char* each : {"bpf_fentry_test1", "vfs_read", "do_exit"}) {
        function = types != nullptr ? btf__find_by_name_kind(types, each, BTF_KIND_FUNC) : -1;
        if (function > 0) {
            break;
        }
    }
    if (function <= 0) {
        return refusal("there is no function to try it on");
    }
    const FileDescriptor program =
        load_trial(BPF_PROG_TYPE_TRACING, at_return ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY,
                   static_cast<std::uint32_t>(function));
    if (!program) {
        return not_loaded(at_return ? "5.17" : "5.11");
    }
    const FileDescriptor link(bpf_raw_tracepoint_open(nullptr, program.get()));
    return link ? std::nullopt : std::optional(refusal(std::strerror(errno)));
}

/// The same for kprobes, which are attached to a descriptor from perf_event_open().
std::optional<Obstacle> try_kprobe(bool at_return) {
    const auto type = read_kernel_file(kKprobes);
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    if (!type || std::from_chars(type->data(), type->data() + type->size(), attributes.type).ec !=
                     std::errc()) {
        return refusal("there are no kprobes");
    }
    attributes.config = at_return;  // "config:0", as in format/retprobe beside it
    attributes.kprobe_func = reinterpret_cast<std::uintptr_t>("vfs_read");
    const FileDescriptor event(static_cast<int>(
        ::syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
    if (!event) {
        return refusal(std::strerror(errno));
    }
    return load_trial(BPF_PROG_TYPE_KPROBE, bpf_attach_type{}, 0)
               ? std::nullopt
               : std::optional(not_loaded("5.11"));
}

/// For tests of the other ways: the kinds of hook to treat as refused.
constexpr const char* kRefused = "TALLY_REFUSED_HOOKS";

bool is_told_to_be_refused(const std::string& kind) {
    const char* kinds = std::getenv(kRefused);
    return kinds != nullptr &&
           fmt::format(",{},", kinds).find("," + kind + ",") != std::string::npos;
}

}  // namespace

void KernelHooks::BtfCloser::operator()(btf* types) const {
    btf__free(types);
}

KernelHooks::KernelHooks(const std::vector<std::string>& sections) {
    for (const std::string& section : sections) {
        const auto [kind, name] = parts_of(section);
        wanted_.insert(is_tracepoint(kind) ? std::string(kTracepoint) + name : name);
    }
}

/// One pass over the kernel's types, and over those of modules while something is missing.
void KernelHooks::read_types() {
    types_read_ = true;
    kernel_.reset(btf__load_vmlinux_btf());
    if (!kernel_) {
        return;
    }
    const auto look_through = [&](const btf* types, std::uint32_t first,
                                  const std::string& module) {
        const std::uint32_t end = btf__type_cnt(types);
        for (std::uint32_t id = first; id < end; ++id) {
            const btf_type* type = btf__type_by_id(types, id);
            if (!btf_is_func(type) && !btf_is_typedef(type)) {
                continue;
            }
            const char* name = btf__name_by_offset(types, type->name_off);
            if (name == nullptr ||
                btf_is_typedef(type) != std::string_view(name).starts_with(kTracepoint)) {
                continue;
            }
            const auto found = wanted_.find(name);
            if (found != wanted_.end()) {
                types_.try_emplace(*found, Found{parameters_of(types, type), {id, module}});
            }
        }
    };
    look_through(kernel_.get(), 1, "");
    std::error_code error;
    for (const auto& each : std::filesystem::directory_iterator(kTypes, error)) {
        if (types_.size() == wanted_.size()) {
            break;
        }
        if (each.path().filename() == "vmlinux") {
            continue;
        }
        const std::unique_ptr<btf, BtfCloser> module(
            btf__parse_split(each.path().c_str(), kernel_.get()));
        if (module) {
            look_through(module.get(), btf__type_cnt(kernel_.get()), each.path().filename());
        }
    }
}

/// "ffffffff81000000 T vfs_read" or "... t ovl_copy_up_one\t[overlay]", some 200,000 of them.
void KernelHooks::read_symbols() {
    symbols_read_ = true;
    const auto close = [](std::FILE* file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen("/proc/kallsyms", "re"),
                                                           close);
    std::array<char, 1024> line;
    while (file && std::fgets(line.data(), line.size(), file.get()) != nullptr) {
        const std::string_view text(line.data());
        const std::size_t space = text.find(' ');
        if (space == std::string_view::npos || space + 3 >= text.size() ||
            (text[space + 1] != 't' && text[space + 1] != 'T')) {
            continue;
        }
        const std::string_view rest = text.substr(space + 3);
        const std::string name(rest.substr(0, rest.find_first_of("\t\n ")));
        if (wanted_.contains(name)) {
            symbols_.insert(name);
        }
    }
}

/// The obstacle to a kind of hook, if any.
const std::optional<Obstacle>& KernelHooks::trial(const std::string& kind) {
    const auto [place, is_new] = trials_.try_emplace(kind);
    if (is_new && is_told_to_be_refused(kind)) {
        place->second = refusal(std::string(kRefused) + " says so");
    } else if (is_new && is_trampoline(kind)) {
        place->second = try_trampoline(kernel_.get(), kind == "fexit");
    } else if (is_new) {
        place->second = try_kprobe(kind == "kretprobe");
    }
    return place->second;
}

std::optional<Obstacle> KernelHooks::obstacle_to_types(const std::string& what,
                                                       const std::string& name,
                                                       std::optional<std::uint32_t> parameters) {
    const auto found = types_.find(what == "tracepoint" ? std::string(kTracepoint) + name : name);
    if (found == types_.end()) {
        return Obstacle{fmt::format("there is no {} {}", what, name),
                        what == "tracepoint" ? kVersion : kThere};
    }
    if (parameters && found->second.parameters != *parameters) {
        return Obstacle{fmt::format("{} {} differs on this kernel ({} parameters, not {})", what,
                                    name, found->second.parameters, *parameters),
                        kVersion};
    }
    return std::nullopt;
}

std::optional<FunctionTarget> KernelHooks::target(const std::string& section) const {
    const auto [kind, name] = parts_of(section);
    const auto found = types_.find(name);
    return is_trampoline(kind) && found != types_.end() ? std::optional(found->second.target)
                                                        : std::nullopt;
}

std::optional<Obstacle> KernelHooks::obstacle(const std::string& section,
                                              std::optional<std::uint32_t> parameters) {
    const auto [kind, name] = parts_of(section);
    if (!types_read_) {
        read_types();
    }
    if (!kernel_) {
        return std::nullopt;  // the load will report the obstacle
    }
    if (is_tracepoint(kind)) {
        return obstacle_to_types("tracepoint", name, parameters);
    }
    if (!is_trampoline(kind) && !is_kprobe(kind)) {
        return std::nullopt;
    }
    if (is_kprobe(kind)) {
        if (!symbols_read_) {
            read_symbols();
        }
        if (!symbols_.contains(name)) {
            return Obstacle{fmt::format("there is no function {}", name), kThere};
        }
    }
    // A function without types (of a module, in 5.10) is identified only by its name.
    if (is_trampoline(kind) || (parameters && types_.contains(name))) {
        if (auto found = obstacle_to_types("function", name, parameters)) {
            return found;
        }
    }
    if (const auto& refused = trial(kind)) {
        return Obstacle{fmt::format("{} is refused ({})", section, refused->reason),
                        refused->advice, true};
    }
    // libbpf looks up the types of modules by their ids, for which CAP_BPF is not enough.
    if (is_trampoline(kind) && !types_.at(name).target.module.empty() &&
        !read_host_facts({}).has_capability(CAP_SYS_ADMIN)) {
        return Obstacle{fmt::format("{} is in a module, and CAP_SYS_ADMIN is missing", section),
                        "run it as root"};
    }
    return std::nullopt;
}

}  // namespace tally
