# SPDX-License-Identifier: BSD-2-Clause
# README: without a package.
apt-get install cmake ninja-build gcc pkg-config libev-dev libssl-dev libconfig-dev libc-ares-dev libjansson-dev
cmake -S . -B build/package -G Ninja -DMSRP_TESTS=OFF
ninja -C build/package
cmake --install build/package
