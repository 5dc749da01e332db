# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# tally_system_libraries: what every program of ours links. A program with the property TALLY_STATIC
# gets the libraries' archives instead, with what they need in turn.

add_library(tally_system_libraries INTERFACE)
set(IS_STATIC "$<BOOL:$<TARGET_PROPERTY:TALLY_STATIC>>")

find_package(PkgConfig REQUIRED)
function(add_system_library name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  target_link_libraries(tally_system_libraries INTERFACE
    "$<IF:${IS_STATIC},${${name}_STATIC_LIBRARIES},PkgConfig::${name}>")
endfunction()
add_system_library(LIBBPF libbpf>=1.1)
add_system_library(SECCOMP libseccomp)
add_system_library(LIBELF libelf)

# Debian has no libfmt.a; a static program compiles packaging/libfmt.cpp.
find_package(fmt REQUIRED)
target_link_libraries(tally_system_libraries INTERFACE $<$<NOT:${IS_STATIC}>:fmt::fmt>)
