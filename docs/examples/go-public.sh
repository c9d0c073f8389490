# SPDX-License-Identifier: BSD-2-Clause
# The configuration has a name, a certificate and a TLS listener now.
msrprelayctl check
systemctl reload msrprelayd
msrprelayctl selftest
