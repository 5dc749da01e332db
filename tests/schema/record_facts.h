// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <vector>

#include "container/containers.h"
#include "tracer/registry.h"

namespace tally {

/// What scripts find in the records of a tool: the members of JSON, the headings of CSV, one a
/// line. By the code that a run goes through, with samples instead of a kernel: `cgroups`, which
/// `containers` knows, give the names.
std::vector<std::string> record_facts(const Tool& tool, Containers& containers,
                                      const std::vector<CgroupId>& cgroups);

}  // namespace tally
