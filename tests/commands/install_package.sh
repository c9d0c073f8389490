# SPDX-License-Identifier: BSD-2-Clause
# docs/deploy.md: where the package was made or put.
apt install ./msrprelayd_*.deb
