/* line.c - entries from GNU readline, with keys of our own for entries of several lines, or plainly from standard input
 * without it. Knows no Lua: what needs to know the language is asked of the hooks. */
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "run.h"
#include "screen.h"

static const line_hooks *hooks;
static const char *first_prompt, *more_prompt;

static char *plain_read(const char *prompt, bool *cancelled) {
  char *line = NULL;
  size_t cap = 0;
  run_was_interrupted();
  fputs(prompt, stdout);
  fflush(stdout);
  errno = 0;
  ssize_t n = getline(&line, &cap, stdin);
  *cancelled = run_was_interrupted();
  if (n < 0) {
    if (*cancelled) {
      clearerr(stdin);
      fputc('\n', stdout);
    }
    free(line);
    return NULL;
  }
  if (n > 0 && line[n - 1] == '\n') line[n - 1] = '\0';
  return line;
}

/* Names of characters as UTF-8 even where the environment doesn't say so. */
static void open_locale(void) {
  setlocale(LC_CTYPE, "");
  if (strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0) setlocale(LC_CTYPE, "C.UTF-8");
}

#ifdef NNLUA_READLINE
#include <readline/history.h>
#include <readline/readline.h>

/* A terminal that can be drawn on. */
static bool draws(void) {
  const char *term = getenv("TERM");
  return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

static bool drawing, terminal;
static sigjmp_buf dropped;
static volatile sig_atomic_t resized, continued;
static char history_file[4096];

/* ---- drawing ----------------------------------------------------------------------------------------- */

/* Keys wait to be read: a paste by a terminal that doesn't mark it, or a fast hand. */
static bool more_keys(void) {
  struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&fd, 1, 0) > 0;
}

static void draw(bool whole) {
  screen_text s = {.prompt = rl_display_prompt != NULL ? rl_display_prompt : first_prompt, .more_prompt = more_prompt,
                   .text = rl_line_buffer, .point = whole ? rl_end : rl_point};
  s.is_search = strcmp(s.prompt, first_prompt) != 0;
  if (whole) s.prompt = first_prompt;
  char *styles = hooks->style(hooks->ud, rl_line_buffer, whole ? -1 : rl_point);
  if (styles != NULL && strlen(styles) == strlen(rl_line_buffer)) s.styles = styles;
  screen_draw(&s, whole);
  free(styles);
}

/* ---- signals ----------------------------------------------------------------------------------------- */

static void on_resize(int signal) {
  (void)signal;
  resized = 1;
}

static void on_continue(int signal) {
  (void)signal;
  continued = 1;
}

/* Called by readline, not in a signal handler, when a signal came while it waits for a key. */
static int on_signal(void) {
  if (drawing && resized) {
    resized = 0;
    rl_reset_screen_size();
    screen_resized();
    draw(false);
  }
  if (continued) {
    continued = 0;
    rl_prep_terminal(1);
    if (drawing) {
      screen_begin();
      draw(false);
    } else {
      rl_forced_update_display();
    }
  }
  if (!run_was_interrupted()) return 0;
  if (drawing) {
    screen_leave();
    fputs("^C\n", stdout);
  } else {
    fputs("^C\n", rl_outstream);
  }
  fflush(rl_outstream);
  fflush(stdout);
  rl_free_line_state();
  rl_cleanup_after_signal();
  siglongjmp(dropped, 1);
}

/* Ctrl-C may have come while a key was being served: it is dealt with as if it had come while waiting for one. */
static void redisplay(void) {
  on_signal();
  if (!more_keys()) draw(false);
}

/* Waits for a key. A signal is dealt with before the keys that came after it, and one that comes just before the wait
 * ends it: they are let in by the wait itself only. */
static int read_key(FILE *stream) {
  for (;;) {
    sigset_t ours, before;
    fd_set keys;
    int fd = fileno(stream), ready = 0;
    FD_ZERO(&keys);
    FD_SET(fd, &keys);
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGWINCH);
    sigaddset(&ours, SIGCONT);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    if (!resized && !continued && !run_is_interrupted()) ready = pselect(fd + 1, &keys, NULL, NULL, NULL, &before);
    bool failed = ready < 0 && errno != EINTR;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    on_signal();
    if (ready > 0 || failed) return rl_getc(stream);
  }
}

static void catch_signal(int number, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL); /* without SA_RESTART: the wait for a key ends */
}

/* ---- keys: Enter, paste, completion ------------------------------------------------------------------ */

static void replace_all(char *text, int point) {
  if (text == NULL) return;
  if (strcmp(text, rl_line_buffer) != 0) {
    rl_begin_undo_group();
    rl_delete_text(0, rl_end);
    rl_point = 0;
    rl_insert_text(text);
    rl_end_undo_group();
  }
  rl_point = point < 0 ? 0 : point > rl_end ? rl_end : point;
  free(text);
}

static int on_enter(int count, int key) {
  (void)count, (void)key;
  char *changed = NULL;
  int point = rl_point;
  bool done = hooks->enter(hooks->ud, rl_line_buffer, rl_point, !more_keys(), &changed, &point);
  replace_all(changed, point);
  if (!done) return 0;
  rl_point = rl_end;
  draw(true);
  screen_leave();
  rl_done = 1;
  return 0;
}

static int on_newline(int count, int key) {
  (void)count, (void)key;
  return rl_insert_text("\n"), 0;
}

static int on_paste(int count, int key) {
  (void)count, (void)key;
  static const char end[] = "\033[201~";
  size_t n = 0, cap = 4096, mark = sizeof end - 1;
  char *text = malloc(cap);
  while (text != NULL) {
    int c = rl_read_key();
    if (c < 0) break;
    if (n + 2 > cap) {
      char *larger = realloc(text, cap *= 2);
      if (larger == NULL) break;
      text = larger;
    }
    text[n++] = (char)c;
    if (n >= mark && memcmp(text + n - mark, end, mark) == 0) {
      n -= mark;
      break;
    }
  }
  if (text == NULL) return 0;
  text[n] = '\0';
  char *clean = hooks->pasted(hooks->ud, text);
  rl_insert_text(clean != NULL ? clean : text);
  free(clean);
  free(text);
  return 0;
}

static int on_tab(int count, int key) {
  (void)count, (void)key;
  int from = rl_point;
  while (from > 0 && (rl_line_buffer[from - 1] == ' ' || rl_line_buffer[from - 1] == '\t')) from--;
  if (from == 0 || rl_line_buffer[from - 1] == '\n') return rl_insert_text("  "), 0;
  int start = rl_point;
  char *list = NULL, *text = hooks->complete(hooks->ud, rl_line_buffer, rl_point, &start, &list);
  if (text != NULL && start >= 0 && start <= rl_point) {
    rl_begin_undo_group();
    rl_delete_text(start, rl_point);
    rl_point = start;
    rl_insert_text(text);
    rl_end_undo_group();
  }
  free(text);
  if (list != NULL && drawing) screen_note(list);
  if (list != NULL && !drawing) {
    fprintf(rl_outstream, "\n%s\n", list);
    rl_on_new_line();
  }
  free(list);
  return 0;
}

static int on_hint(int count, int key) {
  (void)count, (void)key;
  char *lines = hooks->hint(hooks->ud, rl_line_buffer, rl_point);
  if (lines != NULL && drawing) screen_note(lines);
  free(lines);
  return 0;
}

static int on_clear(int count, int key) {
  (void)count, (void)key;
  screen_clear();
  return 0;
}

static int on_edit(int count, int key) {
  (void)count, (void)key;
  screen_leave();
  rl_deprep_terminal();
  char *text = hooks->edited(hooks->ud, rl_line_buffer);
  rl_prep_terminal(1);
  screen_begin();
  replace_all(text, text != NULL ? (int)strlen(text) : 0);
  return 0;
}

/* ---- keys: moving about ------------------------------------------------------------------------------ */

static int line_start(int i) {
  while (i > 0 && rl_line_buffer[i - 1] != '\n') i--;
  return i;
}

static int line_end(int i) {
  while (i < rl_end && rl_line_buffer[i] != '\n') i++;
  return i;
}

static int on_home(int count, int key) {
  (void)count, (void)key;
  rl_point = line_start(rl_point);
  return 0;
}

static int on_end(int count, int key) {
  (void)count, (void)key;
  rl_point = line_end(rl_point);
  return 0;
}

static int on_kill(int count, int key) {
  (void)count, (void)key;
  int end = line_end(rl_point);
  return rl_kill_text(rl_point, end == rl_point && end < rl_end ? end + 1 : end);
}

static int on_kill_back(int count, int key) {
  (void)count, (void)key;
  int start = line_start(rl_point), point = rl_point;
  rl_kill_text(start, point);
  rl_point = start;
  return 0;
}

/* The place in the line that starts at `start` below as many columns as the cursor has. */
static int same_column(int start) {
  int column = screen_width(rl_line_buffer + line_start(rl_point), rl_point - line_start(rl_point));
  int end = line_end(start), i = start;
  while (i < end) {
    int next = i + 1;
    while (next < end && ((unsigned char)rl_line_buffer[next] & 0xC0) == 0x80) next++;
    if (screen_width(rl_line_buffer + start, next - start) > column) break;
    i = next;
  }
  return i;
}

/* Up and down go through the history by what was typed: entries that begin with it. */
static struct {
  char *typed; /* the text as it was before, NULL: not under way */
  int prefix;  /* its length up to the cursor */
  int place;   /* in the history */
  char *shown;
} walk;

static void walk_start(void) {
  if (walk.typed != NULL && walk.shown != NULL && strcmp(walk.shown, rl_line_buffer) == 0) return;
  free(walk.typed);
  walk.typed = strdup(rl_line_buffer);
  walk.prefix = rl_point;
  walk.place = history_length;
}

static void walk_show(const char *text) {
  rl_replace_line(text, 1);
  rl_point = rl_end;
  free(walk.shown);
  walk.shown = strdup(text);
}

static void walk_stop(void) {
  free(walk.typed);
  free(walk.shown);
  walk.typed = walk.shown = NULL;
}

static int walk_by(int step) {
  walk_start();
  if (walk.typed == NULL) return 0;
  for (int i = walk.place + step; i >= 0 && i < history_length; i += step) {
    const HIST_ENTRY *entry = history_get(history_base + i);
    if (entry == NULL || strncmp(entry->line, walk.typed, (size_t)walk.prefix) != 0) continue;
    if (strcmp(entry->line, rl_line_buffer) == 0) continue;
    walk.place = i;
    walk_show(entry->line);
    return 0;
  }
  if (step > 0 && walk.place < history_length) {
    char *typed = strdup(walk.typed);
    if (typed != NULL) walk_show(typed);
    free(typed);
    walk_stop();
  }
  return 0;
}

static int on_up(int count, int key) {
  (void)count, (void)key;
  int start = line_start(rl_point);
  if (start == 0 || (walk.shown != NULL && strcmp(walk.shown, rl_line_buffer) == 0 && rl_point == rl_end))
    return walk_by(-1);
  rl_point = same_column(line_start(start - 1));
  return 0;
}

static int on_down(int count, int key) {
  (void)count, (void)key;
  int end = line_end(rl_point);
  if (end == rl_end) return walk_by(1);
  rl_point = same_column(end + 1);
  return 0;
}

/* ---- opening ----------------------------------------------------------------------------------------- */

static void bind_keys(void) {
  static const struct {
    const char *keys;
    rl_command_func_t *f;
  } bindings[] = {{"\r", on_enter},          {"\n", on_enter},        {"\033\r", on_newline}, {"\033\n", on_newline},
                  {"\033[200~", on_paste},   {"\033[A", on_up},       {"\033OA", on_up},      {"\020", on_up},
                  {"\033[B", on_down},       {"\033OB", on_down},     {"\016", on_down},      {"\033[H", on_home},
                  {"\033OH", on_home},       {"\033[1~", on_home},    {"\001", on_home},      {"\033[F", on_end},
                  {"\033OF", on_end},        {"\033[4~", on_end},     {"\005", on_end},       {"\013", on_kill},
                  {"\025", on_kill_back},    {"\014", on_clear},      {"\030h", on_hint},     {"\030H", on_hint},
                  {"\030\005", on_edit}};
  for (size_t i = 0; i < sizeof bindings / sizeof *bindings; i++) rl_bind_keyseq(bindings[i].keys, bindings[i].f);
}

static void open_history(void) {
  const char *home = getenv("HOME");
  history_comment_char = '#';
  history_write_timestamps = 1; /* so that entries of several lines are read back whole */
  if (home == NULL || *home == '\0') return;
  snprintf(history_file, sizeof history_file, "%s/.nnlua_history", home);
  int fd = open(history_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd >= 0) close(fd);
  read_history(history_file);
  stifle_history(5000);
}

/* A text that waits to be the beginning of the next entry. */
static char *prefill;

static int insert_prefill(void) {
  if (prefill != NULL) rl_insert_text(prefill);
  free(prefill);
  prefill = NULL;
  return 0;
}

bool line_prefill(const char *text) {
  if (!drawing) return false;
  free(prefill);
  prefill = strdup(text);
  return prefill != NULL;
}

bool line_open(const line_hooks *h, const char *prompt, const char *more, bool colours) {
  hooks = h;
  first_prompt = prompt;
  more_prompt = more;
  terminal = isatty(STDIN_FILENO) != 0;
  drawing = draws();
  if (!terminal) return false;
  open_locale();
  rl_readline_name = "nnlua";
  rl_catch_signals = 0;
  rl_catch_sigwinch = 0;
  rl_signal_event_hook = on_signal;
  rl_getc_function = read_key;
  open_history();
  rl_initialize();
  rl_variable_bind("bell-style", "none");
  rl_variable_bind("enable-bracketed-paste", drawing ? "on" : "off");
  rl_bind_key('\t', on_tab);
  catch_signal(SIGCONT, on_continue);
  if (!drawing) return false;
  bind_keys();
  screen_open(colours);
  rl_redisplay_function = redisplay;
  rl_startup_hook = insert_prefill;
  catch_signal(SIGWINCH, on_resize);
  return true;
}

void line_close(void) {
  if (terminal && history_file[0] != '\0') history_truncate_file(history_file, 5000);
  walk_stop();
  free(prefill);
  prefill = NULL;
}

char *line_read(bool first, bool *cancelled) {
  const char *prompt = first ? first_prompt : more_prompt;
  if (!terminal) return plain_read(prompt, cancelled);
  *cancelled = false;
  run_was_interrupted();
  walk_stop();
  if (sigsetjmp(dropped, 0) != 0) {
    *cancelled = true;
    return NULL;
  }
  fflush(stdout);
  if (drawing) screen_begin();
  return readline(prompt);
}

void line_remember(const char *entry) {
  if (!terminal || entry[strspn(entry, " \t\n")] == '\0') return;
  HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
  if (last != NULL && strcmp(last->line, entry) == 0) return;
  char stamp[32];
  snprintf(stamp, sizeof stamp, "#%lld", (long long)time(NULL));
  add_history(entry);
  add_history_time(stamp);
  if (history_file[0] != '\0') append_history(1, history_file);
}

#else

bool line_open(const line_hooks *h, const char *prompt, const char *more, bool colours) {
  hooks = h;
  first_prompt = prompt;
  more_prompt = more;
  open_locale();
  (void)colours;
  return false;
}

void line_close(void) {}

char *line_read(bool first, bool *cancelled) { return plain_read(first ? first_prompt : more_prompt, cancelled); }

void line_remember(const char *entry) { (void)entry; }

bool line_prefill(const char *text) {
  (void)text;
  return false;
}

#endif
