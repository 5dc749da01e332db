// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// throttle: for how long runnable threads are stopped because a CPU quota is used up.
//
// No clock is read while nothing is throttled. The kernel adds up how long each queue was
// throttled; the increase while a thread waits for a CPU is the time for which it was stopped.
#include "pairing.bpf.h"
#include "throttling.bpf.h"

TRACER("CPU throttling: how long threads are stopped by a CPU quota");
BY("container,quota_ns,period_ns");

const volatile bool by_quota_ns = true;
const volatile bool by_period_ns = true;

struct throttle_key {
    struct subject subject;
    duration_ns quota_ns;  // of the cgroup that was throttled: the container's, or one above it
    duration_ns period_ns;
};
HISTOGRAM(standstills, struct throttle_key, duration_ns,
          "time from the end of the CPU quota to the next");

// On kernels with per-thread throttling, a wait that began unthrottled is not measured.
struct wait {
    __u64 queue;                 // its struct cfs_rq; 0: no wait, or not measured
    struct throttled_time then;  // of that queue, when the wait began there
    __u64 before;                // time throttled in other queues, before it was moved
    __u64 since;                 // the clock at the beginning, if it was throttled at that time
    struct cpu_quota quota;      // set in that case only
    __u64 switches;              // how often the thread has left a CPU, when the wait began
    __u32 place;
};
THREAD_STATE(wait, struct wait);

// The kernel counts before the tracepoint, so this is the same at both ends of a wait.
static __always_inline __u64 switches_of(struct task_struct* task) {
    return task->nvcsw + task->nivcsw;
}

#define ELSEWHERE 1 /* a queue that cannot be found: the rest of the wait is not measured */

// The end of the wait was not seen. That is a loss if the thread was stopped meanwhile.
static __always_inline void lose_wait(struct task_struct* task, struct wait* wait) {
    struct cfs_rq* queue = task->se.cfs_rq;
    __u64 stopped = wait->before;
    struct throttled_time now;

    if (wait->queue == (__u64)queue) {
        now = TALLY_THROTTLED_TIME(queue, ___arrow);
        stopped += throttled_between(&wait->then, &now);
    }
    if (wait->since || (__s64)stopped > 0)
        count_one(LOST_UNMATCHED_BEGIN);
    wait->queue = 0;
}

static __always_inline void begin_wait(struct task_struct* task) {
    struct wait* wait = pair_state(wait, task);
    struct cfs_rq* queue = task->se.cfs_rq;

    if (!wait)
        return;
    if (wait->queue)
        lose_wait(task, wait);
    if (task->prio < TALLY_FIRST_FAIR_PRIORITY || !target_includes(task))
        return;
    wait->queue = (__u64)queue;
    wait->then = TALLY_THROTTLED_TIME(queue, ___arrow);
    wait->before = 0;
    wait->since = 0;
    wait->switches = switches_of(task);
    if (is_throttled(task)) {
        wait->since = clock_ns();
        if (by_quota_ns || by_period_ns)
            wait->quota = cpu_quota_of(task, true);
    }
}

static __always_inline void end_wait(struct task_struct* task) {
    struct wait* wait = pair_state(wait, task);
    struct cfs_rq* queue = task->se.cfs_rq;
    struct throttle_key key = {};
    struct throttled_time now;
    struct cpu_quota quota;
    __u64 duration;

    if (!wait || !wait->queue)
        return;
    if (wait->switches != switches_of(task)) {  // it ran, unseen
        lose_wait(task, wait);
        return;
    }
    if (wait->queue == (__u64)queue) {
        now = TALLY_THROTTLED_TIME(queue, ___arrow);
        duration = wait->before + throttled_between(&wait->then, &now);
    } else {  // it was moved to another cgroup
        duration = wait->since ? clock_ns() - wait->since : wait->before;
    }
    wait->queue = 0;
    if ((__s64)duration < 0)
        count_one(LOST_NEGATIVE_TIME);
    if ((__s64)duration <= 0)
        return;
    key.subject = subject_of(task);
    if (by_quota_ns || by_period_ns) {
        quota = wait->since ? wait->quota : cpu_quota_of(task, false);
        if (by_quota_ns)
            key.quota_ns = quota.quota;
        if (by_period_ns)
            key.period_ns = quota.period;
    }
    histogram_add(standstills, key, duration, &wait->place);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
    if (!started())
        return 0;
    if (prev->pid && (throttles_threads() ? is_throttled(prev) : preempt || !task_state(prev)))
        begin_wait(prev);
    if (next->pid)
        end_wait(next);
    return 0;
}

static __always_inline void woken(struct task_struct* task, bool is_new) {
    struct wait* wait;

    if (!started() || throttles_threads())
        return;
    wait = pair_state(wait, task);
    if (wait && (is_new || (!wait->queue && !task_on_cpu(task))))
        begin_wait(task);
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct* task) {
    woken(task, false);
    return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct* task) {
    woken(task, true);
    return 0;
}

// A thread that waits for its quota or for a CPU continues to wait in its cgroup's queue on another
// CPU.
SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migrate, struct task_struct* task, int cpu) {
    struct cfs_rq* queue = task->se.cfs_rq;
    struct cfs_rq** queues;
    struct throttled_time now;
    struct wait* wait;

    if (!started())
        return 0;
    wait = wait_of(task);
    if (!wait || wait->queue != (__u64)queue)
        return 0;
    now = TALLY_THROTTLED_TIME(queue, ___arrow);
    wait->before += throttled_between(&wait->then, &now);
    if (!queues_are_listed()) {
        wait->queue = ELSEWHERE;
        wait->since = 0;
        return 0;
    }
    queues = task->sched_task_group->cfs_rq;
    bpf_probe_read_kernel(&queue, sizeof(queue), queues + cpu);
    wait->queue = (__u64)queue;
    wait->then = TALLY_THROTTLED_TIME(queue, BPF_CORE_READ);
    return 0;
}

IN_FLIGHT(standstills, task, key) {
    struct wait* wait = wait_of(task);
    struct cfs_rq* queue = task->se.cfs_rq;
    struct throttled_time moment;
    struct cpu_quota quota;
    __u64 now = clock_ns();
    __u64 age;

    if (!wait || !is_throttled(task) || task_on_cpu(task) || task_state(task) ||
        task->prio < TALLY_FIRST_FAIR_PRIORITY)
        return 0;
    key->subject = subject_of(task);
    if (by_quota_ns || by_period_ns) {
        quota = cpu_quota_of(task, true);
        if (by_quota_ns)
            key->quota_ns = quota.quota;
        if (by_period_ns)
            key->period_ns = quota.period;
    }
    if (!wait->queue)
        return TALLY_OLDER_THAN_RUN;
    if (wait->since)
        return now > wait->since ? now - wait->since : 1;
    // Other threads used up the quota. The age is counted up to the run queue's clock, which is
    // that of the scheduler's last event there.
    age = wait->before;
    if (wait->queue == (__u64)queue) {
        moment = TALLY_THROTTLED_TIME(queue, ___arrow);
        age += throttled_between(&wait->then, &moment);
    }
    return (__s64)age > 0 ? age : 1;  // read without a lock: it can be negative
}
