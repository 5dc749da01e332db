// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What each tool writes in each format, byte for byte, against tests/golden/TOOL.{txt,json,csv}:
// its own schema, synthetic input instead of a kernel, and the code that a run goes through. Needs
// no root and loads nothing.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "collect/counts_collector.h"
#include "collect/event_stream.h"
#include "collect/histogram_collector.h"
#include "collect/losses.h"
#include "container_fixture.h"
#include "golden_file.h"
#include "memory_sink.h"
#include "synthetic_input.h"
#include "tracer/registry.h"
#include "tracer/tracer.h"

namespace tally {
namespace {

constexpr UnixNanoseconds kSecond = 1'000'000'000;
constexpr UnixNanoseconds kTime = 1'795'338'005 * kSecond + 42;  // 2026-11-22T09:00:05

/// Behind the name of a tool that sums up without this option.
constexpr const char* kEvents = "--events";

class GoldenFormats : public FakeMachine, public ::testing::WithParamInterface<const Tool*> {
  protected:
    void SetUp() override {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
        write("/var/lib/docker/containers/" + synthetic_container_id() + "/config.v2.json",
              R"({"Name":"/k8s_web","Config":{"Labels":{"io.kubernetes.container.name":"web",)"
              R"("io.kubernetes.pod.name":"shop","io.kubernetes.pod.namespace":"prod",)"
              R"("io.kubernetes.docker.type":"container"}}})");
        containers_.walk();
        cgroups_ = add_synthetic_cgroups(containers_, id(""));
    }

    /// Opens the tool's object for a run with or without --events. False: there is no such run.
    bool open(bool tells_events) {
        tracer_.emplace(std::string(GetParam()->name), GetParam()->object);
        const bool has_both = tracer_->schema().has_both();
        if (has_both) {
            tracer_->set_tells_events(tells_events);
        }
        return has_both || !tells_events;
    }

    bool has_events() const { return !tracer_->schema().events.empty(); }

    /// What makes a row if nothing is said, and all that can make one.
    std::vector<std::vector<std::string>> groupings() const {
        const auto request = parse_tool_arguments(*GetParam(), tracer_->schema(), {});
        std::vector<std::string> all = Grouping::choices(*tracer_->schema().slots().front());
        std::erase(all, "none");
        return {std::get<Request>(request).tracers.at(0).by, all};
    }

    /// All that a run writes, from its beginning to its end.
    void write_reports(Sink& sink, const std::vector<std::string>& by) const {
        std::vector<SyntheticSlots*> slots;
        std::vector<std::unique_ptr<Collector>> collectors;
        const auto add = [&](const auto& schema, auto make_collector) {
            auto kernel = synthetic_slots(schema, cgroups_);
            slots.push_back(kernel.get());
            collectors.push_back(make_collector(std::move(kernel), schema, Grouping(by, schema)));
        };
        for (const HistogramSchema& each : tracer_->schema().histograms) {
            add(each, [](auto&&... all) {
                return std::make_unique<HistogramCollector>(std::move(all)...);
            });
        }
        for (const CountsSchema& each : tracer_->schema().counts) {
            add(each,
                [](auto&&... all) { return std::make_unique<CountsCollector>(std::move(all)...); });
        }
        std::vector<AnyReport> shapes;
        for (const auto& each : collectors) {
            shapes.push_back(each->total(head(Scope::total, 0)));
        }
        sink.begin(shapes);
        const auto write_one = [&](const AnyReport& any) { sink.report(any); };
        for (unsigned second = 1; second <= 2; ++second) {
            for (std::size_t i = 0; i < collectors.size(); ++i) {
                slots[i]->measure();
                collectors[i]->look_in_flight(std::chrono::seconds(second));
                while (collectors[i]->take()) {
                    collectors[i]->add(containers_);
                }
                write_one(collectors[i]->collect(head(Scope::interval, second), containers_));
            }
        }
        for (const auto& each : collectors) {
            write_one(each->total(head(Scope::total, 2)));
        }
        write_end(sink);
    }

    void write_events(Sink& sink) const {
        EventStream stream(tracer_->name(), tracer_->schema(),
                           synthetic_events(tracer_->schema(), cgroups_),
                           [] { return static_cast<std::int64_t>(kTime); });
        sink.begin_events(stream.shapes());
        stream.take();
        stream.tell(containers_, [&](const Event& event) { sink.event(event); });
        sink.flush();
        EXPECT_EQ(stream.malformed() + stream.not_held(), 0U);
        write_end(sink);
    }

    /// "[HEADING]", and what text shows for people, the data before what goes to stderr.
    std::string text_of(const std::string& heading, View view,
                        const std::vector<std::string>& by) const {
        TextOptions options;
        options.view = view;
        MemorySink text(Format::text, options);
        write_all(text.sink(), by);
        std::string all = fmt::format("[{}]\n{}\n", heading, text.text());
        if (heading == "table" || heading == "events") {
            all += fmt::format("[stderr]\n{}\n", text.errors());
        }
        return all;
    }

    std::string text() const {
        if (has_events()) {
            return text_of("events", View::table, {});
        }
        std::string all = text_of("table", View::table, groupings().front());
        if (!tracer_->schema().histograms.empty()) {
            all += text_of("bars", View::bars, groupings().front());
        }
        return all + text_of(fmt::format("table --by {}", fmt::join(groupings().back(), ",")),
                             View::table, groupings().back());
    }

    /// For scripts; the one run is told behind the other.
    std::string data(Format format) const {
        std::string all;
        for (const auto& by : has_events() ? decltype(groupings()){{}} : groupings()) {
            MemorySink sink(format);
            write_all(sink.sink(), by);
            all += sink.text();
        }
        return all;
    }

  private:
    void write_all(Sink& sink, const std::vector<std::string>& by) const {
        if (has_events()) {
            write_events(sink);
        } else {
            write_reports(sink, by);
        }
    }

    Report head(Scope scope, unsigned second) const {
        Report report;
        report.tool = tracer_->name();
        report.scope = scope;
        report.time = kTime + second * kSecond;
        report.interval_s = scope == Scope::total ? second : 1;
        return report;
    }

    void write_end(Sink& sink) const {
        EndRecord end{tracer_->name(), kTime + 2 * kSecond, 2, 3, {}};
        std::uint64_t count = 0;
        for (const std::string& reason : loss_reasons(tracer_->schema())) {
            sink.lost({tracer_->name(), kTime + kSecond, reason, ++count, advice(reason)});
            end.lost.push_back({reason, count});
        }
        sink.end(end);
    }

    std::optional<Tracer> tracer_;
    Containers containers_{paths()};
    std::vector<CgroupId> cgroups_;
};

TEST_P(GoldenFormats, AreWhatPeopleAndScriptsRead) {
    for (const bool tells_events : {false, true}) {
        if (open(tells_events)) {
            const std::string name = std::string(GetParam()->name) + (tells_events ? kEvents : "");
            expect_golden(name + ".txt", text());
            expect_golden(name + ".json", data(Format::json));
            expect_golden(name + ".csv", data(Format::csv));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Tools, GoldenFormats, ::testing::ValuesIn(all_tools()),
                         [](const auto& each) { return std::string(each.param->name); });

TEST(GoldenFormatFiles, AreOfToolsThatThereAre) {
    for (const std::string& each : golden_files("")) {
        std::string name = each.substr(0, each.find('.'));
        if (name.ends_with(kEvents)) {
            name.resize(name.size() - std::string(kEvents).size());
        }
        EXPECT_TRUE(find_tool(name) != nullptr)
            << "there is no tool for tests/golden/" << each << ": remove it";
    }
}

}  // namespace
}  // namespace tally
