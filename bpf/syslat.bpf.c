// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// syslat: the time from the entry of a system call to its return. With --events, as sysslower: each
// call, with its arguments.
#include "call_meaning.bpf.h"
#include "full_path.bpf.h"
#include "system_call_keys.bpf.h"

TRACER("System call latency");
OPTION(bool, errors_only, false, "only calls that fail");
OPTION(__u64, min_us, 0, "leave out calls shorter than N microseconds");
OPTION(bool, waiting, false,
       "include calls that are meant to wait: futex, epoll_wait, nanosleep ...");
ONLY_EVENTS(waiting);
WAITING_CALLS(meant_to_wait);
ONLY_EVENTS(meant_to_wait);
HISTOGRAM(calls, struct call_key, duration_ns, "time from the entry of a call to its return");

struct slow_call_event {
    struct event_head head;
    syscall_nr syscall;
    duration_ns duration_ns;
    __s64 result;  // as the kernel returns it
    errno_nr error;
    natural_or_none fd;
    bytes size;                // requested
    path path;                 // the one passed, or that of the file of `fd`
    call_arguments arguments;  // all, as they were passed
};
EVENTS(slow_calls, struct slow_call_event, "calls that take long");

#define EFAULT 14

// Without -s, calls that are meant to wait are in the histograms, but not reported as events.
static __always_inline bool call_is_selected(syscall_nr number) {
    if (syscall_selection)
        return syscall_is_selected(number);
    return !tells_events() || waiting || !meant_to_wait_includes(number);
}

// The argument with the number `place`, 1 to 6; 0 for any other `place`.
static __always_inline __u64 argument_at(const struct slow_call_event* event, __u32 place) {
    return place >= 1 && place <= 6 ? event->arguments[place - 1] : 0;
}

// Not inlined, so that what it needs on the stack is not set up when calls only go into a
// histogram.
static __noinline int tell_call(const struct returned_call* call) {
    struct slow_call_event* event;
    int directory = TALLY_AT_FDCWD;
    __u32 meaning = 0;
    __u64 path;

    event = event_begin(slow_calls, call->task, call->now);
    if (!event)
        return 0;
    event->syscall = call->number;
    event->duration_ns = call->duration;
    event->result = call->result;
    event->error = error_of(call->result);
#pragma unroll
    for (int i = 0; i < 6; i++)
        event->arguments[i] = call_argument(call->number, call->regs, i);
    // After a successful exec, registers and memory are those of the new program.
    if (call->number < MOST_NUMBERS && !(is_exec(call->number) && call->result == 0))
        meaning = meaning_of_arguments[call->number];
    event->fd = meaning & ANY_FD ? (int)argument_at(event, meaning & 7) : -1;
    event->size = meaning & ANY_SIZE ? argument_at(event, meaning >> 6 & 7) : NO_BYTES;
    if (meaning & ANY_FD)
        directory = event->fd;
    path = argument_at(event, meaning >> 3 & 7);
    if (!(meaning & ANY_PATH))
        event_file_path(slow_calls, event, path, call->task, event->fd);
    else if (path && call->result != -EFAULT)
        event_user_path(slow_calls, event, path, path, call->task, directory);
    event_submit(slow_calls, event);
    return 0;
}

// A refused call has no duration.
static __always_inline void wanted_call_returned(const struct returned_call* call) {
    if (call->duration == CALL_REFUSED || (errors_only && !is_error(call->result)))
        return;
    if (min_us && call->duration / 1000 < min_us)
        return;
    if (tells_events()) {
        struct returned_call returned = *call;

        tell_call(&returned);
    } else {
        struct call_key key = call_key_of(call->task, call->number, call->result);

        histogram_add(calls, key, call->duration, call->place);
    }
}

CALLS_IN_FLIGHT(calls, task, number, key) {
    *key = call_key_of(task, number, 0);
    return !errors_only;
}
