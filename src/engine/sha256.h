/* sha256.h - the SHA-256 sum of bytes (FIPS 180-4), for files that came over a network. */
#ifndef NN_SHA256_H
#define NN_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct nn_sha256 {
  uint32_t h[8];
  uint64_t bytes;          /* taken in so far */
  unsigned char block[64]; /* the last, incomplete block */
} nn_sha256;

void nn_sha256_start(nn_sha256 *s);
void nn_sha256_add(nn_sha256 *s, const void *data, size_t n);
/* The sum as 64 lower-case hexadecimal digits and a zero byte; s must be started anew before it is used
 * again. */
void nn_sha256_end(nn_sha256 *s, char text[65]);

#endif
