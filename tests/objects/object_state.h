/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Objects that a test makes: getpgid(N, ...) begins the object N, getsid(N, began) ends it. `began`
 * is what is known of its beginning, by the clock of measurements; 0: nothing.
 */
#include "object_state.bpf.h"

#define GETPGID 121
#define GETSID 124
/* Other programs ask about processes, which have smaller numbers. */
#define FIRST_OBJECT 0x10000000

struct life {
    struct subject subject;
};
OBJECT_STATE(objects, __u32, struct life, OBJECTS_AT_ONCE, OBJECTS_LIVE_SECONDS);
HISTOGRAM(lives, struct subject, duration_ns, "time from the begin of an object to its end");

SEC("tp_btf/sys_enter")
int BPF_PROG(on_call_about_object, struct pt_regs* regs, long number) {
    struct task_struct* task = current_task();
    struct life life = {};
    __u64 since, duration;
    __u32 object;
    bool is_wanted;

    if ((number != GETPGID && number != GETSID) || !started())
        return 0;
    object = regs->di;
    if (object < FIRST_OBJECT)
        return 0;
    if (number == GETPGID) {
        is_wanted = target_includes(task);
        if (is_wanted)
            life.subject = subject_of(task);
        object_begin(objects, object, is_wanted, &life, OBJECTS_ASKED_BY(task));
        return 0;
    }
    since = object_end(objects, object, &life, target_includes(task), regs->si);
    if (since && pair_duration(since, clock_ns(), &duration))
        histogram_add(lives, life.subject, duration, NULL);
    return 0;
}

IN_FLIGHT_OF(lives, objects, subject);
