# SPDX-License-Identifier: BSD-2-Clause
# Run by cpack between installation and packing: documentation as Debian wants
# it.
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
set(doc ${share}/doc/${CPACK_PACKAGE_NAME})

file(REMOVE ${doc}/LICENSE)
file(COPY ${CPACK_MSRP_DEBIAN}/copyright DESTINATION ${doc})
configure_file(${CPACK_MSRP_DEBIAN}/changelog.in ${doc}/changelog.Debian @ONLY)
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
file(GLOB packed ${share}/man/man*/* ${doc}/changelog*)
foreach(file IN LISTS packed)
    execute_process(COMMAND gzip -9n ${file} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
