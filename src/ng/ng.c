/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng.h"

#include <stdlib.h>
#include <time.h>

#include "bencode.h"
#include "datagram.h"
#include "err.h"
#include "ng_frame.h"
#include "ng_json.h"
#include "ng_private.h"

enum { JSON_AS_BENCODE_MAX = 4 * NG_MESSAGE_MAX };

uint64_t ng_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool ng_permits(struct ng *ng, const struct addr *peer)
{
    char text[ADDR_TEXT_MAX];

    if (ng->allow && cidr_list_has(ng->allow, peer))
        return true;
    ng->stats.refused++;
    log_warn(ng->log, "c=0 ng refused reason=\"not in anchor.allow\" peer=%s",
             addr_text(text, peer));
    return false;
}

/* --- from a message to its answer --- */

/* Asks the owner. */
static void ask(struct ng *ng, struct span document)
{
    struct ng_request request;

    if (ng_request_read(&request, document)) {
        ng->stats.undecodable++;
        ng_reply_error(&ng->reply, "Key of a wrong type in dictionary");
    } else if (request.command.n == 0) {
        ng_reply_error(&ng->reply, "Dictionary contains no key \"command\"");
    } else {
        ng->fn(ng->ctx, &request, &ng->reply);
    }
}

static void refuse_undecodable(struct ng *ng)
{
    ng->stats.undecodable++;
    ng_reply_error(&ng->reply, "Failed to decode dictionary");
}

static void read_json(struct ng *ng, struct span document)
{
    struct text bencode;

    text_init(&bencode, JSON_AS_BENCODE_MAX);
    if (ng_json_read(&bencode, document))
        refuse_undecodable(ng);
    else
        ask(ng, text_span(&bencode));
    text_fini(&bencode);
}

/* The first octet says what it is. */
static void read_document(struct ng *ng, const struct ng_frame *f)
{
    char first = f->document.n ? f->document.p[0] : '\0';

    ng_reply_begin(&ng->reply, f->cookie, first == '{');
    if (first == '{') {
        read_json(ng, f->document);
    } else if (first != 'd') {
        ng->stats.undecodable++;
        ng_reply_error(&ng->reply, "Invalid NG data format");
    } else if (bencode_check(f->document)) {
        refuse_undecodable(ng);
    } else {
        ask(ng, f->document);
    }
}

struct span ng_answer(struct ng *ng, const struct addr *from,
                      struct span message, size_t max)
{
    uint64_t now_ms = loop_now_ms(ng->loop);
    struct ng_frame f;
    struct span answer;

    if (ng_frame_split(&f, message)) {
        ng->stats.dropped++;
        return SPAN("");
    }
    ng->stats.requests++;
    answer = ng_memory_find(&ng->memory, from, message, now_ms);
    if (answer.n) {
        ng->stats.duplicates++;
        return answer;
    }
    ng_reply_init(&ng->reply, ng->reply.p, max);
    read_document(ng, &f);
    if (ng_reply_end(&ng->reply)) {
        ng->stats.too_large++;
        ng_reply_error(&ng->reply, "Reply too large");
        (void)ng_reply_end(&ng->reply);
    }
    answer = ng_reply_span(&ng->reply);
    ng_memory_add(&ng->memory, from, message, answer, now_ms);
    return answer;
}

/* --- the server --- */

int ng_new(struct ng **out, struct loop *loop, struct log *log,
           ng_request_fn fn, void *ctx)
{
    struct ng *ng = calloc(1, sizeof *ng);
    int err;

    if (!ng)
        return ERR_NOMEM;
    ng->loop = loop;
    ng->log = log;
    ng->fn = fn;
    ng->ctx = ctx;
    list_init(&ng->sockets);
    ng_tcp_init(ng);
    err = ng_memory_init(&ng->memory);
    if (err)
        free(ng);
    else
        *out = ng;
    return err;
}

void ng_free(struct ng *ng)
{
    struct list *m;

    if (!ng)
        return;
    while ((m = list_first(&ng->sockets)))
        ng_socket_close(CONTAINER(m, struct ng_socket, of_ng));
    ng_tcp_fini(ng);
    ng_memory_fini(&ng->memory);
    free(ng->reply.p);
    free(ng->datagram);
    free(ng);
}

void ng_configure(struct ng *ng, const struct cidr_list *allow)
{
    ng->allow = allow;
}

void ng_tick(struct ng *ng)
{
    ng_memory_expire(&ng->memory, loop_now_ms(ng->loop));
}

/* Where nobody asks, nothing is held. */
static int have_buffers(struct ng *ng)
{
    char *p;

    if (!ng->datagram)
        ng->datagram = malloc(DATAGRAM_MAX + 1);
    if (!ng->reply.p) {
        p = malloc(NG_REPLY_MAX);
        ng_reply_init(&ng->reply, p, p ? NG_REPLY_MAX : 0);
    }
    return ng->datagram && ng->reply.p ? 0 : ERR_NOMEM;
}

int ng_socket_open(struct ng_socket **out, struct ng *ng, bool is_tcp,
                   const struct addr *at)
{
    struct ng_socket *s = calloc(1, sizeof *s);
    int err = s ? have_buffers(ng) : ERR_NOMEM;

    if (!s)
        return err;
    s->ng = ng;
    s->is_tcp = is_tcp;
    s->at = *at;
    s->fd = -1;
    list_init(&s->of_ng);
    if (!err)
        err = is_tcp ? ng_tcp_open(s) : ng_udp_open(s);
    if (err) {
        free(s);
        return err;
    }
    list_append(&ng->sockets, &s->of_ng);
    *out = s;
    return 0;
}

void ng_socket_close(struct ng_socket *s)
{
    if (!s)
        return;
    if (s->listener)
        listener_drain(s->listener);
    listener_free(s->listener);
    ng_udp_close(s);
    list_remove(&s->of_ng);
    free(s);
}

const struct addr *ng_socket_addr(const struct ng_socket *s)
{
    return &s->at;
}

void ng_stats(const struct ng *ng, struct ng_stats *out)
{
    *out = ng->stats;
    out->connections = ng->tcp.n;
    out->remembered = ng->memory.table.count;
}
