// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The table of field types: what bytes mean in keys and events, and what may be typed.
#include <gtest/gtest.h>

#include <cstring>
#include <span>

#include "fields/field.h"
#include "fields/key_value.h"
#include "wire.h"

namespace tally {
namespace {

/// A field of this type and its bytes.
class Sample {
  public:
    template <typename Content>
    Sample(std::string_view type, const Content& content)
        : field_{"it", &field_type(type), kOffset, sizeof content, {}, field_type(type).unit},
          bytes_(kOffset + sizeof content + 8, std::byte{0xee}) {
        std::memcpy(bytes_.data() + kOffset, &content, sizeof content);
    }

    Sample& with_names(std::map<std::int64_t, std::string> names) {
        field_.names = std::move(names);
        return *this;
    }

    /// As an event has it; texts are copied.
    Value in_event(const DecodeContext& context = {}, std::string room = "") const {
        return std::visit(
            [](const auto& value) -> Value {
                using T = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<T, std::string_view>) {
                    return std::string(value);
                } else if constexpr (std::is_same_v<T, Words>) {
                    return std::string(value.bytes);
                } else {
                    return value;
                }
            },
            field_.type->decode(field_, bytes_.data(), context, room));
    }
    KeyValue in_key() const { return key_value(field_, bytes_.data(), 1000); }

    const StructField& field() const { return field_; }

  private:
    static constexpr std::size_t kOffset = 3;  // nothing is aligned
    StructField field_;
    std::vector<std::byte> bytes_;
};

/// The same value in an event and in a key, and its label there.
void expect(const Sample& sample, const Value& value, const Label& label) {
    SCOPED_TRACE(sample.field().type->name);
    EXPECT_EQ(sample.in_event(), value);
    EXPECT_EQ(sample.in_key().value, value);
    EXPECT_EQ(sample.in_key().label, label);
}

Value text(const char* words) {
    return std::string(words);
}

tally_ip ip(std::uint8_t first, std::uint8_t last, bool is_version_4) {
    std::uint8_t bytes[16] = {};
    bytes[is_version_4 ? 12 : 0] = first;
    bytes[15] = last;
    if (is_version_4) {
        bytes[10] = bytes[11] = 0xff;
    }
    tally_ip address{};
    std::memcpy(&address, bytes, sizeof address);
    return address;
}

TEST(FieldTypes, AreDecodedAlikeInKeysAndEvents) {
    const std::uint32_t number = 4711;
    for (const char* type : {"pid_nr", "tid_nr", "uid_nr"}) {
        expect(Sample(type, number), std::uint64_t{4711}, "4711");
    }
    expect(Sample("unsigned integer", std::uint8_t{255}), std::uint64_t{255}, "255");
    expect(Sample("unsigned integer", ~0ULL), ~0ULL, "18446744073709551615");
    expect(Sample("signed integer", std::int16_t{-5}), std::int64_t{-5}, "-5");
    expect(Sample("port_nr", std::uint16_t{65535}), std::uint64_t{65535}, "65535");
    expect(Sample("bool", true), true, "yes");
    expect(Sample("bool", false), false, "no");
    expect(Sample("syscall_nr", std::uint32_t{0}), text("read"), "read");
    expect(Sample("errno_nr", std::uint32_t{2}), text("ENOENT"), "ENOENT");
    expect(Sample("signal_nr", std::uint32_t{9}), text("SIGKILL"), "SIGKILL");
    expect(Sample("capability_nr", std::uint32_t{21}), text("CAP_SYS_ADMIN"), "CAP_SYS_ADMIN");
    expect(Sample("open_flags", std::uint32_t{0102}), text("O_RDWR|O_CREAT"), "O_RDWR|O_CREAT");
    expect(Sample("file_mode", std::uint32_t{0640}), text("0640"), "0640");
    expect(Sample("natural_or_none", std::int32_t{7}), std::uint64_t{7}, "7");
    expect(Sample("named_flags", tally_flags{TALLY_CLONE_FLAGS, 0x20000}), text("CLONE_NEWNS"),
           "CLONE_NEWNS");
    expect(Sample("ip_addr", ip(10, 1, true)), text("10.0.0.1"), "10.0.0.1");
    expect(Sample("ip_addr", ip(0x20, 1, false)), text("2000::1"), "2000::1");
    expect(Sample("enum", std::int32_t{-1}).with_names({{-1, "below"}}), text("below"), "below");
    expect(Sample("enum", std::int32_t{7}).with_names({{-1, "below"}}), text("7"), "7");
}

TEST(FieldTypes, HaveUnitsThatPeopleRead) {
    expect(Sample("duration_ns", std::uint64_t{1500}), std::uint64_t{1500},
           Quantity{Unit::nanoseconds, 1500});
    expect(Sample("bytes", std::uint64_t{2048}), std::uint64_t{2048}, Quantity{Unit::bytes, 2048});
    expect(Sample("hex", std::uint64_t{0xffff888000000000}), std::uint64_t{0xffff888000000000},
           "0xffff888000000000");
    expect(Sample("hex", std::uint64_t{0}), std::uint64_t{0}, "0x0");
}

TEST(FieldTypes, AreNullWhereThereIsNone) {
    const std::uint32_t none = ~0U;
    for (const char* type : {"uid_nr", "syscall_nr", "file_mode"}) {
        expect(Sample(type, none), Value(), "-");
    }
    for (const char* type : {"errno_nr", "signal_nr"}) {
        expect(Sample(type, std::uint32_t{0}), Value(), "-");
    }
    expect(Sample("natural_or_none", std::int32_t{-1}), Value(), "-");
    expect(Sample("duration_ns", ~0ULL), Value(), "-");
    expect(Sample("bytes", ~0ULL), Value(), "-");
    expect(Sample("timestamp_ns", std::uint64_t{0}), Value(), "-");
    expect(Sample("named_flags", tally_flags{TALLY_NO_FLAGS, 1}), Value(), "-");
    // Those that only look like it.
    expect(Sample("uid_nr", std::uint32_t{65534}), std::uint64_t{65534}, "65534");
    expect(Sample("pid_nr", none), std::uint64_t{none}, "4294967295");
}

TEST(FieldTypes, TimesAreThoseOfTheClock) {
    const Sample time("timestamp_ns", std::uint64_t{5});
    EXPECT_EQ(time.in_event({{}, 10}), Value(Moment{15}));
    EXPECT_EQ(time.in_key().value, Value(Moment{1005}));
    EXPECT_EQ(time.in_key().label, Label(Moment{1005}));
}

TEST(FieldTypes, ATextWithoutNulIsCutInAKey) {
    const char whole[5] = "four";
    const char cut[4] = {'f', 'o', 'u', 'r'};
    const Sample fits("char[N]", whole);
    const Sample full("char[N]", cut);
    EXPECT_EQ(fits.in_event(), text("four"));
    EXPECT_EQ(fits.in_key().label, Label("four"));
    EXPECT_FALSE(fits.in_key().is_cut);
    EXPECT_EQ(full.in_event(), text("four"));
    EXPECT_EQ(full.in_key().value, text("four"));
    EXPECT_EQ(full.in_key().label, Label("four..."));
    EXPECT_TRUE(full.in_key().is_cut);
    const char comm[16] = "fifteen_letters";
    EXPECT_FALSE(Sample("comm", comm).in_key().is_cut);
}

/// A thread may be called nothing; an event's field of another thread is not known then.
TEST(FieldTypes, AnEmptyCommIsATextInAKey) {
    const char nothing[16] = "";
    EXPECT_EQ(Sample("comm", nothing).in_event(), Value());
    EXPECT_EQ(Sample("comm", nothing).in_key().value, text(""));
}

TEST(FieldTypes, TextsOfEventsLieBehindTheStruct) {
    const std::string_view all("some\0words\0", 11);
    const Sample path("path", tally_text{5, 5, TALLY_TEXT_WHOLE});
    EXPECT_EQ(path.in_event({all}), text("words"));
    EXPECT_EQ(Sample("path", tally_text{0, 4, TALLY_TEXT_NONE}).in_event({all}), Value());
    EXPECT_EQ(Sample("argument_vector", tally_text{0, 11, TALLY_TEXT_CUT}).in_event({all}),
              Value(std::string(all)));
    const std::uint64_t six[6] = {0, 0x10, 0, 0, 0, ~0ULL};
    EXPECT_EQ(Sample("call_arguments", six).in_event(), Value(std::string("0x0\0"
                                                                          "0x10\0"
                                                                          "0x0\0"
                                                                          "0x0\0"
                                                                          "0x0\0"
                                                                          "0xffffffffffffffff\0",
                                                                          40)));
    EXPECT_EQ(Sample("container_of_cgroup", 1ULL).in_event({}, "web"), text("web"));
    EXPECT_EQ(Sample("container_of_cgroup", 1ULL).in_event(), Value());
}

TEST(FieldTypes, OfVariableLengthAreOfEventsOnly) {
    for (const FieldType& each : all_field_types()) {
        SCOPED_TRACE(each.name);
        const bool is_long = each.name == "path" || each.name == "argument_vector" ||
                             each.name == "call_arguments" || each.name == "container_of_cgroup";
        EXPECT_TRUE(each.may_stand_in(FieldPlace::event));
        EXPECT_EQ(each.may_stand_in(FieldPlace::key), !is_long);
        EXPECT_EQ(each.may_stand_in(FieldPlace::selection), each.meaning != nullptr);
        EXPECT_EQ(&field_type(each.name), &each);
    }
    EXPECT_THROW(field_type("weather"), std::out_of_range);
}

TEST(FieldTypes, AreFoundByTheOutermostNameThatHasAMeaning) {
    const std::vector<std::string> names{"victim", "pid_nr", "__u32"};
    EXPECT_EQ(find_field_type(names), &field_type("pid_nr"));
    EXPECT_EQ(find_field_type({}), nullptr);
}

std::vector<std::uint64_t> typed(const StructField& field, const std::string& word) {
    return field.type->meaning->values_of(field, word);
}

TEST(FieldTypes, TakeWordsForTheirValues) {
    using Values = std::vector<std::uint64_t>;
    const Sample number("unsigned integer", std::uint16_t{0});
    EXPECT_EQ(typed(number.field(), "65535"), Values{65535});
    for (const char* word : {"65536", "-1", "0x1", "1a", "", " 1"}) {
        EXPECT_EQ(typed(number.field(), word), Values{}) << word;
    }
    const Sample hex("hex", std::uint64_t{0});
    EXPECT_EQ(typed(hex.field(), "0xff"), Values{255});
    EXPECT_EQ(typed(hex.field(), "255"), Values{255});
    EXPECT_EQ(typed(hex.field(), "ff"), Values{});
    EXPECT_EQ(typed(hex.field(), "0x"), Values{});
    const Sample signal("signal_nr", std::uint32_t{0});
    EXPECT_EQ(typed(signal.field(), "KILL"), Values{9});
    EXPECT_EQ(typed(signal.field(), "weather"), Values{});
    EXPECT_EQ(signal.field().type->meaning->refusal(signal.field()), "there is no such signal");
    EXPECT_FALSE(typed(Sample("syscall_nr", std::uint32_t{0}).field(), "read").empty());
    Sample way("enum", std::int32_t{0});
    way.with_names({{0, "left"}, {3, "killed"}});
    EXPECT_EQ(typed(way.field(), "killed"), Values{3});
    EXPECT_EQ(way.field().type->meaning->refusal(way.field()),
              "there is no such it; choose from left, killed");
}

TEST(FieldTypes, SayHowWideTheirColumnIs) {
    EXPECT_EQ(width_of(Sample("pid_nr", std::uint32_t{0}).field()), 7U);
    EXPECT_EQ(width_of(Sample("unsigned integer", std::uint32_t{0}).field()), 6U);
    EXPECT_EQ(width_of(Sample("bytes", std::uint64_t{0}).field()), 8U);
    const char text_of_8[8] = "";
    const char text_of_64[64] = "";
    EXPECT_EQ(width_of(Sample("char[N]", text_of_8).field()), 7U);
    EXPECT_EQ(width_of(Sample("char[N]", text_of_64).field()), 24U);
    Sample way("enum", std::int32_t{0});
    EXPECT_EQ(width_of(way.with_names({{0, "left"}, {3, "killed"}}).field()), 6U);
}

}  // namespace
}  // namespace tally
