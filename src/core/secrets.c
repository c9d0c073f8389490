/* SPDX-License-Identifier: BSD-2-Clause */
#include "secrets.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"

struct secrets {
    enum ephemeral_hash hash;
    size_t n;
    struct span items[SECRETS_MAX];
    size_t text_n;
    char text[]; /* the file */
};

/* NULL, or what is wrong with the line. */
static const char *secrets_add(struct secrets *s, struct span line)
{
    if (span_has_control(line))
        return "control character";
    if (line.n > SECRETS_OCTETS_MAX)
        return "secret over 1024 octets";
    if (s->n == SECRETS_MAX)
        return "more than 64 secrets";
    s->items[s->n++] = line;
    return NULL;
}

int secrets_parse(struct secrets **out, struct span text,
                  enum ephemeral_hash hash, secrets_fault_fn fault, void *ctx)
{
    struct secrets *s = calloc(1, sizeof *s + text.n);
    struct span rest;
    int err = 0;

    if (!s)
        return ERR_NOMEM;
    s->hash = hash;
    s->text_n = text.n;
    if (text.n)
        memcpy(s->text, text.p, text.n);
    rest = span_of(s->text, text.n);
    for (size_t number = 1; rest.n; number++) {
        struct span line = span_trim(span_strip(span_cut(&rest, '\n')));
        const char *what = line.n ? secrets_add(s, line) : NULL;

        if (!what)
            continue;
        fault(ctx, number, what);
        err = ERR_CONFIG;
    }
    if (err) {
        secrets_free(s);
        return err;
    }
    *out = s;
    return 0;
}

void secrets_free(struct secrets *s)
{
    if (!s)
        return;
    explicit_bzero(s->text, s->text_n);
    free(s);
}

size_t secrets_count(const struct secrets *s)
{
    return s ? s->n : 0;
}

int secrets_password(const struct secrets *s, size_t i, struct span *out,
                     char *dst, struct span user)
{
    assert(i < s->n);
    return ephemeral_password(out, dst, s->hash, s->items[i], user);
}
