# SPDX-License-Identifier: BSD-2-Clause
# Run by cpack for each kind of package that it is asked for: only the one that
# is whole is made. An RPM would lack the user, the conffiles and the scripts.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
    message(FATAL_ERROR
            "No ${CPACK_GENERATOR} package can be made: use cpack -G DEB on "
            "Debian, and cmake --install elsewhere (README.md, \"Build and "
            "install by hand\")")
endif()
