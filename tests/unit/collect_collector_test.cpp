// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Readings of slots, from a map in memory instead of the kernel's: what is subtracted, held, named,
// given back.
#include "collect/collector.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "collect/counts_collector.h"
#include "container_fixture.h"
#include "fake_slots.h"

namespace tally {
namespace {

/// COUNTS() with a struct subject and two values.
struct Slot {
    SlotKey key;
    std::uint64_t values[2] = {};
};

CountsSchema counts_schema() {
    CountsSchema schema;
    schema.name = "calls";
    lay_out_key(schema);
    schema.slot_size = sizeof(Slot);
    schema.values = {{"calls", Unit::count}, {"bytes", Unit::bytes}};
    return schema;
}

class CollectorTest : public TwoContainers {
  protected:
    void SetUp() override {
        TwoContainers::SetUp();
        collect_by({"container"});
    }

    void collect_by(const std::vector<std::string>& by) {
        auto slots = std::make_unique<FakeSlots<Slot>>(kernel_);
        slots_ = slots.get();
        collector_ =
            std::make_unique<CountsCollector>(std::move(slots), schema_, Grouping(by, schema_));
        collector_->let_rows_expire();
    }

    /// A slot of the kernel's that has counted something.
    static Slot slot(CgroupId cgroup, std::uint64_t calls, std::uint64_t bytes = 0) {
        Slot one;
        one.key.cgroup = cgroup;
        one.key.shard = 1;
        one.values[0] = calls;
        one.values[1] = bytes;
        return one;
    }

    using Rows = std::map<std::string, std::vector<std::uint64_t>>;

    static Rows rows_of(const AnyReport& any) {
        Rows rows;
        for (const CountsRow& each : std::get<CountsReport>(any).rows) {
            std::string name;
            for (const Label& label : each.labels) {
                name += (name.empty() ? "" : " ") + std::get<std::string>(label);
            }
            EXPECT_TRUE(rows.emplace(name, each.values).second) << name;
        }
        return rows;
    }

    /// A reading as a session makes it.
    Rows read() {
        while (collector_->take()) {
            collector_->add(*containers_);
        }
        return rows_of(collector_->collect({}, *containers_));
    }
    Rows total() const { return rows_of(collector_->total({})); }
    Rows expired() { return rows_of(collector_->expire({})); }

    std::vector<Slot> kernel_ = std::vector<Slot>(200);
    CountsSchema schema_ = counts_schema();
    FakeSlots<Slot>* slots_ = nullptr;
    std::unique_ptr<CountsCollector> collector_;
};

TEST_F(CollectorTest, SubtractsWhatTheReadingBeforeHad) {
    kernel_[0] = slot(web_, 3, 100);
    kernel_[1] = slot(db_, 5, 7);
    EXPECT_EQ(read(), (Rows{{"web", {3, 100}}, {"db", {5, 7}}}));
    kernel_[0].values[0] = 10;
    EXPECT_EQ(read(), (Rows{{"web", {7, 0}}}));
    EXPECT_EQ(read(), Rows{});
    kernel_[2] = slot(web_, 2, 1);  // another CPU's
    kernel_[1].values[1] = 9;
    EXPECT_EQ(read(), (Rows{{"web", {2, 1}}, {"db", {0, 2}}}));
    EXPECT_EQ(total(), (Rows{{"web", {12, 101}}, {"db", {5, 9}}}));
}

TEST_F(CollectorTest, ReadsNoFurtherThanWhatWasEverUsed) {
    kernel_.assign(1000, {});
    kernel_[0] = slot(web_, 1);
    read();
    EXPECT_EQ(slots_->reads, 2);  // the chunk that is used, and one that shows that no more is
    kernel_[70] = slot(db_, 1);
    EXPECT_EQ(read(), (Rows{{"db", {1, 0}}}));
    // One that was given back is taken again, and lies before what is used.
    kernel_[5] = slot(db_, 1);
    EXPECT_EQ(read(), (Rows{{"db", {1, 0}}}));
    // Slots are taken in order, so this cannot be; it shows where the reading ends.
    kernel_[300] = slot(db_, 1);
    EXPECT_EQ(read(), Rows{});
}

TEST_F(CollectorTest, ReadsASmallMapToItsEnd) {
    kernel_.assign(64, slot(web_, 1));
    EXPECT_EQ(read(), (Rows{{"web", {64, 0}}}));
    kernel_.back().values[0] = 3;
    EXPECT_EQ(read(), (Rows{{"web", {2, 0}}}));
}

/// The slot is copied before the cgroup's birth is known, and named afterwards.
TEST_F(CollectorTest, NamesCgroupsThatWereBornBeforeTheCopy) {
    kernel_[0] = slot(web_, 1);
    kernel_[1] = slot(kBorn, 4);
    ASSERT_TRUE(collector_->take());
    const auto fresh = collector_->new_cgroups();
    EXPECT_EQ(std::vector<CgroupId>(fresh.begin(), fresh.end()), (std::vector{web_, kBorn}));
    containers_->add({kBorn, db_, "worker"});
    collector_->add(*containers_);
    EXPECT_TRUE(collector_->new_cgroups().empty());
    EXPECT_EQ(read(), (Rows{{"web", {1, 0}}, {"db", {4, 0}}}));
}

TEST_F(CollectorTest, SaysOnceWhichCgroupsAreNew) {
    kernel_[0] = slot(web_, 1);
    read();
    ASSERT_TRUE(collector_->take());
    EXPECT_TRUE(collector_->new_cgroups().empty());
}

TEST_F(CollectorTest, WhatIsHeldIsCountedWhenItIsAdmitted) {
    Admission of_db = Admission::held;
    collector_->set_admission([&](CgroupId id) { return id == db_ ? of_db : Admission::counted; });
    kernel_[0] = slot(web_, 1);
    kernel_[1] = slot(db_, 5);
    EXPECT_EQ(read(), (Rows{{"web", {1, 0}}}));
    kernel_[1].values[0] = 8;
    EXPECT_EQ(read(), Rows{});
    of_db = Admission::counted;
    EXPECT_EQ(read(), (Rows{{"db", {8, 0}}}));
    EXPECT_EQ(total(), (Rows{{"web", {1, 0}}, {"db", {8, 0}}}));
}

TEST_F(CollectorTest, WhatIsDroppedNeverComesBack) {
    Admission of_db = Admission::dropped;
    collector_->set_admission([&](CgroupId) { return of_db; });
    kernel_[0] = slot(db_, 5);
    EXPECT_EQ(read(), Rows{});
    of_db = Admission::counted;
    EXPECT_EQ(read(), Rows{});
    kernel_[0].values[0] = 6;
    EXPECT_EQ(read(), (Rows{{"db", {1, 0}}}));
    EXPECT_EQ(total(), (Rows{{"db", {1, 0}}}));
}

/// The shard is written last: a copy that shows it may still show half of the key.
TEST_F(CollectorTest, ReadsTheKeyOfANewSlotAgain) {
    kernel_[0] = slot(0, 2);
    slots_->after_read = [&] { kernel_[0].key.cgroup = web_; };
    EXPECT_EQ(read(), (Rows{{"web", {2, 0}}}));
}

TEST_F(CollectorTest, TwoCgroupsOfOneNameAreOneRow) {
    const CgroupId worker = make("/docker/" + kA + "/worker");
    containers_->walk();
    kernel_[0] = slot(web_, 1);
    kernel_[1] = slot(worker, 2);
    EXPECT_EQ(read(), (Rows{{"web", {3, 0}}}));
}

TEST_F(CollectorTest, GivesSlotsOfDeadCgroupsBackWhereHalfAreUsed) {
    kernel_.assign(100, {});
    for (std::uint32_t i = 0; i < 40; ++i) {
        kernel_[i] = slot(i % 2 == 0 ? web_ : db_, 1);
    }
    const auto is_gone = [&](CgroupId id) { return id == db_; };
    read();
    read();
    collector_->forget_dead(is_gone, *containers_);
    EXPECT_EQ(slots_->given_back.size(), 20U);  // used are the first 64: more than half
    EXPECT_EQ(read(), Rows{});

    // Another key takes the slot, and begins with nothing.
    kernel_[1] = slot(web_, 1);
    EXPECT_EQ(read(), (Rows{{"web", {1, 0}}}));
    EXPECT_EQ(total(), (Rows{{"web", {21, 0}}, {"db", {20, 0}}}));
}

TEST_F(CollectorTest, KeepsSlotsWhereFewAreUsed) {
    kernel_.assign(1000, {});
    kernel_[0] = slot(db_, 1);
    read();
    read();
    collector_->forget_dead([](CgroupId) { return true; }, *containers_);
    EXPECT_TRUE(slots_->given_back.empty());
}

/// The last events of a dying thread may come between the reading and the giving back.
TEST_F(CollectorTest, CountsWhatCameBeforeASlotWasGivenBack) {
    kernel_.assign(2, {});
    kernel_[0] = slot(db_, 1);
    read();
    read();
    kernel_[0].values[0] = 4;
    collector_->forget_dead([](CgroupId) { return true; }, *containers_);
    EXPECT_EQ(slots_->given_back, std::vector<std::uint32_t>{0});
    EXPECT_EQ(read(), (Rows{{"db", {3, 0}}}));
}

TEST_F(CollectorTest, KeepsSlotsThatJustChangedOrAreHeld) {
    kernel_.assign(2, {});
    Admission of_web = Admission::held;
    collector_->set_admission(
        [&](CgroupId id) { return id == web_ ? of_web : Admission::counted; });
    kernel_[0] = slot(db_, 1);
    kernel_[1] = slot(web_, 1);
    read();
    collector_->forget_dead([](CgroupId) { return true; }, *containers_);
    EXPECT_TRUE(slots_->given_back.empty());
    read();
    collector_->forget_dead([](CgroupId) { return true; }, *containers_);
    EXPECT_EQ(slots_->given_back, std::vector<std::uint32_t>{0});
}

TEST_F(CollectorTest, RowsOfDeadCgroupsExpireWithTheirTotal) {
    kernel_.assign(2, {});
    kernel_[0] = slot(web_, 1);
    kernel_[1] = slot(db_, 5, 7);
    const auto is_gone = [&](CgroupId id) { return id == db_; };
    read();
    EXPECT_EQ(expired(), Rows{});
    kernel_[1].values[0] = 6;
    read();
    collector_->forget_dead(is_gone, *containers_);  // it has just changed
    EXPECT_EQ(expired(), Rows{});
    read();
    kernel_[1].values[1] = 9;
    collector_->forget_dead(is_gone, *containers_);
    EXPECT_EQ(slots_->given_back, std::vector<std::uint32_t>{1});
    EXPECT_EQ(expired(), Rows{});  // what it had last is in no report yet
    EXPECT_EQ(read(), (Rows{{"db", {0, 2}}}));
    EXPECT_EQ(expired(), (Rows{{"db", {6, 9}}}));
    EXPECT_EQ(expired(), Rows{});
    EXPECT_EQ(total(), (Rows{{"web", {1, 0}}}));

    kernel_[1] = slot(db_, 3);  // a thread that was still on its way
    EXPECT_EQ(read(), (Rows{{"db", {3, 0}}}));
    EXPECT_EQ(total(), (Rows{{"web", {1, 0}}, {"db", {3, 0}}}));
    read();
    collector_->forget_dead(is_gone, *containers_);
    read();
    EXPECT_EQ(expired(), (Rows{{"db", {3, 0}}}));
}

TEST_F(CollectorTest, ARowStaysAsLongAsOneOfItsCgroups) {
    const CgroupId worker = make("/docker/" + kA + "/worker");
    containers_->walk();
    kernel_.assign(2, {});
    kernel_[0] = slot(web_, 1);
    kernel_[1] = slot(worker, 2);
    read();
    read();
    collector_->forget_dead([&](CgroupId id) { return id == worker; }, *containers_);
    EXPECT_EQ(slots_->given_back, std::vector<std::uint32_t>{1});
    read();
    EXPECT_EQ(expired(), Rows{});
    collector_->forget_dead([](CgroupId) { return true; }, *containers_);
    read();
    EXPECT_EQ(expired(), (Rows{{"web", {3, 0}}}));
}

/// A service that restarts.
TEST_F(CollectorTest, ARowStaysIfAnotherCgroupIsInItByThen) {
    kernel_.assign(2, {});
    kernel_[0] = slot(db_, 5);
    read();
    kernel_[1] = slot(kBorn, 2);
    containers_->add({kBorn, db_, "worker"});
    read();
    collector_->forget_dead([&](CgroupId id) { return id == db_; }, *containers_);
    EXPECT_EQ(slots_->given_back, std::vector<std::uint32_t>{0});
    read();
    EXPECT_EQ(expired(), Rows{});
    EXPECT_EQ(total(), (Rows{{"db", {7, 0}}}));
}

TEST_F(CollectorTest, ARowWithoutCgroupsStays) {
    collect_by({"comm"});
    kernel_.assign(1, {});
    kernel_[0] = slot(db_, 1);
    read();
    read();
    collector_->forget_dead([](CgroupId) { return true; }, *containers_);
    EXPECT_EQ(slots_->given_back.size(), 1U);
    read();
    EXPECT_EQ(expired(), Rows{});
    EXPECT_EQ(total().size(), 1U);
}

/// What is counted without a name, and gets one, has left the row without.
TEST_F(CollectorTest, ARowThatASlotHasLeftExpires) {
    kernel_.assign(2, {});
    kernel_[0] = slot(kBorn, 1);
    const Rows nameless = read();
    ASSERT_EQ(nameless.size(), 1U);
    containers_->add({kBorn, db_, "worker"});
    kernel_[0].values[0] = 3;
    EXPECT_EQ(read(), (Rows{{"db", {2, 0}}}));
    EXPECT_EQ(expired(), nameless);
    EXPECT_EQ(total(), (Rows{{"db", {2, 0}}}));
}

TEST_F(CollectorTest, ManyContainersThatCameAndWentLeaveNoRow) {
    constexpr std::uint64_t kBirths = 3600;
    kernel_.assign(8, {});
    const CgroupId docker = id("/docker");
    CgroupId dead = 0;
    std::uint64_t calls = 0;
    for (std::uint64_t i = 0; i < kBirths; ++i) {
        const CgroupId born = kBorn + i;
        containers_->add({born, docker, fmt::format("{:064x}", born)});
        kernel_[i % 2] = slot(born, i + 1);
        read();
        read();
        collector_->forget_dead([&](CgroupId id) { return id == dead; }, *containers_);
        read();
        for (const auto& [name, values] : expired()) {
            calls += values[0];
        }
        ASSERT_LE(total().size(), 2U);
        dead = born;
    }
    for (const auto& [name, values] : total()) {
        calls += values[0];
    }
    EXPECT_EQ(calls, kBirths * (kBirths + 1) / 2);
}

}  // namespace
}  // namespace tally
