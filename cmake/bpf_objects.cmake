# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# bpf/NAME.bpf.c -> NAME.bpf.o (through `bpftool gen object`, which strips DWARF and checks BTF)
# -> a source file that embeds it as tally_object_NAME. Sets BPF_EMBEDDED to all of those.

set(BPF_DIR ${PROJECT_BINARY_DIR}/bpf)
file(MAKE_DIRECTORY ${BPF_DIR})
set(BPF_FLAGS
    --target=bpf -mcpu=v3 -O2 -g -D__TARGET_ARCH_x86 -Wall -Wextra -Wno-unused-parameter -Werror
    -I${PROJECT_SOURCE_DIR}/bpf/include -isystem ${PROJECT_SOURCE_DIR}/vmlinux/x86_64)

# bpf_object(SOURCE OBJECT [FLAG ...]): compiles one of them.
function(bpf_object source object)
  get_filename_component(name ${source} NAME)
  string(REPLACE ".bpf.o" ".tmp.o" compiled ${object})
  # The compiler's own dependency file: an edited header rebuilds what includes it and only that.
  add_custom_command(
    OUTPUT ${compiled}
    COMMAND ${CMAKE_C_COMPILER_LAUNCHER} ${BPF_CLANG} ${BPF_FLAGS} ${ARGN} -MD -MF ${compiled}.d -MT ${compiled} -c ${source} -o ${compiled}
    DEPENDS ${source}
    DEPFILE ${compiled}.d
    COMMENT "BPF ${name}"
    VERBATIM)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${BPFTOOL} gen object ${object} ${compiled}
    DEPENDS ${compiled}
    VERBATIM)
endfunction()

set(BPF_EMBEDDED)
set(BPF_OBJECTS)
file(GLOB BPF_SOURCES CONFIGURE_DEPENDS bpf/*.bpf.c bpf/engine/*.bpf.c)
foreach(source ${BPF_SOURCES})
  get_filename_component(name ${source} NAME)
  string(REPLACE ".bpf.c" "" name ${name})
  set(object ${BPF_DIR}/${name}.bpf.o)
  set(embedded ${BPF_DIR}/${name}.embedded.S)
  bpf_object(${source} ${object})
  # .incbin needs no compiler memory for a big array and no conversion program.
  file(CONFIGURE OUTPUT ${embedded} @ONLY CONTENT
".section .rodata
.balign 8
.global tally_object_${name}
.global tally_object_${name}_end
tally_object_${name}:
.incbin \"${object}\"
tally_object_${name}_end:
.section .note.GNU-stack,\"\",@progbits
")
  set_source_files_properties(${embedded} PROPERTIES LANGUAGE ASM OBJECT_DEPENDS ${object})
  list(APPEND BPF_EMBEDDED ${embedded})
  list(APPEND BPF_OBJECTS ${object})
endforeach()
add_custom_target(bpf_objects DEPENDS ${BPF_OBJECTS})
enable_language(ASM)
