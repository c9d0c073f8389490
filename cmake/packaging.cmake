# SPDX-License-Identifier: BSD-2-Clause
# cpack -G DEB: packages for the Debian that they are made on. The component
# `relay`, which is what belongs to no other one, becomes msrprelayd; `lookup`
# becomes msrprelayd-lookup, so that nobody gets clients of databases who does
# not want them.
set(CPACK_PACKAGE_NAME msrprelayd)
set(CPACK_PACKAGE_VENDOR "the msrprelayd authors")
# Maintainer is whoever makes the package, as Debian's own tools have it. Debian
# demands one; this address reaches nobody.
set(contact "The msrprelayd authors <msrprelayd@packages.example.org>")
if(DEFINED ENV{DEBFULLNAME} AND DEFINED ENV{DEBEMAIL})
    set(contact "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(MSRP_CONTACT "${contact}" CACHE STRING
    "Maintainer of the packages: Name <address>")
set(CPACK_PACKAGE_CONTACT "${MSRP_CONTACT}")
set(CPACK_GENERATOR DEB)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/package_kind.cmake)

# Into a directory that stands for the root: /etc is not below the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)

set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# The symbols go into msrprelayd-dbgsym, beside the package.
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL relay)
get_property(helpers GLOBAL PROPERTY MSRP_LOOKUP_HELPERS)
if(helpers)
    list(APPEND CPACK_COMPONENTS_ALL lookup)
endif()

set(CPACK_DEBIAN_RELAY_PACKAGE_NAME msrprelayd)
# The first line of a description is the summary.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_COMPONENT_RELAY_DESCRIPTION
    "MSRP relay for SIP and RCS platforms
Carries chats and file transfers of the Message Session Relay Protocol
(RFC 4975, RFC 4976) across NATs and networks: clients authenticate, get a
URI, and send messages of any size through it, with a report for each that is
lost.")
set(CPACK_DEBIAN_RELAY_PACKAGE_DEPENDS
    "systemd | systemd-standalone-sysusers, \
systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_RELAY_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_RELAY_PACKAGE_SUGGESTS msrprelayd-lookup)
set(CPACK_DEBIAN_RELAY_PACKAGE_CONTROL_EXTRA
    ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)

set(CPACK_DEBIAN_LOOKUP_PACKAGE_NAME msrprelayd-lookup)
set(CPACK_COMPONENT_LOOKUP_DESCRIPTION
    "MSRP relay: users in databases and at web services
Helpers that look users up for msrprelayd: in PostgreSQL, MariaDB or MySQL,
and Redis, or by HTTP. Each keeps a few connections to its store, over TLS if
wanted, and is started by the relay.")
set(CPACK_DEBIAN_LOOKUP_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_LOOKUP_PACKAGE_ENHANCES msrprelayd)

set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_docs.cmake)
set(CPACK_MSRP_DEBIAN ${debian})
include(CPack)
