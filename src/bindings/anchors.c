/* anchors.c - what keeps the user's closures in the graph alive.
 *
 * The engine knows a closure by a number only; a weak table finds it. What keeps it alive is the Lua heap
 * alone, so that a closure that captures its own tensor ties no ring through the engine: an ephemeron table
 * maps each handle to its anchor, a table that holds the closures of its history. A result whose history has
 * closures gets the anchor of the input it came from, or a new one over those of several inputs. An anchor is
 *   {owner = address of its handle, parents = {anchors}, [key] = record}
 * and a record {f = closure, ...}. Only its owner adds to an anchor. */
#include <stdlib.h>

#include "anchors.h"

/* ---- anchors ----------------------------------------------------------------------------------------- */

/* Pushes the anchor of the handle at idx, or nil. */
static bool push_anchor(lua_State *L, Bind *b, int idx) {
  idx = lua_absindex(L, idx);
  bind_push_registered(L, b->anchors);
  lua_pushvalue(L, idx);
  bool there = lua_rawget(L, -2) != LUA_TNIL;
  lua_remove(L, -2);
  return there;
}

/* The anchor on the top becomes that of the handle at idx; pops it. */
static void set_anchor(lua_State *L, Bind *b, int idx) {
  idx = lua_absindex(L, idx);
  bind_push_registered(L, b->anchors);
  lua_pushvalue(L, idx);
  lua_pushvalue(L, -3);
  lua_rawset(L, -3);
  lua_pop(L, 2);
}

/* Does the anchor at `outer` hold the one at `inner`, as itself or as a parent? */
static bool holds(lua_State *L, int outer, int inner) {
  if (lua_rawequal(L, outer, inner)) return true;
  if (lua_getfield(L, outer, "parents") == LUA_TNIL) {
    lua_pop(L, 1);
    return false;
  }
  bool found = false;
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= n && !found; i++) {
    lua_rawgeti(L, -1, i);
    found = lua_rawequal(L, -1, inner) != 0;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return found;
}

/* Adds the anchor on the top (popped) to the parents of the one at `to`. */
void bind_add_parent(lua_State *L, int to) {
  if (lua_getfield(L, to, "parents") == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, to, "parents");
  }
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

/* A gathering of anchors at stack index `at`: nil, one anchor as it is, or a new one over several. */
static void gather(lua_State *L, Bind *b, int at, int idx, bool *fresh) {
  nn_tensor *t = bind_tensor(L, b, idx);
  if (t == NULL || !nn_has_host_history(t)) return;
  if (!push_anchor(L, b, idx)) {
    lua_pop(L, 1);
    return;
  }
  int one = lua_gettop(L);
  if (lua_isnil(L, at) || holds(L, one, at)) {
    lua_replace(L, at);
    *fresh = false;
  } else if (holds(L, at, one)) {
    lua_pop(L, 1);
  } else if (*fresh) {
    bind_add_parent(L, at);
  } else {
    lua_newtable(L);
    lua_pushvalue(L, at);
    bind_add_parent(L, one + 1);
    lua_replace(L, at);
    bind_add_parent(L, at);
    *fresh = true;
  }
}

/* Pushes what the tensors at first .. last, alone or in lists, bring with them (nil: nothing). */
void bind_push_gathered(lua_State *L, Bind *b, int first, int last) {
  bool fresh = false;
  luaL_checkstack(L, 12, NULL);
  lua_pushnil(L);
  int at = lua_gettop(L);
  for (int idx = first; idx <= last; idx++) {
    if (!lua_istable(L, idx)) {
      gather(L, b, at, idx, &fresh);
      continue;
    }
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) gather(L, b, at, lua_gettop(L), &fresh);
  }
}

void bind_anchor_result(lua_State *L, Bind *b, int first, int last) {
  int handle = lua_gettop(L);
  const nn_tensor *t = bind_tensor(L, b, handle);
  if (t == NULL || !nn_has_host_history(t)) return;
  bind_push_gathered(L, b, first, last);
  if (lua_isnil(L, -1))
    lua_pop(L, 1);
  else
    set_anchor(L, b, handle);
}

/* Pushes the anchor that the handle at idx owns, made if need be over the one it shares. */
void bind_push_own_anchor(lua_State *L, Bind *b, int idx) {
  void *address = lua_touserdata(L, idx);
  idx = lua_absindex(L, idx);
  if (push_anchor(L, b, idx)) {
    lua_getfield(L, -1, "owner");
    bool own = lua_touserdata(L, -1) == address;
    lua_pop(L, 1);
    if (own) return;
  }
  lua_newtable(L);
  lua_pushlightuserdata(L, address);
  lua_setfield(L, -2, "owner");
  lua_insert(L, -2);
  if (lua_isnil(L, -1))
    lua_pop(L, 1);
  else
    bind_add_parent(L, lua_gettop(L) - 1);
  lua_pushvalue(L, -1);
  set_anchor(L, b, idx);
}

/* ---- records ----------------------------------------------------------------------------------------- */

/* The record on the top gets a key and can be found by it. */
uintptr_t bind_register_record(lua_State *L, Bind *b) {
  uintptr_t key = ++b->next_key;
  bind_push_registered(L, b->closures);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, (lua_Integer)key);
  lua_pop(L, 1);
  b->has_hooks = true;
  return key;
}

/* The record at idx is kept by the handle at `handle`. */
void bind_anchor_record(lua_State *L, Bind *b, int handle, uintptr_t key, int idx) {
  idx = lua_absindex(L, idx);
  bind_push_own_anchor(L, b, handle);
  lua_pushvalue(L, idx);
  lua_rawseti(L, -2, (lua_Integer)key);
  lua_pop(L, 1);
}

bool bind_push_record(lua_State *L, Bind *b, uintptr_t key) {
  bind_push_registered(L, b->closures);
  bool there = lua_rawgeti(L, -1, (lua_Integer)key) == LUA_TTABLE;
  lua_remove(L, -2);
  return there;
}

/* The engine needs a closure no longer. It may say so in the middle of anything: only the number is noted. */
void bind_forget(void *data, void *key) {
  Bind *b = data;
  if (b->n_forgotten == b->forgotten_cap) {
    size_t cap = b->forgotten_cap ? 2 * b->forgotten_cap : 64;
    uintptr_t *list = realloc(b->forgotten, cap * sizeof *list);
    if (list == NULL) return; /* it goes with its handles then */
    b->forgotten = list;
    b->forgotten_cap = cap;
  }
  b->forgotten[b->n_forgotten++] = (uintptr_t)key;
}

void bind_sweep_closures(lua_State *L, Bind *b) {
  if (b->n_forgotten == 0) return;
  luaL_checkstack(L, 6, NULL);
  while (b->n_forgotten > 0) {
    uintptr_t key = b->forgotten[--b->n_forgotten];
    if (bind_push_record(L, b, key)) {
      for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, -4);
      }
    }
    lua_pop(L, 1);
  }
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static int new_weak_table(lua_State *L, const char *mode) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushstring(L, mode);
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

void bind_anchors_open(lua_State *L, Bind *b) {
  b->known = new_weak_table(L, "v");
  b->anchors = new_weak_table(L, "k");
  b->closures = new_weak_table(L, "v");
}
