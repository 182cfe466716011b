--- Small programs that stand for an operation in a case ("fn:NAME"), twins of those in programs.py.
-- Receives the nnlua table, knows nothing about fixtures.
return function(nnlua)
  local tensor = nnlua.tensor
  local programs = {}

  function programs.index(x, key) return x[key] end

  function programs.set_index(x, key, value)
    local y = x:clone()
    y[key] = value
    return y
  end

  function programs.set_through_view(x, key, value)
    local y = x:clone()
    y:transpose(1, 2)[key] = value
    return y
  end

  function programs.add_to_row(x, k, value)
    local y = x:clone()
    y[k]:add_(value)
    return y
  end

  function programs.scale_narrow(x, dim, start, length, factor)
    local y = x:clone()
    y:narrow(dim, start, length):mul_(factor)
    return y
  end

  function programs.shift_overlapping(x, by)
    local y = x:clone()
    local n = y.shape[1]
    y[{ { by + 1, n } }] = y[{ { 1, n - by } }]
    return y
  end

  function programs.add_reversed_overlap(x)
    local y = x:clone()
    y:add_(y:t())
    return y
  end

  function programs.fill_diagonal_block(x, value)
    local y = x:clone()
    y[{ { 1, 2 }, { 1, 2 } }]:fill_(value)
    return y
  end

  function programs.copy_into(x, y)
    local z = x:clone()
    z:copy_(y)
    return z
  end

  function programs.reuse(x)
    local y = x * x
    return y * x + y
  end

  function programs.square_then_sum_twice(x) return (x ^ 3):sum() + (x:sum() ^ 2) end

  function programs.grad_penalty(x, w)
    local y = tensor.tanh(x:matmul(w)):sum()
    local g = tensor.grad(y, x, { create_graph = true })
    return (g:pow(2):sum(-1):sqrt() - 1):pow(2):mean()
  end

  function programs.third_derivative(x)
    local y = (x:pow(4) + x:sin()):sum()
    local g = tensor.grad(y, x, { create_graph = true })
    local h = tensor.grad(g:sum(), x, { create_graph = true })
    return h * x
  end

  function programs.multilabel_margin(x, target, k, reduction)
    local t, n = target:clone(), target:size(-1)
    if k < n then t:narrow(-1, k + 1, n - k):fill_(-1) end
    return nnlua.F.multilabel_margin_loss(x, t, { reduction = reduction })
  end

  function programs.ctc_of_logits(x, target, input_lengths, target_lengths)
    return nnlua.F.ctc_loss(x:log_softmax(3), target + 1, input_lengths, tensor(target_lengths))
  end

  require "programs_tensor"(nnlua, programs)
  return programs
end
