// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/record.h"
#include "tracer/tracer.h"

namespace tally {

/// What user space itself has lost so far.
struct UserSpaceLosses {
    std::uint64_t target_full = 0;  ///< cgroups not measured, see Target::not_added()
    // Of a tracer of events:
    std::uint64_t malformed_event = 0;  ///< not laid out as declared
    std::uint64_t held_full = 0;        ///< no room to hold them until their owner is known
};

/// All reasons for which a tracer may not count something, in the order in which they are reported.
std::vector<std::string> loss_reasons(const TracerSchema& schema);

/// For people: what a loss of this reason means and, if anything does, what helps. One sentence for
/// each reason that the BPF side, the kernel or user space counts; else empty.
std::string advice(std::string_view reason);

/// What a running tracer has not counted, by reason: the BPF side's own counters
/// (bpf/include/loss.bpf.h) and the kernel's count of skipped runs of programs ("missed_run").
class Losses {
  public:
    /// The losses of `tracer`, and of the engine that it has or shares: that of `engine`. Both are
    /// loaded and outlive this.
    Losses(const Tracer& tracer, const Tracer& engine) : tracer_(tracer), engine_(engine) {}

    /// Reads the counters; returns what was lost since the last call, one record per reason.
    std::vector<LostRecord> collect(UnixNanoseconds time, const UserSpaceLosses& own);

    /// All reasons with their numbers as of the last collect(), also those with 0.
    const std::vector<EndRecord::Lost>& total() const { return total_; }

    /// How much ended during the run but had begun before it, as of the last collect().
    std::uint64_t before_attach() const { return before_attach_; }

    /// Whether anything was lost.
    bool any() const;

    /// How much was lost for this reason, as of the last collect().
    std::uint64_t count_of(const std::string& reason) const;

  private:
    const Tracer& tracer_;
    const Tracer& engine_;
    std::vector<EndRecord::Lost> total_;
    std::uint64_t before_attach_ = 0;
};

}  // namespace tally
