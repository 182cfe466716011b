/* run.h - running a chunk: errors are shown with the user's part of the traceback, Ctrl-C ends it. */
#ifndef RUN_H
#define RUN_H

#include <lua.h>
#include <stdbool.h>

typedef enum run_result { RUN_OK, RUN_FAILED, RUN_INTERRUPTED } run_result;

/* To be called when the library is open: its modules are required from then on. */
void run_open(lua_State *L);
/* Pushes a module of the library; false, and nothing pushed, when that fails. */
bool run_require(lua_State *L, const char *module);
/* Whether colours may be written there: a terminal that knows them, and NO_COLOR isn't set. */
bool run_has_colours(int fd);
/* Errors are those of a prompt line. */
void run_at_prompt(bool on);

/* From now on SIGINT interrupts what Lua and the engine do. */
void run_catch_interrupts(lua_State *L);
/* Whether SIGINT came and wasn't dealt with yet. */
bool run_is_interrupted(void);
/* Whether SIGINT came since the last call of this; if so, it is dealt with. */
bool run_was_interrupted(void);

/* What a load left on the stack (a function when status is LUA_OK, else a message) is called with the n_args values
 * above it. Errors go to standard error. Results are dropped ... */
run_result run_chunk(lua_State *L, int status, int n_args);
/* ... or stay on the stack; nothing stays after an error. */
run_result run_keep(lua_State *L, int status, int n_args);

#endif
