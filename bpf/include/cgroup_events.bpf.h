/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Changes of cgroups while a tracer runs: they are created, removed or renamed, and processes are
 * seen in them. With these events user space keeps its tree and its names up to date
 * (src/collect/cgroup_events.h), so even a container that lives for only a moment has a name.
 * Attached only if cgroups need names.
 */
#ifndef TALLY_CGROUP_EVENTS_BPF_H
#define TALLY_CGROUP_EVENTS_BPF_H

#include "loss.bpf.h"
#include "processes.bpf.h"
#include "same_words.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} tally_cgroup_events SEC(".maps") TALLY_ENGINE_MAP;

static __always_inline void report_cgroup(struct cgroup* cgroup, enum tally_cgroup_change change) {
    struct tally_cgroup_event* event = bpf_ringbuf_reserve(&tally_cgroup_events, sizeof(*event), 0);

    if (!event) {
        count_one_of_engine(LOST_CGROUP_EVENT);
        return;
    }
    event->change = change;
    event->id = cgroup->kn->id;
    event->parent = 0;
    event->name[0] = 0;
    if (change != TALLY_CGROUP_REMOVED) {
        event->parent = cgroup->self.parent->cgroup->kn->id;
        bpf_probe_read_kernel_str(event->name, sizeof(event->name),
                                  BPF_CORE_READ(cgroup, kn, name));
    }
    bpf_ringbuf_submit(event, 0);
}

/* A child of a wanted cgroup is wanted before any thread can enter it: this runs before the new
 * directory becomes visible (cgroup_mkdir() calls TRACE_CGROUP_PATH before kernfs_activate()). */
SEC("tp_btf/cgroup_mkdir") TALLY_ENGINE(cgroups)
int BPF_PROG(tally_cgroup_mkdir, struct cgroup* cgroup, const char* path) {
    __u64 id, parent;
    __u8 member = 1;

    if (cgroup->root->hierarchy_id != hierarchy_number)
        return 0;
    if (target_by_cgroup) {
        id = cgroup->kn->id;
        parent = cgroup->self.parent->cgroup->kn->id;
        if ((target_by_name || bpf_map_lookup_elem(&target_cgroups, &parent)) &&
            bpf_map_update_elem(&target_cgroups, &id, &member, BPF_ANY))
            count_one_of_engine(LOST_TARGET_FULL);
    }
    report_cgroup(cgroup, TALLY_CGROUP_MADE);
    return 0;
}

/* Makes room in the set: a container may create and remove cgroups without end. */
SEC("tp_btf/cgroup_rmdir") TALLY_ENGINE(cgroups)
int BPF_PROG(tally_cgroup_rmdir, struct cgroup* cgroup, const char* path) {
    __u64 id;

    if (cgroup->root->hierarchy_id != hierarchy_number)
        return 0;
    id = cgroup->kn->id;
    if (target_by_cgroup)
        bpf_map_delete_elem(&target_cgroups, &id);
    report_cgroup(cgroup, TALLY_CGROUP_REMOVED);
    return 0;
}

/* Version 2 refuses to rename a cgroup. */
SEC("tp_btf/cgroup_rename") TALLY_ENGINE(cgroups)
int BPF_PROG(tally_cgroup_rename, struct cgroup* cgroup, const char* path) {
    if (cgroup->root->hierarchy_id == hierarchy_number)
        report_cgroup(cgroup, TALLY_CGROUP_RENAMED);
    return 0;
}

struct tally_seen_key {
    __u64 cgroup;
    __u64 pid_namespace;
};
struct tally_seen {
    char node_name[sizeof(((struct tally_process*)0)->node_name)];
    __u64 times;
};

/* How many sightings are reported for a cgroup, a pid namespace and a node name. A container starts
 * with a few programs of its runtime, and the file that has its name exists only by the time of the
 * last one. */
#define TALLY_TELL_TIMES 8

/* The node name under which a process of a pid namespace was last seen in a cgroup, and how often
 * it was reported, so that ten thousand processes are not all reported. Those whose entry was
 * evicted are reported again. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct tally_seen_key);
    __type(value, struct tally_seen);
} tally_processes_seen SEC(".maps") TALLY_ENGINE_MAP;

static __always_inline void see_process(struct task_struct* task, __u64 cgroup, bool of_host_too) {
    struct tally_process_event* event;
    struct tally_process process = {};
    struct tally_seen_key key = {};
    struct tally_seen seen = {};
    struct tally_seen* known;

    describe_process(task, &process);
    process.cgroup = cgroup;
    if (!process.pid_namespace && !of_host_too)
        return;
    key.cgroup = cgroup;
    key.pid_namespace = process.pid_namespace;
    known = bpf_map_lookup_elem(&tally_processes_seen, &key);
    if (known && tally_same_words(known->node_name, process.node_name, sizeof(process.node_name))) {
        if (known->times >= TALLY_TELL_TIMES)
            return;
        seen.times = known->times;
    }
    event = bpf_ringbuf_reserve(&tally_cgroup_events, sizeof(*event), 0);
    if (!event) {
        count_one_of_engine(LOST_CGROUP_EVENT);
        return;
    }
    event->change = TALLY_PROCESS_SEEN;
    event->process = process;
    bpf_ringbuf_submit(event, 0);
    __builtin_memcpy(seen.node_name, process.node_name, sizeof(seen.node_name));
    seen.times++;
    bpf_map_update_elem(&tally_processes_seen, &key, &seen, BPF_ANY);
}

/* A process is moved, with one call for all its threads. `current` is the thread that moves it. */
SEC("tp_btf/cgroup_attach_task") TALLY_ENGINE(cgroups)
int BPF_PROG(tally_cgroup_attach_task, struct cgroup* cgroup, const char* path,
             struct task_struct* task) {
    if (cgroup->root->hierarchy_id == hierarchy_number)
        see_process(task, cgroup->kn->id, false);
    return 0;
}

/* By now, the creator of a container has usually named it; and by the last of its first programs,
 * the files of its runtime exist. */
SEC("tp_btf/sched_process_exec") TALLY_ENGINE(cgroups)
int BPF_PROG(tally_cgroup_exec, struct task_struct* task) {
    see_process(task, cgroup_of(task), true);
    return 0;
}

/* The last chance to see a node name that a process has set itself, and a process that came here by
 * a fork. Its namespaces still exist (do_exit() drops them after this). */
SEC("tp_btf/sched_process_exit") TALLY_ENGINE(cgroups)
int BPF_PROG(tally_cgroup_exit, struct task_struct* task) {
    if (task->pid == task->tgid && !(task->flags & TALLY_PF_KTHREAD))
        see_process(task, cgroup_of(task), false);
    return 0;
}

#endif /* TALLY_CGROUP_EVENTS_BPF_H */
