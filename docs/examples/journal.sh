# SPDX-License-Identifier: BSD-2-Clause
# Looking into the journal.
journalctl -u msrprelayd MSRP_SESSION=aB3xY9
journalctl -u msrprelayd -p warning --since today
