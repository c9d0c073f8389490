# SPDX-License-Identifier: BSD-2-Clause
# Run by cpack between installation and packing: documentation of each package
# as Debian wants it.

# Whatever the checkout's own are.
set(permissions FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

# Nothing if the component has not been built.
function(make_debian_docs component package)
    set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr/share)
    set(doc ${share}/doc/${package})
    if(NOT IS_DIRECTORY ${share})
        return()
    endif()
    file(COPY ${CPACK_MSRP_DEBIAN}/copyright DESTINATION ${doc}
         ${permissions})
    configure_file(${CPACK_MSRP_DEBIAN}/changelog.in ${doc}/changelog.Debian
                   @ONLY ${permissions})
    if(EXISTS ${doc}/CHANGELOG.md)
        file(REMOVE ${doc}/LICENSE)
        file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
    endif()
    file(GLOB packed ${share}/man/man*/* ${doc}/changelog*)
    foreach(file IN LISTS packed)
        execute_process(COMMAND gzip -9n ${file} COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
endfunction()

make_debian_docs(relay ${CPACK_DEBIAN_RELAY_PACKAGE_NAME})
make_debian_docs(lookup ${CPACK_DEBIAN_LOOKUP_PACKAGE_NAME})
