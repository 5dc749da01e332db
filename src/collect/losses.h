// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/record.h"
#include "tracer/tracer.h"

namespace tally {

/// What a running tracer has not counted, by reason: the BPF side's own counters
/// (bpf/include/loss.bpf.h) and what the kernel says of the programs ("missed_run").
class Losses {
  public:
    /// `tracer` is loaded and outlives this.
    explicit Losses(const Tracer& tracer) : tracer_(tracer) {}

    /// Reads the counters; returns what was lost since the last call, one record a reason.
    /// `target_full` is what user space could not add to the set of wanted cgroups; `malformed`, of
    /// a tracer of events, how many it could not read.
    std::vector<LostRecord> collect(UnixNanoseconds time, std::uint64_t target_full,
                                    std::uint64_t malformed);

    /// All reasons with their numbers as of the last collect(), also those with 0.
    const std::vector<EndRecord::Lost>& total() const { return total_; }

    /// What ended in the run and had begun before it, as of the last collect().
    std::uint64_t before_attach() const { return before_attach_; }

    /// Whether anything was lost.
    bool any() const;

    /// How often for this reason, as of the last collect().
    std::uint64_t count_of(const std::string& reason) const;

  private:
    const Tracer& tracer_;
    std::vector<EndRecord::Lost> total_;
    std::uint64_t before_attach_ = 0;
};

}  // namespace tally
