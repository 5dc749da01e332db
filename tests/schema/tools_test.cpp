// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Every tool declares what it should, and code, page and list agree. Needs no root.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "collect/grouping.h"
#include "program.h"
#include "tracer/registry.h"
#include "tracer/tracer.h"
#include "util/error.h"

namespace tally {
namespace {

namespace fs = std::filesystem;

std::set<std::string> names_in(const std::string& folder, const std::string& ending) {
    std::set<std::string> names;
    for (const auto& each : fs::directory_iterator(fs::path(TALLY_SOURCE_DIR) / folder)) {
        const std::string name = each.path().filename();
        if (name.ends_with(ending)) {
            names.insert(name.substr(0, name.size() - ending.size()));
        }
    }
    return names;
}

std::set<std::string> registered() {
    std::set<std::string> names;
    for (const Tool* each : all_tools()) {
        names.insert(std::string(each->name));
    }
    return names;
}

/// Those that a file in tools/ is called by.
std::set<std::string> first_names() {
    std::set<std::string> names = registered();
    for (const Tool* each : all_tools()) {
        for (const Tool& further : each->further_names) {
            EXPECT_EQ(names.erase(std::string(further.name)), 1U)
                << further.name << " is the name of more than one tool";
        }
    }
    return names;
}

TEST(Tools, EveryBpfFileHasItsToolAndEveryNameItsPage) {
    ASSERT_FALSE(registered().empty());
    EXPECT_EQ(first_names(), names_in("bpf", ".bpf.c"));
    EXPECT_EQ(first_names(), names_in("tools", ".cpp"));
    EXPECT_EQ(registered(), names_in("docs/tools", ".md"));
}

TEST(Tools, DeclareASummaryAndSomethingToMeasure) {
    for (const Tool* each : all_tools()) {
        SCOPED_TRACE(each->name);
        const Tracer tracer(*each);
        const TracerSchema& schema = tracer.schema();
        EXPECT_FALSE(schema.summary.empty());
        EXPECT_FALSE(schema.summary.ends_with("."));
        EXPECT_FALSE(schema.slots().empty() && schema.events.empty());
        EXPECT_FALSE(each->description.empty());
        EXPECT_FALSE(each->examples.empty());
        for (const SlotsSchema* slots : schema.slots()) {
            SCOPED_TRACE(slots->name);
            ASSERT_GE(slots->key.size(), 4U);
            EXPECT_EQ(slots->key[0].type->name, "cgroup_id");
            EXPECT_EQ(slots->key[1].type->name, "pid_nr");
            EXPECT_EQ(slots->key[2].type->name, "tid_nr");
            EXPECT_EQ(slots->key[3].type->name, "comm");
            EXPECT_EQ(slots->has_own_keys, slots->key.size() > 4);
            EXPECT_EQ(slots->shard_offset + 8, slots->key_size);
        }
        for (const char* reason : {"before_attach", "map_full", "negative_time"}) {
            EXPECT_NE(std::find(schema.losses.begin(), schema.losses.end(), reason),
                      schema.losses.end())
                << reason;
        }
    }
}

TEST(Tools, HaveTheSameEngine) {
    const std::map<std::string, int> programs{
        {"cgroups", 6}, {"processes", 1}, {"reader", 1}, {"tree", 4}};
    const std::set<std::string> maps{
        "tally_cgroup_events", "tally_engine_counters", "tally_processes_seen", "target_cgroups",
        "target_comms",        "target_pids",           "target_tids",          "target_tree"};
    for (const Tool* each : all_tools()) {
        SCOPED_TRACE(each->name);
        const Tracer tracer(std::string(each->name), each->object);
        const TracerSchema& schema = tracer.schema();
        std::map<std::string, int> jobs;
        for (const EngineProgram& program : schema.engine_programs) {
            ++jobs[program.job];
        }
        EXPECT_EQ(jobs, programs);
        EXPECT_EQ(std::set(schema.engine_maps.begin(), schema.engine_maps.end()), maps);
        for (const ProbeSchema& probe : schema.probes) {
            EXPECT_NE(probe.program.substr(0, 13), "tally_cgroup_");
        }
    }
}

TEST(Tools, AreNamedWhereANameIsNearlyRight) {
    const std::vector<std::pair<std::string, std::string>> mistyped{
        {"runqlatt", "'runqlatt'; did you mean runqlat? ('tally list' lists the tools)"},
        {"help sysslow", "'sysslow'; did you mean sysslower? ('tally list' lists the tools)"},
        {"runqlat,sysslow", "'sysslow'; did you mean sysslower? ('tally list' lists the tools)"},
        {"execsnop -d 1", "'execsnop'; did you mean execsnoop? ('tally list' lists the tools)"}};
    for (const auto& [line, sentence] : mistyped) {
        const Outcome outcome = run_program(words_of(line));
        EXPECT_EQ(outcome.status, 2);
        EXPECT_EQ(outcome.errors, "tally: unknown tool " + sentence + "\n");
    }
}

TEST(Tools, OptionsOfTheirOwnTakeNoCommonName) {
    for (const Tool* each : all_tools()) {
        SCOPED_TRACE(each->name);
        const Tracer tracer(*each);
        // CLI11 throws for an option that is there already.
        const auto help = parse_tool_arguments(*each, tracer.schema(), {"--help"});
        ASSERT_TRUE(std::holds_alternative<HelpText>(help));
        for (const OptionSchema& option : tracer.schema().options) {
            EXPECT_NE(std::get<HelpText>(help).text.find("--" + option.name), std::string::npos);
        }
    }
}

TEST(Runqlat, DeclaresWhatItsPageSays) {
    const Tool* runqlat = find_tool("runqlat");
    ASSERT_NE(runqlat, nullptr);
    const Tracer tracer("runqlat", runqlat->object);
    ASSERT_EQ(tracer.schema().histograms.size(), 1U);
    const HistogramSchema& waits = tracer.schema().histograms[0];
    EXPECT_EQ(waits.name, "waits");
    EXPECT_EQ(waits.unit, Unit::nanoseconds);
    EXPECT_TRUE(waits.has_in_flight);
    ASSERT_EQ(tracer.schema().options.size(), 1U);
    const OptionSchema& option = tracer.schema().options[0];
    EXPECT_EQ(option.name, "min-us");
    EXPECT_EQ(option.variable, "min_us");
    EXPECT_FALSE(option.is_flag);
    EXPECT_EQ(option.initial, 0U);
    EXPECT_EQ(option.largest, ~0ULL);
}

TEST(Runqslower, IsRunqlatWithEventsAndAnotherDefault) {
    const Tool* runqslower = find_tool("runqslower");
    ASSERT_NE(runqslower, nullptr);
    EXPECT_EQ(runqslower->object.data(), find_tool("runqlat")->object.data());
    const Tracer tracer(*runqslower);
    const TracerSchema& schema = tracer.schema();
    EXPECT_EQ(tracer.name(), "runqslower");
    EXPECT_FALSE(schema.has_both());
    EXPECT_TRUE(schema.slots().empty());
    ASSERT_EQ(schema.events.size(), 1U);
    EXPECT_EQ(schema.events[0].name, "slow_waits");
    EXPECT_NE(schema.summary, Tracer(*find_tool("runqlat")).schema().summary);
    ASSERT_EQ(schema.options.size(), 1U);
    EXPECT_EQ(schema.options[0].initial, 10'000U);

    const auto parse = [&](std::vector<std::string> arguments) {
        return parse_tool_arguments(*runqslower, schema, std::move(arguments));
    };
    EXPECT_TRUE(std::get<Request>(parse({})).tracers[0].options.empty());
    EXPECT_EQ(std::get<Request>(parse({"--min-us", "5"})).tracers[0].options.at("min_us"), 5U);
    const std::string help = std::get<HelpText>(parse({"--help"})).text;
    EXPECT_NE(help.find("(default: 10000)"), std::string::npos);
    EXPECT_EQ(help.find("--events"), std::string::npos);
    EXPECT_THROW(parse({"--events"}), UsageError);
}

TEST(Sysslower, HidesWhatSyslatHasForItsHistograms) {
    const Tracer tracer(*find_tool("sysslower"));
    std::vector<std::string> options;
    for (const OptionSchema& each : tracer.schema().options) {
        options.push_back(each.name);
    }
    EXPECT_EQ(options, (std::vector<std::string>{"min-us", "waiting"}));
}

TEST(Tools, RefuseAnOptionOfEventsWhereTheySumUp) {
    const Tool* syslat = find_tool("syslat");
    ASSERT_NE(syslat, nullptr);
    const Tracer tracer(*syslat);
    const auto parse = [&](std::vector<std::string> arguments) {
        return parse_tool_arguments(*syslat, tracer.schema(), std::move(arguments));
    };
    EXPECT_EQ(std::get<Request>(parse({"--waiting", "--events"})).tracers[0].options.at("waiting"),
              1U);
    EXPECT_NE(std::get<HelpText>(parse({"--help"})).text.find("with --events: include calls"),
              std::string::npos);
    try {
        parse({"--waiting"});
        ADD_FAILURE() << "not refused";
    } catch (const UsageError& error) {
        EXPECT_STREQ(error.what(), "--waiting applies only to events: add --events");
    }
}

TEST(Tools, ANameThatTheObjectDoesNotKnowTheOptionsOfIsRefused) {
    Tool name = *find_tool("runqslower");
    name.hidden = {"weather"};
    EXPECT_THROW(Tracer{name}, Error);
    name = *find_tool("runqslower");
    name.defaults = {{"weather", 1}};
    EXPECT_THROW(Tracer{name}, Error);
    name = *find_tool("syscount");
    name.tells_events = true;
    EXPECT_THROW(Tracer{name}, Error);
}

TEST(Syslat, DeclaresWhatItsPageSays) {
    const Tool* syslat = find_tool("syslat");
    ASSERT_NE(syslat, nullptr);
    const Tracer tracer("syslat", syslat->object);
    const TracerSchema& schema = tracer.schema();
    EXPECT_EQ(schema.by, (std::vector<std::string>{"container", "syscall"}));
    ASSERT_EQ(schema.histograms.size(), 1U);
    EXPECT_EQ(schema.histograms[0].unit, Unit::nanoseconds);
    EXPECT_TRUE(schema.histograms[0].has_in_flight);
    EXPECT_EQ(schema.histograms[0].key[4].type->name, "syscall_nr");
    EXPECT_EQ(schema.histograms[0].key[5].type->name, "errno_nr");
    ASSERT_EQ(schema.selections.size(), 1U);
    EXPECT_EQ(schema.selections[0].name, "syscall");
    EXPECT_EQ(schema.selections[0].letter, "s");
    EXPECT_EQ(schema.selections[0].value.type->name, "syscall_nr");
    EXPECT_EQ(schema.selections[0].value.size, 4U);
}

TEST(Fsdist, DeclaresWhatItsPageSays) {
    const Tool* fsdist = find_tool("fsdist");
    ASSERT_NE(fsdist, nullptr);
    const Tracer tracer("fsdist", fsdist->object);
    const TracerSchema& schema = tracer.schema();
    EXPECT_EQ(schema.by, (std::vector<std::string>{"container", "fs", "operation"}));
    ASSERT_EQ(schema.choices.size(), 1U);
    EXPECT_EQ(schema.choices[0].name, "fs");
    EXPECT_EQ(schema.choices[0].values,
              (std::vector<std::string>{"btrfs", "ext4", "nfs", "overlay", "xfs"}));
    ASSERT_EQ(schema.histograms.size(), 1U);
    EXPECT_TRUE(schema.histograms[0].has_in_flight);
}

TEST(Fsdist, NamesTheValuesOfItsEnumerations) {
    const Tool* fsdist = find_tool("fsdist");
    ASSERT_NE(fsdist, nullptr);
    const Tracer tracer("fsdist", fsdist->object);
    const SlotsSchema& slots = tracer.schema().histograms.at(0);
    ASSERT_EQ(slots.key.size(), 6U);
    EXPECT_EQ(slots.key[4].type->name, "enum");
    EXPECT_EQ(slots.key[5].names, (std::map<std::int64_t, std::string>{
                                      {0, "read"}, {1, "write"}, {2, "open"}, {3, "fsync"}}));

    const Grouping grouping({"fs", "operation"}, slots);
    Containers none{ContainerPaths{}};
    std::vector<std::byte> key(slots.key_size);
    const auto row_of = [&](unsigned char fs, unsigned char operation) {
        key[slots.key[4].offset] = std::byte{fs};
        key[slots.key[5].offset] = std::byte{operation};
        return grouping.resolve(key.data(), none);
    };
    const RowKey open = row_of(3, 2);
    EXPECT_EQ(open.name.labels, (std::vector<Label>{"nfs", "open"}));
    ASSERT_EQ(open.name.key.size(), 2U);
    EXPECT_EQ(open.name.key[0].name, "fs");
    EXPECT_EQ(open.name.key[0].value, Value("nfs"));
    EXPECT_EQ(open.name.key[1].value, Value("open"));
    EXPECT_NE(open.identity, row_of(3, 1).identity);
    EXPECT_EQ(row_of(9, 0).name.labels.front(), Label("9"));  // without a name
}

TEST(Fsdist, SelectsValuesOfAnEnumerationByName) {
    const Tool* fsdist = find_tool("fsdist");
    ASSERT_NE(fsdist, nullptr);
    const Tracer tracer("fsdist", fsdist->object);
    const auto parse = [&](std::vector<std::string> arguments) {
        return parse_tool_arguments(*fsdist, tracer.schema(), std::move(arguments));
    };
    const auto chosen = parse({"--operation", "write,fsync", "--operation", "open"});
    EXPECT_EQ(std::get<Request>(chosen).tracers[0].selections.at("operation_selected"),
              (std::vector<std::uint64_t>{1, 3, 2}));
    for (const char* each : {"seek", "READ", "1", ""}) {
        EXPECT_THROW(parse({"--operation", each}), UsageError) << each;
    }
    EXPECT_NE(std::get<HelpText>(parse({"--help"})).text.find("--operation NAME"),
              std::string::npos);
}

TEST(Syscount, DeclaresWhatItsPageSays) {
    const Tool* syscount = find_tool("syscount");
    ASSERT_NE(syscount, nullptr);
    const Tracer tracer("syscount", syscount->object);
    ASSERT_EQ(tracer.schema().counts.size(), 1U);
    const CountsSchema& calls = tracer.schema().counts[0];
    EXPECT_EQ(calls.name, "calls");
    ASSERT_EQ(calls.values.size(), 3U);
    EXPECT_EQ(calls.values[0].name, "calls");
    EXPECT_EQ(calls.values[0].unit, Unit::count);
    EXPECT_EQ(calls.values[1].name, "errors");
    EXPECT_EQ(calls.values[2].name, "total_ns");
    EXPECT_EQ(calls.values[2].unit, Unit::nanoseconds);
}

TEST(Execsnoop, DeclaresWhatItsPageSays) {
    const Tool* execsnoop = find_tool("execsnoop");
    ASSERT_NE(execsnoop, nullptr);
    const Tracer tracer("execsnoop", execsnoop->object);
    ASSERT_EQ(tracer.schema().events.size(), 1U);
    const EventsSchema& execs = tracer.schema().events[0];
    EXPECT_EQ(execs.name, "execs");
    std::vector<std::pair<std::string, std::string_view>> fields;
    for (const StructField& each : execs.fields) {
        fields.emplace_back(each.name, each.type->name);
    }
    EXPECT_EQ(fields, (decltype(fields){{"container_pid", "pid_nr"},
                                        {"parent_pid", "pid_nr"},
                                        {"uid", "uid_nr"},
                                        {"error", "errno_nr"},
                                        {"file", "path"},
                                        {"arguments", "argument_vector"}}));
}

TEST(Tools, OfEventsHaveNoOptionsOfReports) {
    const Tool* tool = find_tool("opensnoop");
    ASSERT_NE(tool, nullptr);
    const Tracer tracer("opensnoop", tool->object);
    const auto parse = [&](std::vector<std::string> arguments) {
        return parse_tool_arguments(*tool, tracer.schema(), std::move(arguments));
    };
    const std::string help = std::get<HelpText>(parse({"--help"})).text;
    for (const char* each : {"INTERVAL", "--by", "--view", "--top", "--min-count", "--max-keys"}) {
        EXPECT_EQ(help.find(each), std::string::npos) << each;
    }
    for (const auto& each : std::vector<std::vector<std::string>>{{"1"},
                                                                  {"1", "2"},
                                                                  {"--by", "pid"},
                                                                  {"--view", "bars"},
                                                                  {"--top=1"},
                                                                  {"--min-count", "1"},
                                                                  {"--max-keys", "9"},
                                                                  {"--ring-size", "5K"},
                                                                  {"--ring-size", "2K"},
                                                                  {"--ring-size", "4096"},
                                                                  {"--ring-size", "2048M"},
                                                                  {"--ring-size", ""}}) {
        EXPECT_THROW(parse(each), UsageError) << each.front();
    }
    for (const auto& [word, size] : std::map<std::string, std::uint32_t>{
             {"4K", 4096}, {"64KiB", 65536}, {"1M", 1U << 20}, {"1024M", 1U << 30}}) {
        EXPECT_EQ(std::get<Request>(parse({"--ring-size", word})).tracers[0].ring_size, size)
            << word;
    }
    EXPECT_FALSE(std::get<Request>(parse({})).tracers[0].ring_size);
    EXPECT_TRUE(std::get<Request>(parse({"--own-events"})).tracers[0].own_events);
}

}  // namespace
}  // namespace tally
