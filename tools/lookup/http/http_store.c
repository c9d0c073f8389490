/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_store.h"

#include <stdlib.h>

#include "err.h"
#include "http_answer.h"
#include "retry.h"
#include "template.h"
#include "transfers.h"

enum {
    BODY_MAX = 16 * 1024, /* octets of an answer */
    POST_MAX = 1024 * 1024,
    PARAMETER_MAX = HELPER_LINE_MAX + 16
};

struct http_store {
    const struct http_options *options;
    struct helper *helper;
    struct transfers *transfers;
    CURLU *url; /* without its user */
    char *user; /* libcurl's; NULL: none */
    struct curl_slist *headers;
    enum template_form form;
    struct list under_way;
    /* While it cannot be reached, nobody waits for it. */
    unsigned failures; /* in a row */
    uint64_t again_ms; /* until then */
    char why[HELPER_WHY_MAX];
};

/* A question under way. */
struct request {
    struct list link;
    struct http_store *store;
    struct question *q; /* NULL: answered */
    CURL *easy;
    CURLU *url;
    struct text post, body;
    char fault[CURL_ERROR_SIZE];
};

/* --- options --- */

#define AT(member) .at = offsetof(struct http_options, member)

static const struct cmdline_option rows[] = {
    {.help = "Store:"},
    {.name = "post",
     .argument = "TEMPLATE",
     .kind = CMDLINE_TEXT,
     AT(post),
     .help = "POST this, in which %u is the user, %r the realm and %a the "
             "algorithm, instead of a GET with them in the query"},
    {.name = "type",
     .argument = "MIME",
     .kind = CMDLINE_TEXT,
     AT(type),
     .initial = "application/x-www-form-urlencoded",
     .help = "the media type of what is posted; of JSON, values are quoted "
             "as JSON requires"},
};

const struct helper_usage http_usage = {
    .program = "msrprelay-lookup-http",
    .operand = "URL",
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
    .has = HELPER_HAS_TLS,
};

/* --- requests --- */

static void request_free(struct request *r)
{
    list_remove(&r->link);
    if (r->easy)
        curl_easy_cleanup(r->easy);
    curl_url_cleanup(r->url);
    text_fini(&r->post);
    if (r->body.p)
        explicit_bzero(r->body.p, r->body.n);
    text_fini(&r->body);
    free(r);
}

/* Adds name=VALUE to the query of the URL. */
static int add_parameter(struct request *r, struct span name, struct span value)
{
    struct text text;
    int err;

    text_init(&text, PARAMETER_MAX);
    text_put(&text, name);
    text_put(&text, value);
    text_put(&text, span_of("", 1));
    err = text.err;
    if (!err && curl_url_set(r->url, CURLUPART_QUERY, text.p,
                             CURLU_APPENDQUERY | CURLU_URLENCODE))
        err = ERR_NOMEM;
    text_fini(&text);
    return err;
}

static int set_get(struct request *r)
{
    int err = add_parameter(r, SPAN("user="), r->q->user);

    if (!err)
        err = add_parameter(r, SPAN("realm="), r->q->realm);
    if (!err)
        err = add_parameter(r, SPAN("algorithm="), digest_alg_name(r->q->alg));
    return err;
}

static int set_post(struct request *r)
{
    const struct http_store *s = r->store;

    template_put(&r->post, s->options->post, s->form, r->q);
    curl_easy_setopt(r->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE, (long)r->post.n);
    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, r->post.p);
    return r->post.err;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct request *r = ctx;

    text_put(&r->body, span_of(p, size * n));
    return r->body.err ? 0 : size * n;
}

static void set_credentials(struct request *r)
{
    const struct http_store *s = r->store;
    const char *secret = s->options->common.secret;

    if (s->user) {
        curl_easy_setopt(r->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(r->easy, CURLOPT_USERNAME, s->user);
        curl_easy_setopt(r->easy, CURLOPT_PASSWORD, secret ? secret : "");
    } else if (secret) {
        curl_easy_setopt(r->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(r->easy, CURLOPT_XOAUTH2_BEARER, secret);
    }
}

/* Neither the environment nor the server's answer can lead elsewhere. */
static void set_options(struct request *r)
{
    const struct http_store *s = r->store;
    const struct helper_options *o = &s->options->common;
    CURL *e = r->easy;

    curl_easy_setopt(e, CURLOPT_CURLU, r->url);
    curl_easy_setopt(e, CURLOPT_PRIVATE, r);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, r->fault);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, s->headers);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "msrprelay-lookup/" MSRP_VERSION);
    if (o->ca_file) {
        curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file);
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    }
    if (o->insecure) {
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    set_credentials(r);
}

static int request_new(struct request **out, struct http_store *s,
                       struct question *q)
{
    struct request *r = calloc(1, sizeof *r);
    int err;

    if (!r)
        return ERR_NOMEM;
    list_init(&r->link);
    r->store = s;
    r->q = q;
    text_init(&r->post, POST_MAX);
    text_init(&r->body, BODY_MAX);
    r->url = curl_url_dup(s->url);
    r->easy = curl_easy_init();
    if (!r->url || !r->easy) {
        request_free(r);
        return ERR_NOMEM;
    }
    set_options(r);
    err = s->options->post ? set_post(r) : set_get(r);
    if (err)
        request_free(r);
    else
        *out = r;
    return err;
}

/* --- what becomes of them --- */

static bool is_unreachable(CURLcode result)
{
    return result == CURLE_COULDNT_CONNECT ||
           result == CURLE_COULDNT_RESOLVE_HOST ||
           result == CURLE_SSL_CONNECT_ERROR ||
           result == CURLE_PEER_FAILED_VERIFICATION;
}

/* Those that were under way at the same time count once. Only the first one is
 * noted: in the text are times, which are never the same. */
static void note_failure(struct http_store *s, const char *why)
{
    uint64_t now_ms = loop_now_ms(helper_loop(s->helper));

    if (now_ms < s->again_ms)
        return;
    if (s->failures == 0)
        helper_note(s->helper, "%s", why);
    s->again_ms = now_ms + retry_ms(++s->failures);
    snprintf(s->why, sizeof s->why, "%s", why);
}

static void note_success(struct http_store *s)
{
    if (s->failures)
        helper_note(s->helper, "the service answers again");
    s->failures = 0;
    s->again_ms = 0;
}

static void on_done(void *ctx, CURL *easy, CURLcode result)
{
    struct http_store *s = ctx;
    struct request *r;
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &r);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK) {
        note_success(s);
        http_answer(r->q, status, text_span(&r->body));
    } else {
        const char *why = *r->fault ? r->fault : curl_easy_strerror(result);
        char line[HELPER_WHY_MAX];

        if (r->body.err == ERR_FULL)
            why = "the service's answer is too long";
        helper_one_line(line, sizeof line, why);
        if (is_unreachable(result))
            note_failure(s, line);
        helper_answer_error(r->q, line);
    }
    request_free(r);
}

static void ask(void *store, struct question *q)
{
    struct http_store *s = store;
    struct request *r;
    int err;

    if (loop_now_ms(helper_loop(s->helper)) < s->again_ms) {
        helper_answer_error(q, s->why);
        return;
    }
    err = request_new(&r, s, q);
    if (!err) {
        err = transfers_add(s->transfers, r->easy);
        if (err)
            request_free(r);
    }
    if (err) {
        helper_answer_error(q, err_text(err));
        return;
    }
    q->place = r;
    list_append(&s->under_way, &r->link);
}

static void request_drop(struct request *r)
{
    transfers_remove(r->store->transfers, r->easy);
    request_free(r);
}

static void forget(void *store, struct question *q)
{
    (void)store;
    request_drop(q->place);
}

static const struct store_ops store_ops = {ask, forget};

/* --- life --- */

static bool is_json(const char *type)
{
    struct span rest = span_str(type);
    struct span name = span_trim(span_cut(&rest, ';'));

    return name.n >= 5 &&
           (span_ieq(span_from(name, name.n - 5), SPAN("/json")) ||
            span_ieq(span_from(name, name.n - 5), SPAN("+json")));
}

static bool has_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(u, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

static bool is_http(CURLU *u)
{
    char *scheme = NULL;
    bool is = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

    curl_free(scheme);
    return is;
}

static int use_url(struct http_store *s, char why[CMDLINE_WHY])
{
    s->url = curl_url();
    if (!s->url)
        return ERR_NOMEM;
    if (curl_url_set(s->url, CURLUPART_URL, s->options->common.store, 0) ||
        !is_http(s->url))
        return cmdline_refuse(why, "not a URL of http:// or https://");
    if (has_part(s->url, CURLUPART_PASSWORD))
        return cmdline_refuse(why, "the URL must not have a password; use "
                                   "--secret-file");
    if (curl_url_get(s->url, CURLUPART_USER, &s->user, CURLU_URLDECODE))
        s->user = NULL;
    curl_url_set(s->url, CURLUPART_USER, NULL, 0);
    return 0;
}

static int add_header(struct http_store *s, const char *line)
{
    struct curl_slist *list = curl_slist_append(s->headers, line);

    if (!list)
        return ERR_NOMEM;
    s->headers = list;
    return 0;
}

static int use_headers(struct http_store *s, char why[CMDLINE_WHY])
{
    const struct http_options *o = s->options;
    char line[256];
    int err = add_header(s, "Accept: application/json, text/plain");

    if (err || !o->post)
        return err;
    if (!template_is_valid(o->post))
        return cmdline_refuse(why, "--post has an unknown %% or no %%u");
    for (const char *c = o->type; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            return cmdline_refuse(why, "--type is not a media type");
    if (strlen(o->type) > sizeof line - 32)
        return cmdline_refuse(why, "--type is too long");
    s->form = is_json(o->type) ? TEMPLATE_JSON : TEMPLATE_URL;
    snprintf(line, sizeof line, "Content-Type: %s", o->type);
    return add_header(s, line);
}

int http_store_start(struct helper_options *o, struct helper *h,
                     const struct store_ops **ops, void **store,
                     char why[CMDLINE_WHY])
{
    struct http_store *s = calloc(1, sizeof *s);
    int err;

    if (!s)
        return ERR_NOMEM;
    *store = s;
    *ops = &store_ops;
    s->options = (const struct http_options *)o;
    s->helper = h;
    list_init(&s->under_way);
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return ERR_NOMEM;
    err = use_url(s, why);
    if (!err)
        err = use_headers(s, why);
    if (!err)
        err = transfers_new(&s->transfers, helper_loop(h), (long)o->connections,
                            on_done, s);
    return err;
}

void http_store_stop(struct helper_options *o, void *store)
{
    struct http_store *s = store;
    struct list *m;

    (void)o;
    if (!s)
        return;
    while ((m = list_first(&s->under_way))) {
        struct request *r = CONTAINER(m, struct request, link);

        helper_answer_error(r->q, "the helper ends");
        request_drop(r);
    }
    transfers_free(s->transfers);
    curl_url_cleanup(s->url);
    curl_free(s->user);
    curl_slist_free_all(s->headers);
    curl_global_cleanup();
    free(s);
}
