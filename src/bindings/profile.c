/* profile.c (bindings) - which line of the user's program is running, as a number for the engine's profile, and the
 * profile as a table for the Lua library (lib/nnlua/profile.lua). */
#include <string.h>

#include "bind.h"

/* Numbers in a line's key: chunk and line. */
enum { LINES = 1 << 24 };

static int new_table(lua_State *L) {
  lua_newtable(L);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* The chunk of the function on the top, which is not known yet: its place among the names, 0 for C functions and the
 * library. It becomes known. */
static lua_Integer learn_chunk(lua_State *L, Bind *b) {
  lua_Debug ar;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &ar);
  bool ours = b->library != NULL && strncmp(ar.source, b->library, strlen(b->library)) == 0;
  lua_Integer chunk = 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->profile_chunks);
  if (ar.what[0] != 'C' && !ours) {
    lua_pushstring(L, ar.source);
    if (lua_rawget(L, -2) != LUA_TNUMBER) {
      lua_pop(L, 1);
      lua_pushstring(L, ar.source);
      chunk = (lua_Integer)lua_rawlen(L, -2) + 1;
      lua_pushstring(L, ar.short_src);
      lua_rawseti(L, -3, chunk);
      lua_pushinteger(L, chunk);
      lua_rawset(L, -3);
    } else {
      chunk = lua_tointeger(L, -1);
      lua_pop(L, 1);
    }
  }
  lua_pushvalue(L, -2);
  lua_pushinteger(L, chunk);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  return chunk;
}

/* learn(function or nil, chunk, line): makes a function or a line known; may fail for want of memory. */
static int learn(lua_State *L) {
  Bind *b = lua_touserdata(L, lua_upvalueindex(1));
  if (lua_isfunction(L, 1)) {
    lua_settop(L, 1);
    lua_pushinteger(L, learn_chunk(L, b));
    return 1;
  }
  lua_Integer chunk = lua_tointeger(L, 2), line = lua_tointeger(L, 3);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->profile_chunks);
  lua_rawgeti(L, -1, chunk);
  lua_pushfstring(L, "%s:%d", lua_tostring(L, -1), (int)line);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->profile_names);
  lua_Integer number = (lua_Integer)lua_rawlen(L, -1) + 1;
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, number);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->profile_lines);
  lua_pushinteger(L, number);
  lua_rawseti(L, -2, chunk * LINES + line);
  lua_pushinteger(L, number);
  return 1;
}

/* Calls learn; 0 when it fails. */
static lua_Integer learned(lua_State *L, Bind *b, int function, lua_Integer chunk, lua_Integer line) {
  lua_pushlightuserdata(L, b);
  lua_pushcclosure(L, learn, 1);
  if (function != 0)
    lua_pushvalue(L, function);
  else
    lua_pushnil(L);
  lua_pushinteger(L, chunk);
  lua_pushinteger(L, line);
  lua_Integer result = lua_pcall(L, 3, 1, 0) == LUA_OK ? lua_tointeger(L, -1) : 0;
  lua_pop(L, 1);
  return result;
}

static lua_Integer chunk_of(lua_State *L, Bind *b, int function) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->profile_chunks);
  lua_pushvalue(L, function);
  lua_Integer chunk = lua_rawget(L, -2) == LUA_TNUMBER ? lua_tointeger(L, -1) : -1;
  lua_pop(L, 2);
  return chunk >= 0 ? chunk : learned(L, b, function, 0, 0);
}

/* The number of a line of a chunk. */
static int32_t number_of(lua_State *L, Bind *b, lua_Integer chunk, int line) {
  lua_Integer key = chunk * LINES + line;
  size_t at = (size_t)key % PROFILE_PLACES;
  if (line < 0 || line >= LINES) return 0;
  if (b->profile_places[at].key == key) return b->profile_places[at].number;
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->profile_lines);
  bool known = lua_rawgeti(L, -1, key) == LUA_TNUMBER;
  lua_Integer number = known ? lua_tointeger(L, -1) : 0;
  lua_pop(L, 2);
  if (!known) number = learned(L, b, 0, chunk, line);
  b->profile_places[at].key = key;
  b->profile_places[at].number = (int32_t)number;
  return (int32_t)number;
}

int32_t bind_profile_line(void *data) {
  Bind *b = data;
  lua_State *L = b->L;
  lua_Debug ar;
  if (L == NULL || b->profile_chunks == 0 || !lua_checkstack(L, 12)) return 0;
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "f", &ar);
    const void *function = lua_topointer(L, -1);
    size_t at = ((uintptr_t)function >> 4) % PROFILE_PLACES;
    if (b->profile_places[at].function != function) {
      b->profile_places[at].chunk = chunk_of(L, b, lua_gettop(L));
      b->profile_places[at].function = function;
    }
    lua_pop(L, 1);
    if (b->profile_places[at].chunk == 0) continue;
    lua_getinfo(L, "l", &ar);
    return number_of(L, b, b->profile_places[at].chunk, ar.currentline);
  }
  return 0;
}

/* start(): from now on everything is counted, from nothing. */
static int profile_start(lua_State *L) {
  Bind *b = bind_of(L);
  int *tables[] = {&b->profile_chunks, &b->profile_lines, &b->profile_names};
  for (int i = 0; i < 3; i++) {
    int old = *tables[i];
    *tables[i] = 0;
    if (old != 0) luaL_unref(L, LUA_REGISTRYINDEX, old);
  }
  for (int i = 0; i < 3; i++) *tables[i] = new_table(L);
  for (int i = 0; i < PROFILE_PLACES; i++) b->profile_places[i].function = NULL, b->profile_places[i].key = 0;
  if (!nn_profile_start(b->ctx)) return bind_raise(L, b);
  return 0;
}

/* active(): is anything counted? */
static int profile_active(lua_State *L) {
  lua_pushboolean(L, nn_profiling(bind_of(L)->ctx));
  return 1;
}

/* stop(): what was counted, a list of {name, line or nil, backward, calls, seconds, flops, bytes}; true when these are
 * estimates. */
static int profile_stop(lua_State *L) {
  Bind *b = bind_of(L);
  const nn_profile_row *rows;
  int n = nn_profile_rows(b->ctx, &rows);
  lua_createtable(L, n, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->profile_names);
  for (int i = 0; i < n; i++) {
    const nn_profile_row *r = &rows[i];
    lua_createtable(L, 0, 7);
    lua_pushstring(L, r->name);
    lua_setfield(L, -2, "name");
    if (lua_istable(L, -2)) {
      lua_rawgeti(L, -2, r->line);
      lua_setfield(L, -2, "line");
    }
    lua_pushboolean(L, r->backward);
    lua_setfield(L, -2, "backward");
    lua_pushinteger(L, r->calls);
    lua_setfield(L, -2, "calls");
    const struct {
      const char *name;
      double value;
    } numbers[] = {{"seconds", r->seconds}, {"flops", r->flops}, {"bytes", r->bytes}};
    for (int k = 0; k < 3; k++) {
      lua_pushnumber(L, numbers[k].value);
      lua_setfield(L, -2, numbers[k].name);
    }
    lua_rawseti(L, -3, i + 1);
  }
  lua_pop(L, 1);
  lua_pushboolean(L, nn_profile_sampled(b->ctx));
  nn_profile_stop(b->ctx);
  return 2;
}

void bind_profile_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {
      {"start", profile_start}, {"stop", profile_stop}, {"active", profile_active}, {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "profile");
}
