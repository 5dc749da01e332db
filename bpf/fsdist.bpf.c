// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// fsdist: from the entry of a file system's function to its return.
#include "file_operations.bpf.h"

TRACER("Latency of file system reads, writes, opens and fsyncs");
BY("container,fs,operation");
OPTION(__u64, min_us, 0, "leave out operations shorter than N microseconds");

const volatile bool by_fs = true;
const volatile bool by_operation = true;

struct operation_key {
    struct subject subject;
    enum file_system fs;
    enum operation operation;
};
HISTOGRAM(operations, struct operation_key, duration_ns,
          "time from the entry of an operation of a file system to its return");

static __always_inline struct operation_key operation_key_of(struct task_struct* task,
                                                             enum file_system fs,
                                                             enum operation operation) {
    struct operation_key key = {.subject = subject_of(task)};

    if (by_fs)
        key.fs = fs;
    if (by_operation)
        key.operation = operation;
    return key;
}

static __always_inline void operation_began(struct task_struct* task, __u32 index,
                                            const struct asked_operation* asked) {}

static __always_inline void operation_ended(const struct ended_operation* ended) {
    if (!min_us || ended->duration / 1000 >= min_us)
        histogram_add(operations, operation_key_of(ended->task, ended->fs, ended->operation),
                      ended->duration, ended->place);
}

IN_FLIGHT_EACH(operations, OPERATION_PLACES, task, key, index) {
    struct operations* all = operating_of(task);
    __u64 age = all ? operation_age(task, &all->at[index]) : 0;

    if (age)
        *key = operation_key_of(task, index / 2, all->at[index].operation);
    return age;
}
