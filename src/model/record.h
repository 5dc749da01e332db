// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The records of a run, as plain data: made by src/collect and src/session, written by src/output.
// Nothing here depends on a tool, a map or a format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/histogram.h"

namespace tally {

/// Nanoseconds since 1970, UTC.
using UnixNanoseconds = std::uint64_t;

/// A moment that is not that of the record.
struct Moment {
    UnixNanoseconds time = 0;

    bool operator==(const Moment&) const = default;
    bool operator<(const Moment& other) const { return time < other.time; }
};

/// One value of a record. Strings are bytes from the kernel or a container: any byte but
/// NUL, not always UTF-8; the sinks make them safe. monostate is "not known" (null, never 0).
using Value = std::variant<std::monostate, std::uint64_t, std::int64_t, std::string, bool, Moment>;

/// One named value. Names are the record's public contract (docs/output.md).
struct Field {
    std::string name;
    Value value;

    bool operator==(const Field&) const = default;
};

/// What a number counts.
enum class Unit {
    nanoseconds,  ///< "ns"
    bytes,        ///< "bytes"
    count,        ///< a plain number, "count"
};

enum class Scope {
    interval,  ///< what happened between two reports
    total,     ///< what happened in the whole run
};

/// Measurements that have begun but not ended at the end of the interval.
struct InFlight {
    std::uint64_t count = 0;
    std::uint64_t before_attach = 0;    ///< of these, how many had begun before the run
    std::uint64_t oldest_ns = 0;        ///< the age of the oldest by then, or a lower bound if ...
    bool oldest_before_attach = false;  ///< ... this: it had begun before the run
    std::uint32_t oldest_pid = 0;
    std::uint32_t oldest_tid = 0;  ///< 0: it is not known which thread's it is
    std::string oldest_comm;
    std::uint64_t sum_ns = 0;  ///< of all of them: how long each has lasted within the run
};

/// A number and what it counts.
struct Quantity {
    Unit unit = Unit::count;
    std::uint64_t value = 0;

    bool operator==(const Quantity&) const = default;
};

/// A cell of text, for people: raw bytes, a quantity with its unit, or a time of day.
using Label = std::variant<std::string, Quantity, Moment>;

/// The identity of a row of a report, for people (labels) and for scripts (key).
struct RowName {
    std::vector<Label> labels;     ///< one for each of Report::headings
    std::vector<Field> key;        ///< exactly what --by asked for; empty for --by none
    bool waits_by_nature = false;  ///< it is expected to take long: sleeping, waiting for events
};

/// One key of a histogram report.
struct HistogramRow : RowName {
    Histogram histogram;                ///< may be empty if there is only something in flight
    std::optional<InFlight> in_flight;  ///< none: the tool does not keep track of it
};

/// One key of a counts report.
struct CountsRow : RowName {
    std::vector<std::uint64_t> values;  ///< one for each of CountsReport::columns
};

/// A heading below which cgroups are named that are not the subject's: who was in the way.
struct CgroupColumn {
    std::size_t column = 0;  ///< of Report::headings
    std::string prefix;      ///< of the fields in a row's key: "culprit_"
};

/// What all reports have in common.
struct Report {
    std::string tool;         ///< "runqlat"
    std::string name;         ///< of what is measured: "waits"
    std::string description;  ///< one line for people, from the BPF file
    Scope scope = Scope::total;
    UnixNanoseconds time = 0;            ///< the end of the interval
    double interval_s = 0;               ///< its length; for a total the length of the run
    std::vector<std::string> headings;   ///< "CONTAINER", "PID" ...: one for each --by key
    std::vector<std::string> key_names;  ///< of the fields of every row's key, in their order
    std::vector<CgroupColumn> other_cgroups;
};

/// All keys of one histogram at one moment.
struct HistogramReport : Report {
    Unit unit = Unit::nanoseconds;
    std::vector<HistogramRow> rows;  ///< in no order
};

/// What one of the numbers of a CountsRow is.
struct ValueColumn {
    std::string name;  ///< "calls"
    Unit unit = Unit::count;
};

/// All keys of counts at one moment.
struct CountsReport : Report {
    std::vector<ValueColumn> columns;  ///< rows are ordered by the first one
    std::vector<CountsRow> rows;       ///< in no order
};

using AnyReport = std::variant<HistogramReport, CountsReport>;

/// Something was not counted: how often since the last record of this reason, and why.
struct LostRecord {
    std::string tool;
    UnixNanoseconds time = 0;
    std::string reason;  ///< "map_full" ...
    std::uint64_t count = 0;
    std::string advice;  ///< for people: what it means and what helps, one sentence
};

/// The last record of every run.
struct EndRecord {
    struct Lost {
        std::string reason;
        std::uint64_t count = 0;
    };
    std::string tool;
    UnixNanoseconds time = 0;
    double duration_s = 0;
    std::uint64_t before_attach =
        0;                   ///< ended in the run, begun before it: reported, but not a loss
    std::vector<Lost> lost;  ///< all reasons, including those with 0
};

}  // namespace tally
