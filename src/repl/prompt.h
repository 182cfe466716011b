/* prompt.h - the interactive prompt. */
#ifndef PROMPT_H
#define PROMPT_H

#include <lua.h>

/* Reads, runs and prints until the input ends. */
void prompt_run(lua_State *L);

#endif
