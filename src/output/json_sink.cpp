// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/json_sink.h"

#include <optional>
#include <string_view>
#include <variant>

#include "output/json_event.h"
#include "output/json_record.h"
#include "output/record_members.h"

namespace tally {

namespace {

class JsonSink final : public Sink {
  public:
    explicit JsonSink(OutputFile& out) : out_(out) {}

    void report(const AnyReport& report) override {
        std::visit([this](const auto& each) { write(each); }, report);
    }

    void event(const Event& event) override {
        out_.append(events_.line(event));
        out_.flush_if_large();
    }
    void flush() override { out_.flush(); }

    void lost(const LostRecord& lost) override {
        record_.begin("lost", lost.tool);
        record_.add("time", timestamp(lost.time));
        record_.add("reason", lost.reason);
        record_.add("count", lost.count);
        out_.append(record_.end());
        out_.flush();
    }

    void end(const EndRecord& end) override {
        record_.begin("end", end.tool);
        record_.add("time", timestamp(end.time));
        record_.add("duration_s", end.duration_s);
        record_.add("before_attach", end.before_attach);
        record_.begin_object("lost");
        for (const EndRecord::Lost& each : end.lost) {
            record_.add(each.reason, each.count);
        }
        record_.end_object();
        out_.append(record_.end());
        out_.flush();
    }

  private:
    /// Adds a member to the object that is open.
    auto member() {
        return [this](std::string_view name, const auto& value) { record_.add(name, value); };
    }

    /// The members that all records of reports have in common, then those that add() writes.
    template <typename SomeReport>
    void write(const SomeReport& report) {
        for (const auto* row : in_order(report.rows)) {
            record_.begin(type_of(report), report.tool);
            each_head_member(report, member());
            record_.begin_object("key");
            for (const Field& field : row->key) {
                record_.add(field);
            }
            record_.end_object();
            add(report, *row);
            out_.append(record_.end());
            out_.flush_if_large();
        }
        out_.flush();
    }

    void add(const HistogramReport& report, const HistogramRow& row) {
        record_.add("unit", name_of(report.unit));
        each_number(row.histogram, member());
        if (row.in_flight) {
            record_.begin_object("in_flight");
            each_in_flight_member(*row.in_flight, member());
            record_.end_object();
        } else {
            record_.add("in_flight", std::nullopt);
        }
        record_.begin_array("buckets");
        for (const BucketCount& each : row.histogram.buckets()) {
            record_.begin_object();
            each_bucket_member(each, member());
            record_.end_object();
        }
        record_.end_array();
    }

    void add(const CountsReport& report, const CountsRow& row) {
        record_.begin_object("values");
        for (std::size_t i = 0; i < report.columns.size(); ++i) {
            record_.add(report.columns[i].name, row.values[i]);
        }
        record_.end_object();
    }

    OutputFile& out_;
    JsonRecord record_;
    JsonEvents events_;
};

}  // namespace

std::unique_ptr<Sink> make_json_sink(OutputFile& out) {
    return std::make_unique<JsonSink>(out);
}

}  // namespace tally
