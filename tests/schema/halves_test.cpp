// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What is not loaded of a tool that can do two things. Needs no root.
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tracer/halves.h"
#include "tracer/registry.h"
#include "tracer/schema_reader.h"

namespace tally {
namespace {

using Names = std::set<std::string>;

/// Maps and programs that one half of a tool does without.
struct LeftOut {
    Names maps, programs;
};

LeftOut left_out(const char* tool, bool tells_events) {
    const OpenedObject object(tool, find_tool(tool)->object);
    TracerSchema schema = read_schema(object.get(), tool);
    LeftOut names;
    keep_half(object, schema, tells_events);
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object.get()) {
        if (!bpf_map__autocreate(map)) {
            names.maps.insert(bpf_map__name(map));
        }
    }
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        if (!bpf_program__autoload(program)) {
            names.programs.insert(bpf_program__name(program));
        }
    }
    return names;
}

TEST(Halves, OfRunqlat) {
    const LeftOut telling = left_out("runqlat", true);
    EXPECT_EQ(telling.maps, (Names{"waits", "waits_index", "waits_free"}));
    EXPECT_EQ(telling.programs, (Names{"waits_in_flight"}));

    const LeftOut measuring = left_out("runqlat", false);
    EXPECT_EQ(measuring.maps, (Names{"tally_events", "slow_waits"}));
    EXPECT_TRUE(measuring.programs.empty());
}

TEST(Halves, OfSyslat) {
    const LeftOut telling = left_out("syslat", true);
    EXPECT_EQ(telling.maps, (Names{"calls", "calls_index", "calls_free"}));
    EXPECT_EQ(telling.programs, (Names{"calls_in_flight"}));

    const LeftOut measuring = left_out("syslat", false);
    EXPECT_EQ(measuring.maps, (Names{"tally_events", "slow_calls", "meant_to_wait"}));
    EXPECT_TRUE(measuring.programs.empty());
}

TEST(Halves, OfFsdist) {
    const LeftOut telling = left_out("fsdist", true);
    EXPECT_EQ(telling.maps, (Names{"operations", "operations_index", "operations_free"}));
    EXPECT_EQ(telling.programs, (Names{"operations_in_flight"}));

    const LeftOut measuring = left_out("fsdist", false);
    EXPECT_EQ(measuring.maps, (Names{"tally_events", "slow_operations", "asking_by_number",
                                     "asking_by_address", "asking_by_task"}));
    EXPECT_EQ(measuring.programs,
              (Names{"asking_thread_gone", "asking_thread_made", "asking_threads_existing"}));
}

TEST(Halves, WhatIsLeftOutLeavesTheSchema) {
    const OpenedObject object("fsdist", find_tool("fsdist")->object);
    TracerSchema schema = read_schema(object.get(), "fsdist");
    ASSERT_EQ(schema.thread_states.size(), 2U);
    keep_half(object, schema, false);
    EXPECT_EQ(schema.thread_states, (std::vector<std::string>{"operating"}));
    EXPECT_TRUE(schema.events.empty());
    EXPECT_EQ(schema.histograms.size(), 1U);
}

}  // namespace
}  // namespace tally
