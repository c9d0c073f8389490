# SPDX-License-Identifier: BSD-2-Clause
# The hook and the first certificate, by certbot. Port 80 must be free, and
# reachable under both names.
hook=/etc/letsencrypt/renewal-hooks/deploy/msrprelayd
install -D -m 0755 /usr/share/doc/msrprelayd/examples/certbot-hook $hook
certbot certonly --standalone -d relay1.example.com -d example.com --deploy-hook $hook
