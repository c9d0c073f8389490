/* SPDX-License-Identifier: BSD-2-Clause */
#include "users.h"

#include "err.h"
#include "table.h"

/* One line of the file. Its parts are in the copy of the text, from `at` on,
 * with a colon after each. */
struct entry {
    struct table_node node;
    size_t at;
    uint32_t line;
    uint8_t user_n, realm_n;
    uint8_t alg;
};

struct users {
    struct table table;
    struct entry *entries;
    char *text; /* the file, HA1 in lower case */
    size_t text_n;
};

/* What identifies an entry. */
struct key {
    struct span name; /* user ":" realm */
    size_t user_n;    /* a realm may contain colons */
    enum digest_alg alg;
    const char *text;
};

/* A line that is being read. */
struct line {
    struct span user, realm, ha1;
    enum digest_alg alg;
};

enum { FAULT_MAX = 96 };

/* --- finding --- */

static const struct entry *users_entry_of(const struct table_node *node)
{
    return (const struct entry *)(const void *)node; /* its first member */
}

static bool is_key_of(const struct table_node *node, const void *key)
{
    const struct entry *e = users_entry_of(node);
    const struct key *k = key;
    size_t n = (size_t)e->user_n + 1 + e->realm_n;

    return e->alg == k->alg && e->user_n == k->user_n &&
           span_eq(span_of(k->text + e->at, n), k->name);
}

static const struct entry *users_lookup(const struct users *u,
                                        const struct key *key)
{
    struct table_node *node =
        table_find(&u->table, table_hash(&u->table, key->name), is_key_of, key);

    return node ? users_entry_of(node) : NULL;
}

struct span users_find(const struct users *u, struct span user,
                       struct span realm, enum digest_alg alg)
{
    char name[USERS_NAME_MAX + 1 + USERS_NAME_MAX], *at;
    struct key key = {.user_n = user.n, .alg = alg, .text = u->text};
    const struct entry *e;

    if (!user.n || user.n > USERS_NAME_MAX || !realm.n ||
        realm.n > USERS_NAME_MAX)
        return SPAN("");
    at = span_put(span_put(span_put(name, user), SPAN(":")), realm);
    key.name = span_of(name, (size_t)(at - name));
    e = users_lookup(u, &key);
    if (!e)
        return SPAN("");
    return span_of(u->text + e->at + key.name.n + 1, digest_hex_len(alg));
}

size_t users_count(const struct users *u)
{
    return u->table.count;
}

static struct span realm_of(const struct users *u, const struct entry *e)
{
    return span_of(u->text + e->at + e->user_n + 1, e->realm_n);
}

bool users_have(const struct users *u, users_wants_fn wants, void *ctx)
{
    const struct entry *refused = NULL;

    for (size_t i = 0; i < u->table.count; i++) {
        const struct entry *e = &u->entries[i];

        if (refused && refused->alg == e->alg &&
            span_eq(realm_of(u, refused), realm_of(u, e)))
            continue;
        if (wants(ctx, realm_of(u, e), (enum digest_alg)e->alg))
            return true;
        refused = e;
    }
    return false;
}

/* --- reading --- */

/* The offset of the last colon, or s.n. */
static size_t find_last_colon(struct span s)
{
    const char *at = s.n ? memrchr(s.p, ':', s.n) : NULL;

    return at ? (size_t)(at - s.p) : s.n;
}

static const char not_ha1[] =
    "HA1 is not 32 or 64 hex digits: use msrprelayctl passwd";

/* Splits a line into its parts: NULL, or what is wrong with it. */
static const char *users_read_line(struct line *out, struct span text)
{
    size_t first = span_find(text, ':'), last = find_last_colon(text);

    if (span_has_control(text))
        return "control character";
    if (first == last)
        return "not user:realm:HA1";
    out->user = span_of(text.p, first);
    out->realm = span_of(text.p + first + 1, last - first - 1);
    out->ha1 = span_from(text, last + 1);
    if (!out->user.n || !out->realm.n)
        return "empty user or realm";
    if (out->user.n > USERS_NAME_MAX || out->realm.n > USERS_NAME_MAX)
        return "user or realm over 255 octets";
    if (out->ha1.n == digest_hex_len(DIGEST_MD5))
        out->alg = DIGEST_MD5;
    else if (out->ha1.n == digest_hex_len(DIGEST_SHA256))
        out->alg = DIGEST_SHA256;
    else
        return not_ha1;
    return span_is_hex(out->ha1) ? NULL : not_ha1;
}

/* Adds a line of u->text as the entry `e`: 0. If it is there already, returns
 * the line that it is in. */
static uint32_t users_add(struct users *u, struct entry *e,
                          const struct line *line, uint32_t number)
{
    size_t at = (size_t)(line->user.p - u->text);
    char *ha1 = u->text + (line->ha1.p - u->text);
    struct key key = {
        .name = span_of(line->user.p, line->user.n + 1 + line->realm.n),
        .user_n = line->user.n,
        .alg = line->alg,
        .text = u->text,
    };
    const struct entry *twin = users_lookup(u, &key);

    if (twin)
        return twin->line;
    for (size_t i = 0; i < line->ha1.n; i++)
        ha1[i] = char_lower(ha1[i]);
    *e = (struct entry){
        .at = at,
        .line = number,
        .user_n = (uint8_t)line->user.n,
        .realm_n = (uint8_t)line->realm.n,
        .alg = (uint8_t)line->alg,
    };
    table_add(&u->table, &e->node, table_hash(&u->table, key.name));
    return 0;
}

/* Reads all lines of u->text; ERR_CONFIG if one is malformed. */
static int read_lines(struct users *u, users_fault_fn fault, void *ctx)
{
    struct span rest = span_of(u->text, u->text_n);
    int err = 0;

    for (uint32_t number = 1; rest.n; number++) {
        struct span text = span_strip(span_cut(&rest, '\n'));
        char why[FAULT_MAX];
        struct line line;
        const char *what;

        if (!text.n)
            continue;
        what = users_read_line(&line, text);
        if (!what) {
            uint32_t twin =
                users_add(u, &u->entries[u->table.count], &line, number);

            if (!twin)
                continue;
            snprintf(why, sizeof why,
                     "same user, realm and algorithm as in line %u", twin);
            what = why;
        }
        fault(ctx, number, what);
        err = ERR_CONFIG;
    }
    return err;
}

/* How many entries may be needed: lines that may hold a user. */
static size_t count_lines(struct span rest)
{
    size_t n = 0;

    while (rest.n)
        if (span_strip(span_cut(&rest, '\n')).n)
            n++;
    return n;
}

int users_parse(struct users **out, struct span text, users_fault_fn fault,
                void *ctx)
{
    /* The operator chooses the names: no secret is needed. */
    static const uint64_t seed[2] = {0, 0};
    struct users *u = calloc(1, sizeof *u);
    size_t lines = count_lines(text);
    int err = ERR_NOMEM;

    if (!u || table_init(&u->table, seed))
        goto fail;
    /* One more, since calloc(0) may return NULL. */
    u->entries = calloc(lines + 1, sizeof *u->entries);
    u->text = malloc(text.n + 1);
    if (!u->entries || !u->text)
        goto fail;
    if (text.n)
        memcpy(u->text, text.p, text.n);
    u->text_n = text.n;
    err = read_lines(u, fault, ctx);
    if (err)
        goto fail;
    *out = u;
    return 0;
fail:
    users_free(u);
    return err;
}

void users_free(struct users *u)
{
    if (!u)
        return;
    if (u->text)
        explicit_bzero(u->text, u->text_n);
    free(u->text);
    free(u->entries);
    table_fini(&u->table);
    free(u);
}
