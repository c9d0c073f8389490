/* SPDX-License-Identifier: BSD-2-Clause */
/* settings_members - what the groups in lists of groups have. */
#include "config.h"
#include "settings_check.h"
#include "settings_private.h"

#define OF config_listen

const struct setting settings_listen_members[] = {
    {.key = "transport",
     CHOICE(transport, net_transport_names),
     .initial = "\"tls\"",
     .help = "The protocol of the listener: tls, tcp (no encryption), or the "
             "WebSocket transports wss and ws."},
    {.key = "address",
     ADDRESS(address),
     .initial = "\"::\"",
     .help = "The numeric address to bind; \"::\" accepts IPv4 as well."},
    {.key = "port",
     COUNT(port, 0, 65535),
     .initial = "2855",
     .help = "The port to bind; with 0 the kernel chooses one."},
    {.key = "proxy",
     LIST(SETTING_CIDR, proxy, 0, 1000),
     .initial = "[ ]",
     .help = "Proxies, as blocks of addresses: connections from there must "
             "begin with a PROXY header (version 1 or 2), all others must "
             "not. The address in it is the client's in the log, in limits "
             "and in accounting."},
    {.key = "tls_in_front",
     BOOL(tls_in_front),
     .initial = "false",
     .help = "With tcp and ws: TLS ends at a proxy, through which alone the "
             "listener can be reached. Its connections count as TLS: clients "
             "may authenticate and get msrps URIs."},
    {.key = "advertise",
     COUNT(advertise, 0, 65535),
     .initial = "0",
     .help = "The port in the URIs that are issued there, if a balancer or NAT "
             "in front has another one; 0 is the port of the listener."},
    {.key = "name",
     TEXT(name, settings_check_host_or_none),
     .initial = "\"\"",
     .help = "The host name in the URIs that are issued there; \"\" is "
             "relay.name."},
    {.key = "max_chunk_size",
     SIZE(max_chunk_size, 0, GIBI),
     .initial = "0",
     .help = "The maximum body size of one SEND to those who connected there, "
             "at least 2048; 0 is send.max_chunk_size."},
};

#undef OF
#define OF config_certificate

const struct setting settings_certificate_members[] = {
    {.key = "certificate",
     TEXT(certificate, NULL),
     .initial = "\"\"",
     .help = "The certificate chain, a PEM file. Required."},
    {.key = "private_key",
     TEXT(private_key, NULL),
     .initial = "\"\"",
     .help = "The private key of the certificate, a PEM file. Required."},
};

#undef OF
#define OF config_interface

const struct setting settings_interface_members[] = {
    {.key = "name",
     TEXT(name, NULL),
     .initial = "\"\"",
     .help = "The name by which direction, from-interface and to-interface "
             "choose it; several interfaces may have the same."},
    {.key = "address",
     TEXT(address, settings_check_interface_address),
     .initial = "\"\"",
     .help = "The numeric address in c= lines, and in URIs unless host is "
             "set; required."},
    {.key = "host",
     TEXT(host, settings_check_interface_host),
     .initial = "\"\"",
     .help = "The host in URIs; \"\" is the address."},
    {.key = "transport",
     CHOICE(transport, net_transport_names),
     .initial = "\"tcp\"",
     .help = "The transport of the listener that it leads to: tcp, tls, ws or "
             "wss."},
    {.key = "port",
     COUNT(port, 0, 65535),
     .initial = "0",
     .help = "The port of that listener; 0 is that of the first listener with "
             "this transport, or its listen.advertise."},
};
