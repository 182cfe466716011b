-- Our side of the comparison of convolutions: convolutions_torch.py starts this and asks for one after the other, as a
-- line "kind n c h w k r s stride padding dilation groups pass seconds" (kind: conv1d, conv2d, conv_transpose2d; pass:
-- forward or both), and gets the best and the median microseconds. It knows no shapes of its own.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local timing = require "timing"

nnlua.threads(arg[1] and math.tointeger(arg[1]) or 2)
tensor.manual_seed(0)

-- A forward pass without a graph, or with the gradients of input and weights.
local function work(kind, v, pass)
  local n, c, h, w, k, r, s, groups = v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[11]
  local transposed = kind == "conv_transpose2d"
  local a, b = transposed and c or k, (transposed and k or c) // groups
  local options = {stride = v[8], padding = v[9], dilation = v[10], groups = groups}
  local x = kind == "conv1d" and tensor.randn(n, c, w) or tensor.randn(n, c, h, w)
  local weight = kind == "conv1d" and tensor.randn(a, b, s) or tensor.randn(a, b, r, s)
  local f = F[kind]
  if pass == "forward" then
    return function()
      return tensor.no_grad(function() return f(x, weight, options) end)
    end
  end
  x:requires_grad_()
  weight:requires_grad_()
  local g = tensor.randn_like(f(x, weight, options):detach())
  return function()
    x.grad, weight.grad = nil, nil
    f(x, weight, options):backward(g)
  end
end

io.stdout:setvbuf("line")
for line in io.lines() do
  local kind, numbers, pass, seconds = line:match("^(%S+) ([%d ]+) (%a+) (%S+)$")
  if not kind then error("expected: kind, 11 numbers, pass, seconds") end
  local v = {}
  for number in numbers:gmatch("%d+") do v[#v + 1] = math.tointeger(number) end
  print(("%.3f %.3f"):format(timing(work(kind, v, pass), tonumber(seconds), 0.002, 3)))
end
