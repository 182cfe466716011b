/* files.c (bindings) - data sets and saved tensors: IDX and safetensors files, batches gathered from data in
 * memory, JSON. Knows nothing of data loaders or modules (lib/nnlua/data, lib/nnlua/save.lua). */
#include <cjson/cJSON.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "idx.h"
#include "library.h"
#include "serialize.h"

enum { JSON_DEPTH = 700 };

static size_t max_bytes_at(lua_State *L, int arg) {
  lua_Integer n = luaL_checkinteger(L, arg);
  luaL_argcheck(L, n >= 0, arg, "max_bytes must be >= 0");
  return (size_t)n;
}

/* In what follows `who` is the name of the function that the user called. */

/* read_idx(who, path, max_bytes) */
static int files_read_idx(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  size_t max_bytes = max_bytes_at(L, 3);
  nn_tensor *t = nn_read_idx(b->ctx, path, max_bytes);
  if (t == NULL) return bind_raise_for(L, b, who);
  bind_push(L, b, t);
  bind_pace(L, b);
  return 1;
}

/* write_idx(who, path, tensor) */
static int files_write_idx(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  if (!nn_write_idx(bind_check(L, b, 3), path)) return bind_raise_for(L, b, who);
  return 0;
}

/* batch(source, index, from, n, dtype, scale, shift): rows index[from .. from + n - 1] of source, as dtype,
 * scaled */
static int files_batch(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *source = bind_check(L, b, 1), *index = bind_check(L, b, 2);
  lua_Integer from = luaL_checkinteger(L, 3), n = luaL_checkinteger(L, 4);
  const char *name = luaL_checkstring(L, 5);
  nn_dtype dtype;
  if (!nn_dtype_parse(name, &dtype)) return bind_error(L, b, "batch: '%s' is no dtype", name);
  bind_push(
      L, b,
      nn_gather_rows(source, index, from - 1, n, dtype, luaL_optnumber(L, 6, 1), luaL_optnumber(L, 7, 0)));
  bind_pace(L, b);
  return 1;
}

/* ---- safetensors ------------------------------------------------------------------------------------ */

/* A userdata that owns an archive: first the tagged box, then what is in it. */
static const char archive_name[] = "nnlua archive";

static int archive_gc(lua_State *L) {
  nn_archive **box = lua_touserdata(L, 1);
  nn_archive_free(*box);
  *box = NULL;
  return 0;
}

static nn_archive **new_box(lua_State *L) {
  nn_archive **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  if (luaL_newmetatable(L, archive_name)) {
    lua_pushcfunction(L, archive_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return box;
}

/* read_safetensors(who, path, max_bytes): names, tensors, metadata (keys and values in turn) */
static int files_read_safetensors(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  size_t max_bytes = max_bytes_at(L, 3);
  nn_archive **box = new_box(L);
  nn_archive *a = *box = nn_safetensors_read(b->ctx, path, max_bytes);
  if (a == NULL) return bind_raise_for(L, b, who);
  lua_createtable(L, a->n, 0);
  lua_createtable(L, a->n, 0);
  for (int i = 0; i < a->n; i++) {
    lua_pushstring(L, a->names[i]);
    lua_rawseti(L, -3, i + 1);
    nn_tensor *t = a->tensors[i];
    a->tensors[i] = NULL; /* the handle owns it now */
    bind_push(L, b, t);
    lua_rawseti(L, -2, i + 1);
  }
  lua_createtable(L, 2 * a->n_meta, 0);
  for (int i = 0; i < a->n_meta; i++) {
    lua_pushstring(L, a->keys[i]);
    lua_rawseti(L, -2, 2 * i + 1);
    lua_pushstring(L, a->values[i]);
    lua_rawseti(L, -2, 2 * i + 2);
  }
  nn_archive_free(a);
  *box = NULL;
  bind_pace(L, b);
  return 3;
}

/* A list of n strings as an array inside a userdata, left on the stack. The strings belong to the list. */
static char **string_list(lua_State *L, Bind *b, const char *who, int list, int from, int step, int n) {
  char **strings = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *strings, 0);
  for (int i = 0; i < n; i++) {
    size_t length = 0;
    lua_rawgeti(L, list, from + i * step);
    const char *s = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
    if (s == NULL || !nn_is_utf8(s, length))
      bind_error(L, b, "%s: names must be UTF-8 strings without a zero byte", who);
    strings[i] = (char *)(uintptr_t)s;
    lua_pop(L, 1);
  }
  return strings;
}

/* write_safetensors(who, path, names, tensors, metadata): metadata is a list of keys and values in turn */
static int files_write_safetensors(lua_State *L) {
  Bind *b = bind_of(L);
  const char *who = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  for (int i = 3; i <= 5; i++) luaL_checktype(L, i, LUA_TTABLE);
  int n = (int)luaL_len(L, 3), n_meta = (int)(luaL_len(L, 5) / 2);
  nn_archive a = {.ctx = b->ctx, .n = n, .n_meta = n_meta};
  a.names = string_list(L, b, who, 3, 1, 1, n);
  a.keys = string_list(L, b, who, 5, 1, 2, n_meta);
  a.values = string_list(L, b, who, 5, 2, 2, n_meta);
  a.tensors = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *a.tensors, 0);
  for (int i = 0; i < n; i++) {
    lua_rawgeti(L, 4, i + 1);
    a.tensors[i] = bind_tensor(L, b, -1);
    if (a.tensors[i] == NULL) bind_error(L, b, "%s: '%s' is not a tensor", who, a.names[i]);
    lua_pop(L, 1);
  }
  if (!nn_safetensors_write(&a, path)) return bind_raise_for(L, b, who);
  return 0;
}

/* ---- JSON ------------------------------------------------------------------------------------------- */

/* A cJSON document inside a box, so that a Lua error cannot leak it. */
static const char json_name[] = "nnlua JSON";

static int json_gc(lua_State *L) {
  cJSON **box = lua_touserdata(L, 1);
  cJSON_Delete(*box);
  *box = NULL;
  return 0;
}

static void push_json(lua_State *L, const cJSON *item, int depth) {
  if (depth > JSON_DEPTH) luaL_error(L, "JSON is nested too deeply");
  luaL_checkstack(L, 4, "JSON is nested too deeply");
  if (cJSON_IsString(item)) {
    lua_pushstring(L, item->valuestring);
  } else if (cJSON_IsNumber(item)) {
    lua_pushnumber(L, item->valuedouble);
  } else if (cJSON_IsBool(item)) {
    lua_pushboolean(L, cJSON_IsTrue(item));
  } else if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
    lua_Integer i = 0;
    lua_newtable(L);
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
      push_json(L, child, depth + 1);
      if (cJSON_IsObject(item))
        lua_setfield(L, -2, child->string);
      else
        lua_rawseti(L, -2, ++i);
    }
  } else {
    lua_pushnil(L);
  }
}

/* parse_json(text): the value as Lua has it (null becomes nil), or nil and a message */
static int files_parse_json(lua_State *L) {
  size_t n = 0;
  const char *text = luaL_checklstring(L, 1, &n), *end = NULL;
  cJSON **box = lua_newuserdatauv(L, sizeof(cJSON *), 0);
  *box = NULL;
  if (luaL_newmetatable(L, json_name)) {
    lua_pushcfunction(L, json_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  *box = cJSON_ParseWithLengthOpts(text, n + 1, &end, true);
  if (*box == NULL) {
    lua_pushnil(L);
    lua_pushfstring(L, "no valid JSON at byte %d", (int)(end ? end - text : 0) + 1);
    return 2;
  }
  push_json(L, *box, 0);
  cJSON_Delete(*box);
  *box = NULL;
  return 1;
}

/* is_terminal(fd): 1 is the standard output, 2 the standard error */
static int files_is_terminal(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

void bind_files_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {{"read_idx", files_read_idx},
                                       {"write_idx", files_write_idx},
                                       {"batch", files_batch},
                                       {"read_safetensors", files_read_safetensors},
                                       {"write_safetensors", files_write_safetensors},
                                       {"parse_json", files_parse_json},
                                       {"is_terminal", files_is_terminal},
                                       {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "files");
}
