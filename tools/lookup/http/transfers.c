/* SPDX-License-Identifier: BSD-2-Clause */
#include "transfers.h"

#include <stdlib.h>

#include "err.h"

struct transfers {
    struct loop *loop;
    CURLM *multi;
    struct alarm *alarm;
    transfer_done_fn done;
    void *ctx;
};

/* A socket that libcurl waits for. */
struct watched {
    struct transfers *all;
    struct loop_io io;
};

/* --- what the loop calls --- */

static void take_ends(struct transfers *t)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(t->multi, &left))) {
        CURL *easy = m->easy_handle;
        CURLcode result = m->data.result;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_multi_remove_handle(t->multi, easy);
        t->done(t->ctx, easy, result);
    }
}

static void on_ready(void *ctx, int events)
{
    struct watched *w = ctx;
    struct transfers *t = w->all; /* w may be gone after the call */
    int action = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
                 (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    int running;

    curl_multi_socket_action(t->multi, w->io.fd, action, &running);
    take_ends(t);
}

static void on_alarm(void *ctx)
{
    struct transfers *t = ctx;
    int running;

    curl_multi_socket_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_ends(t);
}

/* --- what libcurl calls --- */

static void unwatch(struct transfers *t, curl_socket_t fd, struct watched *w)
{
    if (!w)
        return;
    loop_io_want(&w->io, 0);
    curl_multi_assign(t->multi, fd, NULL);
    free(w);
}

/* 0, or -1, on which libcurl fails what is under way. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx,
                     void *socket_ctx)
{
    struct transfers *t = ctx;
    struct watched *w = socket_ctx;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        unwatch(t, fd, w);
        return 0;
    }
    if (!w) {
        w = malloc(sizeof *w);
        if (!w)
            return -1;
        w->all = t;
        loop_io_init(&w->io, t->loop, fd, on_ready, w);
        curl_multi_assign(t->multi, fd, w);
    }
    loop_io_want(&w->io, (what & CURL_POLL_IN ? LOOP_READ : 0) |
                             (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
    struct transfers *t = ctx;

    (void)multi;
    if (ms < 0)
        alarm_stop(t->alarm);
    else
        alarm_set(t->alarm, (uint64_t)ms);
    return 0;
}

/* --- life --- */

int transfers_new(struct transfers **out, struct loop *loop, long n,
                  transfer_done_fn done, void *ctx)
{
    struct transfers *t = calloc(1, sizeof *t);

    if (!t)
        return ERR_NOMEM;
    t->loop = loop;
    t->done = done;
    t->ctx = ctx;
    t->multi = curl_multi_init();
    if (!t->multi || alarm_new(&t->alarm, loop, on_alarm, t)) {
        transfers_free(t);
        return ERR_NOMEM;
    }
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, n);
    curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, n);
    *out = t;
    return 0;
}

void transfers_free(struct transfers *t)
{
    if (!t)
        return;
    if (t->multi)
        curl_multi_cleanup(t->multi); /* calls on_socket() */
    alarm_free(t->alarm);
    free(t);
}

int transfers_add(struct transfers *t, CURL *easy)
{
    return curl_multi_add_handle(t->multi, easy) == CURLM_OK ? 0 : ERR_NOMEM;
}

void transfers_remove(struct transfers *t, CURL *easy)
{
    curl_multi_remove_handle(t->multi, easy);
}
