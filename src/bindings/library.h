/* library.h - parts of nnlua.core that serve the Lua library (lib/nnlua) and are not for users. */
#ifndef BIND_LIBRARY_H
#define BIND_LIBRARY_H

#include "bind.h"

/* Each adds a table to the module's table: core.optim, core.files, core.bytes, core.pictures, core.feed,
 * core.points; or a function: core.catch_interrupt. */
void bind_optim_open(lua_State *L, Bind *b, int core);
void bind_files_open(lua_State *L, Bind *b, int core);
void bind_bytes_open(lua_State *L, Bind *b, int core);
void bind_catch_open(lua_State *L, Bind *b, int core);
void bind_profile_open(lua_State *L, Bind *b, int core);
/* For the engine's host: the number of the user's line that runs. */
int32_t bind_profile_line(void *data);
void bind_picture_open(lua_State *L, Bind *b, int core);
void bind_letters_open(lua_State *L, Bind *b, int core);
void bind_feed_open(lua_State *L, Bind *b, int core);
void bind_points_open(lua_State *L, Bind *b, int core);

#endif
