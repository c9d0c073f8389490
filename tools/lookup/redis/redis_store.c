/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis_store.h"

#include <stdlib.h>

#include "err.h"
#include "links.h"
#include "redis_conn.h"
#include "store_url.h"
#include "template.h"

enum {
    PORT = 6379,
    INPUT_BLOCK = 16 * 1024,
    OUTPUT_MAX = 32 * 1024 * 1024, /* the longest questions there may be */
    KEY_MAX = 128 * 1024
};

struct redis_store {
    struct links *links; /* first: links_store_ops */
    struct redis_target target;
    struct store_url url;
    char tls_name[STORE_URL_HOST_MAX + 3];
    const char *key;
};

/* --- options --- */

static const struct cmdline_option rows[] = {
    {.help = "Store:"},
    {.name = "key",
     .argument = "TEMPLATE",
     .kind = CMDLINE_TEXT,
     .at = offsetof(struct redis_options, key),
     .initial = "msrp:%r:%u",
     .help = "the key of a user's hash: %u is the user, %r the realm"},
};

const struct helper_usage redis_usage = {
    .program = "msrprelay-lookup-redis",
    .operand = "redis://[USER@]HOST[:PORT][/DATABASE]",
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
    .has = HELPER_HAS_TLS,
};

/* --- answers --- */

static bool has_value(const redisReply *r)
{
    return r->type == REDIS_REPLY_STRING && r->len > 0;
}

/* The hash, or else the password; that of an unknown user are both nil. */
static void answer(struct question *q, const redisReply *r)
{
    if (r->type != REDIS_REPLY_ARRAY || r->elements != 2)
        helper_answer_error(q, "unexpected reply");
    else if (has_value(r->element[0]))
        helper_answer_ha1(q, span_of(r->element[0]->str, r->element[0]->len));
    else if (has_value(r->element[1]))
        helper_answer_password(q,
                               span_of(r->element[1]->str, r->element[1]->len));
    else
        helper_answer_none(q);
}

static void on_reply(struct link *l, const redisReply *r)
{
    struct question *q = link_answered(l);

    if (r->type == REDIS_REPLY_ERROR)
        helper_answer_error(q, r->str);
    else if (q)
        answer(q, r);
}

/* --- the driver --- */

static void *open_conn(struct link *l)
{
    const struct redis_store *s = link_store(l);

    return redis_conn_open(&s->target, l, on_reply);
}

static void ask(struct link *l, const struct question *q)
{
    const struct redis_store *s = link_store(l);
    const struct span hash =
        q->alg == DIGEST_MD5 ? SPAN("ha1") : SPAN("ha1_sha256");
    struct text key;

    text_init(&key, KEY_MAX);
    template_put(&key, s->key, TEMPLATE_PLAIN, q);
    if (key.err) {
        link_fail(l, "%s", err_text(key.err));
    } else {
        struct span words[] = {SPAN("HMGET"), text_span(&key), hash,
                               SPAN("password")};

        redis_conn_send(link_state(l), 4, words);
    }
    text_fini(&key);
}

static void close_conn(struct link *l)
{
    redis_conn_close(link_state(l));
}

static const struct link_driver driver = {
    .depth = 128,
    .open = open_conn,
    .ask = ask,
    .close = close_conn,
};

/* --- life --- */

static int use_url(struct redis_store *s, char why[CMDLINE_WHY],
                   const struct helper_options *o, bool *tls)
{
    uint64_t database;
    int err = store_url_parse(&s->url, why, span_str(o->store));

    if (err)
        return err;
    *tls = strcmp(s->url.scheme, "rediss") == 0;
    if (!*tls && strcmp(s->url.scheme, "redis") != 0)
        return cmdline_refuse(why, "the URL begins with neither redis:// nor "
                                   "rediss://");
    if (*s->url.name && span_u64(&database, span_str(s->url.name), UINT32_MAX))
        return cmdline_refuse(why, "the database is not a number");
    if (*s->url.user && !o->secret)
        return cmdline_refuse(why, "a user requires --secret-file");
    return 0;
}

static void use_target(struct redis_store *s, const char *secret)
{
    struct redis_target *t = &s->target;
    bool is_ipv6 = strchr(s->url.host, ':');

    snprintf(t->port, sizeof t->port, "%u",
             s->url.port ? (unsigned)s->url.port : (unsigned)PORT);
    snprintf(s->tls_name, sizeof s->tls_name, is_ipv6 ? "[%s]" : "%s",
             s->url.host);
    t->host = s->url.host;
    t->tls_name = span_str(s->tls_name);
    t->user = *s->url.user ? s->url.user : NULL;
    t->password = secret;
    t->database = *s->url.name ? s->url.name : NULL;
}

static int use_tls(struct redis_store *s, char why[CMDLINE_WHY],
                   const struct helper_options *o)
{
    const struct tls_settings settings = {.certificate = "",
                                          .private_key = "",
                                          .ca_file =
                                              o->ca_file ? o->ca_file : "",
                                          .ciphers = "",
                                          .ciphersuites = "",
                                          .insecure = o->insecure};
    enum tls_fault fault;

    return tls_client_new(&s->target.tls, &settings, &fault, why);
}

static int make_net(struct redis_store *s, struct helper *h)
{
    const struct net_settings settings = {
        .input_size = INPUT_BLOCK,
        .read_per_turn = 4 * INPUT_BLOCK,
        .output_max = OUTPUT_MAX,
        .handshake_ms = helper_timeout_ms(h),
        .stall_ms = helper_timeout_ms(h),
        .sock.nodelay = true,
    };

    return net_new(&s->target.net, helper_loop(h), &settings);
}

int redis_store_start(struct helper_options *o, struct helper *h,
                      const struct store_ops **ops, void **store,
                      char why[CMDLINE_WHY])
{
    const struct redis_options *own = (const struct redis_options *)o;
    struct redis_store *s = calloc(1, sizeof *s);
    bool tls = false;
    int err;

    if (!s)
        return ERR_NOMEM;
    *store = s;
    *ops = &links_store_ops;
    s->key = own->key;
    if (!template_is_valid(s->key))
        return cmdline_refuse(why, "--key has an unknown %% or no %%u");
    err = use_url(s, why, o, &tls);
    if (err)
        return err;
    use_target(s, o->secret);
    if (tls)
        err = use_tls(s, why, o);
    if (!err)
        err = make_net(s, h);
    if (!err)
        err = links_new(&s->links, h, o->connections, &driver, s, o->store);
    return err;
}

void redis_store_stop(struct helper_options *o, void *store)
{
    struct redis_store *s = store;

    (void)o;
    if (!s)
        return;
    links_free(s->links);
    if (s->target.net)
        net_free(s->target.net);
    tls_ctx_unref(s->target.tls);
    free(s);
}
