/* SPDX-License-Identifier: BSD-2-Clause */
#include "fingerprint.h"

#include "err.h"

static const struct {
    const char *name;
    uint8_t octets;
} functions[FINGERPRINT_FUNCTIONS] = {
    [FINGERPRINT_SHA1] = {"SHA-1", 20},
    [FINGERPRINT_SHA224] = {"SHA-224", 28},
    [FINGERPRINT_SHA256] = {"SHA-256", 32},
    [FINGERPRINT_SHA384] = {"SHA-384", 48},
    [FINGERPRINT_SHA512] = {"SHA-512", 64},
};

const char *fingerprint_function_name(enum fingerprint_function function)
{
    return functions[function].name;
}

size_t fingerprint_function_octets(enum fingerprint_function function)
{
    return functions[function].octets;
}

static int find_function(struct span name)
{
    for (int i = 0; i < FINGERPRINT_FUNCTIONS; i++)
        if (span_ieq(name, span_str(functions[i].name)))
            return i;
    return ERR_NOT_FOUND;
}

/* Pairs of digits with colons in between: 0 or ERR_SYNTAX. */
static int read_octets(struct fingerprint *f, struct span text)
{
    if (text.n != 3 * (size_t)f->n - 1)
        return ERR_SYNTAX;
    for (size_t i = 0; i < f->n; i++) {
        const char *at = text.p + 3 * i;
        int high = char_hex(at[0]), low = char_hex(at[1]);

        if (high < 0 || low < 0 || (i + 1 < f->n && at[2] != ':'))
            return ERR_SYNTAX;
        f->octets[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

int fingerprint_parse(struct fingerprint *f, struct span value)
{
    struct span rest = span_trim(value);
    struct span name = span_cut(&rest, ' ');
    struct fingerprint read = {0};
    int function = find_function(name), err;

    if (function < 0)
        return name.n ? function : ERR_SYNTAX;
    read.function = (uint8_t)function;
    read.n = functions[function].octets;
    err = read_octets(&read, span_trim(rest));
    if (!err)
        *f = read;
    return err;
}

size_t fingerprint_text(char *dst, const struct fingerprint *f)
{
    static const char digits[] = "0123456789ABCDEF";
    struct span name = span_str(functions[f->function].name);
    size_t n = name.n;

    memcpy(dst, name.p, n);
    for (size_t i = 0; i < f->n; i++) {
        dst[n++] = i ? ':' : ' ';
        dst[n++] = digits[f->octets[i] >> 4];
        dst[n++] = digits[f->octets[i] & 15];
    }
    return n;
}

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b)
{
    return a->function == b->function && a->n == b->n &&
           memcmp(a->octets, b->octets, a->n) == 0;
}
