// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/host_facts.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

#include <algorithm>

#include "commands/doctor_command.h"
#include "container_fixture.h"

namespace tally {
namespace {

using Status = Check::Status;

class FactsOfAMachine : public FakeMachine {
  protected:
    HostFacts read() const { return read_host_facts({root() + "/proc", root() + "/sys"}); }
};

TEST_F(FactsOfAMachine, AreRead) {
    write("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    write("/proc/self/status",
          "Name:\ttally\nUid:\t0\t1000\t0\t0\nCapPrm:\t000001ffffffffff\n"
          "CapEff:\t000000c000000000\n");
    write("/proc/self/limits",
          "Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max locked memory         65536                8388608              bytes     \n");
    write("/sys/kernel/btf/vmlinux", std::string(4096, 'x'));
    write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    write("/proc/1/status", "Name:\tinit\n");
    // No namespace of the first ones has the inode of a file here.
    for (const char* each : {"user", "pid", "cgroup"}) {
        write(std::string("/proc/self/ns/") + each, "");
    }
    const HostFacts facts = read();
    EXPECT_EQ(facts.release, "6.1.0-18-amd64");
    EXPECT_EQ(facts.user, 1000U);
    EXPECT_TRUE(facts.has_capability(CAP_BPF));
    EXPECT_TRUE(facts.has_capability(CAP_PERFMON));
    EXPECT_FALSE(facts.has_capability(CAP_SYS_ADMIN));
    EXPECT_EQ(facts.memlock, 65536U);
    EXPECT_EQ(facts.btf_size, 4096U);
    EXPECT_EQ(facts.lockdown, "integrity");
    EXPECT_FALSE(facts.initial_user_namespace);
    EXPECT_FALSE(facts.initial_pid_namespace);
    EXPECT_FALSE(facts.initial_cgroup_namespace);
    EXPECT_TRUE(facts.sees_all_processes);
}

TEST_F(FactsOfAMachine, MayBeMissingOrRubbish) {
    const HostFacts nothing = read();
    EXPECT_EQ(nothing.capabilities, 0U);
    EXPECT_EQ(nothing.btf_size, std::nullopt);
    EXPECT_EQ(nothing.lockdown, std::nullopt);
    EXPECT_EQ(nothing.memlock, std::nullopt);
    EXPECT_TRUE(nothing.initial_user_namespace);
    EXPECT_FALSE(nothing.sees_all_processes);
    write("/proc/sys/kernel/osrelease", "");
    write("/proc/self/status", "CapEff:\nUid:\t\n");
    write("/proc/self/limits", "Max locked memory         unlimited            unlimited  bytes\n");
    write("/sys/kernel/btf/vmlinux", "");
    write("/sys/kernel/security/lockdown", "]none[");
    const HostFacts rubbish = read();
    EXPECT_EQ(rubbish.capabilities, 0U);
    EXPECT_EQ(rubbish.user, std::nullopt);
    EXPECT_EQ(rubbish.memlock, std::nullopt);
    EXPECT_EQ(rubbish.btf_size, std::nullopt);
    EXPECT_EQ(rubbish.lockdown, std::nullopt);
}

HostFacts good() {
    HostFacts facts;
    facts.release = "6.1.0";
    facts.capabilities = ~0ULL;
    facts.user = 0;
    facts.btf_size = 5 << 20;
    facts.memlock = 8 << 20;
    return facts;
}

constexpr std::uint64_t bit(int capability) {
    return 1ULL << capability;
}

/// The one check of that name.
Check check(const char* name, const HostFacts& facts, std::optional<bool> counts = std::nullopt) {
    const std::vector<Check> all = judge(facts, counts);
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Check& each) { return each.name == name; });
    EXPECT_NE(found, all.end()) << name;
    return *found;
}

TEST(Judgement, NothingIsWrong) {
    for (const Check& each : judge(good(), false)) {
        EXPECT_EQ(each.status, Status::ok) << each.name;
        EXPECT_FALSE(each.finding.empty()) << each.name;
        EXPECT_EQ(each.advice, "") << each.name;
    }
}

TEST(Judgement, Privileges) {
    HostFacts facts = good();
    facts.user = 1000;
    facts.capabilities = bit(CAP_SYS_ADMIN) | bit(CAP_DAC_READ_SEARCH);
    EXPECT_EQ(check("privileges", facts).status, Status::ok);
    facts.capabilities = bit(CAP_BPF) | bit(CAP_PERFMON);
    EXPECT_EQ(check("privileges", facts).status, Status::warn);
    EXPECT_EQ(check("privileges", facts).finding, "uid 1000, CAP_BPF, CAP_PERFMON");
    for (const auto& [has, missing] : {std::pair(bit(CAP_BPF), "CAP_PERFMON is missing"),
                                       std::pair(bit(CAP_PERFMON), "CAP_BPF is missing"),
                                       std::pair(bit(CAP_SYS_PTRACE), "both are missing")}) {
        facts.capabilities = has;
        EXPECT_EQ(check("privileges", facts).status, Status::fail);
        EXPECT_NE(check("privileges", facts).advice.find(missing), std::string::npos) << missing;
    }
    facts = good();
    facts.sees_all_processes = false;
    EXPECT_EQ(check("privileges", facts).status, Status::warn);
    EXPECT_NE(check("privileges", facts).advice.find("CAP_SYS_PTRACE"), std::string::npos);
    facts = good();
    facts.initial_user_namespace = false;
    EXPECT_FALSE(facts.may_trace());
    EXPECT_EQ(check("privileges", facts).status, Status::fail);
    EXPECT_NE(check("privileges", facts).advice.find("user namespace"), std::string::npos);
}

TEST(Judgement, OfTheKernel) {
    HostFacts facts = good();
    for (const auto& [release, status] :
         {std::pair("5.10.262", Status::ok), std::pair("5.9", Status::warn),
          std::pair("4.18.0-553.el8", Status::warn), std::pair("10.0-rc1", Status::ok),
          std::pair("", Status::warn)}) {
        facts.release = release;
        EXPECT_EQ(check("kernel", facts).status, status) << release;
    }
    facts.btf_size.reset();
    EXPECT_EQ(check("btf", facts).status, Status::fail);
    facts.lockdown = "integrity";
    EXPECT_EQ(check("lockdown", facts).status, Status::ok);
    facts.lockdown = "confidentiality";
    EXPECT_EQ(check("lockdown", facts).status, Status::fail);
}

TEST(Judgement, Memlock) {
    HostFacts facts = good();
    facts.memlock = 64 << 10;
    EXPECT_EQ(check("memlock", facts, true).status, Status::ok);
    EXPECT_EQ(check("memlock", facts, true).finding, "64 KiB, which tally can raise");
    facts.capabilities &= ~bit(CAP_SYS_RESOURCE);
    EXPECT_EQ(check("memlock", facts).status, Status::warn);
    EXPECT_EQ(check("memlock", facts, true).status, Status::warn);
    EXPECT_EQ(check("memlock", facts, false).status, Status::ok);
    facts.memlock.reset();
    EXPECT_EQ(check("memlock", facts, true).status, Status::ok);
    EXPECT_EQ(check("memlock", facts, true).finding, "unlimited");
}

TEST(Judgement, Namespaces) {
    HostFacts facts = good();
    facts.initial_cgroup_namespace = false;
    EXPECT_EQ(check("namespaces", facts).finding, "tally has its own cgroup namespace");
    facts.initial_pid_namespace = false;
    EXPECT_EQ(check("namespaces", facts).finding, "tally has its own pid and cgroup namespaces");
    facts.initial_cgroup_namespace = true;
    EXPECT_EQ(check("namespaces", facts).finding, "tally has its own pid namespace");
    EXPECT_EQ(check("namespaces", facts).status, Status::warn);
}

TEST(Judgement, AsRecords) {
    const Listing listing =
        list_checks({{"btf", false, Status::fail, "there is none", "another kernel"},
                     {"runqlat", true, Status::ok, "loads and attaches", ""}});
    ASSERT_EQ(listing.rows.size(), 2U);
    EXPECT_EQ(listing.rows[0].labels,
              (std::vector<std::string>{"btf", "fail", "there is none; another kernel"}));
    EXPECT_EQ(listing.rows[1].labels,
              (std::vector<std::string>{"runqlat", "ok", "loads and attaches"}));
    EXPECT_EQ(listing.rows[0].fields[1].value, Value(std::string("host")));
    EXPECT_EQ(listing.rows[1].fields[1].value, Value(std::string("tool")));
    EXPECT_EQ(listing.rows[1].fields[4].value, Value());
}

}  // namespace
}  // namespace tally
