// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Keys with a second cgroup: who was in the way of the subject.
#include <gtest/gtest.h>

#include <map>

#include "collect/counts_collector.h"
#include "container_fixture.h"
#include "fake_slots.h"

namespace tally {
namespace {

/// COUNTS() with a struct subject and a culprit.
struct Slot {
    struct Key {
        std::uint64_t cgroup = 0;
        std::uint32_t pid = 0, tid = 0;
        char comm[16] = "";
        std::uint64_t culprit = 0;
        std::uint64_t shard = 0;
    } key;
    std::uint64_t values[1] = {};
};

CountsSchema blame_schema() {
    CountsSchema schema;
    schema.name = "blame";
    lay_out_key(schema);
    schema.key.push_back({"culprit", &field_type("cgroup_id"), offsetof(Slot::Key, culprit), 8});
    schema.key_size = sizeof(Slot::Key);
    schema.shard_offset = offsetof(Slot::Key, shard);
    schema.slot_size = sizeof(Slot);
    schema.values = {{"stints", Unit::count}};
    return schema;
}

class Culprits : public TwoContainers {
  protected:
    void SetUp() override {
        TwoContainers::SetUp();
        collect_by({"container", "culprit"});
    }

    void collect_by(const std::vector<std::string>& by) {
        auto slots = std::make_unique<FakeSlots<Slot>>(kernel_);
        slots_ = slots.get();
        collector_ =
            std::make_unique<CountsCollector>(std::move(slots), schema_, Grouping(by, schema_));
    }

    static Slot slot(CgroupId cgroup, CgroupId culprit, std::uint64_t stints) {
        Slot one;
        one.key.cgroup = cgroup;
        one.key.culprit = culprit;
        one.key.shard = 1;
        one.values[0] = stints;
        return one;
    }

    using Rows = std::map<std::vector<std::string>, std::uint64_t>;

    /// By their labels.
    Rows read() {
        while (collector_->take()) {
            collector_->add(*containers_);
        }
        Rows rows;
        const AnyReport report = collector_->collect({}, *containers_);
        for (const CountsRow& each : std::get<CountsReport>(report).rows) {
            std::vector<std::string> labels;
            for (const Label& label : each.labels) {
                labels.push_back(std::get<std::string>(label));
            }
            EXPECT_TRUE(rows.emplace(labels, each.values.front()).second);
        }
        return rows;
    }

    std::vector<Slot> kernel_ = std::vector<Slot>(64);
    CountsSchema schema_ = blame_schema();
    FakeSlots<Slot>* slots_ = nullptr;
    std::unique_ptr<CountsCollector> collector_;
};

TEST_F(Culprits, MakeRowsOfTheirOwn) {
    kernel_[0] = slot(web_, db_, 3);
    kernel_[1] = slot(web_, web_, 5);
    kernel_[2] = slot(web_, 0, 7);
    kernel_[3] = slot(db_, web_, 11);
    EXPECT_EQ(
        read(),
        (Rows{
            {{"web", "db"}, 3}, {{"web", "web"}, 5}, {{"web", "kernel"}, 7}, {{"db", "web"}, 11}}));
}

TEST_F(Culprits, MayBeAllThatIsAskedFor) {
    collect_by({"culprit"});
    kernel_[0] = slot(web_, db_, 3);
    kernel_[1] = slot(db_, db_, 4);
    EXPECT_EQ(read(), (Rows{{{"db"}, 7}}));
    collect_by({"culprit_cgroup"});
    EXPECT_EQ(read(), (Rows{{{"/docker/" + kB}, 7}}));
}

TEST_F(Culprits, AreMembersBesideThoseOfTheSubject) {
    const std::byte* key = reinterpret_cast<const std::byte*>(&(kernel_[0] = slot(web_, db_, 1)));
    const RowName name = collector_->grouping().resolve(key, *containers_).name;
    std::map<std::string, Value> members;
    for (const Field& each : name.key) {
        members[each.name] = each.value;
    }
    EXPECT_EQ(members.size(), 14U);
    EXPECT_EQ(members["container"], Value("web"));
    EXPECT_EQ(members["container_id"], Value(kA));
    EXPECT_EQ(members["culprit_container"], Value("db"));
    EXPECT_EQ(members["culprit_container_id"], Value(kB));
    EXPECT_EQ(members["culprit_runtime"], Value("docker"));
    EXPECT_EQ(members["culprit_cgroup"], Value("/docker/" + kB));
}

TEST_F(Culprits, AreNamedWhenTheyAreBorn) {
    kernel_[0] = slot(web_, kBorn, 4);
    ASSERT_TRUE(collector_->take());
    const auto fresh = collector_->new_cgroups();
    EXPECT_EQ(std::vector<CgroupId>(fresh.begin(), fresh.end()), (std::vector{web_, kBorn}));
    containers_->add({kBorn, db_, "worker"});
    collector_->add(*containers_);
    EXPECT_EQ(read(), (Rows{{{"web", "db"}, 4}}));

    // No name is looked for that no row has.
    collect_by({"container"});
    ASSERT_TRUE(collector_->take());
    const auto shown = collector_->new_cgroups();
    EXPECT_EQ(std::vector<CgroupId>(shown.begin(), shown.end()), std::vector{web_});
}

/// -c is about the subject; a culprit may be anybody's, but must have its name.
TEST_F(Culprits, AreWaitedForButNotAsked) {
    std::map<CgroupId, Admission> admissions{{web_, Admission::counted}, {db_, Admission::held}};
    bool is_nameless = true;
    collector_->set_admission([&](CgroupId id) { return admissions[id]; },
                              [&](CgroupId id) { return id == db_ && is_nameless; });
    kernel_[0] = slot(web_, db_, 3);
    kernel_[1] = slot(db_, web_, 5);
    EXPECT_EQ(read(), Rows{});
    // It is no part of the target and never will be; of -c nothing more is heard about it.
    is_nameless = false;
    EXPECT_EQ(read(), (Rows{{{"web", "db"}, 3}}));
}

/// A living subject may still add to a slot that names a culprit that is gone.
TEST_F(Culprits, KeepTheSlotsOfLivingSubjects) {
    kernel_.assign(3, {});
    kernel_[0] = slot(web_, db_, 1);
    kernel_[1] = slot(web_, web_, 1);
    kernel_[2] = slot(db_, web_, 1);
    const auto is_gone = [&](CgroupId id) { return id == db_; };
    read();
    read();
    collector_->forget_dead(is_gone, *containers_);
    EXPECT_EQ(slots_->given_back, std::vector<std::uint32_t>{2});
}

}  // namespace
}  // namespace tally
