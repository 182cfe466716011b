/* line.h - reading lines from a terminal. */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>

void line_open(void);
void line_close(void);
/* A line without its newline, to be freed; NULL at the end of the input or, with *cancelled, after Ctrl-C. */
char *line_read(const char *prompt, bool *cancelled);
/* Adds an entry to the history. */
void line_remember(const char *entry);

#endif
