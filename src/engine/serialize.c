/* serialize.c - named tensors in files of the safetensors format: 8 bytes of header length (little-endian), a
 * JSON object {"name": {"dtype", "shape", "data_offsets"}, "__metadata__": {string: string}}, the elements. A
 * reader must find every byte of the data in exactly one tensor; everything is checked before memory is taken
 * for it. Format: the safetensors project's README. */
#include "serialize.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "interrupt.h"
#include "replace.h"

#define HEADER_MAX 100000000u /* as in the format's own readers */
enum { CHUNK = 1 << 18, ALIGNMENT = 8 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian and read as it is");

static bool no_memory(nn_ctx *ctx) { return nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory"); }

bool nn_is_utf8(const char *s, size_t n) {
  const unsigned char *p = (const unsigned char *)s, *end = p + n;
  static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
  while (p < end) {
    int more = *p < 0x80 ? 0 : (*p >> 5) == 6 ? 1 : (*p >> 4) == 14 ? 2 : (*p >> 3) == 30 ? 3 : -1;
    if (more < 0 || end - p <= more || *p == 0) return false;
    uint32_t code = more == 0 ? *p : *p & (0x3Fu >> more);
    for (int i = 1; i <= more; i++) {
      if ((p[i] & 0xC0) != 0x80) return false;
      code = code << 6 | (p[i] & 0x3Fu);
    }
    if ((more > 0 && code < least[more]) || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return false;
    p += more + 1;
  }
  return true;
}

/* ---- element types ---------------------------------------------------------------------------------- */

typedef struct element {
  const char *name;
  uint8_t size;  /* bytes in the file */
  uint8_t dtype; /* what it becomes */
  bool as_it_is; /* the bytes are ours too */
} element;

static const element elements[] = {
    {"F32", 4, NN_FLOAT32, true},   {"F64", 8, NN_FLOAT64, true}, {"I64", 8, NN_INT64, true},
    {"U8", 1, NN_UINT8, true},      {"BOOL", 1, NN_BOOL, false},  {"F16", 2, NN_FLOAT32, false},
    {"BF16", 2, NN_FLOAT32, false}, {"I32", 4, NN_INT64, false},  {"I16", 2, NN_INT64, false},
    {"I8", 1, NN_INT64, false},     {"U32", 4, NN_INT64, false},  {"U16", 2, NN_INT64, false},
};
enum { ELEMENTS = sizeof elements / sizeof elements[0] };

static const char *const written_as[NN_DTYPES] = {
    [NN_BOOL] = "BOOL", [NN_UINT8] = "U8", [NN_INT64] = "I64", [NN_FLOAT32] = "F32", [NN_FLOAT64] = "F64"};

static float half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023, bits;
  if (exponent == 31) {
    bits = sign | 0x7F800000u | fraction << 13;
  } else if (exponent > 0) {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    float value = (float)fraction * 0x1p-24f; /* subnormal or zero */
    return sign ? -value : value;
  }
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

static float bfloat_to_float(uint16_t h) {
  uint32_t bits = (uint32_t)h << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

/* Element i of a chunk of the file to element `at` of t. */
static void convert(const element *e, const unsigned char *p, nn_tensor *t, int64_t at) {
  void *to = nn_data(t);
  uint32_t u = 0;
  memcpy(&u, p, e->size);
  if (e->dtype == NN_BOOL)
    ((uint8_t *)to)[at] = u != 0;
  else if (e->dtype == NN_FLOAT32)
    ((float *)to)[at] = e->name[0] == 'B' ? bfloat_to_float((uint16_t)u) : half_to_float((uint16_t)u);
  else if (e->name[0] == 'U')
    ((int64_t *)to)[at] = u;
  else
    ((int64_t *)to)[at] = e->size == 4 ? (int32_t)u : e->size == 2 ? (int16_t)u : (int8_t)u;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

typedef struct text { /* a growing string; `failed` sticks */
  char *s;
  size_t n, cap;
  bool failed;
} text;

static void put(text *t, const char *s, size_t n) {
  if (t->failed) return;
  if (t->n + n > t->cap) {
    size_t cap = (t->n + n) * 2 + 256;
    char *more = realloc(t->s, cap);
    if (more == NULL) {
      t->failed = true;
      return;
    }
    t->s = more;
    t->cap = cap;
  }
  memcpy(t->s + t->n, s, n);
  t->n += n;
}

static void put_s(text *t, const char *s) { put(t, s, strlen(s)); }

static void put_json_string(text *t, const char *s) {
  put_s(t, "\"");
  for (; *s; s++) {
    char code[8];
    if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\') {
      snprintf(code, sizeof code, "\\u%04x", (unsigned)(unsigned char)*s);
      put_s(t, code);
    } else {
      put(t, s, 1);
    }
  }
  put_s(t, "\"");
}

static uint64_t byte_count(const nn_tensor *t) {
  return (uint64_t)nn_numel(t) * nn_dtype_size(nn_tensor_dtype(t));
}

/* Where each tensor's bytes begin: the widest elements first, so that all of them are aligned. */
static void place(const nn_archive *a, uint64_t *begin) {
  uint64_t at = 0;
  for (size_t size = 8; size >= 1; size /= 2)
    for (int i = 0; i < a->n; i++)
      if (nn_dtype_size(nn_tensor_dtype(a->tensors[i])) == size) {
        begin[i] = at;
        at += byte_count(a->tensors[i]);
      }
}

static void put_entry(text *t, const char *name, const nn_tensor *x, uint64_t begin) {
  char number[64];
  put_json_string(t, name);
  put_s(t, ":{\"dtype\":\"");
  put_s(t, written_as[nn_tensor_dtype(x)]);
  put_s(t, "\",\"shape\":[");
  for (int d = 0; d < nn_ndim(x); d++) {
    snprintf(number, sizeof number, "%s%" PRId64, d ? "," : "", nn_size(x, d));
    put_s(t, number);
  }
  snprintf(number, sizeof number, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", begin,
           begin + byte_count(x));
  put_s(t, number);
}

static bool header(const nn_archive *a, const uint64_t *begin, text *t) {
  put_s(t, "{");
  if (a->n_meta > 0) {
    put_s(t, "\"__metadata__\":{");
    for (int i = 0; i < a->n_meta; i++) {
      if (i) put_s(t, ",");
      put_json_string(t, a->keys[i]);
      put_s(t, ":");
      put_json_string(t, a->values[i]);
    }
    put_s(t, a->n > 0 ? "}," : "}");
  }
  for (int i = 0; i < a->n; i++) {
    if (i) put_s(t, ",");
    put_entry(t, a->names[i], a->tensors[i], begin[i]);
  }
  put_s(t, "}");
  while (t->n % ALIGNMENT != 0 && !t->failed) put_s(t, " ");
  if (t->failed) return no_memory(a->ctx);
  return t->n <= HEADER_MAX || nn_fail(a->ctx, "the names and strings take more than %u bytes", HEADER_MAX);
}

static bool write_data(const nn_archive *a, nn_replacement *file) {
  for (size_t size = 8; size >= 1; size /= 2)
    for (int i = 0; i < a->n; i++) {
      if (nn_dtype_size(nn_tensor_dtype(a->tensors[i])) != size) continue;
      nn_tensor *dense = nn_contiguous_data(a->tensors[i]);
      bool ok = dense != NULL && nn_replace_write(file, nn_data(dense), (size_t)byte_count(dense));
      nn_release(dense);
      if (!ok) return false;
    }
  return true;
}

static bool check_strings(const nn_archive *a) {
  for (int i = 0; i < a->n; i++) {
    if (!nn_is_utf8(a->names[i], strlen(a->names[i]))) return nn_fail(a->ctx, "name %d is not UTF-8", i + 1);
    if (strcmp(a->names[i], "__metadata__") == 0)
      return nn_fail(a->ctx, "no tensor can be named '__metadata__'");
  }
  for (int i = 0; i < a->n_meta; i++)
    if (!nn_is_utf8(a->keys[i], strlen(a->keys[i])) || !nn_is_utf8(a->values[i], strlen(a->values[i])))
      return nn_fail(a->ctx, "metadata must be UTF-8");
  return true;
}

bool nn_safetensors_write(const nn_archive *a, const char *path) {
  text head = {.s = NULL};
  nn_replacement file;
  if (!check_strings(a)) return false;
  uint64_t *begin = malloc(((size_t)a->n + 1) * sizeof *begin);
  if (begin == NULL) return no_memory(a->ctx);
  place(a, begin);
  bool ok = header(a, begin, &head) && nn_replace_begin(a->ctx, &file, path);
  if (ok) {
    uint64_t length = head.n;
    ok = nn_replace_write(&file, &length, sizeof length) && nn_replace_write(&file, head.s, head.n) &&
         write_data(a, &file);
    ok = nn_replace_end(&file, ok);
  }
  free(head.s);
  free(begin);
  return ok;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

typedef struct entry {
  const char *name; /* in the parsed header */
  const element *type;
  int ndim;
  int64_t shape[NN_MAX_DIMS];
  uint64_t begin, end;
} entry;

typedef struct reader {
  nn_ctx *ctx;
  const char *path;
  int fd;
  uint64_t data_at, data_size; /* of the file's data part */
  size_t max_bytes;
  entry *entries;
  int n;
} reader;

static bool bad(const reader *r, const char *what) { return nn_fail(r->ctx, "'%s' %s", r->path, what); }

static bool bad_tensor(const reader *r, const char *name, const char *what) {
  return nn_fail(r->ctx, "'%s': tensor '%.100s' %s", r->path, name, what);
}

static bool read_at(const reader *r, void *to, size_t n, uint64_t at) {
  char *p = to;
  while (n > 0) {
    if (nn_interrupted()) return nn_fail_code(r->ctx, NN_ERR_INTERRUPT, "interrupted");
    ssize_t got = pread(r->fd, p, n < (1u << 22) ? n : (1u << 22), (off_t)at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      int reason = errno;
      return nn_fail(r->ctx, "cannot read '%s': %s", r->path, strerror(reason));
    }
    if (got == 0) return bad(r, "is truncated");
    p += got;
    n -= (size_t)got;
    at += (uint64_t)got;
  }
  return true;
}

/* A JSON number that is a whole one >= 0 and exact. */
static bool whole(const cJSON *item, uint64_t *out) {
  if (!cJSON_IsNumber(item)) return false;
  double v = item->valuedouble;
  if (!(v >= 0 && v <= 9007199254740992.0) || v != (double)(uint64_t)v) return false;
  *out = (uint64_t)v;
  return true;
}

/* Checks the shape against the bytes it has in the file. */
static bool parse_shape(const reader *r, const cJSON *shape, entry *e) {
  const cJSON *item;
  uint64_t bytes = e->type->size, n;
  bool empty = false;
  if (!cJSON_IsArray(shape)) return bad_tensor(r, e->name, "has no shape");
  cJSON_ArrayForEach(item, shape) {
    if (e->ndim == NN_MAX_DIMS) return bad_tensor(r, e->name, "has too many dimensions");
    if (!whole(item, &n)) return bad_tensor(r, e->name, "has a size that is no whole number");
    e->shape[e->ndim++] = (int64_t)n;
    if (n == 0) empty = true;
    if (n > 0 && bytes > (UINT64_MAX >> 8) / n)
      return bad_tensor(r, e->name, "has a shape too large for any memory");
    if (n > 0) bytes *= n;
  }
  if (empty) bytes = 0;
  if (bytes != e->end - e->begin)
    return bad_tensor(r, e->name, "has a shape that does not fit the bytes it is given");
  return true;
}

static bool parse_entry(const reader *r, const cJSON *item, entry *e) {
  *e = (entry){.name = item->string};
  if (!cJSON_IsObject(item)) return bad_tensor(r, e->name, "is not described by a JSON object");
  const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
  const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
  if (!cJSON_IsString(dtype)) return bad_tensor(r, e->name, "has no dtype");
  for (int i = 0; i < ELEMENTS; i++)
    if (strcmp(elements[i].name, dtype->valuestring) == 0) e->type = &elements[i];
  if (e->type == NULL)
    return nn_fail(r->ctx, "'%s': tensor '%.100s' has dtype '%.20s', which cannot be read", r->path, e->name,
                   dtype->valuestring);
  if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !whole(offsets->child, &e->begin) ||
      !whole(offsets->child->next, &e->end))
    return bad_tensor(r, e->name, "has no valid data_offsets");
  if (e->begin > e->end || e->end > r->data_size) return bad_tensor(r, e->name, "lies outside of the file");
  return parse_shape(r, cJSON_GetObjectItemCaseSensitive(item, "shape"), e);
}

static int by_name(const void *a, const void *b) {
  return strcmp((*(const entry *const *)a)->name, (*(const entry *const *)b)->name);
}

static int by_place(const void *a, const void *b) {
  const entry *x = *(const entry *const *)a, *y = *(const entry *const *)b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

/* Names are distinct; the tensors fill the data without gap or overlap; memory will do. */
static bool check_layout(const reader *r) {
  const entry **order = malloc(((size_t)r->n + 1) * sizeof *order);
  if (order == NULL) return no_memory(r->ctx);
  bool ok = true;
  uint64_t at = 0, memory = 0;
  for (int i = 0; i < r->n; i++) order[i] = &r->entries[i];
  qsort(order, (size_t)r->n, sizeof *order, by_name);
  for (int i = 1; ok && i < r->n; i++)
    if (strcmp(order[i - 1]->name, order[i]->name) == 0) ok = bad_tensor(r, order[i]->name, "is there twice");
  qsort(order, (size_t)r->n, sizeof *order, by_place);
  for (int i = 0; ok && i < r->n; i++) {
    const entry *e = order[i];
    if (e->begin != at)
      ok = bad_tensor(r, e->name, e->begin < at ? "overlaps another one" : "leaves a gap before it");
    at = e->end;
    memory += (e->end - e->begin) / e->type->size * nn_dtype_size((nn_dtype)e->type->dtype);
  }
  if (ok && at != r->data_size) ok = bad(r, "goes on after its last tensor");
  if (ok && memory > r->max_bytes)
    ok = nn_fail(r->ctx, "'%s' needs %" PRIu64 " bytes, more than max_bytes = %zu", r->path, memory,
                 r->max_bytes);
  free(order);
  return ok;
}

/* The elements of one tensor. */
static nn_tensor *read_tensor(const reader *r, const entry *e) {
  nn_tensor *t = nn_empty(r->ctx, (nn_dtype)e->type->dtype, e->ndim, e->shape);
  if (t == NULL) return NULL;
  uint64_t at = r->data_at + e->begin;
  size_t size = e->type->size;
  bool ok = true;
  if (e->type->as_it_is) {
    ok = read_at(r, nn_data(t), (size_t)(e->end - e->begin), at);
  } else {
    int64_t n = nn_numel(t);
    unsigned char *chunk = n > 0 ? nn_scratch(r->ctx, CHUNK) : NULL;
    ok = n == 0 || chunk != NULL;
    for (int64_t done = 0; ok && done < n;) {
      int64_t some = n - done < (int64_t)(CHUNK / size) ? n - done : (int64_t)(CHUNK / size);
      ok = read_at(r, chunk, (size_t)some * size, at + (uint64_t)done * size);
      for (int64_t i = 0; ok && i < some; i++) convert(e->type, chunk + (size_t)i * size, t, done + i);
      done += some;
    }
    if (chunk != NULL) nn_scratch_free(r->ctx, chunk, CHUNK);
  }
  if (ok) return t;
  nn_release(t);
  return NULL;
}

static bool take_metadata(const reader *r, const cJSON *meta, nn_archive *a) {
  const cJSON *item;
  int n = 0;
  if (meta == NULL) return true;
  if (!cJSON_IsObject(meta)) return bad(r, "has metadata that is no JSON object");
  cJSON_ArrayForEach(item, meta) {
    n++;
    if (!cJSON_IsString(item)) return bad(r, "has metadata that is no string");
  }
  a->keys = calloc((size_t)n + 1, sizeof *a->keys);
  a->values = calloc((size_t)n + 1, sizeof *a->values);
  if (a->keys == NULL || a->values == NULL) return no_memory(r->ctx);
  cJSON_ArrayForEach(item, meta) {
    char *key = strdup(item->string), *value = strdup(item->valuestring);
    a->keys[a->n_meta] = key;
    a->values[a->n_meta++] = value;
    if (key == NULL || value == NULL) return no_memory(r->ctx);
  }
  return true;
}

static bool take_tensors(const reader *r, nn_archive *a) {
  a->names = calloc((size_t)r->n + 1, sizeof *a->names);
  a->tensors = calloc((size_t)r->n + 1, sizeof *a->tensors);
  if (a->names == NULL || a->tensors == NULL) return no_memory(r->ctx);
  for (int i = 0; i < r->n; i++) {
    char *name = strdup(r->entries[i].name);
    if (name == NULL) return no_memory(r->ctx);
    a->names[a->n] = name;
    a->tensors[a->n++] = NULL;
    a->tensors[i] = read_tensor(r, &r->entries[i]);
    if (a->tensors[i] == NULL) return false;
  }
  return true;
}

/* The parsed header to an archive. */
static nn_archive *build(reader *r, const cJSON *root) {
  const cJSON *item, *meta = NULL;
  int count = cJSON_GetArraySize(root);
  r->entries = calloc((size_t)count + 1, sizeof *r->entries);
  nn_archive *a = calloc(1, sizeof *a);
  bool ok = (r->entries != NULL && a != NULL) || no_memory(r->ctx);
  if (ok) a->ctx = r->ctx;
  for (item = root->child; ok && item != NULL; item = item->next) {
    if (strcmp(item->string, "__metadata__") == 0) {
      ok = meta == NULL || bad(r, "has metadata twice");
      meta = item;
    } else {
      ok = parse_entry(r, item, &r->entries[r->n]);
      r->n++;
    }
  }
  ok = ok && check_layout(r) && take_metadata(r, meta, a) && take_tensors(r, a);
  free(r->entries);
  if (ok) return a;
  nn_archive_free(a);
  return NULL;
}

/* What the first bytes of a file that is no safetensors file tell. */
static bool wrong_kind(const reader *r, const unsigned char *head) {
  if (memcmp(head, "PK\003\004", 4) == 0 || (head[0] == 0x80 && head[1] >= 2 && head[1] <= 5))
    return nn_fail(
        r->ctx,
        "'%s' is a Python pickle (a .pt file), which is code and is never run here. Convert it in Python: "
        "safetensors.torch.save_file(torch.load('%s', weights_only=True), 'weights.safetensors')",
        r->path, r->path);
  return bad(r, "is not a safetensors file");
}

static nn_archive *read_file(reader *r) {
  unsigned char head[8] = {0};
  struct stat info;
  if (fstat(r->fd, &info) != 0 || !S_ISREG(info.st_mode)) return bad(r, "is not a regular file"), NULL;
  uint64_t size = (uint64_t)info.st_size, length;
  if (!read_at(r, head, size < 8 ? (size_t)size : 8, 0)) return NULL;
  memcpy(&length, head, sizeof length);
  bool pickled = memcmp(head, "PK\003\004", 4) == 0 ||
                 (head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 && length > size);
  if (size < 8 || pickled || length > HEADER_MAX) return wrong_kind(r, head), NULL;
  if (length > size - 8) return bad(r, "is truncated: its header is not all there"), NULL;
  char *json = malloc((size_t)length + 1);
  if (json == NULL) return no_memory(r->ctx), NULL;
  nn_archive *a = NULL;
  if (read_at(r, json, (size_t)length, 8)) {
    const char *end = NULL;
    json[length] = '\0';
    cJSON *root = json[0] == '{' && nn_is_utf8(json, (size_t)length)
                      ? cJSON_ParseWithLengthOpts(json, (size_t)length + 1, &end, true)
                      : NULL;
    r->data_at = 8 + length;
    r->data_size = size - r->data_at;
    if (cJSON_IsObject(root))
      a = build(r, root);
    else
      bad(r, "has a header that is no JSON object");
    cJSON_Delete(root);
  }
  free(json);
  return a;
}

nn_archive *nn_safetensors_read(nn_ctx *ctx, const char *path, size_t max_bytes) {
  reader r = {.ctx = ctx, .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC), .max_bytes = max_bytes};
  if (r.fd < 0) {
    int reason = errno;
    nn_fail(ctx, "cannot open '%s': %s", path, strerror(reason));
    return NULL;
  }
  nn_archive *a = read_file(&r);
  close(r.fd);
  return a;
}

void nn_archive_free(nn_archive *a) {
  if (a == NULL) return;
  for (int i = 0; i < a->n; i++) {
    free(a->names[i]);
    nn_release(a->tensors[i]);
  }
  for (int i = 0; i < a->n_meta; i++) {
    free(a->keys[i]);
    free(a->values[i]);
  }
  free(a->names);
  free(a->tensors);
  free(a->keys);
  free(a->values);
  free(a);
}
