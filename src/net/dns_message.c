/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns_message.h"

#include <stdlib.h>

#include "err.h"
#include "str.h"

enum {
    HEADER = 12,
    QUESTION_TAIL = 4, /* type, class */
    IS_ANSWER = 0x80,  /* in the third octet */
    POINTER = 0xc0,
    LABEL_MAX = 63,
    SRV_HEAD = 6, /* priority, weight, port */
    CNAME = 5,
    ALIASES_MAX = 8, /* followed, one after another */
};

/* A place in a message. */
struct reader {
    const unsigned char *message;
    size_t n;
    size_t at; /* <= n */
};

static size_t left(const struct reader *r)
{
    return r->n - r->at;
}

/* The next two octets, which must be there. */
static uint16_t take_u16(struct reader *r)
{
    const unsigned char *p = r->message + r->at;

    r->at += 2;
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t take_u32(struct reader *r)
{
    uint32_t high = take_u16(r);

    return high << 16 | take_u16(r);
}

static int skip_name(struct reader *r)
{
    while (left(r)) {
        unsigned char c = r->message[r->at++];

        if (c >= POINTER) {
            if (!left(r))
                return ERR_SYNTAX;
            r->at++;
            return 0;
        }
        if (c == 0)
            return 0;
        if (c > LABEL_MAX || c > left(r))
            return ERR_SYNTAX;
        r->at += c;
    }
    return ERR_SYNTAX;
}

/* Only what a host's name may have, and the underscore. */
static bool dns_message_is_label(struct span label)
{
    for (size_t i = 0; i < label.n; i++)
        if (!char_is_alpha(label.p[i]) && !char_is_digit(label.p[i]) &&
            label.p[i] != '-' && label.p[i] != '_')
            return false;
    return true;
}

static int add_label(char *dst, size_t *len, struct span label)
{
    size_t dot = *len > 0;

    if (!dns_message_is_label(label) || *len + dot + label.n > DNS_NAME_MAX)
        return ERR_SYNTAX;
    if (dot)
        dst[(*len)++] = '.';
    memcpy(dst + *len, label.p, label.n);
    *len += label.n;
    return 0;
}

/* The name at r as text with a NUL, into dst (DNS_NAME_MAX + 1). A pointer must
 * lead back to before all that was read since the last one: so it ends. */
static int read_name(char *dst, struct reader r)
{
    size_t len = 0, begun = r.at;
    int err = 0;

    while (!err && left(&r)) {
        unsigned char c = r.message[r.at++];

        if (c >= POINTER) {
            if (!left(&r))
                return ERR_SYNTAX;
            r.at = (size_t)(c & ~POINTER) << 8 | r.message[r.at];
            if (r.at >= begun)
                return ERR_SYNTAX;
            begun = r.at;
            continue;
        }
        if (c > LABEL_MAX || c > left(&r))
            return ERR_SYNTAX;
        if (c == 0) {
            dst[len] = '\0';
            return 0;
        }
        err = add_label(dst, &len, span_of((const char *)r.message + r.at, c));
        r.at += c;
    }
    return ERR_SYNTAX;
}

static int read_addr(union dns_record *out, sa_family_t family,
                     const struct reader *data)
{
    const unsigned char *p = data->message + data->at;
    struct addr a = {.len = 0};

    if (family == AF_INET) {
        if (left(data) != sizeof a.in4.sin_addr)
            return ERR_SYNTAX;
        a.len = sizeof a.in4;
        a.in4.sin_family = family;
        memcpy(&a.in4.sin_addr, p, sizeof a.in4.sin_addr);
    } else {
        if (left(data) != sizeof a.in6.sin6_addr)
            return ERR_SYNTAX;
        a.len = sizeof a.in6;
        a.in6.sin6_family = family;
        memcpy(&a.in6.sin6_addr, p, sizeof a.in6.sin6_addr);
    }
    out->addr = a;
    return 0;
}

/* The target may point back into the message, but not beyond its own data. */
static int read_srv(union dns_record *out, struct reader data)
{
    struct dns_srv srv = {.priority = 0};

    if (left(&data) <= SRV_HEAD)
        return ERR_SYNTAX;
    srv.priority = take_u16(&data);
    srv.weight = take_u16(&data);
    srv.port = take_u16(&data);
    if (read_name(srv.target, data))
        return ERR_SYNTAX;
    out->srv = srv;
    return 0;
}

static int read_data(union dns_record *out, enum dns_type type,
                     const struct reader *data)
{
    switch (type) {
    case DNS_A:
        return read_addr(out, AF_INET, data);
    case DNS_AAAA:
        return read_addr(out, AF_INET6, data);
    case DNS_SRV:
        return read_srv(out, *data);
    }
    return ERR_SYNTAX;
}

/* One record of the answer section. */
struct record {
    struct reader owner;
    struct reader data; /* up to its end */
    uint32_t ttl_s;
    uint16_t type;
};

/* Passes over the owner and the data; type 0 is what has another class. */
static int take_record(struct record *out, struct reader *r)
{
    uint16_t its_class, size;

    out->owner = *r;
    if (skip_name(r) || left(r) < 10)
        return ERR_SYNTAX;
    out->type = take_u16(r);
    its_class = take_u16(r);
    out->ttl_s = take_u32(r);
    size = take_u16(r);
    if (size > left(r))
        return ERR_SYNTAX;
    out->data = (struct reader){r->message, r->at + size, r->at};
    r->at += size;
    if (out->ttl_s > INT32_MAX) /* RFC 2181, 8 */
        out->ttl_s = 0;
    if (its_class != DNS_CLASS_IN)
        out->type = 0;
    return 0;
}

static bool is_owner(const struct record *record, const char *name)
{
    char owner[DNS_NAME_MAX + 1];

    return read_name(owner, record->owner) == 0 &&
           span_ieq(span_str(owner), span_str(name));
}

/* What the records say so far. */
struct found {
    char name[DNS_NAME_MAX + 1]; /* that was asked, or what it is called */
    union dns_record records[DNS_RECORDS_MAX];
    size_t n;
    uint32_t ttl_s;
};

static void heed_ttl(struct found *f, const struct record *record)
{
    if (record->ttl_s < f->ttl_s)
        f->ttl_s = record->ttl_s;
}

/* Is the name an alias by one of the `answers` at r? Takes its target. */
static bool take_alias(struct found *f, struct reader r, unsigned answers)
{
    struct record record;
    char target[DNS_NAME_MAX + 1];

    while (answers-- && take_record(&record, &r) == 0)
        if (record.type == CNAME && is_owner(&record, f->name) &&
            read_name(target, record.data) == 0) {
            memcpy(f->name, target, sizeof f->name);
            heed_ttl(f, &record);
            return true;
        }
    return false;
}

/* What is about another name, has another type or makes no sense is passed
 * over. */
static int take_records(struct found *f, enum dns_type type, struct reader *r,
                        unsigned answers)
{
    struct record record;

    while (answers--) {
        int err = take_record(&record, r);

        if (err)
            return err;
        if (record.type != type || f->n == DNS_RECORDS_MAX ||
            !is_owner(&record, f->name) ||
            read_data(&f->records[f->n], type, &record.data))
            continue;
        f->n++;
        heed_ttl(f, &record);
    }
    return 0;
}

static int skip_questions(struct reader *r, unsigned questions)
{
    for (; questions; questions--) {
        if (skip_name(r) || left(r) < QUESTION_TAIL)
            return ERR_SYNTAX;
        r->at += QUESTION_TAIL;
    }
    return 0;
}

static int dns_message_read_all(struct found *f, enum dns_type type,
                                struct reader *r)
{
    uint16_t questions, answers;
    int aliases = 0, err;

    if (left(r) < HEADER || !(r->message[2] & IS_ANSWER))
        return ERR_SYNTAX;
    r->at = 4;
    questions = take_u16(r);
    answers = take_u16(r);
    r->at = HEADER;
    err = skip_questions(r, questions);
    if (err)
        return err;
    while (aliases < ALIASES_MAX && take_alias(f, *r, answers))
        aliases++;
    return take_records(f, type, r, answers);
}

int dns_answer_read(struct dns_answer **out, const char *name,
                    enum dns_type type, const unsigned char *message, size_t n)
{
    struct reader r = {message, n, 0};
    struct found f = {.ttl_s = UINT32_MAX};
    struct dns_answer *a;
    int err;

    span_copy(f.name, sizeof f.name, span_str(name));
    err = dns_message_read_all(&f, type, &r);
    if (err)
        return err;
    if (!f.n)
        return ERR_NOT_FOUND;
    a = malloc(sizeof *a + f.n * sizeof *f.records);
    if (!a)
        return ERR_NOMEM;
    a->refs = 1;
    a->ttl_s = f.ttl_s;
    a->n = f.n;
    memcpy(a->records, f.records, f.n * sizeof *f.records);
    *out = a;
    return 0;
}

struct dns_answer *dns_answer_ref(struct dns_answer *a)
{
    a->refs++;
    return a;
}

void dns_answer_unref(struct dns_answer *a)
{
    if (a && --a->refs == 0)
        free(a);
}
