/* SPDX-License-Identifier: BSD-2-Clause */
#include "inbox.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "codes.h"
#include "err.h"
#include "uri.h"

/* A message of which something has come. */
struct incoming {
    struct list link;
    struct table_node node;
    struct item *item; /* NULL once it is finished */
    uint64_t length;   /* MSG_STAR until the chunk with `$` tells */
    uint64_t total;    /* what Byte-Range says of it */
    unsigned code;     /* 200, or why it failed */
    size_t id_n, from_n;
    char key[]; /* Message-ID and From-Path */
};

static struct incoming *of_link(const struct list *link)
{
    return link ? CONTAINER(link, struct incoming, link) : NULL;
}

static struct incoming *of_node(const struct table_node *node)
{
    return node ? CONTAINER(node, struct incoming, node) : NULL;
}

/* --- messages ------------------------------------------------------------- */

/* The same Message-ID from another session is another message. */
struct key {
    struct span id, from;
};

static struct span id_of(const struct incoming *m)
{
    return span_of(m->key, m->id_n);
}

static bool has_key(const struct table_node *node, const void *key)
{
    const struct incoming *m = of_node(node);
    const struct key *k = key;

    return span_eq(id_of(m), k->id) &&
           span_eq(span_of(m->key + m->id_n, m->from_n), k->from);
}

static struct incoming *incoming_new(const struct key *k, uint64_t total)
{
    struct incoming *m = calloc(1, sizeof *m + k->id.n + k->from.n);

    if (!m)
        return NULL;
    m->length = MSG_STAR;
    m->total = total;
    m->code = 200;
    m->id_n = k->id.n;
    m->from_n = k->from.n;
    memcpy(m->key, k->id.p, k->id.n);
    memcpy(m->key + k->id.n, k->from.p, k->from.n);
    list_init(&m->link);
    return m;
}

static void forget_oldest(struct inbox *b)
{
    struct incoming *m = of_link(list_take_first(&b->known));

    table_remove(&b->by_key, &m->node);
    b->n_known--;
    free(m);
}

/* It is over, well or not: it is only kept to be recognised. */
static void settle(struct inbox *b, struct incoming *m)
{
    m->item = NULL;
    list_remove(&m->link);
    b->n_open--;
    list_append(&b->known, &m->link);
    if (++b->n_known > INBOX_KNOWN_MAX)
        forget_oldest(b);
    b->received++;
}

static void fail(struct inbox *b, struct incoming *m, unsigned code,
                 const char *why)
{
    screen_note(b->screen, "incoming message %.*s failed: %s",
                SPAN_ARG(id_of(m)), why);
    b->any_failed = true;
    m->code = code;
    (void)store_drop(m->item);
    settle(b, m);
}

static bool name_from_head(char name[FNAME_MAX + 1], const struct msg *head)
{
    struct span disposition;

    return (msg_header(&disposition, head, SPAN("Content-Disposition")) &&
            fname_from_disposition(name, disposition)) ||
           fname_clean(name, msg_text(head, head->message_id));
}

/* Begins a message with a place in the store: 0, or the code to refuse it
 * with. */
static unsigned begin(struct inbox *b, struct incoming *m)
{
    char name[FNAME_MAX + 1];

    if (b->n_open >= INBOX_OPEN_MAX || !name_from_head(name, &b->head))
        return 413;
    if (store_begin(&m->item, b->store, name)) {
        screen_note(b->screen, "cannot receive a message: %s", strerror(errno));
        b->any_failed = true;
        return 413;
    }
    list_append(&b->open, &m->link);
    b->n_open++;
    table_add(&b->by_key, &m->node, table_hash(&b->by_key, id_of(m)));
    return 0;
}

/* --- answers -------------------------------------------------------------- */

static bool may_answer(const struct inbox *b, unsigned code)
{
    switch (b->head.failure_report) {
    case MSG_REPORT_NO:
        return false;
    case MSG_REPORT_PARTIAL:
        return code != 200;
    case MSG_REPORT_YES:
        return true;
    }
    return true;
}

/* Answers the request at hand, once (table 4.1 of RFC 4975's digest: its 7.1.4
 * and 7.2). */
static int answer(struct inbox *b, unsigned code)
{
    const struct msg *head = &b->head;
    struct slice to = head->method == MSG_SEND ? head->from_first : head->from;
    struct span tid = msg_text(head, head->tid);
    struct frame f;

    if (b->answered)
        return 0;
    b->answered = true;
    if (!may_answer(b, code))
        return 0;
    frame_init(&f);
    frame_response(&f, tid, code, code_comment(code));
    frame_header(&f, SPAN("To-Path"), msg_text(head, to));
    frame_header(&f, SPAN("From-Path"), b->own);
    frame_end(&f, tid, '$');
    return tx_frame(b->tx, &f);
}

static int refuse(struct inbox *b, unsigned code)
{
    b->message = NULL;
    return answer(b, code);
}

/* A success REPORT over the whole message (R4975-7.1.3-a, -b). */
static int report(struct inbox *b, const struct incoming *m)
{
    char tid[TX_TID];
    struct frame f;

    tx_new_tid(b->tx, tid);
    frame_init(&f);
    frame_request(&f, span_of(tid, TX_TID), SPAN("REPORT"));
    frame_header(&f, SPAN("To-Path"), msg_text(&b->head, b->head.from));
    frame_header(&f, SPAN("From-Path"), b->own);
    frame_header(&f, SPAN("Message-ID"), id_of(m));
    frame_range(&f, 1, m->length, m->length);
    frame_status(&f, 200, code_comment(200));
    frame_end(&f, span_of(tid, TX_TID), '$');
    return tx_frame(b->tx, &f);
}

/* --- requests ------------------------------------------------------------- */

static void copy_head(struct inbox *b, const struct msg *head)
{
    assert(head->len <= INBOX_HEAD_MAX);
    memcpy(b->text, head->base, head->len);
    b->head = *head;
    b->head.base = b->text;
    b->message = NULL;
    b->at = head->range_start - 1;
    b->body = 0;
    b->answered = false;
    b->busy = true;
}

/* R4975-7.3-a: an end of a session sees one URI, its own. */
static bool is_for_us(const struct inbox *b)
{
    struct uri to, own;

    return b->head.n_to == 1 &&
           uri_parse(&to, msg_text(&b->head, b->head.to_first)) == 0 &&
           uri_parse(&own, b->own) == 0 && uri_equal(&to, &own);
}

static bool is_type_taken(const struct inbox *b)
{
    struct span type, text = SPAN("text/"), cpim = SPAN("message/cpim");

    if (b->store->kind != STORE_TEXT)
        return true;
    if (!msg_header(&type, &b->head, SPAN("Content-Type")))
        return false;
    return (type.n >= text.n && span_ieq(span_of(type.p, text.n), text)) ||
           (type.n >= cpim.n && span_ieq(span_of(type.p, cpim.n), cpim));
}

/* What is wrong with the request, as the code to answer; 0 for nothing. */
static unsigned judge(const struct inbox *b)
{
    if (b->head.fault)
        return 400;
    if (!is_for_us(b))
        return 481;
    if (b->head.method != MSG_SEND)
        return 501;
    if (b->head.has_body && !is_type_taken(b))
        return 415;
    return 0;
}

/* The message of the SEND at hand, begun if it is new. */
static int find_message(struct inbox *b)
{
    struct key key = {msg_text(&b->head, b->head.message_id),
                      msg_text(&b->head, b->head.from)};
    struct incoming *m = of_node(
        table_find(&b->by_key, table_hash(&b->by_key, key.id), has_key, &key));
    unsigned code;

    if (m) {
        b->message = m;
        return m->code == 200 ? 0 : refuse(b, m->code);
    }
    m = incoming_new(&key, b->head.range_total);
    if (!m)
        return ERR_NOMEM;
    code = begin(b, m);
    if (code) {
        free(m);
        return refuse(b, code);
    }
    b->message = m;
    return 0;
}

int inbox_on_head(struct inbox *b, const struct msg *head)
{
    unsigned code;

    if (head->from.n == 0)
        return ERR_SYNTAX; /* M-2 */
    copy_head(b, head);
    code = judge(b);
    if (code)
        return refuse(b, code);
    return head->has_body ? find_message(b) : 0;
}

int inbox_on_body(struct inbox *b, struct span octets)
{
    struct incoming *m = b->message;
    uint64_t end = b->at + octets.n;
    int err;

    b->body += octets.n;
    if (!m || !m->item)
        return 0;
    if (end > MSG_RANGE_MAX || end > m->length) {
        fail(b, m, 400, "longer than announced");
        return refuse(b, 400);
    }
    err = store_put(m->item, b->at, octets);
    if (err) {
        fail(b, m, 413, err_reason(err));
        return refuse(b, 413);
    }
    b->at = end;
    return 0;
}

static int complete(struct inbox *b, struct incoming *m)
{
    char name[FNAME_MAX + 1];

    if (store_finish(m->item, name)) {
        screen_note(b->screen, "cannot store a message: %s", strerror(errno));
        b->any_failed = true;
        m->code = 413;
        settle(b, m);
        return refuse(b, 413);
    }
    if (name[0] && !b->quiet)
        screen_note(b->screen, "received %s, %" PRIu64 " octets", name,
                    m->length);
    settle(b, m);
    return 0;
}

/* The end of a chunk of an open message. */
static int chunk_end(struct inbox *b, struct incoming *m, char flag)
{
    if (flag == '#') {
        fail(b, m, 413, "aborted by its sender");
        b->message = NULL;
        return 0;
    }
    if (flag == '$' && m->length == MSG_STAR) {
        m->length = b->at;
        if (ranges_end(&m->item->got) > m->length) {
            fail(b, m, 400, "longer than announced");
            return refuse(b, 400);
        }
    }
    if (m->length != MSG_STAR && ranges_cover(&m->item->got, m->length))
        return complete(b, m);
    return 0;
}

int inbox_on_end(struct inbox *b, char flag)
{
    struct incoming *m = b->message;
    bool was_open = m && m->item;
    int err = 0;

    b->busy = false;
    if (was_open)
        err = chunk_end(b, m, flag);
    if (!err)
        err = answer(b, 200);
    /* Now, or when it comes again: what is whole is reported. */
    m = b->message;
    if (err || !m || m->item || m->code != 200 ||
        b->head.success_report != MSG_REPORT_YES)
        return err;
    return was_open || flag == '$' ? report(b, m) : 0;
}

/* --- the whole ------------------------------------------------------------ */

int inbox_init(struct inbox *b, struct span own, struct store *store,
               struct tx *tx, struct rnd *rnd, struct screen *screen)
{
    uint64_t seed[2];
    int err;

    *b = (struct inbox){.own = own, .tx = tx, .screen = screen, .store = store};
    list_init(&b->open);
    list_init(&b->known);
    b->text = malloc(INBOX_HEAD_MAX);
    if (!b->text)
        return ERR_NOMEM;
    rnd_bytes(rnd, seed, sizeof seed);
    err = table_init(&b->by_key, seed);
    if (err)
        free(b->text);
    return err;
}

void inbox_fini(struct inbox *b)
{
    list_move_all(&b->known, &b->open);
    while (!list_is_empty(&b->known))
        free(of_link(list_take_first(&b->known)));
    table_fini(&b->by_key);
    free(b->text);
}

bool inbox_knows_session(const struct inbox *b)
{
    return b->busy && !b->head.fault && is_for_us(b);
}

bool inbox_is_amid(const struct inbox *b)
{
    return b->busy || b->n_open > 0;
}

bool inbox_progress(const struct inbox *b, uint64_t *done, uint64_t *total)
{
    const struct incoming *m = b->message;

    if (!b->busy || !m || !m->item || b->store->kind == STORE_TEXT)
        return false;
    *done = ranges_count(&m->item->got);
    *total = m->total;
    return true;
}
