# SPDX-License-Identifier: BSD-2-Clause
# Makes the two service units, for programs in SBINDIR and BINDIR, in the
# directory INTO. Done at installation: only then the prefix is known for good.
set(template ${CMAKE_CURRENT_LIST_DIR}/../systemd/msrprelayd.service.in)

# Whatever the checkout's own are.
set(permissions FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

set(TITLE "")
set(CONFIG "")
set(SOCKET "")
set(SUFFIX "")
configure_file(${template} ${INTO}/msrprelayd.service @ONLY ${permissions})

# Not below /run/msrprelayd: that goes when msrprelayd.service stops.
set(TITLE " %i")
set(CONFIG " -c /etc/msrprelayd/%i.conf")
set(SOCKET " -s /run/msrprelayd-%i/control.sock")
set(SUFFIX "-%i")
configure_file(${template} ${INTO}/msrprelayd@.service @ONLY ${permissions})
