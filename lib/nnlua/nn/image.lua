-- Layers about the places of pixels: blocks as columns, shuffled channels, other sizes.

local core = require "nnlua.core"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

local function define(name, arguments, forward)
  local class = module.define(name, arguments)
  layers[name] = class
  function class:init(...) module.configure(self, class, nil, ...) end
  function class:forward(x) return (forward(self, x)) end -- no tail call: errors find the layer on the stack
end

--- The blocks of images as columns: nn.Unfold(kernel_size, {dilation = 1, padding = 0, stride = 1}), [N, C, H, W] to
-- [N, C * kH * kW, L].
--     nn.Unfold(2)(tensor.ones(1, 3, 4, 5)).shape
--     --> {1, 12, 12}
define("Unfold", "kernel_size:count*2, dilation:count*2=1, padding:amount*2=0, stride:count*2=1", function(self, x)
  return F.unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)
end)

--- Puts columns of blocks together to images, summing where they overlap: nn.Fold(output_size, kernel_size,
-- {dilation = 1, padding = 0, stride = 1}).
--     nn.Fold({4, 5}, 2)(tensor.ones(1, 12, 12)).shape
--     --> {1, 3, 4, 5}
define("Fold", "output_size:count*2, kernel_size:count*2, dilation:count*2=1, padding:amount*2=0, stride:count*2=1",
  function(self, x)
    return F.fold(x, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)
  end)

--- Channels become places: [N, C * r^2, H, W] to [N, C, H * r, W * r]: nn.PixelShuffle(r).
--     nn.PixelShuffle(2)(tensor.ones(1, 8, 3, 3)).shape
--     --> {1, 2, 6, 6}
define("PixelShuffle", "upscale_factor:count", function(self, x) return F.pixel_shuffle(x, self.upscale_factor) end)

--- Places become channels: [N, C, H * r, W * r] to [N, C * r^2, H, W]: nn.PixelUnshuffle(r).
--     nn.PixelUnshuffle(2)(tensor.ones(1, 2, 6, 6)).shape
--     --> {1, 8, 3, 3}
define("PixelUnshuffle", "downscale_factor:count", function(self, x)
  return F.pixel_unshuffle(x, self.downscale_factor)
end)

--- Mixes groups of channels of [N, C, ...]: nn.ChannelShuffle(groups).
--     nn.ChannelShuffle(2)(tensor.arange(4):view(1, 4, 1, 1)):flatten()
--     --> {0, 2, 1, 3}
define("ChannelShuffle", "groups:count", function(self, x) return F.channel_shuffle(x, self.groups) end)

--- Resamples [N, C, L], [N, C, H, W] or [N, C, D, H, W]: nn.Upsample({size = nil, scale_factor = nil, mode = "nearest",
-- align_corners = nil, recompute_scale_factor = nil}); modes as in F.interpolate.
--     nn.Upsample({scale_factor = 2})(tensor{{{1, 2}}})
--     --> {{{1, 1, 2, 2}}}
define("Upsample", "size:count*?, scale_factor:positive*?, mode:string=nearest, align_corners:bool?, "
  .. "recompute_scale_factor:bool?", function(self, x)
  return F.interpolate(x, {size = self.size, scale_factor = self.scale_factor, mode = self.mode,
    align_corners = self.align_corners, recompute_scale_factor = self.recompute_scale_factor})
end)

--- Resamples images [N, C, H, W] by the nearest pixel: nn.UpsamplingNearest2d({size = nil, scale_factor = nil}).
--     nn.UpsamplingNearest2d({scale_factor = 2})(tensor.ones(1, 1, 2, 2)).shape
--     --> {1, 1, 4, 4}
define("UpsamplingNearest2d", "size:count*2?, scale_factor:positive*2?", function(self, x)
  return F.interpolate(x, {size = self.size, scale_factor = self.scale_factor})
end)

--- Resamples images [N, C, H, W] bilinearly, the corners' centres on each other: nn.UpsamplingBilinear2d({size = nil,
-- scale_factor = nil}).
--     nn.UpsamplingBilinear2d({size = {1, 3}})(tensor{{{{1, 3}}}})
--     --> {{{{1, 2, 3}}}}
define("UpsamplingBilinear2d", "size:count*2?, scale_factor:positive*2?", function(self, x)
  return F.interpolate(x, {size = self.size, scale_factor = self.scale_factor, mode = "bilinear",
    align_corners = true})
end)

return layers
