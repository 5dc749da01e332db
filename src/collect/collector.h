// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "collect/grouping.h"
#include "container/containers.h"
#include "model/record.h"
#include "tracer/tracer.h"

namespace tally {

/// What becomes of what was measured in a cgroup.
enum class Admission {
    counted,
    held,     ///< not yet: whose cgroup it is may be known later; the kernel's map keeps it
    dropped,  ///< never
};

/// Reads what a running tracer measures by key, again and again, and says what is new. One for each
/// map of slots (bpf/include/slots.bpf.h).
///
/// The kernel only adds. Each reading is subtracted from the one before, slot by slot, so that
/// every value is in exactly one interval, and the intervals add up to the total.
class Collector {
  public:
    virtual ~Collector() = default;
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    /// What decides for each cgroup, at each reading; without it all is counted.
    void set_admission(std::function<Admission(CgroupId)> admission) {
        admission_ = std::move(admission);
    }

    /// Looks which measurements are in flight now, for the next collect(). Before the tracer is
    /// detached: afterwards, nothing ends any more. `age_of_run` is what is known of the age of
    /// those that had begun before.
    virtual void look_in_flight(std::chrono::nanoseconds age_of_run) { (void)age_of_run; }

    /// Reads the kernel's map and returns the rows of what was added since the last call, and of
    /// what is in flight. Rows with neither are left out. `head` says what the report is of; its
    /// name, description and headings are set here.
    virtual AnyReport collect(Report head, Containers& containers) = 0;

    /// Everything returned by collect() so far, with what was in flight at its last call.
    virtual AnyReport total(Report head) const = 0;

    /// Gives the slots of dead cgroups back, where more than half of all are used. A cgroup's id is
    /// never used again, and no thread can be in one that is gone, so nothing more can be counted
    /// there. (A thread's number is used again; keys of threads stay.)
    void forget_dead(Tracer& tracer, const std::function<bool(CgroupId)>& is_gone,
                     Containers& containers);

    const Grouping& grouping() const { return grouping_; }

  protected:
    /// `tracer` is loaded and outlives the collector; `schema` is of one of its maps.
    Collector(const Tracer& tracer, const SlotsSchema& schema, Grouping grouping);

    /// Hands every slot that is used to add_new().
    void read_slots(Containers& containers);

    void describe(Report& head) const;

    /// What becomes of what has this key.
    Admission admission_of(const std::byte* key) const;

    const Tracer& tracer() const { return tracer_; }

  private:
    /// Adds what `content` has more than at the last call for this slot to the row of its key, or
    /// to none if it is `dropped`. False: it has nothing more.
    virtual bool add_new(std::uint32_t number, const std::byte* key, const std::byte* content,
                         bool dropped, Containers& containers) = 0;

    /// The slot will be used for another key, and begin with nothing.
    virtual void forget(std::uint32_t number) = 0;

    struct Slot {
        std::vector<std::byte> key;  ///< with the shard; empty: not used
        bool changed = false;        ///< at the last reading
    };

    bool take(std::uint32_t number, const std::byte* slot, Containers& containers);
    CgroupId cgroup_of(const std::byte* key) const;

    const Tracer& tracer_;
    const SlotsSchema& schema_;
    Grouping grouping_;
    std::function<Admission(CgroupId)> admission_;
    std::vector<Slot> known_;             ///< by number, as far as they were read
    std::uint32_t used_ = 0;              ///< all slots that were ever used lie before this one
    std::vector<std::uint32_t> numbers_;  ///< of one chunk of slots, reused
    std::vector<std::byte> slots_;
};

}  // namespace tally
