// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "synthetic_input.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

#include "buckets.h"
#include "fake_ring.h"
#include "wire.h"

namespace tally {
namespace {

constexpr CgroupId kFirstId = 1'000'000'000'001;

/// Of threads, one for each thing: one could harm a terminal, one has no end.
constexpr std::string_view kComms[] = {"kworker/0:1", "nginx", "a\tb\x1b[1m", "sixteen-and-more",
                                       "=1+1"};
static_assert(std::size(kComms) == kSyntheticThings);

constexpr std::string_view kTexts[] = {"/etc/passwd", "a \"b\", c", "", "\xe6\x97\xa5\xe6\x9c\xac",
                                       "\xff\n"};
constexpr std::string_view kWords[] = {std::string_view("sh\0-c\0it's", 10),
                                       std::string_view("ls\0", 3), "", "=1",
                                       std::string_view("cut\0off", 7)};
constexpr std::uint32_t kStates[] = {TALLY_TEXT_WHOLE, TALLY_TEXT_WHOLE, TALLY_TEXT_NONE,
                                     TALLY_TEXT_WHOLE, TALLY_TEXT_CUT};

/// The bytes of a field that is a number, of the thing `i`: neither its type's least nor its most
/// common value alone, and once "none" where there is a unit.
std::int64_t number_of(const StructField& field, std::uint64_t i,
                       const std::vector<CgroupId>& cgroups) {
    const auto number = static_cast<std::int64_t>(i * 7);
    const std::string_view type = field.type->name;
    if (field.is_cgroup() || field.is_container_name()) {
        return static_cast<std::int64_t>(cgroups[i]);
    }
    if (type == "pid_nr" || type == "tid_nr") {
        return 1000 + number;
    }
    if (type == "signed integer" || type == "natural_or_none") {
        return number - 1;
    }
    if (type == "named_flags") {
        return static_cast<std::int64_t>(0x21'0000'0000U + i);  // bits, and what they are of
    }
    if (field.is_enumeration()) {
        return i < field.names.size()
                   ? std::next(field.names.begin(), static_cast<std::ptrdiff_t>(i))->first
                   : 99;
    }
    if (field.unit == Unit::count) {
        return number;
    }
    return i + 1 == kSyntheticThings ? -1 : static_cast<std::int64_t>(1234) << (8 * i);
}

void put(std::byte* bytes, const StructField& field, std::uint64_t i,
         const std::vector<CgroupId>& cgroups) {
    std::byte* place = bytes + field.offset;
    if (field.type->name == "comm" || field.is_text()) {
        const std::string_view text = kComms[i];
        std::memcpy(place, text.data(), std::min(text.size(), field.size - 1));
    } else if (field.type->name == "ip_addr") {
        // 10.0.0.I, or 2001:db8::I
        static constexpr std::uint8_t kFronts[2][12] = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
                                                        {0x20, 0x01, 0x0d, 0xb8}};
        const std::uint8_t back[4] = {static_cast<std::uint8_t>(i % 2 == 0 ? 10 : 0), 0, 0,
                                      static_cast<std::uint8_t>(i)};
        std::memcpy(place, kFronts[i % 2], sizeof kFronts[0]);
        std::memcpy(place + sizeof kFronts[0], back, sizeof back);
    } else {
        const std::int64_t number = number_of(field, i, cgroups);
        std::memcpy(place, &number, std::min(field.size, sizeof number));
    }
}

class HistogramSlots final : public SyntheticSlots {
  public:
    HistogramSlots(const HistogramSchema& schema, const std::vector<CgroupId>& cgroups)
        : SyntheticSlots(schema, cgroups), content_(schema.key_size) {}

    void measure() override {
        const bool is_first = ++measured_ == 1;
        for (std::uint64_t i = 0; i < kSyntheticThings - !is_first; ++i) {
            struct {
                std::uint64_t sum, min, max, buckets[TALLY_BUCKETS];  // struct tally_histogram
            } content;
            std::memcpy(&content, slot(i) + content_, sizeof content);
            if (is_first) {
                content.min = ~0ULL;
            }
            const std::uint64_t least = 3000ULL << (3 * i);
            for (const auto& [value, times] :
                 {std::pair{least, 9 * measured_}, {2 * least, 3 * measured_}, {5 * least, i}}) {
                content.sum += value * times;
                content.min = std::min(content.min, value);
                content.max = std::max(content.max, times == 0 ? 0 : value);
                content.buckets[tally_bucket_of(value)] += times;
            }
            std::memcpy(slot(i) + content_, &content, sizeof content);
        }
    }

  private:
    const std::size_t content_;
    std::uint64_t measured_ = 0;
};

class CountsSlots final : public SyntheticSlots {
  public:
    CountsSlots(const CountsSchema& schema, const std::vector<CgroupId>& cgroups)
        : SyntheticSlots(schema, cgroups), schema_(schema) {}

    void measure() override {
        const bool is_first = ++measured_ == 1;
        for (std::uint64_t i = 0; i < kSyntheticThings - !is_first; ++i) {
            for (std::size_t column = 0; column < schema_.values.size(); ++column) {
                std::byte* place = slot(i) + schema_.key_size + column * sizeof(std::uint64_t);
                std::uint64_t value = 0;
                std::memcpy(&value, place, sizeof value);
                const std::uint64_t more = measured_ * (11ULL << (2 * i)) + column;
                value += schema_.values[column].unit == Unit::count ? more : more * 1000;
                std::memcpy(place, &value, sizeof value);
            }
        }
    }

  private:
    const CountsSchema& schema_;
    std::uint64_t measured_ = 0;
};

/// Adds the struct of an event, and the text that it refers to, to the ring.
void put_event(FakeRing& ring, std::uint32_t kind, const EventsSchema& schema, std::uint64_t i,
               const std::vector<CgroupId>& cgroups) {
    std::vector<std::byte> event(schema.struct_size);
    std::string text;
    EventHead head;
    head.time = (i + 1) * 1'000'001;
    head.cgroup = cgroups[i];
    if (i + 1 != kSyntheticThings) {
        head.pid = static_cast<std::uint32_t>(1000 + i);
        head.tid = static_cast<std::uint32_t>(2000 + i);
        std::memcpy(head.comm, kComms[i].data(), kComms[i].size());
    }
    std::memcpy(event.data(), &head, sizeof head);
    for (const StructField& field : schema.fields) {
        if (!field.has_text()) {
            put(event.data(), field, i, cgroups);
            continue;
        }
        const std::string_view content = (field.has_cut_mark() ? kWords : kTexts)[i];
        const tally_text where{static_cast<std::uint16_t>(text.size()),
                               static_cast<std::uint16_t>(content.size()), kStates[i]};
        std::memcpy(event.data() + field.offset, &where, sizeof where);
        text += content;
    }
    ring.put(FakeRing::record_of(kind, event.data(), event.size(), text));
}

}  // namespace

std::string synthetic_container_id() {
    return std::string(64, 'a');
}

std::vector<CgroupId> add_synthetic_cgroups(Containers& containers, CgroupId root) {
    const CgroupId slice = kFirstId, docker = kFirstId + 1;
    containers.add({slice, root, "system.slice"});
    containers.add({docker, root, "docker"});
    containers.add({kFirstId + 2, slice, "web.service"});
    containers.add({kFirstId + 3, docker, synthetic_container_id()});
    containers.add({kFirstId + 4, docker, std::string(64, 'b')});
    return {kKernelThreads, kFirstId + 2, kFirstId + 3, kFirstId + 4, kFirstId + 5};
}

SyntheticSlots::SyntheticSlots(const SlotsSchema& schema, const std::vector<CgroupId>& cgroups)
    : schema_(schema), slots_(kSyntheticThings * schema.slot_size) {
    for (std::uint64_t i = 0; i < kSyntheticThings; ++i) {
        for (const StructField& field : schema.key) {
            put(slot(i), field, i, cgroups);
        }
        const std::uint64_t shard = 1;
        std::memcpy(slot(i) + schema.shard_offset, &shard, sizeof shard);
    }
}

std::uint32_t SyntheticSlots::read(std::uint32_t first, std::uint32_t count, std::byte* slots) {
    count = std::min(count, size() - first);
    std::memcpy(slots, slot(first), count * schema_.slot_size);
    return count;
}

bool SyntheticSlots::read_one(std::uint32_t number, std::byte* to) const {
    std::memcpy(to, slot(number), schema_.slot_size);
    return true;
}

std::vector<std::byte> SyntheticSlots::in_flight() const {
    std::vector<std::byte> records;
    const auto add = [&](std::uint64_t i, std::uint32_t tid, std::uint64_t age) {
        tally_in_flight one{age, 1000, tid, "cat"};
        records.insert(records.end(), slot(i), slot(i) + schema_.shard_offset);
        const auto* bytes = reinterpret_cast<const std::byte*>(&one);
        records.insert(records.end(), bytes, bytes + sizeof one);
    };
    add(2, 2001, 1'500'000);
    add(3, 2002, 3'000'000);
    add(3, 2003, TALLY_OLDER_THAN_RUN);
    return records;
}

std::unique_ptr<SyntheticSlots> synthetic_slots(const HistogramSchema& schema,
                                                const std::vector<CgroupId>& cgroups) {
    return std::make_unique<HistogramSlots>(schema, cgroups);
}

std::unique_ptr<SyntheticSlots> synthetic_slots(const CountsSchema& schema,
                                                const std::vector<CgroupId>& cgroups) {
    return std::make_unique<CountsSlots>(schema, cgroups);
}

std::unique_ptr<Ring> synthetic_events(const TracerSchema& schema,
                                       const std::vector<CgroupId>& cgroups) {
    auto ring = std::make_unique<FakeRing>();
    for (std::uint64_t i = 0; i < kSyntheticThings; ++i) {
        for (std::uint32_t kind = 0; kind < schema.events.size(); ++kind) {
            put_event(*ring, kind, schema.events[kind], i, cgroups);
        }
    }
    return ring;
}

}  // namespace tally
