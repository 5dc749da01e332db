// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/session.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <span>
#include <unordered_map>

#include "collect/counts_collector.h"
#include "collect/event_stream.h"
#include "collect/grouping.h"
#include "collect/histogram_collector.h"
#include "collect/losses.h"
#include "collect/slot_map.h"
#include "host/kernel_facts.h"
#include "host/system_calls.h"
#include "output/messages.h"
#include "output/output_file.h"
#include "output/writer.h"
#include "session/command.h"
#include "session/hierarchy.h"
#include "session/live_containers.h"
#include "session/privileges.h"
#include "session/ready.h"
#include "session/target.h"
#include "session/waiter.h"
#include "util/unix_time.h"

namespace tally {
namespace {

using Clock = std::chrono::steady_clock;

/// How often a run without INTERVAL reads, to redraw and to keep up with names and dead keys.
constexpr Seconds kLook{1.0};

/// One run; its members are in the order in which they come to life.
class Session {
  public:
    Session(Tracer tracer, const Request& request)
        : tracer_(std::move(tracer)),
          request_(request),
          target_(request.target),
          errors_(STDERR_FILENO, "stderr", OutputFile::Failures::ignored) {
        tracer_.set_tells_events(request_.tells_events);
        if (!request_.command.empty()) {
            command_.emplace(request_.command);
        }
        for (const HistogramSchema& each : tracer_.schema().histograms) {
            collectors_.push_back(std::make_unique<HistogramCollector>(
                std::make_unique<KernelSlotMap>(tracer_, each), each, Grouping(request_.by, each)));
        }
        for (const CountsSchema& each : tracer_.schema().counts) {
            collectors_.push_back(std::make_unique<CountsCollector>(
                std::make_unique<KernelSlotMap>(tracer_, each), each, Grouping(request_.by, each)));
        }
        needs_cgroups_ = target_.needs_cgroups() || has_events() ||
                         collectors_.front()->grouping().needs_cgroups();
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
        return request_.strict && losses_->any() ? ExitStatus::lost : status;
    }

  private:
    void start() {
        check_tracing_is_possible();
        if (has_events()) {
            tracer_.set_reader_left_out(!request_.own_events);
        } else {
            collectors_.front()->grouping().configure(tracer_);
        }
        target_.configure(tracer_, command_.has_value());
        for (const auto& [constant, value] : request_.options) {
            tracer_.set_constant(constant, value);
        }
        for (const SelectionSchema& each : tracer_.schema().selections) {
            tracer_.set_constant(each.constant, request_.selections.contains(each.set));
        }
        if (tracer_.schema().has_alternatives()) {
            choose_probes();
        }
        if (needs_cgroups_ || request_.hierarchy) {
            find_hierarchy_of_run();
        }
        tracer_.load({request_.max_keys, request_.ring_size});
        if (const auto smaller = tracer_.shrunk()) {
            say(*smaller);
        }
        for (const auto& [set, values] : request_.selections) {
            for (const std::uint64_t value : values) {
                if (!tracer_.add_to_set(set, &value)) {
                    throw UsageError("there are too many values for one option: {} at most",
                                     tracer_.max_entries(set));
                }
            }
        }
        for (const std::string& set : tracer_.schema().waiting_calls) {
            for (const std::uint32_t call : waiting_calls()) {
                tracer_.add_to_set(set, &call);
            }
        }
        losses_.emplace(tracer_);
        if (has_events()) {
            events_.emplace(tracer_);
            tracer_.leave_out_reader();
        }
        if (needs_cgroups_) {
            find_containers();
        } else {
            target_.install(target_sets_, containers());
        }
        // Not before: a wrong command line must not empty a file.
        out_.emplace(request_.output_file ? OutputFile::create(*request_.output_file)
                                          : OutputFile(STDOUT_FILENO, "stdout"));
        writer_ = make_writer(request_.format, request_.text, *out_, errors_);
        waiter_.emplace(out_->fd());
        out_->give_up_when_readable(waiter_->signals(),
                                    [this] { return waiter_->is_last_word(finished_); });
        tracer_.attach();
        begin_output();
        started_ = interval_started_ = Clock::now();
        waiter_->start(request_.interval.value_or(kLook), request_.duration);
        say_ready();
        if (command_) {
            command_->start(request_.output_file ? STDOUT_FILENO : STDERR_FILENO,
                            [this] { tracer_.enter_tree(); });
            waiter_->watch(command_->end());
        }
        if (!request_.keep_privileges) {
            give_up_privileges({needs_cgroups_, command_ ? command_->pid() : -1});
        }
    }

    void detach() {
        tracer_.detach();
        if (command_) {
            command_->stop(waiter_->taken_signal());
        }
    }

    bool has_events() const { return !tracer_.schema().events.empty(); }

    void begin_output() {
        if (events_) {
            writer_->begin_events(events_->shapes());
            return;
        }
        std::vector<AnyReport> reports;
        for (const auto& each : collectors_) {
            reports.push_back(each->total(head(Scope::total, 0, Seconds(0))));
        }
        writer_->begin(reports);
    }

    void choose_probes() {
        const ProbePlan plan = make_probe_plan(tracer_.schema(), request_.choices);
        tracer_.use(plan);
        for (const ProbePlan::Missing& each : plan.missing) {
            if (!each.is_choice || request_.verbose) {
                say(fmt::format("{} runs without {}: {}", tracer_.name(), each.what,
                                each.obstacle.reason));
            }
        }
    }

    void find_hierarchy_of_run() {
        host_ = find_hierarchy(request_.hierarchy, request_.target.cgroups);
        configure_hierarchy(tracer_, host_.hierarchy);
        if (request_.verbose) {
            say(describe(host_));
        }
        if (!host_.warning.empty()) {
            say(host_.warning);
        }
    }

    /// Whose the cgroups are, if anybody asks.
    Containers& containers() { return live_containers_ ? live_containers_->containers() : none_; }

    void find_containers() {
        live_containers_.emplace(tracer_, host_.paths());
        target_.install(target_sets_, containers());
        const auto admission = [this](CgroupId id) {
            return id == kKernelThreads ? Admission::counted : target_.admission_of(id, finished_);
        };
        for (const auto& each : collectors_) {
            each->set_admission(admission);
        }
        if (events_) {
            events_->set_admission(admission);
        }
        follow();
    }

    /// Takes in what has happened to cgroups until now. Afterwards all that were born before have
    /// names, as far as these are known yet.
    void follow() {
        if (!live_containers_) {
            return;
        }
        const CgroupEvents events = live_containers_->follow();
        if (events.is_empty()) {
            return;
        }
        target_.follow(containers(), events, Clock::now());
        live_containers_->bury(events.deaths);
        if (events_) {
            events_->forget_names();
        }
    }

    /// Looks what all containers are called by now; after follow().
    void look() {
        live_containers_->look();
        settle();
    }

    /// Names may have come.
    void settle() {
        target_.settle(containers(), Clock::now());
        if (events_) {
            events_->forget_names();
        }
    }

    /// Cgroups in what was copied whose births may have been lost.
    void find_missing(std::span<const CgroupId> cgroups) {
        if (containers().find_missing(cgroups)) {
            settle();
        }
    }

    void look_again() {
        const auto began = Clock::now();
        follow();
        look();
        live_containers_->looked(began, target_.is_undecided());
    }

    /// Tells the events that are there. False: there was none.
    bool tell_events() {
        const bool any = events_->take();
        follow();
        const auto& cgroups = events_->new_cgroups();
        find_missing(std::vector<CgroupId>(cgroups.begin(), cgroups.end()));
        events_->tell(containers(), [this](const Event& event) { writer_->event(event); });
        writer_->flush();
        return any;
    }

    /// Copies what the kernel has, and names it when all cgroups in the copy are known.
    AnyReport collect(Collector& collector, Report head) {
        while (collector.take()) {
            follow();
            find_missing(collector.new_cgroups());
            collector.add(containers());
        }
        return collector.collect(std::move(head), containers());
    }

    Wake wait() {
        const int events = events_ ? events_->fd() : -1;
        return live_containers_
                   ? waiter_->wait(events, live_containers_->fd(), live_containers_->next_look())
                   : waiter_->wait(events, -1, std::nullopt);
    }

    bool is_live() const {
        // What a command says goes to the same screen, mostly, and would go into the picture.
        return request_.text.terminal && request_.format == Format::text && !request_.interval &&
               !command_;
    }

    void say_ready() {
        if (request_.verbose) {
            say(fmt::format("maps take {} KiB", tracer_.map_memory() / 1024));
        }
        say(fmt::format("{} is measuring{}", tracer_.name(),
                        request_.duration || request_.count || command_ ? ""
                        : events_                                       ? "; Ctrl-C ends it"
                                  : "; Ctrl-C ends it with the report"));
        if (request_.ready_fd) {
            announce_ready(*request_.ready_fd);
        }
    }

    void loop() {
        std::uint64_t intervals = 0;
        for (;;) {
            switch (wait()) {
                case Wake::stop:
                case Wake::command:
                    return;
                case Wake::events:
                    tell_events();
                    break;
                case Wake::cgroups:
                    follow();
                    break;
                case Wake::again:
                    look_again();
                    break;
                case Wake::tick:
                    if (request_.interval && is_last(++intervals)) {
                        return;
                    }
                    read(Clock::now());
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

    /// Reads what is new. With INTERVAL it is a report; without, it is drawn on a terminal, and
    /// kept.
    void read(Clock::time_point now) {
        if (live_containers_) {
            follow();
            look();
        }
        if (events_) {
            // At the end until there are none: where the kernel refuses to wait for programs that
            // run (membarrier), one may still tell something.
            while (tell_events() && finished_) {
            }
        }
        const UnixNanoseconds time = unix_now();
        if (!finished_) {
            look_in_flight(now);
        }
        for (const auto& each : collectors_) {
            const AnyReport report =
                collect(*each, head(Scope::interval, time, now - interval_started_));
            if (request_.interval) {
                write(report);
            }
        }
        interval_started_ = now;
        if (request_.interval || is_live() || events_ || finished_) {
            report_losses(time);
        }
        if (is_live() && !finished_) {
            for (const auto& each : collectors_) {
                std::visit([&](const auto& report) { writer_->live(report); },
                           each->total(head(Scope::total, time, now - started_)));
            }
        }
        forget_dead();
    }

    /// After what is too old to be believed is counted as lost: it is in flight no more.
    void look_in_flight(Clock::time_point now) {
        tracer_.forget_old_objects();
        for (const auto& each : collectors_) {
            each->look_in_flight(now - started_);
        }
    }

    OwnLosses own_losses() const {
        return events_ ? OwnLosses{target_.not_added(), events_->malformed(), events_->not_held()}
                       : OwnLosses{target_.not_added(), 0, 0};
    }

    void report_losses(UnixNanoseconds time) {
        const std::uint64_t unfollowed = losses_->count_of("cgroup_event");
        for (const LostRecord& each : losses_->collect(time, own_losses())) {
            writer_->lost(each);
        }
        if (losses_->count_of("cgroup_event") > unfollowed) {
            live_containers_->walk();
            look();
        }
    }

    void finish() {
        look_in_flight(Clock::now());  // afterwards, nothing would end any more
        finished_ = true;
        const auto ended = Clock::now();
        detach();
        read(ended);
        const UnixNanoseconds time = unix_now();
        const Seconds duration = ended - started_;
        for (const auto& each : collectors_) {
            write(each->total(head(Scope::total, time, duration)));
        }
        writer_->end(
            {tracer_.name(), time, duration.count(), losses_->before_attach(), losses_->total()});
    }

    Report head(Scope scope, UnixNanoseconds time, Seconds length) const {
        Report report;
        report.tool = tracer_.name();
        report.scope = scope;
        report.time = time;
        report.interval_s = length.count();
        return report;
    }

    void write(const AnyReport& any) {
        std::visit([&](const auto& report) { writer_->report(report); }, any);
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
        for (const auto& each : collectors_) {
            each->forget_dead(is_gone, containers());
        }
    }

    bool cgroup_is_gone(CgroupId id) {
        const auto path = containers().path_of(id);
        struct stat status {};
        return path && (::stat((host_.hierarchy.mount_point + *path).c_str(), &status) != 0 ||
                        status.st_ino != id);
    }

    Tracer tracer_;
    const Request& request_;
    TracerTargetSets target_sets_{tracer_};
    Target target_;
    std::optional<Command> command_;
    std::optional<OutputFile> out_;
    OutputFile errors_;
    bool needs_cgroups_ = false;
    std::vector<std::unique_ptr<Collector>> collectors_;
    std::optional<EventStream> events_;
    std::optional<Losses> losses_;
    HostHierarchy host_;
    std::optional<LiveContainers> live_containers_;
    Containers none_{ContainerPaths{}};
    std::unique_ptr<Writer> writer_;
    std::optional<Waiter> waiter_;
    Clock::time_point started_, interval_started_;
    bool finished_ = false;
};

}  // namespace

ExitStatus run_session(Tracer tracer, const Request& request) {
    return Session(std::move(tracer), request).run();
}

}  // namespace tally
