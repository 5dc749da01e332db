// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What the types of a key's fields make of it: headings, names in records, cells. Needs no root.
#include "collect/grouping.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

#include <cstring>

#include "tracer/object_file.h"
#include "tracer/tracer.h"

namespace tally {
namespace {

class KeyTypes : public testing::Test {
  protected:
    /// The row of a key with these values of its own.
    RowName row(std::uint64_t limit, std::uint64_t size, std::uint32_t capability,
                std::int32_t flavour) {
        const SlotsSchema& slots = *tracer_.schema().slots().front();
        std::vector<std::byte> key(slots.key_size);
        for (const KeyField& field : slots.key) {
            const auto put = [&](const auto& value) {
                ASSERT_EQ(field.size, sizeof value);
                std::memcpy(key.data() + field.offset, &value, sizeof value);
            };
            if (field.name == "limit_ns") {
                put(limit);
            } else if (field.name == "size") {
                put(size);
            } else if (field.name == "capability") {
                put(capability);
            } else if (field.name == "flavour") {
                put(flavour);
            }
        }
        Containers none{ContainerPaths{}};
        return grouping_.resolve(key.data(), none).name;
    }

    std::string object_ = read_object_file(std::string(TALLY_TEST_OBJECTS) + "/key_types.bpf.o");
    Tracer tracer_{"it", std::as_bytes(std::span(object_))};
    Grouping grouping_{{"limit_ns", "size", "capability", "flavour"},
                       *tracer_.schema().slots().front()};
};

TEST_F(KeyTypes, HaveHeadingsWithoutTheUnitThatCellsHave) {
    EXPECT_EQ(grouping_.headings(),
              (std::vector<std::string>{"LIMIT", "SIZE", "CAPABILITY", "FLAVOUR"}));
    EXPECT_EQ(grouping_.key_names(),
              (std::vector<std::string>{"limit_ns", "size", "capability", "flavour"}));
}

TEST_F(KeyTypes, AreNamesAndQuantities) {
    const RowName name = row(20'000'000, 4096, CAP_SYS_ADMIN, 7);
    EXPECT_EQ(name.key, (std::vector<Field>{{"limit_ns", std::uint64_t{20'000'000}},
                                            {"size", std::uint64_t{4096}},
                                            {"capability", std::string("CAP_SYS_ADMIN")},
                                            {"flavour", std::string("salty_and_sour")}}));
    const Quantity& limit = std::get<Quantity>(name.labels.at(0));
    EXPECT_EQ(limit.unit, Unit::nanoseconds);
    EXPECT_EQ(limit.value, 20'000'000U);
    EXPECT_EQ(std::get<Quantity>(name.labels.at(1)).unit, Unit::bytes);
    EXPECT_EQ(std::get<std::string>(name.labels.at(2)), "CAP_SYS_ADMIN");
    EXPECT_EQ(std::get<std::string>(name.labels.at(3)), "salty_and_sour");
}

TEST_F(KeyTypes, AreNullWhereThereIsNone) {
    const RowName name = row(~0ULL, ~0ULL, 63, 5);
    EXPECT_EQ(name.key, (std::vector<Field>{{"limit_ns", {}},
                                            {"size", {}},
                                            {"capability", std::string("CAP_63")},
                                            {"flavour", std::string("5")}}));
    EXPECT_EQ(std::get<std::string>(name.labels.at(0)), "-");
    EXPECT_EQ(std::get<std::string>(name.labels.at(1)), "-");
}

}  // namespace
}  // namespace tally
