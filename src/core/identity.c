/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity.h"

#include "host_names.h"
#include "pair.h"

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

/* --- sides of anchored pairs --- */

/* Does the link show what the side's SDP announced? */
static bool has_fingerprint(const struct link *l, const struct pair_side *side)
{
    return l->ops->shows &&
           l->ops->shows(l, side->fingerprints, side->n_fingerprints);
}

/* A link that is still being dialled gives way: whoever comes, comes. */
static bool has_rival(const struct link *l, const struct pair_side *side)
{
    const struct link *holder = side->link;

    return holder && holder != l && !holder->closing && !holder->connecting;
}

enum identity_speaker identity_may_speak(const struct link *from,
                                         const struct policy *policy,
                                         const struct pair_side *side,
                                         bool is_inside)
{
    if (is_inside || side->uri->secure != from->secure ||
        (side->first.secure && !from->secure))
        return IDENTITY_FORBIDDEN;
    if (side->n_path > 1)
        return identity_has_name(from, policy, side->first.host)
                   ? IDENTITY_SPEAKS
                   : IDENTITY_FORBIDDEN;
    if (side->link == from)
        return IDENTITY_SPEAKS;
    if (side->has_fingerprint && !has_fingerprint(from, side))
        return IDENTITY_IMPOSTOR;
    return has_rival(from, side) ? IDENTITY_RIVAL : IDENTITY_SPEAKS;
}
