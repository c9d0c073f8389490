# SPDX-License-Identifier: BSD-2-Clause
# The program tools/<name>/main.c, installed in bindir. The other sources there
# become the library <name>_parts, so that its unit tests can link them; further
# arguments are the libraries that it needs.
function(tool name)
    set(dir ${PROJECT_SOURCE_DIR}/tools/${name})
    set(parts ${name}_parts)
    file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(${parts} STATIC ${sources})
    target_compile_options(${parts} PUBLIC "SHELL:-iquote ${dir}")
    target_link_libraries(${parts} PUBLIC ${ARGN})
    add_executable(${name} ${dir}/main.c)
    target_link_libraries(${name} PRIVATE ${parts})
    install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(MSRP_TESTS)
        keep_plain_code(${parts})
        unit_tests(${name} ${parts})
    endif()
endfunction()
