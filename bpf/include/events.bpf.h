/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Events: reported one by one, as they happen. A tracer of events includes this file instead of
 * tally.bpf.h.
 *
 *     struct exec_event {
 *         struct event_head head;
 *         errno_nr error;
 *         path file;
 *     };
 *     EVENTS(execs, struct exec_event, "programs that begin");
 *
 *     struct exec_event* event = event_begin(execs, task, clock_ns());
 *
 *     if (!event)
 *         return 0;
 *     event->error = -result;
 *     event_user_string(execs, event, file, pointer);
 *     event_submit(execs, event);
 *
 * Every event that was begun must be submitted or dropped. The fields are columns in their order;
 * their types determine how they are shown (types.bpf.h). A field that is not set is 0 or, if it is
 * text, none.
 */
#ifndef TALLY_EVENTS_BPF_H
#define TALLY_EVENTS_BPF_H

#include "tally.bpf.h"

#include <bpf/bpf_endian.h>

/* The thread to which the event is charged; event_begin() fills it in. If tid is 0, the thread is
 * not known, and neither are pid and comm: all are null in records. */
struct event_head {
    timestamp_ns time;
    cgroup_id cgroup;
    pid_nr pid;
    tid_nr tid;
    comm comm;
};

/* One ring for all events of an object, so they are reported in the order in which they were given
 * their space in it. User space sets its size. */
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} tally_events SEC(".maps");

/* For a tracer that also measures by key: whether the option --events was given. */
const volatile bool tally_tells_events = false;

/*
 * A tracer with both EVENTS and HISTOGRAM or COUNTS does only one of the two in a run: it calls
 * tells_events() before it begins an event or counts. The code and the maps of the unused half are
 * not loaded.
 */
static __always_inline bool tells_events(void) {
    return tally_tells_events;
}

/*
 * ONLY_EVENTS(asking): a declaration of such a tracer that only its events need. Without --events,
 * a THREAD_STATE or WAITING_CALLS is not loaded, and an OPTION is refused.
 */
#define ONLY_EVENTS(name) \
    const volatile __u8 tally_only_events_##name TALLY_TAG("only_events:" #name) = 1

/* Half of the ring. */
const volatile __u32 tally_ring_half = 128 * 1024;

/* Waking the reader for every event makes an open+close loop 3.8 times slower. It reads every 10 ms
 * by itself; if half of the ring is full before that, it is woken once. */
static __always_inline void tally_output(void* record, __u32 size) {
    __u64 pending = bpf_ringbuf_query(&tally_events, BPF_RB_AVAIL_DATA);
    bool wake = pending < tally_ring_half && pending + size >= tally_ring_half;

    if (bpf_ringbuf_output(&tally_events, record, size,
                           wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP))
        count_one(LOST_RING_FULL);
}

/* The sizes in bytes of all text of an event together; of the longest string, with its NUL
 * (PATH_MAX); and of the longest argument vector, with its NULs. */
#define TALLY_EVENT_TEXT 16384
#define TALLY_MOST_STRING 4096
#define TALLY_MOST_WORDS 8192

/* An event is assembled outside the ring, so that it takes no more space there than it needs. While
 * one is being assembled, an interrupt may begin another one on the same CPU, and a second
 * interrupt a third one (or other threads may, where handlers can be preempted). */
#define TALLY_EVENT_LEVELS 3

/* Takes a place if nobody else has it; if somebody has, the count is above 1. (Not by the result of
 * the atomic operation: in 5.10 it has none.) */
static __always_inline bool tally_take(__u64* users) {
    __sync_fetch_and_add(users, 1);
    if (*(volatile __u64*)users == 1)
        return true;
    __sync_fetch_and_add(users, -1);
    return false;
}

/* The head of an event of this thread. For an event that comes later, when the thread may be gone,
 * remember it and pass it to event_begin_as(). */
static __always_inline struct event_head event_head_of(struct task_struct* task, __u64 now) {
    struct event_head head = {};

    head.time = now;
    head.cgroup = charged_cgroup(task);
    head.pid = task_read(task, tgid);
    head.tid = task_read(task, pid);
    bpf_probe_read_kernel_str(head.comm, sizeof(head.comm), task->comm);
    return head;
}

/* Adds a string and its NUL to the text. A string that is too long loses its end. */
static __always_inline void tally_add_string(char* text, __u32* used, struct tally_text* field,
                                             const void* string, bool is_user) {
    __u32 at = *used;
    long size = -1;

    if (at <= TALLY_EVENT_TEXT - TALLY_MOST_STRING)
        size = is_user ? read_user_string(text + at, TALLY_MOST_STRING, string)
                       : bpf_probe_read_kernel_str(text + at, TALLY_MOST_STRING, string);
    if (size <= 0 || size > TALLY_MOST_STRING) {
        count_one(LOST_STRING_FAULT);
        return;
    }
    field->offset = at;
    field->length = size - 1;
    field->state = size < TALLY_MOST_STRING ? TALLY_TEXT_WHOLE : TALLY_TEXT_CUT;
    *used = at + size;
}

/* Adds the words of a block of user memory, each with its NUL: page by page, since one page that is
 * not in memory makes the whole read fail. */
static __always_inline void tally_add_words(char* text, __u32* used, struct tally_text* field,
                                            __u64 block, __u64 size) {
    const __u64 page = 4096;
    __u64 left = size < TALLY_MOST_WORDS ? size : TALLY_MOST_WORDS;
    __u32 begin = *used;
    int i;

    field->offset = begin;
    field->state = left < size ? TALLY_TEXT_CUT : TALLY_TEXT_WHOLE;
    for (i = 0; i < TALLY_MOST_WORDS / 4096 + 1 && left; i++) {
        __u32 at = *used;
        __u64 part = page - (block & (page - 1));

        if (part > left)
            part = left;
        barrier_var(part); /* the verifier of 6.1 does not see that it is within a page */
        if (at > TALLY_EVENT_TEXT - page || part > page ||
            bpf_probe_read_user(text + at, part, (void*)block)) {
            field->state = at > begin ? TALLY_TEXT_CUT : TALLY_TEXT_NONE;
            count_one(LOST_STRING_FAULT);
            break;
        }
        *used = at + part;
        block += part;
        left -= part;
    }
    field->length = *used - begin;
}

/* Adds a string to the words of the event's last field with text. False: no further word can be
 * added. */
static __always_inline bool tally_add_word(char* text, __u32* used, struct tally_text* field,
                                           const void* string) {
    __u32 at = *used;
    __u32 length = field->length;
    long size;

    if (field->state == TALLY_TEXT_NONE) {
        field->state = TALLY_TEXT_WHOLE;
        field->offset = at;
    }
    if (length >= TALLY_MOST_WORDS || at > TALLY_EVENT_TEXT - TALLY_MOST_STRING) {
        field->state = TALLY_TEXT_CUT;
        return false;
    }
    size = read_user_string(text + at, TALLY_MOST_STRING, string);
    if (size <= 0 || size > TALLY_MOST_STRING) {
        field->state = TALLY_TEXT_CUT;
        count_one(LOST_STRING_FAULT);
        return false;
    }
    *used = at + size;
    field->length = length + size;
    if (size == TALLY_MOST_STRING || length + size > TALLY_MOST_WORDS) {
        field->state = TALLY_TEXT_CUT;
        return false;
    }
    return true;
}

/*
 * EVENTS(execs, struct exec_event, "programs that begin") gives
 *   event_begin(execs, task, now)  the struct of an event of that thread, 0 except for its head;
 *                                  NULL: it is lost, and counted. `now` is clock_ns(), read once
 *   event_begin_as(execs, &head)   the same with an event_head_of() that was remembered, and with
 *                                  the `time` of that
 *   event_submit(execs, event)     reports it, or counts that the ring is full
 *   event_drop(execs, event)       discards it
 *   event_user_string(execs, event, field, pointer)    a path: a string of the current process
 *   event_kernel_string(execs, event, field, pointer)  ... of the kernel
 *   event_user_words(execs, event, field, pointer, size)  an argument_vector: a block of strings
 *   event_user_word(execs, event, field, pointer)  one more string of it; false: there is no room.
 *                                  No other text can follow
 * Text that cannot be read is none, and counted as LOST_STRING_FAULT; text that was cut is marked
 * as such.
 */
#define EVENTS(name, event_type, help)                                                           \
    const volatile __u32 name##_kind = 0;                                                        \
    struct tally_##name##_record {                                                               \
        struct tally_event_front front;                                                          \
        event_type event;                                                                        \
        char text[TALLY_EVENT_TEXT];                                                             \
    };                                                                                           \
    struct tally_##name##_scratch {                                                              \
        __u64 users;                                                                             \
        struct tally_##name##_record record;                                                     \
    };                                                                                           \
    _Static_assert(__builtin_offsetof(event_type, head) == 0, "it begins with its head");        \
    _Static_assert(sizeof(((event_type*)0)->head) == sizeof(struct event_head), "its head");     \
                                                                                                 \
    struct {                                                                                     \
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                                 \
        __uint(max_entries, TALLY_EVENT_LEVELS);                                                 \
        __type(key, __u32);                                                                      \
        __type(value, struct tally_##name##_scratch);                                            \
    } name SEC(".maps") TALLY_TAG("events:" help);                                               \
                                                                                                 \
    static __always_inline struct tally_##name##_record* tally_##name##_record_of(               \
        event_type* event) {                                                                     \
        return (void*)event - __builtin_offsetof(struct tally_##name##_record, event);           \
    }                                                                                            \
                                                                                                 \
    static __always_inline event_type* tally_##name##_begin_as(const struct event_head* head) {  \
        struct tally_##name##_scratch* scratch;                                                  \
        int level;                                                                               \
                                                                                                 \
        for (level = 0; level < TALLY_EVENT_LEVELS; level++) {                                   \
            __u32 index = level;                                                                 \
                                                                                                 \
            scratch = bpf_map_lookup_elem(&name, &index);                                        \
            if (!scratch)                                                                        \
                break;                                                                           \
            if (!tally_take(&scratch->users))                                                    \
                continue;                                                                        \
            __builtin_memset(&scratch->record.event, 0, sizeof(event_type));                     \
            scratch->record.front.kind = name##_kind;                                            \
            scratch->record.front.text_size = 0;                                                 \
            scratch->record.event.head = *head;                                                  \
            return &scratch->record.event;                                                       \
        }                                                                                        \
        count_one(LOST_EVENT_NESTED);                                                            \
        return NULL;                                                                             \
    }                                                                                            \
                                                                                                 \
    static __always_inline void tally_##name##_drop(event_type* event) {                         \
        struct tally_##name##_scratch* scratch =                                                 \
            (void*)tally_##name##_record_of(event) -                                             \
            __builtin_offsetof(struct tally_##name##_scratch, record);                           \
                                                                                                 \
        __sync_fetch_and_add(&scratch->users, -1);                                               \
    }                                                                                            \
                                                                                                 \
    static __always_inline void tally_##name##_submit(event_type* event) {                       \
        struct tally_##name##_record* record = tally_##name##_record_of(event);                  \
        __u32 text = *(volatile __u32*)&record->front.text_size;                                 \
                                                                                                 \
        if (text <= TALLY_EVENT_TEXT)                                                            \
            tally_output(record, __builtin_offsetof(struct tally_##name##_record, text) + text); \
        tally_##name##_drop(event);                                                              \
    }                                                                                            \
    struct tally_semicolon

#define event_begin(name, task, now)                             \
    ({                                                           \
        struct event_head tally_head = event_head_of(task, now); \
                                                                 \
        tally_##name##_begin_as(&tally_head);                    \
    })
#define event_begin_as(name, head) tally_##name##_begin_as(head)
#define event_submit(name, event) tally_##name##_submit(event)
#define event_drop(name, event) tally_##name##_drop(event)

#define TALLY_TEXT_OF(name, event, field)                                                     \
    tally_##name##_record_of(event)->text, &tally_##name##_record_of(event)->front.text_size, \
        &(event)->field
#define event_user_string(name, event, field, pointer) \
    tally_add_string(TALLY_TEXT_OF(name, event, field), (const void*)(pointer), true)
#define event_kernel_string(name, event, field, pointer) \
    tally_add_string(TALLY_TEXT_OF(name, event, field), (const void*)(pointer), false)
#define event_user_words(name, event, field, pointer, size) \
    tally_add_words(TALLY_TEXT_OF(name, event, field), (__u64)(pointer), size)
#define event_user_word(name, event, field, pointer) \
    tally_add_word(TALLY_TEXT_OF(name, event, field), (const void*)(pointer))

/* Sets an ip_addr to an IP version 4 address in network byte order. */
static __always_inline void set_ip_v4(ip_addr* ip, __u32 address) {
    ip->words[0] = 0;
    ip->words[1] = 0;
    ip->words[2] = bpf_htonl(0xffff);
    ip->words[3] = address;
}

/* The pid that a process has in its own, the innermost, pid namespace. */
static __always_inline __u32 container_pid_of(struct task_struct* task) {
    struct pid* number = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
    __u32 level = BPF_CORE_READ(number, level);
    struct upid innermost;

    if (bpf_core_read(&innermost, sizeof(innermost), &number->numbers[level]))
        return 0;
    return innermost.nr;
}

#endif /* TALLY_EVENTS_BPF_H */
