// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tracer/tracer.h"

namespace tally {

/// One of a tracer's maps of slots (bpf/include/slots.bpf.h) as the kernel has it now. A collector
/// reads it; unit tests substitute their own.
class SlotMap {
  public:
    virtual ~SlotMap() = default;

    /// How many slots there are.
    virtual std::uint32_t size() const = 0;

    /// Copies up to `count` slots, from slot `first` on, to `slots`, which has room for them.
    /// `first` is 0, or where the last call of read() ended. Returns how many were copied; fewer
    /// than `count`: there are no others. Throws Error.
    virtual std::uint32_t read(std::uint32_t first, std::uint32_t count, std::byte* slots) = 0;

    /// Copies one slot. False: it cannot be read.
    virtual bool read_one(std::uint32_t number, std::byte* slot) const = 0;

    /// Gives a slot back: nothing counts into it any more, and another key may take it. `key` is
    /// what it held.
    virtual void give_back(std::uint32_t number, const std::byte* key) = 0;

    /// What is in flight now, by the IN_FLIGHT() or IN_FLIGHT_OF() of the map: records of a key
    /// without its shard and a struct tally_in_flight each. Throws Error.
    virtual std::vector<std::byte> in_flight() const = 0;
};

/// A map of a loaded tracer.
class KernelSlotMap final : public SlotMap {
  public:
    /// `tracer` outlives this; `schema` is of one of its maps.
    KernelSlotMap(Tracer& tracer, const SlotsSchema& schema) : tracer_(tracer), schema_(schema) {}

    std::uint32_t size() const override;
    std::uint32_t read(std::uint32_t first, std::uint32_t count, std::byte* slots) override;
    bool read_one(std::uint32_t number, std::byte* slot) const override;
    void give_back(std::uint32_t number, const std::byte* key) override;
    std::vector<std::byte> in_flight() const override;

  private:
    Tracer& tracer_;
    const SlotsSchema& schema_;
    std::uint32_t place_ = 0;  ///< the kernel's position in a reading
    std::vector<std::uint32_t>
        numbers_;  ///< of the slots that are read, which the kernel always returns
};

}  // namespace tally
