/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_request.h"

#include "bencode.h"
#include "err.h"
#include "ng_flags.h"

/* A request while it is read. */
struct reader {
    struct ng_request *r;
    struct span direction; /* the members of a list */
    bool has_direction;
};

enum kind { STRING, NUMBER, LIST };

/* A key that is read: where its value goes. */
struct key {
    const char *name;
    enum kind kind;
    size_t offset; /* in struct ng_request */
};

#define STRING_KEY(name, field)                                                \
    {                                                                          \
        (name), STRING, offsetof(struct ng_request, field)                     \
    }
#define LIST_KEY(name, field)                                                  \
    {                                                                          \
        (name), LIST, offsetof(struct ng_request, field)                       \
    }

static const struct key keys[] = {
    STRING_KEY("command", command),
    STRING_KEY("call-id", call_id),
    STRING_KEY("from-tag", from_tag),
    STRING_KEY("to-tag", to_tag),
    STRING_KEY("via-branch", via_branch),
    STRING_KEY("sdp", sdp),
    STRING_KEY("from-interface", from_interface),
    STRING_KEY("to-interface", to_interface),
    STRING_KEY("transport-protocol", transport_protocol),
    STRING_KEY("rtpp-flags", rtpp_flags),
    LIST_KEY("supports", supports),
    LIST_KEY("flags", flags),
    {"limit", NUMBER, offsetof(struct ng_request, limit)},
};
enum { KEYS = sizeof keys / sizeof *keys };

/* Is it the key of this name, however its words are joined? */
static bool is_key(struct span text, const char *name)
{
    if (text.n != strlen(name))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c != name[i] && !(name[i] == '-' && (c == '_' || c == ' ')))
            return false;
    }
    return true;
}

/* --- the dictionary --- */

static int read_number(int64_t *out, const struct bencode *v)
{
    uint64_t number;

    if (v->type == BENCODE_INTEGER) {
        *out = v->number;
        return 0;
    }
    if (v->type != BENCODE_STRING || span_u64(&number, v->text, INT64_MAX))
        return ERR_SYNTAX;
    *out = (int64_t)number;
    return 0;
}

static int read_known(struct ng_request *r, const struct key *k,
                      const struct bencode *v)
{
    char *field = (char *)r + k->offset;

    switch (k->kind) {
    case NUMBER:
        r->has_limit = true;
        return read_number((int64_t *)(void *)field, v);
    case STRING:
        if (v->type != BENCODE_STRING)
            return ERR_SYNTAX;
        break;
    case LIST:
        if (v->type != BENCODE_LIST)
            return ERR_SYNTAX;
        break;
    }
    *(struct span *)(void *)field = v->text;
    return 0;
}

/* [family, address] */
static void read_received_from(struct ng_request *r, const struct bencode *v)
{
    struct span rest = v->text;
    struct bencode item;

    if (v->type == BENCODE_LIST && bencode_next(&item, &rest) &&
        bencode_next(&item, &rest) && item.type == BENCODE_STRING)
        r->received_from = item.text;
}

static int read_member(struct reader *in, uint32_t *seen, struct span key,
                       const struct bencode *v)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (!is_key(key, keys[i].name))
            continue;
        if (*seen & 1u << i)
            return 0;
        *seen |= 1u << i;
        return read_known(in->r, &keys[i], v);
    }
    if (is_key(key, "direction") && !in->has_direction) {
        if (v->type != BENCODE_LIST)
            return ERR_SYNTAX;
        in->direction = v->text;
        in->has_direction = true;
    } else if (is_key(key, "received-from") && in->r->received_from.n == 0) {
        read_received_from(in->r, v);
    }
    return 0;
}

/* --- lists --- */

static bool list_has(struct span list, struct span word)
{
    struct bencode v;

    while (bencode_next(&v, &list))
        if (v.type == BENCODE_STRING && span_eq(v.text, word))
            return true;
    return false;
}

static bool is_protocol(struct span word)
{
    return span_eq(word, SPAN("TCP/MSRP")) ||
           span_eq(word, SPAN("TCP/TLS/MSRP"));
}

static void fill(struct span *field, struct span value)
{
    if (field->n == 0)
        *field = value;
}

static void read_lists(struct reader *in)
{
    struct span rest = in->r->flags;
    struct bencode v;

    in->r->supports_load_limit = list_has(in->r->supports, SPAN("load limit"));
    in->r->is_fatal = list_has(in->r->flags, SPAN("fatal"));
    while (bencode_next(&v, &rest)) /* */
        if (v.type == BENCODE_STRING && is_protocol(v.text))
            fill(&in->r->transport_protocol, v.text);
    if (bencode_next(&v, &in->direction) && v.type == BENCODE_STRING)
        fill(&in->r->from_interface, v.text);
    if (bencode_next(&v, &in->direction) && v.type == BENCODE_STRING)
        fill(&in->r->to_interface, v.text);
}

/* --- rtpp-flags --- */

/* Which directions the words have named so far: the first two count. */
struct directions {
    struct span names[2];
    size_t n;
};

static void add_direction(struct directions *d, struct span name)
{
    if (name.n && d->n < 2)
        d->names[d->n++] = name;
}

static void read_value(struct ng_request *r, struct directions *d,
                       const struct ng_flag *f)
{
    struct span rest = f->value, word;

    if (is_key(f->key, "direction"))
        while ((word = ng_flags_word(&rest)).n)
            add_direction(d, word);
    else if (is_key(f->key, "from-interface"))
        fill(&r->from_interface, f->value);
    else if (is_key(f->key, "to-interface"))
        fill(&r->to_interface, f->value);
    else if (is_key(f->key, "transport-protocol"))
        fill(&r->transport_protocol, f->value);
    else if (is_key(f->key, "from-tag"))
        r->from_tag = f->value;
    else if (is_key(f->key, "to-tag"))
        r->to_tag = f->value;
    else if (is_key(f->key, "call-id"))
        r->call_id = f->value;
}

static void read_word(struct ng_request *r, struct directions *d,
                      struct span word)
{
    if (span_eq(word, SPAN("fatal")))
        r->is_fatal = true;
    else if (span_eq(word, SPAN("internal")) || span_eq(word, SPAN("external")))
        add_direction(d, word);
    else if (is_protocol(word))
        fill(&r->transport_protocol, word);
}

/* What the dictionary says already, stays; but for the three that say which
 * call and dialogue it is. */
static void read_rtpp_flags(struct ng_request *r)
{
    struct span rest = r->rtpp_flags;
    struct directions d = {.n = 0};
    struct ng_flag f;

    while (ng_flags_next(&f, &rest)) {
        if (f.has_value)
            read_value(r, &d, &f);
        else
            read_word(r, &d, f.key);
    }
    fill(&r->from_interface, d.names[0]);
    fill(&r->to_interface, d.names[1]);
}

int ng_request_read(struct ng_request *out, struct span document)
{
    struct reader in = {.r = out};
    struct span rest = span_of(document.p + 1, document.n - 2);
    struct bencode key, value;
    uint32_t seen = 0;
    int err = 0;

    memset(out, 0, sizeof *out);
    while (!err && bencode_next(&key, &rest) && bencode_next(&value, &rest))
        err = read_member(&in, &seen, key.text, &value);
    if (err)
        return err;
    read_lists(&in);
    read_rtpp_flags(out);
    return 0;
}
