// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What the types of a key's fields make of it: headings, names in records, cells. Needs no root.
#include "collect/grouping.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

#include <cstring>
#include <map>

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
        for (const StructField& field : slots.key) {
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

/// key_types.bpf.c: the second key, with all bytes of each field 0, 0xff, or as it says.
class TypedKey : public testing::Test {
  protected:
    RowName row(std::byte all, const std::map<std::string, std::string>& bytes = {}) {
        std::vector<std::byte> key(schema().key_size, all);
        for (const StructField& field : schema().key) {
            if (const auto given = bytes.find(field.name); given != bytes.end()) {
                std::memcpy(key.data() + field.offset, given->second.data(), given->second.size());
            }
        }
        const Containers none{ContainerPaths{}};
        return Grouping(words_, schema()).resolve(key.data(), none).name;
    }
    Value value(const RowName& name, const std::string& field) {
        for (const Field& each : name.key) {
            if (each.name == field) {
                return each.value;
            }
        }
        ADD_FAILURE() << field;
        return {};
    }
    const SlotsSchema& schema() const { return tracer_.schema().counts.at(1); }

    std::string object_ = read_object_file(std::string(TALLY_TEST_OBJECTS) + "/key_types.bpf.o");
    Tracer tracer_{"it", std::as_bytes(std::span(object_))};
    std::vector<std::string> words_{"began", "address", "peer", "named",     "below", "call",
                                    "error", "signal",  "uid",  "flags",     "mode",  "descriptor",
                                    "port",  "is_so",   "disk", "other_comm"};
};

TEST_F(TypedKey, HasAMemberForEachField) {
    std::vector<std::string> names;
    for (const Field& each : row(std::byte{0}).key) {
        names.push_back(each.name);
    }
    std::vector<std::string> wanted = words_;
    wanted.insert(wanted.end() - 1, "disk_cut");
    EXPECT_EQ(names, wanted);
    EXPECT_EQ(Grouping(words_, schema()).key_names(), wanted);
}

TEST_F(TypedKey, ShowsWhatIsThere) {
    const RowName name = row(std::byte{0}, {{"address", "\x10"},
                                            {"signal", "\x09"},
                                            {"is_so", "\x01"},
                                            {"disk", "sda_and_m"},
                                            {"port", "\x50"}});
    EXPECT_EQ(value(name, "address"), Value(std::uint64_t{16}));
    EXPECT_EQ(name.labels.at(1), Label("0x10"));
    EXPECT_EQ(value(name, "signal"), Value("SIGKILL"));
    EXPECT_EQ(value(name, "is_so"), Value(true));
    EXPECT_EQ(value(name, "port"), Value(std::uint64_t{0x50}));
    EXPECT_EQ(value(name, "disk"), Value("sda_and_m"));
    EXPECT_EQ(value(name, "disk_cut"), Value(true));
    EXPECT_EQ(name.labels.at(14), Label("sda_and_m..."));
    EXPECT_EQ(value(name, "peer"), Value("::"));
    EXPECT_EQ(value(name, "call"), Value("read"));
    EXPECT_FALSE(name.waits_by_nature);
}

TEST_F(TypedKey, IsNullWhereThereIsNothing) {
    const RowName none = row(std::byte{0xff});
    for (const char* each : {"call", "uid", "mode", "descriptor"}) {
        EXPECT_EQ(value(none, each), Value()) << each;
    }
    const RowName zero = row(std::byte{0});
    for (const char* each : {"began", "error", "signal", "named"}) {
        EXPECT_EQ(value(zero, each), Value()) << each;
    }
    EXPECT_EQ(zero.labels.at(0), Label("-"));
}

/// A further cgroup is as the first, under its own name (blame.bpf.c).
TEST(FurtherCgroup, HasTheWordsAndMembersOfACgroup) {
    const std::string object = read_object_file(std::string(TALLY_TEST_OBJECTS) + "/blame.bpf.o");
    Tracer tracer("it", std::as_bytes(std::span(object)));
    const SlotsSchema& blame = tracer.schema().counts.at(0);
    EXPECT_EQ(Grouping::choices(blame),
              (std::vector<std::string>{"container", "pod", "unit", "cgroup", "pid", "tid", "comm",
                                        "culprit", "culprit_pod", "culprit_unit", "culprit_cgroup",
                                        "none"}));
    const Grouping both({"container", "culprit"}, blame);
    EXPECT_EQ(both.headings(), (std::vector<std::string>{"CONTAINER", "CULPRIT"}));
    EXPECT_EQ(both.key_names(),
              (std::vector<std::string>{
                  "container", "container_id", "runtime", "pod", "namespace", "systemd_unit",
                  "cgroup", "culprit_container", "culprit_container_id", "culprit_runtime",
                  "culprit_pod", "culprit_namespace", "culprit_systemd_unit", "culprit_cgroup"}));
    EXPECT_EQ(Grouping({"culprit_cgroup"}, blame).key_names(),
              (std::vector<std::string>{"culprit_cgroup", "culprit_cgroup_id"}));
    EXPECT_TRUE(Grouping({"culprit"}, blame).needs_cgroups());
    EXPECT_TRUE(Grouping({"container"}, blame).other_cgroups().empty());
}

}  // namespace
}  // namespace tally
