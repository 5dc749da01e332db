// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A field of each type that an event can have, each with a value that its text is known of.
#include "events.bpf.h"

TRACER("Every type of a field");

enum weather { WEATHER_FAIR, WEATHER_FOUL };
struct place {
    __u32 floor;
    __u32 room;
};

struct typed_event {
    struct event_head head;
    timestamp_ns began;
    timestamp_ns never;
    duration_ns took_ns;
    duration_ns unknown_ns;
    bytes size;
    bytes no_size;
    cgroup_id home;
    container_of_cgroup container_of_home;
    pid_nr other_pid;
    tid_nr other_tid;
    uid_nr uid;
    syscall_nr call;
    errno_nr error;
    errno_nr no_error;
    signal_nr signal;
    signal_nr no_signal;
    natural_or_none some;
    natural_or_none none;
    open_flags flags;
    named_flags named;
    named_flags not_named;
    call_arguments given;
    file_mode mode;
    file_mode no_mode;
    port_nr port;
    bool yes;
    __s32 below;
    __u8 small;
    ip_addr version_4;
    ip_addr version_6;
    enum weather weather;
    enum weather unheard_of;
    struct place place;
    comm other_comm;
    char word[8];
    path file;
    path no_file;
    argument_vector arguments;
    argument_vector no_arguments;
};
EVENTS(typed, struct typed_event, "an event for each program that begins");

static const char kFile[] = "/a \"b\"";

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task) {
    struct typed_event* event;
    struct event_head head;
    __u64 now = clock_ns();
    __u64 begin;

    if (!target_includes(task))
        return 0;
    head = event_head_of(task, now);
    event = event_begin_as(typed, &head);
    if (!event)
        return 0;
    event->began = now;
    event->took_ns = 1500;
    event->unknown_ns = NO_DURATION;
    event->size = 2048;
    event->no_size = NO_BYTES;
    event->home = event->container_of_home = event->head.cgroup;
    event->other_pid = task->tgid;
    event->other_tid = task->pid;
    event->uid = 65534;
    event->call = 0;
    event->error = 2;
    event->signal = 9;
    event->some = 0;
    event->none = -1;
    event->flags = 02 | 0100 | 02000000;
    event->named = (named_flags){TALLY_CLONE_FLAGS, 0x20000};
    event->given[1] = 4711;
    event->given[5] = ~0ULL;
    event->mode = 0640;
    event->no_mode = NO_MODE;
    event->port = 65535;
    event->yes = true;
    event->below = -5;
    event->small = 255;
    set_ip_v4(&event->version_4, bpf_htonl(0x0a000001));
    event->version_6.words[0] = bpf_htonl(0x20010000);
    event->version_6.words[3] = bpf_htonl(1);
    event->weather = WEATHER_FOUL;
    event->unheard_of = 7;
    event->place.floor = 3;
    event->place.room = 4;
    bpf_probe_read_kernel_str(event->other_comm, sizeof(event->other_comm), task->comm);
    __builtin_memcpy(event->word, "eightful", 8);
    event_kernel_string(typed, event, file, kFile);
    begin = BPF_CORE_READ(task, mm, arg_start);
    event_user_words(typed, event, arguments, begin, BPF_CORE_READ(task, mm, arg_end) - begin);
    event_submit(typed, event);
    return 0;
}
