# SPDX-License-Identifier: BSD-2-Clause
# From now on systemd holds the ports of a relay that is running.
systemctl daemon-reload
systemctl enable msrprelayd.socket
systemctl stop msrprelayd
systemctl start msrprelayd.socket msrprelayd
