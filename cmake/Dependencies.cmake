# Finds Lua 5.4, zlib, cJSON and readline. OpenBLAS is not here: the engine loads it at run time.

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
