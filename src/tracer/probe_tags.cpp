// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/probe_tags.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "tracer/engine_names.h"
#include "util/error.h"
#include "util/split.h"

namespace tally {
namespace {

constexpr std::string_view kEngineTag = "engine:";

std::string tag_of_program(const BtfView& view, const std::string& program) {
    const std::int32_t function =
        btf__find_by_name_kind(view.types(), program.c_str(), BTF_KIND_FUNC);
    return function > 0 ? view.tag_of(static_cast<std::uint32_t>(function)) : "";
}

/// Programs of a THREAD_STATE() are loaded or not depending on how it is kept.
bool is_of_thread_state(const std::string& program, const TracerSchema& schema) {
    return std::any_of(
        schema.thread_states.begin(), schema.thread_states.end(), [&](const std::string& each) {
            return program == each + kThreadMadeEnding ||
                   program == each + kThreadsExistingEnding || program == each + kThreadGoneEnding;
        });
}

/// "probe:GROUP:WAY" or "probe:GROUP:WAY:PARAMETERS"
void read_probe_tag(const BtfView& view, const std::string& tag, ProbeSchema& probe) {
    const std::vector<std::string> parts = split(tag, ':');
    if (parts.size() < 3 || parts.size() > 4 || parts[0] != "probe" || parts[1].empty()) {
        throw Error("{}: '{}' is not declared with PROBE(...)", view.name(), probe.program);
    }
    probe.group = parts[1];
    probe.way = parts[2];
    if (parts.size() == 4) {
        std::uint32_t count = 0;
        const char* const end = parts[3].data() + parts[3].size();
        if (std::from_chars(parts[3].data(), end, count).ptr != end || parts[3].empty()) {
            throw Error("{}: '{}' is not declared with PROBE_WITH(...)", view.name(),
                        probe.program);
        }
        probe.parameters = count;
    }
}

/// Checks that OPTIONAL_PROBES() names existing groups; finds the values of each CHOICE() in the
/// groups' names.
void read_groups(const BtfView& view, const std::set<std::string>& groups, TracerSchema& schema) {
    for (const OptionalProbesSchema& each : schema.optional_probes) {
        if (!groups.contains(each.group)) {
            throw Error("{}: OPTIONAL_PROBES({}) names no PROBE()", view.name(), each.group);
        }
    }
    for (ChoiceSchema& each : schema.choices) {
        for (const std::string& group : groups) {
            const std::vector<std::string> parts = split(group, '.');
            if (parts.size() > 1 && parts[0] == each.name &&
                std::find(each.values.begin(), each.values.end(), parts[1]) == each.values.end()) {
                each.values.push_back(parts[1]);
            }
        }
        if (each.values.empty()) {
            throw Error("{}: CHOICE({}) has no PROBE() to choose from", view.name(), each.name);
        }
    }
}

}  // namespace

void read_engine(const BtfView& view, TracerSchema& schema) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, view.object()) {
        const std::string name = bpf_program__name(program);
        const std::string tag = tag_of_program(view, name);
        if (tag.starts_with(kEngineTag)) {
            schema.engine_programs.push_back({name, tag.substr(kEngineTag.size())});
        }
    }
    for (const Variable& each : view.variables()) {
        if (each.tag == "engine_map:") {
            schema.engine_maps.push_back(each.name);
        }
    }
}

void read_probes(const BtfView& view, TracerSchema& schema) {
    std::set<std::string> groups;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, view.object()) {
        ProbeSchema probe;
        probe.program = bpf_program__name(program);
        probe.hook = bpf_program__section_name(program);
        const std::string tag = tag_of_program(view, probe.program);
        if (probe.hook.starts_with("iter/") || tag.starts_with(kEngineTag) ||
            is_of_thread_state(probe.program, schema)) {
            continue;
        }
        if (!tag.empty()) {
            read_probe_tag(view, tag, probe);
            groups.insert(probe.group);
        }
        schema.probes.push_back(std::move(probe));
    }
    read_groups(view, groups, schema);
}

}  // namespace tally
