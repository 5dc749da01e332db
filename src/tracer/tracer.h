// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tracer/attachments.h"
#include "tracer/map_budget.h"
#include "tracer/opened_object.h"
#include "tracer/probe_plan.h"
#include "tracer/registry.h"
#include "tracer/schema.h"

namespace tally {

/// A BPF object as a tracer, built in or from a file: opened, configured, loaded, attached,
/// started, read, stopped, detached, in this order. Destroying it removes everything from the
/// kernel.
///
/// Each object contains the engine too: the programs and maps that follow cgroups, list processes
/// and hold the target. Tracers that run together all use the engine of the first.
class Tracer {
  public:
    /// Opens an object; `name` is for messages. Needs no rights. Throws Error.
    Tracer(std::string name, std::span<const std::byte> object);

    /// A tool by one of its names, with the settings of that name.
    explicit Tracer(const Tool& tool);

    /// An object without a tracer: the engine's own programs (bpf/engine).
    static Tracer engine_only(std::string name, std::span<const std::byte> object);

    ~Tracer();
    Tracer(Tracer&&) noexcept;

    const std::string& name() const { return object_.name(); }
    const TracerSchema& schema() const { return schema_; }

    /// Whether there is a `const volatile` integer of that name.
    bool has_constant(const std::string& variable) const;

    /// Sets a `const volatile` integer before load(). Throws Error if there is none of that name.
    void set_constant(const std::string& variable, std::uint64_t value);

    /// Before load(), where the schema has alternatives: only what was chosen is loaded. Throws
    /// Error for a plan with a failure: which hook is missing, why, what would help.
    void use(const ProbePlan& plan);

    /// Before load(): whether a process tree is a target (bpf/include/tree.bpf.h). It grows from
    /// the process that calls enter_tree(). If it is not, its programs and its map are left out.
    void set_tree(bool wanted);

    /// Before load(), of a tracer that has both EVENTS() and data measured by key: whether this run
    /// reports the events (tracer/halves.h). By default it measures.
    void set_tells_events(bool wanted);

    /// Before load(): whether the events of the process that reads the events are left out.
    /// leave_out_reader() sets which process that is.
    void set_reader_left_out(bool left_out);

    /// Before load(), of the engine: whether leave_out_reader() will be called.
    void set_knows_reader(bool wanted);

    /// After load(), of the engine: makes the calling process the reader, for all tracers that
    /// share the engine.
    void leave_out_reader() const;

    /// Before load(), after everything else is set: uses the engine of `first`, which is loaded,
    /// instead of its own. Whatever concerns the engine must then be called on `first`. Throws
    /// Error.
    void share_engine(const Tracer& first);

    /// Makes the calling process the root of the tree, from its next successful exec on.
    void enter_tree() const;

    /// Sizes the maps, loads and verifies. Throws Error: which part, why, what helps.
    void load(const MapSizes& sizes);

    /// Starts to report cgroup events. Call it first of all, so that a walk of the tree afterwards
    /// misses nothing.
    void attach_cgroup_events();

    /// Attaches the tracer's own programs, which do not measure yet. On an Error none stays
    /// attached.
    void attach();

    /// Starts to measure in all tracers that share this engine; call it when all are attached.
    void start();

    /// Stops measuring in all of them at once.
    void stop();

    /// Detaches all programs. One that has begun may still be running: see wait_for_programs().
    void detach();

    /// The descriptor of a map of a loaded object. Throws Error if there is none of that name.
    int map_fd(const std::string& map) const;

    std::uint32_t max_entries(const std::string& map) const;

    /// Gives a slot back: nothing counts into it any more. `number` is its index in the map, `key`
    /// the key that it held.
    void free_slot(const SlotsSchema& slots, std::uint32_t number, const std::byte* key);

    /// Adds a key to a set (value 1). False: the set is full.
    bool add_to_set(const std::string& map, const void* key);

    /// Takes a key out of a set; one that is not there is fine.
    void remove_from_set(const std::string& map, const void* key);

    /// Runs an iterator program to its end and returns all that it wrote. After load() it needs no
    /// more rights than reading a map.
    std::vector<std::byte> read_iterator(const std::string& program) const;

    /// Forgets objects that have lived for longer than their OBJECT_STATE() allows; those that were
    /// measured are counted as lost. Call it at each report, before read_in_flight().
    void forget_old_objects();

    /// What is in flight now for one of the tracer's maps: records of a key without its shard and a
    /// struct tally_in_flight each. Throws Error.
    std::vector<std::byte> read_in_flight(const SlotsSchema& slots) const;

    /// How often the kernel skipped one of the tracer's own programs because it was already running
    /// on that CPU (recursion_misses, since 5.12), of all these programs together. Without those
    /// that stand in for each other (kStandIns).
    std::uint64_t missed_runs() const;

    /// The same for the engine's programs in this object.
    std::uint64_t missed_runs_of_engine() const;

    /// After load(): a sentence if maps had to be smaller than usual, with what helps.
    std::optional<std::string> shrunk() const;

    /// What the kernel allocates for the maps, in bytes: the most that they can take. Without the
    /// maps that share_engine() has taken.
    std::uint64_t map_memory() const;

  private:
    Tracer(std::string name, std::span<const std::byte> object, bool engine_only);
    void set_started(bool started);
    void set_loaded(const char* job, bool wanted);
    bool is_engine(const std::string& program) const;
    template <typename IsCounted>
    std::uint64_t count_missed_runs(IsCounted&& is_counted) const;
    void fill_free_slots();

    OpenedObject object_;
    TracerSchema schema_;
    MapBudget budget_;
    Attachments attachments_;
};

/// Waits until no detached program is still running: its maps are final then.
void wait_for_programs();

}  // namespace tally
