/* SPDX-License-Identifier: BSD-2-Clause */
#include "net_make.h"

#include <stdlib.h>

enum {
    /* Least octets of an input block: bulk comes in few reads. */
    INPUT_MIN = 65536,
    /* Room in the output after the high-water mark, for responses and REPORTs
     * in addition to what one input block may add. */
    RESERVE = 262144,
    /* Browsers send up to 16 KiB of cookies. */
    WS_HEAD_LEAST = 16384,
    /* Octets that a connection may read in a turn before others have theirs:
     * some SENDs of the usual size, whose answers then leave in one write. */
    READ_PER_TURN = 4 * INPUT_MIN,
};

struct sock_opts sock_opts_of(const struct config *config)
{
    struct sock_opts opts = {
        .receive_buffer = (int)config->tcp.receive_buffer,
        .send_buffer = (int)config->tcp.send_buffer,
        .nodelay = config->tcp.nodelay,
        .keepalive_s = (int)config->tcp.keepalive_s,
        .dscp = (int)config->tcp.dscp,
    };

    for (size_t i = 0; i < config->dial.source.n; i++) {
        const struct addr *source = &config->dial.source.items[i];

        if (source->sa.sa_family == AF_INET6)
            opts.source6 = *source;
        else
            opts.source4 = *source;
    }
    return opts;
}

const char *tls_relays_key(const struct config *config)
{
    return *config->relays.ca_file ? "relays.ca_file" : "tls.ca_file";
}

struct tls_settings tls_settings_of(const struct config *config)
{
    bool own = *config->relays.ca_file;

    return (struct tls_settings){
        .certificate = config->tls.certificate,
        .private_key = config->tls.private_key,
        .name = span_str(config->relay.name),
        .ca_file = own ? config->relays.ca_file : config->tls.ca_file,
        .min_tls13 = config->tls.min_version == CONFIG_TLS13,
        .ciphers = config->tls.ciphers,
        .ciphersuites = config->tls.ciphersuites,
        .insecure = !config->dial.verify,
        .any_peer = config->anchor.listen.n > 0,
    };
}

struct tls_pair *tls_pairs_of(const struct config *config)
{
    size_t n = config->tls.certificates.n;
    struct tls_pair *pairs = calloc(n + 1, sizeof *pairs);

    for (size_t i = 0; pairs && i < n; i++)
        pairs[i] =
            (struct tls_pair){config->tls.certificates.items[i].certificate,
                              config->tls.certificates.items[i].private_key};
    return pairs;
}

struct net_settings net_settings_of(const struct config *config)
{
    size_t input = config->limits.head_size;
    struct net_settings settings = {
        .read_per_turn = READ_PER_TURN,
        .rate = config->limits.rate,
        .handshake_ms = config->timers.handshake_ms,
        .dead_after_ms = config->tcp.dead_after_ms,
        .ping_ms = config->timers.ping_ms,
        .stall_ms = config->timers.stall_ms,
        .sock = sock_opts_of(config),
    };

    settings.ws_head_max = input > WS_HEAD_LEAST ? input : WS_HEAD_LEAST;
    settings.input_size = input > INPUT_MIN ? input : INPUT_MIN;
    settings.output_max =
        config->send.high_water + settings.input_size + RESERVE;
    return settings;
}
