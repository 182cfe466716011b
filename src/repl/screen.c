/* screen.c - draws the entry being edited. Each time all of it that fits on the terminal is written over what stood
 * there; the place of the cursor relative to the first row drawn is all that is remembered. Knows neither Lua nor keys.
 */
#define _XOPEN_SOURCE 700
#include "screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

typedef struct Out { /* what is written in one go */
  char *data;
  size_t n, cap;
} Out;

typedef struct Place {
  int row, column;
} Place;

static struct {
  bool colours;
  int row;             /* of the cursor, from the first row drawn */
  int rows;            /* drawn */
  int *widths, n_widths; /* of the rows drawn, for the day the terminal becomes narrower */
  int top;             /* the first row of the entry that is drawn, when it is higher than the terminal */
  int column;          /* of the cursor */
  int columns;         /* of the terminal when it was drawn */
} at;

static void put(Out *out, const char *s, size_t n) {
  if (out->n + n > out->cap) {
    size_t cap = 2 * (out->n + n) + 256;
    char *data = realloc(out->data, cap);
    if (data == NULL) return;
    out->data = data;
    out->cap = cap;
  }
  memcpy(out->data + out->n, s, n);
  out->n += n;
}

static void puts_to(Out *out, const char *s) { put(out, s, strlen(s)); }

static void __attribute__((format(printf, 2, 3))) format_to(Out *out, const char *format, ...) {
  char s[64];
  va_list list;
  va_start(list, format);
  vsnprintf(s, sizeof s, format, list);
  va_end(list);
  puts_to(out, s);
}

static void flush_out(Out *out) {
  fflush(stdout);
  for (size_t done = 0; done < out->n;) {
    ssize_t n = write(STDOUT_FILENO, out->data + done, out->n - done);
    if (n <= 0) break;
    done += (size_t)n;
  }
  free(out->data);
  *out = (Out){0};
}

static void terminal_size(int *rows, int *columns) {
  struct winsize size;
  *rows = 24;
  *columns = 80;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return;
  if (size.ws_row > 0) *rows = size.ws_row;
  if (size.ws_col > 0) *columns = size.ws_col;
}

void screen_open(bool colours) { at.colours = colours; }

/* ---- characters -------------------------------------------------------------------------------------- */

/* Bytes and columns of the character at s. What can't be shown as it is (control characters, bytes that are no UTF-8) is
 * shown by `instead`. */
static int character(const char *s, int n, int *columns, char instead[4]) {
  unsigned char c = (unsigned char)*s;
  instead[0] = '\0';
  *columns = 1;
  if (c == '\t') {
    *columns = 2;
    strcpy(instead, "  ");
    return 1;
  }
  if (c < 32 || c == 127) {
    *columns = 2;
    instead[0] = '^';
    instead[1] = (char)(c ^ 64);
    instead[2] = '\0';
    return 1;
  }
  if (c < 128) return 1;
  wchar_t wide;
  mbstate_t state;
  memset(&state, 0, sizeof state);
  size_t length = mbrtowc(&wide, s, (size_t)n, &state);
  if (length == 0 || length > (size_t)n) {
    strcpy(instead, "?");
    return 1;
  }
  int width = wcwidth(wide);
  *columns = width < 0 ? 1 : width;
  if (width < 0) strcpy(instead, "?");
  return (int)length;
}

int screen_width(const char *text, int n) {
  int total = 0, columns;
  char instead[4];
  for (int i = 0; i < n;) {
    if (text[i] == '\001' || text[i] == '\002') { /* the line editor's marks around codes */
      i++;
      continue;
    }
    i += character(text + i, n - i, &columns, instead);
    total += columns;
  }
  return total;
}

static const char *code_of(char style) {
  switch (style) {
  case 'k': return "35";   /* keyword */
  case 's': return "32";   /* string */
  case 'n': return "36";   /* number */
  case 'c': return "2;37"; /* comment */
  case 'b': return "34";   /* a name that there is */
  case 'f': return "33";   /* what is called */
  case 'p': return "1;34"; /* prompt */
  case 'd': return "2";    /* prompt of further lines */
  case 'e': return "31";   /* wrong */
  case 'm': return "1;4";  /* a bracket and its match */
  default: return NULL;
  }
}

/* ---- layout ------------------------------------------------------------------------------------------ */

typedef struct Drawing {
  Out *out;
  int columns, first, last; /* rows from first to last are written */
  Place now;
  char style;
  int *widths, cap;
  bool failed;
} Drawing;

static bool visible(const Drawing *d) { return d->out != NULL && d->now.row >= d->first && d->now.row <= d->last; }

static void set_style(Drawing *d, char style) {
  if (style == d->style || !visible(d)) return;
  const char *code = style == 'm' || at.colours ? code_of(style) : NULL;
  if (d->style != ' ') puts_to(d->out, "\033[0m");
  if (code != NULL) format_to(d->out, "\033[%sm", code);
  d->style = code != NULL ? style : ' ';
}

static void note_width(Drawing *d) {
  if (d->widths == NULL || d->now.row < d->first) return;
  int i = d->now.row - d->first;
  if (i < d->cap) d->widths[i] = d->now.column;
}

static void next_row(Drawing *d) {
  note_width(d);
  if (visible(d)) {
    set_style(d, ' ');
    if (d->now.column < d->columns) puts_to(d->out, "\033[K");
    if (d->now.row < d->last) puts_to(d->out, "\r\n");
  }
  d->now.row++;
  d->now.column = 0;
}

/* One character; wraps before it when it doesn't fit. */
static int put_character(Drawing *d, const char *s, int n, char style) {
  char instead[4];
  int columns, length = character(s, n, &columns, instead);
  if (d->now.column + columns > d->columns) next_row(d);
  if (visible(d)) {
    set_style(d, style);
    if (instead[0] != '\0')
      puts_to(d->out, instead);
    else
      put(d->out, s, (size_t)length);
  }
  d->now.column += columns;
  return length;
}

static void put_prompt(Drawing *d, const char *prompt, char style) {
  int n = (int)strlen(prompt);
  for (int i = 0; i < n;) {
    if (prompt[i] == '\001' || prompt[i] == '\002' || prompt[i] == '\n')
      i++;
    else
      i += put_character(d, prompt + i, n - i, style);
  }
}

/* Goes through all of it; returns the place of the cursor. Without `out` nothing is written. A text that is finished
 * (`whole`) needs no row for a cursor behind a full one. */
static Place lay_out(Drawing *d, const screen_text *s, bool whole) {
  Place cursor = {0, 0};
  int n = (int)strlen(s->text);
  d->now = (Place){0, 0};
  d->style = ' ';
  put_prompt(d, s->prompt, s->is_search ? 'd' : 'p');
  for (int i = 0; i <= n;) {
    if (d->now.column >= d->columns && s->text[i] != '\n' && !(whole && i == n)) next_row(d);
    if (i == s->point) cursor = d->now;
    if (i == n) break;
    if (s->text[i] == '\n') {
      next_row(d);
      put_prompt(d, s->more_prompt, 'd');
      i++;
    } else {
      i += put_character(d, s->text + i, n - i, s->styles != NULL ? s->styles[i] : ' ');
    }
  }
  note_width(d);
  if (visible(d)) {
    set_style(d, ' ');
    if (d->now.column < d->columns) puts_to(d->out, "\033[K");
  }
  return cursor;
}

/* ---- drawing ----------------------------------------------------------------------------------------- */

static void to_first_row(Out *out) {
  if (at.row > 0) format_to(out, "\033[%dA", at.row);
  puts_to(out, "\r");
}

void screen_begin(void) {
  int rows, columns;
  Out out = {0};
  terminal_size(&rows, &columns);
  /* Blanks that end in this line if it is empty, else in the next one. */
  for (int i = 1; i < columns; i++) puts_to(&out, " ");
  puts_to(&out, "\r\033[K");
  flush_out(&out);
  at.row = at.top = 0;
  at.rows = 1;
  at.n_widths = 0;
}

/* Which rows are drawn: all when they fit, else a window with the cursor in it. */
static void choose_window(Drawing *d, int cursor_row, int rows, int height, bool whole) {
  d->first = 0;
  d->last = rows - 1;
  if (whole || rows <= height) {
    at.top = 0;
    return;
  }
  if (at.top > cursor_row) at.top = cursor_row;
  if (at.top < cursor_row - height + 1) at.top = cursor_row - height + 1;
  if (at.top > rows - height) at.top = rows - height;
  d->first = at.top;
  d->last = at.top + height - 1;
}

void screen_draw(const screen_text *s, bool whole) {
  int height, columns;
  terminal_size(&height, &columns);
  Drawing d = {.columns = columns};
  Place cursor = lay_out(&d, s, whole);
  choose_window(&d, cursor.row, d.now.row + 1, height, whole);
  int drawn = d.last - d.first + 1;
  int *widths = realloc(at.widths, (size_t)drawn * sizeof *widths);
  if (widths != NULL) {
    at.widths = widths;
    at.n_widths = drawn;
  }
  Out out = {0};
  puts_to(&out, "\033[?25l");
  to_first_row(&out);
  d.out = &out;
  d.widths = widths;
  d.cap = widths != NULL ? drawn : 0;
  lay_out(&d, s, whole);
  if (d.now.column < columns) puts_to(&out, "\033[J");
  if (d.last > cursor.row) format_to(&out, "\033[%dA", d.last - cursor.row);
  puts_to(&out, "\r");
  if (cursor.column > 0) format_to(&out, "\033[%dC", cursor.column);
  puts_to(&out, "\033[?25h");
  flush_out(&out);
  at.row = cursor.row - d.first;
  at.column = cursor.column;
  at.rows = drawn;
  at.columns = columns;
}

void screen_leave(void) {
  Out out = {0};
  if (at.rows - 1 > at.row) format_to(&out, "\033[%dB", at.rows - 1 - at.row);
  puts_to(&out, "\r\n");
  flush_out(&out);
  at.row = at.top = 0;
  at.rows = 1;
  at.n_widths = 0;
}

void screen_note(const char *lines) {
  screen_leave();
  Out out = {0};
  for (const char *s = lines; *s != '\0'; s++) {
    if (*s == '\n') puts_to(&out, "\r");
    put(&out, s, 1);
  }
  puts_to(&out, "\r\n");
  flush_out(&out);
}

void screen_clear(void) {
  Out out = {0};
  puts_to(&out, "\033[H\033[2J");
  flush_out(&out);
  at.row = at.top = 0;
  at.rows = 1;
  at.n_widths = 0;
}

/* A narrower terminal has broken the rows above the cursor. What is there is erased, so that a terminal that joins
 * broken rows again leaves ours alone. */
void screen_resized(void) {
  int rows, columns, above = 0;
  terminal_size(&rows, &columns);
  if (columns < at.columns && at.n_widths > at.row) {
    for (int i = 0; i < at.row; i++) above += at.widths[i] > 0 ? (at.widths[i] - 1) / columns + 1 : 1;
    above += at.column / columns;
    at.row = above < rows ? above : rows - 1;
  }
  Out out = {0};
  to_first_row(&out);
  puts_to(&out, "\033[J");
  flush_out(&out);
  at.row = 0;
}
