/* line.c - lines from GNU readline, or plainly from standard input without it. Knows no Lua. */
#include "line.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "run.h"

#ifdef NNLUA_READLINE
#include <readline/history.h>
#include <readline/readline.h>

static sigjmp_buf dropped;

/* Called by readline, not in the signal handler, when a signal came while it waits for a key: it would go on waiting. */
static int on_signal(void) {
  if (!run_was_interrupted()) return 0;
  fputs("^C\n", rl_outstream);
  fflush(rl_outstream);
  rl_free_line_state();
  rl_cleanup_after_signal();
  siglongjmp(dropped, 1);
}

static char history_file[4096];

void line_open(void) {
  const char *home = getenv("HOME");
  rl_readline_name = "nnlua";
  rl_catch_signals = 0;
  rl_signal_event_hook = on_signal;
  rl_bind_key('\t', rl_insert);
  if (home != NULL) snprintf(history_file, sizeof history_file, "%s/.nnlua_history", home);
  if (history_file[0] != '\0') read_history(history_file);
}

void line_close(void) {
  stifle_history(5000);
  if (history_file[0] != '\0') write_history(history_file);
}

char *line_read(const char *prompt, bool *cancelled) {
  *cancelled = false;
  run_was_interrupted();
  if (sigsetjmp(dropped, 0) != 0) {
    *cancelled = true;
    return NULL;
  }
  return readline(prompt);
}

void line_remember(const char *entry) {
  HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
  if (entry[0] != '\0' && (last == NULL || strcmp(last->line, entry) != 0)) add_history(entry);
}

#else

void line_open(void) {}
void line_close(void) {}

char *line_read(const char *prompt, bool *cancelled) {
  char *line = NULL;
  size_t cap = 0;
  run_was_interrupted();
  fputs(prompt, stdout);
  fflush(stdout);
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

void line_remember(const char *entry) { (void)entry; }

#endif
