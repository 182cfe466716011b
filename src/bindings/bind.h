/* bind.h - what the files of the bindings share: the state behind one Lua universe, handles, errors, calls.
 * The Lua side of a tensor is a handle: an 8-byte userdata without finaliser that holds the tensor's pointer
 * and one reference to it (handle.c). A C function of the bindings has the Bind as its first upvalue. */
#ifndef BIND_H
#define BIND_H

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>

#include "op.h"

typedef struct Thread { /* a coroutine of this universe */
  void *block;          /* its memory block, NULL: a free slot */
  uint8_t mode;         /* of its grad mode: see MODE_... in threads.c */
  bool guess;           /* the mode when it was made, for a coroutine that starts under a debug hook */
} Thread;

enum { PROFILE_PLACES = 64 };

typedef struct Bind {
  nn_ctx *ctx;
  lua_State *L; /* the coroutine that called last; ctx's grad mode is its mode. NULL: none */

  /* handles: cells of one reserved range of addresses (handle.c) */
  uintptr_t cells;   /* the first address of the range */
  size_t cells_size; /* and its length */
  char *next_cell;   /* never used so far */
  char *cells_ready; /* the end of the part that memory lies behind */
  void *free_cell;   /* returned cells: each holds the address of the next one */
  size_t cell_size;  /* of an 8-byte userdata with its header, learned at the start */
  size_t cell_header;
  bool armed;     /* the next userdata is a handle */
  bool fail_once; /* the next handle's block is refused at first, so that Lua collects */
  size_t live;    /* handles */
  size_t made;    /* handles ever, times their cost in bytes */

  nn_tensor *constants[2]; /* what a number beside a tensor became last, float32 and float64 (call.c) */

  /* the state's own allocator, behind ours */
  lua_Alloc alloc;
  void *alloc_ud;
  void *main_block; /* the last block that goes */

  int64_t fail_after; /* tests: Lua's n-th allocation from now fails, and ... */
  int failing;        /* ... what it tries after collecting, too */

  /* pace of the collector (collect.c) */
  size_t collect_at; /* allocated bytes at which it is stepped next */
  size_t full_alive; /* bytes alive after the last full collection */
  size_t collected_at;
  size_t rarely_at;     /* where collect_at would be if anything had been recorded */
  uint64_t recorded_at; /* nodes recorded until the last plan */

  /* coroutines (threads.c): an open-addressed table by block */
  Thread *threads;
  size_t n_threads, threads_cap, thread_size;
  bool modes;      /* some coroutine's gradients were ever switched off */
  bool table_busy; /* the table is being changed: a signal handler keeps away */
  void *newborn;   /* made, but not yet ready to be touched */
  bool interrupting;
  volatile sig_atomic_t holding, held; /* an interrupt waits for the end of core.hold_interrupt; that many came */

  /* references in the registry */
  int metatable; /* of tensors */
  int stand_in;  /* metatable of tables that stand for tensors while a function runs batched; 0: there are none */
  int batcher;   /* the Lua function that takes calls with such tables */
  int known;     /* weak: tensor pointer -> handle, for those that can come back from the engine */
  int anchors;   /* ephemerons: handle -> closures in its history (anchors.c) */
  int closures;  /* weak values: number -> closure */
  int late;      /* key -> hook whose handle is gone but whose graph is not */
  bool polling;
  int shapes;    /* metatable of shapes */
  int interrupt; /* the value that is raised on an interrupt */
  int failure;   /* what a closure raised during a backward walk */
  int path_finder;
  char *library; /* where the Lua library lies (prefix of chunk names), or NULL */
  /* profiling (profile.c): references of tables: function -> number of its chunk (0: not the user's), chunk and line ->
   * number of the line, that number -> its text */
  int profile_chunks, profile_lines, profile_names;
  struct { /* what was looked up, by a hash */
    const void *function; /* one of profile_chunks, or NULL */
    lua_Integer chunk;
    lua_Integer key; /* of profile_lines; 0: none */
    int32_t number;
  } profile_places[PROFILE_PLACES];
  bool has_failure;
  bool has_hooks; /* closures exist: results may need anchors */
  uintptr_t next_key;
  uintptr_t *forgotten; /* keys of closures that the engine needs no longer */
  size_t n_forgotten, forgotten_cap;
  lua_CFunction ipairs_step;
} Bind;

/* ---- handles (handle.c) ------------------------------------------------------------------------------ */

/* Wraps the allocator of L's universe; raises errors. */
Bind *bind_open(lua_State *L);

#ifdef NNLUA_SANITIZE
nn_tensor *bind_handle_tensor(const Bind *b, const void *p);
#else
/* The tensor behind a userdata's address, NULL if it is no handle: an address tells. */
static inline nn_tensor *bind_handle_tensor(const Bind *b, const void *p) {
  return (uintptr_t)p - b->cells < b->cells_size ? *(nn_tensor *const *)p : NULL;
}
#endif
/* The tensor at a stack index (borrowed), NULL if there is none. */
static inline nn_tensor *bind_tensor(lua_State *L, const Bind *b, int idx) {
  return bind_handle_tensor(b, lua_touserdata(L, idx));
}
/* The same, or an argument error. */
nn_tensor *bind_check(lua_State *L, Bind *b, int arg);
/* Sees to it that n handles can be made without a failure; false: out of memory. */
bool bind_reserve(Bind *b, int n);
/* Pushes a handle for t, whose reference it takes over; for fresh tensors (no handle yet) after bind_reserve.
 */
void bind_push_fresh(lua_State *L, Bind *b, nn_tensor *t);
/* Pushes t, whose reference it takes over; an engine error when t is NULL. */
void bind_push(lua_State *L, Bind *b, nn_tensor *t);
/* Pushes a tensor that came back from the engine (borrowed): its handle if it has one, nil for NULL. */
void bind_push_known(lua_State *L, Bind *b, nn_tensor *t);
/* Pushes a userdata with room for n references, all NULL, that it releases when it is collected: for tensors
 * on their way from the engine to handles. */
nn_tensor **bind_new_box(lua_State *L, int n);
/* The handle at idx is to be found again by bind_push_known. */
void bind_know(lua_State *L, Bind *b, int idx);

/* ---- coroutines: grad mode, interrupts (threads.c) --------------------------------------------------- */

void bind_thread_born(Bind *b, void *block, size_t size);
void bind_thread_gone(Bind *b, void *block);
void bind_switch(Bind *b, lua_State *L);
/* To be called on entry of every C function that uses the engine: makes L's grad mode the engine's. */
static inline void bind_enter(Bind *b, lua_State *L) {
  if (b->L != L) bind_switch(b, L);
}
/* L's mode outside of a backward walk. */
bool bind_grad_mode(lua_State *L, Bind *b);
/* Sets L's mode and returns what it was. */
bool bind_set_grad_enabled(lua_State *L, Bind *b, bool on);

/* The state behind a C function, entered. */
static inline Bind *bind_of(lua_State *L) {
  Bind *b = lua_touserdata(L, lua_upvalueindex(1));
  bind_enter(b, L);
  return b;
}

/* For the program (see src/main.c). May be called in a signal handler: raises the interrupt in whatever runs.
 */
void bind_interrupt(Bind *b);
/* The interrupt has reached the top: hooks go, the flag is cleared. */
void bind_interrupt_end(Bind *b);
/* Lets Lua run although an interrupt is pending, if one is: bind_interrupt goes on with it. */
bool bind_interrupt_pause(Bind *b);
/* Is the value at idx what an interrupt raises? */
bool bind_is_interrupt(lua_State *L, Bind *b, int idx);
/* The state of L's universe, NULL before nnlua.core was opened. */
Bind *bind_find(lua_State *L);
void bind_publish(lua_State *L, Bind *b);

/* ---- garbage (collect.c) ----------------------------------------------------------------------------- */

void bind_collect(lua_State *L, Bind *b);
/* Steps the collector when enough was allocated. */
static inline void bind_pace(lua_State *L, Bind *b) {
  if (b->ctx->allocated + b->made > b->collect_at) bind_collect(L, b);
}
/* After a backward walk, which has allocated so many bytes: they leave no garbage. */
void bind_collect_after(Bind *b, size_t bytes);
/* Before something that needs much memory. */
void bind_collect_before(lua_State *L, Bind *b);
/* Collects all garbage without running finalisers: for use inside an operation. */
void bind_pressure(void *b);

/* ---- errors (errors.c) ------------------------------------------------------------------------------- */

/* Raises the engine's error. */
int bind_raise(lua_State *L, Bind *b);
/* The same; a fault of a file or of the arguments begins with the name of the user's function. */
int bind_raise_for(lua_State *L, Bind *b, const char *who);
/* Raises a text, with the user's position. */
int bind_error(lua_State *L, Bind *b, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for a text on the top of the stack. */
int bind_error_top(lua_State *L, Bind *b);
/* Writes "script.lua:12: ", the innermost place in the user's code, or "". Calls no Lua. */
void bind_position(lua_State *L, Bind *b, char *buf, size_t size);
/* "a number", "a table", "a tensor of shape [2, 3]": what stands at idx, for error texts. */
const char *bind_describe(lua_State *L, Bind *b, int idx, char buf[128]);
/* The name nearest to `name` in a list, NULL when none is near. */
typedef struct Nearest {
  const char *name;
  int distance;
  const char *best;
} Nearest;
void bind_nearest_start(Nearest *n, const char *name);
void bind_nearest_try(Nearest *n, const char *candidate);

/* ---- calls of operations (call.c) -------------------------------------------------------------------- */

/* Fills the tables on the stack with the functions of the registry. */
void bind_operations(lua_State *L, Bind *b, int tensor, int methods, int functional, int linalg,
                     int special);
/* Pushes a function that calls just this row: as a function, or with the operands of a Lua operator. */
typedef enum Operator { NO_OPERATOR, UNARY_OPERATOR, BINARY_OPERATOR } Operator;
/* Whether the value at idx is a table that stands for a tensor. */
bool bind_is_stand_in(lua_State *L, const Bind *b, int idx);
void bind_push_operation(lua_State *L, Bind *b, const nn_op *op, Operator operator);
/* Applies a row of one result, pushed; raises errors. */
void bind_apply(lua_State *L, Bind *b, const nn_op *op, int n, const nn_value *args);
/* Pushes what an operation returned; gives the results free. */
int bind_push_results(lua_State *L, Bind *b, nn_results *r);

/* ---- conversions (convert.c) ------------------------------------------------------------------------- */

/* A fresh tensor from the value at idx: a number, boolean, nested table or tensor. dtype < 0: by the values.
 * Raises errors, which begin with `who`. */
nn_tensor *bind_from_lua(lua_State *L, Bind *b, int idx, int dtype, const char *who);
/* Pushes the element as a Lua value. */
void bind_push_element(lua_State *L, nn_dtype dtype, const void *p);
/* Pushes a shape: a table that compares and prints. */
void bind_push_shape(lua_State *L, Bind *b, int n, const int64_t *sizes);
void bind_shapes_open(lua_State *L, Bind *b);
int bind_totable(lua_State *L); /* the method */
/* A whole number at idx, whatever its subtype. */
bool bind_to_integer(lua_State *L, int idx, int64_t *out);
/* The node of a graph as a Lua value, nil for NULL (grad.c). */
void bind_push_node(lua_State *L, Bind *b, nn_node *node);

/* ---- the other files: each adds its part; tables are absolute stack indices -------------------------- */

void bind_tensor_open(lua_State *L, Bind *b, int tensor, int methods, int metatable);
void bind_index_open(lua_State *L, Bind *b, int tensor);
int bind_terminal_width(void); /* in columns; 80 where standard output is no terminal */
void bind_print_open(lua_State *L, Bind *b, int metatable);
void bind_grad_open(lua_State *L, Bind *b, int tensor, int methods);
void bind_hooks_open(lua_State *L, Bind *b, int methods);
void bind_checkpoint_open(lua_State *L, Bind *b, int core, int tensor);
void bind_random_open(lua_State *L, Bind *b, int tensor);
/* Registers functions with the Bind as upvalue. */
void bind_register(lua_State *L, Bind *b, int table, const luaL_Reg *functions);

/* x[key] and x[key] = value for keys that are no strings (index.c). */
int bind_index_read(lua_State *L, Bind *b, nn_tensor *t);
int bind_index_write(lua_State *L, Bind *b, nn_tensor *t);

/* A generator at idx, or NULL (random.c). */
nn_generator *bind_generator(lua_State *L, int idx);

/* Closures in the history of results (anchors.c): the handle on the top gets those of the tensors that stand
 * between two stack indices, alone or in lists. */
void bind_anchor_result(lua_State *L, Bind *b, int first, int last);
/* Lets go of what belongs to closures that the engine has forgotten. */
void bind_sweep_closures(lua_State *L, Bind *b);

int luaopen_nnlua_core(lua_State *L);

#endif
