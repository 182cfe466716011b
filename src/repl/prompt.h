/* prompt.h - the interactive prompt. */
#ifndef PROMPT_H
#define PROMPT_H

#include <lua.h>
#include <stdbool.h>

/* Makes the session ready: errors keep their frames, scripts their variables. To be called before a script that the
 * prompt follows. */
void prompt_open(lua_State *L, bool banner);
/* Reads, runs and shows until the input ends. */
void prompt_run(lua_State *L);

#endif
