// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/probe_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tally {
namespace {

/// What was decided about a group.
struct Decision {
    std::string way;                   ///< the chosen one; empty: none
    std::optional<Obstacle> obstacle;  ///< if none can be used: why not, of all ways together
    std::map<std::string, std::string> reasons;  ///< why not, by way
};

/// Chooses the first way that has no obstacle.
Decision decide(const TracerSchema& schema, const std::string& group, const ProbeJudge& judge) {
    std::map<std::string, std::vector<const ProbeSchema*>> ways;
    for (const ProbeSchema& each : schema.probes) {
        if (each.group == group) {
            ways[each.way].push_back(&each);
        }
    }
    Decision decision;
    Obstacle all;
    std::set<std::string> said;
    for (const auto& [way, probes] : ways) {
        std::optional<Obstacle> first;
        for (const ProbeSchema* each : probes) {
            if (!first) {
                first = judge(*each);
            }
        }
        if (!first) {
            decision.way = way;
            return decision;
        }
        decision.reasons[way] = first->reason;
        if (said.insert(first->reason).second) {
            all.reason += (all.reason.empty() ? "" : " and ") + first->reason;
        }
        if (first->is_refusal || !all.is_refusal) {
            all.advice = first->advice;
        }
        all.is_refusal = all.is_refusal || first->is_refusal;
    }
    decision.obstacle = all;
    return decision;
}

/// The choice and the value of a group: fs and ext4 for fs.ext4.read. Empty if it is of no
/// CHOICE().
std::pair<const ChoiceSchema*, std::string> choice_of(const TracerSchema& schema,
                                                      const std::string& group) {
    for (const ChoiceSchema& each : schema.choices) {
        if (group.starts_with(each.name + ".")) {
            const std::string rest = group.substr(each.name.size() + 1);
            return {&each, rest.substr(0, rest.find('.'))};
        }
    }
    return {nullptr, ""};
}

class Planner {
  public:
    Planner(const TracerSchema& schema,
            const std::map<std::string, std::vector<std::string>>& chosen, const ProbeJudge& judge)
        : schema_(schema), chosen_(chosen), judge_(judge) {}

    ProbePlan plan() {
        for (const ProbeSchema& each : schema_.probes) {
            if (each.group.empty()) {
                if (auto obstacle = judge_(each)) {
                    reasons_[each.program] = obstacle->reason;
                    fail(*obstacle);
                }
            } else if (!choice_of(schema_, each.group).first && !decisions_.contains(each.group)) {
                decide_group(each.group);
            }
        }
        for (const ChoiceSchema& each : schema_.choices) {
            decide_choice(each);
        }
        for (const ProbeSchema& each : schema_.probes) {
            plan_.probes.push_back(judged(each));
        }
        return std::move(plan_);
    }

  private:
    /// Only the first failure is reported.
    void fail(const Obstacle& obstacle) {
        if (!plan_.failure) {
            plan_.failure = obstacle;
        }
    }

    void decide_group(const std::string& group) {
        const Decision& decision = decisions_[group] = decide(schema_, group, judge_);
        if (!decision.obstacle) {
            return;
        }
        const auto optional =
            std::find_if(schema_.optional_probes.begin(), schema_.optional_probes.end(),
                         [&](const OptionalProbesSchema& each) { return each.group == group; });
        if (optional == schema_.optional_probes.end()) {
            fail(*decision.obstacle);
        } else {
            plan_.missing.push_back({optional->without, *decision.obstacle, false});
        }
    }

    /// A value is available if all of its groups are.
    void decide_choice(const ChoiceSchema& choice) {
        const auto asked = chosen_.find(choice.name);
        const bool is_asked = asked != chosen_.end() && !asked->second.empty();
        std::optional<Obstacle> worst;  // preferably of a hook that is there and refused
        bool any = false;
        for (const std::string& value : choice.values) {
            if (is_asked && std::find(asked->second.begin(), asked->second.end(), value) ==
                                asked->second.end()) {
                continue;
            }
            std::map<std::string, Decision> groups;
            std::optional<Obstacle> obstacle;
            for (const ProbeSchema& each : schema_.probes) {
                const auto [its_choice, its_value] = choice_of(schema_, each.group);
                if (its_choice != &choice || its_value != value || groups.contains(each.group)) {
                    continue;
                }
                Decision& decision = groups[each.group] = decide(schema_, each.group, judge_);
                if (!obstacle) {
                    obstacle = decision.obstacle;
                }
            }
            if (obstacle) {
                for (auto& [group, decision] : groups) {
                    decision.way.clear();  // never in part
                }
                if (!worst || (obstacle->is_refusal && !worst->is_refusal)) {
                    worst = obstacle;
                }
                if (is_asked) {
                    fail(*obstacle);
                } else {
                    plan_.missing.push_back({value, *obstacle, true});
                }
            }
            any = any || !obstacle;
            decisions_.merge(groups);
        }
        if (!any && worst) {
            fail(*worst);
        }
    }

    ProbePlan::Probe judged(const ProbeSchema& probe) const {
        ProbePlan::Probe result{probe, false, ""};
        if (probe.group.empty()) {
            const auto reason = reasons_.find(probe.program);
            result.is_chosen = reason == reasons_.end();
            result.reason = result.is_chosen ? "" : reason->second;
            return result;
        }
        const auto decision = decisions_.find(probe.group);
        if (decision == decisions_.end()) {
            return result;  // its value was not asked for
        }
        result.is_chosen = decision->second.way == probe.way;
        const auto reason = decision->second.reasons.find(probe.way);
        if (reason != decision->second.reasons.end()) {
            result.reason = reason->second;
        }
        return result;
    }

    const TracerSchema& schema_;
    const std::map<std::string, std::vector<std::string>>& chosen_;
    const ProbeJudge& judge_;
    std::map<std::string, Decision> decisions_;   ///< by group
    std::map<std::string, std::string> reasons_;  ///< by program, of those without a group
    ProbePlan plan_;
};

}  // namespace

ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen,
                          const ProbeJudge& judge) {
    return Planner(schema, chosen, judge).plan();
}

ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen) {
    std::vector<std::string> sections;
    for (const ProbeSchema& each : schema.probes) {
        sections.push_back(each.hook);
    }
    KernelHooks hooks(sections);
    return make_probe_plan(schema, chosen, hooks);
}

ProbePlan make_probe_plan(const TracerSchema& schema,
                          const std::map<std::string, std::vector<std::string>>& chosen,
                          KernelHooks& hooks) {
    ProbePlan plan = make_probe_plan(schema, chosen, ProbeJudge([&](const ProbeSchema& each) {
                                         return hooks.obstacle(each.hook, each.parameters);
                                     }));
    for (const ProbeSchema& each : schema.probes) {
        if (const auto target = hooks.target(each.hook)) {
            plan.targets.emplace(each.hook, *target);
        }
    }
    return plan;
}

std::string describe(const std::string& tool, const Obstacle& failure) {
    return fmt::format("{} cannot run on this kernel: {}; {}", tool, failure.reason,
                       failure.advice);
}

Listing list_probes(const std::string& tool, const ProbePlan& plan) {
    Listing listing{"probe", {"HOOK", "GROUP", "WAY", "USED", "WHY NOT"}, {}, "it has no probes"};
    for (const auto& [probe, is_chosen, reason] : plan.probes) {
        const auto or_null = [](const std::string& text) {
            return text.empty() ? Value() : Value(text);
        };
        listing.rows.push_back(
            {{probe.hook, probe.group, probe.way, is_chosen ? "yes" : "no", reason},
             {{"tool", tool},
              {"program", probe.program},
              {"hook", probe.hook},
              {"group", or_null(probe.group)},
              {"way", or_null(probe.way)},
              {"chosen", is_chosen},
              {"reason", or_null(reason)}}});
    }
    return listing;
}

}  // namespace tally
