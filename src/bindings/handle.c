/* handle.c - handles of tensors: where they live, how they die, how one is found again.
 * A handle is an 8-byte userdata without finaliser. Our allocator stands before the state's own and places
 * just these userdata in cells of one reserved range of addresses. When Lua sweeps one, it asks the allocator
 * to free the cell, and the allocator drops the tensor's reference. It calls no Lua. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bind.h"

enum {
  HANDLE_COST = 256, /* what a handle, its tensor and its node take beside the data, roughly */
  READY_STEP = 256 * 1024,
  HUGE_STEP = 2 * 1024 * 1024
};

#ifdef NNLUA_SANITIZE

/* Cells come from malloc, so that the sanitizer sees leaks and late uses; a hash set tells them from other
 * userdata. */
static struct {
  uintptr_t *slot;
  size_t n, cap;
} cells_set;

static size_t set_find(uintptr_t p) {
  size_t i = (p >> 4) * 0x9E3779B97F4A7C15u & (cells_set.cap - 1);
  while (cells_set.slot[i] != 0 && cells_set.slot[i] != p) i = (i + 1) & (cells_set.cap - 1);
  return i;
}

static bool set_grow(void) {
  size_t old_cap = cells_set.cap, cap = old_cap ? 2 * old_cap : 1024;
  uintptr_t *old = cells_set.slot, *slot = calloc(cap, sizeof *slot);
  if (slot == NULL) return false;
  cells_set.slot = slot;
  cells_set.cap = cap;
  for (size_t i = 0; i < old_cap; i++)
    if (old[i] != 0) slot[set_find(old[i])] = old[i];
  free(old);
  return true;
}

static bool set_has(const void *p) {
  return cells_set.cap != 0 && p != NULL && cells_set.slot[set_find((uintptr_t)p)] != 0;
}

static void set_remove(void *p) {
  size_t mask = cells_set.cap - 1, hole = set_find((uintptr_t)p);
  cells_set.slot[hole] = 0;
  cells_set.n--;
  for (size_t i = (hole + 1) & mask; cells_set.slot[i] != 0; i = (i + 1) & mask) {
    uintptr_t moved = cells_set.slot[i];
    cells_set.slot[i] = 0;
    cells_set.slot[set_find(moved)] = moved;
  }
}

nn_tensor *bind_handle_tensor(const Bind *b, const void *p) {
  return p != NULL && set_has((const char *)p - b->cell_header) ? *(nn_tensor *const *)p : NULL;
}

static bool is_cell(const Bind *b, const void *p) {
  (void)b;
  return set_has(p);
}

bool bind_reserve(Bind *b, int n) {
  for (void *c = b->free_cell; c != NULL; c = *(void **)c) n--;
  for (; n > 0; n--) {
    void **cell = malloc(b->cell_size);
    if (cell == NULL) return false;
    *cell = b->free_cell;
    b->free_cell = cell;
  }
  while (2 * (cells_set.n + (size_t)n + 64) > cells_set.cap)
    if (!set_grow()) return false;
  return true;
}

static void *take_cell(Bind *b) {
  void *cell = b->free_cell;
  b->free_cell = *(void **)cell;
  cells_set.slot[set_find((uintptr_t)cell)] = (uintptr_t)cell;
  cells_set.n++;
  return cell;
}

static void return_cell(Bind *b, void *cell) {
  (void)b;
  set_remove(cell);
  free(cell);
}

static bool open_cells(Bind *b) {
  (void)b;
  return true;
}

static void close_cells(Bind *b) {
  while (b->free_cell != NULL) {
    void *next = *(void **)b->free_cell;
    free(b->free_cell);
    b->free_cell = next;
  }
  if (cells_set.n > 0) return;
  free(cells_set.slot);
  memset(&cells_set, 0, sizeof cells_set);
}

#else

static bool is_cell(const Bind *b, const void *p) { return (uintptr_t)p - b->cells < b->cells_size; }

/* Memory behind the next part of the range, for at least n cells. */
static bool make_ready(Bind *b, size_t n) {
  size_t size = READY_STEP;
  while (size < n * b->cell_size) size *= 2;
  uintptr_t end = b->cells + b->cells_size;
#if defined(MADV_HUGEPAGE)
  if ((uintptr_t)b->cells_ready - b->cells >= HUGE_STEP / 2) { /* so many that finding their pages costs most: large ones */
    size_t more = size + HUGE_STEP - 1 - ((uintptr_t)b->cells_ready + size - 1) % HUGE_STEP;
    if (more <= end - (uintptr_t)b->cells_ready && madvise(b->cells_ready, more, MADV_HUGEPAGE) == 0) size = more;
  }
#endif
  if (size > end - (uintptr_t)b->cells_ready) return false;
  if (mprotect(b->cells_ready, size, PROT_READ | PROT_WRITE) != 0) return false;
  b->cells_ready += size;
  return true;
}

static size_t unused_cells(const Bind *b) { return (size_t)(b->cells_ready - b->next_cell) / b->cell_size; }

bool bind_reserve(Bind *b, int n) {
  if (n == 1 && b->free_cell != NULL) return true;
  size_t want = (size_t)n, have = unused_cells(b);
  for (void *c = b->free_cell; c != NULL && have < want; c = *(void **)c) have++;
  return have >= want || make_ready(b, want - have);
}

static void *take_cell(Bind *b) {
  void *cell = b->free_cell;
  if (cell != NULL) {
    b->free_cell = *(void **)cell;
    return cell;
  }
  cell = b->next_cell;
  b->next_cell += b->cell_size;
  return cell;
}

static void return_cell(Bind *b, void *cell) {
  *(void **)cell = b->free_cell;
  b->free_cell = cell;
}

static bool open_cells(Bind *b) {
  void *p = MAP_FAILED;
  size_t size = (size_t)1 << (sizeof(void *) == 8 ? 34 : 27);
  for (; size >= (size_t)1 << 24; size /= 4) { /* less where the address space is limited */
    p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED) break;
  }
  if (p == MAP_FAILED) return false;
  b->cells = (uintptr_t)p;
  b->cells_size = size;
  b->next_cell = b->cells_ready = p;
  return true;
}

static void close_cells(Bind *b) {
  if (b->cells_size != 0) munmap((void *)b->cells, b->cells_size);
}

#endif

/* ---- the allocator ----------------------------------------------------------------------------------- */

static void *new_handle_block(Bind *b) {
  if (b->fail_once) { /* Lua collects and asks again */
    b->fail_once = false;
    return NULL;
  }
  b->armed = false;
  char *cell = take_cell(b);
  *(nn_tensor **)(void *)(cell + b->cell_header) = NULL;
  b->live++;
  b->made += HANDLE_COST;
  return cell;
}

static void free_handle_block(Bind *b, char *cell) {
  nn_tensor *t = *(nn_tensor **)(cell + b->cell_header);
  uintptr_t handle = (uintptr_t)(cell + b->cell_header);
  if (t != NULL && t->owner == handle) t->owner = 0;
  b->live--;
  return_cell(b, cell);
  nn_release(t);
}

static void close_bind(Bind *b) {
  close_cells(b);
  for (int i = 0; i < 2; i++) nn_release(b->constants[i]);
  nn_ctx_free(b->ctx);
  free(b->threads);
  free(b->forgotten);
  free(b->library);
  free(b);
}

/* True when Lua shall not get this block, for the tests that fail each allocation in turn. */
static bool refused(Bind *b) {
  if (b->fail_after > 0 && --b->fail_after == 0) b->failing = 2;
  if (b->failing == 0) return false;
  b->failing--;
  return true;
}

/* Lua gives the type of a new object as osize. */
static void *allocate(void *ud, void *ptr, size_t osize, size_t nsize) {
  Bind *b = ud;
  if (ptr == NULL) {
    if (b->armed && osize == LUA_TUSERDATA && nsize == b->cell_size) return new_handle_block(b);
    if ((b->fail_after | b->failing) != 0 && nsize > 0 && refused(b)) return NULL;
    b->newborn = NULL; /* Lua makes a coroutine's stack after the coroutine: it can be touched now */
    void *p = b->alloc(b->alloc_ud, NULL, osize, nsize);
    if (osize == LUA_TTHREAD && p != NULL) bind_thread_born(b, p, nsize);
    return p;
  }
  if (is_cell(b, ptr)) {
    free_handle_block(b, ptr);
    return NULL;
  }
  if (nsize != 0) {
    if (nsize > osize && (b->fail_after | b->failing) != 0 && refused(b)) return NULL;
    return b->alloc(b->alloc_ud, ptr, osize, nsize);
  }
  if (osize == b->thread_size) bind_thread_gone(b, ptr);
  bool last = ptr == b->main_block;
  b->alloc(b->alloc_ud, ptr, osize, 0);
  if (last) close_bind(b);
  return NULL;
}

/* What Lua asks for when it makes a userdata of 8 bytes. */
typedef struct Probe {
  lua_Alloc alloc;
  void *ud;
  char *block;
  size_t size;
} Probe;

static void *probe_allocate(void *ud, void *ptr, size_t osize, size_t nsize) {
  Probe *probe = ud;
  void *p = probe->alloc(probe->ud, ptr, osize, nsize);
  if (ptr == NULL && osize == LUA_TUSERDATA) {
    probe->block = p;
    probe->size = nsize;
  }
  return p;
}

static int make_userdata(lua_State *L) {
  Probe *probe = lua_touserdata(L, 1);
  probe->block = NULL;
  char *data = lua_newuserdatauv(L, sizeof(nn_tensor *), 0);
  lua_pushinteger(L, data - probe->block);
  return 1;
}

static bool learn_layout(lua_State *L, Bind *b) {
  Probe probe = {.block = NULL, .size = 0};
  probe.alloc = lua_getallocf(L, &probe.ud);
  lua_pushcfunction(L, make_userdata);
  lua_pushlightuserdata(L, &probe);
  lua_setallocf(L, probe_allocate, &probe);
  int status = lua_pcall(L, 1, 1, 0);
  lua_setallocf(L, probe.alloc, probe.ud);
  if (status != LUA_OK || probe.block == NULL) return false;
  b->cell_header = (size_t)lua_tointeger(L, -1);
  b->cell_size = (probe.size + 7) / 8 * 8;
  lua_pop(L, 1);
  return b->cell_size == probe.size && b->cell_header + sizeof(nn_tensor *) <= b->cell_size &&
         b->cell_header >= sizeof(void *);
}

/* The state frees handles after it has unloaded its modules: this code must stay. */
static void pin_module(void) {
  Dl_info info;
  if (dladdr((void *)(uintptr_t)&bind_open, &info) != 0 && info.dli_fname != NULL)
    dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE | RTLD_NOLOAD);
}

Bind *bind_open(lua_State *L) {
  Bind *b = calloc(1, sizeof *b);
  if (b == NULL) {
    luaL_error(L, "nnlua: out of memory");
    return NULL;
  }
  if (!learn_layout(L, b) || !open_cells(b) || (b->ctx = nn_ctx_new()) == NULL) {
    close_cells(b);
    free(b);
    luaL_error(L, "nnlua: no room for its handles");
    return NULL;
  }
  pin_module();
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  b->main_block = lua_getextraspace(lua_tothread(L, -1));
  lua_pop(L, 1);
  b->alloc = lua_getallocf(L, &b->alloc_ud);
  lua_setallocf(L, allocate, b);
  return b;
}

/* ---- handles ----------------------------------------------------------------------------------------- */

nn_tensor *bind_check(lua_State *L, Bind *b, int arg) {
  nn_tensor *t = bind_tensor(L, b, arg);
  if (t == NULL) {
    char text[128];
    bind_error(L, b, "argument %d must be a tensor, got %s", arg, bind_describe(L, b, arg, text));
  }
  return t;
}

void bind_push_fresh(lua_State *L, Bind *b, nn_tensor *t) {
  b->armed = true;
  nn_tensor **handle = lua_newuserdatauv(L, sizeof *handle, 0);
  *handle = t;
  nn_set_owner(t, (uintptr_t)handle);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->metatable);
  lua_setmetatable(L, -2);
}

void bind_push(lua_State *L, Bind *b, nn_tensor *t) {
  if (t == NULL) bind_raise(L, b);
  if (!bind_reserve(b, 1)) {
    nn_release(t);
    bind_error(L, b, "out of memory: no room for another tensor");
  }
  bind_push_fresh(L, b, t);
}

/* The table of known handles holds them weakly. An entry goes before the tensor can: the handle, though dead,
 * keeps its reference until it is swept. */
void bind_push_known(lua_State *L, Bind *b, nn_tensor *t) {
  if (t == NULL) {
    lua_pushnil(L);
    return;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->known);
  if (nn_owner(t) != 0) {
    if (lua_rawgetp(L, -1, t) != LUA_TNIL) {
      lua_remove(L, -2);
      return;
    }
    lua_pop(L, 1);
  }
  bind_push(L, b, nn_retain(t));
  lua_pushvalue(L, -1);
  lua_rawsetp(L, -3, t);
  lua_remove(L, -2);
}

void bind_know(lua_State *L, Bind *b, int idx) {
  nn_tensor *t = bind_tensor(L, b, idx);
  idx = lua_absindex(L, idx);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->known);
  lua_pushvalue(L, idx);
  lua_rawsetp(L, -2, t);
  lua_pop(L, 1);
}

/* ---- tensors on their way ---------------------------------------------------------------------------- */

static const char *const BOX = "nnlua.tensors";

typedef struct Box {
  size_t n;
  nn_tensor *t[];
} Box;

static int box_gc(lua_State *L) {
  Box *box = luaL_checkudata(L, 1, BOX);
  for (size_t i = 0; i < box->n; i++) nn_release(box->t[i]);
  box->n = 0;
  return 0;
}

nn_tensor **bind_new_box(lua_State *L, int n) {
  size_t room = (size_t)n * sizeof(nn_tensor *);
  Box *box = lua_newuserdatauv(L, sizeof *box + room, 0);
  box->n = (size_t)n;
  memset(box->t, 0, room);
  if (luaL_newmetatable(L, BOX)) {
    lua_pushcfunction(L, box_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return box->t;
}
