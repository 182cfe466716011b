/* screen.h - the entry being edited, drawn on the terminal: several lines, colours, wide characters. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>

typedef struct screen_text {
  const char *prompt, *more_prompt; /* before the first and each further line */
  const char *text, *styles;        /* styles: a letter for each byte of the text, or NULL */
  int point;                        /* where the cursor stands, in bytes */
  bool is_search;                   /* the prompt is a message of the line editor's */
} screen_text;

/* From now on colours are used or not. */
void screen_open(bool colours);
/* Begins below whatever was printed: at the start of a fresh line. */
void screen_begin(void);
/* Draws what is to be seen over what was drawn before. `whole`: all of it, also what is higher than the terminal. */
void screen_draw(const screen_text *s, bool whole);
/* Goes to the line below the entry, after which it is over or is drawn anew. */
void screen_leave(void);
/* Shows lines below the entry, which is drawn anew below them. */
void screen_note(const char *lines);
void screen_clear(void);
/* The terminal's size has changed. */
void screen_resized(void);
/* Columns that n bytes of text take. */
int screen_width(const char *text, int n);

#endif
