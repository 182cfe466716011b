// Template of conv_direct.c: the passes as the other files see them.

bool NN_KERNEL(T(nn_conv_direct_forward))(const struct nn_conv_desc *d, const void *x, const void *w, const void *bias,
                                          unsigned flags, void *y, void *workspace) {
  struct T(direct) j = T(direct_make)(d, false);
  if (d->n * d->k * d->ho * d->wo == 0) return true;
  j.src = x;
  j.weight = w;
  j.dst = y;
  j.bias = bias;
  j.relu = (flags & NN_CONV_RELU) != 0;
  return T(direct_run)(&j, workspace);
}

bool NN_KERNEL(T(nn_conv_direct_input_grad))(const struct nn_conv_desc *d, const void *dy, const void *w, void *dx,
                                             void *workspace) {
  struct T(direct) j = T(direct_make)(d, true);
  if (d->n * d->c * d->h * d->w == 0) return true;
  j.src = dy;
  j.weight = w;
  j.dst = dx;
  return T(direct_run)(&j, workspace);
}

size_t NN_KERNEL(T(nn_conv_direct_workspace))(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  if (pass == NN_CONV_WEIGHT_GRAD) return T(dw_bytes)(d);
  struct T(direct) j = T(direct_make)(d, pass == NN_CONV_INPUT_GRAD);
  bool empty = d->n * j.m * j.rows.out * j.cols.out == 0;
  char *base = (char *)64;
  return empty ? 0 : (size_t)(T(direct_place)(&j, base) - base) + 64;
}
