/* picture.c - pictures in files, drawing, and what terminals take: core.pictures. Knows nothing of plots. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "library.h"
#include "picture.h"
#include "raster.h"

/* In what follows `who` is the name of the function that the user called. */

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
  if (!nn_buffer_read(buffer, path, max_bytes)) return bind_raise_for(L, b, who);
  nn_tensor *t = decode(b->ctx, path, buffer->data, buffer->n, max_bytes);
  nn_buffer_free(buffer);
  if (t == NULL) return bind_raise_for(L, b, who);
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
  return ok ? 0 : bind_raise_for(L, b, who);
}

/* write_png(who, path, tensor): tensor is uint8 [H, W] or [C, H, W], C from 1 to 4; with path nil the file's
 * bytes are returned */
static int picture_write_png(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1);
  nn_tensor *t = bind_check(L, b, 3);
  nn_buffer *buffer = new_buffer(L, b);
  if (!nn_png_encode(buffer, t)) return bind_raise_for(L, b, who);
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
  if (!nn_jpeg_encode(buffer, t, (int)quality)) return bind_raise_for(L, b, who);
  return give(L, b, who, 2, buffer);
}

/* write_file(who, path, bytes): beside its place and renamed */
static int picture_write_file(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  size_t n;
  const char *bytes = luaL_checklstring(L, 3, &n);
  nn_buffer *buffer = new_buffer(L, b);
  if (!nn_buffer_add(buffer, bytes, n) || !nn_buffer_write(buffer, path)) return bind_raise_for(L, b, who);
  nn_buffer_free(buffer);
  return 0;
}

/* has_png(), has_jpeg() */
static int picture_has_png(lua_State *L) {
  lua_pushboolean(L, nn_has_png());
  return 1;
}

static int picture_has_jpeg(lua_State *L) {
  lua_pushboolean(L, nn_has_jpeg());
  return 1;
}

/* ---- drawing ---------------------------------------------------------------------------------------- */

/* A list of numbers inside a userdata, left on the stack. */
static double *number_list(lua_State *L, int list, size_t *n) {
  luaL_checktype(L, list, LUA_TTABLE);
  *n = lua_rawlen(L, list);
  double *xy = lua_newuserdatauv(L, (*n + 1) * sizeof *xy, 0);
  for (size_t i = 0; i < *n; i++) {
    lua_rawgeti(L, list, (lua_Integer)i + 1);
    xy[i] = luaL_checknumber(L, -1);
    lua_pop(L, 1);
  }
  return xy;
}

/* red, green, blue (0 to 255), alpha (default 1) from index arg on */
static nn_paint paint_at(lua_State *L, int arg) {
  nn_paint p = {luaL_checknumber(L, arg), luaL_checknumber(L, arg + 1), luaL_checknumber(L, arg + 2),
                luaL_optnumber(L, arg + 3, 1)};
  luaL_argcheck(L,
                p.red >= 0 && p.red <= 255 && p.green >= 0 && p.green <= 255 && p.blue >= 0 && p.blue <= 255,
                arg, "a colour is from 0 to 255");
  luaL_argcheck(L, p.alpha >= 0 && p.alpha <= 1, arg + 3, "alpha is from 0 to 1");
  return p;
}

/* stroke(canvas, {x, y, x, y, ...}, width, red, green, blue, alpha) */
static int picture_stroke(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *canvas = bind_check(L, b, 1);
  double width = luaL_checknumber(L, 3);
  nn_paint paint = paint_at(L, 4);
  size_t n;
  double *xy = number_list(L, 2, &n);
  return nn_raster_stroke(canvas, xy, n / 2, width, paint) ? 0 : bind_raise(L, b);
}

/* fill(canvas, {x, y, x, y, ...}, red, green, blue, alpha) */
static int picture_fill(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *canvas = bind_check(L, b, 1);
  nn_paint paint = paint_at(L, 3);
  size_t n;
  double *xy = number_list(L, 2, &n);
  return nn_raster_fill(canvas, xy, n / 2, paint) ? 0 : bind_raise(L, b);
}

/* picture(canvas, tensor, x, y, w, h) */
static int picture_picture(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *canvas = bind_check(L, b, 1), *picture = bind_check(L, b, 2);
  double x = luaL_checknumber(L, 3), y = luaL_checknumber(L, 4), w = luaL_checknumber(L, 5),
         h = luaL_checknumber(L, 6);
  return nn_raster_picture(canvas, picture, x, y, w, h) ? 0 : bind_raise(L, b);
}

/* ---- terminals -------------------------------------------------------------------------------------- */

/* terminal(): is standard output one?, columns, rows, and a character's width and height in pixels (0:
 * unknown) */
static int picture_terminal(lua_State *L) {
  struct winsize size = {0};
  bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  lua_pushboolean(L, isatty(STDOUT_FILENO));
  lua_pushinteger(L, bind_terminal_width());
  lua_pushinteger(L, known && size.ws_row > 0 ? size.ws_row : 24);
  lua_pushinteger(L, known && size.ws_col > 0 ? size.ws_xpixel / size.ws_col : 0);
  lua_pushinteger(L, known && size.ws_row > 0 ? size.ws_ypixel / size.ws_row : 0);
  return 5;
}

/* base64(bytes) */
static int picture_base64(lua_State *L) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t n;
  const unsigned char *s = (const unsigned char *)luaL_checklstring(L, 1, &n);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (size_t i = 0; i < n; i += 3) {
    unsigned bits = (unsigned)s[i] << 16;
    if (i + 1 < n) bits |= (unsigned)s[i + 1] << 8;
    if (i + 2 < n) bits |= s[i + 2];
    luaL_addchar(&out, digits[bits >> 18]);
    luaL_addchar(&out, digits[bits >> 12 & 63]);
    luaL_addchar(&out, i + 1 < n ? digits[bits >> 6 & 63] : '=');
    luaL_addchar(&out, i + 2 < n ? digits[bits & 63] : '=');
  }
  luaL_pushresult(&out);
  return 1;
}

enum { LEVELS = 6, COLOURS = LEVELS * LEVELS * LEVELS };

/* A pixel's number in a cube of 6 x 6 x 6 colours; an ordered pattern of thresholds stands in for those
 * between. */
static int cube_colour(const unsigned char *p, int64_t x, int64_t y) {
  static const int pattern[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
  int threshold = pattern[y % 4][x % 4] * 51 / 16, colour = 0;
  for (int k = 0; k < 3; k++) {
    int level = (p[k] + (p[k] % 51 ? threshold : 0)) / 51;
    colour = colour * LEVELS + (level >= LEVELS ? LEVELS - 1 : level);
  }
  return colour;
}

static void add_run(luaL_Buffer *out, int mask, int64_t length) {
  char text[40];
  snprintf(text, sizeof text, "!%lld%c", (long long)length, 63 + mask);
  if (length > 3)
    luaL_addstring(out, text);
  else
    for (int64_t i = 0; i < length; i++) luaL_addchar(out, (char)(63 + mask));
}

/* One band of six lines, colour by colour. */
static void add_band(luaL_Buffer *out, const unsigned char *colour, int64_t lines, int64_t width) {
  bool used[COLOURS] = {false};
  char text[16];
  for (int64_t i = 0; i < lines * width; i++) used[colour[i]] = true;
  for (int c = 0; c < COLOURS; c++) {
    if (!used[c]) continue;
    snprintf(text, sizeof text, "#%d", c);
    luaL_addstring(out, text);
    int last = -1;
    int64_t run = 0;
    for (int64_t x = 0; x < width; x++) {
      int mask = 0;
      for (int64_t y = 0; y < lines; y++) mask |= (colour[y * width + x] == c) << y;
      if (mask != last && last >= 0) add_run(out, last, run);
      run = mask == last ? run + 1 : 1;
      last = mask;
    }
    add_run(out, last, run);
    luaL_addchar(out, '$');
  }
  luaL_addchar(out, '-');
}

/* sixel(canvas): the picture uint8 [H, W, 3] as a terminal of the DEC family takes it */
static int picture_sixel(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *canvas = bind_check(L, b, 1);
  if (nn_tensor_dtype(canvas) != NN_UINT8 || nn_ndim(canvas) != 3 || nn_size(canvas, 2) != 3 ||
      !nn_is_contiguous(canvas))
    return bind_error(L, b, "sixel: expected a contiguous uint8 tensor [H, W, 3]");
  int64_t height = nn_size(canvas, 0), width = nn_size(canvas, 1);
  unsigned char *band = lua_newuserdatauv(L, (size_t)(6 * width) + 1, 0);
  luaL_Buffer out;
  char text[64];
  luaL_buffinit(L, &out);
  snprintf(text, sizeof text, "\033Pq\"1;1;%lld;%lld", (long long)width, (long long)height);
  luaL_addstring(&out, text);
  for (int c = 0; c < COLOURS; c++) {
    snprintf(text, sizeof text, "#%d;2;%d;%d;%d", c, c / 36 * 20, c / 6 % 6 * 20, c % 6 * 20);
    luaL_addstring(&out, text);
  }
  for (int64_t y = 0; y < height; y += 6) {
    int64_t lines = height - y < 6 ? height - y : 6;
    const unsigned char *p = (const unsigned char *)nn_data(canvas) + 3 * y * width;
    for (int64_t i = 0; i < lines * width; i++)
      band[i] = (unsigned char)cube_colour(p + 3 * i, i % width, y + i / width);
    add_band(&out, band, lines, width);
  }
  luaL_addstring(&out, "\033\\");
  luaL_pushresult(&out);
  return 1;
}

void bind_picture_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {{"read_png", picture_read_png},
                                       {"write_png", picture_write_png},
                                       {"read_jpeg", picture_read_jpeg},
                                       {"write_jpeg", picture_write_jpeg},
                                       {"write_file", picture_write_file},
                                       {"has_png", picture_has_png},
                                       {"has_jpeg", picture_has_jpeg},
                                       {"stroke", picture_stroke},
                                       {"fill", picture_fill},
                                       {"picture", picture_picture},
                                       {"terminal", picture_terminal},
                                       {"base64", picture_base64},
                                       {"sixel", picture_sixel},
                                       {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "pictures");
}
