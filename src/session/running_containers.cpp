// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/running_containers.h"

#include <utility>

#include "collect/cgroup_events.h"
#include "host/kernel_facts.h"
#include "output/messages.h"
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(containers);

namespace tally {

ContainerEngine load_container_engine(const std::optional<std::string>& hierarchy, bool verbose) {
    check_tracing_is_possible();
    HostHierarchy host = find_hierarchy(hierarchy, {});
    if (verbose) {
        say(describe(host));
    }
    if (!host.warning.empty()) {
        say(host.warning);
    }
    Tracer tracer = Tracer::engine_only("containers", TALLY_OBJECT(containers));
    configure_hierarchy(tracer, host.hierarchy);
    tracer.load({});
    if (const auto smaller = tracer.shrunk()) {
        say(*smaller);
    }
    return {std::move(host), std::move(tracer)};
}

std::vector<Containers::Listed> find_running_containers(const std::optional<std::string>& hierarchy,
                                                        bool verbose) {
    const ContainerEngine engine = load_container_engine(hierarchy, verbose);
    Containers containers(engine.host.paths());
    containers.walk();
    containers.observe(read_processes(engine.tracer));
    return containers.list();
}

}  // namespace tally
