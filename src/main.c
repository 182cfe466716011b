/* main.c - the nnlua program: options, then code from the command line, a script, standard input or the prompt.
 * Knows nothing of tensors: nnlua.core is preloaded, the rest is Lua. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "bundle.h"
#include "prompt.h"
#include "run.h"

enum { EXIT_INTERRUPTED = 130 };

static const char usage[] =
    "usage: nnlua [options] [script [args]]\n"
    "  -e CODE        run CODE\n"
    "  -l MOD         require MOD into a global of its name\n"
    "  -i             go on with the prompt after the script, also after an error\n"
    "  -v             show versions, kernels and threads\n"
    "  -              run standard input\n"
    "  --             end of options\n"
    "  --profile      tell at the end where the time went, by operation and by line\n"
    "  --threads N    use N threads\n"
    "  --seed N       start random numbers from N\n"
    "  --no-color     no colours\n"
    "  --help         this text\n";

/* ---- finding the library ---------------------------------------------------------------------------- */

/* The directory of the program's own file, or "". */
static void own_directory(char *buf, size_t size) {
  ssize_t n = readlink("/proc/self/exe", buf, size - 1);
  buf[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(buf, '/');
  if (slash != NULL) *slash = '\0';
}

static bool has_library(const char *directory) {
  char path[4200];
  snprintf(path, sizeof path, "%s/nnlua/init.lua", directory);
  return access(path, R_OK) == 0;
}

static const char *library_directory(char *buf, size_t size) {
  char own[4000];
  own_directory(own, sizeof own);
  snprintf(buf, size, "%s/%s", own, NNLUA_RELATIVE_LIB);
  if (has_library(buf)) return buf;
  if (has_library(NNLUA_SOURCE_LIB)) return NNLUA_SOURCE_LIB;
  return NNLUA_INSTALL_LIB;
}

static void set_path(lua_State *L) {
  char buf[4200], bundle[4200];
  const char *directory = library_directory(buf, sizeof buf);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  own_directory(bundle, sizeof bundle - 32);
  if (bundle[0] != '\0') {
    strcat(bundle, "/" NNLUA_BUNDLE);
    bundle_open(L, bundle, directory);
  }
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", directory, directory, lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

/* The parts of nnlua become globals. */
static bool open_library(lua_State *L) {
  static const char code[] = "local nnlua = require 'nnlua'\n_G.nnlua = nnlua\n"
                             "for _, name in ipairs(nnlua.globals) do _G[name] = nnlua[name] end\n"
                             "require('nnlua.repl.globals').watch()";
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_nnlua_core);
  lua_setfield(L, -2, "nnlua.core");
  lua_pop(L, 1);
  run_open(L);
  return run_chunk(L, luaL_loadbuffer(L, code, sizeof code - 1, "=nnlua"), 0) == RUN_OK;
}

/* ---- options ---------------------------------------------------------------------------------------- */

typedef struct options {
  bool version, interactive, executed, profile;
  int script; /* where in argv, argc when there is none */
} options;

static bool complain(const char *text, const char *what) {
  fprintf(stderr, "nnlua: %s '%s'\n%s", text, what, usage);
  return false;
}

/* Looks through the options without acting on them; false when one is wrong. */
static bool read_options(int argc, char **argv, options *o) {
  int i = 1;
  for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
    const char *a = argv[i];
    bool takes = strcmp(a, "-e") == 0 || strcmp(a, "-l") == 0 || strcmp(a, "--threads") == 0 || strcmp(a, "--seed") == 0;
    if (takes && ++i == argc) return complain("a value is missing after", a);
    if (takes || strncmp(a, "-e", 2) == 0 || strncmp(a, "-l", 2) == 0) {
      o->executed = o->executed || a[1] == 'e';
      continue;
    }
    if (strcmp(a, "--") == 0) {
      i++;
      break;
    }
    if (strcmp(a, "-i") == 0)
      o->interactive = true;
    else if (strcmp(a, "--profile") == 0)
      o->profile = true;
    else if (strcmp(a, "-v") == 0)
      o->version = true;
    else if (strcmp(a, "--no-color") == 0)
      setenv("NO_COLOR", "1", 1);
    else
      return complain("unknown option", a);
  }
  o->script = i;
  return true;
}

/* Calls nnlua.`name`(number) or, with a part, nnlua.part.name(number). */
static run_result set_number(lua_State *L, const char *code, const char *option, const char *value) {
  char *end;
  long long n = strtoll(value, &end, 10);
  if (*value == '\0' || *end != '\0') {
    fprintf(stderr, "nnlua: %s needs a whole number, got '%s'\n", option, value);
    return RUN_FAILED;
  }
  int status = luaL_loadbuffer(L, code, strlen(code), "=nnlua");
  lua_pushinteger(L, n);
  return run_chunk(L, status, 1);
}

static run_result require_module(lua_State *L, const char *name) {
  static const char code[] = "local name = ...; _G[name] = require(name)";
  int status = luaL_loadbuffer(L, code, sizeof code - 1, "=nnlua");
  lua_pushstring(L, name);
  return run_chunk(L, status, 1);
}

/* The library loads what is to be run: it explains what doesn't compile and warns of conditions that are always true.
 * Calls `name` of its module with a file or code and the n_args values on the top. */
static run_result call_script(lua_State *L, const char *name, const char *what, int n_args) {
  if (!run_require(L, "nnlua.repl.script")) return RUN_FAILED;
  lua_getfield(L, -1, name);
  lua_replace(L, -2);
  lua_pushstring(L, what);
  lua_rotate(L, -n_args - 2, 2);
  return run_chunk(L, LUA_OK, n_args + 1);
}

/* Does what the options say, in their order. */
static run_result follow_options(lua_State *L, char **argv, int script) {
  run_result r = RUN_OK;
  for (int i = 1; i < script && r == RUN_OK; i++) {
    const char *a = argv[i];
    if (strcmp(a, "--threads") == 0) {
      r = set_number(L, "nnlua.threads(...)", a, argv[++i]);
    } else if (strcmp(a, "--seed") == 0) {
      r = set_number(L, "tensor.manual_seed(...); math.randomseed(...)", a, argv[++i]);
    } else if (strncmp(a, "-e", 2) == 0) {
      r = call_script(L, "run_code", a[2] != '\0' ? a + 2 : argv[++i], 0);
    } else if (strncmp(a, "-l", 2) == 0) {
      r = require_module(L, a[2] != '\0' ? a + 2 : argv[++i]);
    }
  }
  return r;
}

/* ---- leaving ---------------------------------------------------------------------------------------- */

#ifdef NNLUA_SANITIZE /* everything is given back, so that leaks are seen */
static void leave_early(lua_State *L) { (void)L; }

static void leave(lua_State *L, int status) {
  (void)status;
  lua_close(L);
}
#else
static int leaving_with = -1;

/* The first finaliser that was set is the last that lua_close calls: the user's have run, and what remains to be freed
 * the system takes back faster. */
static int finish(lua_State *L) {
  (void)L;
  if (leaving_with >= 0) exit(leaving_with);
  return 0;
}

static void leave_early(lua_State *L) {
  lua_newuserdatauv(L, 0, 0);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, finish);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  luaL_ref(L, LUA_REGISTRYINDEX);
}

static void leave(lua_State *L, int status) {
  leaving_with = status;
  lua_close(L);
}
#endif

/* ---- running ---------------------------------------------------------------------------------------- */

static void set_arg(lua_State *L, int argc, char **argv, int script) {
  lua_createtable(L, argc - script, script + 1);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - (script < argc ? script : 0));
  }
  lua_setglobal(L, "arg");
}

static run_result run_script(lua_State *L, int argc, char **argv, int script, bool prompt) {
  const char *name = script < argc && strcmp(argv[script], "-") != 0 ? argv[script] : NULL;
  int n = argc - script - 1 > 0 ? argc - script - 1 : 0;
  luaL_checkstack(L, n + 10, "too many arguments to the script");
  for (int i = 0; i < n; i++) lua_pushstring(L, argv[script + 1 + i]);
  return call_script(L, prompt ? "run_and_keep" : "run", name, n);
}

static run_result show_version(lua_State *L) {
  static const char code[] =
      "local m = nnlua.machine()\n"
      "print(('nnlua %s  %s  %d threads'):format(nnlua.version, _VERSION, nnlua.threads()))\n"
      "print(('kernels: %s  products: %s%s'):format(m.kernels, m.blas, m.problem and '\\n' .. m.problem or ''))";
  return run_chunk(L, luaL_loadbuffer(L, code, sizeof code - 1, "=nnlua"), 0);
}

/* Calls the function of this name in nnlua.profile. */
static run_result call_profile(lua_State *L, const char *name) {
  static const char code[] = "require('nnlua.profile')[...]()";
  int status = luaL_loadbuffer(L, code, sizeof code - 1, "=nnlua");
  lua_pushstring(L, name);
  return run_chunk(L, status, 1);
}

static run_result run_all(lua_State *L, int argc, char **argv, const options *o) {
  bool script = o->script < argc, terminal = isatty(STDIN_FILENO) != 0;
  set_arg(L, argc, argv, o->script);
  bool prompt = o->interactive || (!script && !o->executed && !o->version && terminal);
  if (prompt) prompt_open(L, !o->version && !script && !o->executed);
  run_result r = o->version ? show_version(L) : RUN_OK;
  if (r == RUN_OK && o->profile) r = call_profile(L, "start");
  if (r == RUN_OK) r = follow_options(L, argv, o->script);
  if (r == RUN_OK && (script || (!terminal && !o->interactive && !o->executed && !o->version)))
    r = run_script(L, argc, argv, o->script, prompt);
  if (o->profile) call_profile(L, "finish");
  if (prompt) prompt_run(L);
  return r;
}

int main(int argc, char **argv) {
  options o = {.script = argc};
  if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    fputs(usage, stdout);
    return EXIT_SUCCESS;
  }
  if (!read_options(argc, argv, &o)) return EXIT_FAILURE;
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    fputs("nnlua: out of memory\n", stderr);
    return EXIT_FAILURE;
  }
  leave_early(L);
  lua_gc(L, LUA_GCSTOP); /* what is loaded stays */
  luaL_openlibs(L);
  set_path(L);
  run_result r = RUN_FAILED;
  bool open = open_library(L);
  lua_gc(L, LUA_GCRESTART);
  if (open) {
    run_catch_interrupts(L);
    r = run_all(L, argc, argv, &o);
  }
  fflush(stdout);
  int status = r == RUN_OK ? EXIT_SUCCESS : r == RUN_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_FAILURE;
  leave(L, status);
  return status;
}
