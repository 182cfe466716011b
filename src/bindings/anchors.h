/* anchors.h - closures of the user in the engine's graph, as hooks.c and checkpoint.c use them. */
#ifndef BIND_ANCHORS_H
#define BIND_ANCHORS_H

#include "bind.h"

static inline void bind_push_registered(lua_State *L, int ref) { lua_rawgeti(L, LUA_REGISTRYINDEX, ref); }

/* Pushes the anchor of what the tensors at stack indices first .. last, alone or in lists, bring with them:
 * nil, that of one of them, or a new one. */
void bind_push_gathered(lua_State *L, Bind *b, int first, int last);
/* Pushes the anchor that the handle at idx owns, made if need be over the one it shares. */
void bind_push_own_anchor(lua_State *L, Bind *b, int idx);
/* Adds the anchor on the top (popped) to the parents of the one at `to`. */
void bind_add_parent(lua_State *L, int to);

/* The record on the top gets a key, by which it is found from now on. */
uintptr_t bind_register_record(lua_State *L, Bind *b);
/* The record at idx is kept by the handle at `handle`. */
void bind_anchor_record(lua_State *L, Bind *b, int handle, uintptr_t key, int idx);
/* Pushes the record of a key; false (and nil) when it is gone. */
bool bind_push_record(lua_State *L, Bind *b, uintptr_t key);
/* For the engine: it needs the closure no longer. */
void bind_forget(void *data, void *key);

void bind_anchors_open(lua_State *L, Bind *b);

#endif
