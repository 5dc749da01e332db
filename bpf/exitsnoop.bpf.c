// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// exitsnoop: each process that exits, and how.
#include "cpu_time.bpf.h"
#include "events.bpf.h"
#include "memory.bpf.h"

TRACER("Process exits: cause, lifetime and resources used");
OPTION(bool, failed_only, false, "only those killed by a signal or with a non-zero exit code");
OPTION(bool, threads, false, "include the exit of each thread");

enum ended { PROCESS, THREAD };

struct exit_event {
    struct event_head head;
    duration_ns lifetime_ns;
    duration_ns user_ns;
    duration_ns system_ns;
    bytes peak_memory;
    pid_nr container_pid;  // in the innermost pid namespace
    pid_nr parent_pid;
    natural_or_none exit_code;
    signal_nr signal;
    enum ended ended;
    bool core_dumped;
    bool oom_killed;
};
EVENTS(exits, struct exit_event, "processes that end");

#define SIGKILL 9
#define SIGNAL_GROUP_EXIT 4  // include/linux/sched/signal.h

static __always_inline void tell(struct task_struct* task, enum ended ended,
                                 struct task_struct* last) {
    struct signal_struct* signal = task->signal;
    struct cpu_time time = {};
    struct exit_event* event;
    __u64 now, system;
    __u32 code = task->exit_code;

    if (ended == PROCESS && signal->flags & SIGNAL_GROUP_EXIT)
        code = signal->group_exit_code;
    if ((failed_only && !code) || !target_includes(task))
        return;
    now = clock_ns();
    event = event_begin(exits, task, now);
    if (!event)
        return;
    if (ended == PROCESS)
        add_process(&time, signal);
    else
        add_thread(&time, task);
    time.run += not_added_up(last, now);
    system = system_part(time);
    event->lifetime_ns = now - task->start_time;
    event->user_ns = time.run - system;
    event->system_ns = system;
    event->peak_memory = NO_BYTES;
    event->container_pid = container_pid_of(task);
    event->parent_pid = task->real_parent->tgid;
    event->signal = code & 0x7f;
    event->core_dumped = code & 0x80;
    event->exit_code = event->signal ? -1 : code >> 8 & 0xff;
    event->ended = ended;
    event->oom_killed = event->signal == SIGKILL && signal->oom_mm;
    if (ended == PROCESS && !(task->flags & TALLY_PF_KTHREAD))
        event->peak_memory = peak_memory_of(last);
    event_submit(exits, event);
}

// Before 6.16: processes whose end has been reported. The start time is part of the key, since pids
// are reused.
struct process {
    __u64 since;
    __u64 pid;
};
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, struct process);
    __type(value, __u8);
} ended_processes SEC(".maps");

static __always_inline bool is_told_already(struct task_struct* first) {
    struct process process = {.since = first->start_time, .pid = first->tgid};
    __u8 yes = 1;

    return !exit_tells_group_dead() &&
           bpf_map_update_elem(&ended_processes, &process, &yes, BPF_NOEXIST);
}

// A process is reported as its first thread, which has its pid, its name and its times, even if it
// ended before the other threads.
SEC("tp_btf/sched_process_exit")
int on_exit(__u64* arguments) {
    struct task_struct* task = (struct task_struct*)arguments[0];

    if (threads)
        tell(task, THREAD, task);
    if (is_last_thread(arguments, task) && !is_told_already(task->group_leader))
        tell(task->group_leader, PROCESS, task);
    return 0;
}
