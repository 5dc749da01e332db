// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <string>

#include "tracer/tracer.h"

namespace tally {

/// The kernel's sets of what is measured (bpf/include/target.bpf.h), by the names of their maps.
/// Unit tests substitute their own.
class TargetSets {
  public:
    virtual ~TargetSets() = default;

    /// Adds a key; one that is there already is fine. False: the set is full.
    virtual bool add(const std::string& set, const void* key) = 0;

    /// Takes a key out; one that is not there is fine.
    virtual void remove(const std::string& set, const void* key) = 0;

    /// How many keys a set holds at the most.
    virtual std::uint32_t size(const std::string& set) const = 0;
};

/// The sets of a loaded tracer, which outlives this.
class TracerTargetSets final : public TargetSets {
  public:
    explicit TracerTargetSets(Tracer& tracer) : tracer_(tracer) {}

    bool add(const std::string& set, const void* key) override {
        return tracer_.add_to_set(set, key);
    }
    void remove(const std::string& set, const void* key) override {
        tracer_.remove_from_set(set, key);
    }
    std::uint32_t size(const std::string& set) const override { return tracer_.max_entries(set); }

  private:
    Tracer& tracer_;
};

}  // namespace tally
