/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * CPU quotas of cgroups: what the kernel records about threads that are stopped because a quota is
 * used up (kernel/sched/fair.c, "CFS bandwidth control").
 *
 * Each cgroup has a queue on each CPU (struct cfs_rq). When a cgroup has used up its quota, its
 * queue and those of all cgroups below it are throttled until the quota is refilled. Until
 * 6.17 none of their threads runs from that moment on; since 6.18 each of them runs until it
 * returns to user space (e1fad12dcb66 "sched/fair: Switch to task based throttle model").
 */
#ifndef TALLY_THROTTLING_BPF_H
#define TALLY_THROTTLING_BPF_H

#include "tally.bpf.h"

#define TALLY_MOST_LEVELS 32          /* of nested cgroups */
#define TALLY_NO_QUOTA (~0ULL)        /* RUNTIME_INF, kernel/sched/sched.h */
#define TALLY_FIRST_FAIR_PRIORITY 100 /* MAX_RT_PRIO, include/linux/sched/prio.h */

struct task_struct___with_throttled {
    bool throttled;
} __attribute__((preserve_access_index));

/* Since 6.5 a queue records how long it was throttled with threads in it (677ea015f231 "sched:
 * add throttled time stat for throttled children"). */
struct cfs_rq___with_self {
    __u64 throttled_clock_self;
    __u64 throttled_clock_self_time;
} __attribute__((preserve_access_index));

/* An int until 6.17. clang 14 makes no relocation for a bool of one bit. */
struct task_group___with_entities {
    struct sched_entity** se;
} __attribute__((preserve_access_index));

struct cfs_rq___with_bits {
    unsigned int throttled : 1;
} __attribute__((preserve_access_index));

/* Whether threads are throttled individually. */
static __always_inline bool throttles_threads(void) {
    return bpf_core_field_exists(((struct task_struct___with_throttled*)0)->throttled);
}

/* Whether a group has a list of its queues, by CPU. In 7.3 they are per-CPU data, in one piece with
 * their sched_entity, so the list of sched_entity is gone too. */
static __always_inline bool queues_are_listed(void) {
    return bpf_core_field_exists(((struct task_group___with_entities*)0)->se);
}

static __always_inline bool knows_throttled_time(void) {
    return bpf_core_field_exists(((struct cfs_rq___with_self*)0)->throttled_clock_self_time);
}

/* Whether a runnable thread of the fair class that does not run is throttled now. */
static __always_inline bool is_throttled(struct task_struct* task) {
    if (throttles_threads())
        return ((struct task_struct___with_throttled*)task)->throttled;
    return task->se.cfs_rq->throttle_count > 0;
}

/* How long a queue has been throttled up to a moment. */
struct throttled_time {
    __u64 time;   /* in nanoseconds, or (before 6.5) by the clock of `scaled` */
    __u64 scaled; /* before 6.5: the moment, by a clock that slows down with the CPU, */
    __u64 whole;  /* and in nanoseconds */
};

/* The throttled_time of a struct cfs_rq, under the lock of its CPU's run queue. The run queue's
 * clock is that of the scheduler's last event there. READ(pointer, field...) reads a field. */
#define TALLY_THROTTLED_TIME(queue, READ)                                                 \
    ({                                                                                    \
        struct cfs_rq___with_self* self = (void*)(queue);                                 \
        struct throttled_time until = {};                                                 \
                                                                                          \
        if (knows_throttled_time()) {                                                     \
            __u64 since = READ(self, throttled_clock_self);                               \
                                                                                          \
            until.time = READ(self, throttled_clock_self_time);                           \
            if (since)                                                                    \
                until.time += READ(queue, rq, clock) - since;                             \
        } else {                                                                          \
            until.time = READ(queue, throttled_clock_pelt_time);                          \
            until.scaled = READ(queue, rq, clock_pelt) - READ(queue, rq, lost_idle_time); \
            until.whole = READ(queue, rq, clock);                                         \
            if (READ(queue, throttle_count) > 0)                                          \
                until.time += until.scaled - READ(queue, throttled_clock_pelt);           \
        }                                                                                 \
        until;                                                                            \
    })

/* How long a queue was throttled between two moments, in nanoseconds. If only the slower clock is
 * known, its speed is assumed to be constant in between. */
static __always_inline __u64 throttled_between(struct throttled_time* from,
                                               struct throttled_time* to) {
    __u64 time = to->time - from->time, scaled = to->scaled - from->scaled;

    if (knows_throttled_time() || !time)
        return time;
    if (time >= scaled)
        return to->whole - from->whole;
    return time * (((to->whole - from->whole) << 16) / scaled) >> 16;
}

/* How much CPU time a cgroup may use in each period. */
struct cpu_quota {
    duration_ns quota;
    duration_ns period;
};

/* The quota of a thread, which is that of its cgroup or of one above it: of the nearest that is
 * throttled, or, if `of_throttled` is false, of the one with the least CPU time for its period.
 * NO_DURATION: there is none. */
static __always_inline struct cpu_quota cpu_quota_of(struct task_struct* task, bool of_throttled) {
    struct cpu_quota found = {NO_DURATION, NO_DURATION};
    struct sched_entity* entity = &task->se;
    __u64 least = ~0ULL;
    int i;

    for (i = 0; i < TALLY_MOST_LEVELS && entity; i++) {
        struct cfs_rq* queue = BPF_CORE_READ(entity, cfs_rq);
        __u64 quota = BPF_CORE_READ(queue, tg, cfs_bandwidth.quota);
        __u64 period = BPF_CORE_READ(queue, tg, cfs_bandwidth.period);
        __u64 part = quota == TALLY_NO_QUOTA || !period ? ~0ULL : (quota << 10) / period;

        if (part < least && (!of_throttled || BPF_CORE_READ_BITFIELD_PROBED(
                                                  (struct cfs_rq___with_bits*)queue, throttled))) {
            found.quota = quota;
            found.period = period;
            least = of_throttled ? 0 : part;
        }
        entity = BPF_CORE_READ(entity, parent);
    }
    return found;
}

#endif /* TALLY_THROTTLING_BPF_H */
