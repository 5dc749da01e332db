// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Objects from files, as `tally run` opens them: what is wrong is told in one sentence, and no
// bytes whatever do more harm than that. Needs no root.
#include <gtest/gtest.h>

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "tracer/libbpf_log.h"
#include "tracer/object_file.h"
#include "tracer/probe_plan.h"
#include "tracer/registry.h"
#include "tracer/tracer.h"
#include "util/error.h"
#include "wire.h"

namespace tally {
namespace {

using Bytes = std::vector<std::byte>;

std::string path_of(const std::string& name) {
    return std::string(TALLY_TEST_OBJECTS) + "/" + name + ".bpf.o";
}

/// A sentence without the names that it quotes, of any bytes: say() escapes those.
std::string own_words(std::string sentence) {
    const std::size_t first = sentence.find('\'');
    if (first != std::string::npos) {
        sentence.erase(first, sentence.rfind('\'') + 1 - first);
    }
    return sentence;
}

/// Why an object cannot be opened; empty: it can.
std::string refusal(std::span<const std::byte> object) {
    capture_libbpf_log();
    try {
        const Tracer tracer("it", object);
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), ExitStatus::failed);
        EXPECT_EQ(own_words(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
    return "";
}

std::string refusal_of(const std::string& name) {
    const std::string object = read_object_file(path_of(name));
    return refusal(std::as_bytes(std::span(object)));
}

Bytes runqlat() {
    const std::span<const std::byte> object = find_tool("runqlat")->object;
    return {object.begin(), object.end()};
}

TEST(Objects, SayWhatTheyLack) {
    EXPECT_EQ(refusal_of("no_declaration"),
              "it is not a tally tracer: it has no TRACER(...) declaration");
    EXPECT_EQ(refusal_of("option_type"),
              "it: option 'warmest' must be declared with OPTION(...) as a bool, __u32 or __u64");
    EXPECT_EQ(refusal_of("key_type"),
              "it: field 'task' of the key of 'days' has a type that cannot be shown");
    EXPECT_EQ(refusal_of("key_name"),
              "it: field 'culprit_pod' of the key of 'days' has the name of another key");
    const std::string no_path =
        "it: field 'file' of the key of 'days' cannot be of the type path; there are cgroup_id, ";
    EXPECT_EQ(refusal_of("key_path").substr(0, no_path.size()), no_path);
    EXPECT_EQ(refusal_of("key_path").find("argument_vector"), std::string::npos);
    EXPECT_EQ(refusal_of("blame"), "");
    EXPECT_EQ(refusal_of("key_subject"), "it: the key of 'days' must begin with a struct subject");
    EXPECT_EQ(refusal_of("event_map"), "it: 'days' is not declared with EVENTS(...)");
    EXPECT_EQ(refusal_of("event_column"),
              "it: field 'container' of 'days' has the name of another member of the record: "
              "rename it");
    EXPECT_EQ(refusal_of("object_map"), "it: 'objects' is not declared with OBJECT_STATE(...)");
    EXPECT_EQ(refusal_of("object_no_room"),
              "it: 'objects' must have room for an object, which may live for a second at least");
    EXPECT_EQ(refusal_of("object_in_flight"),
              "it: 'lives_in_flight_of' is not declared with IN_FLIGHT_OF(...)");
    EXPECT_EQ(refusal_of("event_and_counts"), "");
    EXPECT_EQ(refusal_of("event_types"), "");
    EXPECT_EQ(refusal_of("declaration"),
              "it: this version of tally does not know the declaration 'forecast:tomorrow'");
    EXPECT_EQ(refusal_of("wire_version"),
              "it was built for another version of tally: build it again");
    EXPECT_EQ(refusal_of("optional_probes"), "it: OPTIONAL_PROBES(weather) names no PROBE()");
    EXPECT_EQ(refusal_of("only_events"),
              "it: ONLY_EVENTS(weather) names no OPTION, THREAD_STATE or WAITING_CALLS");
    EXPECT_EQ(refusal_of("choice"), "it: CHOICE(weather) has no PROBE() to choose from");
    EXPECT_EQ(refusal_of("probes"), "");
    EXPECT_EQ(refusal_of("rejected"), "");  // that is for the kernel to say
}

TEST(Objects, ThatHaveEventsAndMeasureDoOneOfTheTwo) {
    const std::string object = read_object_file(path_of("event_and_counts"));
    Tracer telling("it", std::as_bytes(std::span(object)));
    ASSERT_TRUE(telling.schema().has_both());
    EXPECT_EQ(telling.schema().histograms.at(0).key.at(4).names.at(1), "killed");
    telling.set_tells_events(true);
    EXPECT_FALSE(telling.schema().has_both());
    EXPECT_TRUE(telling.schema().slots().empty());
    EXPECT_EQ(telling.schema().events.size(), 1U);

    Tracer measuring("it", std::as_bytes(std::span(object)));
    measuring.set_tells_events(false);
    EXPECT_TRUE(measuring.schema().events.empty());
    EXPECT_EQ(measuring.schema().slots().size(), 2U);
}

TEST(Objects, AnOptionDoesNotTakeTheNameOfACommonOne) {
    const std::string object = read_object_file(path_of("option_name"));
    Tool tool;
    tool.name = "it";
    const Tracer tracer("it", std::as_bytes(std::span(object)));
    try {
        parse_tool_arguments(tool, tracer.schema(), {});
        ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), ExitStatus::failed);
        EXPECT_NE(std::string(error.what()).find("'container'"), std::string::npos) << error.what();
    }
}

TEST(Objects, ItsOwnKeysAreThoseOfItsBy) {
    const std::string object = read_object_file(path_of("by"));
    Tool tool;
    tool.name = "it";
    const Tracer tracer("it", std::as_bytes(std::span(object)));
    try {
        parse_tool_arguments(tool, tracer.schema(), {});
        ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), ExitStatus::failed);
        EXPECT_NE(std::string(error.what()).find("--by weather: there is no such key"),
                  std::string::npos)
            << error.what();
    }
}

TEST(Objects, ProbesAreReadWithTheirTags) {
    const std::string object = read_object_file(path_of("probes"));
    const Tracer tracer("it", std::as_bytes(std::span(object)));
    const TracerSchema& schema = tracer.schema();
    EXPECT_TRUE(schema.has_alternatives());
    ASSERT_EQ(schema.choices.size(), 1U);
    EXPECT_EQ(schema.choices[0].name, "hook");
    EXPECT_EQ(schema.choices[0].values, (std::vector<std::string>{"mind", "vfs"}));
    ASSERT_EQ(schema.optional_probes.size(), 1U);
    EXPECT_EQ(schema.optional_probes[0].group, "weather");
    EXPECT_EQ(schema.optional_probes[0].without, "the weather");
    const auto probe_of = [&](const std::string& program) {
        return *std::find_if(schema.probes.begin(), schema.probes.end(),
                             [&](const ProbeSchema& each) { return each.program == program; });
    };
    EXPECT_EQ(schema.probes.size(), 9U);  // without the engine's own
    EXPECT_EQ(probe_of("read_ends_kretprobe").hook, "kretprobe/vfs_read");
    EXPECT_EQ(probe_of("read_ends_kretprobe").group, "hook.vfs.read");
    EXPECT_EQ(probe_of("read_ends_kretprobe").way, "1 kprobe");
    EXPECT_EQ(probe_of("on_rain").parameters, std::nullopt);
    EXPECT_EQ(probe_of("on_victim").parameters, 2U);
    EXPECT_FALSE(Tracer("runqlat", runqlat()).schema().has_alternatives());

    Tool tool;
    tool.name = "it";
    const auto parsed = parse_tool_arguments(tool, schema, {"--hook", "vfs,mind"});
    EXPECT_EQ(std::get<Request>(parsed).tracers[0].choices.at("hook"),
              (std::vector<std::string>{"vfs", "mind"}));
    EXPECT_THROW(parse_tool_arguments(tool, schema, {"--hook", "xfs"}), UsageError);
    EXPECT_THROW(parse_tool_arguments(tool, schema, {"--probe-plan", "-o", "csv"}), UsageError);
}

TEST(Objects, MayRememberObjects) {
    const std::string object = read_object_file(path_of("object_state"));
    const Tracer tracer("it", std::as_bytes(std::span(object)));
    const TracerSchema& schema = tracer.schema();
    ASSERT_EQ(schema.object_states.size(), 1U);
    EXPECT_EQ(schema.object_states[0].name, "objects");
    EXPECT_EQ(schema.object_states[0].longest_ns, 300'000'000'000U);
    const HistogramSchema& lives = schema.histograms.at(0);
    EXPECT_TRUE(lives.has_in_flight);
    ASSERT_TRUE(lives.in_flight_of);
    EXPECT_EQ(lives.in_flight_of->objects, "objects");
    EXPECT_EQ(lives.in_flight_of->key_offset, sizeof(tally_object));
    EXPECT_EQ(lives.in_flight_of->value_size, sizeof(tally_object) + lives.shard_offset);
    EXPECT_EQ(schema.probes.size(), 1U);  // iterators are none
}

TEST(Objects, ThatAreOfSystemCallsMayHaveThemInFlight) {
    const std::string object = read_object_file(path_of("calls_in_flight"));
    const Tracer tracer("it", std::as_bytes(std::span(object)));
    EXPECT_TRUE(tracer.schema().histograms.at(0).has_in_flight);
}

TEST(Objects, MayCombineAllSourcesOfEvents) {
    const auto schema_of = [](const std::string& name) {
        const std::string object = read_object_file(path_of(name));
        return Tracer("it", std::as_bytes(std::span(object))).schema();
    };
    const auto names_of = [](const auto& declarations) {
        std::vector<std::string> names;
        for (const auto& each : declarations) {
            names.push_back(each.name);
        }
        std::sort(names.begin(), names.end());
        return names;
    };
    using Names = std::vector<std::string>;
    const TracerSchema all = schema_of("all_sources");
    EXPECT_EQ(names_of(all.histograms), (Names{"lives", "operations", "waits"}));
    EXPECT_EQ(names_of(all.counts), (Names{"calls", "connects"}));
    Names states = all.thread_states;
    std::sort(states.begin(), states.end());
    EXPECT_EQ(states, (Names{"calling", "operating", "runnable"}));
    EXPECT_EQ(names_of(all.object_states), Names{"objects"});
    EXPECT_TRUE(all.choices.empty());
    EXPECT_EQ(all.optional_probes.size(), 20U);  // operations of file systems

    // Nothing is lost by the combination, nor added.
    Names programs;
    for (const char* const each : {"only_run_queue", "only_system_calls", "only_file_operations",
                                   "only_sockets", "only_objects"}) {
        for (const ProbeSchema& probe : schema_of(each).probes) {
            programs.push_back(probe.program);
        }
    }
    std::sort(programs.begin(), programs.end());
    Names combined;
    for (const ProbeSchema& probe : all.probes) {
        combined.push_back(probe.program);
    }
    std::sort(combined.begin(), combined.end());
    EXPECT_EQ(combined, programs);
    EXPECT_EQ(std::adjacent_find(programs.begin(), programs.end()), programs.end());

    // Without probes of functions it measures the rest.
    const ProbePlan plan = make_probe_plan(all, {}, [](const ProbeSchema& probe) {
        return probe.group.empty() ? std::optional<Obstacle>() : Obstacle{"refused", "", true};
    });
    EXPECT_FALSE(plan.failure);
    EXPECT_EQ(plan.missing.size(), 20U);
}

TEST(Objects, TheirTextIsSafeInHelp) {
    const std::string object = read_object_file(path_of("hostile"));
    Tool tool;
    tool.name = "\x1b[2Jname";
    tool.command = "run \x1b[2Jname.bpf.o";
    const Tracer tracer("it", std::as_bytes(std::span(object)));
    const auto parsed = parse_tool_arguments(tool, tracer.schema(), {"--help"});
    const std::string& help = std::get<HelpText>(parsed).text;
    EXPECT_EQ(help.find('\x1b'), std::string::npos);
    for (const char* part : {"Usage: tally run \\x1b[2Jname.bpf.o [OPTIONS]", "\\x1b[2Jsummary",
                             "\\x1b[2Jhelp", "Options of \\x1b[2Jname"}) {
        EXPECT_NE(help.find(part), std::string::npos) << part;
    }
}

TEST(Objects, RefusesWhatIsNoObject) {
    const auto says = [](std::span<const std::byte> object, const char* part) {
        const std::string sentence = refusal(object);
        EXPECT_NE(sentence.find(part), std::string::npos) << sentence;
    };
    const std::string text = "this is not an ELF file";
    says(std::as_bytes(std::span(text)), "is not an ELF file");
    says({}, "is not an ELF file");

    const Bytes whole = runqlat();
    for (const std::size_t size :
         {std::size_t{5}, sizeof(Elf64_Ehdr), whole.size() / 2, whole.size() - 1}) {
        EXPECT_NE(refusal(std::span(whole).first(size)), "") << size;
    }
    says(std::span(whole).first(whole.size() / 2), "truncated");

    Bytes other = whole;
    other[EI_DATA] = std::byte{ELFDATA2MSB};
    says(other, "byte order");
    other = whole;
    const Elf64_Half machine = EM_X86_64;
    std::memcpy(other.data() + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine);
    says(other, "--target=bpf");
}

/// Where the object's BTF is, header and all. It is the one section that begins with its magic.
std::pair<std::size_t, std::size_t> btf_of(const Bytes& object) {
    Elf64_Ehdr header;
    std::memcpy(&header, object.data(), sizeof header);
    for (int i = 0; i < header.e_shnum; ++i) {
        Elf64_Shdr section;
        std::memcpy(&section, object.data() + header.e_shoff + sizeof section * std::size_t(i),
                    sizeof section);
        const std::byte* content = object.data() + section.sh_offset;
        if (section.sh_type == SHT_PROGBITS && section.sh_size > 10'000 &&
            content[0] == std::byte{0x9f} && content[1] == std::byte{0xeb}) {
            return {section.sh_offset, section.sh_size};
        }
    }
    ADD_FAILURE() << "no BTF";
    return {0, object.size()};
}

/// Objects with up to eight bytes changed, half of them in their BTF, 24 bytes of header left as
/// they are: those are what gets farthest.
TEST(Objects, NoBytesMakeItCrash) {
    const Bytes whole = runqlat();
    const auto [btf, btf_size] = btf_of(whole);
    std::mt19937 random(1);
    int refused = 0;
    for (int round = 0; round < 2'000; ++round) {
        Bytes damaged = whole;
        const std::size_t begin = round % 2 == 0 ? 0 : btf + 24;
        const std::size_t size = round % 2 == 0 ? damaged.size() : btf_size - 24;
        const unsigned changes = 1 + random() % 8;
        for (unsigned i = 0; i < changes; ++i) {
            damaged[begin + random() % size] = static_cast<std::byte>(random());
        }
        refused += refusal(damaged) != "";
    }
    EXPECT_GT(refused, 500);
    EXPECT_LT(refused, 2'000);
}

TEST(ObjectFile, IsRegularAndThere) {
    EXPECT_THROW(read_object_file("/nonexistent/x.bpf.o"), UsageError);
    for (const char* path : {"/", "/dev/zero"}) {
        try {
            read_object_file(path);
            ADD_FAILURE() << path;
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), ExitStatus::failed) << path;
        }
    }
}

TEST(ObjectFile, GivesTheTracerItsName) {
    EXPECT_EQ(tracer_name("/tmp/mine.bpf.o"), "mine");
    EXPECT_EQ(tracer_name("mine.bpf.o"), "mine");
    EXPECT_EQ(tracer_name("./mine.o"), "mine");
    EXPECT_EQ(tracer_name("mine"), "mine");
    EXPECT_EQ(tracer_name("dir/.bpf.o"), ".bpf");
    EXPECT_EQ(tracer_name("dir/"), "dir/");
}

TEST(VerifierLog, EndsWithTheReason) {
    const Rejection rejection =
        read_verifier_log("on_switch",
                          "0: R1=ctx() R10=fp0\n"
                          "; int BPF_PROG(on_switch) @ it.bpf.c:5\n"
                          "0: (79) r6 = *(u64 *)(r1 +8)\n"
                          "; \t*wrong; @ it.bpf.c:8\n"
                          "46: (79) r6 = *(u64 *)(r6 +0)\n"
                          "R6 invalid mem access 'scalar'\n"
                          "processed 33 insns (limit 1000000) max_states\n");
    EXPECT_EQ(rejection.program, "on_switch");
    EXPECT_EQ(rejection.reason, "R6 invalid mem access 'scalar'");
    EXPECT_EQ(rejection.source, "*wrong; @ it.bpf.c:8");

    const Rejection brief = read_verifier_log("p", "unknown func bpf_none#999");
    EXPECT_EQ(brief.reason, "unknown func bpf_none#999");
    EXPECT_EQ(brief.source, "");
    EXPECT_EQ(read_verifier_log("p", "").reason, "");
}

}  // namespace
}  // namespace tally
