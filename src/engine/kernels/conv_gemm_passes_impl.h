// Template of conv_gemm.c: the passes as the other files see them.

bool NN_KERNEL(T(nn_conv_gemm_forward))(const struct nn_conv_desc *d, const void *x, const void *w,
                                        const void *bias, unsigned flags, void *y, void *workspace) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, depth = cg * d->r * d->s;
  for (int64_t group = 0; group < d->groups; group++) {
    struct T(gather) g = T(patches_of)(d, x, group);
    g.weight = (const real *)w + group * kg * depth;
    g.wm = depth;
    g.wc = d->r * d->s;
    g.wr = d->s;
    g.dst = (real *)y + group * kg * d->ho * d->wo;
    g.dst_n = d->k * d->ho * d->wo;
    g.dst_m = d->ho * d->wo;
    g.dst_h = d->wo;
    g.dst_w = 1;
    g.bias = bias ? (const real *)bias + group * kg : NULL;
    g.relu = (flags & NN_CONV_RELU) != 0;
    if (!T(gather_run)(&g, kg, depth, workspace)) return false;
  }
  return true;
}

// The gradient of one phase of the inputs of one group.
static bool T(input_grad_phase)(const struct nn_conv_desc *d, const real *dy, const real *w, real *dx,
                                int64_t group, int64_t ph, int64_t pw, void *workspace) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, taps = d->r * d->s;
  struct T(gather) g = {.src = dy + group * kg * d->ho * d->wo,
                        .src_n = d->k * d->ho * d->wo,
                        .h = d->ho,
                        .w = d->wo,
                        .images = d->n,
                        .ho = ceil_div(d->h - ph, d->stride_h),
                        .wo = ceil_div(d->w - pw, d->stride_w),
                        .depth_c = kg,
                        .rows = phase_taps(ph, d->r, d->stride_h, d->pad_h, d->dil_h),
                        .cols = phase_taps(pw, d->s, d->stride_w, d->pad_w, d->dil_w),
                        .weight = w + group * kg * cg * taps,
                        .wm = taps,
                        .wc = cg * taps,
                        .wr = d->s,
                        .dst = dx + group * cg * d->h * d->w + ph * d->w + pw,
                        .dst_n = d->c * d->h * d->w,
                        .dst_m = d->h * d->w,
                        .dst_h = d->stride_h * d->w,
                        .dst_w = d->stride_w};
  return T(gather_run)(&g, cg, kg * taps, workspace);
}

bool NN_KERNEL(T(nn_conv_gemm_input_grad))(const struct nn_conv_desc *d, const void *dy, const void *w,
                                           void *dx, void *workspace) {
  if (scatters(d)) return T(scatter_input_grad)(d, dy, w, dx, workspace);
  for (int64_t group = 0; group < d->groups; group++)
    for (int64_t ph = 0; ph < min64(d->stride_h, d->h); ph++)
      for (int64_t pw = 0; pw < min64(d->stride_w, d->w); pw++)
        if (!T(input_grad_phase)(d, dy, w, dx, group, ph, pw, workspace)) return false;
  return true;
}

size_t NN_KERNEL(T(nn_conv_gemm_workspace))(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, taps = d->r * d->s;
  if (pass == NN_CONV_FORWARD) return T(gather_bytes)(kg, cg * taps);
  if (pass == NN_CONV_INPUT_GRAD && scatters(d)) return T(scatter_bytes)(d);
  if (pass == NN_CONV_INPUT_GRAD) return T(gather_bytes)(cg, kg * taps);
  return T(dw_bytes)(d);
}
