# SPDX-License-Identifier: BSD-2-Clause
# How a library's unit tests are built; for the rooms in src/ and for tools/.

# Link-time optimisation binds malloc() before the linker can wrap it, so tests
# link without it: gcc puts plain code next to the other into a library, clang
# cannot.
function(keep_plain_code library)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_compile_options(${library} PRIVATE -ffat-lto-objects)
    else()
        set_target_properties(${library} PROPERTIES
                              INTERPROCEDURAL_OPTIMIZATION OFF)
    endif()
endfunction()

# A test that replaces a function by its own says so in a line:
#
#     /* test-wraps: connect sendmsg */
#
# The linker then sends calls of connect() to the test's __wrap_connect(), and
# __real_connect() is the original.
function(wrap_symbols target source)
    file(STRINGS ${source} lines REGEX "test-wraps:")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    foreach(line IN LISTS lines)
        string(REGEX REPLACE ".*test-wraps:([A-Za-z0-9_ ]*).*" "\\1" line "${line}")
        separate_arguments(symbols UNIX_COMMAND "${line}")
        foreach(symbol IN LISTS symbols)
            target_link_options(${target} PRIVATE -Wl,--wrap=${symbol})
        endforeach()
    endforeach()
endfunction()

# The unit tests of `library`, which they link with what it stands on and
# nothing else: tests/unit/<area>/test_<module>.c becomes the ctest
# <area>.<module>. What the tests of one area share is in tests/support/<area>/
# and becomes test_support_<area>; further arguments are the support libraries
# of other areas.
function(unit_tests area library)
    set(dir ${PROJECT_SOURCE_DIR}/tests)
    set(support test_support_${area})
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)
    file(GLOB sources CONFIGURE_DEPENDS ${dir}/support/${area}/*.c)
    if(sources)
        add_library(${support} STATIC ${sources})
        target_compile_options(${support} PUBLIC
            "SHELL:-iquote ${dir}/support/${area}")
        set(visibility PUBLIC)
    else()
        add_library(${support} INTERFACE)
        set(visibility INTERFACE)
    endif()
    target_link_libraries(${support} ${visibility} ${ARGN} ${library}
                          test_support)
    file(GLOB tests CONFIGURE_DEPENDS ${dir}/unit/${area}/test_*.c)
    foreach(source IN LISTS tests)
        get_filename_component(stem ${source} NAME_WE)
        string(REGEX REPLACE "^test_" "" module ${stem})
        add_executable(${area}_${stem} ${source})
        target_link_libraries(${area}_${stem} PRIVATE ${support})
        wrap_symbols(${area}_${stem} ${source})
        add_test(NAME ${area}.${module} COMMAND ${area}_${stem})
        set_tests_properties(${area}.${module} PROPERTIES
                             LABELS unit TIMEOUT 120)
    endforeach()
endfunction()
