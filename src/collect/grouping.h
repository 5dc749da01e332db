// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "container/containers.h"
#include "model/record.h"
#include "tracer/schema.h"
#include "tracer/tracer.h"

namespace tally {

/// What a key of a map is called: which row it belongs to.
struct RowKey {
    std::string identity;  ///< equal for two keys of one row: those whose fields are equal
    RowName name;
};

/// `--by`: which fields of a tracer's key make a row, and what they are called.
class Grouping {
  public:
    /// `by` as typed: {"container", "comm"}; {"none"} or empty puts everything into one row.
    /// Throws UsageError for a key that is not there.
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

    /// Names the row of one key, as laid out in the schema.
    RowKey resolve(const std::byte* key, const Containers& containers) const;

  private:
    enum class Kind { container, pod, unit, cgroup, field };
    struct Part {
        Kind kind = Kind::field;
        KeyField field;  ///< where its value is in the key
    };
    std::vector<Part> parts_;
    std::vector<std::string> headings_;
};

}  // namespace tally
