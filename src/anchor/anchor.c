/* SPDX-License-Identifier: BSD-2-Clause */
#include "anchor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "anchor_private.h"
#include "err.h"
#include "relay.h"
#include "rnd.h"

enum { WARNING_MAX = 1024, SDP_ANSWER_MAX = 400 * 1024 };

static const char *const error_names[ANCHOR_ERRORS] = {
#define ANCHOR_ERROR_NAME(name, label, text) [name] = (label),
    ANCHOR_ERRORS_LIST(ANCHOR_ERROR_NAME)
#undef ANCHOR_ERROR_NAME
};

static const char *const error_texts[ANCHOR_ERRORS] = {
#define ANCHOR_ERROR_TEXT(name, label, text) [name] = (text),
    ANCHOR_ERRORS_LIST(ANCHOR_ERROR_TEXT)
#undef ANCHOR_ERROR_TEXT
};

const char *anchor_error_name(enum anchor_error error)
{
    return error_names[error];
}

void anchor_refuse(struct anchor *a, struct ng_reply *reply,
                   enum anchor_error error)
{
    a->stats.errors[error]++;
    ng_reply_error(reply, error_texts[error]);
}

static bool is_too_long(const struct ng_request *r)
{
    return r->call_id.n > NAME_MAX_OCTETS || r->from_tag.n > NAME_MAX_OCTETS ||
           r->to_tag.n > NAME_MAX_OCTETS || r->via_branch.n > NAME_MAX_OCTETS;
}

bool anchor_misses(struct anchor *a, const struct ng_request *request,
                   struct ng_reply *reply, bool tags, bool to_tag)
{
    if (tags && request->sdp.n == 0)
        anchor_refuse(a, reply, ANCHOR_NO_SDP);
    else if (request->call_id.n == 0)
        anchor_refuse(a, reply, ANCHOR_NO_CALL_ID);
    else if (tags && request->from_tag.n == 0)
        anchor_refuse(a, reply, ANCHOR_NO_FROM_TAG);
    else if (to_tag && request->to_tag.n == 0)
        anchor_refuse(a, reply, ANCHOR_NO_TO_TAG);
    else if (is_too_long(request))
        anchor_refuse(a, reply, ANCHOR_TOO_LONG);
    else
        return false;
    return true;
}

/* --- what offers and answers have in common --- */

void exchange_init(struct exchange *x, struct anchor *a,
                   const struct ng_request *request, struct ng_reply *reply)
{
    x->anchor = a;
    x->request = request;
    x->reply = reply;
    x->n_edits = 0;
    text_init(&x->warning, WARNING_MAX);
}

void exchange_fini(struct exchange *x)
{
    text_fini(&x->warning);
}

/* What does not fit is left out. */
void exchange_warn(struct exchange *x, const char *fmt, ...)
{
    char line[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (x->warning.n)
        text_put(&x->warning, SPAN("; "));
    text_put(&x->warning, span_str(line));
}

bool exchange_read(struct exchange *x)
{
    int err = sdp_parse(&x->sdp, x->request->sdp,
                        x->anchor->setup->settings.path_uris);

    if (err) {
        anchor_refuse(x->anchor, x->reply,
                      err == ERR_LIMIT ? ANCHOR_MANY_SECTIONS : ANCHOR_BAD_SDP);
        return false;
    }
    for (size_t i = 0; i < x->sdp.n; i++)
        if (x->sdp.sections[i].kind == SDP_WITHOUT_PATH)
            exchange_warn(x, "section %u has no usable path",
                          x->sdp.sections[i].index + 1);
    return true;
}

size_t exchange_usable(const struct exchange *x)
{
    size_t n = 0;

    for (size_t i = 0; i < x->sdp.n; i++)
        n += x->sdp.sections[i].kind == SDP_USABLE;
    return n;
}

struct sdp_edit *exchange_edit(struct exchange *x, unsigned index,
                               enum sdp_protocol protocol,
                               const struct anchor_interface *i,
                               struct span uri, enum sdp_setup setup)
{
    struct sdp_edit *e = &x->edits[x->n_edits++];

    *e = (struct sdp_edit){
        .index = index,
        .protocol = protocol,
        .port = i->port,
        .family = i->family,
        .address = i->address,
        .uri = uri,
        .setup = setup,
    };
    if (sdp_protocol_is_secure(protocol)) {
        e->prints = x->anchor->setup->prints;
        e->n_prints = x->anchor->setup->n_prints;
    }
    return e;
}

/* What does not fit is refused by the caller of anchor_request(). */
int exchange_answer(struct exchange *x)
{
    struct text sdp;
    int err;

    text_init(&sdp, SDP_ANSWER_MAX);
    sdp_rewrite(&sdp, x->request->sdp, x->edits, x->n_edits);
    err = sdp.err;
    if (err) {
        anchor_refuse(x->anchor, x->reply, ANCHOR_NO_MEMORY);
    } else {
        ng_reply_text(x->reply, "result", SPAN("ok"));
        ng_reply_text(x->reply, "sdp", text_span(&sdp));
        if (x->warning.n) {
            x->anchor->stats.warnings++;
            ng_reply_text(x->reply, "warning", text_span(&x->warning));
        }
        err = ng_reply_fits(x->reply) ? 0 : ERR_FULL;
    }
    text_fini(&sdp);
    return err;
}

/* --- commands --- */

static void anchor_ping(struct anchor *a, const struct ng_request *request,
                        struct ng_reply *reply)
{
    (void)a;
    (void)request;
    ng_reply_text(reply, "result", SPAN("pong"));
}

static const struct {
    const char *name;
    void (*fn)(struct anchor *a, const struct ng_request *request,
               struct ng_reply *reply);
} commands[] = {
    {"ping", anchor_ping},
    {"offer", anchor_offer},
    {"answer", anchor_answer},
    {"delete", anchor_delete},
    {"query", anchor_query},
    {"list", anchor_calls},
    {"statistics", anchor_statistics},
};

void anchor_request(void *ctx, const struct ng_request *request,
                    struct ng_reply *reply)
{
    struct anchor *a = ctx;

    relay_clock(a->relay, loop_now_ms(a->loop));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (span_eq(request->command, span_str(commands[i].name))) {
            commands[i].fn(a, request, reply);
            return;
        }
    }
    anchor_refuse(a, reply, ANCHOR_UNRECOGNIZED);
}

/* --- the anchor --- */

int anchor_new(struct anchor **out, struct loop *loop, struct relay *r,
               const struct anchor_ops *ops, void *ctx)
{
    struct anchor *a = calloc(1, sizeof *a);
    uint64_t seed[2];
    struct rnd rnd;
    int err;

    if (!a)
        return ERR_NOMEM;
    a->loop = loop;
    a->relay = r;
    a->ops = *ops;
    a->ctx = ctx;
    a->began_ms = loop_now_ms(loop);
    list_init(&a->by_age);
    list_init(&a->members);
    list_init(&a->walks);
    rnd_init(&rnd);
    rnd_bytes(&rnd, seed, sizeof seed);
    err = table_init(&a->calls, seed);
    if (!err)
        err = timer_fifo_new(&a->offer_timer, loop, 1000, on_offer_timeout);
    if (err) {
        anchor_free(a);
        return err;
    }
    *out = a;
    return 0;
}

void anchor_free(struct anchor *a)
{
    struct list *m;

    if (!a)
        return;
    while ((m = list_first(&a->by_age)))
        call_free(CONTAINER(m, struct call, by_age), ANCHORED_SHUTDOWN);
    timer_fifo_free(a->offer_timer);
    anchor_abandon(a->setup);
    table_fini(&a->calls);
    free(a);
}

/* In one block: the spans, then their texts. */
static struct span *copy_prints(const struct span *prints, size_t n)
{
    size_t octets = n * sizeof *prints;
    struct span *copy;
    char *to;

    for (size_t i = 0; i < n; i++)
        octets += prints[i].n;
    copy = malloc(octets ? octets : 1);
    if (!copy)
        return NULL;
    to = (char *)(copy + n);
    for (size_t i = 0; i < n; i++)
        copy[i] = span_keep(&to, prints[i]);
    return copy;
}

int anchor_prepare(struct anchor_setup **out, const struct anchor_settings *s)
{
    struct anchor_setup *setup = calloc(1, sizeof *setup);
    int err;

    if (!setup)
        return ERR_NOMEM;
    setup->settings = *s;
    setup->settings.places = NULL;
    setup->settings.prints = NULL;
    setup->n_prints = s->n_prints;
    setup->prints = copy_prints(s->prints, s->n_prints);
    err = setup->prints ? anchor_interfaces_init(&setup->interfaces, s->places,
                                                 s->n_places)
                        : ERR_NOMEM;
    if (err)
        anchor_abandon(setup);
    else
        *out = setup;
    return err;
}

void anchor_commit(struct anchor *a, struct anchor_setup *setup)
{
    anchor_abandon(a->setup);
    a->setup = setup;
    timer_fifo_set_length(a->offer_timer, setup->settings.offer_timeout_ms);
}

void anchor_abandon(struct anchor_setup *setup)
{
    if (!setup)
        return;
    anchor_interfaces_fini(&setup->interfaces);
    free(setup->prints);
    free(setup);
}

void anchor_tick(struct anchor *a, uint64_t octets)
{
    uint64_t now_ms = loop_now_ms(a->loop), passed = now_ms - a->tick_ms;

    if (passed == 0)
        return;
    a->byte_rate = (octets - a->octets) * 1000 / passed;
    a->octets = octets;
    a->tick_ms = now_ms;
}

void anchor_stats(const struct anchor *a, struct anchor_stats *out)
{
    *out = a->stats;
    out->pairs_now = a->n_pairs;
    out->pending_now = a->n_pending;
}
