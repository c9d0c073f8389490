/* SPDX-License-Identifier: BSD-2-Clause */
#include "nonce.h"

#include <assert.h>
#include <stdlib.h>

#include "digest.h"
#include "err.h"

/* All hex: 16 digits of time, 16 of the number, then half of the keyed hash. */
enum {
    FIELD_LEN = 16,
    OPEN_LEN = 2 * FIELD_LEN,
    MAC_LEN = NONCE_LEN - OPEN_LEN
};

void nonces_init(struct nonces *n, struct rnd *rnd)
{
    rnd_bytes(rnd, n->key, sizeof n->key);
}

void nonces_fini(struct nonces *n)
{
    explicit_bzero(n->key, sizeof n->key);
}

void nonce_window_init(struct nonce_window *w, uint64_t link, uint32_t max)
{
    *w = (struct nonce_window){
        .link = link, .size = NONCE_WINDOW_FIRST, .max = max};
}

void nonce_window_fini(struct nonce_window *w)
{
    free(w->used);
    w->used = NULL;
}

/* --- the text --- */

static void put_u64(unsigned char *dst, uint64_t v)
{
    for (size_t i = 0; i < sizeof v; i++)
        dst[i] = (unsigned char)(v >> (8 * (sizeof v - 1 - i)));
}

/* What the hash covers: the digits that everybody sees, the link, the realm. */
static int mac_text(const struct nonces *n, char *dst, struct nonce_scope scope,
                    const char *open)
{
    enum { LINK_LEN = sizeof scope.window->link };
    char covered[OPEN_LEN + LINK_LEN + NONCE_REALM_MAX];
    char *realm = covered + OPEN_LEN + LINK_LEN;
    unsigned char mac[32];
    int err;

    assert(scope.realm.n <= NONCE_REALM_MAX);
    memcpy(covered, open, OPEN_LEN);
    put_u64((unsigned char *)covered + OPEN_LEN, scope.window->link);
    if (scope.realm.n)
        memcpy(realm, scope.realm.p, scope.realm.n);
    err =
        digest_mac(mac, span_of((const char *)n->key, sizeof n->key),
                   span_of(covered, (size_t)(realm - covered) + scope.realm.n));
    if (err)
        return err;
    hex_text(dst, mac, MAC_LEN / 2);
    return 0;
}

static bool read_hex(uint64_t *out, struct span s)
{
    uint64_t v = 0;

    for (size_t i = 0; i < s.n; i++) {
        int digit = char_hex(s.p[i]);

        if (digit < 0)
            return false;
        v = v << 4 | (uint64_t)digit;
    }
    *out = v;
    return true;
}

static bool read_number(uint64_t *out, struct span nonce)
{
    return nonce.n == NONCE_LEN &&
           read_hex(out, span_of(nonce.p + FIELD_LEN, FIELD_LEN));
}

/* --- what was used --- */

static uint64_t *word_of(struct nonce_window *w, uint64_t number)
{
    return (w->used ? w->used : &w->first) + number % w->size / 64;
}

static uint64_t bit_of(uint64_t number)
{
    return UINT64_C(1) << number % 64;
}

/* The whole window came round within a lifetime: it is too small. What it does
 * not know any longer counts as used. */
static void grow(struct nonce_window *w)
{
    uint32_t max = w->max;
    uint64_t *used = calloc(max / 64, sizeof *used);

    if (!used)
        return;
    memset(used, 0xff, max / 8);
    for (uint64_t i = 0; i < w->size && i < w->given; i++) {
        uint64_t number = w->given - 1 - i;

        if (!(*word_of(w, number) & bit_of(number)))
            used[number % max / 64] &= ~bit_of(number);
    }
    free(w->used);
    w->used = used;
    w->size = max;
}

/* The next number; what it replaces in the window is forgotten. */
static uint64_t take_number(struct nonce_window *w, uint64_t lifetime_ms,
                            uint64_t now_ms)
{
    uint64_t number = w->given;

    bool is_turn = number % NONCE_WINDOW_FIRST == 0;
    bool is_busy = is_turn && number > 0 && now_ms - w->turn_ms <= lifetime_ms;

    if (w->size < w->max && (is_busy || w->max == NONCE_WINDOW_RELAY))
        grow(w);
    if (is_turn)
        w->turn_ms = now_ms;
    *word_of(w, number) &= ~bit_of(number);
    w->given++;
    return number;
}

int nonce_new(const struct nonces *n, struct nonce_scope scope, char *dst,
              uint64_t lifetime_ms, uint64_t now_ms)
{
    unsigned char open[OPEN_LEN / 2];

    put_u64(open, now_ms);
    put_u64(open + FIELD_LEN / 2,
            take_number(scope.window, lifetime_ms, now_ms));
    hex_text(dst, open, sizeof open);
    return mac_text(n, dst + OPEN_LEN, scope, dst);
}

bool nonce_is_fresh(const struct nonces *n, struct nonce_scope scope,
                    struct span nonce, uint64_t lifetime_ms, uint64_t now_ms)
{
    const struct nonce_window *w = scope.window;
    char mac[MAC_LEN];
    uint64_t given_ms, number;

    if (nonce.n != NONCE_LEN || mac_text(n, mac, scope, nonce.p) != 0 ||
        !span_eq_secret(span_of(mac, MAC_LEN), span_from(nonce, OPEN_LEN)) ||
        !read_hex(&given_ms, span_of(nonce.p, FIELD_LEN)) ||
        !read_number(&number, nonce))
        return false;
    return given_ms <= now_ms && now_ms - given_ms <= lifetime_ms &&
           number < w->given && w->given - number <= w->size;
}

/* Remembers the nc with which this one was used; the older of the others goes.
 */
static void remember(struct nonce_window *w, uint64_t number, uint32_t nc)
{
    for (size_t i = NONCE_COUNTS - 1; i > 0; i--) {
        w->number[i] = w->number[i - 1];
        w->nc[i] = w->nc[i - 1];
    }
    w->number[0] = number + 1;
    w->nc[0] = nc;
}

static bool is_higher(struct nonce_window *w, uint64_t number, uint32_t nc)
{
    for (size_t i = 0; i < NONCE_COUNTS; i++)
        if (w->number[i] == number + 1 && nc > w->nc[i]) {
            w->nc[i] = nc;
            return true;
        }
    return false;
}

bool nonce_use(struct nonce_window *w, struct span nonce, struct span nc)
{
    uint64_t number, count;

    if (nc.n != 8 || !read_hex(&count, nc) || !read_number(&number, nonce))
        return false;
    if (*word_of(w, number) & bit_of(number))
        return is_higher(w, number, (uint32_t)count);
    *word_of(w, number) |= bit_of(number);
    remember(w, number, (uint32_t)count);
    return true;
}
