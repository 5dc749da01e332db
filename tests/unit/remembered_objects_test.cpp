// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What user space makes of the objects in the kernel's map: which are too old, which are in flight.
#include "tracer/remembered_objects.h"

#include <gtest/gtest.h>

#include <cstring>

#include "wire.h"

namespace tally {
namespace {

/// The tracer's own state, with a histogram's key in it.
struct Value {
    tally_object object;
    std::uint64_t sector;
    std::uint64_t key;
};

struct Record {
    std::uint64_t key;
    tally_in_flight in_flight;
};

RememberedObjects objects_of(const std::vector<Value>& values) {
    RememberedObjects objects;
    for (const Value& each : values) {
        objects.keys.push_back(100 + objects.keys.size());
        const auto* bytes = reinterpret_cast<const std::byte*>(&each);
        objects.values.insert(objects.values.end(), bytes, bytes + sizeof each);
    }
    return objects;
}

TEST(RememberedObjects, AreTooOldWhetherTheyAreWantedOrNot) {
    const auto objects = objects_of({{{1'000, 1, 0, 0, ""}, 0, 0},
                                     {{1'001, 1, 0, 0, ""}, 0, 0},
                                     {{999, 0, 0, 0, ""}, 0, 0},
                                     {{9'000, 1, 0, 0, ""}, 0, 0}});  // by another CPU's clock
    EXPECT_EQ(too_old(objects, sizeof(Value), 500, 1'501), (std::vector<std::uint64_t>{100, 102}));
    EXPECT_TRUE(too_old(objects, sizeof(Value), 502, 1'501).empty());
}

TEST(RememberedObjects, AreInFlightIfTheyAreWanted) {
    const auto objects = objects_of({{{1'000, 1, 7, 8, "cat"}, 5, 70},
                                     {{1'000, 0, 9, 9, "dog"}, 5, 71},
                                     {{2'000, 1, 0, 0, ""}, 5, 72}});
    const InFlightOf of{"requests", sizeof(Value), offsetof(Value, key)};
    const auto bytes = in_flight_records(objects, of, sizeof(std::uint64_t), 1'500);
    std::vector<Record> records(2);
    ASSERT_EQ(bytes.size(), 2 * sizeof(Record));
    std::memcpy(records.data(), bytes.data(), bytes.size());
    EXPECT_EQ(records[0].key, 70U);
    EXPECT_EQ(records[0].in_flight.age, 500U);
    EXPECT_EQ(records[0].in_flight.pid, 7U);
    EXPECT_EQ(records[0].in_flight.tid, 8U);
    EXPECT_STREQ(records[0].in_flight.comm, "cat");
    EXPECT_EQ(records[1].key, 72U);
    EXPECT_EQ(records[1].in_flight.age, 1U);
    EXPECT_EQ(records[1].in_flight.tid, 0U);
}

}  // namespace
}  // namespace tally
