/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity.h"

#include "host_names.h"

static bool is_admitted(const struct policy *policy, struct span host)
{
    return !policy->relay_names || host_names_have(policy->relay_names, host);
}

bool identity_is_relay(const struct link *l, const struct policy *policy)
{
    if (l->by_address)
        return true;
    return l->names && (!policy->relay_names ||
                        host_names_meet(l->names, policy->relay_names));
}

bool identity_has_name(const struct link *l, const struct policy *policy,
                       struct span host)
{
    if (!l->is_relay)
        return false;
    if (l->by_address)
        return host_names_have(l->relay_links.claimed, host);
    return host_names_have(l->names, host) && is_admitted(policy, host);
}

/* The link was dialled for the host, port and scheme of this URI. */
static bool was_dialled_for(const struct link *l, const struct uri *uri)
{
    return l->host.n > 0 && l->secure == uri->secure &&
           l->host_port == uri->port && uri_host_equal(l->host, uri->host);
}

bool identity_may_carry(const struct link *l, const struct policy *policy,
                        const struct uri *uri, struct identity_use use)
{
    if (uri->secure && !l->secure)
        return false;
    /* What a link that is still connecting will have to prove, its handshake
     * decides before an octet leaves (R4976-9.2-g). */
    if (use.as_relay)
        return (l->connecting && uri->secure &&
                uri_host_equal(l->host, uri->host)) ||
               identity_has_name(l, policy, uri->host);
    return use.is_bound || was_dialled_for(l, uri);
}
