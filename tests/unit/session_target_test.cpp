// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Which cgroups are measured, and what becomes of what was measured in them, as births, deaths,
// names and time come.
#include "session/target.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>

#include "container_fixture.h"
#include "util/error.h"

namespace tally {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kA(64, 'a');
const std::string kB(64, 'b');
constexpr CgroupId kBorn = 1'000'000'000'000;  // of cgroups that have no directory

class FakeSets final : public TargetSets {
  public:
    bool add(const std::string& set, const void* key) override {
        EXPECT_EQ(set, "target_cgroups");
        if (cgroups.size() >= size(set)) {
            return false;
        }
        cgroups.insert(id_of(key));
        return true;
    }
    void remove(const std::string& set, const void* key) override {
        EXPECT_EQ(set, "target_cgroups");
        cgroups.erase(id_of(key));
    }
    std::uint32_t size(const std::string&) const override { return most; }

    std::set<CgroupId> cgroups;
    std::uint32_t most = 1000;

  private:
    static CgroupId id_of(const void* key) {
        CgroupId id = 0;
        std::memcpy(&id, key, sizeof id);
        return id;
    }
};

class TargetTest : public FakeMachine {
  protected:
    void SetUp() override {
        web_ = make("/docker/" + kA);
        worker_ = make("/docker/" + kA + "/worker");
        db_ = make("/docker/" + kB);
        name(kA, "web");
        name(kB, "db");
        containers_.emplace(paths());
        containers_->walk();
    }

    void name(const std::string& id, const std::string& name) {
        write("/var/lib/docker/containers/" + id + "/config.v2.json",
              R"({"Name":"/)" + name + R"("})");
    }

    Target& install(TargetRequest request) {
        target_ = std::make_unique<Target>(std::move(request));
        target_->install(sets_, *containers_);
        return *target_;
    }
    /// With -c; without `wanted` as without a filter.
    Target& target(const std::string& wanted) {
        TargetRequest request;
        request.wait = true;
        if (!wanted.empty()) {
            request.containers = {wanted};
        }
        return install(std::move(request));
    }

    /// What the kernel tells at that moment.
    void tell(CgroupEvents events) {
        for (const CgroupBirth& birth : events.births) {
            containers_->add(birth);
        }
        target_->follow(*containers_, events, now_);
        for (const CgroupId death : events.deaths) {
            containers_->bury(death);
        }
    }
    void bear(CgroupId id, CgroupId parent, const std::string& called) {
        tell({{{id, parent, called}}, {}, {}, {}});
    }
    void bury(CgroupId id) { tell({{}, {}, {id}, {}}); }

    /// A look at all names, some time later.
    void look(milliseconds later = milliseconds(0)) {
        now_ += later;
        containers_->observe({});
        target_->settle(*containers_, now_);
    }

    Admission admission(CgroupId id) const { return target_->admission_of(id, false); }
    Admission last(CgroupId id) const { return target_->admission_of(id, true); }

    CgroupId web_ = 0, worker_ = 0, db_ = 0;
    FakeSets sets_;
    std::optional<Containers> containers_;
    std::unique_ptr<Target> target_;
    Target::Clock::time_point now_{seconds(1000)};
};

TEST_F(TargetTest, AContainerIsItsWholeTree) {
    target("web");
    EXPECT_EQ(sets_.cgroups, (std::set{web_, worker_}));
    EXPECT_EQ(admission(worker_), Admission::counted);
    bear(kBorn, worker_, "below");
    EXPECT_TRUE(sets_.cgroups.contains(kBorn));
    EXPECT_EQ(admission(kBorn), Admission::counted);
    EXPECT_FALSE(target_->is_undecided());
}

/// Of these alone a row waits that names them beside its subject.
TEST_F(TargetTest, OnlyTheNewAreNewborn) {
    target("late");
    bear(kBorn, id("/docker"), std::string(64, 'c'));
    EXPECT_TRUE(target_->is_newborn(kBorn));
    // A neighbour of before the start is no part of the target, but nobody waits for its name.
    EXPECT_NE(admission(web_), Admission::counted);
    EXPECT_FALSE(target_->is_newborn(web_));
}

TEST_F(TargetTest, ThereMustBeSuchAContainerOrOneIsWaitedFor) {
    TargetRequest request;
    request.containers = {"cache"};
    EXPECT_THROW(install(request), UsageError);
    request.wait = true;
    install(request);
    EXPECT_TRUE(sets_.cgroups.empty());
}

TEST_F(TargetTest, WhatDiedIsCountedStillButTakesNoPlace) {
    target("web");
    bury(worker_);
    EXPECT_EQ(sets_.cgroups, std::set{web_});
    EXPECT_EQ(admission(worker_), Admission::counted);
    EXPECT_EQ(last(worker_), Admission::counted);
}

/// Born and gone between two looks at births.
TEST_F(TargetTest, ABirthAndItsDeathToldTogether) {
    target("web");
    tell({{{kBorn, web_, "brief"}}, {}, {kBorn}, {}});
    EXPECT_EQ(admission(kBorn), Admission::counted);
    EXPECT_FALSE(sets_.cgroups.contains(kBorn));
}

TEST_F(TargetTest, ANewContainerIsHeldUntilItsNameComes) {
    target("late");
    const std::string id(64, 'c');
    const CgroupId parent = this->id("/docker");
    bear(kBorn, parent, id);
    EXPECT_EQ(admission(kBorn), Admission::held);
    EXPECT_TRUE(target_->is_undecided());
    look(milliseconds(20));
    EXPECT_EQ(admission(kBorn), Admission::held);
    name(id, "late");
    look(milliseconds(100));
    EXPECT_EQ(admission(kBorn), Admission::counted);
    EXPECT_TRUE(sets_.cgroups.contains(kBorn));
    EXPECT_FALSE(target_->is_undecided());
}

TEST_F(TargetTest, AnotherContainerIsDroppedWhenItsNameComes) {
    target("web");
    sets_.cgroups.insert(kBorn);  // as the kernel does at its birth
    const std::string id(64, 'c');
    bear(kBorn, this->id("/docker"), id);
    EXPECT_EQ(admission(kBorn), Admission::held);
    name(id, "other");
    look(milliseconds(20));
    EXPECT_EQ(admission(kBorn), Admission::dropped);
    EXPECT_FALSE(sets_.cgroups.contains(kBorn));
}

TEST_F(TargetTest, ANameThatNeverComesIsAwaitedForTenSeconds) {
    target("web");
    bear(kBorn, id("/docker"), std::string(64, 'c'));
    look(milliseconds(9'900));
    EXPECT_EQ(admission(kBorn), Admission::held);
    EXPECT_EQ(last(kBorn), Admission::dropped);
    look(milliseconds(200));
    EXPECT_EQ(admission(kBorn), Admission::dropped);
    EXPECT_FALSE(target_->is_undecided());
}

TEST_F(TargetTest, WithoutAFilterARowWaitsASecondForItsName) {
    target("");
    bear(kBorn, id("/docker"), std::string(64, 'c'));
    EXPECT_EQ(admission(kBorn), Admission::held);
    EXPECT_EQ(last(kBorn), Admission::counted);
    look(milliseconds(900));
    EXPECT_EQ(admission(kBorn), Admission::held);
    look(milliseconds(200));
    EXPECT_EQ(admission(kBorn), Admission::counted);
    EXPECT_EQ(admission(db_), Admission::counted);
}

TEST_F(TargetTest, ServicesHaveTheirNamesAtOnce) {
    const CgroupId slice = make("/system.slice");
    containers_->walk();
    target("");
    bear(kBorn, slice, "nginx.service");
    EXPECT_EQ(admission(kBorn), Admission::counted);
    EXPECT_FALSE(target_->is_undecided());
}

/// What is below a new container waits with it, also when it is gone before the name comes.
TEST_F(TargetTest, ADeadPartOfANewContainerGetsItsName) {
    target("late");
    const std::string id(64, 'c');
    bear(kBorn, this->id("/docker"), id);
    bear(kBorn + 1, kBorn, "part");
    bury(kBorn + 1);
    EXPECT_EQ(admission(kBorn + 1), Admission::held);
    name(id, "late");
    look(milliseconds(20));
    EXPECT_EQ(admission(kBorn + 1), Admission::counted);
    EXPECT_EQ(sets_.cgroups, std::set{kBorn});
}

TEST_F(TargetTest, AContainerThatIsRenamedToWhatIsWantedIsMeasuredFromThenOn) {
    target("cache");
    EXPECT_TRUE(sets_.cgroups.empty());
    EXPECT_EQ(admission(db_), Admission::held);  // the kernel measures nothing there
    name(kB, "cache");
    look(milliseconds(1000));
    EXPECT_EQ(sets_.cgroups, std::set{db_});
    EXPECT_EQ(admission(db_), Admission::counted);
}

TEST_F(TargetTest, WhatTheKernelsSetCannotHoldIsSaid) {
    sets_.most = 2;
    target("web");
    EXPECT_EQ(target_->not_added(), 0U);
    bear(kBorn, web_, "third");
    EXPECT_EQ(target_->not_added(), 1U);
    sets_.most = 1;
    sets_.cgroups.clear();
    EXPECT_THROW(target("web"), Error);  // at the start: nothing would be right
}

TEST_F(TargetTest, CgroupsByPath) {
    TargetRequest request;
    request.cgroups = {"/docker/" + kA};
    install(request);
    EXPECT_EQ(sets_.cgroups, (std::set{web_, worker_}));
    request.cgroups = {"/docker/none"};
    EXPECT_THROW(install(request), UsageError);
}

}  // namespace
}  // namespace tally
