// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The members of the records for scripts: names, values and order are the same in every format for
// scripts (docs/output.md), so they are defined once, here. `visit` is called with a name and a
// value: a std::uint64_t, a bool, a std::string_view, a double, or a std::nullopt_t for unknown
// values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/event.h"
#include "model/record.h"
#include "output/times.h"

namespace tally {

/// The schema number at the beginning of every record; members never change their meaning within
/// it.
inline constexpr std::uint64_t kSchema = 1;

/// The types of records.
constexpr std::string_view type_of(const HistogramReport&) {
    return "histogram";
}
constexpr std::string_view type_of(const CountsReport&) {
    return "counts";
}
inline constexpr std::string_view kEventType = "event";

/// "ns", "bytes", "count"
std::string_view name_of(Unit unit);

/// "interval", "total"
std::string_view name_of(Scope scope);

/// A finite number with at most nine decimals, at least one, never an exponent.
std::string decimal(double number);

/// The rows of a report in the order of their keys.
template <typename Row>
std::vector<const Row*> in_order(const std::vector<Row>& rows) {
    std::vector<const Row*> sorted;
    sorted.reserve(rows.size());
    for (const Row& row : rows) {
        sorted.push_back(&row);
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const RowName* left, const RowName* right) {
        return std::lexicographical_compare(
            left->key.begin(), left->key.end(), right->key.begin(), right->key.end(),
            [](const Field& one, const Field& other) { return one.value < other.value; });
    });
    return sorted;
}

/// The members of every record of a report before its key.
template <typename Visit>
void each_head_member(const Report& report, Visit&& visit) {
    visit("name", std::string_view(report.name));
    visit("scope", name_of(report.scope));
    visit("time", std::string_view(timestamp(report.time)));
    visit("interval_s", report.interval_s);
}

/// All members of a histogram except its buckets.
template <typename Visit>
void each_number(const Histogram& histogram, Visit&& visit) {
    const auto visit_known = [&](std::string_view name, std::optional<std::uint64_t> value) {
        if (value) {
            visit(name, *value);
        } else {
            visit(name, std::nullopt);
        }
    };
    visit("count", histogram.count());
    visit("sum", histogram.sum());
    visit_known("min", histogram.min());
    visit_known("max", histogram.max());
    visit_known("p50", histogram.percentile(50));
    visit_known("p90", histogram.percentile(90));
    visit_known("p99", histogram.percentile(99));
    visit_known("p99_9", histogram.percentile(99.9));
}

/// The members of "in_flight".
template <typename Visit>
void each_in_flight_member(const InFlight& in_flight, Visit&& visit) {
    const auto visit_oldest = [&](std::string_view name, auto value) {
        if (in_flight.count != 0) {
            visit(name, value);
        } else {
            visit(name, std::nullopt);
        }
    };
    visit("count", in_flight.count);
    visit("before_attach", in_flight.before_attach);
    visit_oldest("oldest_ns", in_flight.oldest_ns);
    visit_oldest("oldest_before_attach", in_flight.oldest_before_attach);
    const auto visit_thread = [&](std::string_view name, auto value) {
        if (in_flight.oldest_tid != 0) {
            visit_oldest(name, value);
        } else {
            visit(name, std::nullopt);
        }
    };
    visit_thread("oldest_pid", std::uint64_t{in_flight.oldest_pid});
    visit_thread("oldest_tid", std::uint64_t{in_flight.oldest_tid});
    visit_thread("oldest_comm", std::string_view(in_flight.oldest_comm));
    visit("sum_ns", in_flight.sum_ns);
}

/// The members of one of "buckets".
template <typename Visit>
void each_bucket_member(const BucketCount& bucket, Visit&& visit) {
    visit("ge", bucket_floor(bucket.bucket));
    if (const auto end = bucket_end(bucket.bucket)) {
        visit("lt", *end);
    } else {
        visit("lt", std::nullopt);
    }
    visit("count", bucket.count);
}

/// All members of an event after schema, type and tool. `visit_owner` is called with its
/// EventOwner, for the members of its key; `visit` with the alternatives of EventValue.
template <typename Visit, typename VisitOwner>
void each_event_member(const Event& event, Visit&& visit, VisitOwner&& visit_owner) {
    visit("name", std::string_view(event.shape.name));
    visit("time", Moment{event.time});
    visit_owner(event.owner);
    const auto visit_thread = [&](std::string_view name, auto value) {
        if (event.tid != 0) {
            visit(name, value);
        } else {
            visit(name, std::monostate());
        }
    };
    visit_thread("pid", std::uint64_t{event.pid});
    visit_thread("tid", std::uint64_t{event.tid});
    visit_thread("comm", event.comm);
    for (std::size_t i = 0; i < event.values.size(); ++i) {
        std::visit([&](const auto& value) { visit(event.shape.columns[i].name, value); },
                   event.values[i]);
    }
}

}  // namespace tally
