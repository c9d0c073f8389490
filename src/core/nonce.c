#include "nonce.h"

#include <stdlib.h>

#include "digest.h"
#include "err.h"

/* Hex digits: 16 of the time, 16 random ones, and the first 32 of the keyed
 * hash of both. */
enum { STAMP_LEN = 16, OPEN_LEN = 32, MAC_LEN = NONCE_LEN - OPEN_LEN };

struct used_nonce {
    struct table_node by_text;
    struct list in_fifo;
    uint64_t given_ms;
    uint64_t nc;
    char text[NONCE_LEN];
};

static bool has_text(const struct table_node *node, const void *key)
{
    const struct used_nonce *u =
        CONTAINER((void *)(uintptr_t)node, struct used_nonce, by_text);

    return memcmp(u->text, key, NONCE_LEN) == 0;
}

int nonces_init(struct nonces *n, struct rnd *rnd)
{
    uint64_t seed[2];

    n->rnd = rnd;
    n->oldest_ms = 0;
    list_init(&n->fifo);
    rnd_bytes(rnd, n->key, sizeof n->key);
    rnd_bytes(rnd, seed, sizeof seed);
    return table_init(&n->used, seed);
}

static void forget(struct nonces *n, struct used_nonce *u)
{
    table_remove(&n->used, &u->by_text);
    list_remove(&u->in_fifo);
    free(u);
}

void nonces_fini(struct nonces *n)
{
    struct list *m;

    while ((m = list_first(&n->fifo)))
        forget(n, CONTAINER(m, struct used_nonce, in_fifo));
    table_fini(&n->used);
    explicit_bzero(n->key, sizeof n->key);
}

void nonces_bury(struct nonces *n, uint64_t lifetime_ms, uint64_t now_ms)
{
    uint64_t oldest_ms = now_ms > lifetime_ms ? now_ms - lifetime_ms : 0;

    if (oldest_ms > n->oldest_ms)
        n->oldest_ms = oldest_ms;
}

static int mac_text(const struct nonces *n, char *dst, const char *open)
{
    unsigned char mac[32];
    int err = digest_mac(mac, span_of((const char *)n->key, sizeof n->key),
                         span_of(open, OPEN_LEN));

    if (err)
        return err;
    hex_text(dst, mac, MAC_LEN / 2);
    return 0;
}

int nonce_new(struct nonces *n, char *dst, uint64_t now_ms)
{
    unsigned char open[OPEN_LEN / 2];

    for (size_t i = 0; i < STAMP_LEN / 2; i++)
        open[i] = (unsigned char)(now_ms >> (8 * (STAMP_LEN / 2 - 1 - i)));
    rnd_bytes(n->rnd, open + STAMP_LEN / 2, sizeof open - STAMP_LEN / 2);
    hex_text(dst, open, sizeof open);
    return mac_text(n, dst + OPEN_LEN, dst);
}

static bool read_hex(uint64_t *out, struct span s)
{
    uint64_t v = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c >= '0' && c <= '9')
            v = v << 4 | (uint64_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v << 4 | (uint64_t)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

bool nonce_is_fresh(const struct nonces *n, struct span nonce,
                    uint64_t lifetime_ms, uint64_t now_ms)
{
    char mac[MAC_LEN];
    uint64_t given_ms;

    if (nonce.n != NONCE_LEN || mac_text(n, mac, nonce.p) != 0 ||
        !span_eq_secret(span_of(mac, MAC_LEN), span_from(nonce, OPEN_LEN)) ||
        !read_hex(&given_ms, span_of(nonce.p, STAMP_LEN)))
        return false;
    return given_ms >= n->oldest_ms && given_ms <= now_ms &&
           now_ms - given_ms <= lifetime_ms;
}

static void forget_old(struct nonces *n, uint64_t lifetime_ms, uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(&n->fifo))) {
        struct used_nonce *u = CONTAINER(m, struct used_nonce, in_fifo);

        if (now_ms - u->given_ms <= 2 * lifetime_ms)
            return;
        forget(n, u);
    }
}

bool nonce_use(struct nonces *n, struct span nonce, struct span nc,
               uint64_t lifetime_ms, uint64_t now_ms)
{
    uint64_t hash = table_hash(&n->used, nonce), count;
    struct table_node *node = table_find(&n->used, hash, has_text, nonce.p);
    struct used_nonce *u;

    if (!read_hex(&count, nc))
        return false;
    if (node) {
        u = CONTAINER(node, struct used_nonce, by_text);
        if (count <= u->nc)
            return false;
        u->nc = count;
        return true;
    }
    forget_old(n, lifetime_ms, now_ms);
    if (n->used.count >= NONCE_USED_MAX)
        return false;
    u = malloc(sizeof *u);
    if (!u)
        return false;
    memcpy(u->text, nonce.p, NONCE_LEN);
    u->nc = count;
    u->given_ms = now_ms;
    list_init(&u->in_fifo);
    list_append(&n->fifo, &u->in_fifo);
    table_add(&n->used, &u->by_text, hash);
    return true;
}
