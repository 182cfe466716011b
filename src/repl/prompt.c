/* prompt.c - the prompt: reads entries, hands them to the session (lib/nnlua/repl), which compiles, runs and shows.
 * Here is what connects keys with Lua; an error or Ctrl-C in there is as if it had given nothing. */
#include "prompt.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line.h"
#include "run.h"

static const char first_prompt[] = "nnlua> ", more_prompt[] = "   ..> ";
static bool quit;

/* ---- what the session can ask of the program --------------------------------------------------------- */

/* call(f, ...): true and the results of f(...), or false after its error was shown. Survives Ctrl-C. */
static int program_call(lua_State *L) {
  luaL_checkany(L, 1);
  bool ok = run_keep(L, LUA_OK, lua_gettop(L) - 1) == RUN_OK;
  lua_pushboolean(L, ok);
  lua_insert(L, 1);
  return lua_gettop(L);
}

static int program_quit(lua_State *L) {
  (void)L;
  quit = true;
  return 0;
}

static int program_remember(lua_State *L) {
  line_remember(luaL_checkstring(L, 1));
  return 0;
}

/* prefill(text): the next entry begins with the text; false where the terminal can't. */
static int program_prefill(lua_State *L) {
  lua_pushboolean(L, line_prefill(luaL_checkstring(L, 1)));
  return 1;
}

/* ---- what the keys ask of Lua ------------------------------------------------------------------------ */

/* Pushes the function of nnlua.repl.<module>; false when there is none. */
static bool push_function(lua_State *L, const char *module, const char *name) {
  if (!run_require(L, module)) return false;
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
  return true;
}

static char *copy_string(lua_State *L, int idx) {
  const char *s = lua_type(L, idx) == LUA_TSTRING ? lua_tostring(L, idx) : NULL;
  return s != NULL ? strdup(s) : NULL;
}

/* What a key asks for ends after so many instructions, a fraction of a second, whatever it has come upon: some function
 * of the user's, a table without end. */
enum { MOST_INSTRUCTIONS = 30000000, AFTER_THAT = 1000 };

static void give_up(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, give_up, LUA_MASKCOUNT, AFTER_THAT); /* whoever catches the error comes no further */
  luaL_error(L, "this takes too long");
}

static int call_briefly(lua_State *L, int n_args, int n_results) {
  int count = lua_gethookcount(L); /* the bindings keep a mark there */
  bool mine = lua_gethook(L) == NULL;
  if (mine) lua_sethook(L, give_up, LUA_MASKCOUNT, MOST_INSTRUCTIONS);
  int status = lua_pcall(L, n_args, n_results, 0);
  if (mine && lua_gethook(L) == give_up) lua_sethook(L, NULL, 0, count);
  return status;
}

/* Calls module.name(text, point + 1, flag); true when it gave n results, which are on the stack above `top`. */
static bool ask(lua_State *L, const char *module, const char *name, const char *text, int point, bool flag, int n) {
  if (!push_function(L, module, name)) return false;
  lua_pushstring(L, text);
  lua_pushinteger(L, point + 1);
  lua_pushboolean(L, flag);
  return call_briefly(L, 3, n) == LUA_OK;
}

static char *ask_text(lua_State *L, const char *module, const char *name, const char *text, int point) {
  int top = lua_gettop(L);
  char *result = ask(L, module, name, text, point, false, 1) ? copy_string(L, -1) : NULL;
  lua_settop(L, top);
  return result;
}

static bool hook_enter(void *ud, const char *text, int point, bool typed, char **changed, int *changed_point) {
  lua_State *L = ud;
  int top = lua_gettop(L);
  bool done = true;
  if (ask(L, "nnlua.repl.input", "enter", text, point, typed, 3)) {
    done = lua_toboolean(L, top + 1) != 0;
    *changed = copy_string(L, top + 2);
    *changed_point = (int)lua_tointeger(L, top + 3) - 1;
  }
  lua_settop(L, top);
  return done;
}

static char *hook_style(void *ud, const char *text, int point) {
  return ask_text(ud, "nnlua.repl.highlight", "styles", text, point);
}

static char *hook_complete(void *ud, const char *text, int point, int *start, char **list) {
  lua_State *L = ud;
  int top = lua_gettop(L);
  char *result = NULL;
  if (ask(L, "nnlua.repl.complete", "at", text, point, false, 3)) {
    *start = (int)lua_tointeger(L, top + 1) - 1;
    result = copy_string(L, top + 2);
    *list = copy_string(L, top + 3);
  }
  lua_settop(L, top);
  return result;
}

static char *hook_hint(void *ud, const char *text, int point) {
  return ask_text(ud, "nnlua.repl.ask", "hint_lines", text, point);
}

static char *hook_pasted(void *ud, const char *text) { return ask_text(ud, "nnlua.repl.input", "pasted", text, 0); }

static char *hook_edited(void *ud, const char *text) { return ask_text(ud, "nnlua.repl.input", "edited", text, 0); }

/* ---- the session ------------------------------------------------------------------------------------- */

/* Calls session.name with the n_args values on the top; results are dropped, errors shown. */
static run_result call_session(lua_State *L, const char *name, int n_args) {
  int base = lua_gettop(L) - n_args + 1;
  if (!push_function(L, "nnlua.repl.session", name)) {
    lua_settop(L, base - 1);
    return RUN_FAILED;
  }
  lua_insert(L, base);
  return run_chunk(L, LUA_OK, n_args);
}

static void set_flag(lua_State *L, const char *key, bool value) {
  lua_pushboolean(L, value);
  lua_setfield(L, -2, key);
}

void prompt_open(lua_State *L, bool banner) {
  static const luaL_Reg functions[] = {
      {"call", program_call},
      {"quit", program_quit},
      {"remember", program_remember},
      {"prefill", program_prefill},
      {NULL, NULL}};
  luaL_newlib(L, functions);
  set_flag(L, "banner", banner);
  set_flag(L, "colors", run_has_colours(STDOUT_FILENO));
  run_at_prompt(true);
  call_session(L, "start", 1);
}

/* Whether the entry needs more lines; its text is on the top. */
static bool wants_more(lua_State *L) {
  int top = lua_gettop(L);
  bool more = false;
  if (push_function(L, "nnlua.repl.session", "input_state")) {
    lua_pushvalue(L, top);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK) more = strcmp(luaL_optstring(L, -1, ""), "incomplete") == 0;
  }
  lua_settop(L, top);
  return more;
}

/* Pushes an entry; false at the end of the input. After Ctrl-C nothing is pushed. */
static bool read_entry(lua_State *L, bool whole) {
  bool cancelled, first = true;
  int top = lua_gettop(L);
  for (;;) {
    char *line = line_read(first, &cancelled);
    if (line == NULL) {
      if (cancelled) lua_settop(L, top);
      return cancelled || !first; /* an unfinished entry at the end of the input is run for its error */
    }
    if (first)
      lua_pushstring(L, line);
    else
      lua_pushfstring(L, "%s\n%s", lua_tostring(L, -1), line), lua_remove(L, -2);
    free(line);
    if (whole || !wants_more(L)) return true;
    first = false;
  }
}

void prompt_run(lua_State *L) {
  const line_hooks hooks = {L, hook_enter, hook_style, hook_complete, hook_hint, hook_pasted, hook_edited};
  bool whole = line_open(&hooks, first_prompt, more_prompt, run_has_colours(STDOUT_FILENO));
  lua_settop(L, 0);
  while (!quit && read_entry(L, whole)) {
    if (lua_gettop(L) == 0) continue;
    line_remember(lua_tostring(L, 1));
    call_session(L, "enter", 1);
    lua_settop(L, 0);
    fflush(stdout);
  }
  line_close();
  if (!quit) fputc('\n', stdout);
}
