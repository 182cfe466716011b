/* run.c - calls chunks, shows their errors, ends them on Ctrl-C. */
#include "run.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"

static const char require_key = 'r';
static bool at_prompt;
static Bind *interruptible;
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal) {
  (void)signal;
  interrupted = 1;
  if (interruptible != NULL) bind_interrupt(interruptible);
}

void run_catch_interrupts(lua_State *L) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  interruptible = bind_find(L);
  sigaction(SIGINT, &action, NULL); /* without SA_RESTART: a waiting read ends */
}

bool run_is_interrupted(void) { return interrupted != 0; }

bool run_was_interrupted(void) {
  bool was = interrupted != 0;
  interrupted = 0;
  if (was && interruptible != NULL) bind_interrupt_end(interruptible);
  return was;
}

/* ---- help from Lua ----------------------------------------------------------------------------------- */

void run_open(lua_State *L) {
  lua_getglobal(L, "require");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &require_key);
}

bool run_require(lua_State *L, const char *module) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &require_key);
  lua_pushstring(L, module);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK) return true;
  lua_pop(L, 1);
  return false;
}

void run_at_prompt(bool on) { at_prompt = on; }

bool run_has_colours(int fd) {
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  if (no != NULL && *no != '\0') return false;
  return isatty(fd) && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

/* ---- errors ----------------------------------------------------------------------------------------- */

enum { MOST_LEVELS = 24 };

/* Levels in the user's own files; the library's and C's only say how one got there. */
static bool is_users(const lua_Debug *ar) {
  const char *library = interruptible != NULL ? interruptible->library : NULL;
  if (ar->what[0] == 'C' || strcmp(ar->source, "=nnlua") == 0) return false;
  return library == NULL || strncmp(ar->source, library, strlen(library)) != 0;
}

static void add_level(lua_State *L, luaL_Buffer *b, lua_Debug *ar) {
  luaL_addstring(b, "\n\t");
  luaL_addstring(b, ar->short_src);
  if (ar->currentline > 0) {
    lua_pushfstring(L, ":%d", ar->currentline);
    luaL_addvalue(b);
  }
  if (strcmp(ar->what, "main") == 0)
    luaL_addstring(b, ": in main chunk");
  else if (ar->name != NULL)
    lua_pushfstring(L, ": in %s '%s'", ar->namewhat, ar->name), luaL_addvalue(b);
  else
    lua_pushfstring(L, ": in function <%s:%d>", ar->short_src, ar->linedefined), luaL_addvalue(b);
}

static void push_traceback(lua_State *L, const char *message) {
  luaL_Buffer b;
  lua_Debug ar;
  int shown = 0;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, message);
  for (int level = 1; shown < MOST_LEVELS && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sln", &ar);
    if (!is_users(&ar)) continue;
    if (shown++ == 0) luaL_addstring(&b, "\nstack traceback:");
    add_level(L, &b, &ar);
  }
  luaL_pushresult(&b);
}

/* The library's text for the message on the top: its line, a hint, the traceback. False when that fails: without memory
 * or stack. */
static bool push_explanation(lua_State *L) {
  int top = lua_gettop(L);
  if (lua_checkstack(L, 10) && run_require(L, "nnlua.repl.errors")) {
    lua_getfield(L, -1, "handle");
    lua_pushvalue(L, top);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING) return true;
  }
  lua_settop(L, top);
  return false;
}

static int on_error(lua_State *L) {
  if (interruptible != NULL && bind_is_interrupt(L, interruptible, 1)) return 1;
  const char *message = lua_tostring(L, 1);
  if (message == NULL) {
    if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) return 1;
    lua_settop(L, 1);
    if (push_explanation(L)) return 1;
    message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  }
  lua_pushstring(L, message);
  if (push_explanation(L)) return 1;
  message = lua_tostring(L, -1);
  push_traceback(L, message);
  return 1;
}

static run_result show_error(lua_State *L) {
  fflush(stdout);
  bool stopped = interruptible != NULL && bind_is_interrupt(L, interruptible, -1);
  stopped = run_was_interrupted() || stopped;
  if (stopped) {
    fputs("interrupted\n", stderr);
  } else {
    const char *message = lua_tostring(L, -1);
    fprintf(stderr, at_prompt ? "%s\n" : "nnlua: %s\n", message != NULL ? message : "unknown error");
  }
  lua_pop(L, 1);
  return stopped ? RUN_INTERRUPTED : RUN_FAILED;
}

run_result run_keep(lua_State *L, int status, int n_args) {
  if (status == LUA_OK) {
    int base = lua_gettop(L) - n_args;
    lua_pushcfunction(L, on_error);
    lua_insert(L, base);
    run_was_interrupted();
    status = lua_pcall(L, n_args, LUA_MULTRET, base);
    lua_remove(L, base);
    if (status == LUA_OK) {
      run_was_interrupted(); /* it ended by itself just then */
      return RUN_OK;
    }
  }
  return show_error(L);
}

run_result run_chunk(lua_State *L, int status, int n_args) {
  int top = lua_gettop(L) - n_args - 1;
  run_result r = run_keep(L, status, n_args);
  lua_settop(L, top);
  return r;
}
