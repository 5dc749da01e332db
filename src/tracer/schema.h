// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fields/field.h"
#include "model/record.h"

namespace tally {

/// EVENTS(name, event_type, help): what comes through the ring for each event.
struct EventsSchema {
    std::string name;
    std::string help;
    std::string kind;  ///< the constant for the number at the beginning of its records
    std::size_t struct_size = 0;
    std::vector<StructField> fields;  ///< without the struct event_head at its beginning
};

/// OPTION(type, name, initial, help)
struct OptionSchema {
    std::string name;      ///< as typed: "min-us"
    std::string variable;  ///< the constant: "min_us"
    bool is_flag = false;  ///< bool: takes no value
    std::uint64_t initial = 0;
    std::uint64_t largest = 0;
    std::string help;
};

/// SELECTION(name, type, letter, help)
struct SelectionSchema {
    std::string name;    ///< as typed: "syscall"
    std::string letter;  ///< "s"; empty: none
    std::string help;
    std::string set;       ///< the map of the wanted values
    std::string constant;  ///< the constant that is set if there are any
    StructField value;     ///< the type of the values, under the option's name
};

/// OBJECT_STATE(name, ...): a hash map, whose values begin with a struct tally_object.
struct ObjectStateSchema {
    std::string name;
    std::size_t value_size = 0;
    std::uint64_t longest_ns = 0;  ///< how long an object is assumed to live at the most
};

/// IN_FLIGHT_OF(histogram, objects, member)
struct InFlightOf {
    std::string objects;         ///< the OBJECT_STATE()
    std::size_t value_size = 0;  ///< of its values
    std::size_t key_offset = 0;  ///< of the histogram's key in a value
};

/// A map of what is measured by key (bpf/include/slots.bpf.h): slots, each with its key.
struct SlotsSchema {
    std::string name;
    std::string help;
    std::vector<StructField> key;  ///< without the shard
    std::size_t key_size = 0;      ///< with the shard at its end; the content follows
    std::size_t shard_offset = 0;  ///< of the shard, 64 bits; if that is 0, the slot is not used
    std::size_t slot_size = 0;     ///< of the whole element of the map
    bool has_own_keys = false;     ///< besides its struct subject
    std::optional<InFlightOf> in_flight_of;  ///< if objects are in flight, not threads
};

/// HISTOGRAM(name, key_type, unit_type, help)
struct HistogramSchema : SlotsSchema {
    Unit unit = Unit::count;
    bool has_in_flight = false;  ///< there is an IN_FLIGHT() or IN_FLIGHT_OF() for it
};

/// COUNTS(name, key_type, counts_type, help): the content is one 64-bit number for each value.
struct CountsSchema : SlotsSchema {
    std::vector<ValueColumn> values;
};

/// A program that the kernel runs, and the hook that it is attached to (bpf/include/probes.bpf.h).
/// The engine's own are not among them.
struct ProbeSchema {
    std::string program;
    std::string hook;   ///< its section: "fentry/vfs_read"
    std::string group;  ///< empty: no PROBE(), its hook is required
    std::string way;
    std::optional<std::uint32_t> parameters;  ///< a hook with any other number is not used
};

/// One of the engine's own programs (bpf/include/declare.bpf.h).
struct EngineProgram {
    std::string program;
    std::string job;  ///< "cgroups", "tree" ...
};

/// OPTIONAL_PROBES(group, without)
struct OptionalProbesSchema {
    std::string group;
    std::string without;  ///< what a run lacks without it
};

/// CHOICE(name, help)
struct ChoiceSchema {
    std::string name;  ///< as typed, and the first part of its groups' names: "fs"
    std::string help;
    std::vector<std::string> values;  ///< "ext4" of the groups "fs.ext4" or "fs.ext4.read"
};

/// What an object declares: the whole tracer, as read from its BTF.
struct TracerSchema {
    std::string summary;
    std::vector<std::string> by;  ///< BY(): the default keys of a row
    std::vector<OptionSchema> options;
    std::vector<SelectionSchema> selections;
    std::vector<std::string> waiting_calls;  ///< WAITING_CALLS(name): sets of system calls
    std::vector<HistogramSchema> histograms;
    std::vector<CountsSchema> counts;
    std::vector<EventsSchema> events;
    std::vector<std::string> thread_states;  ///< THREAD_STATE(name, type)
    std::vector<ObjectStateSchema> object_states;
    std::vector<std::string> only_events;  ///< ONLY_EVENTS(name): names of the declarations
    std::vector<ProbeSchema> probes;       ///< in the order of the object
    std::vector<OptionalProbesSchema> optional_probes;
    std::vector<ChoiceSchema> choices;
    std::vector<EngineProgram> engine_programs;
    std::vector<std::string> engine_maps;
    std::vector<std::string> losses;  ///< enum tally_counter: "before_attach", "map_full" ...

    /// All maps of what is measured by key, whatever their content; at least one, or there are
    /// events.
    std::vector<const SlotsSchema*> slots() const;

    /// Whether there are both: a run then either reports single events or aggregates.
    bool has_both() const { return !events.empty() && !(histograms.empty() && counts.empty()); }

    /// Whether an option applies only to events, and means nothing without them.
    bool is_of_events(const OptionSchema& option) const;

    /// Whether its hooks depend on the kernel: there are PROBE()s, or functions.
    bool has_alternatives() const;
};

}  // namespace tally
