/* replace.c - files that are written beside their place and renamed into it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"

static bool failed(nn_replacement *r, const char *what) {
  int reason = errno; /* strerror may be called after something has changed it */
  return nn_fail(r->ctx, "cannot %s '%s': %s", what, r->path, strerror(reason));
}

/* Opens a new file beside r->path under a name that nobody has. */
static bool open_beside(nn_replacement *r) {
  size_t size = strlen(r->path) + 48;
  r->beside = malloc(size);
  if (r->beside == NULL) return nn_fail_code(r->ctx, NN_ERR_MEMORY, "out of memory");
  for (int i = 0; i < 100 && r->fd < 0; i++) {
    snprintf(r->beside, size, "%s.%ld-%d.part", r->path, (long)getpid(), i);
    r->fd = open(r->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (r->fd < 0 && errno != EEXIST) break;
  }
  return r->fd >= 0 || failed(r, "write");
}

bool nn_replace_begin(nn_ctx *ctx, nn_replacement *r, const char *path) {
  struct stat old;
  *r = (nn_replacement){.ctx = ctx, .fd = -1};
  r->path = realpath(path, NULL); /* only a file that exists has one */
  bool exists = r->path != NULL && stat(r->path, &old) == 0;
  if (r->path == NULL) r->path = strdup(path);
  if (r->path == NULL) return nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
  bool ok = true;
  if (exists && !S_ISREG(old.st_mode)) ok = nn_fail(ctx, "cannot write '%s': not a regular file", path);
  ok = ok && open_beside(r);
  if (ok && exists) (void)fchmod(r->fd, old.st_mode & 07777); /* another owner's mode cannot always be kept */
  if (!ok) nn_replace_end(r, false);
  return ok;
}

bool nn_replace_write(nn_replacement *r, const void *data, size_t n) {
  const char *p = data;
  while (n > 0) {
    if (nn_interrupted()) return nn_fail_code(r->ctx, NN_ERR_INTERRUPT, "interrupted");
    ssize_t done = write(r->fd, p, n < (1u << 22) ? n : (1u << 22));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return failed(r, "write");
    p += done;
    n -= (size_t)done;
  }
  return true;
}

/* Has the file written to the disk piece by piece, where the system can: fsync of all of it could not be interrupted. */
static bool flush(nn_replacement *r) {
#ifdef SYNC_FILE_RANGE_WRITE
  const off_t piece = (off_t)8 << 20;
  struct stat now;
  if (fstat(r->fd, &now) != 0) return true;
  for (off_t at = 0; at < now.st_size; at += piece) {
    if (nn_interrupted()) return nn_fail_code(r->ctx, NN_ERR_INTERRUPT, "interrupted");
    if (sync_file_range(r->fd, at, piece,
                        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) != 0)
      break; /* fsync tells what is wrong */
  }
#endif
  return true;
}

/* The rename is on the disk once the directory is. */
static void sync_directory(const char *path) {
  char *copy = strdup(path);
  if (copy == NULL) return;
  char *slash = strrchr(copy, '/');
  if (slash != NULL) slash[slash == copy ? 1 : 0] = '\0';
  int fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    (void)fsync(fd); /* some file systems cannot: the file itself is whole in any case */
    close(fd);
  }
  free(copy);
}

bool nn_replace_end(nn_replacement *r, bool ok) {
  if (r->fd >= 0) {
    ok = ok && flush(r);
    if (ok && fsync(r->fd) != 0 && errno != EINVAL) ok = failed(r, "write");
    if (close(r->fd) != 0 && ok) ok = failed(r, "write");
    if (ok && rename(r->beside, r->path) != 0) ok = failed(r, "replace");
    if (ok)
      sync_directory(r->path);
    else
      unlink(r->beside);
  } else {
    ok = false;
  }
  free(r->path);
  free(r->beside);
  *r = (nn_replacement){.ctx = r->ctx, .fd = -1};
  return ok;
}
