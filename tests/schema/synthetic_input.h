// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What a kernel might hand over for what an object declares: made from the schema by fixed rules,
// so that what is written of it never changes by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "collect/ring.h"
#include "collect/slot_map.h"
#include "container/containers.h"
#include "tracer/schema.h"

namespace tally {

/// How many slots, keys and events of each kind there are.
inline constexpr std::uint64_t kSyntheticThings = 5;

/// Adds cgroups with fixed ids below the one with the id `root`: of a service, of a container in a
/// pod, whose runtime's files the caller writes, and of one without a name. Returns one id for each
/// thing, the first of kernel threads, the last of a cgroup that nobody knows.
std::vector<CgroupId> add_synthetic_cgroups(Containers& containers, CgroupId root);

/// The container in the pod, by its runtime's id.
std::string synthetic_container_id();

/// The slots of a HISTOGRAM() or COUNTS(), one for each thing.
class SyntheticSlots : public SlotMap {
  public:
    /// `schema` outlives this.
    SyntheticSlots(const SlotsSchema& schema, const std::vector<CgroupId>& cgroups);

    /// More is measured in all slots but the last, which is as it was.
    virtual void measure() = 0;

    std::uint32_t size() const override { return kSyntheticThings; }
    std::uint32_t read(std::uint32_t first, std::uint32_t count, std::byte* slots) override;
    bool read_one(std::uint32_t number, std::byte* slot) const override;
    void give_back(std::uint32_t, const std::byte*) override {}
    /// Three: one is older than the run, two have one key.
    std::vector<std::byte> in_flight() const override;

  protected:
    std::byte* slot(std::uint64_t number) { return &slots_[number * schema_.slot_size]; }
    const std::byte* slot(std::uint64_t number) const {
        return &slots_[number * schema_.slot_size];
    }

  private:
    const SlotsSchema& schema_;
    std::vector<std::byte> slots_;
};

std::unique_ptr<SyntheticSlots> synthetic_slots(const HistogramSchema& schema,
                                                const std::vector<CgroupId>& cgroups);
std::unique_ptr<SyntheticSlots> synthetic_slots(const CountsSchema& schema,
                                                const std::vector<CgroupId>& cgroups);

/// Events of all kinds in turn, the last of each of no known thread.
std::unique_ptr<Ring> synthetic_events(const TracerSchema& schema,
                                       const std::vector<CgroupId>& cgroups);

}  // namespace tally
