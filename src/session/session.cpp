// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/session.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <unordered_map>

#include "collect/cgroup_events.h"
#include "collect/grouping.h"
#include "collect/histogram_collector.h"
#include "collect/losses.h"
#include "host/kernel_facts.h"
#include "output/output_file.h"
#include "output/writer.h"
#include "session/hierarchy.h"
#include "session/target.h"
#include "session/waiter.h"

namespace tally {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Seconds kRedraw{1.0};

UnixNanoseconds unix_now() {
    return static_cast<UnixNanoseconds>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                            std::chrono::system_clock::now().time_since_epoch())
                                            .count());
}

/// One run; its members are in the order in which they come to life.
class Session {
  public:
    Session(Tracer tracer, const Request& request)
        : tracer_(std::move(tracer)),
          request_(request),
          target_(request.target),
          out_(request.output_file ? OutputFile::create(*request.output_file)
                                   : OutputFile(STDOUT_FILENO, "stdout")),
          errors_(STDERR_FILENO, "stderr") {
        for (const HistogramSchema& each : tracer_.schema().histograms) {
            collectors_.emplace_back(tracer_, each, Grouping(request_.by, each));
        }
        needs_cgroups_ = target_.needs_cgroups() || collectors_.front().grouping().needs_cgroups();
    }

    ExitStatus run() {
        start();
        try {
            loop();
            finish();
        } catch (const ClosedPipe&) {
            tracer_.detach();  // nobody is left to report to
        }
        return request_.strict && losses_->any() ? ExitStatus::lost : ExitStatus::ok;
    }

  private:
    void start() {
        check_tracing_is_possible();
        collectors_.front().grouping().configure(tracer_);
        target_.configure(tracer_);
        for (const auto& [constant, value] : request_.options) {
            tracer_.set_constant(constant, value);
        }
        tracer_.load({request_.max_keys});
        losses_.emplace(tracer_);
        if (needs_cgroups_) {
            find_containers();
        } else {
            containers_.emplace(ContainerPaths{});
            target_.install(tracer_, *containers_);
        }
        writer_ = make_writer(request_.format, request_.text, out_, errors_);
        waiter_.emplace(out_.fd());
        tracer_.attach();
        started_ = interval_started_ = Clock::now();
        waiter_->start(request_.interval ? request_.interval
                       : is_live()       ? std::optional<Seconds>(kRedraw)
                                         : std::nullopt,
                       request_.duration);
        say_ready();
    }

    /// Births first, then the tree, then what was born meanwhile: no cgroup is missed.
    void find_containers() {
        hierarchy_ = find_hierarchy();
        tracer_.attach_births();
        births_.emplace(tracer_);
        containers_.emplace(ContainerPaths{hierarchy_, ""});
        containers_->walk();
        containers_->observe(read_processes(tracer_));
        target_.install(tracer_, *containers_);
        take_births();
    }

    void take_births() {
        const std::vector<CgroupBirth> born = births_->take();
        for (const CgroupBirth& each : born) {
            containers_->add(each);
        }
        target_.add_births(tracer_, *containers_, born);
    }

    bool is_live() const {
        return request_.text.terminal && request_.format == Format::text && !request_.interval;
    }

    void say_ready() {
        if (request_.verbose) {
            fmt::print(stderr, "tally: maps take at most {} KiB{}{}\n", tracer_.map_memory() / 1024,
                       needs_cgroups_ ? ", cgroups from " : "", hierarchy_);
        }
        fmt::print(stderr, "tally: {} is measuring{}\n", tracer_.name(),
                   request_.duration || request_.count ? "" : "; Ctrl-C ends it with the report");
        if (request_.ready_fd) {
            constexpr std::string_view kReady = "ready\n";
            if (::write(*request_.ready_fd, kReady.data(), kReady.size()) < 0) {
                throw Error("--ready-fd {}: {}", *request_.ready_fd, std::strerror(errno));
            }
            ::close(*request_.ready_fd);
        }
    }

    void loop() {
        std::uint64_t intervals = 0;
        for (;;) {
            switch (waiter_->wait(births_ ? births_->fd() : -1)) {
                case Wake::stop:
                    return;
                case Wake::births:
                    take_births();
                    break;
                case Wake::tick:
                    if (request_.interval && is_last(++intervals)) {
                        return;
                    }
                    report(Scope::interval);
                    break;
            }
        }
    }

    /// Whether the final report is due now: at the last interval, or when the end of the duration
    /// is a matter of the clock's resolution.
    bool is_last(std::uint64_t interval) const {
        if (request_.count && interval >= *request_.count) {
            return true;
        }
        return request_.duration &&
               Clock::now() - started_ > *request_.duration - *request_.interval / 20;
    }

    /// Reads what is new; writes it if it was asked for by interval, else draws the total so far.
    void report(Scope scope) {
        if (needs_cgroups_) {
            take_births();
            containers_->observe(read_processes(tracer_));
        }
        const auto now = Clock::now();
        const UnixNanoseconds time = unix_now();
        for (HistogramCollector& each : collectors_) {
            std::vector<HistogramRow> rows = each.collect(*containers_);
            if (scope == Scope::interval && request_.interval) {
                writer_->report(make_report(each, Scope::interval, time,
                                            Seconds(now - interval_started_), std::move(rows)));
            } else if (scope == Scope::interval) {
                writer_->live(
                    make_report(each, Scope::total, time, Seconds(now - started_), each.total()));
            }
        }
        interval_started_ = now;
        for (const LostRecord& each : losses_->collect(time)) {
            writer_->lost(each);
        }
        forget_dead();
    }

    void finish() {
        tracer_.detach();
        const auto ended = Clock::now();
        const Seconds duration = ended - started_;
        report(request_.interval ? Scope::interval : Scope::total);
        const UnixNanoseconds time = unix_now();
        for (const HistogramCollector& each : collectors_) {
            writer_->report(make_report(each, Scope::total, time, duration, each.total()));
        }
        writer_->end(
            {tracer_.name(), time, duration.count(), losses_->before_attach(), losses_->total()});
    }

    HistogramReport make_report(const HistogramCollector& collector, Scope scope,
                                UnixNanoseconds time, Seconds length,
                                std::vector<HistogramRow> rows) const {
        const HistogramSchema& schema = collector.schema();
        return {tracer_.name(), schema.name, schema.help,    schema.unit,
                scope,          time,        length.count(), collector.grouping().headings(),
                std::move(rows)};
    }

    /// Makes room for new keys before the map is full: short-lived containers, for days.
    void forget_dead() {
        std::unordered_map<CgroupId, bool> known;  // asked once each
        const auto is_gone = [&](CgroupId id) {
            const auto [place, is_new] = known.try_emplace(id, false);
            if (is_new) {
                place->second = cgroup_is_gone(id);
            }
            return place->second;
        };
        for (HistogramCollector& each : collectors_) {
            each.forget_dead(tracer_, is_gone, *containers_);
        }
    }

    bool cgroup_is_gone(CgroupId id) const {
        const auto path = containers_->path_of(id);
        struct stat status {};
        return path && (::stat((hierarchy_ + *path).c_str(), &status) != 0 || status.st_ino != id);
    }

    Tracer tracer_;
    const Request& request_;
    Target target_;
    OutputFile out_;
    OutputFile errors_;
    bool needs_cgroups_ = false;
    std::vector<HistogramCollector> collectors_;
    std::optional<Losses> losses_;
    std::string hierarchy_;
    std::optional<CgroupBirths> births_;
    std::optional<Containers> containers_;
    std::unique_ptr<Writer> writer_;
    std::optional<Waiter> waiter_;
    Clock::time_point started_, interval_started_;
};

}  // namespace

ExitStatus run_session(Tracer tracer, const Request& request) {
    return Session(std::move(tracer), request).run();
}

}  // namespace tally
