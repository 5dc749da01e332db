// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

struct btf;

namespace tally {

/// Why a program cannot be attached to its hook on this kernel.
struct Obstacle {
    std::string reason;       ///< "there is no function ovl_copy_up_one"
    std::string advice;       ///< what would help
    bool is_refusal = false;  ///< the hook exists, but the kernel does not allow BPF to use it
};

/// The type of a function, which the kernel needs when a program for the function is loaded.
struct FunctionTarget {
    std::uint32_t id = 0;  ///< of its type
    std::string module;    ///< whose types these are; empty: the kernel's own
};

/// The hooks of this kernel: which tracepoints and functions exist, by its BTF, that of loaded
/// modules, and its symbols; and which kinds of hook it allows, by trying each once. No kernel
/// reports the latter: some refuse fentry although everything that can be read indicates that it
/// exists. Needs the rights to trace, and neither tracefs nor debugfs.
class KernelHooks {
  public:
    /// `sections` ("tp_btf/sched_switch", "fentry/vfs_read" ...) are all that will be asked for, so
    /// that nothing else of a hundred thousand types and symbols is kept.
    explicit KernelHooks(const std::vector<std::string>& sections);

    /// Why a program of that section cannot be attached; none: nothing known before it is loaded.
    /// With `parameters`, a hook with another number of parameters does not count.
    std::optional<Obstacle> obstacle(const std::string& section,
                                     std::optional<std::uint32_t> parameters = std::nullopt);

    /// The target of a program in that section, if it is a function with types.
    std::optional<FunctionTarget> target(const std::string& section) const;

  private:
    /// The facts from BTF about a tracepoint or function.
    struct Found {
        std::uint32_t parameters = 0;
        FunctionTarget target;
    };
    struct BtfCloser {
        void operator()(btf* types) const;
    };
    void read_types();
    void read_symbols();
    std::optional<Obstacle> obstacle_to_types(const std::string& what, const std::string& name,
                                              std::optional<std::uint32_t> parameters);
    const std::optional<Obstacle>& trial(const std::string& kind);

    std::set<std::string> wanted_;  ///< names in BTF: "vfs_read", "btf_trace_sched_switch"
    std::unique_ptr<btf, BtfCloser> kernel_;  ///< its types, once they were read
    bool types_read_ = false;
    std::map<std::string, Found> types_;
    bool symbols_read_ = false;
    std::set<std::string> symbols_;                          ///< of the wanted functions
    std::map<std::string, std::optional<Obstacle>> trials_;  ///< by kind
};

}  // namespace tally
