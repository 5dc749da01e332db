// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/tracer_run.h"

#include <fmt/format.h>

#include <utility>

#include "collect/counts_collector.h"
#include "collect/grouping.h"
#include "collect/histogram_collector.h"
#include "collect/slot_map.h"
#include "host/system_calls.h"
#include "output/messages.h"
#include "tracer/probe_plan.h"
#include "util/error.h"

namespace tally {

TracerRun::TracerRun(Tracer tracer, const TracerRequest& request)
    : tracer_(std::move(tracer)), request_(request) {
    tracer_.set_tells_events(request_.tells_events);
    for (const HistogramSchema& each : tracer_.schema().histograms) {
        collectors_.push_back(std::make_unique<HistogramCollector>(
            std::make_unique<KernelSlotMap>(tracer_, each), each, Grouping(request_.by, each)));
    }
    for (const CountsSchema& each : tracer_.schema().counts) {
        collectors_.push_back(std::make_unique<CountsCollector>(
            std::make_unique<KernelSlotMap>(tracer_, each), each, Grouping(request_.by, each)));
    }
}

bool TracerRun::needs_cgroups() const {
    return has_events() || collectors_.front()->grouping().needs_cgroups();
}

void TracerRun::configure(bool verbose) {
    if (has_events()) {
        tracer_.set_reader_left_out(leaves_reader_out());
    } else {
        collectors_.front()->grouping().configure(tracer_);
    }
    for (const auto& [constant, value] : request_.options) {
        tracer_.set_constant(constant, value);
    }
    for (const SelectionSchema& each : tracer_.schema().selections) {
        tracer_.set_constant(each.constant, request_.selections.contains(each.set));
    }
    if (tracer_.schema().has_alternatives()) {
        choose_probes(verbose);
    }
}

void TracerRun::choose_probes(bool verbose) {
    const ProbePlan plan = make_probe_plan(tracer_.schema(), request_.choices);
    tracer_.use(plan);
    for (const ProbePlan::Missing& each : plan.missing) {
        if (!each.is_choice || verbose) {
            say(fmt::format("{} runs without {}: {}", name(), each.what, each.obstacle.reason));
        }
    }
}

void TracerRun::load(TracerRun& engine, MapSizes sizes) {
    if (&engine != this) {
        tracer_.share_engine(engine.tracer_);
    }
    sizes.max_keys = request_.max_keys;
    sizes.ring_size = request_.ring_size;
    tracer_.load(sizes);
    fill_sets();
    losses_.emplace(tracer_, engine.tracer_);
    if (has_events()) {
        events_.emplace(tracer_);
    }
}

void TracerRun::fill_sets() {
    for (const auto& [set, values] : request_.selections) {
        for (const std::uint64_t value : values) {
            if (!tracer_.add_to_set(set, &value)) {
                throw UsageError("too many values for one option: at most {}",
                                 tracer_.max_entries(set));
            }
        }
    }
    for (const std::string& set : tracer_.schema().waiting_calls) {
        for (const std::uint32_t call : waiting_calls()) {
            tracer_.add_to_set(set, &call);
        }
    }
}

void TracerRun::set_admission(const std::function<Admission(CgroupId)>& admission,
                              const std::function<bool(CgroupId)>& is_undecided) {
    for (const auto& each : collectors_) {
        each->set_admission(admission, is_undecided);
    }
    if (events_) {
        events_->set_admission(admission);
    }
}

void TracerRun::begin_output(Sink& sink) {
    sink_ = &sink;
    if (events_) {
        sink.begin_events(events_->shapes());
    } else {
        Report head;
        head.tool = name();
        sink.begin(total(head));
    }
}

void TracerRun::forget_old_names(const SessionCgroups& cgroups) {
    if (std::exchange(seen_changes_, cgroups.changes()) != cgroups.changes()) {
        events_->forget_names();
    }
}

bool TracerRun::tell_events(SessionCgroups& cgroups) {
    forget_old_names(cgroups);
    const bool any = events_->take();
    cgroups.follow();
    const auto& found = events_->new_cgroups();
    cgroups.find_missing(std::vector<CgroupId>(found.begin(), found.end()));
    forget_old_names(cgroups);
    events_->tell(cgroups.containers(), [this](const Event& event) { sink_->event(event); });
    sink_->flush();
    return any;
}

std::vector<AnyReport> TracerRun::read(SessionCgroups& cgroups, const Report& head,
                                       std::optional<std::chrono::nanoseconds> age_of_run) {
    if (age_of_run) {
        look_in_flight(*age_of_run);
    }
    std::vector<AnyReport> reports;
    for (const auto& each : collectors_) {
        // Copies the kernel's data, then names it once all cgroups in the copy are known.
        while (each->take()) {
            cgroups.follow();
            cgroups.find_missing(each->new_cgroups());
            each->add(cgroups.containers());
        }
        Report of_this = head;
        of_this.tool = name();
        reports.push_back(each->collect(std::move(of_this), cgroups.containers()));
    }
    return reports;
}

void TracerRun::look_in_flight(std::chrono::nanoseconds age_of_run) {
    tracer_.forget_old_objects();  // they are lost, no longer in flight
    for (const auto& each : collectors_) {
        each->look_in_flight(age_of_run);
    }
}

std::vector<AnyReport> TracerRun::total(const Report& head) const {
    std::vector<AnyReport> reports;
    for (const auto& each : collectors_) {
        Report of_this = head;
        of_this.tool = name();
        reports.push_back(each->total(std::move(of_this)));
    }
    return reports;
}

void TracerRun::write(const std::vector<AnyReport>& reports) {
    for (const AnyReport& any : reports) {
        sink_->report(any);
    }
}

void TracerRun::draw_live(const std::vector<AnyReport>& reports) {
    for (const AnyReport& any : reports) {
        sink_->live(any);
    }
}

void TracerRun::report_losses(UnixNanoseconds time, std::uint64_t not_added) {
    UserSpaceLosses own{not_added, 0, 0};
    if (events_) {
        own.malformed_event = events_->malformed();
        own.held_full = events_->not_held();
    }
    for (const LostRecord& each : losses_->collect(time, own)) {
        sink_->lost(each);
    }
}

void TracerRun::end(UnixNanoseconds time, Seconds duration) {
    sink_->end({name(), time, duration.count(), losses_->before_attach(), losses_->total()});
}

void TracerRun::forget_dead(const std::function<bool(CgroupId)>& is_gone,
                            const Containers& containers) {
    for (const auto& each : collectors_) {
        each->forget_dead(is_gone, containers);
    }
}

}  // namespace tally
