/* SPDX-License-Identifier: BSD-2-Clause */
/* What a link may carry, by what its other end showed: certificates, whether
 * relays.names admits them, on links that came and links that were dialled, in
 * both versions of TLS (S-1, S-3, S-4). One row for each kind of certificate.
 */
#include "chain.h"
#include "cmocka_all.h"
#include "peer_relay.h"

/* What a link turns out to be. */
enum worth {
    USERS,   /* a relay's: speaks for users, and they are reached over it */
    ITSELF,  /* a lone peer's */
    NOBODY,  /* it stands, and whatever is said on it is refused */
    NOTHING, /* it does not come up */
};

static const char *const worths[] = {"a relay's", "a lone peer's", "nobody's",
                                     "none"};

enum authority { OURS, ANOTHER };

struct row {
    const char *what;
    const char *san; /* %s is the host's name; NULL: no certificate */
    enum authority authority;
    bool expired;
    /* relays.names is empty, has the host, or does not have it. */
    enum worth came[3], dialled[3];
};

/* Without one: a host that is dialled has a certificate, but asks for none of
 * ours, as no relay does. One that relays.names lists has to (S-1 b). */
static const struct row rows[] = {
    {"its own name",
     "DNS:%s",
     OURS,
     false,
     {USERS, USERS, ITSELF},
     {USERS, USERS, ITSELF}},
    {"a wildcard",
     "DNS:*.%s",
     OURS,
     false,
     {USERS, USERS, ITSELF},
     {USERS, USERS, ITSELF}},
    {"its name among others",
     "DNS:first.test,DNS:%s",
     OURS,
     false,
     {USERS, USERS, ITSELF},
     {USERS, USERS, ITSELF}},
    {"another name",
     "DNS:another.%s",
     OURS,
     false,
     {NOBODY, NOBODY, ITSELF},
     {NOTHING, NOTHING, NOTHING}},
    {"another authority",
     "DNS:%s",
     ANOTHER,
     false,
     {NOTHING, NOTHING, NOTHING},
     {NOTHING, NOTHING, NOTHING}},
    {"expired",
     "DNS:%s",
     OURS,
     true,
     {NOTHING, NOTHING, NOTHING},
     {NOTHING, NOTHING, NOTHING}},
    {"none",
     NULL,
     OURS,
     false,
     {ITSELF, ITSELF, ITSELF},
     {ITSELF, NOTHING, ITSELF}},
};

enum names { ANY, LISTED, NOT_LISTED };

struct bench {
    struct scene *s;
    struct client *alice;
    struct tls_files *others; /* of another authority */
    unsigned n;               /* hosts so far */
};

/* --- one host ------------------------------------------------------------- */

/* A host that was never met. */
static const char *new_name(struct bench *b, enum names names)
{
    return scene_text(b->s, "h%u.%s", ++b->n,
                      names == NOT_LISTED ? "out.test" : "in.test");
}

static const char *san_for(struct bench *b, const struct row *row,
                           const char *name)
{
    const char *at = row->san ? strstr(row->san, "%s") : NULL;

    if (!at)
        return NULL;
    if (strstr(row->san, ".%s")) /* of its domain */
        name = strchr(name, '.') + 1;
    return scene_text(b->s, "%.*s%s", (int)(at - row->san), row->san, name);
}

/* The code of the answer; 0: the connection ended instead. */
static unsigned code_of(struct client *c, const struct request *r)
{
    struct scene *s = c->scene;
    const char *tid = request_say(c, r);

    while (c->state != CLIENT_ENDED && list_is_empty(&c->got))
        scene_turn(s, now_ms() + DEADLINE_MS);
    return c->state == CLIENT_ENDED ? 0 : request_answer(c, tid)->head.code;
}

/* --- links that came ------------------------------------------------------ */

static void assert_is_reached(struct bench *b, struct client *c)
{
    const struct request r = {.to = scene_text(b->s, "%s %s", b->alice->uri,
                                               peer_relay_from(c, "bob"))};

    request_expect_code(b->alice, request_say(b->alice, &r), 200);
    talk_answer(c, talk_expect(c, "SEND"), 200);
    request_expect_none(c); /* the answer is there */
}

/* What it says for a user, then for itself under a name that it has not. */
static enum worth worth_of_speech(struct bench *b, struct client *c)
{
    struct request r = {.to = request_way_to(b->alice),
                        .from = peer_relay_from(c, "bob")};
    unsigned code = code_of(c, &r);

    if (code == 200) {
        talk_answer(b->alice, talk_expect(b->alice, "SEND"), 200);
        assert_is_reached(b, c);
        return USERS;
    }
    if (code == 0)
        return NOTHING;
    assert_int_equal(code, 403);
    r.from = scene_text(b->s, "msrps://lone%u.invalid:9/x;tcp", b->n);
    code = code_of(c, &r);
    if (code == 403)
        return NOBODY;
    assert_int_equal(code, 200);
    talk_answer(b->alice, talk_expect(b->alice, "SEND"), 200);
    return ITSELF;
}

static enum worth came(struct bench *b, const struct row *row, enum names names,
                       int version)
{
    const char *name = new_name(b, names);
    const struct peer_relay_opts opts = {
        .name = name,
        .san = san_for(b, row, name),
        .files = row->authority == ANOTHER ? b->others : NULL,
        .expired = row->expired,
        .bare = !row->san,
        .version = version};
    struct client *c = peer_relay_try(b->s, &opts);
    enum worth worth = worth_of_speech(b, c);

    if (c->state != CLIENT_ENDED)
        client_close(c);
    request_expect_none(b->alice);
    return worth;
}

/* --- links that are dialled ----------------------------------------------- */

static struct host *new_host(struct bench *b, const struct row *row,
                             enum names names, int version)
{
    const char *name = new_name(b, names);

    return host_new(b->s, &(struct host_opts){.name = name,
                                              .tls = true,
                                              .san = san_for(b, row, name),
                                              .files = row->authority == ANOTHER
                                                           ? b->others
                                                           : NULL,
                                              .expired = row->expired,
                                              .incurious = !row->san,
                                              .version = version});
}

/* Does what alice says to this path arrive at the host? */
static bool arrives(struct bench *b, struct host *h, const char *to)
{
    const struct request r = {.to = to};
    unsigned code = code_of(b->alice, &r);
    struct client *c;

    if (code == 200) {
        c = host_accept(h);
        talk_answer(c, talk_expect(c, "SEND"), 200);
        request_expect_none(c); /* the answer is there */
        return true;
    }
    assert_true(code == 403 || code == 408);
    return false;
}

static enum worth dialled(struct bench *b, const struct row *row,
                          enum names names, int version)
{
    struct host *h = new_host(b, row, names, version);

    if (arrives(b, h,
                scene_text(b->s, "%s msrps://bob.test:4000/bob;tcp",
                           host_path(b->alice, h))))
        return USERS;
    h = new_host(b, row, names, version);
    return arrives(b, h, host_path(b->alice, h)) ? ITSELF : NOTHING;
}

/* --- all ------------------------------------------------------------------ */

static void try_row(struct bench *b, const struct row *row, enum names names)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const char *const texts[] = {"any", "listed", "not listed"};

    for (size_t i = 0; i < 2; i++) {
        enum worth a = came(b, row, names, versions[i]);
        enum worth d = dialled(b, row, names, versions[i]);

        if (a != row->came[names] || d != row->dialled[names])
            fail_msg("%s, names: %s, TLS 1.%zu: came as %s, not %s; dialled as "
                     "%s, not %s",
                     row->what, texts[names], i + 2, worths[a],
                     worths[row->came[names]], worths[d],
                     worths[row->dialled[names]]);
    }
}

static void try_rows(void **state, const struct outside_opts *opts,
                     enum names from, enum names to)
{
    struct bench b = {.s = outside_start(state, opts),
                      .others = tls_files_new()};

    b.alice = login(b.s, "alice");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (enum names names = from; names <= to; names++)
            try_row(&b, &rows[i], names);
    tls_files_free(b.others);
}

static void any_host_may_be_a_relay(void **state)
{
    try_rows(state, NULL, ANY, ANY);
}

static void only_hosts_that_are_named_are_relays(void **state)
{
    static const struct outside_opts opts = {
        .relay.groups = "relays: { names = [ \"*.in.test\" ]; };"};

    try_rows(state, &opts, LISTED, NOT_LISTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(any_host_may_be_a_relay),
        E2E_TEST(only_hosts_that_are_named_are_relays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
