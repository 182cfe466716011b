// A product by several threads, part of gemm_body.h. What all strips use is packed whole by each of them, so a strip
// is done at once, all its terms.

// What a thread does: as plan_blocks, for its part of the rows or columns.
static NAME(plan) NAME(plan_team)(const NAME(nn_gemm_args) * g, int parts, nn_gemm_way way, T *scratch, int64_t bytes) {
  NAME(nn_gemm_args) part = *g;
  if (way == NN_GEMM_COLUMNS)
    part.n = div_up(g->n, parts);
  else if (way == NN_GEMM_ROWS)
    part.m = div_up(g->m, parts);
  NAME(plan) plan = {.strip = scratch, .kc = g->k};
  NAME(plan_ways)(&part, &plan);
  const int64_t most = NAME(kc_max)(plan.copy, bytes);
  if (g->k > most) plan.kc = div_up(div_up(g->k, div_up(g->k, most)), 8) * 8;
  plan.narrow = NAME(narrow_columns)(g, &plan);
  return plan;
}

// Elements of the packed strips: those of a group, or of all rows and terms.
static int64_t NAME(team_strips)(const NAME(nn_gemm_args) * g, const NAME(plan) * plan, bool columns) {
  if (!plan->copy) return 0;
  if (!columns) return NAME(group) * NAME(strip_size)(plan->kc);
  return div_up(g->m, ROWS_MAX) * div_up(g->k, plan->kc) * NAME(strip_size)(plan->kc);
}

// Elements of packed panels: of all columns and terms, or of a few panels.
static int64_t NAME(team_block)(const NAME(nn_gemm_args) * g, const NAME(plan) * plan, bool columns) {
  const int64_t cols = columns ? NAME(group) * NAME(width) : plan->direct ? NAME(width) : div_up(g->n, NAME(width)) * NAME(width);
  return cols * (columns ? plan->kc : g->k);
}

// Piece `part` of `parts` of the terms.
static NAME(nn_gemm_args) NAME(piece)(const NAME(nn_gemm_args) * g, int parts, int64_t part, T *partial) {
  NAME(nn_gemm_args) own = *g;
  const int64_t begin = g->k * part / parts / 8 * 8, end = part + 1 < parts ? g->k * (part + 1) / parts / 8 * 8 : g->k;
  own.k = end - begin;
  own.a += begin * g->lda;
  own.b += begin * g->ldb;
  if (g->sums) own.sums += part * g->m;
  if (part > 0) own.c = partial + (part - 1) * g->m * g->n, own.ldc = g->n, own.beta = 0;
  return own;
}

static int64_t NAME(units)(const NAME(nn_gemm_args) * g, int parts, nn_gemm_way way, int64_t bytes) {
  const bool columns = way == NN_GEMM_COLUMNS;
  if (g->m <= 4 || g->n <= 4 || parts > NN_GEMM_PARTS) return 0;
  NAME(nn_gemm_args) own = *g;
  if (way == NN_GEMM_TERMS) own = NAME(piece)(g, parts, parts - 1, NULL);
  const NAME(plan) plan = NAME(plan_team)(&own, parts, way, NULL, bytes);
  const int64_t room = bytes / (int64_t)sizeof(T);
  if (NAME(team_strips)(&own, &plan, columns) + NAME(team_block)(&own, &plan, columns) > room) return 0;
  const int64_t units = columns ? div_up(g->n, NAME(width)) : div_up(g->m, ROWS_MAX);
  if (way == NN_GEMM_TERMS) return g->ta && !g->tb && g->k >= 64 * parts ? units * parts : 0;
  return units >= 2 * parts ? units : 0;
}

// Strip s of all rows times columns j .. j + n - 1, terms p .. p + k - 1. strip: its packed rows, if copied; block: the
// packed panels of these columns.
static void NAME(team_strip)(const NAME(nn_gemm_args) * g, NAME(plan) plan, int64_t s, int64_t j, int64_t n, int64_t p, int64_t k,
                             T *strip, T *block, int64_t afar) {
  const int64_t strips = div_up(g->m, ROWS_MAX);
  const int64_t row = NAME(first_row)(g->m, strips, s), next = NAME(first_row)(g->m, strips, s + 1);
  const T *a = g->a + (g->ta ? p * g->lda : p), *after = NULL;
  const bool more = p + plan.kc < g->k;
  NAME(tile_args) t = {.k = k, .bs = g->ldb, .ldc = g->ldc, .alpha = g->alpha, .turned = g->turned};
  t.b = g->tb ? g->b : g->b + p * g->ldb + j;
  t.beta = p == 0 ? g->beta : 1;
  t.rs = g->ta ? 1 : g->lda;
  t.cs = g->ta ? g->lda : 1;
  t.a = plan.copy ? strip : a + row * t.rs;
  t.c = g->turned ? g->c + j * g->ldc + row : g->c + row * g->ldc + j;
  if (p == 0 && g->bias) t.bias = g->bias + (g->turned ? row : j);
  if (!more && g->gate) t.gate = g->gate + row * g->ldc + j;
  if (!more && g->add) t.add = g->add + row * g->ldc + j;
  t.relu = !more && g->relu;
  if (!g->ta && (more || next + ROWS_MAX <= g->m)) after = more ? a + row * g->lda + plan.kc : g->a + next * g->lda;
  t.next_a = plan.copy ? NULL : after;
  plan.block = block;
  const T *last = !more && next < g->m ? t.c + (next - row) * g->ldc : t.c;
  NAME(run_strip)(next - row, n, t, &plan, afar, plan.copy ? after : NULL, g->lda, last);
}

// Strips first .. end - 1. begun: of all terms of op(B), what is not read in place has been packed.
static bool NAME(team_range)(const NAME(nn_gemm_args) * g, NAME(plan) plan, int64_t first, int64_t end, bool begun) {
  const int64_t W = NAME(width), strips = div_up(g->m, ROWS_MAX), whole = plan.direct ? g->n / W * W : 0;
  const int64_t packed = div_up(g->n - whole, W) * W; // columns
  T *block = plan.strip + NAME(team_strips)(g, &plan, false);
  for (int64_t p = 0; p < g->k && !begun && whole < g->n; p += plan.kc) {
    const T *b = g->tb ? g->b + whole * g->ldb + p : g->b + p * g->ldb + whole;
    NAME(pack_block)(g->tb, min64(plan.kc, g->k - p), g->n - whole, plan.narrow, b, g->ldb, block + p * packed);
  }
  for (int64_t p = 0; p < g->k; p += plan.kc) {
    const int64_t k = min64(plan.kc, g->k - p), size = NAME(strip_size)(k);
    const T *a = g->a + p * g->lda;
    if (plan.copy && g->ta) NAME(copy_group)(g->m, strips, first, end - first, k, a, g->lda, plan.strip);
    for (int64_t s = first; s < end; s++) {
      if (nn_interrupted()) return false;
      const int64_t row = NAME(first_row)(g->m, strips, s), rows = NAME(first_row)(g->m, strips, s + 1) - row;
      T *strip = plan.strip + (g->ta ? (s - first) * size : 0);
      if (plan.copy && !g->ta) NAME(copy_strip)(rows, k, g->a + row * g->lda + p, g->lda, strip);
      NAME(sum_strip)(g, row, rows, p, k, plan.copy ? strip : a + row, plan.copy);
      NAME(team_strip)(g, plan, s, 0, g->n, p, k, strip, block + p * packed, begun || s > first ? 0 : g->n);
    }
  }
  return true;
}

// Rows are dealt out; op(B) is packed first, the terms in blocks.
static bool NAME(team_rows)(const NAME(nn_gemm_args) * g, nn_gemm_team *team, int part, NAME(plan) plan) {
  bool begun = false;
  for (int64_t first, end; claim(team, part, 1, &first, &end); begun = true)
    if (!NAME(team_range)(g, plan, first, end, begun)) return false;
  return true;
}

// Pieces of the terms are dealt out, and what is left of them by rows.
static bool NAME(team_terms)(const NAME(nn_gemm_args) * g, nn_gemm_team *team, int part, T *scratch, int64_t bytes) {
  const int64_t strips = div_up(g->m, ROWS_MAX), least = team->last ? 1 : 6;
  int64_t begun = -1;
  for (int64_t first, end; claim(team, part, least, &first, &end);) {
    const int64_t piece = first / strips;
    const NAME(nn_gemm_args) own = NAME(piece)(g, team->parts, piece, team->partial);
    const NAME(plan) plan = NAME(plan_team)(&own, team->parts, NN_GEMM_TERMS, scratch, bytes);
    if (!NAME(team_range)(&own, plan, first - piece * strips, end - piece * strips, begun == piece)) return false;
    begun = piece;
  }
  return true;
}

// Columns are dealt out, a few panels at a time; op(A) is packed first.
static bool NAME(team_columns)(const NAME(nn_gemm_args) * g, nn_gemm_team *team, int part, NAME(plan) plan) {
  const int64_t W = NAME(width), strips = div_up(g->m, ROWS_MAX), blocks = div_up(g->k, plan.kc);
  const int64_t size = NAME(strip_size)(plan.kc);
  T *block = plan.strip + NAME(team_strips)(g, &plan, true);
  bool begun = !plan.copy;
  for (int64_t first, end; claim(team, part, 1, &first, &end); begun = true) {
    for (int64_t i = 0; i < blocks && !begun; i++) {
      const int64_t p = i * plan.kc, k = min64(plan.kc, g->k - p);
      T *to = plan.strip + i * strips * size;
      for (int64_t s = 0; s < strips; s += g->ta ? NAME(group) : 1) {
        const int64_t row = NAME(first_row)(g->m, strips, s), rows = NAME(first_row)(g->m, strips, s + 1) - row;
        if (g->ta)
          NAME(copy_group)(g->m, strips, s, min64(NAME(group), strips - s), k, g->a + p * g->lda, g->lda, to + s * NAME(strip_size)(k));
        else
          NAME(copy_strip)(rows, k, g->a + row * g->lda + p, g->lda, to + s * NAME(strip_size)(k));
      }
    }
    const int64_t j = first * W, n = min64(end * W, g->n) - j, whole = plan.direct ? n / W * W : 0;
    for (int64_t i = 0; i < blocks; i++) {
      const int64_t p = i * plan.kc, k = min64(plan.kc, g->k - p);
      const T *b = g->tb ? g->b + (j + whole) * g->ldb + p : g->b + p * g->ldb + j + whole;
      if (whole < n) NAME(pack_block)(g->tb, k, n - whole, NAME(narrow_of)(&plan, n), b, g->ldb, block);
      for (int64_t s = 0; s < strips; s++) {
        if (nn_interrupted()) return false;
        T *strip = plan.strip + i * strips * size + s * NAME(strip_size)(k);
        if (j == 0 && g->sums) {
          const int64_t row = NAME(first_row)(g->m, strips, s), rows = NAME(first_row)(g->m, strips, s + 1) - row;
          NAME(sum_strip)(g, row, rows, p, k, plan.copy ? strip : g->a + p * g->lda + row, plan.copy);
        }
        NAME(team_strip)(g, plan, s, j, n, p, k, strip, block, s > 0 ? 0 : g->n - j);
      }
    }
  }
  return true;
}

static bool NAME(team)(const NAME(nn_gemm_args) * g, nn_gemm_team *team, int part, void *scratch, int64_t bytes) {
  if (team->way == NN_GEMM_TERMS) return NAME(team_terms)(g, team, part, scratch, bytes);
  const NAME(plan) plan = NAME(plan_team)(g, team->parts, team->way, scratch, bytes);
  return team->way == NN_GEMM_COLUMNS ? NAME(team_columns)(g, team, part, plan) : NAME(team_rows)(g, team, part, plan);
}
