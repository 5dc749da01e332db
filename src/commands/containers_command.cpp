// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "commands/containers_command.h"

#include <unistd.h>

#include <chrono>
#include <map>
#include <utility>

#include "collect/losses.h"
#include "commands/listing_request.h"
#include "model/listing.h"
#include "output/listing_writer.h"
#include "output/make_sink.h"
#include "output/messages.h"
#include "output/output_file.h"
#include "output/times.h"
#include "session/live_containers.h"
#include "session/privileges.h"
#include "session/ready.h"
#include "session/running_containers.h"
#include "session/waiter.h"
#include "util/unix_time.h"

namespace tally {
namespace {

Value or_null(const std::optional<std::string>& text) {
    return text ? Value(*text) : Value();
}

std::string pod_label(const Container& container) {
    return container.pod_namespace ? *container.pod_namespace + "/" + container.pod.value_or("")
                                   : container.pod.value_or("-");
}

/// The names of a container, for people and for scripts.
Listing::Row row_of(const Owner& owner) {
    const Container& container = *owner.container;
    return {{container.name, container.id.value_or("-").substr(0, 12), container.runtime,
             pod_label(container), owner.cgroup.value_or("-")},
            {{"name", container.name},
             {"container_id", or_null(container.id)},
             {"runtime", container.runtime},
             {"pod", or_null(container.pod)},
             {"namespace", or_null(container.pod_namespace)},
             {"systemd_unit", or_null(owner.systemd_unit)},
             {"cgroup", or_null(owner.cgroup)}}};
}

/// How long after it was first seen a container is not printed yet, because it may get a better
/// name than its id or its path.
constexpr std::chrono::seconds kLongestNaming{1};

/// What has changed since the last look, container by container.
class Watch {
  public:
    Watch(const Containers& containers, ListingStream& stream)
        : containers_(containers), stream_(stream) {}

    /// Prints what is new. `is_first`: the containers were there before.
    void tell(bool is_first) {
        std::map<CgroupId, bool>
            known;  // whether it is alive; numbers grow, so the oldest is first
        containers_.for_each(
            [&](CgroupId root, const Container&, bool alive) { known.emplace(root, alive); });
        std::erase_if(seen_, [&](const auto& each) {
            const auto& [root, seen] = each;
            const bool is_forgotten = !known.contains(root);
            if (is_forgotten && seen.last && !seen.is_gone) {
                write("died", *seen.last);
            }
            return is_forgotten;
        });
        is_waiting_ = false;
        for (const auto& [root, alive] : known) {
            Seen& seen = seen_[root];
            if (!seen.is_gone) {
                look_at(root, alive, is_first, seen);
            }
        }
    }

    /// Whether there is a container that is not printed yet.
    bool is_waiting() const { return is_waiting_; }

  private:
    struct Seen {
        LiveContainers::Clock::time_point since = LiveContainers::Clock::now();
        std::optional<Owner> last;  ///< as it was last printed
        bool is_gone = false;       ///< its end was printed too
    };

    void look_at(CgroupId root, bool alive, bool is_first, Seen& seen) {
        const Owner& owner = containers_.owner_of(root);
        if (!seen.last) {
            if (!is_first && alive && containers_.may_get_name(root) &&
                LiveContainers::Clock::now() - seen.since < kLongestNaming) {
                is_waiting_ = true;
                return;
            }
            write(is_first ? "exists" : "born", owner);
        } else if (*owner.container != *seen.last->container) {
            write("named", owner);
        }
        seen.last = owner;
        if (!alive) {
            write("died", owner);
            seen.is_gone = true;
        }
    }

    void write(const std::string& change, const Owner& owner) {
        Listing::Row row = row_of(owner);
        const UnixNanoseconds now = unix_now();
        row.labels.insert(row.labels.begin(), {local_clock(now), change});
        row.fields.insert(row.fields.begin(), {{"time", timestamp(now)}, {"change", change}});
        stream_.write(row);
    }

    const Containers& containers_;
    ListingStream& stream_;
    std::map<CgroupId, Seen> seen_;
    bool is_waiting_ = false;
};

/// The containers that run here, as `request.hierarchy` shows them.
Listing list_containers(const ListingRequest& request) {
    Listing listing{"container",
                    {"NAME", "ID", "RUNTIME", "POD", "PROCESSES", "CGROUP"},
                    {},
                    "no container runs here"};
    for (const Containers::Listed& each :
         find_running_containers(request.hierarchy, request.verbose)) {
        Listing::Row row = row_of(each.owner);
        row.labels.insert(row.labels.end() - 1, std::to_string(each.processes));
        row.fields.push_back({"processes", each.processes});
        listing.rows.push_back(std::move(row));
    }
    return listing;
}

/// --watch: the same, then each container that appears, is renamed or disappears, until a signal,
/// the duration or a closed pipe ends it.
void watch_containers(const ListingRequest& request, OutputFile& out) {
    ContainerEngine engine = load_container_engine(request.hierarchy, request.verbose);
    LiveContainers live(engine.tracer, engine.host.paths());
    OutputFile errors(STDERR_FILENO, "stderr", OutputFile::Failures::ignored);
    Losses losses(engine.tracer, engine.tracer);
    Waiter waiter;
    waiter.watch_output(out.fd());
    waiter.watch(live.fd(), Wake::cgroups);
    bool finished = false;
    out.give_up_when_readable(waiter.signals(),
                              [&] { return waiter.ends_waiting_for_output(finished); });
    ListingStream stream(
        request.format,
        {"container_change", {"TIME", "CHANGE", "NAME", "ID", "RUNTIME", "POD", "CGROUP"}, {}, ""},
        out);
    TextOptions text;
    text.unicode = locale_is_utf8();
    const auto sink = make_sink(request.format, text, out, errors);
    Watch watch(live.containers(), stream);
    watch.tell(true);
    const auto started = LiveContainers::Clock::now();
    const auto follow = [&] { live.bury(live.follow().deaths); };
    const auto look = [&] {
        follow();
        live.look();
        watch.tell(false);
    };
    const auto report_losses = [&] {
        const std::vector<LostRecord> lost = losses.collect(unix_now(), {});
        for (const LostRecord& each : lost) {
            sink->lost(each);
        }
        if (!lost.empty()) {
            live.walk();
            look();
        }
    };
    follow();
    constexpr Seconds kLook{1.0};  // names may change without an event
    waiter.start(kLook, request.duration);
    if (!request.keep_privileges) {
        give_up_privileges({true});
    }
    if (request.ready_fd) {
        announce_ready(*request.ready_fd);
    }
    for (Wake wake = Wake::look; wake != Wake::stop; wake = waiter.wait(live.next_look())) {
        switch (wake) {
            case Wake::cgroups:
                follow();
                watch.tell(false);
                break;
            case Wake::look: {
                const auto began = LiveContainers::Clock::now();
                look();
                live.looked(began, watch.is_waiting());
                break;
            }
            default:
                look();
                report_losses();
                break;
        }
    }
    finished = true;
    look();
    report_losses();
    const Seconds duration = LiveContainers::Clock::now() - started;
    sink->end({engine.tracer.name(), unix_now(), duration.count(), losses.before_attach(),
               losses.total()});
}

}  // namespace

ExitStatus run_containers(const std::vector<std::string>& arguments) {
    const auto request = read_listing_request("containers", arguments);
    if (!request) {
        return ExitStatus::ok;
    }
    OutputFile out(STDOUT_FILENO, "stdout");
    if (request->watch) {
        watch_containers(*request, out);
    } else {
        write_listing(request->format, list_containers(*request), out);
    }
    return ExitStatus::ok;
}

}  // namespace tally
