# SPDX-License-Identifier: BSD-2-Clause
# Makes a C file of texts: each becomes an array of its octets and their number.
#
# usage: cmake -DOUT=FILE -DDIR=DIRECTORY -P embed.cmake
set(code "/* Made by embed.cmake. */\n#include <stddef.h>\n\n")
foreach(name html css js svg)
    if(name STREQUAL svg)
        set(file ${DIR}/icon.svg)
    else()
        set(file ${DIR}/status.${name})
    endif()
    file(READ ${file} octets HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${octets}")
    string(APPEND code
        "extern const unsigned char status_file_${name}[];\n"
        "extern const size_t status_file_${name}_n;\n"
        "const unsigned char status_file_${name}[] = {${octets}};\n"
        "const size_t status_file_${name}_n = sizeof status_file_${name};\n\n")
endforeach()
file(WRITE ${OUT} "${code}")
