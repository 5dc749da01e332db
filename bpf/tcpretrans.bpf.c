// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// tcpretrans: each TCP segment that is retransmitted.
#include "sockets.bpf.h"

TRACER("TCP retransmissions, by connection");
SELECTION(local_port, port_nr, "", "only connections with this local port; repeatable");
SELECTION(remote_port, port_nr, "", "only connections with this remote port; repeatable");

// As the kernel numbers them (include/net/tcp_states.h).
enum connection_state {
    ESTABLISHED = 1,
    SYN_SENT,
    SYN_RECV,
    FIN_WAIT1,
    FIN_WAIT2,
    TIME_WAIT,
    CLOSE,
    CLOSE_WAIT,
    LAST_ACK,
    LISTEN,
    CLOSING,
};

enum cause { PROBE, FAST, TIMEOUT, SYN_ACK };

struct retransmit_event {
    struct event_head head;
    enum connection_state state;
    enum cause cause;
    __u32 segments;
    __u32 retransmits;  // of the connection, including these
    errno_nr error;
    ip_addr local_address;
    port_nr local_port;
    ip_addr remote_address;
    port_nr remote_port;
};
EVENTS(retransmits, struct retransmit_event, "TCP segments that are sent once more");

// Of the changes that matter here, only in connect() is the current thread the socket's own.
static __always_inline void tcp_state_changed(const struct sock* sk, int state_before, int state) {
    struct connection connection = {};

    if (state == TCP_SYN_SENT) {
        struct task_struct* task = current_task();

        connection.is_included = target_includes(task);
        connection.owner = event_head_of(task, 0);
        connection_begin(sk, &connection);
    } else if (state == TCP_CLOSE) {
        connection_forget(sk);
    }
}

// Begins an event, with only its head filled in; NULL if the connection is not wanted or the event
// is lost. The current thread can be any thread: a timer has expired, or a packet has arrived.
static __always_inline struct retransmit_event* retransmit_of(const struct sock* sk) {
    struct connection* known = connection_of(sk);
    struct event_head head = {};

    if (known) {
        if (!known->is_included)
            return NULL;
        head = known->owner;
    } else {
        head.cgroup = cgroup_of_socket(sk);
        if (!target_includes_cgroup(head.cgroup))
            return NULL;
    }
    head.time = clock_ns();
    return event_begin_as(retransmits, &head);
}

// A loss is detected by a timer or by acknowledgements; otherwise nothing is known to be lost, and
// the last segment is sent as a probe (enum tcp_ca_state).
static __always_inline enum cause cause_of(const struct sock* sk) {
    const struct inet_connection_sock* connection = (const void*)sk;

    switch (BPF_CORE_READ_BITFIELD_PROBED(connection, icsk_ca_state)) {
        case TCP_CA_Loss:
            return TIMEOUT;
        case TCP_CA_Recovery:
            return FAST;
    }
    return PROBE;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(on_retransmit, const struct sock* sk, const struct sk_buff* segment) {
    const struct tcp_skb_cb* of_tcp = (const void*)&segment->cb[0];
    port_nr local_port = local_port_of(sk);
    struct retransmit_event* event;

    if (!local_port_is_selected(local_port) ||
        !remote_port_is_selected(bpf_ntohs(sk->__sk_common.skc_dport)))
        return 0;
    event = retransmit_of(sk);
    if (!event)
        return 0;
    event->state = sk->__sk_common.skc_state;
    event->cause = cause_of(sk);
    event->segments = BPF_CORE_READ(of_tcp, tcp_gso_segs);
    event->retransmits = BPF_CORE_READ((const struct tcp_sock*)sk, total_retrans);
    event->error = retransmit_error(ctx);
    event->remote_port =
        addresses_of(&sk->__sk_common, &event->local_address, &event->remote_address);
    event->local_port = local_port;
    event_submit(retransmits, event);
    return 0;
}

// A connection that is not accepted yet has no socket of its own; `listener` is the listening
// socket that will accept it.
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(on_answer, const struct sock* listener, const struct request_sock* request) {
    port_nr local_port = request->__req_common.skc_num;
    struct retransmit_event* event;

    if (!local_port_is_selected(local_port) ||
        !remote_port_is_selected(bpf_ntohs(request->__req_common.skc_dport)))
        return 0;
    event = retransmit_of(listener);
    if (!event)
        return 0;
    event->state = SYN_RECV;
    event->cause = SYN_ACK;
    event->segments = 1;
    event->retransmits = request->num_retrans + 1;  // it is counted when it is sent
    event->remote_port =
        addresses_of(&request->__req_common, &event->local_address, &event->remote_address);
    event->local_port = local_port;
    event_submit(retransmits, event);
    return 0;
}
