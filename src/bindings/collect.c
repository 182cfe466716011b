/* collect.c - when Lua's collector runs: in proportion to the bytes of tensors, of which Lua sees only handles.
 * Works in both of Lua's modes without knowing which one is on: a basic step is a young collection in
 * generational mode and a small increment otherwise; where steps don't hold memory down, a full collection
 * does. */
#include "bind.h"

#include "cpu.h"

/* Garbage may come to a quarter of what is alive and 24 MB. A step is made each eighth of what is alive (tensors and
 * the Lua heap beside them), at least BUDGET: the rarer, the fewer handles live through two steps and grow old,
 * to stay until a full collection. That one follows when an eighth and BUDGET are added to what the last one
 * left. */
enum { BUDGET = 12 * 1024 * 1024, SMALL_TENSOR = 256 };

static size_t bytes_alive(const Bind *b) { return nn_bytes(b->ctx) + b->live * SMALL_TENSOR; }

static size_t lua_bytes(lua_State *L) {
  int kilobytes = lua_gc(L, LUA_GCCOUNT);
  return kilobytes < 0 ? 0 : (size_t)kilobytes * 1024;
}

/* Where no graph is recorded, what an operation leaves is garbage at once and the same few buffers go round: half as
 * much of it does. A step that records keeps more of what its next run will need. */
static size_t allowed(const Bind *b, size_t alive) {
  size_t budget = alive / 8 > BUDGET ? alive / 8 : BUDGET;
  return nn_grad_enabled(b->ctx) ? budget : budget / 2;
}

/* While nothing is recorded at all, buffers should go round without leaving the second-level cache: a product of 64 takes 4 us
 * where its result lies there and 7 where it comes from beyond. A young collection is a microsecond, but may have to walk
 * through large tables of Lua's: they count as much as tensors. */
static size_t nearby(size_t heap) {
  size_t half = (size_t)nn_cpu_l2() / 2;
  return half > 2 * heap ? half : 2 * heap;
}

static bool has_recorded(const Bind *b) { return b->ctx->recorded != b->recorded_at; }

static void plan_next(Bind *b, size_t alive, size_t heap) {
  size_t budget = allowed(b, alive + heap), least = nearby(heap);
  b->collected_at = nn_bytes_allocated(b->ctx) + b->made;
  b->rarely_at = b->collected_at + budget;
  b->collect_at = has_recorded(b) || least > budget ? b->rarely_at : b->collected_at + least;
  b->recorded_at = b->ctx->recorded;
}

static void collect(lua_State *L, Bind *b) {
  nn_profile_wake(b->ctx);
  if (lua_gc(L, LUA_GCISRUNNING) != 1) { /* the user has stopped it, or this is a finaliser */
    plan_next(b, bytes_alive(b), 0);
    return;
  }
  lua_gc(L, LUA_GCSTEP, 0);
  size_t alive = bytes_alive(b), heap = lua_bytes(L);
  /* A loop's low tide lowers the mark slowly: with each high tide a full collection would be wasted. */
  if (alive < b->full_alive) b->full_alive -= (b->full_alive - alive) / 64;
  size_t more = (b->full_alive + heap) / 8 + BUDGET;
  if (alive > b->full_alive + (nn_grad_enabled(b->ctx) ? more : more / 2)) {
    lua_gc(L, LUA_GCCOLLECT);
    b->full_alive = alive = bytes_alive(b);
  }
  plan_next(b, alive, heap);
}

/* One result may be too large for that cache, too. */
void bind_collect(lua_State *L, Bind *b) {
  size_t now = nn_bytes_allocated(b->ctx) + b->made;
  bool large = now - b->collect_at > nearby(0);
  if ((has_recorded(b) || large) && now < b->rarely_at)
    b->collect_at = b->rarely_at;
  else
    collect(L, b);
}

void bind_collect_before(lua_State *L, Bind *b) {
  size_t since = nn_bytes_allocated(b->ctx) + b->made - b->collected_at;
  if (since > BUDGET / 4 && since > bytes_alive(b) / 8) collect(L, b);
}

/* Where walks come, the collector runs just before each of them, when nothing is alive but what they need. Another run
 * between two of them would find the same batch and loss alive a second time and make old objects of them, which stay
 * until a full collection: it waits for twice as much. */
void bind_collect_after(Bind *b, size_t bytes) {
  b->collected_at += bytes;
  b->collect_at += bytes;
  size_t later = b->collected_at + 2 * BUDGET;
  if (b->collect_at < later) b->collect_at = later;
}

static int make_handle(lua_State *L) {
  lua_newuserdatauv(L, sizeof(nn_tensor *), 0);
  return 0;
}

/* Lua collects without running finalisers (which could call us in the middle of an operation) when its
 * allocator refuses a block: the one of an unused handle. */
void bind_pressure(void *data) {
  Bind *b = data;
  lua_State *L = b->L;
  if (L == NULL || b->armed || !lua_checkstack(L, 4) || !bind_reserve(b, 1)) return;
  lua_pushcfunction(L, make_handle);
  b->armed = b->fail_once = true;
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) lua_pop(L, 1);
  b->armed = b->fail_once = false;
  b->full_alive = bytes_alive(b);
}
