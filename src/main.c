/* main.c - the nnlua program: finds its Lua library, runs a script, -e code or standard input.
 * Knows nothing of tensors: nnlua.core is preloaded, the rest is Lua. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"

/* The directory of the program's own file, or "". */
static void own_directory(char *buf, size_t size) {
  ssize_t n = readlink("/proc/self/exe", buf, size - 1);
  buf[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(buf, '/');
  if (slash != NULL) *slash = '\0';
}

static bool has_library(const char *directory) {
  char path[4200];
  snprintf(path, sizeof path, "%s/nnlua/init.lua", directory);
  return access(path, R_OK) == 0;
}

static const char *library_directory(char *buf, size_t size) {
  char own[4000];
  own_directory(own, sizeof own);
  snprintf(buf, size, "%s/%s", own, NNLUA_RELATIVE_LIB);
  if (has_library(buf)) return buf;
  if (has_library(NNLUA_SOURCE_LIB)) return NNLUA_SOURCE_LIB;
  return NNLUA_INSTALL_LIB;
}

static void set_path(lua_State *L) {
  char buf[4200];
  const char *directory = library_directory(buf, sizeof buf);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", directory, directory, lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

static int add_traceback(lua_State *L) {
  const char *text = lua_tostring(L, 1);
  if (text == NULL) {
    luaL_tolstring(L, 1, NULL);
    return 1;
  }
  luaL_traceback(L, L, text, 1);
  return 1;
}

/* Calls what is on the stack; false when it ended with an error, which is shown. */
static bool call(lua_State *L, int n_args) {
  int base = lua_gettop(L) - n_args;
  lua_pushcfunction(L, add_traceback);
  lua_insert(L, base);
  int status = lua_pcall(L, n_args, 0, base);
  lua_remove(L, base);
  if (status == LUA_OK) return true;
  fprintf(stderr, "nnlua: %s\n", lua_tostring(L, -1));
  lua_pop(L, 1);
  return false;
}

/* The parts of nnlua become globals. */
static bool open_library(lua_State *L) {
  static const char code[] = "local nnlua = require 'nnlua'\n_G.nnlua = nnlua\n"
                             "for _, name in ipairs(nnlua.globals) do _G[name] = nnlua[name] end";
  return luaL_loadbuffer(L, code, sizeof code - 1, "=nnlua") == LUA_OK && call(L, 0);
}

static bool run(lua_State *L, int status, int n_args) {
  if (status == LUA_OK) return call(L, n_args);
  fprintf(stderr, "nnlua: %s\n", lua_tostring(L, -1));
  lua_pop(L, 1);
  return false;
}

static bool run_file(lua_State *L, int argc, char **argv, int at) {
  lua_createtable(L, argc - at, at + 1);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - at);
  }
  lua_setglobal(L, "arg");
  const char *name = at < argc && strcmp(argv[at], "-") != 0 ? argv[at] : NULL;
  int status = luaL_loadfile(L, name);
  int n = 0;
  for (int i = at + 1; status == LUA_OK && i < argc; i++, n++) lua_pushstring(L, argv[i]);
  return run(L, status, n);
}

static bool run_all(lua_State *L, int argc, char **argv) {
  int i = 1;
  bool executed = false;
  for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
    if (strcmp(argv[i], "-e") != 0 || i + 1 == argc) {
      fprintf(stderr, "nnlua: unknown option '%s'\n", argv[i]);
      return false;
    }
    i++;
    executed = true;
    if (!run(L, luaL_loadbuffer(L, argv[i], strlen(argv[i]), "=(command line)"), 0)) return false;
  }
  return (executed && i == argc) || run_file(L, argc, argv, i);
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (L == NULL) return 1;
  luaL_openlibs(L);
  lua_gc(L, LUA_GCGEN, 0, 0);
  set_path(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_nnlua_core);
  lua_setfield(L, -2, "nnlua.core");
  lua_pop(L, 1);
  bool ok = open_library(L) && run_all(L, argc, argv);
  lua_close(L);
  return ok ? 0 : 1;
}
