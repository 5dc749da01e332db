// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Events, from a ring in memory instead of the kernel's: in which order they are told, under which
// names, what is held, dropped, or not understood.
#include "collect/event_stream.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "container_fixture.h"
#include "fake_ring.h"

namespace tally {
namespace {

/// The struct of an EVENTS().
struct Open {
    EventHead head;
    std::uint64_t by = 0;  ///< container_of_cgroup
    tally_text file{};
};

class EventStreamTest : public TwoContainers {
  protected:
    void SetUp() override {
        TwoContainers::SetUp();
        EventsSchema& opens = schema_.events.emplace_back();
        opens.name = "opens";
        opens.struct_size = sizeof(Open);
        opens.fields = {{"by", &field_type("container_of_cgroup"), offsetof(Open, by), 8},
                        {"file", &field_type("path"), offsetof(Open, file), sizeof(tally_text)}};
        auto ring = std::make_unique<FakeRing>();
        ring_ = ring.get();
        stream_.emplace("opensnoop", schema_, std::move(ring), [this] { return clock_offset_; });
    }

    static Open open_of(CgroupId cgroup) {
        Open open;
        open.head.cgroup = cgroup;
        open.head.tid = 7;
        return open;
    }

    /// An open of `file` by a thread in `cgroup`.
    void put(CgroupId cgroup, const std::string& file, CgroupId by = 0) {
        Open open = open_of(cgroup);
        open.by = by;
        open.file = {0, static_cast<std::uint16_t>(file.size()), TALLY_TEXT_WHOLE};
        ring_->put(0, open, file);
    }

    using Told = std::vector<std::string>;

    /// "CONTAINER FILE", and "by CONTAINER" where that is known.
    static std::string text_of(const Event& event) {
        const auto text = [&](std::size_t i) {
            return std::string(std::get<std::string_view>(event.values[i]));
        };
        const bool has_by = std::holds_alternative<std::string_view>(event.values[0]);
        return event.owner.label + " " + text(1) + (has_by ? " by " + text(0) : "");
    }

    Told tell() {
        Told told;
        stream_->tell(*containers_, [&](const Event& event) { told.push_back(text_of(event)); });
        return told;
    }

    /// A reading as a session makes it.
    Told read() {
        stream_->take();
        return tell();
    }

    TracerSchema schema_;
    FakeRing* ring_ = nullptr;
    std::int64_t clock_offset_ = 0;
    std::optional<EventStream> stream_;
};

TEST_F(EventStreamTest, TellsWhatTakeHasFoundInTheRingsOrder) {
    EXPECT_FALSE(stream_->take());
    put(web_, "a");
    put(db_, "b", web_);
    put(web_, "c");
    EXPECT_TRUE(stream_->take());
    put(web_, "later");
    EXPECT_EQ(tell(), (Told{"web a", "db b by web", "web c"}));
    EXPECT_EQ(read(), Told{"web later"});
    EXPECT_EQ(read(), Told{});
}

TEST_F(EventStreamTest, NamesACgroupThatWasBornBetweenTakeAndTell) {
    put(kBorn, "a", kBorn + 1);
    put(web_, "b");
    ASSERT_TRUE(stream_->take());
    EXPECT_EQ(stream_->new_cgroups(), (std::unordered_set<CgroupId>{kBorn, kBorn + 1, web_, 0}));
    containers_->add({kBorn, db_, "worker"});
    containers_->add({kBorn + 1, web_, "worker"});
    EXPECT_EQ(tell(), (Told{"db a by web", "web b"}));

    put(kBorn, "c");
    stream_->take();
    EXPECT_TRUE(stream_->new_cgroups().empty());
}

/// A name is looked up once, until something may have changed.
TEST_F(EventStreamTest, KeepsNamesUntilTheyAreForgotten) {
    put(kBorn, "a");
    EXPECT_EQ(read(), Told{"unknown a"});
    containers_->add({kBorn, db_, "worker"});
    put(kBorn, "b");
    EXPECT_EQ(read(), Told{"unknown b"});
    stream_->forget_names();
    put(kBorn, "c");
    EXPECT_EQ(read(), Told{"db c"});
}

TEST_F(EventStreamTest, HeldEventsAreToldInOrderOnceTheyAreAdmitted) {
    Admission of_db = Admission::held;
    stream_->set_admission([&](CgroupId id) { return id == db_ ? of_db : Admission::counted; });
    put(db_, "1");
    put(web_, "2");
    put(db_, "3");
    EXPECT_EQ(read(), Told{"web 2"});

    stream_->forget_names();  // not decided yet
    put(db_, "4");
    EXPECT_EQ(read(), Told{});

    of_db = Admission::counted;
    put(web_, "5");
    EXPECT_EQ(read(), Told{"web 5"});  // nobody has said that something is decided
    stream_->forget_names();
    put(web_, "6");
    put(db_, "7");
    EXPECT_EQ(read(), (Told{"db 1", "db 3", "db 4", "web 6", "db 7"}));
    stream_->forget_names();
    EXPECT_EQ(read(), Told{});
}

TEST_F(EventStreamTest, HeldEventsThatAreNotAdmittedAreNeverTold) {
    Admission of_db = Admission::held;
    stream_->set_admission([&](CgroupId id) { return id == db_ ? of_db : Admission::counted; });
    put(db_, "1");
    put(web_, "2");
    EXPECT_EQ(read(), Told{"web 2"});
    of_db = Admission::dropped;
    stream_->forget_names();
    put(db_, "3");
    EXPECT_EQ(read(), Told{});
    of_db = Admission::counted;
    stream_->forget_names();
    put(db_, "4");
    EXPECT_EQ(read(), Told{"db 4"});
    EXPECT_EQ(stream_->not_held(), 0U);
}

/// Where so many names came that the oldest are forgotten, a cgroup is asked for again, and may be
/// admitted by then. What is held of it comes first still.
TEST_F(EventStreamTest, NothingOvertakesWhatIsHeld) {
    Admission of_db = Admission::held;
    stream_->set_admission([&](CgroupId id) { return id == db_ ? of_db : Admission::counted; });
    put(db_, "1");
    read();
    of_db = Admission::counted;
    for (CgroupId id = 0; id < 10'000; ++id) {
        put(kBorn + id, "");
    }
    put(db_, "2");
    EXPECT_EQ(read(), Told(10'000, "unknown "));
    stream_->forget_names();
    EXPECT_EQ(read(), (Told{"db 1", "db 2"}));
}

TEST_F(EventStreamTest, CountsWhatItHasNoRoomToHold) {
    Admission of_all = Admission::held;
    stream_->set_admission([&](CgroupId) { return of_all; });
    const std::string file(65'000, 'x');
    for (int i = 0; i < 200; ++i) {
        put(db_, file);
    }
    EXPECT_EQ(read(), Told{});
    const std::size_t fit = (8U << 20) / (sizeof(tally_event_front) + sizeof(Open) + file.size());
    EXPECT_EQ(stream_->not_held(), 200 - fit);
    of_all = Admission::counted;
    stream_->forget_names();
    EXPECT_EQ(read(), Told(fit, "db " + file));

    of_all = Admission::held;  // there is room again
    stream_->forget_names();
    put(db_, file);
    read();
    EXPECT_EQ(stream_->not_held(), 200 - fit);
}

TEST_F(EventStreamTest, CountsWhatIsNotLaidOutAsDeclared) {
    const Open good = open_of(web_);
    const auto put_with_text = [&](std::uint16_t offset, std::uint16_t length,
                                   std::uint32_t state) {
        Open open = good;
        open.file = {offset, length, state};
        ring_->put(0, open, "four");
    };
    ring_->put(std::vector<std::byte>(3));                           // no front
    ring_->put(std::vector<std::byte>(sizeof(tally_event_front)));   // no struct
    ring_->put(FakeRing::record_of(0, &good, sizeof good - 1, ""));  // cut
    ring_->put(FakeRing::record_of(1, &good, sizeof good, ""));      // of no EVENTS()
    std::vector<std::byte> longer = FakeRing::record_of(0, &good, sizeof good, "");
    longer.resize(longer.size() + 1);
    ring_->put(longer);
    put_with_text(1, 4, TALLY_TEXT_WHOLE);  // beyond the text
    put_with_text(0, 5, TALLY_TEXT_CUT);
    put_with_text(0, 4, TALLY_TEXT_CUT + 1);  // no such state
    put_with_text(0, 4, TALLY_TEXT_WHOLE);
    EXPECT_EQ(read(), Told{"web four"});
    EXPECT_EQ(stream_->malformed(), 8U);
    EXPECT_EQ(read(), Told{});
    EXPECT_EQ(stream_->malformed(), 8U);
}

/// Times of events shall not jump because two clocks are read one after the other.
TEST_F(EventStreamTest, TheClockMovesOnlyWhenItWasSet) {
    const auto time_of_one = [this] {
        put(web_, "");
        stream_->take();
        UnixNanoseconds time = 0;
        stream_->tell(*containers_, [&](const Event& event) { time = event.time; });
        return time;
    };
    clock_offset_ = 5'000'000'000;
    EXPECT_EQ(time_of_one(), 5'000'000'000U);
    clock_offset_ += 1'000'000;
    EXPECT_EQ(time_of_one(), 5'000'000'000U);
    clock_offset_ += 1;
    EXPECT_EQ(time_of_one(), 5'001'000'001U);
}

}  // namespace
}  // namespace tally
