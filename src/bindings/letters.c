/* letters.c - outlines of letters out of font files, by FreeType where it is there: core.letters. Knows nothing
 * of pictures. FreeType is loaded when the first font is opened: no start waits for it. */
#include "library.h"

#if NNLUA_FREETYPE

#include <dlfcn.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

enum { CURVE = 4 }; /* lines for a curve */

/* The functions of FreeType that are used here. */
static struct {
  FT_Error (*init)(FT_Library *);
  FT_Error (*done)(FT_Library);
  FT_Error (*new_face)(FT_Library, const char *, FT_Long, FT_Face *);
  FT_Error (*done_face)(FT_Face);
  FT_UInt (*char_index)(FT_Face, FT_ULong);
  FT_Error (*load_glyph)(FT_Face, FT_UInt, FT_Int32);
  FT_Error (*decompose)(FT_Outline *, const FT_Outline_Funcs *, void *);
} ft;

static bool load_library(void) {
  static enum { UNKNOWN, MISSING, LOADED } state;
  if (state != UNKNOWN) return state == LOADED;
  state = MISSING;
  void *library = dlopen("libfreetype.so.6", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return false;
  *(void **)&ft.init = dlsym(library, "FT_Init_FreeType");
  *(void **)&ft.done = dlsym(library, "FT_Done_FreeType");
  *(void **)&ft.new_face = dlsym(library, "FT_New_Face");
  *(void **)&ft.done_face = dlsym(library, "FT_Done_Face");
  *(void **)&ft.char_index = dlsym(library, "FT_Get_Char_Index");
  *(void **)&ft.load_glyph = dlsym(library, "FT_Load_Glyph");
  *(void **)&ft.decompose = dlsym(library, "FT_Outline_Decompose");
  const bool whole = ft.init && ft.done && ft.new_face && ft.done_face && ft.char_index && ft.load_glyph;
  if (whole && ft.decompose) state = LOADED;
  return state == LOADED;
}

typedef struct {
  FT_Library library;
  FT_Face face;
} font;

static int font_gc(lua_State *L) {
  font *f = lua_touserdata(L, 1);
  if (f->face) ft.done_face(f->face);
  if (f->library) ft.done(f->library);
  *f = (font){0};
  return 0;
}

/* open(path): a font; nil when the file is none whose letters have outlines, or there is no FreeType */
static int letters_open(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  if (!load_library()) return 0;
  font *f = lua_newuserdatauv(L, sizeof *f, 0);
  *f = (font){0};
  if (luaL_newmetatable(L, "nnlua font")) {
    lua_pushcfunction(L, font_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  if (ft.init(&f->library) != 0) return 0;
  if (ft.new_face(f->library, path, 0, &f->face) != 0) return 0;
  return FT_IS_SCALABLE(f->face) && f->face->units_per_EM > 0 ? 1 : 0;
}

/* Points of all contours as one area: from the first one's beginning to each other one and back the same way. */
typedef struct {
  double *xy;
  lua_Integer n, from, most; /* points; where the contour at work begins */
  double unit;
} area;

static void put(area *a, double x, double y) {
  if (a->n >= a->most) return;
  a->xy[2 * a->n] = x, a->xy[2 * a->n + 1] = y;
  a->n++;
}

static void close_contour(area *a) {
  if (a->n - a->from < 3) {
    a->n = a->from;
  } else {
    put(a, a->xy[2 * a->from], a->xy[2 * a->from + 1]);
    if (a->from > 0) put(a, a->xy[0], a->xy[1]);
  }
  a->from = a->n;
}

static int move_to(const FT_Vector *to, void *data) {
  area *a = data;
  close_contour(a);
  put(a, (double)to->x * a->unit, (double)to->y * a->unit);
  return 0;
}

static int line_to(const FT_Vector *to, void *data) {
  area *a = data;
  put(a, (double)to->x * a->unit, (double)to->y * a->unit);
  return 0;
}

/* Bernstein's polynomials, of second degree where c and d are the same point twice. */
static int cubic_to(const FT_Vector *b, const FT_Vector *c, const FT_Vector *d, void *data) {
  area *a = data;
  if (a->n == 0) return 1;
  const double x = a->xy[2 * a->n - 2], y = a->xy[2 * a->n - 1], u = a->unit;
  for (int i = 1; i <= CURVE; i++) {
    const double t = (double)i / CURVE, s = 1 - t;
    const double p = s * s * s, q = 3 * s * s * t * u, r = 3 * s * t * t * u, e = t * t * t * u;
    put(a, p * x + q * (double)b->x + r * (double)c->x + e * (double)d->x,
        p * y + q * (double)b->y + r * (double)c->y + e * (double)d->y);
  }
  return 0;
}

static int conic_to(const FT_Vector *b, const FT_Vector *c, void *data) {
  area *a = data;
  if (a->n == 0) return 1;
  const double x = a->xy[2 * a->n - 2], y = a->xy[2 * a->n - 1], u = a->unit;
  for (int i = 1; i <= CURVE; i++) {
    const double t = (double)i / CURVE, s = 1 - t;
    put(a, s * s * x + 2 * s * t * u * (double)b->x + t * t * u * (double)c->x,
        s * s * y + 2 * s * t * u * (double)b->y + t * t * u * (double)c->y);
  }
  return 0;
}

/* outline(font, code): the letter's width and its area, a flat list of points, x to the right, y up from the
 * base line, in parts of the letters' size; nil when the font has no such letter */
static int letters_outline(lua_State *L) {
  static const FT_Outline_Funcs steps = {move_to, line_to, conic_to, cubic_to, 0, 0};
  font *f = luaL_checkudata(L, 1, "nnlua font");
  const lua_Integer code = luaL_checkinteger(L, 2);
  if (f->face == NULL || code < 0 || code > 0x10FFFF) return 0;
  const FT_UInt glyph = ft.char_index(f->face, (FT_ULong)code);
  if (glyph == 0 || ft.load_glyph(f->face, glyph, FT_LOAD_NO_SCALE | FT_LOAD_NO_BITMAP) != 0) return 0;
  const FT_GlyphSlot slot = f->face->glyph;
  if (slot->format != FT_GLYPH_FORMAT_OUTLINE) return 0;
  const lua_Integer points = slot->outline.n_points, contours = slot->outline.n_contours;
  area a = {.most = points * (CURVE + 1) + contours * 4 + 8,
            .unit = 1.0 / f->face->units_per_EM};
  a.xy = lua_newuserdatauv(L, (size_t)a.most * 2 * sizeof(double), 0);
  if (ft.decompose(&slot->outline, &steps, &a) != 0) return 0;
  close_contour(&a);
  lua_pushnumber(L, (double)slot->advance.x * a.unit);
  lua_createtable(L, (int)(2 * a.n), 0);
  for (lua_Integer i = 0; i < 2 * a.n; i++) {
    lua_pushnumber(L, a.xy[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 2;
}

#else

static int letters_open(lua_State *L) {
  luaL_checkstring(L, 1);
  return 0;
}

static int letters_outline(lua_State *L) {
  (void)L;
  return 0;
}

static bool load_library(void) { return false; }

#endif

/* available(): can fonts be read? */
static int letters_available(lua_State *L) {
  lua_pushboolean(L, load_library());
  return 1;
}

void bind_letters_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {
      {"open", letters_open}, {"outline", letters_outline}, {"available", letters_available}, {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "letters");
}
