/* print.c - tensors as text: nested braces, summarised where large, never wider than the terminal.
 * Numbers have up to 4 decimals, in rows of several lines all the same number of them, so that their points stand in a
 * column; a 0-dim tensor is shown as its number, with as many digits as it needs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bind.h"

enum { SHOW_ALL = 1000 /* elements */, EDGE = 3, WIDTH = 80, NARROWEST = 20, TEXT = 40 };

typedef struct Print {
  const nn_tensor *t;
  luaL_Buffer *out;
  int width;                                    /* of the line */
  int cell;                                     /* width of an element; 0: no alignment */
  int decimals;                                 /* of every element where they are aligned */
  double largest;                               /* of the finite elements shown */
  bool scientific;                              /* all are too small for 4 decimals */
  int column;                                   /* where the next character goes */
  int64_t head[NN_MAX_DIMS], tail[NN_MAX_DIMS]; /* how many are shown at both ends of a dimension */
} Print;

int bind_terminal_width(void) {
  struct winsize size;
  int width = 0;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) width = size.ws_col;
  const char *columns = getenv("COLUMNS");
  if (width <= 0 && columns != NULL) width = atoi(columns);
  if (width <= 0) return WIDTH;
  return width < NARROWEST ? NARROWEST : width;
}

/* ---- elements ---------------------------------------------------------------------------------------- */

static void trim_zeros(char *s) {
  if (strchr(s, '.') == NULL || strchr(s, 'e') != NULL) return;
  size_t n = strlen(s);
  while (s[n - 1] == '0') s[--n] = '\0';
  if (s[n - 1] == '.') s[n - 1] = '\0';
  if (strcmp(s, "-0") == 0) memmove(s, s + 1, 2);
}

static void format_float(double v, char s[TEXT]) {
  double a = fabs(v);
  if (v != v)
    snprintf(s, TEXT, "nan");
  else if (isinf(v))
    snprintf(s, TEXT, v > 0 ? "inf" : "-inf");
  else if (v == floor(v) && a < 1e10)
    snprintf(s, TEXT, "%.0f", v == 0 ? 0.0 : v);
  else if (a < 1e-3)
    snprintf(s, TEXT, "%.3g", v);
  else if (a < 1e7)
    snprintf(s, TEXT, "%.4f", v);
  else
    snprintf(s, TEXT, "%.5g", v);
  trim_zeros(s);
}

static void format_element(nn_dtype dtype, const void *p, char s[TEXT]) {
  switch (dtype) {
  case NN_BOOL: snprintf(s, TEXT, *(const uint8_t *)p ? "true" : "false"); break;
  case NN_UINT8: snprintf(s, TEXT, "%d", *(const uint8_t *)p); break;
  case NN_INT64: snprintf(s, TEXT, "%lld", (long long)*(const int64_t *)p); break;
  case NN_FLOAT32: format_float((double)*(const float *)p, s); break;
  default: format_float(*(const double *)p, s);
  }
}

static int decimals_of(const char *s) {
  const char *point = strchr(s, '.');
  return point == NULL || strchr(s, 'e') != NULL ? 0 : (int)strlen(point + 1);
}

/* An element as it stands among others in aligned lines. */
static void format_aligned(const Print *p, const void *at, char s[TEXT]) {
  nn_dtype dtype = nn_tensor_dtype(p->t);
  format_element(dtype, at, s);
  if (dtype != NN_FLOAT32 && dtype != NN_FLOAT64) return;
  double v = dtype == NN_FLOAT32 ? (double)*(const float *)at : *(const double *)at, a = fabs(v);
  if (v != v || isinf(v) || a >= 1e7) return;
  if (p->scientific)
    snprintf(s, TEXT, v == 0 ? "%.0f" : "%.3e", v == 0 ? 0.0 : v);
  else if (v != 0 && a < 5e-5)
    snprintf(s, TEXT, "%.0e", v);
  else
    snprintf(s, TEXT, "%.*f", p->decimals, v == 0 ? 0.0 : v);
}

/* The shortest text that gives the same float32 again; float64 as Lua writes it. */
static void format_number(nn_dtype dtype, const void *p, char s[TEXT]) {
  if (dtype == NN_FLOAT32) {
    float v = *(const float *)p;
    if (v == v && !isinf(v) && !(v == floorf(v) && fabsf(v) < 1e10f)) {
      for (int digits = 6; digits <= 9; digits++) {
        snprintf(s, TEXT, "%.*g", digits, (double)v);
        if (strtof(s, NULL) == v) return;
      }
      return;
    }
  } else if (dtype == NN_FLOAT64) {
    double v = *(const double *)p;
    if (v == v && !isinf(v) && !(v == floor(v) && fabs(v) < 1e15)) {
      snprintf(s, TEXT, "%.14g", v);
      return;
    }
    if (v == v && !isinf(v)) {
      snprintf(s, TEXT, "%.0f", v == 0 ? 0.0 : v);
      return;
    }
  }
  format_element(dtype, p, s);
}

static const char *element(const Print *p, const char *at, int dim, int64_t i) {
  return at + i * nn_stride(p->t, dim) * (int64_t)nn_dtype_size(nn_tensor_dtype(p->t));
}

/* ---- what is shown ----------------------------------------------------------------------------------- */

static int64_t shown(const Print *p, int dim) { return p->head[dim] + p->tail[dim]; }

/* The ends of each dimension, fewer from the outside in until at most SHOW_ALL elements are left. */
static void choose(Print *p) {
  int n = nn_ndim(p->t);
  bool all = nn_numel(p->t) <= SHOW_ALL;
  for (int d = 0; d < n; d++) {
    bool whole = all || nn_size(p->t, d) <= 2 * EDGE;
    p->head[d] = whole ? nn_size(p->t, d) : EDGE;
    p->tail[d] = whole ? 0 : EDGE;
  }
  for (;;) {
    double count = 1;
    int largest = 0;
    for (int d = 0; d < n; d++) {
      count *= (double)shown(p, d);
      if (shown(p, d) > shown(p, largest)) largest = d;
    }
    if (count <= SHOW_ALL) return;
    int64_t left = shown(p, largest) - 1;
    p->head[largest] = (left + 1) / 2;
    p->tail[largest] = left / 2;
  }
}

/* Calls f for every element that is shown. */
static void each(Print *p, int dim, const char *at, void (*f)(Print *, const char *)) {
  if (dim == nn_ndim(p->t)) {
    f(p, at);
    return;
  }
  int64_t size = nn_size(p->t, dim);
  for (int64_t i = 0; i < p->head[dim]; i++) each(p, dim + 1, element(p, at, dim, i), f);
  for (int64_t i = size - p->tail[dim]; i < size; i++) each(p, dim + 1, element(p, at, dim, i), f);
}

static void measure_number(Print *p, const char *at) {
  char s[TEXT];
  nn_dtype dtype = nn_tensor_dtype(p->t);
  double v = dtype == NN_FLOAT32 ? (double)*(const float *)(const void *)at : *(const double *)(const void *)at;
  if (v != v || isinf(v)) return;
  if (fabs(v) > p->largest) p->largest = fabs(v);
  format_element(dtype, at, s);
  int decimals = decimals_of(s);
  if (decimals > 4) decimals = 4;
  if (decimals > p->decimals) p->decimals = decimals;
}

static void measure_text(Print *p, const char *at) {
  char s[TEXT];
  format_aligned(p, at, s);
  int n = (int)strlen(s);
  if (n > p->cell) p->cell = n;
}

static void add_length(Print *p, const char *at) {
  char s[TEXT];
  format_element(nn_tensor_dtype(p->t), at, s);
  p->cell += (int)strlen(s) + 2;
}

/* Of rows that are cut anyway at most what one line holds. */
static void narrow(Print *p) {
  int last = nn_ndim(p->t) - 1;
  if (shown(p, last) == nn_size(p->t, last)) return;
  while (shown(p, last) > 2 && (shown(p, last) + 1) * (p->cell + 2) + 2 * last > p->width) {
    if (p->tail[last] >= p->head[last])
      p->tail[last]--;
    else
      p->head[last]--;
  }
}

/* Columns, for what takes several lines. */
static void align(Print *p) {
  nn_dtype dtype = nn_tensor_dtype(p->t);
  int last = nn_ndim(p->t) - 1;
  if (nn_numel(p->t) == nn_size(p->t, last)) { /* a single row */
    bool cut = shown(p, last) < nn_size(p->t, last);
    each(p, 0, nn_data(p->t), add_length);
    bool fits = p->cell + 2 * last + (cut ? 5 : 0) <= p->width;
    p->cell = 0;
    if (fits) return;
  }
  if (dtype == NN_FLOAT32 || dtype == NN_FLOAT64) each(p, 0, nn_data(p->t), measure_number);
  p->scientific = p->largest > 0 && p->largest < 1e-3;
  for (double most = 1e3; p->decimals > 0 && p->largest >= most; most *= 10) /* about 7 digits say it all */
    if (p->decimals > (most < 1e6 ? 6 - (int)log10(most) : 0)) p->decimals--;
  each(p, 0, nn_data(p->t), measure_text);
  narrow(p);
}

/* ---- writing ----------------------------------------------------------------------------------------- */

static void put(Print *p, const char *s) {
  luaL_addstring(p->out, s);
  p->column += (int)strlen(s);
}

static void new_line(Print *p, int indent) {
  luaL_addchar(p->out, '\n');
  for (int i = 0; i < indent; i++) luaL_addchar(p->out, ' ');
  p->column = indent;
}

/* One element of the innermost dimension; `after`: room for what follows on the line. */
static void put_item(Print *p, const char *s, int indent, int after, bool first) {
  int n = (int)strlen(s), padded = n < p->cell ? p->cell : n;
  if (!first) {
    put(p, ",");
    if (p->column + 1 + padded + after > p->width)
      new_line(p, indent);
    else
      put(p, " ");
  }
  for (int i = n; i < padded; i++) put(p, " ");
  put(p, s);
}

static void format_shown(const Print *p, const char *at, char s[TEXT]) {
  if (p->cell > 0)
    format_aligned(p, at, s);
  else
    format_element(nn_tensor_dtype(p->t), at, s);
}

static void put_row(Print *p, int dim, const char *at) {
  char s[TEXT];
  int64_t size = nn_size(p->t, dim);
  int after = dim + 2;
  for (int64_t i = 0; i < p->head[dim]; i++) {
    format_shown(p, element(p, at, dim, i), s);
    put_item(p, s, dim + 1, after, i == 0);
  }
  if (shown(p, dim) == size) return;
  put_item(p, "...", dim + 1, after, p->head[dim] == 0);
  for (int64_t i = size - p->tail[dim]; i < size; i++) {
    format_shown(p, element(p, at, dim, i), s);
    put_item(p, s, dim + 1, after, false);
  }
}

static void put_block(Print *p, int dim, const char *at);

static void put_part(Print *p, int dim, const char *at, int64_t i, bool first) {
  if (!first) {
    put(p, ",");
    if (dim + 2 < nn_ndim(p->t)) luaL_addchar(p->out, '\n'); /* a blank line between matrices */
    new_line(p, dim + 1);
  }
  if (i < 0)
    put(p, "...");
  else
    put_block(p, dim + 1, element(p, at, dim, i));
}

static void put_block(Print *p, int dim, const char *at) {
  int64_t size = nn_size(p->t, dim);
  put(p, "{");
  if (dim + 1 == nn_ndim(p->t)) {
    put_row(p, dim, at);
  } else {
    for (int64_t i = 0; i < p->head[dim]; i++) put_part(p, dim, at, i, i == 0);
    if (shown(p, dim) < size) put_part(p, dim, at, -1, p->head[dim] == 0);
    for (int64_t i = size - p->tail[dim]; i < size; i++) put_part(p, dim, at, i, false);
  }
  put(p, "}");
}

static void add_empty(luaL_Buffer *out, const nn_tensor *t) {
  luaL_addstring(out, "{}");
  if (nn_ndim(t) == 1) return;
  luaL_addstring(out, " of shape {");
  for (int d = 0; d < nn_ndim(t); d++) {
    char s[TEXT];
    snprintf(s, TEXT, d ? ", %lld" : "%lld", (long long)nn_size(t, d));
    luaL_addstring(out, s);
  }
  luaL_addchar(out, '}');
}

static void push_text(lua_State *L, const nn_tensor *t, int width) {
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  if (nn_ndim(t) == 0) {
    char s[TEXT];
    format_number(nn_tensor_dtype(t), nn_data(t), s);
    luaL_addstring(&out, s);
  } else if (nn_numel(t) == 0) {
    add_empty(&out, t);
  } else {
    Print p = {.t = t, .out = &out, .width = width};
    choose(&p);
    align(&p);
    put_block(&p, 0, nn_data(t));
  }
  luaL_pushresult(&out);
}

static int tensor_tostring(lua_State *L) {
  Bind *b = bind_of(L);
  push_text(L, bind_check(L, b, 1), bind_terminal_width());
  return 1;
}

static int tensor_concat(lua_State *L) {
  bind_of(L);
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}

void bind_print_open(lua_State *L, Bind *b, int metatable) {
  static const luaL_Reg events[] = {
      {"__tostring", tensor_tostring}, {"__concat", tensor_concat}, {NULL, NULL}};
  bind_register(L, b, metatable, events);
}
