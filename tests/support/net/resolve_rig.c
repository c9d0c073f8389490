/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmocka_all.h"

enum { PATIENCE_S = 20 };

struct resolve_settings resolve_rig_settings(const struct addr *servers,
                                             size_t n)
{
    return (struct resolve_settings){
        .dns = {.servers = servers, .n_servers = n, .try_ms = 5000, .tries = 2},
        .deadline_ms = 20000};
}

void resolve_rig_use(struct resolve_rig *r, const struct resolve_settings *s)
{
    resolve_free(r->resolve);
    assert_int_equal(resolve_new(&r->resolve, r->loop, &r->rnd, s), 0);
}

int resolve_rig_set_up(void **state)
{
    struct resolve_rig *r = calloc(1, sizeof *r);
    struct resolve_settings s;

    assert_non_null(r);
    rnd_init(&r->rnd);
    assert_int_equal(loop_new(&r->loop), 0);
    r->stub = dns_stub_new();
    s = resolve_rig_settings(dns_stub_addr(r->stub), 1);
    resolve_rig_use(r, &s);
    *state = r;
    return 0;
}

int resolve_rig_tear_down(void **state)
{
    struct resolve_rig *r = *state;

    resolve_free(r->resolve);
    loop_free(r->loop);
    dns_stub_free(r->stub);
    free(r);
    return 0;
}

void resolve_rig_done(void *ctx, int err, const struct addr *list, size_t n)
{
    struct told *t = ctx;
    size_t len = 0;

    t->calls++;
    t->err = err;
    t->n = n;
    assert_int_equal(err == 0, n > 0);
    for (size_t i = 0; i < n; i++) {
        char text[ADDR_TEXT_MAX];

        len += (size_t)snprintf(t->text + len, sizeof t->text - len, "%s%s",
                                i ? " " : "", addr_text(text, &list[i]));
    }
    if (t->do_in_call)
        t->do_in_call(t);
    t->lookup = NULL;
}

void resolve_rig_start(struct resolve_rig *r, struct told *t, const char *host,
                       uint16_t port)
{
    t->rig = r;
    assert_int_equal(resolve_start(&t->lookup, r->resolve, span_str(host), port,
                                   resolve_rig_done, t),
                     0);
    assert_int_equal(t->calls, 0);
}

void resolve_rig_turn(struct resolve_rig *r)
{
    loop_turn(r->loop, false);
    dns_stub_serve(r->stub);
}

void resolve_rig_wait(struct told *t)
{
    time_t begun = time(NULL);

    while (!t->calls) {
        assert_true(time(NULL) - begun < PATIENCE_S);
        resolve_rig_turn(t->rig);
    }
    assert_int_equal(t->calls, 1);
}

struct told resolve_rig_look_up(struct resolve_rig *r, const char *host,
                                uint16_t port)
{
    struct told t = {.calls = 0};

    resolve_rig_start(r, &t, host, port);
    resolve_rig_wait(&t);
    return t;
}

void assert_found(struct resolve_rig *r, const char *host, uint16_t port,
                  const char *want)
{
    struct told t = resolve_rig_look_up(r, host, port);

    assert_int_equal(t.err, 0);
    assert_string_equal(t.text, want);
}

void assert_not_found(struct resolve_rig *r, const char *host, uint16_t port,
                      int want)
{
    struct told t = resolve_rig_look_up(r, host, port);

    assert_int_equal(t.err, want);
}

int resolve_rig_mute_server(struct addr *at)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_int_equal(addr_parse(at, SPAN("127.0.0.1"), 0), 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &at->sa, at->len), 0);
    assert_int_equal(sock_local(at, fd), 0);
    return fd;
}
