-- The transforms at the beginning of a list that a loader applies while it gathers a batch. Knows no loader.

local transforms = require "nnlua.data.transforms"
local tensor = require "nnlua.core".tensor

-- What a loader can do at once with the pictures of a batch, which are [C, H, W] floats, or bytes that become floats:
-- the moves and the normalisation that a list of transforms begins with. Gives two functions: one that draws for n
-- pictures what nn_gather_moved takes, and the transforms that are left; nil if there is nothing to gain.
return function(parts, is_bytes, channels, height, width)
  local moves, crops, k = {}, 0, 1
  local function class_at(i)
    local class = getmetatable(parts[i])
    return type(class) == "table" and transforms[class.__name] == class and class or nil
  end
  while class_at(k) and #moves < 4 do
    local class = class_at(k)
    if class ~= transforms.ToFloat then
      local is_crop = class == transforms.RandomCrop
      if not class.move or (is_crop and (crops > 0 or parts[k].padding_mode ~= "constant")) then break end
      if is_crop then crops = crops + 1 end
      moves[#moves + 1] = parts[k]
    end
    k = k + 1
  end
  if #moves == 0 then return nil end
  local mean, std
  if is_bytes and class_at(k) == transforms.Normalize then
    mean, std = tensor(parts[k].mean):float():flatten(), tensor(parts[k].std):float():flatten()
    local function fits(t) return t:numel() == 1 or t:numel() == channels end
    if fits(mean) and fits(std) then k = k + 1 else mean, std = nil, nil end
  end
  local function draw_moves(n)
    local list, h, w, fill = {}, height, width, 0
    for i, move in ipairs(moves) do
      local own
      list[i], h, w, own = move:move(n, h, w)
      if own ~= 0 then fill = own end
    end
    return {maps = list, height = h, width = w, fill = fill, mean = mean, std = std}
  end
  local function rest(...)
    local values = table.pack(...)
    for i = k, #parts do values = table.pack(parts[i](table.unpack(values, 1, values.n))) end
    return table.unpack(values, 1, values.n)
  end
  return draw_moves, rest
end
