// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <unordered_map>
#include <utility>

#include "host/kernel_facts.h"
#include "output/messages.h"
#include "session/command.h"
#include "session/hierarchy.h"
#include "session/outputs.h"
#include "session/privileges.h"
#include "session/ready.h"
#include "session/schedule.h"
#include "session/session_cgroups.h"
#include "session/tracer_run.h"
#include "session/waiter.h"
#include "util/unix_time.h"

namespace tally {
namespace {

using Clock = std::chrono::steady_clock;

/// One run of tracers; its members are in the order in which they come to life.
class Session {
  public:
    Session(std::vector<Tracer> tracers, const Request& request)
        : request_(request),
          schedule_(request.interval, request.count, request.duration),
          cgroups_(request.target) {
        for (std::size_t i = 0; i < tracers.size(); ++i) {
            runs_.push_back(
                std::make_unique<TracerRun>(std::move(tracers[i]), request_.tracers.at(i)));
            names_.push_back(runs_.back()->name());
        }
        if (!request_.command.empty()) {
            command_.emplace(request_.command);
        }
        needs_cgroups_ = cgroups_.target().needs_cgroups() ||
                         any([](const TracerRun& each) { return each.needs_cgroups(); });
    }

    ExitStatus run() {
        start();
        try {
            loop();
            finish();
        } catch (const ClosedPipe&) {
            detach();  // nobody is left to report to
        }
        const ExitStatus status = command_ ? command_->wait(waiter_->signals()) : ExitStatus::ok;
        const bool is_lost = any([](const TracerRun& each) { return each.losses().any(); });
        return request_.strict && is_lost ? ExitStatus::lost : status;
    }

  private:
    template <typename Condition>
    bool any(Condition condition) const {
        return std::any_of(runs_.begin(), runs_.end(),
                           [&](const auto& each) { return condition(*each); });
    }

    bool any_events() const {
        return any([](const TracerRun& each) { return each.has_events(); });
    }

    /// Its object has the engine, for all.
    TracerRun& engine() { return *runs_.front(); }

    void start() {
        check_tracing_is_possible();
        configure();
        load();
        find_cgroups();
        // Not before: a wrong command line must not empty a file.
        outputs_.emplace(request_, names_);
        watch();
        for (const auto& each : runs_) {
            each->tracer().attach();
        }
        engine().tracer().start();
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            runs_[i]->begin_output(outputs_->sink_of(i));
        }
        started_ = interval_started_ = Clock::now();
        waiter_->start(schedule_.period(), schedule_.duration());
        say_ready();
        if (command_) {
            command_->start(request_.output_file ? STDOUT_FILENO : STDERR_FILENO,
                            [this] { engine().tracer().enter_tree(); });
            waiter_->watch(command_->end(), Wake::command);
        }
        if (!request_.keep_privileges) {
            give_up_privileges({needs_cgroups_, command_ ? command_->pid() : -1});
        }
    }

    void configure() {
        for (const auto& each : runs_) {
            each->configure(request_.verbose);
            cgroups_.target().configure(each->tracer(), command_.has_value());
        }
        if (needs_cgroups_ || request_.hierarchy) {
            find_hierarchy_of_run();
        }
        engine().tracer().set_knows_reader(leaves_reader_out());
    }

    bool leaves_reader_out() const {
        return any([](const TracerRun& each) { return each.leaves_reader_out(); });
    }

    void find_hierarchy_of_run() {
        host_ = find_hierarchy(request_.hierarchy, request_.target.cgroups);
        if (request_.verbose) {
            say(describe(*host_));
        }
        if (!host_->warning.empty()) {
            say(host_->warning);
        }
        for (const auto& each : runs_) {
            configure_hierarchy(each->tracer(), host_->hierarchy);
        }
    }

    void load() {
        MapSizes sizes;
        sizes.sharers = static_cast<std::uint32_t>(runs_.size());
        for (const auto& each : runs_) {
            each->load(engine(), sizes);
            sizes.taken += each->tracer().map_memory();
            --sizes.sharers;
        }
        map_memory_ = sizes.taken;
        if (const auto smaller = engine().tracer().shrunk()) {
            say(*smaller);
        }
        if (leaves_reader_out()) {
            engine().tracer().leave_out_reader();
        }
    }

    void find_cgroups() {
        cgroups_.begin(engine().tracer(), needs_cgroups_ ? &*host_ : nullptr);
        for (const auto& each : runs_) {
            each->set_admission(
                [this](CgroupId id) { return cgroups_.admission_of(id, finished_); },
                [this](CgroupId id) { return !finished_ && cgroups_.target().is_newborn(id); });
        }
    }

    void watch() {
        waiter_.emplace();
        for (const int each : outputs_->fds()) {
            waiter_->watch_output(each);
        }
        for (const auto& each : runs_) {
            if (each->has_events()) {
                waiter_->watch(each->events_fd(), Wake::events);
            }
        }
        if (cgroups_.are_followed()) {
            waiter_->watch(cgroups_.fd(), Wake::cgroups);
        }
        outputs_->give_up_when_readable(
            waiter_->signals(), [this] { return waiter_->ends_waiting_for_output(finished_); });
    }

    void detach() {
        engine().tracer().stop();  // all probes at once, as they began
        for (const auto& each : runs_) {
            each->tracer().detach();
        }
        wait_for_programs();
        if (command_) {
            command_->stop(waiter_->taken_signal());
        }
    }

    bool is_live() const {
        // What a command says goes to the same screen, mostly, and would go into the picture, as
        // lines of events would.
        return request_.text.terminal && request_.format == Format::text &&
               !schedule_.has_intervals() && !command_ && !any_events();
    }

    void say_ready() {
        if (request_.verbose) {
            say(fmt::format("maps take {} KiB", map_memory_ / 1024));
        }
        const bool has_report = any([](const TracerRun& each) { return !each.has_events(); });
        say(fmt::format("{} is measuring{}", fmt::join(names_, ","),
                        schedule_.has_end() || command_ ? ""
                        : has_report                    ? "; Ctrl-C ends it with the report"
                                                        : "; Ctrl-C ends it"));
        if (request_.ready_fd) {
            announce_ready(*request_.ready_fd);
        }
    }

    void loop() {
        for (;;) {
            switch (waiter_->wait(cgroups_.next_look())) {
                case Wake::stop:
                case Wake::command:
                    return;
                case Wake::events:
                    tell_events(waiter_->readable());
                    break;
                case Wake::cgroups:
                    cgroups_.follow();
                    break;
                case Wake::look:
                    cgroups_.look_again();
                    break;
                case Wake::tick:
                    if (!schedule_.goes_on(Clock::now() - started_)) {
                        return;
                    }
                    read(Clock::now());
                    break;
            }
        }
    }

    void tell_events(const std::vector<int>& readable) {
        for (const auto& each : runs_) {
            if (std::find(readable.begin(), readable.end(), each->events_fd()) != readable.end()) {
                each->tell_events(cgroups_);
            }
        }
    }

    /// Reads what is new. With INTERVAL it is a report; without, it is drawn on a terminal, and
    /// kept.
    void read(Clock::time_point now) {
        cgroups_.follow();
        cgroups_.look();
        const UnixNanoseconds time = unix_now();
        const Report head = head_of(Scope::interval, time, now - interval_started_);
        // All are read before any is written: a slow reader of the output must not make the
        // interval of the next one longer.
        std::vector<std::vector<AnyReport>> reports;
        for (const auto& each : runs_) {
            reports.push_back(each->read(cgroups_, head,
                                         finished_ ? std::nullopt : std::optional(now - started_)));
        }
        for (const auto& each : runs_) {
            // At the end until there are none: where the kernel refuses to wait for programs that
            // run (membarrier), one may still tell something.
            while (each->has_events() && each->tell_events(cgroups_) && finished_) {
            }
        }
        for (std::size_t i = 0; schedule_.has_intervals() && i < runs_.size(); ++i) {
            runs_[i]->write(reports[i]);
        }
        interval_started_ = now;
        report_losses(time);
        if (is_live() && !finished_) {
            for (const auto& each : runs_) {
                each->draw_live(each->total(head_of(Scope::total, time, now - started_)));
            }
        }
        forget_dead();
    }

    void report_losses(UnixNanoseconds time) {
        std::uint64_t unfollowed = 0;
        for (const auto& each : runs_) {
            if (schedule_.has_intervals() || is_live() || each->has_events() || finished_) {
                each->report_losses(time, cgroups_.target().not_added());
            }
            unfollowed = std::max(unfollowed, each->losses().count_of("cgroup_event"));
        }
        if (std::exchange(unfollowed_, unfollowed) != unfollowed) {
            cgroups_.walk();
        }
    }

    void finish() {
        // From now on nothing ends any more, so nothing is both measured and in flight.
        engine().tracer().stop();
        for (const auto& each : runs_) {
            each->look_in_flight(Clock::now() - started_);
        }
        finished_ = true;
        const auto ended = Clock::now();
        detach();
        read(ended);
        const UnixNanoseconds time = unix_now();
        const Seconds duration = ended - started_;
        for (const auto& each : runs_) {
            each->write(each->total(head_of(Scope::total, time, duration)));
        }
        for (const auto& each : runs_) {
            each->end(time, duration);
        }
    }

    static Report head_of(Scope scope, UnixNanoseconds time, Seconds length) {
        Report report;
        report.scope = scope;
        report.time = time;
        report.interval_s = length.count();
        return report;
    }

    void forget_dead() {
        std::unordered_map<CgroupId, bool> known;  // asked once each
        const auto is_gone = [&](CgroupId id) {
            const auto [place, is_new] = known.try_emplace(id, false);
            if (is_new) {
                place->second = cgroups_.is_gone(id);
            }
            return place->second;
        };
        for (const auto& each : runs_) {
            each->forget_dead(is_gone, cgroups_.containers());
        }
    }

    const Request& request_;
    Schedule schedule_;
    std::vector<std::unique_ptr<TracerRun>> runs_;
    std::vector<std::string> names_;
    std::optional<HostHierarchy> host_;
    SessionCgroups cgroups_;
    std::optional<Command> command_;
    bool needs_cgroups_ = false;
    std::uint64_t map_memory_ = 0;
    std::uint64_t unfollowed_ = 0;  ///< events of cgroups that were lost, as of the last look
    std::optional<Outputs> outputs_;
    std::optional<Waiter> waiter_;
    Clock::time_point started_, interval_started_;
    bool finished_ = false;
};

}  // namespace

ExitStatus run_session(std::vector<Tracer> tracers, const Request& request) {
    return Session(std::move(tracers), request).run();
}

}  // namespace tally
