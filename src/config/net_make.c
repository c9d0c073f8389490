#include "net_make.h"

struct sock_opts sock_opts_of(const struct config *config)
{
    return (struct sock_opts){
        .receive_buffer = (int)config->tcp.receive_buffer,
        .send_buffer = (int)config->tcp.send_buffer,
        .nodelay = config->tcp.nodelay,
        .keepalive_s = (int)config->tcp.keepalive_s,
    };
}

struct tls_settings tls_settings_of(const struct config *config)
{
    return (struct tls_settings){
        .certificate = config->tls.certificate,
        .private_key = config->tls.private_key,
        .ca_file = config->tls.ca_file,
        .min_tls13 = config->tls.min_version == CONFIG_TLS13,
        .ciphers = config->tls.ciphers,
        .ciphersuites = config->tls.ciphersuites,
        .insecure = !config->dial.verify,
    };
}
