/* bundle.c - see bundle.h. The file is a sequence of entries, each three strings with their lengths in 8 bytes before
 * them (string.pack "s8"): module, path of the source below the library's directory, bytecode; before the bytecode
 * stands the source's size in 8 bytes ("i8"). Knows nothing of tensors. */
#include "bundle.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST = 64 << 20 };

typedef struct reader {
  const char *at, *end;
} reader;

static bool read_number(reader *r, int64_t *n) {
  if (r->end - r->at < 8) return false;
  memcpy(n, r->at, 8);
  r->at += 8;
  return true;
}

static bool read_string(reader *r, const char **s, size_t *length) {
  int64_t n;
  if (!read_number(r, &n) || n < 0 || n > r->end - r->at) return false;
  *s = r->at;
  *length = (size_t)n;
  r->at += n;
  return true;
}

typedef struct entry {
  const char *name, *path, *code;
  size_t name_length, path_length, code_length;
  int64_t size;
} entry;

static bool read_entry(reader *r, entry *e) {
  return read_string(r, &e->name, &e->name_length) && read_string(r, &e->path, &e->path_length) &&
         read_number(r, &e->size) && read_string(r, &e->code, &e->code_length);
}

/* The source is the one that was compiled: of its size, and not changed since the bundle was made. */
static bool is_current(const char *path, int64_t size, const struct timespec *made) {
  struct stat s;
  if (stat(path, &s) != 0 || s.st_size != size) return false;
  return s.st_mtim.tv_sec < made->tv_sec || (s.st_mtim.tv_sec == made->tv_sec && s.st_mtim.tv_nsec <= made->tv_nsec);
}

/* A searcher of package.searchers. Upvalues: the bundle's bytes, when it was made, the library's directory. */
static int search(lua_State *L) {
  const char *wanted = luaL_checkstring(L, 1);
  size_t length, wanted_length = strlen(wanted);
  reader r = {.at = lua_tolstring(L, lua_upvalueindex(1), &length)};
  const struct timespec *made = lua_touserdata(L, lua_upvalueindex(2));
  r.end = r.at + length;
  for (entry e; read_entry(&r, &e);) {
    if (e.name_length != wanted_length || memcmp(e.name, wanted, wanted_length) != 0) continue;
    lua_pushlstring(L, e.path, e.path_length);
    const char *path = lua_pushfstring(L, "%s/%s", lua_tostring(L, lua_upvalueindex(3)), lua_tostring(L, -1));
    if (!is_current(path, e.size, made)) break;
    lua_insert(L, 2);
    if (luaL_loadbufferx(L, e.code, e.code_length, path, "b") != LUA_OK) break;
    lua_pushvalue(L, 2);
    return 2;
  }
  lua_pushliteral(L, "not in the compiled library");
  return 1;
}

static bool push_file(lua_State *L, const char *path, struct timespec *made) {
  struct stat s;
  FILE *f = fopen(path, "rb");
  if (f == NULL) return false;
  bool ok = fstat(fileno(f), &s) == 0 && s.st_size > 0 && s.st_size < LARGEST;
  char *bytes = ok ? malloc((size_t)s.st_size) : NULL;
  ok = bytes != NULL && fread(bytes, 1, (size_t)s.st_size, f) == (size_t)s.st_size;
  fclose(f);
  if (ok) lua_pushlstring(L, bytes, (size_t)s.st_size);
  free(bytes);
  *made = s.st_mtim;
  return ok;
}

/* Entries are for one directory, the first of the file: bytecode knows the places of its sources. */
static bool is_for(const char *bytes, size_t length, const char *directory) {
  reader r = {bytes, bytes + length};
  const char *s;
  size_t n;
  return read_string(&r, &s, &n) && n == strlen(directory) && memcmp(s, directory, n) == 0;
}

void bundle_open(lua_State *L, const char *path, const char *directory) {
  int top = lua_gettop(L);
  struct timespec made;
  size_t length;
  if (!push_file(L, path, &made) || !is_for(lua_tostring(L, -1), lua_rawlen(L, -1), directory)) {
    lua_settop(L, top);
    return;
  }
  const char *bytes = lua_tolstring(L, -1, &length);
  size_t head = 8 + strlen(directory);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 2; i--) { /* after package.preload */
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushlstring(L, bytes + head, length - head);
  struct timespec *kept = lua_newuserdatauv(L, sizeof *kept, 0);
  *kept = made;
  lua_pushstring(L, directory);
  lua_pushcclosure(L, search, 3);
  lua_rawseti(L, -2, 2);
  lua_settop(L, top);
}
