/* errors.c - how an error reaches the user: with the place in the user's own code, not in the library's, and
 * with the path of the module where it happened, which the Lua library finds. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bind.h"

void bind_position(lua_State *L, Bind *b, char *buf, size_t size) {
  const char *library = b->library;
  size_t n = library ? strlen(library) : 0;
  lua_Debug ar;
  buf[0] = '\0';
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0) continue;
    if (n > 0 && strncmp(ar.source, library, n) == 0) continue;
    snprintf(buf, size, "%s:%d: ", ar.short_src, ar.currentline);
    return;
  }
}

/* The library may put a module's path before the text on the top. */
static void add_path(lua_State *L, Bind *b) {
  if (lua_rawgeti(L, LUA_REGISTRYINDEX, b->path_finder) != LUA_TFUNCTION) {
    lua_pop(L, 1);
    return;
  }
  lua_pushvalue(L, -2);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING)
    lua_replace(L, -2);
  else
    lua_pop(L, 1);
}

int bind_error_top(lua_State *L, Bind *b) {
  luaL_checkstack(L, 6, NULL);
  add_path(L, b);
  char place[LUA_IDSIZE + 32];
  bind_position(L, b, place, sizeof place);
  lua_pushstring(L, place);
  lua_insert(L, -2);
  lua_concat(L, 2);
  return lua_error(L);
}

int bind_raise(lua_State *L, Bind *b) {
  nn_error code = nn_error_code(b->ctx);
  luaL_checkstack(L, 6, NULL);
  lua_pushstring(L, code == NN_OK ? "the operation failed" : nn_error_text(b->ctx));
  nn_error_clear(b->ctx);
  if (b->has_failure) { /* a closure of the user raised an error of its own: it passes unchanged */
    b->has_failure = false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->failure);
    lua_pushnil(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, b->failure);
    return lua_error(L);
  }
  if (code == NN_ERR_INTERRUPT) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->interrupt);
    return lua_error(L);
  }
  return bind_error_top(L, b);
}

int bind_raise_for(lua_State *L, Bind *b, const char *who) {
  if (nn_error_code(b->ctx) != NN_ERR_ARG) return bind_raise(L, b);
  lua_pushfstring(L, "%s: %s", who, nn_error_text(b->ctx));
  nn_error_clear(b->ctx);
  return bind_error_top(L, b);
}

int bind_error(lua_State *L, Bind *b, const char *format, ...) {
  char text[2048];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  lua_pushstring(L, text);
  return bind_error_top(L, b);
}

const char *bind_describe(lua_State *L, Bind *b, int idx, char buf[128]) {
  const nn_tensor *t = bind_tensor(L, b, idx);
  int type = lua_type(L, idx);
  if (t != NULL) {
    char shape[NN_SHAPE_TEXT];
    snprintf(buf, 128, "a tensor of shape %.80s", nn_tensor_shape_text(t, shape));
  } else if (type == LUA_TNONE) {
    snprintf(buf, 128, "nothing");
  } else if (type == LUA_TNIL) {
    snprintf(buf, 128, "nil");
  } else if (type == LUA_TSTRING) {
    snprintf(buf, 128, "the string '%.60s'", lua_tostring(L, idx));
  } else if (type == LUA_TNUMBER && lua_isinteger(L, idx)) {
    snprintf(buf, 128, "the number %lld", (long long)lua_tointeger(L, idx));
  } else if (type == LUA_TNUMBER) {
    snprintf(buf, 128, "the number %.14g", lua_tonumber(L, idx));
  } else {
    snprintf(buf, 128, "a %s", lua_typename(L, type));
  }
  return buf;
}

/* ---- the nearest name -------------------------------------------------------------------------------- */

enum { LONGEST = 40 };

/* Insertions, deletions, replacements and swaps of neighbours that make b of a (Damerau, restricted). */
static int edit_distance(const char *a, const char *b) {
  int n = (int)strlen(a), m = (int)strlen(b);
  if (n > LONGEST || m > LONGEST) return LONGEST;
  int row[3][LONGEST + 1];
  for (int j = 0; j <= m; j++) row[0][j] = j;
  for (int i = 1; i <= n; i++) {
    int *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= m; j++) {
      int best = last[j - 1] + (a[i - 1] != b[j - 1]);
      if (last[j] + 1 < best) best = last[j] + 1;
      if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
      now[j] = best;
    }
  }
  return row[n % 3][m];
}

void bind_nearest_start(Nearest *n, const char *name) {
  n->name = name;
  n->best = NULL;
  n->distance = (int)strlen(name) / 3 + 2;
}

void bind_nearest_try(Nearest *n, const char *candidate) {
  int d = edit_distance(n->name, candidate);
  if (d >= n->distance) return;
  n->distance = d;
  n->best = candidate;
}
