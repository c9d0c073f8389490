# SPDX-License-Identifier: BSD-2-Clause
# Installs the filter and the jail.
cp /usr/share/doc/msrprelayd/fail2ban/filter.conf /etc/fail2ban/filter.d/msrprelayd.conf
cp /usr/share/doc/msrprelayd/fail2ban/jail.conf /etc/fail2ban/jail.d/msrprelayd.conf
systemctl reload fail2ban
fail2ban-client status msrprelayd
