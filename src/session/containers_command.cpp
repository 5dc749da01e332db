// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/containers_command.h"

#include "collect/cgroup_events.h"
#include "host/kernel_facts.h"
#include "output/messages.h"
#include "session/hierarchy.h"
#include "tracer/registry.h"
#include "tracer/tracer.h"

TALLY_DECLARE_OBJECT(containers);

namespace tally {
namespace {

Value or_null(const std::optional<std::string>& text) {
    return text ? Value(*text) : Value();
}

}  // namespace

Listing list_containers(const std::optional<std::string>& hierarchy, bool verbose) {
    check_tracing_is_possible();
    const HierarchyChoice choice = find_hierarchy(hierarchy, {});
    if (verbose) {
        say(describe(choice));
    }
    if (!choice.warning.empty()) {
        say(choice.warning);
    }
    Tracer tracer = Tracer::engine_only("containers", TALLY_OBJECT(containers));
    configure_hierarchy(tracer, choice.hierarchy);
    tracer.load({});
    Containers containers(ContainerPaths{choice.hierarchy.mount_point, "", host_node_name()});
    containers.walk();
    containers.observe(read_processes(tracer));

    Listing listing{"container",
                    {"NAME", "ID", "RUNTIME", "POD", "PROCESSES", "CGROUP"},
                    {},
                    "no container runs here"};
    for (const Containers::Listed& each : containers.list()) {
        const Container& container = *each.owner.container;
        const std::string pod = container.pod_namespace
                                    ? *container.pod_namespace + "/" + container.pod.value_or("")
                                    : container.pod.value_or("-");
        listing.rows.push_back(
            {{container.name, container.id.value_or("-").substr(0, 12), container.runtime, pod,
              std::to_string(each.processes), each.owner.cgroup.value_or("-")},
             {{"name", container.name},
              {"container_id", or_null(container.id)},
              {"runtime", container.runtime},
              {"pod", or_null(container.pod)},
              {"namespace", or_null(container.pod_namespace)},
              {"systemd_unit", or_null(each.owner.systemd_unit)},
              {"cgroup", or_null(each.owner.cgroup)},
              {"processes", each.processes}}});
    }
    return listing;
}

}  // namespace tally
