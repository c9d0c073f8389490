/* SPDX-License-Identifier: BSD-2-Clause */
#include "anchor_said.h"

#include <stdlib.h>

#include "fingerprint.h"
#include "relay_links.h"

/* What follows the struct in its block. */
struct layout {
    struct span *path;
    struct fingerprint *prints;
    char *text;
};

static struct anchor_said *said_alloc(struct layout *l,
                                      const struct sdp_section *s)
{
    size_t at = sizeof(struct anchor_said);
    size_t paths = s->n_uris * sizeof *l->path;
    size_t prints = s->prints.n * sizeof *l->prints;
    char *block =
        calloc(1, at + paths + prints + s->path.n + s->connection.host.n + 1);

    if (!block)
        return NULL;
    l->path = (struct span *)(void *)(block + at);
    l->prints = (struct fingerprint *)(void *)(block + at + paths);
    l->text = block + at + paths + prints;
    return (struct anchor_said *)(void *)block;
}

static void keep_path(struct anchor_said *said, struct layout *l,
                      const struct sdp_section *s)
{
    struct span rest = s->path, uri;
    struct uri last;
    size_t n = 0;

    while (n < s->n_uris && (uri = sdp_path_next(&rest)).n)
        l->path[n++] = span_keep(&l->text, uri);
    said->core.path = l->path;
    said->core.n_path = n;
    said->is_ws = uri_parse(&last, l->path[n - 1]) == 0 &&
                  (span_ieq(last.transport, SPAN("ws")) ||
                   span_ieq(last.transport, SPAN("wss")));
}

/* A leg without TLS has no certificate to compare; what a session-level line
 * says is meant for its audio then. */
static void keep_prints(struct anchor_said *said, struct layout *l,
                        const struct sdp_section *s)
{
    size_t n = 0;

    if (!sdp_protocol_is_secure(s->protocol) || !s->prints.announced)
        return;
    for (size_t i = 0; i < s->prints.n; i++)
        if (fingerprint_parse(&l->prints[n], s->prints.values[i]) == 0)
            n++;
    said->core.has_fingerprint = true;
    said->core.fingerprints = l->prints;
    said->core.n_fingerprints = n;
}

/* With CEMA, c= and m= are where to connect if they differ from the path (RFC
 * 6714, 4.2; A-51). */
static void keep_dial(struct anchor_said *said, const struct sdp_section *s)
{
    struct uri first;

    if (!s->is_cema || s->n_uris > 1 || said->host.n == 0 ||
        uri_parse(&first, anchor_said_first(said)))
        return;
    if (first.port == s->port &&
        (span_ieq(first.host, said->host) ||
         (first.host.n == said->host.n + 2 &&
          span_ieq(span_of(first.host.p + 1, said->host.n), said->host))))
        return;
    said->core.dial_host = said->host;
    said->core.dial_port = s->port;
}

struct anchor_said *anchor_said_new(const struct sdp_section *s)
{
    struct layout l;
    struct anchor_said *said = said_alloc(&l, s);

    if (!said)
        return NULL;
    said->refs = 1;
    said->protocol = s->protocol;
    said->setup = s->setup;
    said->port = s->port;
    said->family = s->connection.family;
    keep_path(said, &l, s);
    said->host = span_keep(&l.text, s->connection.host);
    keep_prints(said, &l, s);
    keep_dial(said, s);
    return said;
}

struct anchor_said *anchor_said_ref(struct anchor_said *s)
{
    s->refs++;
    return s;
}

void anchor_said_unref(struct anchor_said *s)
{
    if (s && --s->refs == 0)
        free(s);
}

bool anchor_said_is_dialable(const struct anchor_said *s)
{
    struct uri u;

    return uri_parse(&u, anchor_said_first(s)) == 0 &&
           relay_links_can_be_dialled_at(&u, s->core.dial_host,
                                         s->core.dial_port);
}

int anchor_said_commit(const struct anchor_said *s, struct relay *r,
                       struct anchored_pair *p, enum anchored_side side,
                       const struct anchor_unsaid *unsaid)
{
    struct anchored_said said = s->core;

    said.we_dial = unsaid->we_dial;
    said.shown = unsaid->shown;
    if (unsaid->trust && s->family)
        said.trusted = s->host;
    return anchored_say(r, p, side, &said);
}
