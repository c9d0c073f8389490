/* SPDX-License-Identifier: BSD-2-Clause */
/* settings_members - what the groups in lists of groups have. */
#include "config.h"
#include "settings_check.h"
#include "settings_private.h"

enum { GIBI = 1 << 30 };

const struct setting settings_listen_members[SETTINGS_LISTEN_MEMBERS] = {
    {.key = "transport",
     .type = SETTING_CHOICE,
     .at = offsetof(struct config_listen, transport),
     .choices = net_transport_names,
     .initial = "\"tls\"",
     .help = "The protocol of the listener: tls, tcp (no encryption), or the "
             "WebSocket transports wss and ws."},
    {.key = "address",
     .type = SETTING_ADDRESS,
     .at = offsetof(struct config_listen, address),
     .initial = "\"::\"",
     .help = "The numeric address to bind; \"::\" accepts IPv4 as well."},
    {.key = "port",
     .type = SETTING_COUNT,
     .at = offsetof(struct config_listen, port),
     .max = 65535,
     .initial = "2855",
     .help = "The port to bind; with 0 the kernel chooses one."},
    {.key = "proxy",
     .type = SETTING_CIDR,
     .is_list = true,
     .at = offsetof(struct config_listen, proxy),
     .max = 1000,
     .initial = "[ ]",
     .help = "Proxies, as blocks of addresses: connections from there must "
             "begin with a PROXY header (version 1 or 2), all others must "
             "not. The address in it is the client's in the log, in limits "
             "and in accounting."},
    {.key = "tls_in_front",
     .type = SETTING_BOOL,
     .at = offsetof(struct config_listen, tls_in_front),
     .initial = "false",
     .help = "With tcp and ws: TLS ends at a proxy, through which alone the "
             "listener can be reached. Its connections count as TLS: clients "
             "may authenticate and get msrps URIs."},
    {.key = "advertise",
     .type = SETTING_COUNT,
     .at = offsetof(struct config_listen, advertise),
     .max = 65535,
     .initial = "0",
     .help = "The port in the URIs that are issued there, if a balancer or NAT "
             "in front has another one; 0 is the port of the listener."},
    {.key = "name",
     .type = SETTING_TEXT,
     .at = offsetof(struct config_listen, name),
     .check = settings_check_host_or_none,
     .initial = "\"\"",
     .help = "The host name in the URIs that are issued there; \"\" is "
             "relay.name."},
    {.key = "max_chunk_size",
     .type = SETTING_SIZE,
     .at = offsetof(struct config_listen, max_chunk_size),
     .max = GIBI,
     .initial = "0",
     .help = "The maximum body size of one SEND to those who connected there, "
             "at least 2048; 0 is send.max_chunk_size."},
};

const struct setting
    settings_certificate_members[SETTINGS_CERTIFICATE_MEMBERS] = {
        {.key = "certificate",
         .type = SETTING_TEXT,
         .at = offsetof(struct config_certificate, certificate),
         .initial = "\"\"",
         .help = "The certificate chain, a PEM file. Required."},
        {.key = "private_key",
         .type = SETTING_TEXT,
         .at = offsetof(struct config_certificate, private_key),
         .initial = "\"\"",
         .help = "The private key of the certificate, a PEM file. Required."},
};

const struct setting settings_interface_members[SETTINGS_INTERFACE_MEMBERS] = {
    {.key = "name",
     .type = SETTING_TEXT,
     .at = offsetof(struct config_interface, name),
     .initial = "\"\"",
     .help = "The name by which direction, from-interface and to-interface "
             "choose it; several interfaces may have the same."},
    {.key = "address",
     .type = SETTING_TEXT,
     .at = offsetof(struct config_interface, address),
     .check = settings_check_interface_address,
     .initial = "\"\"",
     .help = "The numeric address in c= lines, and in URIs unless host is "
             "set; required."},
    {.key = "host",
     .type = SETTING_TEXT,
     .at = offsetof(struct config_interface, host),
     .check = settings_check_interface_host,
     .initial = "\"\"",
     .help = "The host in URIs; \"\" is the address."},
    {.key = "transport",
     .type = SETTING_CHOICE,
     .at = offsetof(struct config_interface, transport),
     .choices = net_transport_names,
     .initial = "\"tcp\"",
     .help = "The transport of the listener that it leads to: tcp, tls, ws or "
             "wss."},
    {.key = "port",
     .type = SETTING_COUNT,
     .at = offsetof(struct config_interface, port),
     .max = 65535,
     .initial = "0",
     .help = "The port of that listener; 0 is that of the first listener with "
             "this transport, or its listen.advertise."},
};
