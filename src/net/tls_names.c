/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_names.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "cert.h"
#include "err.h"

enum { NAME_MAX_OCTETS = 255 }; /* RFC 1035, 2.3.4 */

/* The certificate in a file. */
struct tls_cert {
    X509 *x509;           /* owned */
    GENERAL_NAMES *names; /* owned; NULL: it has none */
    int kind;             /* of its key */
};

/* The certificates for a name, by their places; of each kind one. */
struct tls_choice {
    size_t places[TLS_KINDS_MAX];
    size_t n;
};

/* A name that certificates have, perhaps with a wildcard, and its context. */
struct tls_named {
    struct span name; /* in the certificate's memory */
    struct tls_choice choice;
    struct tls_ctx *ctx; /* a reference */
};

struct tls_names {
    const struct tls_pair *pairs; /* of the settings, while it is made */
    struct tls_cert *certs;
    size_t n;
    struct tls_named *named; /* by name */
    size_t n_named;
};

/* --- certificates --- */

static int cert_read(struct tls_cert *out, const char *path,
                     const struct tls_report *r)
{
    BIO *file = BIO_new_file(path, "r");
    X509 *cert = file ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;

    BIO_free(file);
    ERR_clear_error();
    if (!cert)
        return tls_fail(r, TLS_FAULT_CERTIFICATE,
                        "cannot read a certificate "
                        "in %s",
                        path);
    out->x509 = cert;
    out->names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    out->kind = EVP_PKEY_get_base_id(X509_get0_pubkey(cert));
    return 0;
}

/* Its i-th name; empty for what is no dNSName. */
static struct span cert_name(const struct tls_cert *c, int i)
{
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(c->names, i);

    if (name->type != GEN_DNS)
        return SPAN("");
    return span_of((const char *)ASN1_STRING_get0_data(name->d.dNSName),
                   (size_t)ASN1_STRING_length(name->d.dNSName));
}

/* What a wildcard has to be followed by; empty: a wildcard has none of it. */
static struct span domain_of(struct span name)
{
    size_t label = span_find(name, '.');

    return label ? span_from(name, label) : SPAN("");
}

/* Does this name of a certificate stand for `name`? */
static bool is_name_for(struct span own, struct span name)
{
    struct span domain = domain_of(name);

    if (span_ieq(own, name))
        return true;
    return own.n > 1 && own.p[0] == '*' && domain.n > 1 &&
           span_ieq(span_from(own, 1), domain);
}

static bool cert_is_for(const struct tls_cert *c, struct span name, bool exact)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(c->names); i++) {
        struct span own = cert_name(c, i);

        if (own.n && (exact ? span_ieq(own, name) : is_name_for(own, name)))
            return true;
    }
    return false;
}

/* --- choosing --- */

static bool choice_has_kind(const struct tls_choice *choice,
                            const struct tls_names *names, int kind)
{
    for (size_t i = 0; i < choice->n; i++)
        if (names->certs[choice->places[i]].kind == kind)
            return true;
    return false;
}

static struct tls_choice choose(const struct tls_names *names, struct span name)
{
    struct tls_choice choice = {.n = 0};

    for (int exact = 1; exact >= 0; exact--)
        for (size_t i = 0; i < names->n && choice.n < TLS_KINDS_MAX; i++)
            if (cert_is_for(&names->certs[i], name, exact) &&
                !choice_has_kind(&choice, names, names->certs[i].kind))
                choice.places[choice.n++] = i;
    return choice;
}

/* What the first certificate is called. */
static struct span first_name(const struct tls_names *names)
{
    const struct tls_cert *first = &names->certs[0];

    for (int i = 0; i < sk_GENERAL_NAME_num(first->names); i++)
        if (cert_name(first, i).n)
            return cert_name(first, i);
    return SPAN("");
}

static struct tls_choice choose_usual(const struct tls_names *names)
{
    struct tls_choice choice = choose(names, first_name(names));

    return choice.n ? choice : (struct tls_choice){.n = 1};
}

static size_t take_pairs(struct tls_pair dst[TLS_KINDS_MAX],
                         const struct tls_names *names,
                         const struct tls_choice *choice)
{
    for (size_t i = 0; i < choice->n; i++)
        dst[i] = names->pairs[choice->places[i]];
    return choice->n;
}

size_t tls_names_choose(struct tls_pair dst[TLS_KINDS_MAX],
                        const struct tls_names *names, struct span name)
{
    struct tls_choice choice = choose(names, name);

    if (choice.n == 0)
        choice = choose_usual(names);
    return take_pairs(dst, names, &choice);
}

/* --- contexts --- */

static bool is_same_choice(const struct tls_choice *a,
                           const struct tls_choice *b)
{
    return a->n == b->n &&
           memcmp(a->places, b->places, a->n * sizeof *a->places) == 0;
}

/* The context of another name with this choice; NULL: there is none yet. */
static struct tls_ctx *made_before(const struct tls_names *names,
                                   const struct tls_choice *choice)
{
    for (size_t i = 0; i < names->n_named; i++)
        if (is_same_choice(&names->named[i].choice, choice))
            return names->named[i].ctx;
    return NULL;
}

static bool has_name(const struct tls_names *names, struct span name)
{
    for (size_t i = 0; i < names->n_named; i++)
        if (span_ieq(names->named[i].name, name))
            return true;
    return false;
}

static int make_name(struct tls_names *names, struct span name,
                     const struct tls_settings *s, const struct tls_report *r)
{
    struct tls_named *named = &names->named[names->n_named];
    struct tls_pair pairs[TLS_KINDS_MAX];
    struct tls_ctx *ctx;
    size_t n;
    int err = 0;

    named->name = name;
    named->choice = choose(names, name);
    ctx = made_before(names, &named->choice);
    n = take_pairs(pairs, names, &named->choice);
    if (ctx)
        tls_ctx_ref(ctx);
    else
        err = tls_server_with(&ctx, s, pairs, n, r);
    if (err)
        return err;
    named->ctx = ctx;
    names->n_named++;
    return 0;
}

static int make_cert(struct tls_names *names, const struct tls_cert *c,
                     const struct tls_settings *s, const struct tls_report *r)
{
    int err = 0;

    for (int i = 0; !err && i < sk_GENERAL_NAME_num(c->names); i++) {
        struct span name = cert_name(c, i);

        if (name.n && name.n <= NAME_MAX_OCTETS && !has_name(names, name))
            err = make_name(names, name, s, r);
    }
    return err;
}

static size_t count_names(const struct tls_names *names)
{
    size_t n = 0;

    for (size_t i = 0; i < names->n; i++)
        if (names->certs[i].names)
            n += (size_t)sk_GENERAL_NAME_num(names->certs[i].names);
    return n;
}

static int compare(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;

    for (size_t i = 0; i < n; i++) {
        int diff = char_lower(a.p[i]) - char_lower(b.p[i]);

        if (diff)
            return diff;
    }
    return (a.n > b.n) - (a.n < b.n);
}

static int by_name(const void *a, const void *b)
{
    return compare(((const struct tls_named *)a)->name,
                   ((const struct tls_named *)b)->name);
}

int tls_names_make(struct tls_names *names, struct tls_ctx *usual,
                   const struct tls_settings *s, const struct tls_report *r)
{
    struct tls_settings settings = *s;
    int err = 0;

    names->named = calloc(count_names(names) + 1, sizeof *names->named);
    if (!names->named)
        return ERR_NOMEM;
    settings.trust = usual;
    for (size_t i = 0; !err && i < names->n; i++)
        err = make_cert(names, &names->certs[i], &settings, r);
    qsort(names->named, names->n_named, sizeof *names->named, by_name);
    names->pairs = NULL; /* the settings' */
    return err;
}

static const struct tls_named *find_name(const struct tls_names *names,
                                         struct span name)
{
    const struct tls_named key = {.name = name};

    return bsearch(&key, names->named, names->n_named, sizeof *names->named,
                   by_name);
}

const struct tls_ctx *tls_names_find(const struct tls_names *names,
                                     struct span name)
{
    struct span domain = domain_of(name);
    const struct tls_named *named = find_name(names, name);
    char pattern[1 + NAME_MAX_OCTETS];

    if (!named && domain.n > 1 && domain.n <= NAME_MAX_OCTETS) {
        pattern[0] = '*';
        memcpy(pattern + 1, domain.p, domain.n);
        named = find_name(names, span_of(pattern, 1 + domain.n));
    }
    return named ? named->ctx : NULL;
}

size_t tls_names_count(const struct tls_names *names)
{
    return names->n_named;
}

struct tls_ctx *tls_names_at(const struct tls_names *names, size_t i)
{
    return names->named[i].ctx;
}

/* --- life --- */

int tls_names_new(struct tls_names **out, const struct tls_pair *pairs,
                  size_t n, const struct tls_report *r)
{
    struct tls_names *names = calloc(1, sizeof *names);
    int err = 0;

    if (!names)
        return ERR_NOMEM;
    names->pairs = pairs;
    names->certs = calloc(n, sizeof *names->certs);
    if (!names->certs)
        err = ERR_NOMEM;
    while (!err && names->n < n) {
        err =
            cert_read(&names->certs[names->n], pairs[names->n].certificate, r);
        names->n += !err;
    }
    if (err) {
        tls_names_free(names);
        return err;
    }
    *out = names;
    return 0;
}

void tls_names_free(struct tls_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->n_named; i++)
        tls_ctx_unref(names->named[i].ctx);
    for (size_t i = 0; i < names->n; i++) {
        X509_free(names->certs[i].x509);
        GENERAL_NAMES_free(names->certs[i].names);
    }
    free(names->named);
    free(names->certs);
    free(names);
}

size_t tls_names_certs(const struct tls_names *names)
{
    return names->n;
}

const X509 *tls_names_cert(const struct tls_names *names, size_t i)
{
    return names->certs[i].x509;
}

int64_t tls_names_expire(const struct tls_names *names)
{
    int64_t first = 0;

    for (size_t i = 0; i < names->n; i++) {
        int64_t ends = cert_ends(names->certs[i].x509);

        if (ends && (!first || ends < first))
            first = ends;
    }
    return first;
}
