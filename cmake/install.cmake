# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# What is installed: the program, a link tally-TOOL for each name of a tool, man pages, completion, documents.
# `make install` and the Debian package (`make deb`) have the same files. Wants TOOL_SOURCES.

include(GNUInstallDirs)
find_program(LOWDOWN lowdown REQUIRED)

# NAME.1.gz of a tool or of tally itself, from its help and its page in docs.
set(MAN_DIR ${PROJECT_BINARY_DIR}/man)
file(MAKE_DIRECTORY ${MAN_DIR})
set(MAN_PAGES)
function(add_man_page name tool page)
  set(output ${MAN_DIR}/${name}.1.gz)
  if(NOT EXISTS ${page})
    set(page)
  endif()
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${PROJECT_SOURCE_DIR}/packaging/man_page $<TARGET_FILE:tally> ${tool} ${output} ${page}
    DEPENDS tally ${PROJECT_SOURCE_DIR}/packaging/man_page ${page}
    COMMENT "Man page ${name}"
    VERBATIM)
  set(MAN_PAGES ${MAN_PAGES} ${output} PARENT_SCOPE)
endfunction()

add_man_page(tally tally ${PROJECT_SOURCE_DIR}/docs/output.md)
set(LINK_DIR ${PROJECT_BINARY_DIR}/links)
set(PROGRAM_LINKS)
# What a tool is called stands in its source: `.name = "runqlat",`, and likewise each further name.
set(TOOL_NAMES)
foreach(source ${TOOL_SOURCES})
  file(STRINGS ${source} names REGEX "^ *\\.name = \"[a-z0-9]+\",$")
  list(TRANSFORM names REPLACE ".*\"(.*)\".*" "\\1")
  list(APPEND TOOL_NAMES ${names})
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${TOOL_SOURCES})
foreach(tool ${TOOL_NAMES})
  add_man_page(tally-${tool} ${tool} ${PROJECT_SOURCE_DIR}/docs/tools/${tool}.md)
  file(MAKE_DIRECTORY ${LINK_DIR})
  file(CREATE_LINK tally ${LINK_DIR}/tally-${tool} SYMBOLIC)
  list(APPEND PROGRAM_LINKS ${LINK_DIR}/tally-${tool})
endforeach()
add_custom_target(man_pages DEPENDS ${MAN_PAGES})

set(PACKAGING ${PROJECT_SOURCE_DIR}/packaging)
install(TARGETS tally RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${PROGRAM_LINKS} DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${MAN_PAGES} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

# bash looks for a file by the name of the command.
set(BASH_COMPLETIONS ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${PACKAGING}/tally.bash DESTINATION ${BASH_COMPLETIONS} RENAME tally)
install(FILES ${PROGRAM_LINKS} DESTINATION ${BASH_COMPLETIONS})
# Debian's zsh looks for what packages bring in another folder than for what was built here.
install(CODE "
  set(folder site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
    set(folder vendor-completions)
  endif()
  file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${folder}\"
       TYPE FILE FILES \"${PACKAGING}/_tally\")")

# What a tracer is compiled with, for `tally run` (docs/new-tool.md).
install(DIRECTORY bpf/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tally)
install(FILES vmlinux/x86_64/vmlinux.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tally)

install(FILES README.md packaging/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
set(CHANGELOG ${PROJECT_BINARY_DIR}/changelog.gz)
add_custom_command(
  OUTPUT ${CHANGELOG}
  COMMAND sh -c "gzip -9n <${PACKAGING}/changelog >${CHANGELOG}"
  DEPENDS ${PACKAGING}/changelog
  VERBATIM)
add_custom_target(changelog DEPENDS ${CHANGELOG})
# What installing needs beside the program.
add_custom_target(documents DEPENDS man_pages changelog)
install(FILES ${CHANGELOG} DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tally)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "latency and counts in the kernel, per container")
set(CPACK_PACKAGE_DESCRIPTION
"tally shows how long things take in the Linux kernel, per container, live in a
terminal or as JSON: small eBPF programs with filters, grouping by container
name, percentiles and intervals. It finds the containers of docker, podman,
Kubernetes and others by itself, and needs a kernel with type information
(BTF).")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
# As Debian's own tools, the name of whoever makes the package.
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The tally authors <tally@tally.invalid>")
if(DEFINED ENV{DEBEMAIL})
  set(CPACK_DEBIAN_PACKAGE_MAINTAINER "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
include(CPack)
