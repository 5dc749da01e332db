// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collect/grouping.h"
#include "collect/row_use.h"
#include "collect/slot_map.h"
#include "container/containers.h"
#include "model/record.h"
#include "tracer/schema.h"

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
///
/// A reading is: `while (take()) { take in the births of cgroups; add(containers); }`, then
/// collect(). First the slots are copied, then the births are known that came before what the copy
/// holds, and only then is anything named.
class Collector {
  public:
    virtual ~Collector() = default;
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    /// What decides for each cgroup, at each reading; without it all is counted.
    /// `is_undecided`: whether it is not known yet what a cgroup will be called. Rows that name it
    /// beside their subject wait for that; nothing else is asked about it.
    void set_admission(
        std::function<Admission(CgroupId)> admission,
        std::function<bool(CgroupId)> is_undecided = [](CgroupId) { return false; }) {
        admission_ = std::move(admission);
        is_undecided_ = std::move(is_undecided);
    }

    /// Looks which measurements are in flight now, for the next collect(). Before the tracer is
    /// detached: afterwards, nothing ends any more. `age_of_run` is what is known of the age of
    /// those that had begun before.
    virtual void look_in_flight(std::chrono::nanoseconds age_of_run) { (void)age_of_run; }

    /// Copies some of the kernel's slots. False: this reading is complete, and nothing was copied.
    bool take();

    /// The cgroups of the slots that were copied for the first time since the last add(), and of
    /// all that is in flight.
    std::span<const CgroupId> new_cgroups() const { return new_cgroups_; }

    /// Adds what was copied by the last take() to the rows; `containers` knows all cgroups that
    /// were born before that.
    void add(const Containers& containers);

    /// After a reading: returns the rows of what was added since the last call, and of what is in
    /// flight. Rows with neither are left out. `head` says what the report is of; its name,
    /// description and headings are set here.
    virtual AnyReport collect(Report head, const Containers& containers) = 0;

    /// Everything returned by collect() so far, with what was in flight at its last call, but for
    /// what has expired.
    virtual AnyReport total(Report head) const = 0;

    /// From now on rows expire. It costs a copy of each row's identity. Before the first take().
    void let_rows_expire() { rows_expire_ = true; }

    /// The totals of the rows that have expired, each once; they are forgotten with that. A row
    /// expires if --by names cgroups, all its slots were given back by forget_dead(), collect() has
    /// returned what these had at the end, and nothing of it is in flight. The same row may come
    /// again, of another cgroup (a service that restarts); then its totals add up.
    virtual AnyReport expire(Report head) = 0;

    /// Gives the slots of dead cgroups back, once half of all were ever used. A cgroup's id is
    /// never used again, and no thread can be in one that is gone, so nothing more can be counted
    /// there. (A thread's number is used again; keys without a cgroup stay.) Only the subject's
    /// cgroup matters, not those that a row names beside it.
    void forget_dead(const std::function<bool(CgroupId)>& is_gone, const Containers& containers);

    const Grouping& grouping() const { return grouping_; }

  protected:
    /// `schema` is of the map `slots`, and outlives the collector. Without `slots` there is nothing
    /// to read: total() tells what a report looks like.
    Collector(std::unique_ptr<SlotMap> slots, const SlotsSchema& schema, Grouping grouping);

    void describe(Report& head) const;

    /// What becomes of what has this key.
    Admission admission_of(const std::byte* key) const;

    const SlotMap& slots() const { return *slots_; }

    /// A slot adds to this row: for add_new().
    void note_row(std::uint32_t number, const std::string& identity);

    /// The identities of the rows that expire, but for those that are `kept`.
    std::vector<std::string> take_expired(
        const std::function<bool(const std::string& identity)>& is_kept);

    /// Makes the cgroups that a key names new_cgroups().
    void note_cgroup(const std::byte* key);

    /// Leaves each of new_cgroups() there once.
    void forget_repeated_cgroups();

  private:
    /// Adds what `content` has more than at the last call for this slot to the row of its key, or
    /// to none if it is `dropped`. False: it has nothing more.
    virtual bool add_new(std::uint32_t number, const std::byte* key, const std::byte* content,
                         bool dropped, const Containers& containers) = 0;

    /// The slot will be used for another key, and begin with nothing.
    virtual void forget(std::uint32_t number) = 0;

    struct Slot {
        std::vector<std::byte> key;  ///< with the shard; empty: not used
        bool changed = false;        ///< at the last reading
    };

    bool is_used(const std::byte* slot) const;
    void learn_key(std::uint32_t number);
    void add_slot(std::uint32_t number, const std::byte* slot, const Containers& containers);
    CgroupId cgroup_of(const std::byte* key) const;

    std::unique_ptr<SlotMap> slots_;
    const SlotsSchema& schema_;
    Grouping grouping_;
    std::function<Admission(CgroupId)> admission_;
    std::function<bool(CgroupId)> is_undecided_;  ///< set with it
    std::vector<Slot> known_;                     ///< by number, as far as they were read
    std::uint32_t used_ = 0;        ///< all slots that were ever used lie before this one
    std::uint32_t next_ = 0;        ///< the slot at which this reading goes on
    bool is_read_ = false;          ///< there is nothing more in this reading
    std::vector<std::byte> chunk_;  ///< what take() has copied, slots from first_ to next_
    std::uint32_t first_ = 0;
    std::vector<CgroupId> new_cgroups_;
    bool rows_expire_ = false;
    RowUse row_use_;
};

}  // namespace tally
