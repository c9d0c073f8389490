# SPDX-License-Identifier: BSD-2-Clause
# The first relay is upgraded: what the second one has ends in its time.
msrprelayctl -s /run/msrprelayd-b/control.sock drain
msrprelayctl -s /run/msrprelayd-b/control.sock status
systemctl stop msrprelayd@b
