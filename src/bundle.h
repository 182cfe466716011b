/* bundle.h - the Lua library compiled ahead: a file that the build makes (cmake/bundle.lua). Reading it costs a fraction
 * of parsing the sources, which stay what counts: a source that is newer or of another size is loaded itself. */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <lua.h>

/* Lets `require` look into the bundle at `path`, if there is one, for modules whose sources lie in `directory`. */
void bundle_open(lua_State *L, const char *path, const char *directory);

#endif
