/* elementwise.c - runs the loops of kernels/vmath.h over tensors: broadcasting, strides, threads.
 * Knows families of loops, not single operations. */
#include "elementwise.h"

#include <math.h>

#include "walk.h"

static inline const struct nn_vmath_kernels *kernels(void) {
  static const struct nn_vmath_kernels *chosen;
  const struct nn_vmath_kernels *k = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
  if (__builtin_expect(k == NULL, 0)) {
    k = NN_SELECT(nn_vmath);
    __atomic_store_n(&chosen, k, __ATOMIC_RELAXED);
  }
  return k;
}

static const void *loop_of(const nn_elementwise *e, nn_dtype d) {
  const struct nn_vmath_kernels *k = kernels();
  switch (e->family) {
    case EW_UNARY: return (const void *)k->unary[e->loop][d];
    case EW_PARAM: return (const void *)k->param[e->loop][d];
    case EW_GRAD: return (const void *)k->grad[e->loop][d];
    case EW_BINARY: return (const void *)k->binary[e->loop][d];
    case EW_COMPARE: return (const void *)k->compare[e->loop][d];
    default: return (const void *)k->predicate[e->loop][d];
  }
}

bool nn_elementwise_infer(nn_frame *f) {
  nn_spec *s = &f->spec[0];
  nn_tensor *a = f->in[0];
  s->dtype = (nn_dtype)a->dtype;
  s->ndim = a->ndim;
  for (int d = 0; d < a->ndim; d++) s->shape[d] = a->shape[d];
  for (int i = 1; i < f->n_in; i++) {
    nn_tensor *b = f->in[i];
    if (b == NULL || nn_broadcast_shapes(s->ndim, s->shape, b->ndim, b->shape, &s->ndim, s->shape)) continue;
    char x[NN_SHAPE_TEXT], y[NN_SHAPE_TEXT], name[64];
    return nn_bad(f, "shapes %s and %s (%s) do not broadcast: from the right, sizes must be equal or 1",
                  nn_shape_text(s->ndim, s->shape, x), nn_tensor_shape_text(b, y), nn_input_name(f, i, name));
  }
  const nn_elementwise *e = f->op->data;
  if (e != NULL && loop_of(e, s->dtype) == NULL)
    return nn_bad(f, "is not defined for %s; convert with x:to(\"%s\")", nn_dtype_name(s->dtype),
                  s->dtype == NN_BOOL || s->dtype == NN_UINT8 ? "int64" : "float32");
  if (f->op->flags & NN_BOOL_OUT) s->dtype = NN_BOOL;
  return true;
}

/* ---- running ---------------------------------------------------------------------------------------- */

enum { CHUNK = 1024, CHEAP_GRAIN = 8 * 1024, COSTLY_GRAIN = 1024 };

typedef struct job {
  const void *loop;
  nn_family family;
  double p, q;
  int n; /* inputs */
  size_t elem[NN_WALK_MAX];
  bool failed;
} job;

static bool call_loop(const job *j, int64_t n, const char *a, int64_t sa, const char *b, int64_t sb, char *y) {
  switch (j->family) {
    case EW_UNARY: ((nn_unary_fn *)j->loop)(n, a, y); return true;
    case EW_PARAM: ((nn_param_fn *)j->loop)(n, j->p, j->q, a, y); return true;
    case EW_GRAD: ((nn_grad_fn *)j->loop)(n, j->p, j->q, a, b, y); return true;
    case EW_BINARY: return ((nn_binary_fn *)j->loop)(n, a, sa, b, sb, y);
    case EW_COMPARE: ((nn_compare_fn *)j->loop)(n, a, sa, b, sb, (uint8_t *)y); return true;
    default: ((nn_predicate_fn *)j->loop)(n, a, (uint8_t *)y); return true;
  }
}

/* Loops want contiguous operands, those of two inputs also a scalar: everything else goes through a buffer. */
static void run(void *arg, int64_t count, char *const *data, const int64_t *stride) {
  job *j = arg;
  const struct nn_vmath_kernels *k = NN_SELECT(nn_vmath);
  bool scalars = j->family == EW_BINARY || j->family == EW_COMPARE;
  bool direct = stride[0] == (int64_t)j->elem[0];
  bool plain = direct;
  for (int i = 1; i <= j->n; i++) plain = plain && (stride[i] == (int64_t)j->elem[i] || (scalars && stride[i] == 0));
  int64_t sb = j->n > 1 ? stride[2] != 0 : 0;
  if (plain) {
    if (!call_loop(j, count, data[1], stride[1] != 0, j->n > 1 ? data[2] : NULL, sb, data[0])) j->failed = true;
    return;
  }
  _Alignas(64) char in[2][CHUNK * 8], out[CHUNK * 8];
  for (int64_t at = 0; at < count; at += CHUNK) {
    int64_t n = count - at < CHUNK ? count - at : CHUNK;
    const char *x[2] = {NULL, NULL};
    int64_t s[2] = {0, 0};
    for (int i = 0; i < j->n; i++) {
      x[i] = data[i + 1] + at * stride[i + 1];
      s[i] = stride[i + 1] != 0;
      if (stride[i + 1] == (int64_t)j->elem[i + 1] || (scalars && stride[i + 1] == 0)) continue;
      k->gather_strided(n, x[i], stride[i + 1], in[i], j->elem[i + 1]);
      x[i] = in[i];
      s[i] = 1;
    }
    char *y = data[0] + at * stride[0];
    if (!call_loop(j, n, x[0], s[0], x[1], s[1], direct ? y : out)) j->failed = true;
    if (!direct) k->scatter_strided(n, out, y, stride[0], j->elem[0]);
  }
}

static bool as_one_run(const nn_tensor *out, int n, const nn_tensor *const *in) {
  if (!nn_contig(out)) return false;
  for (int i = 0; i < n; i++)
    if (!nn_contig(in[i]) || in[i]->numel != out->numel || !nn_same_shape(in[i], out)) return false;
  return true;
}

/* A broadcast operand with gaps is read again and again. */
static bool worth_packing(const nn_tensor *t, const nn_tensor *out) {
  return !nn_contig(t) && out->numel >= 4096 && t->numel <= out->numel / 4;
}

/* Whether walking along the last dimension of t would jump from line to line of memory, while another dimension has its
 * neighbours: a transposed tensor, whose copy in tiles costs a tenth of that. */
static bool jumps(const nn_tensor *t) {
  bool other = false;
  int last = t->ndim - 1;
  while (last > 0 && t->shape[last] == 1) last--;
  if (last < 1 || t->numel < 4096 || t->stride[last] == 1 || t->stride[last] == 0) return false;
  for (int d = 0; d < last; d++) other |= t->stride[d] == 1 && t->shape[d] >= 4;
  return other;
}

bool nn_elementwise_run(nn_ctx *ctx, const nn_elementwise *e, double p, double q, nn_tensor *out, int n,
                        const nn_tensor *const *in) {
  job j = {.loop = loop_of(e, (nn_dtype)in[0]->dtype), .family = e->family, .p = p, .q = q, .n = n};
  j.elem[0] = nn_esize(out);
  for (int i = 0; i < n; i++) j.elem[i + 1] = nn_esize(in[i]);
  int64_t grain = e->costly ? COSTLY_GRAIN : CHEAP_GRAIN;
  bool ok = true;
  if (out->numel <= grain && as_one_run(out, n, in)) {
    j.failed = !call_loop(&j, out->numel, in[0]->data, 1, n > 1 ? in[1]->data : NULL, 1, out->data);
  } else {
    const nn_tensor *t[NN_WALK_MAX] = {out};
    for (int i = 0; i < n; i++) {
      t[i + 1] = in[i];
      if (nn_contig(out) && (jumps(in[i]) || worth_packing(in[i], out)) &&
          (t[i + 1] = nn_keep(ctx, nn_contiguous_data((nn_tensor *)(uintptr_t)in[i]))) == NULL)
        return false;
    }
    nn_walk w;
    if (!nn_walk_init(&w, n + 1, t)) return nn_fail(ctx, "shapes do not broadcast");
    ok = nn_walk_run(&w, grain, run, &j);
  }
  if (!ok) return nn_fail_code(ctx, NN_ERR_INTERRUPT, "interrupted");
  if (j.failed)
    return nn_fail(ctx, "%s", e->loop == NN_BINARY_POW ? "pow: an integer cannot be raised to a negative power; convert to float32"
                                                       : "an integer was divided by zero");
  return true;
}

/* A contiguous tensor; beside `like` of its dtype and of its shape, or a single number. */
static bool lane_operand(const nn_value *v, const nn_tensor *like, bool scalars) {
  if (v->tag != NN_V_TENSOR || v->t == NULL) return false;
  const nn_tensor *t = v->t;
  if ((t->flags & (NN_T_CONTIGUOUS | NN_T_NUMBER)) != NN_T_CONTIGUOUS) return false;
  return like == NULL || (t->dtype == like->dtype && ((scalars && t->ndim == 0) || nn_same_shape(t, like)));
}

static double number_of(const nn_value *v, double otherwise) {
  if (v->tag == NN_V_INT) return (double)v->i;
  if (v->tag == NN_V_FLOAT) return v->f;
  return otherwise;
}

/* What a loop takes where a bound is not given. */
static void set_numbers(const nn_elementwise *e, const nn_value *p, const nn_value *q, double *to) {
  bool clamp = e->family == EW_GRAD ? e->loop == NN_GRAD_CLAMP : e->family == EW_PARAM && e->loop == NN_PARAM_CLAMP;
  to[0] = e->p ? number_of(p, clamp ? -(double)INFINITY : 0) : 0;
  to[1] = e->q ? number_of(q, clamp ? (double)INFINITY : 0) : 0;
}

static int tensors_of(const nn_elementwise *e) {
  return e->family == EW_UNARY || e->family == EW_PARAM || e->family == EW_PREDICATE ? 1 : 2;
}

/* The numbers of a row that is called without a frame; false where one is missing or none of the loop's. */
static bool direct_numbers(const nn_op *op, const nn_value *args, int n_args, double *numbers) {
  const nn_elementwise *e = op->data;
  const uint8_t place[2] = {e->p, e->q};
  nn_value v[2];
  if (op->infer != nn_elementwise_infer || op->kernel != nn_elementwise_kernel) return false;
  for (int k = 0; k < 2 && place[k] != 0; k++) {
    int at = place[k];
    bool given = at < n_args && args[at].tag != NN_V_NONE;
    if (!given && op->params[at].def == NULL) return false;
    v[k] = given ? args[at] : nn_default(&op->params[at]);
  }
  set_numbers(e, &v[0], &v[1], numbers);
  return n_args <= tensors_of(e) + (e->p != 0) + (e->q != 0);
}

int nn_elementwise_direct(const nn_op *op, const nn_value *args, int n_args, nn_tensor **out) {
  const nn_elementwise *e = op->data;
  int n = tensors_of(e);
  double numbers[2] = {0, 0};
  bool scalars = e->family == EW_BINARY || e->family == EW_COMPARE, numbered = e->p != 0;
  if (numbered ? n_args < n : n_args != n) return 0;
  if (!lane_operand(&args[0], NULL, false)) return 0;
  const nn_tensor *a = args[0].t, *b = n > 1 ? args[1].t : NULL;
  bool swapped = scalars && a->ndim == 0 && b != NULL; /* the shape is that of the second */
  if (n > 1 && !(swapped ? lane_operand(&args[1], NULL, false) && b->dtype == a->dtype : lane_operand(&args[1], a, scalars)))
    return 0;
  if (numbered && !direct_numbers(op, args, n_args, numbers)) return 0;
  const nn_tensor *shape = swapped ? b : a;
  nn_dtype d = (nn_dtype)a->dtype;
  if (shape->numel > COSTLY_GRAIN || (op->flags & NN_FLOATS && !nn_is_float(d))) return 0;
  const void *loop = loop_of(e, d);
  if (loop == NULL) return 0;
  nn_tensor *y = nn_empty_like_dense(shape, op->flags & NN_BOOL_OUT ? NN_BOOL : d);
  if (y == NULL) return n;
  job j = {.loop = loop, .family = e->family, .p = numbers[0], .q = numbers[1]};
  int64_t sa = !swapped || b->ndim == 0, sb = b != NULL && (swapped || b->ndim > 0 || a->ndim == 0);
  if (!call_loop(&j, shape->numel, a->data, sa, b ? b->data : NULL, sb, y->data)) {
    nn_release(y);
    return 0; /* the usual way finds the same and says it */
  }
  *out = y;
  return n;
}

/* A gradient's loop whose numbers are left out. */
static nn_tensor *gradient_of_two(const nn_elementwise *e, nn_tensor *g, nn_tensor *saved) {
  nn_grad_fn *loop = kernels()->grad[e->loop][g->dtype];
  nn_tensor *y = loop != NULL ? nn_empty_like_dense(g, (nn_dtype)g->dtype) : NULL;
  if (y != NULL) loop(g->numel, 0, 0, g->data, saved->data, y->data);
  return y;
}

nn_tensor *nn_elementwise_two(const nn_op *op, nn_tensor *a, nn_tensor *b) {
  const nn_elementwise *e = op->data;
  enum { KIND = NN_T_CONTIGUOUS | NN_T_NUMBER };
  if (!(op->flags & NN_DIRECT) || (e->family != EW_BINARY && e->family != EW_GRAD) || a->dtype != b->dtype) return NULL;
  if ((a->flags & KIND) != NN_T_CONTIGUOUS || (b->flags & KIND) != NN_T_CONTIGUOUS || a->numel > COSTLY_GRAIN) return NULL;
  nn_dtype d = (nn_dtype)a->dtype;
  bool same = nn_same_shape(a, b);
  if (op->flags & NN_FLOATS && !nn_is_float(d)) return NULL;
  if (e->family == EW_GRAD) return same ? gradient_of_two(e, a, b) : NULL;
  if (b->ndim != 0 && !same) return NULL;
  nn_binary_fn *loop = kernels()->binary[e->loop][d];
  if (loop == NULL) return NULL;
  nn_tensor *y = nn_empty_like_dense(a, d);
  if (y == NULL) return NULL;
  if (loop(a->numel, a->data, 1, b->data, b->ndim != 0 || a->ndim == 0, y->data)) return y;
  nn_release(y);
  return NULL; /* the usual way finds the same and says it */
}

bool nn_elementwise_kernel(nn_frame *f) {
  const nn_elementwise *e = f->op->data;
  const nn_tensor *in[NN_WALK_MAX];
  double numbers[2];
  int n = tensors_of(e);
  for (int i = 0; i < n; i++) in[i] = f->in[i];
  set_numbers(e, &f->arg[e->p], &f->arg[e->q], numbers);
  return nn_elementwise_run(f->ctx, e, numbers[0], numbers[1], f->out[0], n, in);
}
