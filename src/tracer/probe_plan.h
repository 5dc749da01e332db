// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/kernel_hooks.h"
#include "model/listing.h"
#include "tracer/schema.h"

namespace tally {

/// Why a probe cannot be used on this kernel; none: no obstacle is known.
using ProbeJudge = std::function<std::optional<Obstacle>(const ProbeSchema&)>;

/// Which of a tracer's probes are used on this kernel (bpf/include/probes.bpf.h).
struct ProbePlan {
    struct Probe {
        ProbeSchema probe;
        bool is_chosen = false;
        std::string reason;  ///< why not, if it was examined; empty: a better way was there
    };
    std::vector<Probe> probes;  ///< in the order of the object

    /// Why the tracer cannot run: what it needs and does not find.
    std::optional<Obstacle> failure;

    /// What a run does without, and why: OPTIONAL_PROBES, and values of a CHOICE for which no value
    /// was asked for.
    struct Missing {
        std::string what;
        Obstacle obstacle;
        bool is_choice = false;
    };
    std::vector<Missing> missing;

    /// The functions of probes, by section; only in a plan for this kernel.
    std::map<std::string, FunctionTarget> targets;
};

/// Makes the plan. `chosen` has the values that were asked for of each CHOICE, by its name.
ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen,
                          const ProbeJudge& judge);

/// The same for this kernel; `hooks` must know all hooks of the tracer.
ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen,
                          KernelHooks& hooks);
ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen);

/// A failure as a sentence that names the tool.
std::string describe(const std::string& tool, const Obstacle& failure);

/// A plan for people and scripts (`--probe-plan`): a row for each probe.
Listing list_probes(const std::string& tool, const ProbePlan& plan);

}  // namespace tally
