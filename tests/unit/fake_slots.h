// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "collect/slot_map.h"

namespace tally {

/// The key of a slot whose declaration has a struct subject, and nothing of its own
/// (bpf/include/subject.bpf.h, slots.bpf.h).
struct SlotKey {
    std::uint64_t cgroup = 0;
    std::uint32_t pid = 0, tid = 0;
    char comm[16] = "";
    std::uint64_t shard = 0;  ///< not 0: the slot is used
};

inline void lay_out_key(SlotsSchema& schema) {
    schema.key = {{"cgroup", &field_type("cgroup_id"), offsetof(SlotKey, cgroup), 8},
                  {"pid", &field_type("pid_nr"), offsetof(SlotKey, pid), 4},
                  {"tid", &field_type("tid_nr"), offsetof(SlotKey, tid), 4},
                  {"comm", &field_type("comm"), offsetof(SlotKey, comm), 16}};
    schema.key_size = sizeof(SlotKey);
    schema.shard_offset = offsetof(SlotKey, shard);
}

/// What a test says is in the kernel's map. `Slot` begins with `SlotKey key`.
template <typename Slot>
class FakeSlots final : public SlotMap {
  public:
    explicit FakeSlots(std::vector<Slot>& slots) : slots_(slots) {}

    std::uint32_t size() const override { return static_cast<std::uint32_t>(slots_.size()); }
    std::uint32_t read(std::uint32_t first, std::uint32_t count, std::byte* slots) override {
        count = std::min(count, size() - first);
        std::memcpy(slots, &slots_[first], count * sizeof(Slot));
        ++reads;
        if (after_read) {
            after_read();
        }
        return count;
    }
    bool read_one(std::uint32_t number, std::byte* slot) const override {
        std::memcpy(slot, &slots_[number], sizeof(Slot));
        return true;
    }
    void give_back(std::uint32_t number, const std::byte* key) override {
        EXPECT_EQ(std::memcmp(key, &slots_[number].key, sizeof(SlotKey)), 0);
        slots_[number] = {};
        given_back.push_back(number);
    }
    std::vector<std::byte> in_flight() const override { return in_flight_records; }

    int reads = 0;
    std::function<void()> after_read;  ///< what happens in the kernel behind a copy
    std::vector<std::uint32_t> given_back;
    std::vector<std::byte> in_flight_records;

  private:
    std::vector<Slot>& slots_;
};

}  // namespace tally
