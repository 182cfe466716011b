-- Convolutions in 1, 2 and 3 dimensions, plain and transposed.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

local not_fields = {bias = true, dtype = true}

-- Weight and bias start uniform within 1 / sqrt(fan_in), as PyTorch's do.
local function reset_parameters(self)
  init.kaiming_uniform_(self.weight, math.sqrt(5))
  if self.bias then
    local fan_in = init.calculate_fan_in_and_fan_out(self.weight)
    local bound = fan_in > 0 and 1 / math.sqrt(fan_in) or 0
    init.uniform_(self.bias, -bound, bound)
  end
end

local function check_groups(name, a)
  for _, key in ipairs {"in_channels", "out_channels"} do
    if a[key] % a.groups ~= 0 then
      fail.raise("%s: %s = %d is not divisible by groups = %d", name, key, a[key], a.groups)
    end
  end
end

-- For padding modes other than zeros: how much F.pad adds, from the last dimension to the first.
local function pad_amounts(self, n)
  local amounts = {}
  for d = n, 1, -1 do
    local all = self.padding == "same" and self.dilation[d] * (self.kernel_size[d] - 1)
    local p = self.padding ~= "same" and (self.padding == "valid" and 0 or self.padding[d])
    amounts[#amounts + 1] = p or all // 2
    amounts[#amounts + 1] = p or all - all // 2
  end
  return amounts
end

local function define_conv(n)
  local name = ("Conv%dd"):format(n)
  local class = module.define(name, (("in_channels:count, out_channels:count, kernel_size:count*N, stride:count*N=1, "
    .. "padding:amount*N|string=0, dilation:count*N=1, groups:count=1, bias:bool=true, padding_mode:string=zeros, "
    .. "dtype:string?"):gsub("N", tostring(n))))
  local conv = F[("conv%dd"):format(n)]
  local none = {}
  for d = 1, n do none[d] = 0 end

  -- Checks what doesn't depend on the input's channels and works out the padding.
  function class:prepare(a)
    local modes = {"zeros", "reflect", "replicate", "circular"}
    if not (" zeros reflect replicate circular "):find(" " .. a.padding_mode .. " ", 1, true) then
      fail.raise("%s: unknown padding_mode %s%s", name, fail.show(a.padding_mode), fail.suggest(a.padding_mode,
        modes))
    end
    if type(a.padding) == "string" and a.padding ~= "same" and a.padding ~= "valid" then
      fail.raise("%s: padding must be numbers, 'same' or 'valid', got %s", name, fail.show(a.padding))
    end
    for d = 1, n do
      if a.padding == "same" and a.stride[d] ~= 1 then
        fail.raise("%s: padding = 'same' needs a stride of 1, got %d", name, a.stride[d])
      end
    end
    if a.padding_mode ~= "zeros" then self.pad_amounts = pad_amounts(self, n) end
  end

  function class:init(...)
    local a = module.configure(self, class, not_fields, ...)
    check_groups(name, a)
    class.prepare(self, a)
    self.weight = module.empty_parameter(a.dtype, a.out_channels, a.in_channels // a.groups,
      table.unpack(a.kernel_size))
    if a.bias then self.bias = module.empty_parameter(a.dtype, a.out_channels) end
    self:reset_parameters()
  end

  --- Draws weight and bias anew.
  class.reset_parameters = reset_parameters

  function class:forward(x)
    if self.pad_amounts then
      x = F.pad(x, self.pad_amounts, self.padding_mode)
      return conv(x, self.weight, self.bias, self.stride, none, self.dilation, self.groups)
    end
    return conv(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
  end

  return class
end

local function define_transposed(n)
  local name = ("ConvTranspose%dd"):format(n)
  local class = module.define(name, (("in_channels:count, out_channels:count, kernel_size:count*N, stride:count*N=1, "
    .. "padding:amount*N=0, output_padding:amount*N=0, groups:count=1, bias:bool=true, dilation:count*N=1, "
    .. "padding_mode:string=zeros, dtype:string?"):gsub("N", tostring(n))))
  local conv = F[("conv_transpose%dd"):format(n)]

  -- Checks what doesn't depend on the input's channels.
  function class:prepare(a) -- luacheck: no self
    if a.padding_mode ~= "zeros" then fail.raise("%s: padding_mode must be 'zeros'", name) end
  end

  function class:init(...)
    local a = module.configure(self, class, not_fields, ...)
    check_groups(name, a)
    class.prepare(self, a)
    self.weight = module.empty_parameter(a.dtype, a.in_channels, a.out_channels // a.groups,
      table.unpack(a.kernel_size))
    if a.bias then self.bias = module.empty_parameter(a.dtype, a.out_channels) end
    self:reset_parameters()
  end

  --- Draws weight and bias anew.
  class.reset_parameters = reset_parameters

  -- The output padding that gives an output of these sizes.
  local function padding_for(self, x, output_size)
    if type(output_size) == "table" and output_size.output_size then output_size = output_size.output_size end
    if type(output_size) == "number" then output_size = {output_size} end
    if type(output_size) ~= "table" or (#output_size ~= n and #output_size ~= n + 2) then
      fail.raise("output_size must have %d or %d sizes, got %s", n, n + 2, fail.show(output_size))
    end
    if x:dim() ~= n + 1 and x:dim() ~= n + 2 then return self.output_padding end -- the operation explains
    local out, skip = {}, #output_size - n
    for d = 1, n do
      local least = (x:size(-n - 1 + d) - 1) * self.stride[d] - 2 * self.padding[d]
        + self.dilation[d] * (self.kernel_size[d] - 1) + 1
      out[d] = output_size[skip + d] - least
      if out[d] < 0 or out[d] >= self.stride[d] then
        fail.raise("output_size %d cannot come from this input: %d to %d can", output_size[skip + d], least,
          least + self.stride[d] - 1)
      end
    end
    return out
  end

  function class:forward(x, output_size)
    local extra = output_size and padding_for(self, x, output_size) or self.output_padding
    return conv(x, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)
  end

  return class
end

--- Convolution (strictly, correlation): nn.Conv2d(in_channels, out_channels, kernel_size, {stride = 1, padding = 0,
-- dilation = 1, groups = 1, bias = true, padding_mode = "zeros"}). x [N, in_channels, H, W], weight [out_channels,
-- in_channels / groups, kH, kW]; nn.Conv1d and nn.Conv3d likewise. padding = "same" keeps the size; padding_mode
-- "reflect", "replicate" or "circular" says what stands outside.
--     nn.Conv2d(3, 8, 3, {padding = 1})(tensor.ones(2, 3, 5, 5)).shape
--     --> {2, 8, 5, 5}
for n = 1, 3 do layers[("Conv%dd"):format(n)] = define_conv(n) end

--- Transposed convolution: nn.ConvTranspose2d(in_channels, out_channels, kernel_size, {stride = 1, padding = 0,
-- output_padding = 0, groups = 1, bias = true, dilation = 1}). weight [in_channels, out_channels / groups, kH, kW];
-- called with x and perhaps output_size, which decides where several sizes are possible. nn.ConvTranspose1d and
-- nn.ConvTranspose3d likewise.
--     nn.ConvTranspose2d(3, 8, 2, {stride = 2})(tensor.ones(2, 3, 5, 5)).shape
--     --> {2, 8, 10, 10}
for n = 1, 3 do layers[("ConvTranspose%dd"):format(n)] = define_transposed(n) end

return layers
