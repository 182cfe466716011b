// Storage of the interrupt flag, and copies that it ends.
#include "interrupt.h"

#include <string.h>

volatile sig_atomic_t nn_interrupt_flag = 0;

void nn_copy_bytes(void *to, const void *from, size_t size) {
  const size_t piece = (size_t)4 << 20;
  for (size_t at = 0; at < size && !nn_interrupted(); at += piece)
    memcpy((char *)to + at, (const char *)from + at, size - at < piece ? size - at : piece);
}
