// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>

namespace tally {

/// How much memory BPF maps and programs may take, in bytes; none: as much as there is. Before 5.11
/// (4b0986fca5a4 "bpf: Eliminate rlimit-based memory accounting") it is counted against
/// RLIMIT_MEMLOCK, for all processes of a user together; how much of it other processes use cannot
/// be read. The limit is raised as far as allowed: CAP_SYS_RESOURCE lifts it.
std::optional<std::uint64_t> lockable_memory();

}  // namespace tally
