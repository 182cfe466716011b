/* line.h - reading entries from a terminal. */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>

/* What the keys ask for; texts that come back are to be freed. Any may give nothing (NULL). */
typedef struct line_hooks {
  void *ud;
  /* Enter at a point of the text: true when the entry is over. Else, and also then, *changed may be a text to go on
   * with and *changed_point a place in it. typed: by hand, key by key. */
  bool (*enter)(void *ud, const char *text, int point, bool typed, char **changed, int *changed_point);
  /* A letter for each byte: how it is coloured. */
  char *(*style)(void *ud, const char *text, int point);
  /* What the text from *start to point becomes, and a list of candidates to be shown in *list. */
  char *(*complete)(void *ud, const char *text, int point, int *start, char **list);
  char *(*hint)(void *ud, const char *text, int point); /* lines about the call at the point */
  char *(*pasted)(void *ud, const char *text);          /* a pasted text as it is to be inserted */
  char *(*edited)(void *ud, const char *text);          /* the text after it was in the user's editor */
} line_hooks;

/* Prompts of the first line and of further ones. True when entries are edited as a whole, with all their lines; false
 * when they come line by line (no terminal that can be drawn on). */
bool line_open(const line_hooks *hooks, const char *prompt, const char *more_prompt, bool colours);
void line_close(void);
/* An entry (or a line) without the last newline, to be freed; NULL at the end of the input or, with *cancelled, after
 * Ctrl-C. first: no line of the entry was read yet. */
char *line_read(bool first, bool *cancelled);
/* Adds an entry to the history. */
void line_remember(const char *entry);
/* The next entry begins with this text, as if it had been typed; false where entries cannot be edited as a whole. */
bool line_prefill(const char *text);

#endif
