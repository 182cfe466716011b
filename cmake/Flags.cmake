# Compiler flags: warnings, optimisation, sanitizers, and the instruction sets of the kernels.

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(NNLUA_X86_64 ON)
else()
  set(NNLUA_X86_64 OFF)
endif()

add_library(nnlua_flags INTERFACE)
target_compile_definitions(nnlua_flags INTERFACE _GNU_SOURCE)
# No errno and no trapping: they would keep loops from vectorising. Never -ffast-math: NaN and infinity are values here.
# A row of the registry names the fields that it has; the others are zero.
target_compile_options(nnlua_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-missing-field-initializers
  -fno-math-errno -fno-trapping-math -ffp-contract=fast)
if(NNLUA_WERROR)
  target_compile_options(nnlua_flags INTERFACE -Werror)
endif()

set(kernel_optimise -O3)
if(CMAKE_BUILD_TYPE STREQUAL Debug)
  set(kernel_optimise -O1)
endif()
if(NNLUA_SANITIZE)
  # Speed matters here too: the sanitized build runs the registry's tests.
  target_compile_options(nnlua_flags INTERFACE -fsanitize=${NNLUA_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer -g1 -O1)
  target_link_options(nnlua_flags INTERFACE -fsanitize=${NNLUA_SANITIZE})
  target_compile_definitions(nnlua_flags INTERFACE NNLUA_SANITIZE=1)
endif()

# nnlua_add_kernels(TARGET ISA FLAGS): all files of kernels/ once more, for the instruction set number ISA.
function(nnlua_add_kernels target isa flags)
  set(objects ${target}_isa${isa})
  add_library(${objects} OBJECT ${kernel_sources})
  target_include_directories(${objects} PRIVATE src src/engine src/engine/kernels)
  target_compile_definitions(${objects} PRIVATE NN_ISA=${isa})
  target_link_libraries(${objects} PRIVATE nnlua_flags)
  target_compile_options(${objects} PRIVATE ${flags} ${kernel_optimise})
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
endfunction()
