/* points.c - what the library needs for points in the plane: core.points. */
#include "library.h"
#include "tsne.h"

/* tsne_gradient(y, pairs, p, exaggeration, theta): see tsne.h; the gradient and the divergence */
static int points_tsne_gradient(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *y = bind_check(L, b, 1), *pairs = bind_check(L, b, 2), *p = bind_check(L, b, 3);
  double divergence = 0;
  bind_push(L, b, nn_tsne_gradient(y, pairs, p, luaL_checknumber(L, 4), luaL_checknumber(L, 5), &divergence));
  lua_pushnumber(L, divergence);
  return 2;
}

void bind_points_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {{"tsne_gradient", points_tsne_gradient}, {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "points");
}
