// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "container/containers.h"
#include "model/record.h"
#include "tracer/schema.h"
#include "tracer/tracer.h"

namespace tally {

/// The name of a map's key: the row that it belongs to.
struct RowKey {
    std::string identity;  ///< equal for two keys of one row: their fields are equal
    RowName name;
};

/// `--by`: which fields of a tracer's key make a row, and what they are called.
class Grouping {
  public:
    /// `by` as typed: {"container", "comm"}; {"none"} or empty puts everything into one row. Throws
    /// UsageError for a key that does not exist.
    Grouping(const std::vector<std::string>& by, const SlotsSchema& slots);

    /// All words that `--by` takes for this map.
    static std::vector<std::string> choices(const SlotsSchema& slots);

    /// "CONTAINER", "COMM" ...
    const std::vector<std::string>& headings() const { return headings_; }

    /// The names of the fields of every row's key, in their order.
    std::vector<std::string> key_names() const;

    /// Whether rows depend on the cgroup, so that cgroups need names.
    bool needs_cgroups() const;

    /// Tells the BPF side which parts of a key to fill in; before the tracer is loaded.
    void configure(Tracer& tracer) const;

    /// The fields of the key that name cgroups other than the subject's, if rows have them.
    const std::vector<StructField>& other_cgroups() const { return other_cgroups_; }

    /// The headings below which these are named, one for each.
    const std::vector<CgroupColumn>& other_columns() const { return other_columns_; }

    /// Names the row of one key, as laid out in the schema.
    RowKey resolve(const std::byte* key, const Containers& containers) const;

    /// What a word of --by shows of its field.
    enum class Kind { container, pod, unit, cgroup, field };

  private:
    struct Part {
        std::string word;  ///< of --by
        Kind kind = Kind::field;
        StructField field;   ///< where its value is in the key
        std::string prefix;  ///< of its members in records: "culprit_"; empty: the subject's
    };

    static std::vector<Part> all_parts(const SlotsSchema& slots);
    void add_other_cgroup(const Part& part);

    std::vector<Part> parts_;
    std::vector<std::string> headings_;
    std::vector<StructField> other_cgroups_;
    std::vector<CgroupColumn> other_columns_;
    std::int64_t clock_offset_;  ///< for times; one for the run, so a key is always the same row
};

}  // namespace tally
