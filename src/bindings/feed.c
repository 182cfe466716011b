/* feed.c - batches prepared by threads ahead of their use: core.feed. A work is a userdata that owns its
 * steps, a line one that owns its threads. Knows nothing of loaders and orders (lib/nnlua/data/loader.lua).
 */
#include <string.h>

#include "ahead.h"
#include "batch.h"
#include "library.h"
#include "picture_batch.h"
#include "pixels.h"
#include "warp.h"

static const char *const LINE = "nnlua line", *const WORK = "nnlua work";

typedef struct Line {
  nn_line *line;
} Line;

typedef struct Work {
  nn_work *work;
  nn_picture_batch *pictures; /* the work's, where it reads pictures of any size */
  lua_Integer count;
  bool sent;
} Work;

/* ---- lines and works -------------------------------------------------------------------------------- */

static void set_class(lua_State *L, const char *name, lua_CFunction gc) {
  if (luaL_newmetatable(L, name)) {
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__close");
  }
  lua_setmetatable(L, -2);
}

static int line_gc(lua_State *L) {
  Line *box = luaL_checkudata(L, 1, LINE);
  nn_line_free(box->line);
  box->line = NULL;
  return 0;
}

static int work_gc(lua_State *L) {
  Work *box = luaL_checkudata(L, 1, WORK);
  nn_work_free(box->work);
  *box = (Work){0};
  return 0;
}

/* line(threads) */
static int feed_line(lua_State *L) {
  Bind *b = bind_of(L);
  lua_Integer threads = luaL_checkinteger(L, 1);
  Line *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->line = NULL;
  set_class(L, LINE, line_gc);
  box->line = nn_line_new(threads > 64 ? 64 : (int)threads);
  return box->line ? 1 : bind_error(L, b, "out of memory");
}

/* work() */
static int feed_work(lua_State *L) {
  Bind *b = bind_of(L);
  Work *box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = (Work){0};
  set_class(L, WORK, work_gc);
  box->work = nn_work_new();
  return box->work ? 1 : bind_error(L, b, "out of memory");
}

/* A work that can still be added to. */
static Work *open_work(lua_State *L, int arg) {
  Work *box = luaL_checkudata(L, arg, WORK);
  luaL_argcheck(L, box->work != NULL && !box->sent, arg, "a work that has not begun is expected");
  return box;
}

/* send(line, work) */
static int feed_send(lua_State *L) {
  Line *line = luaL_checkudata(L, 1, LINE);
  Work *box = open_work(L, 2);
  luaL_argcheck(L, line->line != NULL, 1, "the line has ended");
  box->sent = true;
  nn_line_send(line->line, box->work);
  return 0;
}

/* finish(who, work): waits until it is done, or raises its error */
static int feed_finish(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1);
  Work *box = luaL_checkudata(L, 2, WORK);
  luaL_argcheck(L, box->work != NULL, 2, "the work has been dropped");
  box->sent = true;
  return nn_work_finish(box->work, b->ctx) ? 0 : bind_raise_for(L, b, who);
}

/* drop(work or line): what has not begun never will; what runs is waited for */
static int feed_drop(lua_State *L) { return luaL_testudata(L, 1, LINE) ? line_gc(L) : work_gc(L); }

/* ---- steps ------------------------------------------------------------------------------------------ */

/* batch(work, source, index, from, n, dtype, scale, shift): as core.files.batch */
static int feed_batch(lua_State *L) {
  Bind *b = bind_of(L);
  Work *box = open_work(L, 1);
  nn_tensor *source = bind_check(L, b, 2), *index = bind_check(L, b, 3);
  lua_Integer from = luaL_checkinteger(L, 4), n = luaL_checkinteger(L, 5);
  const char *name = luaL_checkstring(L, 6);
  nn_dtype dtype;
  if (!nn_dtype_parse(name, &dtype)) return bind_error(L, b, "batch: '%s' is no dtype", name);
  bind_push(L, b,
            nn_gather_rows_ahead(box->work, source, index, from - 1, n, dtype, luaL_optnumber(L, 7, 1),
                                 luaL_optnumber(L, 8, 0)));
  bind_pace(L, b);
  return 1;
}

/* The work at `arg`, NULL for nil: then it is done at once. */
static nn_work *maybe_work(lua_State *L, int arg) {
  return lua_isnil(L, arg) ? NULL : open_work(L, arg)->work;
}

static int give(lua_State *L, Bind *b, const char *who, nn_tensor *out) {
  if (out == NULL) return bind_raise_for(L, b, who);
  bind_push(L, b, out);
  bind_pace(L, b);
  return 1;
}

/* warp(work or nil, who, images, maps, height, width, bilinear, border, fill): see warp.h; border is
 * "constant", "edge" or "reflect" */
static int feed_warp(lua_State *L) {
  static const char *const borders[] = {"constant", "edge", "reflect", NULL};
  Bind *b = bind_of(L);
  nn_work *work = maybe_work(L, 1);
  const char *who = luaL_checkstring(L, 2);
  nn_tensor *images = bind_check(L, b, 3), *maps = bind_check(L, b, 4);
  nn_warp_options o = {.height = luaL_checkinteger(L, 5),
                       .width = luaL_checkinteger(L, 6),
                       .bilinear = lua_toboolean(L, 7),
                       .border = (nn_border)luaL_checkoption(L, 8, "constant", borders),
                       .fill = luaL_optnumber(L, 9, 0)};
  luaL_argcheck(L, o.height >= 1 && o.width >= 1, 5, "sizes must be at least 1");
  return give(L, b, who, work ? nn_warp_ahead(work, images, maps, &o) : nn_warp(images, maps, &o));
}

/* moved(who, source, index, from, n, scale, maps, height, width, fill, mean, std): see nn_gather_moved; maps is a list
 * of tensors, mean and std tensors or nil */
static int feed_moved(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1);
  nn_tensor *source = bind_check(L, b, 2), *index = bind_check(L, b, 3);
  lua_Integer from = luaL_checkinteger(L, 4), n = luaL_checkinteger(L, 5);
  luaL_checktype(L, 7, LUA_TTABLE);
  nn_moves moves = {.height = luaL_checkinteger(L, 8),
                    .width = luaL_checkinteger(L, 9),
                    .fill = luaL_checknumber(L, 10),
                    .mean = lua_isnoneornil(L, 11) ? NULL : bind_check(L, b, 11),
                    .std = lua_isnoneornil(L, 12) ? NULL : bind_check(L, b, 12)};
  lua_Integer count = luaL_len(L, 7);
  luaL_argcheck(L, count <= NN_MOST_MOVES, 7, "too many maps");
  luaL_argcheck(L, moves.height >= 1 && moves.width >= 1, 8, "sizes must be at least 1");
  for (; moves.count < (int)count; moves.count++) {
    lua_geti(L, 7, moves.count + 1);
    moves.maps[moves.count] = bind_check(L, b, -1); /* the list keeps it */
    lua_pop(L, 1);
  }
  return give(L, b, who, nn_gather_moved(source, index, from - 1, n, luaL_checknumber(L, 6), &moves));
}

/* The generator at `arg`, the default one for nil. */
static nn_generator *generator_at(lua_State *L, Bind *b, int arg) {
  nn_generator *g = bind_generator(L, arg);
  if (g == NULL && !lua_isnil(L, arg)) {
    char text[128];
    bind_error(L, b, "a generator is expected (from tensor.Generator()), got %s",
               bind_describe(L, b, arg, text));
  }
  return g ? g : nn_default_generator(b->ctx);
}

/* maps_moved(generator or nil, n, left, most_x, top, most_y): see warp.h */
static int feed_maps_moved(lua_State *L) {
  Bind *b = bind_of(L);
  nn_generator *g = generator_at(L, b, 1);
  lua_Integer n = luaL_checkinteger(L, 2), left = luaL_checkinteger(L, 3), most_x = luaL_checkinteger(L, 4),
              top = luaL_checkinteger(L, 5), most_y = luaL_checkinteger(L, 6);
  luaL_argcheck(L, n >= 0 && most_x >= 0 && most_y >= 0, 2, "numbers must not be negative");
  bind_push(L, b, nn_maps_moved(g, b->ctx, n, left, most_x, top, most_y));
  return 1;
}

/* maps_mirrored(generator or nil, n, p, size, vertical): see warp.h */
static int feed_maps_mirrored(lua_State *L) {
  Bind *b = bind_of(L);
  nn_generator *g = generator_at(L, b, 1);
  lua_Integer n = luaL_checkinteger(L, 2), size = luaL_checkinteger(L, 4);
  luaL_argcheck(L, n >= 0, 2, "n must not be negative");
  bind_push(L, b, nn_maps_mirrored(g, b->ctx, n, luaL_checknumber(L, 3), size, lua_toboolean(L, 5)));
  return 1;
}

/* normalize(work or nil, who, x, mean, std): see pixels.h */
static int feed_normalize(lua_State *L) {
  Bind *b = bind_of(L);
  nn_work *work = maybe_work(L, 1);
  const char *who = luaL_checkstring(L, 2);
  nn_tensor *x = bind_check(L, b, 3), *mean = bind_check(L, b, 4), *std = bind_check(L, b, 5);
  return give(L, b, who, nn_pixels_normalize(work, x, mean, std));
}

/* floats(work or nil, who, x) */
static int feed_floats(lua_State *L) {
  Bind *b = bind_of(L);
  nn_work *work = maybe_work(L, 1);
  const char *who = luaL_checkstring(L, 2);
  return give(L, b, who, nn_pixels_floats(work, bind_check(L, b, 3)));
}

/* erase(work or nil, who, x, boxes, value) */
static int feed_erase(lua_State *L) {
  Bind *b = bind_of(L);
  nn_work *work = maybe_work(L, 1);
  const char *who = luaL_checkstring(L, 2);
  nn_tensor *x = bind_check(L, b, 3), *boxes = bind_check(L, b, 4);
  return give(L, b, who, nn_pixels_erase(work, x, boxes, luaL_checknumber(L, 5)));
}

/* pictures(work, who, paths, channels, height, width, max_bytes): a tensor [#paths, channels, height, width];
 * with height 0 nothing, and taken(work) gives a list of pictures when the work is done */
static int feed_pictures(lua_State *L) {
  Bind *b = bind_of(L);
  Work *box = open_work(L, 1);
  const char *who = luaL_checkstring(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_Integer n = (lua_Integer)lua_rawlen(L, 3), channels = luaL_checkinteger(L, 4),
              height = luaL_checkinteger(L, 5), width = luaL_checkinteger(L, 6),
              max_bytes = luaL_checkinteger(L, 7);
  luaL_argcheck(L, max_bytes >= 0, 7, "max_bytes must be >= 0");
  luaL_argcheck(L, channels == 1 || channels == 3, 4, "channels must be 1 or 3");
  luaL_argcheck(L, height >= 0 && width >= 0, 5, "sizes must not be negative");
  const char **paths = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *paths, 0);
  for (lua_Integer i = 0; i < n; i++) {
    if (lua_rawgeti(L, 3, i + 1) != LUA_TSTRING) return bind_error(L, b, "%s: paths must be strings", who);
    paths[i] = lua_tostring(L, -1); /* the list keeps it */
    lua_pop(L, 1);
  }
  nn_picture_batch *batch =
      nn_picture_batch_new(box->work, b->ctx, paths, n, channels, height, width, (size_t)max_bytes);
  if (batch == NULL) return bind_raise_for(L, b, who);
  if (height > 0) return give(L, b, who, nn_retain(nn_picture_batch_tensor(batch)));
  box->pictures = batch;
  box->count = n;
  return 0;
}

/* taken(work): the pictures that were read, uint8 [C, H, W] each */
static int feed_taken(lua_State *L) {
  Bind *b = bind_of(L);
  Work *box = luaL_checkudata(L, 1, WORK);
  luaL_argcheck(L, box->work != NULL && box->pictures != NULL, 1, "a work that reads pictures is expected");
  lua_createtable(L, (int)box->count, 0);
  for (lua_Integer i = 0; i < box->count; i++) {
    bind_push(L, b, nn_picture_batch_take(box->pictures, b->ctx, i));
    lua_rawseti(L, -2, i + 1);
  }
  bind_pace(L, b);
  return 1;
}

void bind_feed_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {{"line", feed_line},
                                       {"work", feed_work},
                                       {"send", feed_send},
                                       {"finish", feed_finish},
                                       {"drop", feed_drop},
                                       {"batch", feed_batch},
                                       {"warp", feed_warp},
                                       {"maps_moved", feed_maps_moved},
                                       {"maps_mirrored", feed_maps_mirrored},
                                       {"moved", feed_moved},
                                       {"normalize", feed_normalize},
                                       {"floats", feed_floats},
                                       {"erase", feed_erase},
                                       {"pictures", feed_pictures},
                                       {"taken", feed_taken},
                                       {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "feed");
}
