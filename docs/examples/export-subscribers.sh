# SPDX-License-Identifier: BSD-2-Clause
# The users of Kamailio or OpenSIPS become those of the relay.
mysql --batch --skip-column-names kamailio -e \
    "SELECT CONCAT_WS(':', username, domain, ha1) FROM subscriber WHERE domain = 'example.com'" >users.new &&
    install -o root -g msrprelay -m 0640 users.new /etc/msrprelayd/.users.new &&
    mv /etc/msrprelayd/.users.new /etc/msrprelayd/users &&
    msrprelayctl reload
