# SPDX-License-Identifier: BSD-2-Clause
# Before an upgrade: no new sessions; peers of existing sessions still connect.
msrprelayctl drain
msrprelayctl status
