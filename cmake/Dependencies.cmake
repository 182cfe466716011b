# Finds Lua 5.4, zlib, cJSON, readline, libpng and libjpeg. OpenBLAS is not here: the engine loads it at run time.

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)

# Lua: headers for the bindings; for the program the static library, whole, so that modules in C find all of the API in
# it (a shared liblua does as well).
find_path(LUA_INCLUDE_DIR lua.h PATH_SUFFIXES lua5.4 lua54 lua-5.4)
if(NOT LUA_INCLUDE_DIR)
  message(FATAL_ERROR "The headers of Lua 5.4 are missing (Debian: liblua5.4-dev)")
endif()
file(STRINGS "${LUA_INCLUDE_DIR}/lua.h" lua_version REGEX "define[ \t]+LUA_VERSION_(MAJOR|MINOR)[ \t]")
if(NOT "${lua_version}" MATCHES "\"5\"" OR NOT "${lua_version}" MATCHES "\"4\"")
  message(FATAL_ERROR "${LUA_INCLUDE_DIR} has another Lua than 5.4")
endif()
find_library(LUA_STATIC_LIBRARY NAMES liblua5.4.a liblua54.a liblua-5.4.a)
find_library(LUA_SHARED_LIBRARY NAMES lua5.4 lua54 lua-5.4 lua)
if(LUA_STATIC_LIBRARY)
  set(NNLUA_LUA_LIBRARIES "-Wl,--whole-archive" "${LUA_STATIC_LIBRARY}" "-Wl,--no-whole-archive" m ${CMAKE_DL_LIBS})
elseif(LUA_SHARED_LIBRARY)
  set(NNLUA_LUA_LIBRARIES "${LUA_SHARED_LIBRARY}")
else()
  message(FATAL_ERROR "The library of Lua 5.4 is missing (Debian: liblua5.4-dev)")
endif()

find_path(CJSON_INCLUDE_DIR cjson/cJSON.h)
find_library(CJSON_LIBRARY NAMES cjson)
if(NOT CJSON_INCLUDE_DIR OR NOT CJSON_LIBRARY)
  message(FATAL_ERROR "cJSON is missing (Debian: libcjson-dev)")
endif()
add_library(nnlua_cjson INTERFACE)
target_include_directories(nnlua_cjson SYSTEM INTERFACE "${CJSON_INCLUDE_DIR}")
target_link_libraries(nnlua_cjson INTERFACE "${CJSON_LIBRARY}")

# Line editing at the prompt: without readline the prompt reads plain lines.
option(NNLUA_READLINE "Edit prompt lines with readline where it is installed" ON)
find_path(READLINE_INCLUDE_DIR readline/readline.h)
find_library(READLINE_LIBRARY NAMES readline)
add_library(nnlua_readline INTERFACE)
if(NNLUA_READLINE AND READLINE_INCLUDE_DIR AND READLINE_LIBRARY)
  target_compile_definitions(nnlua_readline INTERFACE NNLUA_READLINE=1)
  target_include_directories(nnlua_readline SYSTEM INTERFACE "${READLINE_INCLUDE_DIR}")
  target_link_libraries(nnlua_readline INTERFACE "${READLINE_LIBRARY}")
endif()

# PNG pictures: without libpng reading and writing them is an error that says so.
option(NNLUA_PNG "Read and write PNG where libpng is installed" ON)
find_path(PNG_INCLUDE_DIR png.h)
find_library(PNG_LIBRARY NAMES png png16)
add_library(nnlua_png INTERFACE)
if(NNLUA_PNG AND PNG_INCLUDE_DIR AND PNG_LIBRARY)
  target_compile_definitions(nnlua_png INTERFACE NNLUA_PNG=1)
  target_include_directories(nnlua_png SYSTEM INTERFACE "${PNG_INCLUDE_DIR}")
  target_link_libraries(nnlua_png INTERFACE "${PNG_LIBRARY}")
endif()

# JPEG pictures: without libjpeg reading and writing them is an error that says so.
option(NNLUA_JPEG "Read and write JPEG where libjpeg is installed" ON)
find_path(JPEG_INCLUDE_DIR jpeglib.h)
find_library(JPEG_LIBRARY NAMES jpeg)
add_library(nnlua_jpeg INTERFACE)
if(NNLUA_JPEG AND JPEG_INCLUDE_DIR AND JPEG_LIBRARY)
  target_compile_definitions(nnlua_jpeg INTERFACE NNLUA_JPEG=1)
  target_include_directories(nnlua_jpeg SYSTEM INTERFACE "${JPEG_INCLUDE_DIR}")
  target_link_libraries(nnlua_jpeg INTERFACE "${JPEG_LIBRARY}")
endif()

# FreeType: letters that the plots' own alphabet lacks (Chinese, for instance) in PNG pictures; without it boxes stand for
# them. Its header is enough here, the library is loaded when the first such letter is drawn.
option(NNLUA_FREETYPE "Draw letters from the machine's fonts where FreeType is installed" ON)
find_path(FREETYPE_INCLUDE_DIR ft2build.h PATH_SUFFIXES freetype2)
add_library(nnlua_freetype INTERFACE)
if(NNLUA_FREETYPE AND FREETYPE_INCLUDE_DIR)
  target_compile_definitions(nnlua_freetype INTERFACE NNLUA_FREETYPE=1)
  target_include_directories(nnlua_freetype SYSTEM INTERFACE "${FREETYPE_INCLUDE_DIR}")
endif()
