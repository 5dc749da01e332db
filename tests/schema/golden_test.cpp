// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What scripts rely on, for every tool, against tests/golden/contract. Needs no root and loads
// nothing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "command_line_facts.h"
#include "container_fixture.h"
#include "golden_file.h"
#include "record_facts.h"
#include "tracer/registry.h"

namespace tally {
namespace {

/// The file of the program itself.
constexpr const char* kProgram = "tally";

constexpr const char* kHead =
    "# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)\n"
    "# What scripts rely on. Written by a test: CONTRIBUTING.md, \"Golden files\".\n"
    "# refused: exit status 2, one line on stderr, nothing on stdout. taken: what is not "
    "refused.\n";

void expect_contract(const std::string& name, const std::vector<std::string>& facts) {
    std::string content = kHead;
    for (const std::string& each : facts) {
        content += each + "\n";
    }
    expect_golden("contract/" + name + ".txt", content);
}

/// On a machine with all kinds of owners, so that each member of a key is there and is not.
class Golden : public FakeMachine, public ::testing::WithParamInterface<const Tool*> {
  protected:
    std::vector<CgroupId> cgroups() const {
        const std::string id(64, 'a');
        write("/var/lib/docker/containers/" + id + "/config.v2.json",
              R"({"Name":"/k8s_web","Config":{"Labels":{"io.kubernetes.container.name":"web",)"
              R"("io.kubernetes.pod.name":"shop","io.kubernetes.pod.namespace":"prod",)"
              R"("io.kubernetes.docker.type":"container"}}})");
        return {kKernelThreads, 1'000'000'000'000, make("/system.slice/web.service"),
                make("/docker/" + id), make("/docker/" + std::string(64, 'b'))};
    }
};

TEST_P(Golden, IsWhatScriptsFind) {
    const std::string name(GetParam()->name);
    const std::vector<CgroupId> all = cgroups();
    Containers containers(paths());
    containers.walk();
    std::vector<std::string> facts = command_line_facts(name);
    for (std::string& each : record_facts(*GetParam(), containers, all)) {
        facts.push_back(std::move(each));
    }
    expect_contract(name, facts);
}

INSTANTIATE_TEST_SUITE_P(Tools, Golden, ::testing::ValuesIn(all_tools()),
                         [](const auto& each) { return std::string(each.param->name); });

TEST(GoldenProgram, IsWhatScriptsFind) {
    expect_contract(kProgram, program_facts());
}

TEST(GoldenFiles, AreOfToolsThatThereAre) {
    for (const std::string& each : golden_files("contract")) {
        const std::string name = each.substr(0, each.find('.'));
        EXPECT_TRUE(name == kProgram || find_tool(name) != nullptr)
            << "there is no tool for tests/golden/contract/" << each << ": remove it";
    }
}

}  // namespace
}  // namespace tally
