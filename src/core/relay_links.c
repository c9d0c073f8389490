#include "relay_links.h"

/* The port in URIs of clients that cannot be dialled (RFC 6135, 4.2.2). */
enum { DISCARD_PORT = 9 };

void relay_links_init(struct relay_links *n)
{
    memset(n, 0, sizeof *n);
    list_init(&n->hosts);
}

void relay_links_link_init(struct link *l)
{
    l->relay_links = (struct link_relays){0};
    list_init(&l->relay_links.of_hosts);
}

void relay_links_add(struct relay_links *n, struct link *link)
{
    list_remove(&link->relay_links.of_hosts);
    list_append(&n->hosts, &link->relay_links.of_hosts);
}

void relay_links_remove(struct link *link)
{
    list_remove(&link->relay_links.of_hosts);
}

/* A dialled link leads to its host and port; of one that was accepted only the
 * name is known. */
static bool leads_to(const struct link *l, const struct uri *uri)
{
    if (l->closing || l->secure != uri->secure)
        return false;
    if (l->host.n > 0) {
        bool port = l->host_port == uri->port || !l->host_port || !uri->port;

        return port && uri_host_equal(l->host, uri->host);
    }
    return l->is_relay && l->ops->has_name(l, uri->host);
}

struct link *relay_links_find(const struct relay_links *n,
                              const struct uri *uri)
{
    struct list *m, *next;

    LIST_EACH(m, next, &n->hosts)
    {
        struct link *l = CONTAINER(m, struct link, relay_links.of_hosts);

        if (leads_to(l, uri))
            return l;
    }
    return NULL;
}

static bool can_be_dialled(const struct uri *uri)
{
    struct span invalid = SPAN(".invalid");
    bool is_invalid =
        uri->host.n >= invalid.n &&
        span_ieq(span_from(uri->host, uri->host.n - invalid.n), invalid);

    return !is_invalid && uri->port != DISCARD_PORT &&
           span_ieq(uri->transport, SPAN("tcp"));
}

bool relay_links_serves(struct link *l, bool as_relay)
{
    if (l->connecting)
        l->relay_links.to_relay |= as_relay;
    return l->connecting || !as_relay || l->host.n == 0 || l->requested_cert;
}

struct link *relay_links_reach(struct relay_links *n, const struct uri *uri,
                               bool is_last, bool is_auth, uint16_t *code)
{
    struct link *l = relay_links_find(n, uri);
    bool as_relay = !is_last || is_auth;

    if (l) {
        *code = 403;
        return relay_links_serves(l, as_relay) ? l : NULL;
    }
    *code = 408;
    if (!n->dial || !can_be_dialled(uri))
        return NULL;
    if (!uri->secure && (as_relay || !n->allow_tcp)) {
        *code = 403;
        return NULL;
    }
    l = n->dial(n->ctx, uri, code);
    if (l)
        (void)relay_links_serves(l, as_relay);
    return l;
}
