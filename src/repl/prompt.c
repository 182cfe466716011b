/* prompt.c - the prompt: reads entries of one or more lines, runs them, prints values. Line editing by GNU readline
 * where the program was built with it. */
#include "prompt.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "run.h"

static const char first_prompt[] = "nnlua> ", more_prompt[] = "    .> ";

/* The parser met the end of the text: more of it may come. */
static bool wants_more(lua_State *L, int status) {
  if (status != LUA_ERRSYNTAX) return false;
  size_t n;
  const char *message = lua_tolstring(L, -1, &n);
  static const char mark[] = "<eof>";
  return n >= sizeof mark - 1 && strcmp(message + n - (sizeof mark - 1), mark) == 0;
}

/* Compiles the entry as an expression if it is one, else as statements. The result is on the stack. */
static int load_entry(lua_State *L, const char *text, size_t n, bool *more) {
  const char *expression = lua_pushfstring(L, "return %s", text);
  int status = luaL_loadbuffer(L, expression, strlen(expression), "=prompt");
  lua_remove(L, -2);
  *more = wants_more(L, status);
  if (status == LUA_OK) return status;
  int as_statement = luaL_loadbuffer(L, text, n, "=prompt");
  *more = *more || wants_more(L, as_statement);
  lua_remove(L, -2);
  return as_statement;
}

/* Reads lines until they make up an entry. False at the end of the input; *status as of lua_load. */
static bool read_entry(lua_State *L, int *status) {
  bool more = false, cancelled;
  lua_settop(L, 0);
  char *line = line_read(first_prompt, &cancelled);
  if (line == NULL) return cancelled;
  lua_pushstring(L, line);
  free(line);
  for (;;) {
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    *status = load_entry(L, text, n, &more);
    if (!more) {
      line_remember(text);
      lua_remove(L, 1);
      return true;
    }
    lua_pop(L, 1);
    line = line_read(more_prompt, &cancelled);
    if (line == NULL && cancelled) {
      lua_settop(L, 0);
      return true;
    }
    if (line == NULL) { /* the input ends within an entry: its error is shown */
      *status = load_entry(L, text, n, &more);
      lua_remove(L, 1);
      return true;
    }
    lua_pushfstring(L, "%s\n%s", text, line);
    free(line);
    lua_remove(L, 1);
  }
}

static void print_values(lua_State *L) {
  int n = lua_gettop(L);
  if (n == 0) return;
  lua_getglobal(L, "print");
  lua_insert(L, 1);
  run_chunk(L, LUA_OK, n);
}

void prompt_run(lua_State *L) {
  int status = LUA_OK;
  line_open();
  while (read_entry(L, &status)) {
    if (lua_gettop(L) == 0) continue;
    if (run_keep(L, status, 0) == RUN_OK) print_values(L);
    lua_settop(L, 0);
  }
  line_close();
  fputc('\n', stdout);
}
