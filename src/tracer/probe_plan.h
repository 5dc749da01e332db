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

/// What stands against a probe on this kernel; none: nothing that is known.
using ProbeJudge = std::function<std::optional<Obstacle>(const ProbeSchema&)>;

/// Which of a tracer's probes are used on this kernel (bpf/include/probes.bpf.h).
struct ProbePlan {
    struct Probe {
        ProbeSchema probe;
        bool is_chosen = false;
        std::string reason;  ///< why not, if it was looked at; empty: a better way was there
    };
    std::vector<Probe> probes;  ///< in the order of the object

    /// Why the tracer cannot run: what is needed and is not there.
    std::optional<Obstacle> failure;

    /// What is missing in a run, and why: of OPTIONAL_PROBES, and values of a CHOICE of which
    /// none was asked for.
    struct Missing {
        std::string what;
        Obstacle obstacle;
        bool is_choice = false;
    };
    std::vector<Missing> missing;

    /// Of probes of functions, by their section; only in a plan by the kernel.
    std::map<std::string, FunctionTarget> targets;
};

/// Makes the plan. `chosen` has the values that were asked for of each CHOICE, by its name.
ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen,
                          const ProbeJudge& judge);

/// The same by this kernel, of which `hooks` must know all of the tracer's.
ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen,
                          KernelHooks& hooks);
ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen);

/// A failure as a sentence, of the tool's name.
std::string describe(const std::string& tool, const Obstacle& failure);

/// A plan for people and scripts (`--probe-plan`): a row for each probe.
Listing list_probes(const std::string& tool, const ProbePlan& plan);

}  // namespace tally
