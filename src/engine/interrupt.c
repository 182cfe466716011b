// Storage of the interrupt flag, and nothing else.
#include "interrupt.h"

volatile sig_atomic_t nn_interrupt_flag = 0;
