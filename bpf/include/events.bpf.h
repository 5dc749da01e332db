/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Events: what is told one by one, as it happens. A tracer of events includes this instead of
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
 * All that was begun has to be submitted or dropped. The fields are columns in their order, their
 * types say how they are shown (types.bpf.h); what is not set is 0 and, if text, none.
 */
#ifndef TALLY_EVENTS_BPF_H
#define TALLY_EVENTS_BPF_H

#include "tally.bpf.h"

#include <bpf/bpf_endian.h>

/* Whose event it is: event_begin() fills it in. If tid is 0 the thread is not known: then so are
 * pid and comm, null in records. */
struct event_head {
    timestamp_ns time;
    cgroup_id cgroup;
    pid_nr pid;
    tid_nr tid;
    comm comm;
};

/* One for all events of an object, so they are told in the order in which they got their place in
 * it. User space sets the size. */
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} tally_events SEC(".maps");

/* Of a tracer that also measures by key: whether the option --events was given. */
const volatile bool tally_tells_events = false;

/*
 * A tracer that has EVENTS beside HISTOGRAM or COUNTS does one of the two in a run: it asks
 * tells_events() before it begins an event or counts. Of the other one neither the code nor the
 * maps are there.
 */
static __always_inline bool tells_events(void) {
    return tally_tells_events;
}

/* Half of it. */
const volatile __u32 tally_ring_half = 128 * 1024;

/* To wake the reader for every event makes an open+close loop 3 times slower. It comes every 10 ms
 * by itself; where so much comes that half of the ring is full before, it is woken once. */
static __always_inline void tally_output(void* record, __u32 size) {
    __u64 pending = bpf_ringbuf_query(&tally_events, BPF_RB_AVAIL_DATA);
    bool wake = pending < tally_ring_half && pending + size >= tally_ring_half;

    if (bpf_ringbuf_output(&tally_events, record, size,
                           wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP))
        count_one(LOST_RING_FULL);
}

/* How much text an event has room for, in all; the longest string, with its NUL (PATH_MAX); the
 * longest argument vector, likewise. */
#define TALLY_EVENT_TEXT 16384
#define TALLY_MOST_STRING 4096
#define TALLY_MOST_WORDS 8192

/* An event is put together outside of the ring, so that it takes no more room there than it is
 * long. While one is, an interrupt may begin another on the same CPU, and one more may interrupt
 * that (or a thread another, where handlers can be preempted). */
#define TALLY_EVENT_LEVELS 3

/* Takes a place that nobody else has: who comes while somebody has it finds more than 1. (Not by
 * the result of an atomic operation: 5.10 has none.) */
static __always_inline bool tally_take(__u64* users) {
    __sync_fetch_and_add(users, 1);
    if (*(volatile __u64*)users == 1)
        return true;
    __sync_fetch_and_add(users, -1);
    return false;
}

/* Whose an event of that thread is; for one that comes later, when the thread may be gone, to be
 * remembered and given to event_begin_as(). */
static __always_inline struct event_head event_head_of(struct task_struct* task, __u64 now) {
    struct event_head head = {};

    head.time = now;
    head.cgroup = charged_cgroup(task);
    head.pid = task_read(task, tgid);
    head.tid = task_read(task, pid);
    bpf_probe_read_kernel_str(head.comm, sizeof(head.comm), task->comm);
    return head;
}

/* Adds a string and its NUL to the text. What is too long loses its end. */
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

/* Adds the words of a block of user memory, each with its NUL: page by page, since a page that is
 * not there makes the whole of a read fail. */
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

/* Adds a string to the words that were begun, as the last field with text. False: no more. */
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
 *   event_begin(execs, task, now)  the struct of an event of that thread, 0 but for its head, or
 *                                  NULL: it is lost, and counted. `now` is clock_ns(): read once
 *   event_begin_as(execs, &head)   the same with an event_head_of() that was remembered, under its
 *                                  own `time`
 *   event_submit(execs, event)     tells it, or counts that the ring is full
 *   event_drop(execs, event)       leaves it out
 *   event_user_string(execs, event, field, pointer)    a path: a string of the current process
 *   event_kernel_string(execs, event, field, pointer)  ... of the kernel
 *   event_user_words(execs, event, field, pointer, size)  an argument_vector: a block of strings
 *   event_user_word(execs, event, field, pointer)  one more string of it; false: there is no room.
 *                                  No other text can follow
 * What cannot be read is none, counted as LOST_STRING_FAULT; what was cut says so.
 */
#define EVENTS(name, event_type, help)                                                          \
    const volatile __u32 name##_kind = 0;                                                       \
    struct name##_record {                                                                      \
        struct tally_event_front front;                                                         \
        event_type event;                                                                       \
        char text[TALLY_EVENT_TEXT];                                                            \
    };                                                                                          \
    struct name##_scratch {                                                                     \
        __u64 users;                                                                            \
        struct name##_record record;                                                            \
    };                                                                                          \
    _Static_assert(__builtin_offsetof(event_type, head) == 0, "it begins with its head");       \
    _Static_assert(sizeof(((event_type*)0)->head) == sizeof(struct event_head), "its head");    \
                                                                                                \
    struct {                                                                                    \
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                                \
        __uint(max_entries, TALLY_EVENT_LEVELS);                                                \
        __type(key, __u32);                                                                     \
        __type(value, struct name##_scratch);                                                   \
    } name SEC(".maps") TALLY_TAG("events:" help);                                              \
                                                                                                \
    static __always_inline struct name##_record* name##_record_of(event_type* event) {          \
        return (void*)event - __builtin_offsetof(struct name##_record, event);                  \
    }                                                                                           \
                                                                                                \
    static __always_inline event_type* name##_begin_as(const struct event_head* head) {         \
        struct name##_scratch* scratch;                                                         \
        int level;                                                                              \
                                                                                                \
        for (level = 0; level < TALLY_EVENT_LEVELS; level++) {                                  \
            __u32 index = level;                                                                \
                                                                                                \
            scratch = bpf_map_lookup_elem(&name, &index);                                       \
            if (!scratch)                                                                       \
                break;                                                                          \
            if (!tally_take(&scratch->users))                                                   \
                continue;                                                                       \
            __builtin_memset(&scratch->record.event, 0, sizeof(event_type));                    \
            scratch->record.front.kind = name##_kind;                                           \
            scratch->record.front.text_size = 0;                                                \
            scratch->record.event.head = *head;                                                 \
            return &scratch->record.event;                                                      \
        }                                                                                       \
        count_one(LOST_EVENT_NESTED);                                                           \
        return NULL;                                                                            \
    }                                                                                           \
                                                                                                \
    static __always_inline void name##_drop(event_type* event) {                                \
        struct name##_scratch* scratch =                                                        \
            (void*)name##_record_of(event) - __builtin_offsetof(struct name##_scratch, record); \
                                                                                                \
        __sync_fetch_and_add(&scratch->users, -1);                                              \
    }                                                                                           \
                                                                                                \
    static __always_inline void name##_submit(event_type* event) {                              \
        struct name##_record* record = name##_record_of(event);                                 \
        __u32 text = *(volatile __u32*)&record->front.text_size;                                \
                                                                                                \
        if (text <= TALLY_EVENT_TEXT)                                                           \
            tally_output(record, __builtin_offsetof(struct name##_record, text) + text);        \
        name##_drop(event);                                                                     \
    }                                                                                           \
    struct tally_semicolon

#define event_begin(name, task, now)                             \
    ({                                                           \
        struct event_head tally_head = event_head_of(task, now); \
                                                                 \
        name##_begin_as(&tally_head);                            \
    })
#define event_begin_as(name, head) name##_begin_as(head)
#define event_submit(name, event) name##_submit(event)
#define event_drop(name, event) name##_drop(event)

#define TALLY_TEXT_OF(name, event, field) \
    name##_record_of(event)->text, &name##_record_of(event)->front.text_size, &(event)->field
#define event_user_string(name, event, field, pointer) \
    tally_add_string(TALLY_TEXT_OF(name, event, field), (const void*)(pointer), true)
#define event_kernel_string(name, event, field, pointer) \
    tally_add_string(TALLY_TEXT_OF(name, event, field), (const void*)(pointer), false)
#define event_user_words(name, event, field, pointer, size) \
    tally_add_words(TALLY_TEXT_OF(name, event, field), (__u64)(pointer), size)
#define event_user_word(name, event, field, pointer) \
    tally_add_word(TALLY_TEXT_OF(name, event, field), (const void*)(pointer))

/* Of an address of IP version 4, in network byte order, the ip_addr. */
static __always_inline void set_ip_v4(ip_addr* ip, __u32 address) {
    ip->words[0] = 0;
    ip->words[1] = 0;
    ip->words[2] = bpf_htonl(0xffff);
    ip->words[3] = address;
}

/* The number that a process has in its own, the innermost, pid namespace. */
static __always_inline __u32 container_pid_of(struct task_struct* task) {
    struct pid* number = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
    __u32 level = BPF_CORE_READ(number, level);
    struct upid innermost;

    if (bpf_core_read(&innermost, sizeof(innermost), &number->numbers[level]))
        return 0;
    return innermost.nr;
}

#endif /* TALLY_EVENTS_BPF_H */
