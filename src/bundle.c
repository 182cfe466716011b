/* bundle.c - see bundle.h. The file is a sequence of entries, each three strings with their lengths in 8 bytes before
 * them (string.pack "s8"): module, path of the source below the library's directory, bytecode; before the bytecode
 * stands the source's size in 8 bytes ("i8"). Knows nothing of tensors. */
#include "bundle.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The bundle in memory, and when it was made. */
typedef struct bundle {
  const char *bytes, *end;
  struct timespec made;
} bundle;

/* A searcher of package.searchers. Upvalues: the bundle, the library's directory. */
static int search(lua_State *L) {
  const char *wanted = luaL_checkstring(L, 1);
  size_t wanted_length = strlen(wanted);
  const bundle *b = lua_touserdata(L, lua_upvalueindex(1));
  reader r = {b->bytes, b->end};
  for (entry e; read_entry(&r, &e);) {
    if (e.name_length != wanted_length || memcmp(e.name, wanted, wanted_length) != 0) continue;
    lua_pushlstring(L, e.path, e.path_length);
    const char *path = lua_pushfstring(L, "%s/%s", lua_tostring(L, lua_upvalueindex(2)), lua_tostring(L, -1));
    if (!is_current(path, e.size, &b->made)) break;
    lua_insert(L, 2);
    if (luaL_loadbufferx(L, e.code, e.code_length, path, "b") != LUA_OK) break;
    lua_pushvalue(L, 2);
    return 2;
  }
  lua_pushliteral(L, "not in the compiled library");
  return 1;
}

/* The file stays mapped: what nobody asks for is never read. A new one takes its name, not its place. */
static bool map_file(const char *path, bundle *b) {
  struct stat s;
  int f = open(path, O_RDONLY | O_CLOEXEC);
  if (f < 0) return false;
  bool ok = fstat(f, &s) == 0 && s.st_size > 0 && s.st_size < LARGEST;
  void *bytes = ok ? mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, f, 0) : MAP_FAILED;
  close(f);
  if (bytes == MAP_FAILED) return false;
  *b = (bundle){bytes, (const char *)bytes + s.st_size, s.st_mtim};
  return true;
}

/* Entries are for one directory, the first of the file: bytecode knows the places of its sources. */
static bool is_for(reader *r, const char *directory) {
  const char *s;
  size_t n;
  return read_string(r, &s, &n) && n == strlen(directory) && memcmp(s, directory, n) == 0;
}

void bundle_open(lua_State *L, const char *path, const char *directory) {
  int top = lua_gettop(L);
  bundle *b = lua_newuserdatauv(L, sizeof *b, 0);
  reader r;
  if (!map_file(path, b) || (r = (reader){b->bytes, b->end}, !is_for(&r, directory))) {
    lua_settop(L, top);
    return;
  }
  b->bytes = r.at;
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 2; i--) { /* after package.preload */
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushvalue(L, top + 1);
  lua_pushstring(L, directory);
  lua_pushcclosure(L, search, 2);
  lua_rawseti(L, -2, 2);
  lua_settop(L, top);
}
