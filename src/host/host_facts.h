// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tally {

/// Paths of the files with facts about the machine; tests use others.
struct HostPaths {
    std::string proc = "/proc";
    std::string sys = "/sys";
};

/// The facts that decide whether this process can trace here. Reading them needs no rights.
struct HostFacts {
    std::string release;                ///< of the kernel: "6.1.0-18-amd64"
    std::uint64_t capabilities = 0;     ///< effective, a bit for each (capabilities(7))
    std::optional<std::uint64_t> user;  ///< effective user id
    bool initial_user_namespace = true;
    std::optional<std::uint64_t> btf_size;  ///< of the kernel's own types; none: not readable
    std::optional<std::string> lockdown;    ///< "none", "integrity", "confidentiality"; none: no
                                            ///< such file
    std::optional<std::uint64_t> memlock;   ///< RLIMIT_MEMLOCK in bytes; none: unlimited
    bool initial_pid_namespace = true;
    bool initial_cgroup_namespace = true;
    bool sees_all_processes = true;  ///< of its pid namespace: /proc may hide those of other users

    bool has_capability(int which) const { return (capabilities >> which & 1) != 0; }
    /// Whether it may load and attach tracing programs: with CAP_BPF and CAP_PERFMON, or
    /// CAP_SYS_ADMIN, which includes both (a17b53c4a4b5 "bpf, capability: Introduce CAP_BPF", 5.8).
    bool may_trace() const;
    /// If may_trace() is false: one sentence that says what is missing and what to do.
    std::string why_not() const;
};

/// Reads the facts about this process and its machine. For facts that cannot be read, the usual
/// values are assumed.
HostFacts read_host_facts(const HostPaths& paths);

}  // namespace tally
