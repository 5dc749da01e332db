// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/record.h"

struct bpf_object;

namespace tally {

/// What a field of a key means, by the name of its type (bpf/include/types.bpf.h).
enum class SemanticType {
    cgroup,  ///< cgroup_id
    pid,     ///< pid_nr
    tid,     ///< tid_nr
    comm,    ///< comm
    number,  ///< any other unsigned integer
    signed_number,
    text,  ///< any other array of char, up to its first NUL
};

/// One field of a map's key, nested structs unfolded.
struct KeyField {
    std::string name;
    SemanticType type = SemanticType::number;
    std::size_t offset = 0;  ///< in bytes from the beginning of the key
    std::size_t size = 0;
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

/// HISTOGRAM(name, key_type, unit_type, help)
struct HistogramSchema {
    std::string name;
    std::string help;
    Unit unit = Unit::count;
    std::vector<KeyField> key;     ///< without the shard
    std::size_t key_size = 0;      ///< with the shard at its end; what is counted follows
    std::size_t shard_offset = 0;  ///< of the shard, 64 bits; 0 there: the slot is not used
    std::size_t slot_size = 0;     ///< of the whole element of the map
    bool has_in_flight = false;    ///< there is an IN_FLIGHT() for it
};

/// What an object declares: the whole tracer, as read from its BTF.
struct TracerSchema {
    std::string summary;
    std::vector<OptionSchema> options;
    std::vector<HistogramSchema> histograms;
    std::vector<std::string> thread_states;  ///< THREAD_STATE(name, type)
    std::vector<std::string> losses;  ///< enum tally_counter: "before_attach", "map_full" ...
};

/// Reads the declarations of an opened object. Throws Error, one sentence, for an object that
/// declares nothing, was built for another tally, or declares what cannot work (a key with
/// padding, an option of a type that is not allowed).
TracerSchema read_schema(const bpf_object* object, const std::string& name);

}  // namespace tally
