/* catch.c - the one way for code of the library to handle an interrupt (Ctrl-C) and go on. In Lua this cannot
 * be written: while an interrupt is pending every Lua instruction raises it again. */
#include "library.h"

/* After the call: results stand above the place of the first one. */
static int finish(lua_State *L, int status, lua_KContext first) {
  Bind *b = bind_of(L);
  if (status == LUA_OK || status == LUA_YIELD) {
    lua_pushboolean(L, 0);
    lua_insert(L, (int)first);
    return lua_gettop(L) - (int)first + 1;
  }
  if (!bind_is_interrupt(L, b, -1)) return lua_error(L);
  bind_interrupt_end(b);
  lua_pushboolean(L, 1);
  return 1;
}

/* catch_interrupt(f, ...): calls f(...). Returns false and its results, or true when an interrupt ended it,
 * which is then over. Other errors pass. */
static int catch_interrupt(lua_State *L) {
  bind_of(L);
  luaL_checkany(L, 1);
  return finish(L, lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 1, finish), 1);
}

/* After the call of `finally`: cleanup is at 1, results or the error above it. */
static int cleaned(lua_State *L, int status, lua_KContext unused) {
  Bind *b = bind_of(L);
  bool failed = status != LUA_OK && status != LUA_YIELD;
  bool paused = failed && bind_interrupt_pause(b);
  (void)unused;
  lua_pushvalue(L, 1);
  lua_call(L, 0, 0);
  if (paused) bind_interrupt(b);
  return failed ? lua_error(L) : lua_gettop(L) - 1;
}

/* finally(cleanup, f, ...): calls f(...), then cleanup(), however f ended; an interrupt waits for cleanup.
 * Returns f's results or passes its error on. */
static int finally(lua_State *L) {
  bind_of(L);
  luaL_checktype(L, 1, LUA_TFUNCTION);
  luaL_checkany(L, 2);
  return cleaned(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, cleaned), 0);
}

/* hold_interrupt(f, ...): calls f(...), which an interrupt does not end: it waits until f has returned. For what
 * must not be done by half and takes no time to speak of; a second interrupt ends it all the same. */
static int hold_interrupt(lua_State *L) {
  Bind *b = bind_of(L);
  luaL_checkany(L, 1);
  bool outer = !b->holding;
  if (outer) {
    b->held = 0;
    b->holding = 1;
  }
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  if (outer) {
    b->holding = 0;
    if (b->held == 1) bind_interrupt(b); /* more than one came through by themselves */
    b->held = 0;
  }
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

void bind_catch_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {
      {"catch_interrupt", catch_interrupt}, {"finally", finally}, {"hold_interrupt", hold_interrupt}, {NULL, NULL}};
  bind_register(L, b, core, functions);
}
