// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "record_facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <memory>
#include <set>
#include <span>

#include "buckets.h"
#include "cli/command_line.h"
#include "collect/counts_collector.h"
#include "collect/event_shape.h"
#include "collect/grouping.h"
#include "collect/histogram_collector.h"
#include "collect/losses.h"
#include "collect/owner_fields.h"
#include "json_members.h"
#include "memory_sink.h"
#include "samples.h"
#include "tracer/tracer.h"
#include "wire.h"

namespace tally {
namespace {

using Lines = std::vector<std::string>;

constexpr UnixNanoseconds kTime = 1'795'338'005'000'000'042;  // 2026-11-22T09:00:05

/// What a reader of records of any type looks at first.
const std::set<std::string> kToldApart{"schema", "type", "tool", "name", "scope", "unit"};

void add_section(Lines& lines, const std::string& title, const Lines& more) {
    lines.push_back(fmt::format("\n[{}]", title));
    lines.insert(lines.end(), more.begin(), more.end());
}

/// The members of what `write` writes as JSON; those of an enumeration with their values.
template <typename Write>
Lines json_of(const std::set<std::string>& with_values, Write&& write) {
    std::set<std::string> all = kToldApart;
    all.insert(with_values.begin(), with_values.end());
    JsonMembers members(all);
    MemorySink json(Format::json);
    write(json.sink());
    for (const std::string& each : json.lines()) {
        members.add(each);
    }
    return members.lines();
}

std::set<std::string> enumerations_of(const std::vector<StructField>& fields,
                                      const std::string& before) {
    std::set<std::string> paths;
    for (const StructField& each : fields) {
        if (!each.names.empty()) {
            paths.insert(before + each.name);
        }
    }
    return paths;
}

/// One way to run a tool, and where its names come from.
class Facts {
  public:
    Facts(const Tool& tool, Tracer tracer, const std::string& way, Containers& containers,
          const std::vector<CgroupId>& cgroups)
        : tool_(tool),
          tracer_(std::move(tracer)),
          way_(way),
          containers_(containers),
          cgroups_(cgroups) {}

    Lines lines() {
        if (tracer_.schema().events.empty()) {
            add_reports();
        } else {
            add_events();
        }
        add_lost();
        add_end();
        return std::move(lines_);
    }

  private:
    void add_reports() {
        const auto request = parse_tool_arguments(tool_, tracer_.schema(), {});
        const Lines usual = std::get<Request>(request).tracers[0].by;
        add_section(lines_, "csv" + way_, {csv_heading(usual)});
        add_json(usual, false);
        for (const std::string& word : Grouping::choices(*tracer_.schema().slots().front())) {
            add_section(lines_, fmt::format("csv{} --by {}", way_, word), {csv_heading({word})});
            add_json({word}, true);
        }
    }

    /// As a run has them.
    std::vector<std::unique_ptr<Collector>> collectors_of(const Lines& by) const {
        std::vector<std::unique_ptr<Collector>> collectors;
        for (const HistogramSchema& each : tracer_.schema().histograms) {
            collectors.push_back(
                std::make_unique<HistogramCollector>(nullptr, each, Grouping(by, each)));
        }
        for (const CountsSchema& each : tracer_.schema().counts) {
            collectors.push_back(
                std::make_unique<CountsCollector>(nullptr, each, Grouping(by, each)));
        }
        return collectors;
    }

    Report head(Scope scope) const {
        Report report;
        report.tool = tracer_.name();
        report.scope = scope;
        report.time = kTime;
        report.interval_s = 1;
        return report;
    }

    std::string csv_heading(const Lines& by) const {
        std::vector<AnyReport> reports;
        for (const auto& each : collectors_of(by)) {
            reports.push_back(each->total(head(Scope::total)));
        }
        MemorySink csv(Format::csv);
        csv.sink().begin(reports);
        return fmt::format("{}", fmt::join(csv.lines(), "\n"));
    }

    /// The records by these words, one section for each histogram and counts. `only_key`: only
    /// what depends on the words.
    void add_json(const Lines& by, bool only_key) {
        const std::vector<const SlotsSchema*> slots = tracer_.schema().slots();
        const auto collectors = collectors_of(by);
        for (std::size_t i = 0; i < collectors.size(); ++i) {
            Lines members = json_of(enumerations_of(slots[i]->key, "key."), [&](Sink& sink) {
                for (const Scope scope : {Scope::interval, Scope::total}) {
                    write_samples(*collectors[i], *slots[i], scope, sink);
                }
            });
            if (only_key) {
                std::erase_if(members, [](const auto& each) { return !each.starts_with("key"); });
            }
            add_section(lines_,
                        fmt::format("json{} {}{}", way_, slots[i]->name,
                                    only_key ? fmt::format(" --by {}", fmt::join(by, ",")) : ""),
                        members);
        }
    }

    void write_samples(const Collector& collector, const SlotsSchema& slots, Scope scope,
                       Sink& sink) {
        AnyReport any = collector.total(head(scope));
        for (std::vector<std::byte>& key : samples_of(slots.key_size, slots.key)) {
            for (const CgroupId cgroup : cgroups_) {
                std::memcpy(key.data() + slots.key.front().offset, &cgroup, sizeof cgroup);
                const RowName name = collector.grouping().resolve(key.data(), containers_).name;
                std::visit([&](auto& report) { add_rows(report, name, slots); }, any);
            }
        }
        sink.report(any);
    }

    /// One with nothing, one with values.
    static void add_rows(HistogramReport& report, const RowName& name, const SlotsSchema& slots) {
        const bool has_in_flight = static_cast<const HistogramSchema&>(slots).has_in_flight;
        HistogramRow row;
        static_cast<RowName&>(row) = name;
        for (std::uint32_t count = 0; count < 2; ++count) {
            if (count == 1) {
                row.histogram.add(1, 1);
                row.histogram.add(TALLY_BUCKETS - 1, 1);  // which has no end
                row.histogram.set_extremes(1, ~0ULL);
            }
            if (has_in_flight) {
                row.in_flight = InFlight{count, 0, 1, false, 1, 1, "it", count};
            }
            report.rows.push_back(row);
        }
    }
    static void add_rows(CountsReport& report, const RowName& name, const SlotsSchema&) {
        CountsRow row;
        static_cast<RowName&>(row) = name;
        row.values.resize(report.columns.size());
        report.rows.push_back(row);
    }

    void add_events() {
        std::vector<EventShape> shapes;
        for (const EventsSchema& each : tracer_.schema().events) {
            shapes.push_back(shape_of(tracer_.name(), each));
        }
        MemorySink csv(Format::csv);
        csv.sink().begin_events(shapes);
        add_section(lines_, "csv" + way_, csv.lines());
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const EventsSchema& schema = tracer_.schema().events[i];
            add_section(lines_, fmt::format("json{} {}", way_, schema.name),
                        json_of(enumerations_of(schema.fields, ""),
                                [&](Sink& sink) { write_samples(shapes[i], schema, sink); }));
        }
    }

    void write_samples(const EventShape& shape, const EventsSchema& schema, Sink& sink) {
        std::uint64_t serial = 0;
        for (const CgroupId cgroup : cgroups_) {
            const Owner& found = containers_.owner_of(cgroup);
            const EventOwner owner{++serial, found.label(), owner_fields(found)};
            std::uint32_t tid = 0;  // the first is of no known thread
            for (const std::vector<std::byte>& each :
                 samples_of(schema.struct_size, schema.fields)) {
                write_sample(shape, schema, each, owner, tid++, sink);
            }
        }
    }

    static void write_sample(const EventShape& shape, const EventsSchema& schema,
                             std::vector<std::byte> event, const EventOwner& owner,
                             std::uint32_t tid, Sink& sink) {
        constexpr std::string_view kText("some\0words\0", 11);
        std::vector<std::string> rooms(schema.fields.size());
        std::vector<EventValue> values;
        for (std::size_t i = 0; i < schema.fields.size(); ++i) {
            const StructField& field = schema.fields[i];
            if (field.has_text()) {
                const tally_text where{0, kText.size(),
                                       tid == 0 ? TALLY_TEXT_NONE : TALLY_TEXT_WHOLE};
                std::memcpy(event.data() + field.offset, &where, sizeof where);
            }
            if (field.is_container_name() && tid != 0) {
                rooms[i] = "web";
            }
            values.push_back(field.type->decode(field, event.data(), {kText}, rooms[i]));
            if (values.size() < shape.columns.size() && shape.columns[values.size()].is_cut_mark) {
                values.emplace_back(false);
            }
        }
        sink.event({shape, kTime, owner, tid, tid, "it", values});
    }

    void add_lost() {
        add_section(lines_, fmt::format("json{} lost", way_), json_of({"reason"}, [&](Sink& sink) {
                        for (const std::string& each : loss_reasons(tracer_.schema())) {
                            sink.lost({tracer_.name(), kTime, each, 1, ""});
                        }
                    }));
    }

    void add_end() {
        EndRecord end{tracer_.name(), kTime, 1, 0, {}};
        for (const std::string& each : loss_reasons(tracer_.schema())) {
            end.lost.push_back({each, 1});
        }
        add_section(lines_, fmt::format("json{} end", way_),
                    json_of({}, [&](Sink& sink) { sink.end(end); }));
    }

    const Tool& tool_;
    Tracer tracer_;
    std::string way_;  ///< " --events", or nothing
    Containers& containers_;
    const std::vector<CgroupId>& cgroups_;
    Lines lines_;
};

}  // namespace

std::vector<std::string> record_facts(const Tool& tool, Containers& containers,
                                      const std::vector<CgroupId>& cgroups) {
    Lines all;
    for (const bool tells_events : {false, true}) {
        Tracer tracer(tool);
        if (tells_events && !tracer.schema().has_both()) {
            continue;
        }
        if (tracer.schema().has_both()) {
            tracer.set_tells_events(tells_events);
        }
        const Lines more =
            Facts(tool, std::move(tracer), tells_events ? " --events" : "", containers, cgroups)
                .lines();
        all.insert(all.end(), more.begin(), more.end());
    }
    return all;
}

}  // namespace tally
