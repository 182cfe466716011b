/* threads.c - coroutines: each has its own grad mode, and an interrupt reaches all of them.
 * The allocator tells when a coroutine is made and freed, but not who made it. The one thing that a new
 * coroutine copies from its creator is the debug hook's settings, and without a hook its count means nothing
 * to Lua: the count carries the mode. */
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "interrupt.h"

enum { MODE_NEW, MODE_ON, MODE_OFF };
enum { COUNT_OFF = 0x4E6E4C75 };

static const char bind_key = 'n';

static void *block_of(lua_State *L) { return lua_getextraspace(L); }
static lua_State *state_of(void *block) { return (lua_State *)(void *)((char *)block + LUA_EXTRASPACE); }

/* ---- the table --------------------------------------------------------------------------------------- */

static size_t slot_of(const Bind *b, const void *block) {
  size_t mask = b->threads_cap - 1;
  size_t i = ((uintptr_t)block >> 4) * 0x9E3779B97F4A7C15u >> 20 & mask;
  while (b->threads[i].block != NULL && b->threads[i].block != block) i = (i + 1) & mask;
  return i;
}

static bool grow(Bind *b) {
  size_t old_cap = b->threads_cap;
  Thread *old = b->threads, *fresh = calloc(old_cap ? 2 * old_cap : 16, sizeof *fresh);
  if (fresh == NULL) return false;
  b->threads = fresh;
  b->threads_cap = old_cap ? 2 * old_cap : 16;
  for (size_t i = 0; i < old_cap; i++)
    if (old[i].block != NULL) fresh[slot_of(b, old[i].block)] = old[i];
  free(old);
  return true;
}

static Thread *insert(Bind *b, void *block) {
  if (2 * (b->n_threads + 1) > b->threads_cap && !grow(b)) return NULL;
  Thread *t = &b->threads[slot_of(b, block)];
  if (t->block == NULL) {
    b->n_threads++;
    *t = (Thread){.block = block, .mode = MODE_NEW};
  }
  return t;
}

static Thread *find(Bind *b, void *block) {
  if (b->threads_cap == 0) return NULL;
  Thread *t = &b->threads[slot_of(b, block)];
  return t->block != NULL ? t : NULL;
}

static void remove_slot(Bind *b, size_t hole) {
  size_t mask = b->threads_cap - 1;
  b->threads[hole].block = NULL;
  b->n_threads--;
  for (size_t i = (hole + 1) & mask; b->threads[i].block != NULL; i = (i + 1) & mask) {
    Thread moved = b->threads[i];
    b->threads[i].block = NULL;
    b->threads[slot_of(b, moved.block)] = moved;
  }
}

static void hook_all(Bind *b);

static void begin_change(Bind *b) { __atomic_store_n(&b->table_busy, true, __ATOMIC_SEQ_CST); }

static void end_change(Bind *b) {
  __atomic_store_n(&b->table_busy, false, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&b->interrupting, __ATOMIC_SEQ_CST)) hook_all(b);
}

/* A coroutine without a place in the table (no memory) counts as one with gradients. */
void bind_thread_born(Bind *b, void *block, size_t size) {
  begin_change(b);
  b->thread_size = size;
  b->newborn = block;
  Thread *t = insert(b, block);
  if (t != NULL) *t = (Thread){.block = block, .mode = MODE_NEW, .guess = nn_grad_enabled(b->ctx)};
  end_change(b);
}

void bind_thread_gone(Bind *b, void *block) {
  if (b->L != NULL && block == block_of(b->L)) b->L = NULL;
  if (b->threads_cap == 0) return;
  begin_change(b);
  size_t i = slot_of(b, block);
  if (b->threads[i].block != NULL) remove_slot(b, i);
  end_change(b);
}

/* ---- grad mode --------------------------------------------------------------------------------------- */

static Thread *known(Bind *b, lua_State *L) {
  Thread *t = find(b, block_of(L));
  if (t != NULL) return t;
  begin_change(b);
  t = insert(b, block_of(L));
  if (t != NULL) t->guess = true;
  end_change(b);
  return t;
}

bool bind_grad_mode(lua_State *L, Bind *b) {
  Thread *t = known(b, L);
  if (t == NULL || !b->modes) return true;
  if (t->mode == MODE_NEW) {
    bool creator_on = lua_gethookmask(L) != 0 ? t->guess : lua_gethookcount(L) != COUNT_OFF;
    t->mode = creator_on ? MODE_ON : MODE_OFF;
  }
  return t->mode == MODE_ON;
}

void bind_switch(Bind *b, lua_State *L) {
  b->L = L;
  nn_set_grad_enabled(b->ctx, bind_grad_mode(L, b));
}

bool bind_set_grad_enabled(lua_State *L, Bind *b, bool on) {
  bind_enter(b, L);
  Thread *t = known(b, L);
  if (t != NULL) t->mode = on ? MODE_ON : MODE_OFF;
  if (lua_gethookmask(L) == 0) lua_sethook(L, NULL, 0, on ? 0 : COUNT_OFF);
  if (!on) b->modes = true;
  return nn_set_grad_enabled(b->ctx, on);
}

/* ---- interrupts -------------------------------------------------------------------------------------- */

/* Only Lua instructions are counted: C functions that restore a mode while the stack unwinds are not stopped.
 */
static void stop(lua_State *L, lua_Debug *ar) {
  (void)ar;
  Bind *b = bind_find(L);
  if (b == NULL || !b->interrupting) { /* a coroutine that was made meanwhile */
    const Thread *t = b != NULL ? find(b, block_of(L)) : NULL;
    lua_sethook(L, NULL, 0, t != NULL && t->mode == MODE_OFF ? COUNT_OFF : 0);
    return;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->interrupt);
  lua_error(L);
}

static void hook_all(Bind *b) {
  for (size_t i = 0; i < b->threads_cap; i++) {
    void *block = b->threads[i].block;
    if (block != NULL && block != b->newborn) lua_sethook(state_of(block), stop, LUA_MASKCOUNT, 1);
  }
}

void bind_interrupt(Bind *b) {
  if (b->holding && b->held++ == 0) return;
  nn_interrupt_raise();
  __atomic_store_n(&b->interrupting, true, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&b->table_busy, __ATOMIC_SEQ_CST)) hook_all(b);
}

void bind_interrupt_end(Bind *b) {
  begin_change(b);
  b->interrupting = false;
  for (size_t i = 0; i < b->threads_cap; i++) {
    Thread *t = &b->threads[i];
    if (t->block == NULL || t->block == b->newborn) continue;
    lua_State *L = state_of(t->block);
    if (lua_gethook(L) == stop) lua_sethook(L, NULL, 0, t->mode == MODE_OFF ? COUNT_OFF : 0);
  }
  nn_interrupt_clear();
  end_change(b);
}

bool bind_interrupt_pause(Bind *b) {
  bool pending = b->interrupting;
  if (pending) bind_interrupt_end(b);
  return pending;
}

bool bind_is_interrupt(lua_State *L, Bind *b, int idx) {
  idx = lua_absindex(L, idx);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->interrupt);
  bool same = lua_rawequal(L, idx, -1);
  lua_pop(L, 1);
  return same;
}

/* ---- the state of a universe ------------------------------------------------------------------------- */

Bind *bind_find(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &bind_key);
  Bind *b = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return b;
}

void bind_publish(lua_State *L, Bind *b) {
  lua_pushlightuserdata(L, b);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &bind_key);
  bind_enter(b, L);
}
