// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What a histogram's readings add to those of any slots (collect_collector_test.cpp): buckets,
// extremes, in flight.
#include "collect/histogram_collector.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "buckets.h"
#include "container_fixture.h"
#include "fake_slots.h"
#include "wire.h"

namespace tally {
namespace {

struct Slot {
    SlotKey key;
    std::uint64_t sum = 0, min = ~0ULL, max = 0;  ///< struct tally_histogram
    std::uint64_t buckets[TALLY_BUCKETS] = {};

    void add(std::uint64_t value, std::uint64_t times = 1) {
        key.shard = 1;
        sum += value * times;
        min = std::min(min, value);
        max = std::max(max, value);
        buckets[tally_bucket_of(value)] += times;
    }
};

class HistogramCollectorTest : public TwoContainers {
  protected:
    HistogramCollectorTest() {
        schema_.name = "waits";
        lay_out_key(schema_);
        schema_.slot_size = sizeof(Slot);
        schema_.unit = Unit::nanoseconds;
        schema_.has_in_flight = true;
        collect_by("comm");
    }

    void collect_by(const std::string& word) {
        auto slots = std::make_unique<FakeSlots<Slot>>(kernel_);
        slots_ = slots.get();
        collector_ = std::make_unique<HistogramCollector>(std::move(slots), schema_,
                                                          Grouping({word}, schema_));
        collector_->let_rows_expire();
    }

    /// The one row of a reading; none: there is none.
    std::optional<HistogramRow> read() {
        while (collector_->take()) {
            collector_->add(nobody_);
        }
        return row_of(collector_->collect({}, nobody_));
    }
    std::optional<HistogramRow> total() const { return row_of(collector_->total({})); }

    void put_in_flight(CgroupId cgroup, std::uint32_t tid, std::uint64_t age) {
        SlotKey key;
        key.cgroup = cgroup;
        tally_in_flight one{};
        one.age = age;
        one.pid = 7;
        one.tid = tid;
        std::memcpy(one.comm, "cat", 4);
        const auto append = [&](const void* from, std::size_t size) {
            const auto* bytes = static_cast<const std::byte*>(from);
            slots_->in_flight_records.insert(slots_->in_flight_records.end(), bytes, bytes + size);
        };
        append(&key, schema_.shard_offset);
        append(&one, sizeof one);
    }

    static std::optional<HistogramRow> row_of(const AnyReport& any) {
        const auto& rows = std::get<HistogramReport>(any).rows;
        EXPECT_LE(rows.size(), 1U);
        return rows.empty() ? std::nullopt : std::optional(rows.front());
    }

    std::vector<Slot> kernel_ = std::vector<Slot>(4);
    HistogramSchema schema_;
    FakeSlots<Slot>* slots_ = nullptr;
    Containers nobody_{ContainerPaths{}};
    std::unique_ptr<HistogramCollector> collector_;
};

TEST_F(HistogramCollectorTest, IntervalsAddUpToTheTotal) {
    kernel_[0].add(1000, 3);
    EXPECT_EQ(read()->histogram.count(), 3U);
    kernel_[0].add(1000, 2);
    kernel_[0].add(70'000);
    kernel_[1].add(5);  // another CPU's
    const auto second = read();
    EXPECT_EQ(second->histogram.count(), 4U);
    EXPECT_EQ(second->histogram.sum(), 72'005U);
    EXPECT_EQ(
        second->histogram.buckets(),
        (std::vector<BucketCount>{
            {tally_bucket_of(5), 1}, {tally_bucket_of(1000), 2}, {tally_bucket_of(70'000), 1}}));
    EXPECT_EQ(total()->histogram.count(), 7U);
    EXPECT_EQ(total()->histogram.sum(), 75'005U);
    EXPECT_EQ(total()->histogram.min(), 5U);
    EXPECT_EQ(total()->histogram.max(), 70'000U);
}

/// They do not change the sum.
TEST_F(HistogramCollectorTest, CountsZeros) {
    kernel_[0].add(9);
    read();
    EXPECT_FALSE(read());
    kernel_[0].add(0, 2);
    EXPECT_EQ(read()->histogram.count(), 2U);
    kernel_[0].add(0);
    EXPECT_EQ(read()->histogram.count(), 1U);
}

/// The kernel adds to the bucket first. Between the two its cgroup may get a name, so that the sum
/// comes into another row than the count.
TEST_F(HistogramCollectorTest, ASumThatComesAfterItsCountIsNotLost) {
    collect_by("container");
    const auto read_named = [&] {
        while (collector_->take()) {
            collector_->add(*containers_);
        }
        return std::get<HistogramReport>(collector_->collect({}, *containers_)).rows;
    };
    kernel_[0].key.cgroup = kBorn;
    kernel_[0].add(1000, 2);
    kernel_[0].sum = 1000;
    EXPECT_EQ(read_named().at(0).histogram.count(), 2U);
    containers_->add({kBorn, db_, "worker"});
    kernel_[0].sum = 2000;
    EXPECT_EQ(read_named().at(0).histogram.sum(), 1000U);
    kernel_[0].add(1000);
    EXPECT_EQ(read_named().at(0).histogram.sum(), 1000U);
    std::uint64_t count = 0, sum = 0;
    const auto total = std::get<HistogramReport>(collector_->total({}));
    EXPECT_EQ(total.rows.size(), 2U);
    for (const HistogramRow& each : total.rows) {
        count += each.histogram.count();
        sum += each.histogram.sum();
    }
    EXPECT_EQ(count, 3U);
    EXPECT_EQ(sum, 3000U);
}

TEST_F(HistogramCollectorTest, InFlightIsOfTheLastLook) {
    put_in_flight(1, 11, 500);
    put_in_flight(1, 12, TALLY_OLDER_THAN_RUN);
    put_in_flight(2, 13, 900);
    collector_->look_in_flight(std::chrono::nanoseconds(600));
    const auto row = read();
    ASSERT_TRUE(row && row->in_flight);
    EXPECT_EQ(row->histogram.count(), 0U);
    EXPECT_EQ(row->in_flight->count, 3U);
    EXPECT_EQ(row->in_flight->before_attach, 1U);
    EXPECT_EQ(row->in_flight->oldest_tid, 12U);  // older than the run, whatever the others' ages
    EXPECT_EQ(row->in_flight->oldest_ns, 600U);
    EXPECT_TRUE(row->in_flight->oldest_before_attach);
    EXPECT_EQ(row->in_flight->oldest_comm, "cat");
    EXPECT_EQ(row->in_flight->sum_ns, 500U + 600U + 600U);

    slots_->in_flight_records.clear();
    kernel_[0].add(1000);
    collector_->look_in_flight(std::chrono::nanoseconds(700));
    EXPECT_EQ(read()->in_flight->count, 0U);
    EXPECT_EQ(total()->in_flight->count, 0U);
    EXPECT_EQ(total()->in_flight->sum_ns, 0U);
}

/// Nothing has lasted for longer than the run, within it.
TEST_F(HistogramCollectorTest, TheSumInFlightGrowsByTheLengthOfAnInterval) {
    for (const std::uint64_t seconds : {1U, 2U, 5U}) {
        slots_->in_flight_records.clear();
        put_in_flight(1, 11, TALLY_OLDER_THAN_RUN);
        put_in_flight(1, 12, seconds * 1000 + 1);  // began before the run, and is known to have
        put_in_flight(1, 13, seconds * 1000);
        put_in_flight(2, 14, seconds * 1000 - 600);
        collector_->look_in_flight(std::chrono::nanoseconds(seconds * 1000));
        const auto row = read();
        EXPECT_EQ(row->in_flight->count, 4U);
        EXPECT_EQ(row->in_flight->sum_ns, 4 * seconds * 1000 - 600);
        EXPECT_EQ(total()->in_flight->sum_ns, row->in_flight->sum_ns);
    }
}

TEST_F(HistogramCollectorTest, InFlightOfCgroupsThatAreNotCountedIsLeftOut) {
    collector_->set_admission([](CgroupId id) {
        return id == 1 ? Admission::held : id == 2 ? Admission::dropped : Admission::counted;
    });
    for (const std::uint32_t id : {1U, 2U, 3U}) {
        put_in_flight(id, 20 + id, 5);
    }
    collector_->look_in_flight({});
    const auto fresh = collector_->new_cgroups();
    EXPECT_EQ(std::vector<CgroupId>(fresh.begin(), fresh.end()), (std::vector<CgroupId>{1, 2, 3}));
    const auto row = read();
    EXPECT_EQ(row->in_flight->count, 1U);
    EXPECT_EQ(row->in_flight->oldest_tid, 23U);
}

/// A thread may be on its way out of a cgroup that is gone already.
TEST_F(HistogramCollectorTest, ARowOfWhichSomethingIsInFlightDoesNotExpire) {
    collect_by("container");
    kernel_[0].key.cgroup = 1;
    kernel_[0].add(10, 3);
    read();
    read();
    put_in_flight(1, 11, 500);
    collector_->look_in_flight(std::chrono::nanoseconds(600));
    collector_->forget_dead([](CgroupId) { return true; }, nobody_);
    EXPECT_EQ(slots_->given_back, std::vector<std::uint32_t>{0});
    EXPECT_EQ(read()->in_flight->count, 1U);
    EXPECT_FALSE(row_of(collector_->expire({})));

    slots_->in_flight_records.clear();
    collector_->look_in_flight(std::chrono::nanoseconds(700));
    read();
    const auto expired = row_of(collector_->expire({}));
    ASSERT_TRUE(expired);
    EXPECT_EQ(expired->histogram.count(), 3U);
    EXPECT_EQ(expired->histogram.max(), 10U);
    EXPECT_EQ(expired->in_flight->count, 0U);
    EXPECT_FALSE(total());
}

/// It has no slot that could be given back.
TEST_F(HistogramCollectorTest, ARowThatWasOnlyInFlightIsNotInTheTotal) {
    put_in_flight(1, 11, 500);
    collector_->look_in_flight(std::chrono::nanoseconds(600));
    read();
    EXPECT_TRUE(total());
    slots_->in_flight_records.clear();
    collector_->look_in_flight(std::chrono::nanoseconds(700));
    EXPECT_FALSE(read());
    EXPECT_FALSE(total());
}

}  // namespace
}  // namespace tally
