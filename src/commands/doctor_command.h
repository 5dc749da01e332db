// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/host_facts.h"
#include "model/listing.h"
#include "util/error.h"

namespace tally {

/// One thing that `tally doctor` looked at.
struct Check {
    enum class Status { ok, warn, fail };
    std::string name;  ///< "btf"; of a tool, its name
    bool is_tool = false;
    Status status = Status::ok;
    std::string finding;  ///< what was found
    std::string advice;   ///< one sentence: what helps; empty if ok
};

/// What the facts mean for tracing. `counts_memory`: whether maps count against RLIMIT_MEMLOCK;
/// none: not known.
std::vector<Check> judge(const HostFacts& facts, std::optional<bool> counts_memory);

/// Checks as records and as a table.
Listing list_checks(const std::vector<Check>& checks);

/// `tally doctor ARGUMENT...`: judges the machine, then loads, attaches and detaches each tool, if
/// this process may. Status 1 if a tool does not run here. Throws UsageError.
ExitStatus run_doctor(const std::vector<std::string>& arguments);

}  // namespace tally
