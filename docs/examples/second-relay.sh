# SPDX-License-Identifier: BSD-2-Clause
# The second relay, beside the first; from now on new sessions go to it.
cp /usr/share/doc/msrprelayd/examples/instance.conf /etc/msrprelayd/b.conf
msrprelayd -t -c /etc/msrprelayd/b.conf
systemctl start msrprelayd@b
msrprelayctl drain
