/* picture.c - pictures in files, and on terminals that show them: core.pictures. Knows nothing of plots. */
#include <string.h>

#include "library.h"
#include "picture.h"

/* In what follows `who` is the name of the function that the user called. */

static int fail(lua_State *L, Bind *b, const char *who) {
  if (nn_error_code(b->ctx) != NN_ERR_ARG) return bind_raise(L, b);
  lua_pushfstring(L, "%s: %s", who, nn_error_text(b->ctx));
  nn_error_clear(b->ctx);
  return bind_error_top(L, b);
}

/* A buffer in a userdata, so that a Lua error cannot leak it. */
static int buffer_gc(lua_State *L) {
  nn_buffer_free(lua_touserdata(L, 1));
  return 0;
}

static nn_buffer *new_buffer(lua_State *L, Bind *b) {
  nn_buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);
  *buffer = (nn_buffer){.ctx = b->ctx};
  if (luaL_newmetatable(L, "nnlua buffer")) {
    lua_pushcfunction(L, buffer_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return buffer;
}

static size_t max_bytes_at(lua_State *L, int arg) {
  lua_Integer n = luaL_checkinteger(L, arg);
  luaL_argcheck(L, n >= 0, arg, "max_bytes must be >= 0");
  return (size_t)n;
}

typedef nn_tensor *(*decoder)(nn_ctx *, const char *, const unsigned char *, size_t, size_t);

/* (who, path, max_bytes) */
static int read_picture(lua_State *L, decoder decode) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  size_t max_bytes = max_bytes_at(L, 3);
  nn_buffer *buffer = new_buffer(L, b);
  if (!nn_buffer_read(buffer, path, max_bytes)) return fail(L, b, who);
  nn_tensor *t = decode(b->ctx, path, buffer->data, buffer->n, max_bytes);
  nn_buffer_free(buffer);
  if (t == NULL) return fail(L, b, who);
  bind_push(L, b, t);
  bind_pace(L, b);
  return 1;
}

/* read_png(who, path, max_bytes): uint8 [C, H, W] */
static int picture_read_png(lua_State *L) { return read_picture(L, nn_png_decode); }

/* read_jpeg(who, path, max_bytes): uint8 [C, H, W] */
static int picture_read_jpeg(lua_State *L) { return read_picture(L, nn_jpeg_decode); }

/* Writes the buffer to the path at `path`, or returns its bytes when that is nil. */
static int give(lua_State *L, Bind *b, const char *who, int path, nn_buffer *buffer) {
  if (lua_isnil(L, path)) {
    lua_pushlstring(L, (const char *)buffer->data, buffer->n);
    nn_buffer_free(buffer);
    return 1;
  }
  bool ok = nn_buffer_write(buffer, luaL_checkstring(L, path));
  nn_buffer_free(buffer);
  return ok ? 0 : fail(L, b, who);
}

/* write_png(who, path, tensor): tensor is uint8 [H, W] or [C, H, W], C from 1 to 4; with path nil the file's
 * bytes are returned */
static int picture_write_png(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1);
  nn_tensor *t = bind_check(L, b, 3);
  nn_buffer *buffer = new_buffer(L, b);
  if (!nn_png_encode(buffer, t)) return fail(L, b, who);
  return give(L, b, who, 2, buffer);
}

/* write_jpeg(who, path, tensor, quality): tensor is uint8 [H, W], [1, H, W] or [3, H, W], quality from 1 to
 * 100 */
static int picture_write_jpeg(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1);
  nn_tensor *t = bind_check(L, b, 3);
  lua_Integer quality = luaL_checkinteger(L, 4);
  luaL_argcheck(L, quality >= 1 && quality <= 100, 4, "quality is from 1 to 100");
  nn_buffer *buffer = new_buffer(L, b);
  if (!nn_jpeg_encode(buffer, t, (int)quality)) return fail(L, b, who);
  return give(L, b, who, 2, buffer);
}

/* has_jpeg() */
static int picture_has_jpeg(lua_State *L) {
  lua_pushboolean(L, nn_has_jpeg());
  return 1;
}

void bind_picture_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {{"read_png", picture_read_png},   {"write_png", picture_write_png},
                                       {"read_jpeg", picture_read_jpeg}, {"write_jpeg", picture_write_jpeg},
                                       {"has_jpeg", picture_has_jpeg},   {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "pictures");
}
