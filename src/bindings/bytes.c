/* bytes.c - whole files as strings, strings as tensors and back, compression and sums: what readers and
 * writers of formats (lib/nnlua/data) are made of. Knows no format. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "interrupt.h"
#include "library.h"
#include "replace.h"
#include "sha256.h"

enum { CHUNK = 1 << 20 };

/* ---- files ------------------------------------------------------------------------------------------ */

/* A file in a box, so that a Lua error cannot leak it. */
static int close_file(lua_State *L) {
  FILE **box = lua_touserdata(L, 1);
  if (*box != NULL) fclose(*box);
  *box = NULL;
  return 0;
}

static FILE **new_file_box(lua_State *L) {
  FILE **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  if (luaL_newmetatable(L, "nnlua open file")) {
    lua_pushcfunction(L, close_file);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return box;
}

static FILE *open_boxed(lua_State *L, Bind *b, const char *who, const char *path) {
  FILE **box = new_file_box(L);
  *box = fopen(path, "rb");
  if (*box == NULL) bind_error(L, b, "%s: cannot open '%s': %s", who, path, strerror(errno));
  return *box;
}

static void poll_interrupt(lua_State *L, Bind *b) {
  if (!nn_interrupted()) return;
  nn_fail_code(b->ctx, NN_ERR_INTERRUPT, "interrupted");
  bind_raise(L, b);
}

/* read_file(who, path, max_bytes): the file's bytes as a string */
static int bytes_read_file(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  lua_Integer max_bytes = luaL_checkinteger(L, 3);
  FILE *file = open_boxed(L, b, who, path);
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  lua_Integer total = 0;
  size_t got, want = BUFSIZ;
  while ((got = fread(luaL_prepbuffsize(&buffer, want), 1, want, file)) > 0) {
    total += (lua_Integer)got;
    if (total > max_bytes) {
      bind_error(L, b, "%s: '%s' holds more than max_bytes = %lld bytes", who, path, (long long)max_bytes);
    }
    luaL_addsize(&buffer, got);
    if (want < CHUNK) want *= 2;
    poll_interrupt(L, b);
  }
  if (ferror(file)) bind_error(L, b, "%s: cannot read '%s': %s", who, path, strerror(errno));
  luaL_pushresult(&buffer);
  return 1;
}

/* write_file(who, path, ...): the strings one after the other, beside and renamed */
static int bytes_write_file(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  int top = lua_gettop(L);
  for (int i = 3; i <= top; i++) luaL_checktype(L, i, LUA_TSTRING);
  nn_replacement r;
  bool ok = nn_replace_begin(b->ctx, &r, path);
  if (ok) {
    for (int i = 3; ok && i <= top; i++) {
      size_t n = 0;
      const char *s = lua_tolstring(L, i, &n);
      ok = nn_replace_write(&r, s, n);
    }
    ok = nn_replace_end(&r, ok);
  }
  return ok ? 0 : bind_raise_for(L, b, who);
}

/* A folder in a box. */
static int close_folder(lua_State *L) {
  DIR **box = lua_touserdata(L, 1);
  if (*box != NULL) closedir(*box);
  *box = NULL;
  return 0;
}

/* list(who, path): the names in a folder, without those that begin with a dot, unsorted; and which are
 * folders */
static int bytes_list(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  DIR **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  if (luaL_newmetatable(L, "nnlua open folder")) {
    lua_pushcfunction(L, close_folder);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  *box = opendir(path);
  if (*box == NULL) return bind_error(L, b, "%s: cannot open '%s': %s", who, path, strerror(errno));
  lua_newtable(L);
  lua_newtable(L);
  lua_Integer n = 0;
  for (struct dirent *entry; (entry = readdir(*box)) != NULL;) {
    struct stat about;
    if (entry->d_name[0] == '.') continue;
    lua_pushstring(L, entry->d_name);
    lua_rawseti(L, -3, ++n);
    lua_pushboolean(L, fstatat(dirfd(*box), entry->d_name, &about, 0) == 0 && S_ISDIR(about.st_mode));
    lua_rawseti(L, -2, n);
  }
  closedir(*box);
  *box = NULL;
  return 2;
}

/* make_folder(who, path): makes a folder unless it is there */
static int bytes_make_folder(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    return bind_error(L, b, "%s: cannot make the folder '%s': %s", who, path, strerror(errno));
  return 0;
}

/* sha256(who, path): the sum of a file's bytes in hexadecimal digits */
static int bytes_sha256(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  FILE *file = open_boxed(L, b, who, path);
  char chunk[1 << 14], text[65];
  nn_sha256 s;
  nn_sha256_start(&s);
  size_t got;
  while ((got = fread(chunk, 1, sizeof chunk, file)) > 0) {
    nn_sha256_add(&s, chunk, got);
    poll_interrupt(L, b);
  }
  if (ferror(file)) bind_error(L, b, "%s: cannot read '%s': %s", who, path, strerror(errno));
  nn_sha256_end(&s, text);
  lua_pushstring(L, text);
  return 1;
}

/* ---- compression ------------------------------------------------------------------------------------ */

static int end_inflate(lua_State *L) {
  z_stream *z = lua_touserdata(L, 1);
  if (z->state != NULL) inflateEnd(z);
  z->state = NULL;
  return 0;
}

static int end_deflate(lua_State *L) {
  z_stream *z = lua_touserdata(L, 1);
  if (z->state != NULL) deflateEnd(z);
  z->state = NULL;
  return 0;
}

static z_stream *new_stream(lua_State *L, const char *name, lua_CFunction end) {
  z_stream *z = lua_newuserdatauv(L, sizeof *z, 0);
  memset(z, 0, sizeof *z);
  if (luaL_newmetatable(L, name)) {
    lua_pushcfunction(L, end);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return z;
}

/* The part of a string argument from a position (from 1), of a length. */
static const char *part_at(lua_State *L, int arg, size_t *n) {
  size_t length = 0;
  const char *s = luaL_checklstring(L, arg, &length);
  lua_Integer from = luaL_optinteger(L, arg + 1, 1),
              size = luaL_optinteger(L, arg + 2, (lua_Integer)length - from + 1);
  luaL_argcheck(L,
                from >= 1 && size >= 0 && (size_t)size <= length && (size_t)from - 1 <= length - (size_t)size,
                arg, "the part lies outside of the string");
  luaL_argcheck(L, (size_t)size <= UINT_MAX, arg, "too long");
  *n = (size_t)size;
  return s + from - 1;
}

/* inflate(string, from, length, max, raw): what the part unpacks to, or nil and "damaged", "truncated" or
 * "big". raw: a deflate stream without the header of zlib or gzip. */
static int bytes_inflate(lua_State *L) {
  Bind *b = bind_of(L);
  size_t n;
  const char *s = part_at(L, 1, &n);
  lua_Integer max = luaL_checkinteger(L, 4);
  bool raw = lua_toboolean(L, 5);
  z_stream *z = new_stream(L, "nnlua inflate", end_inflate);
  if (inflateInit2(z, raw ? -MAX_WBITS : MAX_WBITS + 32) != Z_OK) return luaL_error(L, "out of memory");
  z->next_in = (unsigned char *)(uintptr_t)s;
  z->avail_in = (uInt)n;
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  const char *fault = NULL;
  lua_Integer total = 0;
  for (int code = Z_OK; code != Z_STREAM_END && fault == NULL;) {
    size_t room = 1 << 16;
    z->next_out = (unsigned char *)luaL_prepbuffsize(&buffer, room);
    z->avail_out = (uInt)room;
    code = inflate(z, Z_NO_FLUSH);
    size_t got = room - z->avail_out;
    luaL_addsize(&buffer, got);
    total += (lua_Integer)got;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      fault = "damaged";
    else if (total > max)
      fault = "big";
    else if (code != Z_STREAM_END && got == 0 && z->avail_in == 0)
      fault = "truncated";
    poll_interrupt(L, b);
  }
  luaL_pushresult(&buffer);
  if (fault == NULL) return 1;
  lua_pushnil(L);
  lua_pushstring(L, fault);
  return 2;
}

/* deflate(string, level): a raw deflate stream */
static int bytes_deflate(lua_State *L) {
  Bind *b = bind_of(L);
  size_t n = 0;
  const char *s = luaL_checklstring(L, 1, &n);
  int level = (int)luaL_optinteger(L, 2, 6);
  luaL_argcheck(L, n <= UINT_MAX, 1, "too long");
  z_stream *z = new_stream(L, "nnlua deflate", end_deflate);
  if (deflateInit2(z, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return luaL_error(L, "out of memory");
  z->next_in = (unsigned char *)(uintptr_t)s;
  z->avail_in = (uInt)n;
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  int code;
  do {
    size_t room = 1 << 16;
    z->next_out = (unsigned char *)luaL_prepbuffsize(&buffer, room);
    z->avail_out = (uInt)room;
    code = deflate(z, Z_FINISH);
    luaL_addsize(&buffer, room - z->avail_out);
    poll_interrupt(L, b);
  } while (code == Z_OK);
  luaL_pushresult(&buffer);
  return 1;
}

/* crc32(string): as zip and png have it */
static int bytes_crc32(lua_State *L) {
  size_t n = 0;
  const unsigned char *s = (const unsigned char *)luaL_checklstring(L, 1, &n);
  uLong sum = crc32(0, NULL, 0);
  while (n > 0) {
    uInt some = n < CHUNK ? (uInt)n : CHUNK;
    sum = crc32(sum, s, some);
    s += some;
    n -= some;
  }
  lua_pushinteger(L, (lua_Integer)sum);
  return 1;
}

/* ---- strings and tensors ---------------------------------------------------------------------------- */

/* An element type as NumPy writes it: order of bytes ('<', '>' or '|'), kind (b u i f), size in bytes. */
typedef struct Element {
  bool swapped; /* most significant byte first */
  char kind;
  size_t size;
  nn_dtype dtype; /* what it becomes */
} Element;

static bool parse_element(const char *text, Element *e) {
  if (strlen(text) != 3 || strchr("<>|", text[0]) == NULL) return false;
  *e = (Element){.swapped = text[0] == '>', .kind = text[1], .size = (size_t)(text[2] - '0')};
  switch (e->kind) {
  case 'b': e->dtype = NN_BOOL; return e->size == 1;
  case 'u':
    e->dtype = e->size == 1 ? NN_UINT8 : NN_INT64;
    return e->size == 1 || e->size == 2 || e->size == 4 || e->size == 8;
  case 'i': e->dtype = NN_INT64; return e->size == 1 || e->size == 2 || e->size == 4 || e->size == 8;
  case 'f':
    e->dtype = e->size == 8 ? NN_FLOAT64 : NN_FLOAT32;
    return e->size == 2 || e->size == 4 || e->size == 8;
  default: return false;
  }
}

/* IEEE 754 half precision. */
static float half_to_float(uint32_t h) {
  uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023, bits;
  float v;
  if (exponent == 0) { /* zero and subnormal numbers: fraction * 2^-24 */
    v = (float)fraction * 0x1p-24f;
    return sign ? -v : v;
  }
  bits = sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | fraction << 13;
  memcpy(&v, &bits, sizeof v);
  return v;
}

static uint64_t bits_at(const unsigned char *p, const Element *e) {
  uint64_t v = 0;
  for (size_t i = 0; i < e->size; i++) v |= (uint64_t)p[e->swapped ? e->size - 1 - i : i] << 8 * i;
  return v;
}

/* Stores one element; false when an unsigned number is too great for int64. */
static bool store(void *data, size_t i, uint64_t bits, const Element *e) {
  int unused = (int)(64 - 8 * e->size);
  uint32_t low = (uint32_t)bits;
  switch (e->kind) {
  case 'b': ((uint8_t *)data)[i] = bits != 0; return true;
  case 'u':
    if (e->size == 1)
      ((uint8_t *)data)[i] = (uint8_t)bits;
    else
      ((int64_t *)data)[i] = (int64_t)bits;
    return bits <= INT64_MAX;
  case 'i': ((int64_t *)data)[i] = (int64_t)(bits << unused) >> unused; return true;
  default:
    if (e->size == 2)
      ((float *)data)[i] = half_to_float(low);
    else if (e->size == 4)
      memcpy((float *)data + i, &low, sizeof low);
    else
      memcpy((double *)data + i, &bits, sizeof bits);
    return true;
  }
}

/* from_bytes(who, string, from, type, sizes): a tensor of these sizes from the bytes at `from` (from 1). */
static int bytes_from(lua_State *L) {
  Bind *b = bind_of(L);
  size_t length = 0;
  const char *who = luaL_checkstring(L, 1), *s = luaL_checklstring(L, 2, &length);
  lua_Integer from = luaL_checkinteger(L, 3);
  Element e;
  if (!parse_element(luaL_checkstring(L, 4), &e)) return luaL_argerror(L, 4, "no element type");
  luaL_checktype(L, 5, LUA_TTABLE);
  lua_Integer ndim = luaL_len(L, 5);
  if (ndim > NN_MAX_DIMS)
    return bind_error(L, b, "%s: %d dimensions; at most %d can be read", who, (int)ndim, NN_MAX_DIMS);
  luaL_argcheck(L, from >= 1 && (size_t)from <= length + 1, 3, "outside of the string");
  int64_t shape[NN_MAX_DIMS];
  size_t left = length - (size_t)from + 1, elements = 1;
  for (int d = 0; d < ndim; d++) {
    lua_rawgeti(L, 5, d + 1);
    shape[d] = luaL_checkinteger(L, -1);
    lua_pop(L, 1);
    luaL_argcheck(L, shape[d] >= 0, 5, "a negative size");
    if (shape[d] > 0 && elements > left / (size_t)shape[d])
      return bind_error(L, b, "%s: truncated: the sizes need more than the %d bytes that are there", who,
                        (int)left);
    elements *= (size_t)shape[d];
  }
  if (elements > left / e.size)
    return bind_error(L, b, "%s: truncated: the sizes need more than the %d bytes that are there", who,
                      (int)left);
  bind_push(L, b, nn_empty(b->ctx, e.dtype, (int)ndim, shape));
  void *data = nn_data(bind_tensor(L, b, -1));
  const unsigned char *p = (const unsigned char *)s + from - 1;
  bool same =
      !e.swapped && e.size == nn_dtype_size(e.dtype) && e.kind != 'b' && (e.kind != 'u' || e.size == 1);
  if (same && elements > 0) {
    memcpy(data, p, elements * e.size);
  } else {
    for (size_t i = 0; i < elements; i++)
      if (!store(data, i, bits_at(p + i * e.size, &e), &e))
        return bind_error(L, b, "%s: element %zu does not fit int64", who, i + 1);
  }
  bind_pace(L, b);
  return 1;
}

/* to_bytes(tensor): its elements in order, least significant byte first */
static int bytes_to(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *dense = nn_contiguous_data(bind_check(L, b, 1));
  if (dense == NULL) return bind_raise(L, b);
  bind_push(L, b, dense);
  lua_pushlstring(L, nn_numel(dense) > 0 ? nn_data(dense) : "",
                  (size_t)nn_numel(dense) * nn_dtype_size(nn_tensor_dtype(dense)));
  return 1;
}

void bind_bytes_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {{"read_file", bytes_read_file},
                                       {"write_file", bytes_write_file},
                                       {"sha256", bytes_sha256},
                                       {"list", bytes_list},
                                       {"make_folder", bytes_make_folder},
                                       {"inflate", bytes_inflate},
                                       {"deflate", bytes_deflate},
                                       {"crc32", bytes_crc32},
                                       {"from_bytes", bytes_from},
                                       {"to_bytes", bytes_to},
                                       {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "bytes");
}
