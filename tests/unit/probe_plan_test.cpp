// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Which way is chosen, on kernels that a test makes up.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tracer/probe_plan.h"

namespace tally {
namespace {

using Strings = std::vector<std::string>;

ProbeSchema probe(const std::string& hook, const std::string& group = "",
                  const std::string& way = "") {
    return {"on " + hook, hook, group, way, std::nullopt};
}

/// A kernel that has everything but these hooks.
ProbeJudge kernel_without(const std::set<std::string>& hooks) {
    return [hooks](const ProbeSchema& each) -> std::optional<Obstacle> {
        if (!hooks.contains(each.hook)) {
            return std::nullopt;
        }
        return Obstacle{"no " + each.hook, "another kernel"};
    };
}

Strings chosen(const ProbePlan& plan) {
    Strings hooks;
    for (const ProbePlan::Probe& each : plan.probes) {
        if (each.is_chosen) {
            hooks.push_back(each.probe.hook);
        }
    }
    return hooks;
}

std::string reason_of(const ProbePlan& plan, const std::string& hook) {
    for (const ProbePlan::Probe& each : plan.probes) {
        if (each.probe.hook == hook) {
            return each.reason;
        }
    }
    return "not in the plan";
}

/// Something required, and a function by two ways.
TracerSchema simple() {
    TracerSchema schema;
    schema.probes = {probe("tp_btf/always"), probe("fentry/f", "call", "1 fentry"),
                     probe("kprobe/f", "call", "1 kprobe"), probe("fexit/f", "call", "1 fentry"),
                     probe("kretprobe/f", "call", "1 kprobe")};
    return schema;
}

/// Two file systems of two operations; one operation goes by another name on some kernels.
TracerSchema with_choice() {
    TracerSchema schema;
    schema.choices = {{"fs", "file systems", {"ext4", "xfs"}}};
    schema.probes = {probe("fentry/ext4_read", "fs.ext4.read", "1"),
                     probe("fentry/ext4_sync", "fs.ext4.sync", "1"),
                     probe("fentry/ext4_fsync", "fs.ext4.sync", "2"),
                     probe("fentry/xfs_read", "fs.xfs.read", "1"),
                     probe("fentry/xfs_sync", "fs.xfs.sync", "1")};
    return schema;
}

TEST(ProbePlan, TakesTheFirstWayByName) {
    const ProbePlan plan = make_probe_plan(simple(), {}, kernel_without({}));
    EXPECT_EQ(chosen(plan), (Strings{"tp_btf/always", "fentry/f", "fexit/f"}));
    EXPECT_FALSE(plan.failure);
    EXPECT_EQ(reason_of(plan, "kprobe/f"), "");  // nobody looked
}

TEST(ProbePlan, TakesAWayAsAWhole) {
    const ProbePlan plan = make_probe_plan(simple(), {}, kernel_without({"fexit/f"}));
    EXPECT_EQ(chosen(plan), (Strings{"tp_btf/always", "kprobe/f", "kretprobe/f"}));
    EXPECT_EQ(reason_of(plan, "fentry/f"), "no fexit/f");
    EXPECT_EQ(reason_of(plan, "fexit/f"), "no fexit/f");
}

TEST(ProbePlan, SaysWhyNoWayIsThere) {
    const ProbePlan plan =
        make_probe_plan(simple(), {}, kernel_without({"fentry/f", "kretprobe/f"}));
    ASSERT_TRUE(plan.failure);
    EXPECT_EQ(plan.failure->reason, "no fentry/f and no kretprobe/f");
    EXPECT_EQ(describe("it", *plan.failure),
              "it cannot run on this kernel: no fentry/f and no kretprobe/f; another kernel");
}

TEST(ProbePlan, NeedsWhatHasNoGroup) {
    const ProbePlan plan = make_probe_plan(simple(), {}, kernel_without({"tp_btf/always"}));
    ASSERT_TRUE(plan.failure);
    EXPECT_EQ(plan.failure->reason, "no tp_btf/always");
    EXPECT_EQ(reason_of(plan, "tp_btf/always"), "no tp_btf/always");
}

TEST(ProbePlan, DoesWithoutWhatIsOptional) {
    TracerSchema schema = simple();
    schema.optional_probes = {{"call", "calls"}};
    const ProbePlan plan = make_probe_plan(schema, {}, kernel_without({"fentry/f", "kprobe/f"}));
    EXPECT_FALSE(plan.failure);
    EXPECT_EQ(chosen(plan), Strings{"tp_btf/always"});
    ASSERT_EQ(plan.missing.size(), 1U);
    EXPECT_EQ(plan.missing[0].what, "calls");
    EXPECT_EQ(plan.missing[0].obstacle.reason, "no fentry/f and no kprobe/f");
    EXPECT_FALSE(plan.missing[0].is_choice);
}

TEST(ProbePlan, AChoiceIsAllThatIsThere) {
    const ProbePlan all = make_probe_plan(with_choice(), {}, kernel_without({"fentry/ext4_fsync"}));
    EXPECT_EQ(chosen(all), (Strings{"fentry/ext4_read", "fentry/ext4_sync", "fentry/xfs_read",
                                    "fentry/xfs_sync"}));
    EXPECT_TRUE(all.missing.empty());

    const ProbePlan renamed =
        make_probe_plan(with_choice(), {}, kernel_without({"fentry/ext4_sync", "fentry/xfs_sync"}));
    EXPECT_EQ(chosen(renamed), (Strings{"fentry/ext4_read", "fentry/ext4_fsync"}));
    EXPECT_FALSE(renamed.failure);
    ASSERT_EQ(renamed.missing.size(), 1U);
    EXPECT_EQ(renamed.missing[0].what, "xfs");
    EXPECT_TRUE(renamed.missing[0].is_choice);
}

TEST(ProbePlan, WhatWasAskedForMustBeThere) {
    const auto judge = kernel_without({"fentry/xfs_sync"});
    const ProbePlan good = make_probe_plan(with_choice(), {{"fs", {"ext4"}}}, judge);
    EXPECT_FALSE(good.failure);
    EXPECT_EQ(chosen(good), (Strings{"fentry/ext4_read", "fentry/ext4_sync"}));
    EXPECT_EQ(reason_of(good, "fentry/xfs_sync"), "");

    const ProbePlan bad = make_probe_plan(with_choice(), {{"fs", {"ext4", "xfs"}}}, judge);
    ASSERT_TRUE(bad.failure);
    EXPECT_EQ(bad.failure->reason, "no fentry/xfs_sync");
}

TEST(ProbePlan, AChoiceOfNothingIsAFailure) {
    const ProbePlan plan =
        make_probe_plan(with_choice(), {}, kernel_without({"fentry/ext4_read", "fentry/xfs_read"}));
    ASSERT_TRUE(plan.failure);
    EXPECT_EQ(plan.failure->reason, "no fentry/ext4_read");
    EXPECT_TRUE(chosen(plan).empty());
}

TEST(ProbePlan, ARefusalIsToldBeforeWhatIsNotThere) {
    const ProbeJudge judge = [](const ProbeSchema& each) {
        return each.group.starts_with("fs.xfs")
                   ? Obstacle{each.hook + " is refused", "another kernel", true}
                   : Obstacle{"no " + each.hook, "a module"};
    };
    const ProbePlan plan = make_probe_plan(with_choice(), {}, judge);
    ASSERT_TRUE(plan.failure);
    EXPECT_EQ(plan.failure->reason, "fentry/xfs_read is refused");
    EXPECT_EQ(plan.failure->advice, "another kernel");
}

TEST(ProbePlan, IsListedProbeByProbe) {
    const Listing listing =
        list_probes("it", make_probe_plan(simple(), {}, kernel_without({"fexit/f"})));
    ASSERT_EQ(listing.rows.size(), 5U);
    EXPECT_EQ(listing.rows[0].labels, (Strings{"tp_btf/always", "", "", "yes", ""}));
    EXPECT_EQ(listing.rows[1].labels,
              (Strings{"fentry/f", "call", "1 fentry", "no", "no fexit/f"}));
    EXPECT_EQ(listing.rows[1].fields.size(), 7U);
    EXPECT_EQ(listing.rows[0].fields[3].value, Value());
}

}  // namespace
}  // namespace tally
