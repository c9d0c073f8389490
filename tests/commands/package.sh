# SPDX-License-Identifier: BSD-2-Clause
# README: the package, made and installed.
tests/packages --package
cmake -S . -B build/package -G Ninja -DMSRP_TESTS=OFF && ninja -C build/package
(cd build/package && cpack -G DEB) && apt install ./build/package/msrprelayd_*.deb
