/* SPDX-License-Identifier: BSD-2-Clause */
#include "dial_rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"

enum { PATIENCE_S = 20, PATIENCE_MS = 1000 * PATIENCE_S };

/* --- the system --- */

struct dial_rig_system dial_rig_system;

uint64_t __real_loop_now_ms(const struct loop *l);
uint64_t __wrap_loop_now_ms(const struct loop *l);
int __real_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);

uint64_t __wrap_loop_now_ms(const struct loop *l)
{
    return __real_loop_now_ms(l) + dial_rig_system.later_ms;
}

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
    struct dial_rig_system *s = &dial_rig_system;
    unsigned i = s->connects++;
    size_t used = strlen(s->connected);
    char text[ADDR_TEXT_MAX];
    struct addr a = {.len = len};

    memcpy(&a.sa, to, len);
    snprintf(s->connected + used, sizeof s->connected - used, "%s%s",
             used ? " " : "", addr_host_text(text, &a));
    if (i < 4 && s->fail_with[i]) {
        errno = s->fail_with[i];
        return -1;
    }
    return __real_connect(fd, to, len);
}

void dial_rig_forget_connects(void)
{
    uint64_t later_ms = dial_rig_system.later_ms;

    dial_rig_system = (struct dial_rig_system){.later_ms = later_ms};
}

/* --- the state of a test --- */

static bool may(void *ctx, const struct addr *to, struct span host, bool secure)
{
    struct dial_rig *d = ctx;

    (void)host;
    (void)secure;
    d->asked++;
    return cidr_permits(&d->allow, &d->deny, to);
}

static int listen_at(const char *host, uint16_t port)
{
    struct addr at;
    int fd;

    assert_int_equal(addr_parse(&at, span_str(host), port), 0);
    assert_int_equal(sock_listen(&fd, &at, &(struct sock_opts){0}), 0);
    return fd;
}

/* There it is silent: the queue of connections is full. */
static void fill(struct dial_rig *d)
{
    struct addr to;

    assert_int_equal(listen(d->listening[2], 0), 0);
    assert_int_equal(addr_parse(&to, SPAN("127.0.0.3"), d->port), 0);
    for (size_t i = 0; i < sizeof d->filling / sizeof *d->filling; i++)
        assert_int_equal(
            sock_connect(&d->filling[i], &to, &(struct sock_opts){0}), 0);
}

int dial_rig_new_dial(struct dial **out, struct dial_rig *d)
{
    const struct dial_settings patient = {.connect_ms = PATIENCE_MS,
                                          .total_ms = PATIENCE_MS};

    return dial_new(out, d->names->loop, d->names->resolve, &d->names->rnd,
                    &patient, may, d);
}

int dial_rig_set_up(void **state)
{
    struct dial_rig *d = calloc(1, sizeof *d);
    void *names;
    struct addr at;

    assert_non_null(d);
    dial_rig_system.later_ms = 0;
    resolve_rig_set_up(&names);
    d->names = names;
    d->listening[0] = listen_at("127.0.0.1", 0);
    assert_int_equal(sock_local(&at, d->listening[0]), 0);
    d->port = addr_port(&at);
    d->listening[1] = listen_at("::1", d->port);
    d->listening[2] = listen_at("127.0.0.3", d->port);
    fill(d);
    d->allow.items = d->blocks;
    d->deny.items = d->blocks + 2;
    assert_int_equal(dial_rig_new_dial(&d->dial, d), 0);
    dial_rig_forget_connects();
    *state = d;
    return 0;
}

int dial_rig_tear_down(void **state)
{
    struct dial_rig *d = *state;
    void *names = d->names;

    dial_free(d->dial);
    for (size_t i = 0; i < sizeof d->listening / sizeof *d->listening; i++)
        close(d->listening[i]);
    for (size_t i = 0; i < sizeof d->filling / sizeof *d->filling; i++)
        close(d->filling[i]);
    resolve_rig_tear_down(&names);
    free(d);
    return 0;
}

void dial_rig_set_times(struct dial_rig *d, uint64_t connect_ms,
                        uint64_t total_ms)
{
    struct dial_settings s = {.connect_ms = connect_ms, .total_ms = total_ms};

    dial_configure(d->dial, &s);
}

void dial_rig_add_block(struct cidr_list *l, const char *address,
                        uint64_t prefix)
{
    struct cidr *c = &l->items[l->n++];
    struct addr a;

    assert_int_equal(addr_parse(&a, span_str(address), 0), 0);
    c->n = addr_host_key(c->host, &a);
    c->prefix = prefix;
}

void dial_rig_host(struct dial_rig *d, const char *name, const char *address)
{
    dns_stub_host(d->names->stub, name, 60, address);
}

/* --- calls --- */

void dial_rig_done(void *ctx, const struct dial_result *result)
{
    struct heard *h = ctx;

    h->calls++;
    h->result = *result;
    assert_int_equal(result->err == 0, result->fd >= 0);
    if (result->peer.len)
        addr_text(h->peer, &result->peer);
    if (h->do_in_call)
        h->do_in_call(h);
    h->call = NULL;
}

void dial_rig_start(struct dial_rig *d, struct heard *h, const char *host)
{
    h->rig = d;
    assert_int_equal(dial_start(&h->call, d->dial, span_str(host), d->port,
                                false, dial_rig_done, h),
                     0);
    assert_int_equal(h->calls, 0);
}

void dial_rig_wait(struct heard *h)
{
    time_t begun = time(NULL);

    while (!h->calls) {
        assert_true(time(NULL) - begun < PATIENCE_S);
        resolve_rig_turn(h->rig->names);
    }
    assert_int_equal(h->calls, 1);
}

struct heard dial_rig_call(struct dial_rig *d, const char *host)
{
    struct heard h = {.calls = 0};

    dial_rig_start(d, &h, host);
    dial_rig_wait(&h);
    return h;
}

void assert_dial_fails(struct dial_rig *d, const char *host, int err)
{
    struct heard h = dial_rig_call(d, host);

    assert_int_equal(h.result.err, err);
}

void assert_dial_connects(struct dial_rig *d, const char *host,
                          const char *address)
{
    struct heard h = dial_rig_call(d, host);
    char want[ADDR_TEXT_MAX];

    assert_int_equal(h.result.err, 0);
    snprintf(want, sizeof want, "%s:%u", address, d->port);
    assert_string_equal(h.peer, want);
    close(h.result.fd);
}
