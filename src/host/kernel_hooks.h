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

/// Why a program cannot have its hook on this kernel.
struct Obstacle {
    std::string reason;       ///< "there is no function ovl_copy_up_one"
    std::string advice;       ///< what would help
    bool is_refusal = false;  ///< it is there, and the kernel does not let BPF have it
};

/// Where a function is described, as the kernel wants it named when a program for it is loaded.
struct FunctionTarget {
    std::uint32_t id = 0;  ///< of its type
    std::string module;    ///< whose types these are; empty: the kernel's own
};

/// What of this kernel BPF programs can be attached to: which tracepoints and functions there are,
/// by its BTF and that of loaded modules and by its symbols, and which kinds of hook it allows, by
/// one attempt at each. No kernel says the latter: some refuse fentry while all that can be read of
/// them says that it is there. Needs the rights to trace, and neither tracefs nor debugfs.
class KernelHooks {
  public:
    /// Of programs in these sections ("tp_btf/sched_switch", "fentry/vfs_read" ...), all that will
    /// be asked about: so nothing else is remembered of a hundred thousand types and symbols.
    explicit KernelHooks(const std::vector<std::string>& sections);

    /// What stands against a program of that section; none: nothing that is known before it is
    /// loaded. With `parameters`, a hook that has another number of them is not the one.
    std::optional<Obstacle> obstacle(const std::string& section,
                                     std::optional<std::uint32_t> parameters = std::nullopt);

    /// Of a program in that section, if it is one for a function that has types.
    std::optional<FunctionTarget> target(const std::string& section) const;

  private:
    /// Of a tracepoint or function, as BTF has it.
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
    std::unique_ptr<btf, BtfCloser> kernel_;  ///< types of it, once they were read
    bool types_read_ = false;
    std::map<std::string, Found> types_;
    bool symbols_read_ = false;
    std::set<std::string> symbols_;                          ///< of the wanted functions
    std::map<std::string, std::optional<Obstacle>> trials_;  ///< by kind
};

}  // namespace tally
