# SPDX-License-Identifier: BSD-2-Clause
# What is installed besides programs. The configuration stands in /etc whatever
# the prefix, for that is where the daemon looks; an old one is left alone.
install(CODE "
    set(SBINDIR \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR})
    set(BINDIR \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR})
    set(INTO \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
    include(${CMAKE_CURRENT_LIST_DIR}/make_units.cmake)
    if(NOT EXISTS \$ENV{DESTDIR}/etc/msrprelayd/msrprelayd.conf)
        file(INSTALL ${PROJECT_SOURCE_DIR}/conf/msrprelayd.conf
             DESTINATION /etc/msrprelayd)
    endif()
    if(NOT EXISTS \$ENV{DESTDIR}/etc/logrotate.d/msrprelayd)
        file(INSTALL ${PROJECT_SOURCE_DIR}/docs/examples/logrotate
             DESTINATION /etc/logrotate.d RENAME msrprelayd)
    endif()")
install(FILES systemd/msrprelayd.socket DESTINATION lib/systemd/system)
install(FILES systemd/sysusers.conf DESTINATION lib/sysusers.d
        RENAME msrprelayd.conf)
install(FILES systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d
        RENAME msrprelayd.conf)

# Those of the look-up helpers go with these: see tools/lookup/.
file(GLOB man_pages docs/man/*.[1-8])
list(FILTER man_pages EXCLUDE REGEX "/msrprelay-lookup-")
foreach(page IN LISTS man_pages)
    string(REGEX MATCH "[1-8]$" section ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# Without what only those need who change the relay.
install(FILES README.md CHANGELOG.md SECURITY.md LICENSE
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
        PATTERN man EXCLUDE
        PATTERN adr EXCLUDE
        PATTERN spec EXCLUDE
        PATTERN style.md EXCLUDE)
