---@meta
-- luacheck: ignore
-- Annotations for the Lua language server, made by `nnlua docs/make.lua`. Name their folder in the editor's settings:
--   "Lua.workspace.library": [".../share/doc/nnlua/luacats"]

---@alias Dtype "float32"|"float64"|"int64"|"uint8"|"bool"

---@class Generator
local Generator = {}

---@class Tensor
---@operator add(Tensor|number): Tensor
---@operator sub(Tensor|number): Tensor
---@operator mul(Tensor|number): Tensor
---@operator div(Tensor|number): Tensor
---@operator idiv(Tensor|number): Tensor
---@operator mod(Tensor|number): Tensor
---@operator pow(Tensor|number): Tensor
---@operator unm: Tensor
---@operator band(Tensor|integer|boolean): Tensor
---@operator bor(Tensor|integer|boolean): Tensor
---@operator bxor(Tensor|integer|boolean): Tensor
---@operator bnot: Tensor
---@operator len: integer
---@field [any] any
---@field shape integer[] The sizes, as a list that prints as {2, 3} and compares with tables: x.shape == {2, 3}.
---@field ndim integer The number of dimensions.
---@field itemsize integer Bytes of one element.
---@field nbytes integer Bytes of all elements.
---@field T Tensor The transposed matrix, a view.
---@field mT Tensor The last two dimensions swapped, a view.
---@field dtype Dtype "float32", "float64", "int64", "uint8" or "bool".
---@field device string "cpu".
---@field grad Tensor? The gradient that backward has summed up, nil before; may be assigned.
---@field requires_grad boolean Whether operations on x are recorded; may be assigned for leaves.
---@field is_leaf boolean True for a tensor that is not the recorded result of an operation.
---@field grad_fn userdata? The node of the graph that made x: node:name(), node.next_functions, node.id; nil for leaves.
---@field _version integer How often the memory of x was changed in place, by x or by a view of it.
---@field data Tensor The same elements without history, a view.
local Tensor = {}

---@class tensorlib
---@overload fun(values: any, options?: {dtype?: Dtype, requires_grad?: boolean}): Tensor
tensor = {}
tensor.linalg = {}
tensor.special = {}
tensor.testing = {}

nnlua = {}
F = {}
tensor.distributions = {}
nn = {}
nn.init = {}
tensor.func = {}
nn.utils = {}
nn.utils.rnn = {}
nn.utils.parametrizations = {}
nn.utils.parametrize = {}
optim = {}
optim.lr_scheduler = {}
optim.swa_utils = {}
data = {}
data.transforms = {}
train = {}
metrics = {}
text = {}
audio = {}
graph = {}
rl = {}
inspect = {}
plot = {}
lesson = {}

---Numbers of gamma distributions with scale 1 whose concentration the input is, element by element,
---differentiable by it (once).
---@param input Tensor
---@param options? {generator?: Generator}
---@return Tensor
function tensor._standard_gamma(input, options) end

---Absolute value. The gradient at 0 is 0.
---@param input Tensor
---@return Tensor
function tensor.abs(input) end

---Absolute value. The gradient at 0 is 0.
---@return Tensor
function Tensor:abs() end

---Absolute value. The gradient at 0 is 0.
---@param input Tensor
---@return Tensor
function tensor.abs_(input) end

---Absolute value. The gradient at 0 is 0.
---@return Tensor
function Tensor:abs_() end

---The same as abs.
---@param input Tensor
---@return Tensor
function tensor.absolute(input) end

---The same as abs.
---@return Tensor
function Tensor:absolute() end

---The same as abs.
---@param input Tensor
---@return Tensor
function tensor.absolute_(input) end

---The same as abs.
---@return Tensor
function Tensor:absolute_() end

---Inverse cosine, 0 to pi; NaN outside of [-1, 1].
---@param input Tensor
---@return Tensor
function tensor.acos(input) end

---Inverse cosine, 0 to pi; NaN outside of [-1, 1].
---@return Tensor
function Tensor:acos() end

---Inverse cosine, 0 to pi; NaN outside of [-1, 1].
---@param input Tensor
---@return Tensor
function tensor.acos_(input) end

---Inverse cosine, 0 to pi; NaN outside of [-1, 1].
---@return Tensor
function Tensor:acos_() end

---Inverse hyperbolic cosine; NaN below 1.
---@param input Tensor
---@return Tensor
function tensor.acosh(input) end

---Inverse hyperbolic cosine; NaN below 1.
---@return Tensor
function Tensor:acosh() end

---Inverse hyperbolic cosine; NaN below 1.
---@param input Tensor
---@return Tensor
function tensor.acosh_(input) end

---Inverse hyperbolic cosine; NaN below 1.
---@return Tensor
function Tensor:acosh_() end

---The means of windows chosen so that the result has output_size: input [N, C, L] or [C, L]. -1 keeps a size.
---@param input Tensor
---@param output_size integer|integer[]
---@return Tensor
function F.adaptive_avg_pool1d(input, output_size) end

---The means of windows chosen so that the result has output_size: input [N, C, H, W] or [C, H, W]. -1 keeps a
---size.
---@param input Tensor
---@param output_size integer|integer[]
---@return Tensor
function F.adaptive_avg_pool2d(input, output_size) end

---The means of windows chosen so that the result has output_size: input [N, C, D, H, W] or [C, D, H, W]. -1
---keeps a size.
---@param input Tensor
---@param output_size integer|integer[]
---@return Tensor
function F.adaptive_avg_pool3d(input, output_size) end

---The largest values of windows chosen so that the result has output_size: input [N, C, L] or [C, L]. -1
---keeps a size. With return_indices also the positions, counted from 1 through all that is pooled.
---@param input Tensor
---@param output_size integer|integer[]
---@param return_indices? boolean
---@param options? {return_indices?: boolean}
---@return Tensor, Tensor
function F.adaptive_max_pool1d(input, output_size, return_indices, options) end

---The largest values of windows chosen so that the result has output_size: input [N, C, H, W] or [C, H, W].
----1 keeps a size. With return_indices also the positions, counted from 1 through all that is pooled.
---@param input Tensor
---@param output_size integer|integer[]
---@param return_indices? boolean
---@param options? {return_indices?: boolean}
---@return Tensor, Tensor
function F.adaptive_max_pool2d(input, output_size, return_indices, options) end

---The largest values of windows chosen so that the result has output_size: input [N, C, D, H, W] or [C, D, H,
---W]. -1 keeps a size. With return_indices also the positions, counted from 1 through all that is pooled.
---@param input Tensor
---@param output_size integer|integer[]
---@param return_indices? boolean
---@param options? {return_indices?: boolean}
---@return Tensor, Tensor
function F.adaptive_max_pool3d(input, output_size, return_indices, options) end

---Adds other, times alpha, to input, elementwise. Shapes broadcast, dtypes are promoted.
---@param input Tensor|number
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function tensor.add(input, other, options) end

---Adds other, times alpha, to input, elementwise. Shapes broadcast, dtypes are promoted.
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function Tensor:add(other, options) end

---Adds other, times alpha, to input, elementwise. Shapes broadcast, dtypes are promoted.
---@param input Tensor|number
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function tensor.add_(input, other, options) end

---Adds other, times alpha, to input, elementwise. Shapes broadcast, dtypes are promoted.
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function Tensor:add_(other, options) end

---beta * input + alpha * (the sum of the products of two batches of matrices).
---@param input Tensor
---@param batch1 Tensor
---@param batch2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.addbmm(input, batch1, batch2, options) end

---beta * input + alpha * (the sum of the products of two batches of matrices).
---@param batch1 Tensor
---@param batch2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:addbmm(batch1, batch2, options) end

---beta * input + alpha * (the sum of the products of two batches of matrices).
---@param input Tensor
---@param batch1 Tensor
---@param batch2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.addbmm_(input, batch1, batch2, options) end

---beta * input + alpha * (the sum of the products of two batches of matrices).
---@param batch1 Tensor
---@param batch2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:addbmm_(batch1, batch2, options) end

---input + value * tensor1 / tensor2, elementwise, in one pass. All three broadcast; integers have to be
---converted first.
---@param input Tensor|number
---@param tensor1 Tensor|number
---@param tensor2 Tensor|number
---@param options? {value?: number}
---@return Tensor
function tensor.addcdiv(input, tensor1, tensor2, options) end

---input + value * tensor1 / tensor2, elementwise, in one pass. All three broadcast; integers have to be
---converted first.
---@param tensor1 Tensor|number
---@param tensor2 Tensor|number
---@param options? {value?: number}
---@return Tensor
function Tensor:addcdiv(tensor1, tensor2, options) end

---input + value * tensor1 / tensor2, elementwise, in one pass. All three broadcast; integers have to be
---converted first.
---@param input Tensor|number
---@param tensor1 Tensor|number
---@param tensor2 Tensor|number
---@param options? {value?: number}
---@return Tensor
function tensor.addcdiv_(input, tensor1, tensor2, options) end

---input + value * tensor1 / tensor2, elementwise, in one pass. All three broadcast; integers have to be
---converted first.
---@param tensor1 Tensor|number
---@param tensor2 Tensor|number
---@param options? {value?: number}
---@return Tensor
function Tensor:addcdiv_(tensor1, tensor2, options) end

---input + value * tensor1 * tensor2, elementwise, in one pass. All three broadcast.
---@param input Tensor|number
---@param tensor1 Tensor|number
---@param tensor2 Tensor|number
---@param options? {value?: number}
---@return Tensor
function tensor.addcmul(input, tensor1, tensor2, options) end

---input + value * tensor1 * tensor2, elementwise, in one pass. All three broadcast.
---@param tensor1 Tensor|number
---@param tensor2 Tensor|number
---@param options? {value?: number}
---@return Tensor
function Tensor:addcmul(tensor1, tensor2, options) end

---input + value * tensor1 * tensor2, elementwise, in one pass. All three broadcast.
---@param input Tensor|number
---@param tensor1 Tensor|number
---@param tensor2 Tensor|number
---@param options? {value?: number}
---@return Tensor
function tensor.addcmul_(input, tensor1, tensor2, options) end

---input + value * tensor1 * tensor2, elementwise, in one pass. All three broadcast.
---@param tensor1 Tensor|number
---@param tensor2 Tensor|number
---@param options? {value?: number}
---@return Tensor
function Tensor:addcmul_(tensor1, tensor2, options) end

---beta * input + alpha * (mat1 times mat2); input broadcasts to the product's shape.
---@param input Tensor
---@param mat1 Tensor
---@param mat2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.addmm(input, mat1, mat2, options) end

---beta * input + alpha * (mat1 times mat2); input broadcasts to the product's shape.
---@param mat1 Tensor
---@param mat2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:addmm(mat1, mat2, options) end

---beta * input + alpha * (mat1 times mat2); input broadcasts to the product's shape.
---@param input Tensor
---@param mat1 Tensor
---@param mat2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.addmm_(input, mat1, mat2, options) end

---beta * input + alpha * (mat1 times mat2); input broadcasts to the product's shape.
---@param mat1 Tensor
---@param mat2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:addmm_(mat1, mat2, options) end

---beta * input + alpha * (mat times vec).
---@param input Tensor
---@param mat Tensor
---@param vec Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.addmv(input, mat, vec, options) end

---beta * input + alpha * (mat times vec).
---@param mat Tensor
---@param vec Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:addmv(mat, vec, options) end

---beta * input + alpha * (mat times vec).
---@param input Tensor
---@param mat Tensor
---@param vec Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.addmv_(input, mat, vec, options) end

---beta * input + alpha * (mat times vec).
---@param mat Tensor
---@param vec Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:addmv_(mat, vec, options) end

---beta * input + alpha * (the outer product of vec1 and vec2).
---@param input Tensor
---@param vec1 Tensor
---@param vec2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.addr(input, vec1, vec2, options) end

---beta * input + alpha * (the outer product of vec1 and vec2).
---@param vec1 Tensor
---@param vec2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:addr(vec1, vec2, options) end

---beta * input + alpha * (the outer product of vec1 and vec2).
---@param input Tensor
---@param vec1 Tensor
---@param vec2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.addr_(input, vec1, vec2, options) end

---beta * input + alpha * (the outer product of vec1 and vec2).
---@param vec1 Tensor
---@param vec2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:addr_(vec1, vec2, options) end

---The last two dimensions swapped, a view: x.mT.
---@param input Tensor
---@return Tensor
function tensor.adjoint(input) end

---The last two dimensions swapped, a view: x.mT.
---@return Tensor
function Tensor:adjoint() end

---Whether every element is true (not zero): true or false; over dimensions, a bool tensor.
---@param input Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor|boolean
function tensor.all(input, dim, keepdim, options) end

---Whether every element is true (not zero): true or false; over dimensions, a bool tensor.
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor|boolean
function Tensor:all(dim, keepdim, options) end

---Whether isclose holds for all elements: true or false.
---@param input Tensor
---@param other Tensor
---@param rtol? number
---@param atol? number
---@param equal_nan? boolean
---@param options? {rtol?: number, atol?: number, equal_nan?: boolean}
---@return Tensor|boolean
function tensor.allclose(input, other, rtol, atol, equal_nan, options) end

---Whether isclose holds for all elements: true or false.
---@param other Tensor
---@param rtol? number
---@param atol? number
---@param equal_nan? boolean
---@param options? {rtol?: number, atol?: number, equal_nan?: boolean}
---@return Tensor|boolean
function Tensor:allclose(other, rtol, atol, equal_nan, options) end

---The largest element over one or several dimensions; equal ones share the gradient.
---@param input Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor
function tensor.amax(input, dim, keepdim, options) end

---The largest element over one or several dimensions; equal ones share the gradient.
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor
function Tensor:amax(dim, keepdim, options) end

---The smallest element over one or several dimensions; equal ones share the gradient.
---@param input Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor
function tensor.amin(input, dim, keepdim, options) end

---The smallest element over one or several dimensions; equal ones share the gradient.
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor
function Tensor:amin(dim, keepdim, options) end

---The smallest and the largest element of all or along a dimension.
---@param input Tensor
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor, Tensor
function tensor.aminmax(input, options) end

---The smallest and the largest element of all or along a dimension.
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor, Tensor
function Tensor:aminmax(options) end

---The angle of real numbers: pi where they are negative, else 0.
---@param input Tensor
---@return Tensor
function tensor.angle(input) end

---The angle of real numbers: pi where they are negative, else 0.
---@return Tensor
function Tensor:angle() end

---Whether some element is true (not zero): true or false; over dimensions, a bool tensor.
---@param input Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor|boolean
function tensor.any(input, dim, keepdim, options) end

---Whether some element is true (not zero): true or false; over dimensions, a bool tensor.
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean}
---@return Tensor|boolean
function Tensor:any(dim, keepdim, options) end

---The numbers 0, 1, ... before stop: int64 if it is an integer, else float32.
---@overload fun(start: number, stop: number, step?: number, options?: {step?: number, dtype?: Dtype, requires_grad?: boolean}): Tensor
---@param stop number
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.arange(stop, options) end

---The same as acos.
---@param input Tensor
---@return Tensor
function tensor.arccos(input) end

---The same as acos.
---@return Tensor
function Tensor:arccos() end

---The same as acos.
---@param input Tensor
---@return Tensor
function tensor.arccos_(input) end

---The same as acos.
---@return Tensor
function Tensor:arccos_() end

---The same as acosh.
---@param input Tensor
---@return Tensor
function tensor.arccosh(input) end

---The same as acosh.
---@return Tensor
function Tensor:arccosh() end

---The same as acosh.
---@param input Tensor
---@return Tensor
function tensor.arccosh_(input) end

---The same as acosh.
---@return Tensor
function Tensor:arccosh_() end

---The same as asin.
---@param input Tensor
---@return Tensor
function tensor.arcsin(input) end

---The same as asin.
---@return Tensor
function Tensor:arcsin() end

---The same as asin.
---@param input Tensor
---@return Tensor
function tensor.arcsin_(input) end

---The same as asin.
---@return Tensor
function Tensor:arcsin_() end

---The same as asinh.
---@param input Tensor
---@return Tensor
function tensor.arcsinh(input) end

---The same as asinh.
---@return Tensor
function Tensor:arcsinh() end

---The same as asinh.
---@param input Tensor
---@return Tensor
function tensor.arcsinh_(input) end

---The same as asinh.
---@return Tensor
function Tensor:arcsinh_() end

---The same as atan.
---@param input Tensor
---@return Tensor
function tensor.arctan(input) end

---The same as atan.
---@return Tensor
function Tensor:arctan() end

---The same as atan.
---@param input Tensor
---@return Tensor
function tensor.arctan_(input) end

---The same as atan.
---@return Tensor
function Tensor:arctan_() end

---The same as atan2.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.arctan2(input, other) end

---The same as atan2.
---@param other Tensor|number
---@return Tensor
function Tensor:arctan2(other) end

---The same as atan2.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.arctan2_(input, other) end

---The same as atan2.
---@param other Tensor|number
---@return Tensor
function Tensor:arctan2_(other) end

---The same as atanh.
---@param input Tensor
---@return Tensor
function tensor.arctanh(input) end

---The same as atanh.
---@return Tensor
function Tensor:arctanh() end

---The same as atanh.
---@param input Tensor
---@return Tensor
function tensor.arctanh_(input) end

---The same as atanh.
---@return Tensor
function Tensor:arctanh_() end

---The position of the largest element along a dimension (the first of equals), or among all elements.
---@param input Tensor
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean}
---@return Tensor
function tensor.argmax(input, dim, keepdim, options) end

---The position of the largest element along a dimension (the first of equals), or among all elements.
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean}
---@return Tensor
function Tensor:argmax(dim, keepdim, options) end

---The position of the smallest element along a dimension (the first of equals), or among all elements.
---@param input Tensor
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean}
---@return Tensor
function tensor.argmin(input, dim, keepdim, options) end

---The position of the smallest element along a dimension (the first of equals), or among all elements.
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean}
---@return Tensor
function Tensor:argmin(dim, keepdim, options) end

---The positions, from 1, that put the elements in order along a dimension: x:gather(dim, x:argsort(dim)) is
---sorted. Equal elements keep their order.
---@param input Tensor
---@param dim? integer
---@param descending? boolean
---@param options? {dim?: integer, descending?: boolean, stable?: boolean}
---@return Tensor
function tensor.argsort(input, dim, descending, options) end

---The positions, from 1, that put the elements in order along a dimension: x:gather(dim, x:argsort(dim)) is
---sorted. Equal elements keep their order.
---@param dim? integer
---@param descending? boolean
---@param options? {dim?: integer, descending?: boolean, stable?: boolean}
---@return Tensor
function Tensor:argsort(dim, descending, options) end

---The positions, from 1, of the elements that are not 0: another name of nonzero.
---@param input Tensor
---@return Tensor
function tensor.argwhere(input) end

---The positions, from 1, of the elements that are not 0: another name of nonzero.
---@return Tensor
function Tensor:argwhere() end

---Inverse sine, -pi/2 to pi/2; NaN outside of [-1, 1].
---@param input Tensor
---@return Tensor
function tensor.asin(input) end

---Inverse sine, -pi/2 to pi/2; NaN outside of [-1, 1].
---@return Tensor
function Tensor:asin() end

---Inverse sine, -pi/2 to pi/2; NaN outside of [-1, 1].
---@param input Tensor
---@return Tensor
function tensor.asin_(input) end

---Inverse sine, -pi/2 to pi/2; NaN outside of [-1, 1].
---@return Tensor
function Tensor:asin_() end

---Inverse hyperbolic sine.
---@param input Tensor
---@return Tensor
function tensor.asinh(input) end

---Inverse hyperbolic sine.
---@return Tensor
function Tensor:asinh() end

---Inverse hyperbolic sine.
---@param input Tensor
---@return Tensor
function tensor.asinh_(input) end

---Inverse hyperbolic sine.
---@return Tensor
function Tensor:asinh_() end

---Inverse tangent, -pi/2 to pi/2.
---@param input Tensor
---@return Tensor
function tensor.atan(input) end

---Inverse tangent, -pi/2 to pi/2.
---@return Tensor
function Tensor:atan() end

---Inverse tangent, -pi/2 to pi/2.
---@param input Tensor
---@return Tensor
function tensor.atan_(input) end

---Inverse tangent, -pi/2 to pi/2.
---@return Tensor
function Tensor:atan_() end

---The angle in radians, -pi to pi, of the point (other, input), elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.atan2(input, other) end

---The angle in radians, -pi to pi, of the point (other, input), elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:atan2(other) end

---The angle in radians, -pi to pi, of the point (other, input), elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.atan2_(input, other) end

---The angle in radians, -pi to pi, of the point (other, input), elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:atan2_(other) end

---Inverse hyperbolic tangent; infinite at -1 and 1.
---@param input Tensor
---@return Tensor
function tensor.atanh(input) end

---Inverse hyperbolic tangent; infinite at -1 and 1.
---@return Tensor
function Tensor:atanh() end

---Inverse hyperbolic tangent; infinite at -1 and 1.
---@param input Tensor
---@return Tensor
function tensor.atanh_(input) end

---Inverse hyperbolic tangent; infinite at -1 and 1.
---@return Tensor
function Tensor:atanh_() end

---The mean of each window: input [N, C, L] or [C, L]. stride is kernel_size unless given.
---@param input Tensor
---@param kernel_size integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param ceil_mode? boolean
---@param count_include_pad? boolean
---@param options? {stride?: integer|integer[], padding?: integer|integer[], ceil_mode?: boolean, count_include_pad?: boolean}
---@return Tensor
function F.avg_pool1d(input, kernel_size, stride, padding, ceil_mode, count_include_pad, options) end

---The mean of each window: input [N, C, H, W] or [C, H, W]. stride is kernel_size unless given.
---@param input Tensor
---@param kernel_size integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param ceil_mode? boolean
---@param count_include_pad? boolean
---@param divisor_override? integer
---@param options? {stride?: integer|integer[], padding?: integer|integer[], ceil_mode?: boolean, count_include_pad?: boolean, divisor_override?: integer}
---@return Tensor
function F.avg_pool2d(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, options) end

---The mean of each window: input [N, C, D, H, W] or [C, D, H, W]. stride is kernel_size unless given.
---divisor_override divides by another number than the window's size.
---@param input Tensor
---@param kernel_size integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param ceil_mode? boolean
---@param count_include_pad? boolean
---@param divisor_override? integer
---@param options? {stride?: integer|integer[], padding?: integer|integer[], ceil_mode?: boolean, count_include_pad?: boolean, divisor_override?: integer}
---@return Tensor
function F.avg_pool3d(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, options) end

---beta * input + alpha * (batch1 times batch2), matrix by matrix.
---@param input Tensor
---@param batch1 Tensor
---@param batch2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.baddbmm(input, batch1, batch2, options) end

---beta * input + alpha * (batch1 times batch2), matrix by matrix.
---@param batch1 Tensor
---@param batch2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:baddbmm(batch1, batch2, options) end

---beta * input + alpha * (batch1 times batch2), matrix by matrix.
---@param input Tensor
---@param batch1 Tensor
---@param batch2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function tensor.baddbmm_(input, batch1, batch2, options) end

---beta * input + alpha * (batch1 times batch2), matrix by matrix.
---@param batch1 Tensor
---@param batch2 Tensor
---@param options? {beta?: number, alpha?: number}
---@return Tensor
function Tensor:baddbmm_(batch1, batch2, options) end

---Normalises each channel of input [N, C, ...] to mean 0 and variance 1, times weight [C] plus bias [C]
---(Ioffe and Szegedy 2015). In training by the statistics of the batch, which also move running_mean and
---running_var (with momentum, the variance unbiased); otherwise by these.
---@param input Tensor
---@param running_mean? Tensor
---@param running_var? Tensor
---@param weight? Tensor
---@param bias? Tensor
---@param training? boolean
---@param momentum? number
---@param eps? number
---@param options? {running_mean?: Tensor, running_var?: Tensor, weight?: Tensor, bias?: Tensor, training?: boolean, momentum?: number, eps?: number}
---@return Tensor
function F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps, options) end

---1 with the probability that input holds, else 0, element by element. The gradient is zero.
---@overload fun(input: Tensor, p: number, options?: {generator?: Generator}): Tensor
---@param input Tensor
---@param options? {generator?: Generator}
---@return Tensor
function tensor.bernoulli(input, options) end

---1 with the probability that input holds, else 0, element by element. The gradient is zero.
---@overload fun(self: Tensor, p: number, options?: {generator?: Generator}): Tensor
---@param options? {generator?: Generator}
---@return Tensor
function Tensor:bernoulli(options) end

---1 with the probability that input holds, else 0, element by element. The gradient is zero.
---@overload fun(self: Tensor, p?: number, options?: {p?: number, generator?: Generator}): Tensor
---@overload fun(self: Tensor, p: number, options?: {generator?: Generator}): Tensor
---@overload fun(self: Tensor, p: Tensor, options?: {generator?: Generator}): Tensor
---@param options? {generator?: Generator}
---@return Tensor
function Tensor:bernoulli_(options) end

----(t log p + (1 - t) log(1 - p)) for probabilities p and targets t in [0, 1], of one shape; weight
---broadcasts. Logarithms are not below -100.
---@param input Tensor
---@param target Tensor
---@param weight? Tensor
---@param reduction? "none"|"mean"|"sum"
---@param options? {weight?: Tensor, reduction?: "none"|"mean"|"sum"}
---@return Tensor
function F.binary_cross_entropy(input, target, weight, reduction, options) end

---binary_cross_entropy of sigmoid(input), without its loss of digits. pos_weight weighs the positive targets;
---it and weight broadcast.
---@param input Tensor
---@param target Tensor
---@param weight? Tensor
---@param reduction? "none"|"mean"|"sum"
---@param options? {weight?: Tensor, pos_weight?: Tensor, reduction?: "none"|"mean"|"sum"}
---@return Tensor
function F.binary_cross_entropy_with_logits(input, target, weight, reduction, options) end

---How often each whole number from 1 occurs in a vector: element v counts the value v. As long as the largest
---value says, at least minlength. With weights, the sum of those of each value.
---@param input Tensor
---@param weights? Tensor
---@param minlength? integer
---@param options? {weights?: Tensor, minlength?: integer}
---@return Tensor
function tensor.bincount(input, weights, minlength, options) end

---How often each whole number from 1 occurs in a vector: element v counts the value v. As long as the largest
---value says, at least minlength. With weights, the sum of those of each value.
---@param weights? Tensor
---@param minlength? integer
---@param options? {weights?: Tensor, minlength?: integer}
---@return Tensor
function Tensor:bincount(weights, minlength, options) end

---How many of count trials succeed that each do with probability prob, element by element. The gradient is
---zero.
---@param count Tensor|number
---@param prob Tensor|number
---@param options? {generator?: Generator}
---@return Tensor
function tensor.binomial(count, prob, options) end

---Bitwise and of int64 tensors, logical and of bool tensors. Operator &.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_and(input, other) end

---Bitwise and of int64 tensors, logical and of bool tensors. Operator &.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_and(other) end

---Bitwise and of int64 tensors, logical and of bool tensors. Operator &.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_and_(input, other) end

---Bitwise and of int64 tensors, logical and of bool tensors. Operator &.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_and_(other) end

---Whole numbers times 2 to the power of other: their bits moved left.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_left_shift(input, other) end

---Whole numbers times 2 to the power of other: their bits moved left.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_left_shift(other) end

---Whole numbers times 2 to the power of other: their bits moved left.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_left_shift_(input, other) end

---Whole numbers times 2 to the power of other: their bits moved left.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_left_shift_(other) end

---Every bit of an int64 tensor turned; of a bool tensor, not. Unary operator ~.
---@param input Tensor
---@return Tensor
function tensor.bitwise_not(input) end

---Every bit of an int64 tensor turned; of a bool tensor, not. Unary operator ~.
---@return Tensor
function Tensor:bitwise_not() end

---Every bit of an int64 tensor turned; of a bool tensor, not. Unary operator ~.
---@param input Tensor
---@return Tensor
function tensor.bitwise_not_(input) end

---Every bit of an int64 tensor turned; of a bool tensor, not. Unary operator ~.
---@return Tensor
function Tensor:bitwise_not_() end

---Bitwise or of int64 tensors, logical or of bool tensors. Operator |.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_or(input, other) end

---Bitwise or of int64 tensors, logical or of bool tensors. Operator |.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_or(other) end

---Bitwise or of int64 tensors, logical or of bool tensors. Operator |.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_or_(input, other) end

---Bitwise or of int64 tensors, logical or of bool tensors. Operator |.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_or_(other) end

---Whole numbers divided by 2 to the power of other and rounded down: their bits moved right.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_right_shift(input, other) end

---Whole numbers divided by 2 to the power of other and rounded down: their bits moved right.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_right_shift(other) end

---Whole numbers divided by 2 to the power of other and rounded down: their bits moved right.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_right_shift_(input, other) end

---Whole numbers divided by 2 to the power of other and rounded down: their bits moved right.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_right_shift_(other) end

---Bitwise exclusive or of int64 tensors, logical of bool tensors. Binary operator ~.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_xor(input, other) end

---Bitwise exclusive or of int64 tensors, logical of bool tensors. Binary operator ~.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_xor(other) end

---Bitwise exclusive or of int64 tensors, logical of bool tensors. Binary operator ~.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.bitwise_xor_(input, other) end

---Bitwise exclusive or of int64 tensors, logical of bool tensors. Binary operator ~.
---@param other Tensor|number
---@return Tensor
function Tensor:bitwise_xor_(other) end

---Products of two batches of matrices: [b, n, m] times [b, m, p] is [b, n, p].
---@param input Tensor
---@param mat2 Tensor
---@return Tensor
function tensor.bmm(input, mat2) end

---Products of two batches of matrices: [b, n, m] times [b, m, p] is [b, n, p].
---@param mat2 Tensor
---@return Tensor
function Tensor:bmm(mat2) end

---A view in which dimensions of size 1 appear repeated: expand as a function.
---@param input Tensor
---@param size integer|integer[]
---@return Tensor
function tensor.broadcast_to(input, size) end

---A view in which dimensions of size 1 appear repeated: expand as a function.
---@param size integer|integer[]
---@return Tensor
function Tensor:broadcast_to(size) end

---In which of the n + 1 parts, from 1, that n ascending boundaries make each value lies. A value equal to a
---boundary is in the part below it, with right in the one above.
---@param input Tensor|number
---@param boundaries Tensor|number
---@param options? {right?: boolean}
---@return Tensor
function tensor.bucketize(input, boundaries, options) end

---Joins tensors along a dimension; all other sizes must agree. Dtypes are promoted. Tensors of shape [0] are
---passed over.
---@param tensors Tensor[]
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function tensor.cat(tensors, dim, options) end

---Fills the tensor with numbers of a Cauchy distribution.
---@param median? number
---@param sigma? number
---@param options? {median?: number, sigma?: number, generator?: Generator}
---@return Tensor
function Tensor:cauchy_(median, sigma, options) end

---The distance, by the p-norm, of each point of x1 [.., P, M] from each of x2 [.., R, M]: [.., P, R].
---Dimensions before these broadcast. p is 2 for the usual distance, math.huge for the largest difference.
---@param x1 Tensor|number
---@param x2 Tensor|number
---@param p? number
---@param options? {p?: number}
---@return Tensor
function tensor.cdist(x1, x2, p, options) end

---The smallest whole number not below x. The gradient is zero.
---@param input Tensor
---@return Tensor
function tensor.ceil(input) end

---The smallest whole number not below x. The gradient is zero.
---@return Tensor
function Tensor:ceil() end

---The smallest whole number not below x. The gradient is zero.
---@param input Tensor
---@return Tensor
function tensor.ceil_(input) end

---The smallest whole number not below x. The gradient is zero.
---@return Tensor
function Tensor:ceil_() end

---The product of several matrices: the older name of linalg.multi_dot.
---@param matrices Tensor[]
---@return Tensor
function tensor.chain_matmul(matrices) end

---The lower triangular L with input = L L^T: the same as linalg.cholesky.
---@param input Tensor
---@param upper? boolean
---@param options? {upper?: boolean}
---@return Tensor
function tensor.cholesky(input, upper, options) end

---The lower triangular L with input = L L^T: the same as linalg.cholesky.
---@param upper? boolean
---@param options? {upper?: boolean}
---@return Tensor
function Tensor:cholesky(upper, options) end

---The lower triangular L with A = L L^T (upper = true: U with A = U^T U) for symmetric positive-definite
---matrices [..., n, n], of which only that triangle is read. Any other matrix is an error.
---@param A Tensor
---@param options? {upper?: boolean}
---@return Tensor
function tensor.linalg.cholesky(A, options) end

---Cholesky factors as linalg.cholesky gives them, and for each matrix 0, or the order of the first leading
---minor that isn't positive-definite: no error then.
---@param A Tensor
---@param options? {upper?: boolean}
---@return Tensor, Tensor
function tensor.linalg.cholesky_ex(A, options) end

---The inverse of A = L L^T, given by L (upper = true: of A = U^T U by U).
---@param L Tensor
---@param upper? boolean
---@param options? {upper?: boolean}
---@return Tensor
function tensor.cholesky_inverse(L, upper, options) end

---The inverse of A = L L^T, given by L (upper = true: of A = U^T U by U).
---@param upper? boolean
---@param options? {upper?: boolean}
---@return Tensor
function Tensor:cholesky_inverse(upper, options) end

---X with A X = B, where A = L L^T is given by L (upper = true: A = U^T U by U).
---@param B Tensor
---@param L Tensor
---@param upper? boolean
---@param options? {upper?: boolean}
---@return Tensor
function tensor.cholesky_solve(B, L, upper, options) end

---X with A X = B, where A = L L^T is given by L (upper = true: A = U^T U by U).
---@param L Tensor
---@param upper? boolean
---@param options? {upper?: boolean}
---@return Tensor
function Tensor:cholesky_solve(L, upper, options) end

---Views on up to `chunks` pieces of a dimension, all of one size but perhaps the last.
---@param input Tensor
---@param chunks integer
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor ...
function tensor.chunk(input, chunks, dim, options) end

---Views on up to `chunks` pieces of a dimension, all of one size but perhaps the last.
---@param chunks integer
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor ...
function Tensor:chunk(chunks, dim, options) end

---Elements below min become min, those above max become max; either may be missing. NaN stays. The gradient
---passes where min <= x <= max.
---@overload fun(input: Tensor|number, min?: Tensor|number, max?: Tensor|number, options?: {min?: Tensor|number, max?: Tensor|number}): Tensor
---@param input Tensor
---@param min? number
---@param max? number
---@param options? {min?: number, max?: number}
---@return Tensor
function tensor.clamp(input, min, max, options) end

---Elements below min become min, those above max become max; either may be missing. NaN stays. The gradient
---passes where min <= x <= max.
---@overload fun(self: Tensor, min?: Tensor|number, max?: Tensor|number, options?: {min?: Tensor|number, max?: Tensor|number}): Tensor
---@param min? number
---@param max? number
---@param options? {min?: number, max?: number}
---@return Tensor
function Tensor:clamp(min, max, options) end

---Elements below min become min, those above max become max; either may be missing. NaN stays. The gradient
---passes where min <= x <= max.
---@overload fun(input: Tensor|number, min?: Tensor|number, max?: Tensor|number, options?: {min?: Tensor|number, max?: Tensor|number}): Tensor
---@param input Tensor
---@param min? number
---@param max? number
---@param options? {min?: number, max?: number}
---@return Tensor
function tensor.clamp_(input, min, max, options) end

---Elements below min become min, those above max become max; either may be missing. NaN stays. The gradient
---passes where min <= x <= max.
---@overload fun(self: Tensor, min?: Tensor|number, max?: Tensor|number, options?: {min?: Tensor|number, max?: Tensor|number}): Tensor
---@param min? number
---@param max? number
---@param options? {min?: number, max?: number}
---@return Tensor
function Tensor:clamp_(min, max, options) end

---Elements above max, a number or a tensor that broadcasts, become max.
---@overload fun(input: Tensor|number, max: Tensor|number): Tensor
---@param input Tensor
---@param max number
---@return Tensor
function tensor.clamp_max(input, max) end

---Elements above max, a number or a tensor that broadcasts, become max.
---@overload fun(self: Tensor, max: Tensor|number): Tensor
---@param max number
---@return Tensor
function Tensor:clamp_max(max) end

---Elements above max, a number or a tensor that broadcasts, become max.
---@overload fun(input: Tensor|number, max: Tensor|number): Tensor
---@param input Tensor
---@param max number
---@return Tensor
function tensor.clamp_max_(input, max) end

---Elements above max, a number or a tensor that broadcasts, become max.
---@overload fun(self: Tensor, max: Tensor|number): Tensor
---@param max number
---@return Tensor
function Tensor:clamp_max_(max) end

---Elements below min, a number or a tensor that broadcasts, become min.
---@overload fun(input: Tensor|number, min: Tensor|number): Tensor
---@param input Tensor
---@param min number
---@return Tensor
function tensor.clamp_min(input, min) end

---Elements below min, a number or a tensor that broadcasts, become min.
---@overload fun(self: Tensor, min: Tensor|number): Tensor
---@param min number
---@return Tensor
function Tensor:clamp_min(min) end

---Elements below min, a number or a tensor that broadcasts, become min.
---@overload fun(input: Tensor|number, min: Tensor|number): Tensor
---@param input Tensor
---@param min number
---@return Tensor
function tensor.clamp_min_(input, min) end

---Elements below min, a number or a tensor that broadcasts, become min.
---@overload fun(self: Tensor, min: Tensor|number): Tensor
---@param min number
---@return Tensor
function Tensor:clamp_min_(min) end

---The same as clamp.
---@overload fun(input: Tensor|number, min?: Tensor|number, max?: Tensor|number, options?: {min?: Tensor|number, max?: Tensor|number}): Tensor
---@param input Tensor
---@param min? number
---@param max? number
---@param options? {min?: number, max?: number}
---@return Tensor
function tensor.clip(input, min, max, options) end

---The same as clamp.
---@overload fun(self: Tensor, min?: Tensor|number, max?: Tensor|number, options?: {min?: Tensor|number, max?: Tensor|number}): Tensor
---@param min? number
---@param max? number
---@param options? {min?: number, max?: number}
---@return Tensor
function Tensor:clip(min, max, options) end

---The same as clamp.
---@overload fun(input: Tensor|number, min?: Tensor|number, max?: Tensor|number, options?: {min?: Tensor|number, max?: Tensor|number}): Tensor
---@param input Tensor
---@param min? number
---@param max? number
---@param options? {min?: number, max?: number}
---@return Tensor
function tensor.clip_(input, min, max, options) end

---The same as clamp.
---@overload fun(self: Tensor, min?: Tensor|number, max?: Tensor|number, options?: {min?: Tensor|number, max?: Tensor|number}): Tensor
---@param min? number
---@param max? number
---@param options? {min?: number, max?: number}
---@return Tensor
function Tensor:clip_(min, max, options) end

---A copy with memory of its own. Gradients flow through it.
---@param input Tensor
---@return Tensor
function tensor.clone(input) end

---A copy with memory of its own. Gradients flow through it.
---@return Tensor
function Tensor:clone() end

---Joins tensors along a dimension: another name of cat.
---@param tensors Tensor[]
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function tensor.concat(tensors, dim, options) end

---Joins tensors along a dimension: the same as cat.
---@param tensors Tensor[]
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function tensor.concatenate(tensors, dim, options) end

---The condition numbers of matrices: the largest singular value divided by the smallest (p = -2: the inverse
---of that), for other p the norm of A times the norm of its inverse.
---@overload fun(A: Tensor, p: "fro"|"nuc"): Tensor
---@param A Tensor
---@param p? number
---@param options? {p?: number}
---@return Tensor
function tensor.linalg.cond(A, p, options) end

---The tensor itself if its elements lie in row-major order without gaps, else a copy that does.
---@return Tensor
function Tensor:contiguous() end

---Convolution (cross-correlation) of sequences: input [N, C, L] or [C, L], weight [K, C / groups, k], bias
---[K] to [N, K, L'] with L' = floor((L + 2 * padding - dilation * (k - 1) - 1) / stride) + 1. padding =
---"same" keeps the length (stride 1), "valid" is none. groups splits the channels into independent
---convolutions.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]|string
---@param dilation? integer|integer[]
---@param groups? integer
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[]|string, dilation?: integer|integer[], groups?: integer}
---@return Tensor
function tensor.conv1d(input, weight, bias, stride, padding, dilation, groups, options) end

---Convolution (cross-correlation) of sequences: input [N, C, L] or [C, L], weight [K, C / groups, k], bias
---[K] to [N, K, L'] with L' = floor((L + 2 * padding - dilation * (k - 1) - 1) / stride) + 1. padding =
---"same" keeps the length (stride 1), "valid" is none. groups splits the channels into independent
---convolutions.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]|string
---@param dilation? integer|integer[]
---@param groups? integer
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[]|string, dilation?: integer|integer[], groups?: integer}
---@return Tensor
function F.conv1d(input, weight, bias, stride, padding, dilation, groups, options) end

---Convolution (cross-correlation) of images: input [N, C, H, W] or [C, H, W], weight [K, C / groups, kH, kW],
---bias [K] to [N, K, H', W'] with H' = floor((H + 2 * padding - dilation * (kH - 1) - 1) / stride) + 1.
---padding = "same" keeps the size (stride 1), "valid" is none. groups splits the channels into independent
---convolutions.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]|string
---@param dilation? integer|integer[]
---@param groups? integer
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[]|string, dilation?: integer|integer[], groups?: integer}
---@return Tensor
function tensor.conv2d(input, weight, bias, stride, padding, dilation, groups, options) end

---Convolution (cross-correlation) of images: input [N, C, H, W] or [C, H, W], weight [K, C / groups, kH, kW],
---bias [K] to [N, K, H', W'] with H' = floor((H + 2 * padding - dilation * (kH - 1) - 1) / stride) + 1.
---padding = "same" keeps the size (stride 1), "valid" is none. groups splits the channels into independent
---convolutions.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]|string
---@param dilation? integer|integer[]
---@param groups? integer
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[]|string, dilation?: integer|integer[], groups?: integer}
---@return Tensor
function F.conv2d(input, weight, bias, stride, padding, dilation, groups, options) end

---Convolution (cross-correlation) of volumes: input [N, C, D, H, W] or [C, D, H, W], weight [K, C / groups,
---kD, kH, kW], bias [K] to [N, K, D', H', W'] with D' = floor((D + 2 * padding - dilation * (kD - 1) - 1) /
---stride) + 1. padding = "same" keeps the size (stride 1), "valid" is none. groups splits the channels into
---independent convolutions.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]|string
---@param dilation? integer|integer[]
---@param groups? integer
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[]|string, dilation?: integer|integer[], groups?: integer}
---@return Tensor
function tensor.conv3d(input, weight, bias, stride, padding, dilation, groups, options) end

---Convolution (cross-correlation) of volumes: input [N, C, D, H, W] or [C, D, H, W], weight [K, C / groups,
---kD, kH, kW], bias [K] to [N, K, D', H', W'] with D' = floor((D + 2 * padding - dilation * (kD - 1) - 1) /
---stride) + 1. padding = "same" keeps the size (stride 1), "valid" is none. groups splits the channels into
---independent convolutions.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]|string
---@param dilation? integer|integer[]
---@param groups? integer
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[]|string, dilation?: integer|integer[], groups?: integer}
---@return Tensor
function F.conv3d(input, weight, bias, stride, padding, dilation, groups, options) end

---Transposed convolution of sequences, the gradient of conv1d for its input: input [N, C, L] or [C, L],
---weight [C, K / groups, k], bias [K] to [N, K, L'] with L' = (L - 1) * stride - 2 * padding + dilation * (k
---- 1) + output_padding + 1.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param output_padding? integer|integer[]
---@param groups? integer
---@param dilation? integer|integer[]
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[], output_padding?: integer|integer[], groups?: integer, dilation?: integer|integer[]}
---@return Tensor
function tensor.conv_transpose1d(input, weight, bias, stride, padding, output_padding, groups, dilation, options) end

---Transposed convolution of sequences, the gradient of conv1d for its input: input [N, C, L] or [C, L],
---weight [C, K / groups, k], bias [K] to [N, K, L'] with L' = (L - 1) * stride - 2 * padding + dilation * (k
---- 1) + output_padding + 1.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param output_padding? integer|integer[]
---@param groups? integer
---@param dilation? integer|integer[]
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[], output_padding?: integer|integer[], groups?: integer, dilation?: integer|integer[]}
---@return Tensor
function F.conv_transpose1d(input, weight, bias, stride, padding, output_padding, groups, dilation, options) end

---Transposed convolution of images, the gradient of conv2d for its input: input [N, C, H, W] or [C, H, W],
---weight [C, K / groups, kH, kW], bias [K] to [N, K, H', W'] with H' = (H - 1) * stride - 2 * padding +
---dilation * (kH - 1) + output_padding + 1.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param output_padding? integer|integer[]
---@param groups? integer
---@param dilation? integer|integer[]
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[], output_padding?: integer|integer[], groups?: integer, dilation?: integer|integer[]}
---@return Tensor
function tensor.conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation, options) end

---Transposed convolution of images, the gradient of conv2d for its input: input [N, C, H, W] or [C, H, W],
---weight [C, K / groups, kH, kW], bias [K] to [N, K, H', W'] with H' = (H - 1) * stride - 2 * padding +
---dilation * (kH - 1) + output_padding + 1.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param output_padding? integer|integer[]
---@param groups? integer
---@param dilation? integer|integer[]
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[], output_padding?: integer|integer[], groups?: integer, dilation?: integer|integer[]}
---@return Tensor
function F.conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation, options) end

---Transposed convolution of volumes, the gradient of conv3d for its input: input [N, C, D, H, W] or [C, D, H,
---W], weight [C, K / groups, kD, kH, kW], bias [K] to [N, K, D', H', W'] with D' = (D - 1) * stride - 2 *
---padding + dilation * (kD - 1) + output_padding + 1.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param output_padding? integer|integer[]
---@param groups? integer
---@param dilation? integer|integer[]
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[], output_padding?: integer|integer[], groups?: integer, dilation?: integer|integer[]}
---@return Tensor
function tensor.conv_transpose3d(input, weight, bias, stride, padding, output_padding, groups, dilation, options) end

---Transposed convolution of volumes, the gradient of conv3d for its input: input [N, C, D, H, W] or [C, D, H,
---W], weight [C, K / groups, kD, kH, kW], bias [K] to [N, K, D', H', W'] with D' = (D - 1) * stride - 2 *
---padding + dilation * (kD - 1) + output_padding + 1.
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param output_padding? integer|integer[]
---@param groups? integer
---@param dilation? integer|integer[]
---@param options? {bias?: Tensor, stride?: integer|integer[], padding?: integer|integer[], output_padding?: integer|integer[], groups?: integer, dilation?: integer|integer[]}
---@return Tensor
function F.conv_transpose3d(input, weight, bias, stride, padding, output_padding, groups, dilation, options) end

---Writes src's elements over the tensor's, converted to its dtype; src broadcasts to its shape.
---@param src Tensor
---@param non_blocking? boolean
---@param options? {non_blocking?: boolean}
---@return Tensor
function Tensor:copy_(src, non_blocking, options) end

---The absolute value of input with the sign of other, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.copysign(input, other) end

---The absolute value of input with the sign of other, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:copysign(other) end

---The absolute value of input with the sign of other, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.copysign_(input, other) end

---The absolute value of input with the sign of other, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:copysign_(other) end

---The correlations, -1 to 1, of variables, which are rows, over observations, which are columns.
---@param input Tensor
---@return Tensor
function tensor.corrcoef(input) end

---The correlations, -1 to 1, of variables, which are rows, over observations, which are columns.
---@return Tensor
function Tensor:corrcoef() end

---Cosine of an angle in radians.
---@param input Tensor
---@return Tensor
function tensor.cos(input) end

---Cosine of an angle in radians.
---@return Tensor
function Tensor:cos() end

---Cosine of an angle in radians.
---@param input Tensor
---@return Tensor
function tensor.cos_(input) end

---Cosine of an angle in radians.
---@return Tensor
function Tensor:cos_() end

---Hyperbolic cosine.
---@param input Tensor
---@return Tensor
function tensor.cosh(input) end

---Hyperbolic cosine.
---@return Tensor
function Tensor:cosh() end

---Hyperbolic cosine.
---@param input Tensor
---@return Tensor
function tensor.cosh_(input) end

---Hyperbolic cosine.
---@return Tensor
function Tensor:cosh_() end

---How many elements are not zero, over all or over given dimensions.
---@param input Tensor
---@param dim? integer|integer[]
---@param options? {dim?: integer|integer[]}
---@return Tensor
function tensor.count_nonzero(input, dim, options) end

---How many elements are not zero, over all or over given dimensions.
---@param dim? integer|integer[]
---@param options? {dim?: integer|integer[]}
---@return Tensor
function Tensor:count_nonzero(dim, options) end

---The covariance matrix of variables, which are rows, over observations, which are columns: products of
---deviations from the means, divided by n - correction. fweights are how often, aweights how much each
---observation counts.
---@param input Tensor
---@param options? {correction?: number, fweights?: Tensor, aweights?: Tensor}
---@return Tensor
function tensor.cov(input, options) end

---The covariance matrix of variables, which are rows, over observations, which are columns: products of
---deviations from the means, divided by n - correction. fweights are how often, aweights how much each
---observation counts.
---@param options? {correction?: number, fweights?: Tensor, aweights?: Tensor}
---@return Tensor
function Tensor:cov(options) end

---The cross product of vectors of three elements along a dimension, by default the first that has three.
---@param input Tensor|number
---@param other Tensor|number
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function tensor.cross(input, other, dim, options) end

---The cross product of vectors of three elements along a dimension, by default the first that has three.
---@param other Tensor|number
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function Tensor:cross(other, dim, options) end

---The cross product of vectors of three elements along a dimension, by default the last; the others
---broadcast.
---@param input Tensor|number
---@param other Tensor|number
---@param options? {dim?: integer}
---@return Tensor
function tensor.linalg.cross(input, other, options) end

---The negative log of softmax(input) at the target class: input [N, C] (or [C], or [N, C, d1, ...]) holds
---logits, do not apply softmax before. target [N] holds class numbers from 1 to C, or is of input's shape and
---holds probabilities. weight [C] weighs the classes (the mean is over the weights), targets equal to
---ignore_index do not count, label_smoothing mixes the target with the uniform distribution.
---@param input Tensor
---@param target Tensor
---@param weight? Tensor
---@param options? {weight?: Tensor, ignore_index?: integer, label_smoothing?: number, reduction?: "none"|"mean"|"sum"}
---@return Tensor
function F.cross_entropy(input, target, weight, options) end

---Connectionist temporal classification (Graves et al. 2006): minus the logarithm of the probability of a
---sequence of classes, summed over all its alignments with time. log_probs [T, N, C] (or [T, C]) are
---log_softmax of a network's outputs, targets [N, S] classes from 1 to C without the blank (or all sequences
---one after the other), the lengths say how much of each row counts. "mean" divides each loss by its target's
---length first. zero_infinity makes losses of targets that are too long for their input 0. As in PyTorch the
---gradient is the one for log_probs that come from log_softmax.
---@param log_probs Tensor
---@param targets Tensor
---@param input_lengths integer|integer[]
---@param target_lengths integer|integer[]
---@param blank? integer
---@param reduction? "none"|"mean"|"sum"
---@param zero_infinity? boolean
---@param options? {blank?: integer, reduction?: "none"|"mean"|"sum", zero_infinity?: boolean}
---@return Tensor
function F.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity, options) end

---Running maximum along a dimension, and the position, from 1, of each: the last one of equals. NaN stays.
---@param input Tensor
---@param dim integer
---@return Tensor, Tensor
function tensor.cummax(input, dim) end

---Running maximum along a dimension, and the position, from 1, of each: the last one of equals. NaN stays.
---@param dim integer
---@return Tensor, Tensor
function Tensor:cummax(dim) end

---Running minimum along a dimension, and the position, from 1, of each: the last one of equals. NaN stays.
---@param input Tensor
---@param dim integer
---@return Tensor, Tensor
function tensor.cummin(input, dim) end

---Running minimum along a dimension, and the position, from 1, of each: the last one of equals. NaN stays.
---@param dim integer
---@return Tensor, Tensor
function Tensor:cummin(dim) end

---Running product along a dimension: each element is the product of those up to it. Integers and bool give
---int64.
---@param input Tensor
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function tensor.cumprod(input, dim, options) end

---Running product along a dimension: each element is the product of those up to it. Integers and bool give
---int64.
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function Tensor:cumprod(dim, options) end

---Running product along a dimension: each element is the product of those up to it. Integers and bool give
---int64.
---@param input Tensor
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function tensor.cumprod_(input, dim, options) end

---Running product along a dimension: each element is the product of those up to it. Integers and bool give
---int64.
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function Tensor:cumprod_(dim, options) end

---Running sum along a dimension: each element is the sum of those up to it.
---@param input Tensor
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function tensor.cumsum(input, dim, options) end

---Running sum along a dimension: each element is the sum of those up to it.
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function Tensor:cumsum(dim, options) end

---Running sum along a dimension: each element is the sum of those up to it.
---@param input Tensor
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function tensor.cumsum_(input, dim, options) end

---Running sum along a dimension: each element is the sum of those up to it.
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function Tensor:cumsum_(dim, options) end

---The running integral of y by the trapezoidal rule.
---@param y Tensor
---@param x? Tensor
---@param options? {x?: Tensor, dx?: number, dim?: integer}
---@return Tensor
function tensor.cumulative_trapezoid(y, x, options) end

---Degrees to radians.
---@param input Tensor
---@return Tensor
function tensor.deg2rad(input) end

---Degrees to radians.
---@return Tensor
function Tensor:deg2rad() end

---Degrees to radians.
---@param input Tensor
---@return Tensor
function tensor.deg2rad_(input) end

---Degrees to radians.
---@return Tensor
function Tensor:deg2rad_() end

---The determinants of square matrices [..., n, n].
---@param A Tensor
---@return Tensor
function tensor.det(A) end

---The determinants of square matrices [..., n, n].
---@return Tensor
function Tensor:det() end

---The determinants of square matrices [..., n, n].
---@param A Tensor
---@return Tensor
function tensor.linalg.det(A) end

---The same memory as a tensor without history: no gradient flows through it.
---@param input Tensor
---@return Tensor
function tensor.detach(input) end

---The same memory as a tensor without history: no gradient flows through it.
---@return Tensor
function Tensor:detach() end

---Of a vector the square matrix that has it on a diagonal, of a matrix a copy of a diagonal. [n] gives [n +
---|diagonal|, n + |diagonal|].
---@param input Tensor
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function tensor.diag(input, diagonal, options) end

---Of a vector the square matrix that has it on a diagonal, of a matrix a copy of a diagonal. [n] gives [n +
---|diagonal|, n + |diagonal|].
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function Tensor:diag(diagonal, options) end

---Zeros with the last dimension of the input on a diagonal of two new dimensions dim1 and dim2.
---@param input Tensor
---@param offset? integer
---@param dim1? integer
---@param dim2? integer
---@param options? {offset?: integer, dim1?: integer, dim2?: integer}
---@return Tensor
function tensor.diag_embed(input, offset, dim1, dim2, options) end

---Zeros with the last dimension of the input on a diagonal of two new dimensions dim1 and dim2.
---@param offset? integer
---@param dim1? integer
---@param dim2? integer
---@param options? {offset?: integer, dim1?: integer, dim2?: integer}
---@return Tensor
function Tensor:diag_embed(offset, dim1, dim2, options) end

---A view on a diagonal of two dimensions, which becomes the last dimension of the result. offset 0 is the
---main diagonal, positive ones lie above it, negative ones below.
---@param input Tensor
---@param offset? integer
---@param dim1? integer
---@param dim2? integer
---@param options? {offset?: integer, dim1?: integer, dim2?: integer}
---@return Tensor
function tensor.diagonal(input, offset, dim1, dim2, options) end

---A view on a diagonal of two dimensions, which becomes the last dimension of the result. offset 0 is the
---main diagonal, positive ones lie above it, negative ones below.
---@param offset? integer
---@param dim1? integer
---@param dim2? integer
---@param options? {offset?: integer, dim1?: integer, dim2?: integer}
---@return Tensor
function Tensor:diagonal(offset, dim1, dim2, options) end

---A view on the diagonals of matrices, by default of those in the last two dimensions.
---@param A Tensor
---@param options? {offset?: integer, dim1?: integer, dim2?: integer}
---@return Tensor
function tensor.linalg.diagonal(A, options) end

---Differences of neighbours along a dimension, n times over; one shorter each time. prepend and append are
---joined to the input first. Of bool: whether neighbours differ.
---@param input Tensor
---@param n? integer
---@param dim? integer
---@param prepend? Tensor
---@param append? Tensor
---@param options? {n?: integer, dim?: integer, prepend?: Tensor, append?: Tensor}
---@return Tensor
function tensor.diff(input, n, dim, prepend, append, options) end

---Differences of neighbours along a dimension, n times over; one shorter each time. prepend and append are
---joined to the input first. Of bool: whether neighbours differ.
---@param n? integer
---@param dim? integer
---@param prepend? Tensor
---@param append? Tensor
---@param options? {n?: integer, dim?: integer, prepend?: Tensor, append?: Tensor}
---@return Tensor
function Tensor:diff(n, dim, prepend, append, options) end

---The derivative of lgamma.
---@param input Tensor
---@return Tensor
function tensor.digamma(input) end

---The derivative of lgamma.
---@return Tensor
function Tensor:digamma() end

---The same as tensor.digamma.
---@param input Tensor
---@return Tensor
function tensor.special.digamma(input) end

---The derivative of lgamma.
---@param input Tensor
---@return Tensor
function tensor.digamma_(input) end

---The derivative of lgamma.
---@return Tensor
function Tensor:digamma_() end

---The p-norm of input - other, over all elements.
---@param input Tensor|number
---@param other Tensor|number
---@param p? number
---@param options? {p?: number}
---@return Tensor
function tensor.dist(input, other, p, options) end

---The p-norm of input - other, over all elements.
---@param other Tensor|number
---@param p? number
---@param options? {p?: number}
---@return Tensor
function Tensor:dist(other, p, options) end

---Divides input by other, elementwise. The result is floating-point: integers become float32. For other ways
---to round, see the form with rounding_mode.
---@overload fun(input: Tensor|number, other: Tensor|number): Tensor
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.div(input, other) end

---Divides input by other, elementwise. The result is floating-point: integers become float32. For other ways
---to round, see the form with rounding_mode.
---@overload fun(self: Tensor, other: Tensor|number): Tensor
---@param other Tensor|number
---@return Tensor
function Tensor:div(other) end

---Divides input by other, elementwise. The result is floating-point: integers become float32. For other ways
---to round, see the form with rounding_mode.
---@overload fun(input: Tensor|number, other: Tensor|number): Tensor
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.div_(input, other) end

---Divides input by other, elementwise. The result is floating-point: integers become float32. For other ways
---to round, see the form with rounding_mode.
---@overload fun(self: Tensor, other: Tensor|number): Tensor
---@param other Tensor|number
---@return Tensor
function Tensor:div_(other) end

---The same as div.
---@overload fun(input: Tensor|number, other: Tensor|number): Tensor
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.divide(input, other) end

---The same as div.
---@overload fun(self: Tensor, other: Tensor|number): Tensor
---@param other Tensor|number
---@return Tensor
function Tensor:divide(other) end

---The same as div.
---@overload fun(input: Tensor|number, other: Tensor|number): Tensor
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.divide_(input, other) end

---The same as div.
---@overload fun(self: Tensor, other: Tensor|number): Tensor
---@param other Tensor|number
---@return Tensor
function Tensor:divide_(other) end

---Sum of the products of the elements of two vectors of the same length.
---@param input Tensor
---@param tensor Tensor
---@return Tensor
function tensor.dot(input, tensor) end

---Sum of the products of the elements of two vectors of the same length.
---@param tensor Tensor
---@return Tensor
function Tensor:dot(tensor) end

---In training, each element becomes 0 with probability p and is otherwise divided by 1 - p, so that the mean
---stays (Srivastava et al. 2014); else input as it is.
---@param input Tensor
---@param p? number
---@param training? boolean
---@param options? {p?: number, training?: boolean}
---@return Tensor
function F.dropout(input, p, training, options) end

---In training, each element becomes 0 with probability p and is otherwise divided by 1 - p, so that the mean
---stays (Srivastava et al. 2014); else input as it is.
---@param p? number
---@param training? boolean
---@param options? {p?: number, training?: boolean}
---@return Tensor
function Tensor:dropout_(p, training, options) end

---In training, each element becomes 0 with probability p and is otherwise divided by 1 - p, so that the mean
---stays (Srivastava et al. 2014); else input as it is.
---@param input Tensor
---@param p? number
---@param training? boolean
---@param options? {p?: number, training?: boolean}
---@return Tensor
function F.dropout_(input, p, training, options) end

---The eigenvalues of square matrices [..., n, n] and the matrices whose columns are eigenvectors of length 1,
---where all of them are real numbers: they are of the input's dtype, in no particular order. A matrix with
---complex eigenvalues is an error. For symmetric matrices use linalg.eigh.
---@param A Tensor
---@return Tensor, Tensor
function tensor.linalg.eig(A) end

---The eigenvalues of symmetric matrices [..., n, n] in ascending order and the matrices whose columns are the
---eigenvectors. Only the lower (UPLO = "U": upper) triangle is read. Vectors are determined up to their sign;
---their gradient is finite only where the eigenvalues differ.
---@param A Tensor
---@param UPLO? "L"|"U"
---@param options? {UPLO?: "L"|"U"}
---@return Tensor, Tensor
function tensor.linalg.eigh(A, UPLO, options) end

---The eigenvalues of square matrices, where they are real numbers; see linalg.eig.
---@param A Tensor
---@return Tensor
function tensor.linalg.eigvals(A) end

---The eigenvalues of symmetric matrices in ascending order; of each one triangle is read.
---@param A Tensor
---@param UPLO? "L"|"U"
---@param options? {UPLO?: "L"|"U"}
---@return Tensor
function tensor.linalg.eigvalsh(A, UPLO, options) end

---Einstein's sum: each operand's dimensions get letters, letters that are missing after the arrow are summed
---over. "ij,jk->ik" is a matrix product, "ii" a trace, "bij,bjk->bik" a batch of products, "...ij->...ji" a
---transpose. Without an arrow the letters that stand once are kept, in alphabetical order. Operands are
---multiplied from the left.
---@param equation string
---@param operands Tensor[]
---@return Tensor
function tensor.einsum(equation, operands) end

---x where x > 0, else alpha * (exp(x) - 1), elementwise (Clevert et al. 2015).
---@param input Tensor
---@param alpha? number
---@param options? {alpha?: number}
---@return Tensor
function F.elu(input, alpha, options) end

---x where x > 0, else alpha * (exp(x) - 1), elementwise (Clevert et al. 2015).
---@param alpha? number
---@param options? {alpha?: number}
---@return Tensor
function Tensor:elu_(alpha, options) end

---x where x > 0, else alpha * (exp(x) - 1), elementwise (Clevert et al. 2015).
---@param input Tensor
---@param alpha? number
---@param options? {alpha?: number}
---@return Tensor
function F.elu_(input, alpha, options) end

---Rows of a table by number: input[...] of row numbers from 1, weight[rows, n], result [..., n]. The row
---padding_idx gets no gradient. With max_norm the rows that are used are first scaled down, in weight itself,
---where their norm of order norm_type is larger. scale_grad_by_freq divides the gradient of a row by how
---often it was used. Gradients are dense tensors; sparse is accepted and changes nothing.
---@param input Tensor
---@param weight Tensor
---@param padding_idx? integer
---@param max_norm? number
---@param norm_type? number
---@param scale_grad_by_freq? boolean
---@param sparse? boolean
---@param options? {padding_idx?: integer, max_norm?: number, norm_type?: number, scale_grad_by_freq?: boolean, sparse?: boolean}
---@return Tensor
function F.embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, options) end

---A tensor whose elements are not set to anything: zeros here, so that no program depends on chance.
---@param size integer|integer[]
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.empty(size, options) end

---A tensor of another one's shape and dtype whose elements are not set to anything (zeros here).
---@param input Tensor
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.empty_like(input, options) end

----x log(x), 0 at 0 and -inf below.
---@param input Tensor
---@return Tensor
function tensor.special.entr(input) end

---Where the elements are equal. (== in Lua asks whether two tensors are the same object.)
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.eq(input, other) end

---Where the elements are equal. (== in Lua asks whether two tensors are the same object.)
---@param other Tensor|number
---@return Tensor
function Tensor:eq(other) end

---Where the elements are equal. (== in Lua asks whether two tensors are the same object.)
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.eq_(input, other) end

---Where the elements are equal. (== in Lua asks whether two tensors are the same object.)
---@param other Tensor|number
---@return Tensor
function Tensor:eq_(other) end

---Whether two tensors have the same shape and equal elements: true or false. NaN is not equal to NaN.
---@param input Tensor
---@param other Tensor
---@return Tensor|boolean
function tensor.equal(input, other) end

---Whether two tensors have the same shape and equal elements: true or false. NaN is not equal to NaN.
---@param other Tensor
---@return Tensor|boolean
function Tensor:equal(other) end

---Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
---@param input Tensor
---@return Tensor
function tensor.erf(input) end

---Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
---@return Tensor
function Tensor:erf() end

---The same as tensor.erf.
---@param input Tensor
---@return Tensor
function tensor.special.erf(input) end

---Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
---@param input Tensor
---@return Tensor
function tensor.erf_(input) end

---Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
---@return Tensor
function Tensor:erf_() end

---1 - erf(x), exact for large x too.
---@param input Tensor
---@return Tensor
function tensor.erfc(input) end

---1 - erf(x), exact for large x too.
---@return Tensor
function Tensor:erfc() end

---The same as tensor.erfc.
---@param input Tensor
---@return Tensor
function tensor.special.erfc(input) end

---1 - erf(x), exact for large x too.
---@param input Tensor
---@return Tensor
function tensor.erfc_(input) end

---1 - erf(x), exact for large x too.
---@return Tensor
function Tensor:erfc_() end

---exp(x^2) erfc(x): erfc where that is too small.
---@param input Tensor
---@return Tensor
function tensor.special.erfcx(input) end

---Inverse of erf on (-1, 1).
---@param input Tensor
---@return Tensor
function tensor.erfinv(input) end

---Inverse of erf on (-1, 1).
---@return Tensor
function Tensor:erfinv() end

---The same as tensor.erfinv.
---@param input Tensor
---@return Tensor
function tensor.special.erfinv(input) end

---Inverse of erf on (-1, 1).
---@param input Tensor
---@return Tensor
function tensor.erfinv_(input) end

---Inverse of erf on (-1, 1).
---@return Tensor
function Tensor:erfinv_() end

---e to the power of each element.
---@param input Tensor
---@return Tensor
function tensor.exp(input) end

---e to the power of each element.
---@return Tensor
function Tensor:exp() end

---e to the power of each element.
---@param input Tensor
---@return Tensor
function tensor.exp_(input) end

---e to the power of each element.
---@return Tensor
function Tensor:exp_() end

---2 to the power of each element.
---@param input Tensor
---@return Tensor
function tensor.exp2(input) end

---2 to the power of each element.
---@return Tensor
function Tensor:exp2() end

---The same as tensor.exp2.
---@param input Tensor
---@return Tensor
function tensor.special.exp2(input) end

---2 to the power of each element.
---@param input Tensor
---@return Tensor
function tensor.exp2_(input) end

---2 to the power of each element.
---@return Tensor
function Tensor:exp2_() end

---A view in which dimensions of size 1 appear repeated; new ones may come in front. -1 keeps a size. No
---memory is copied: clone it before writing to it.
---@param size integer|integer[]
---@return Tensor
function Tensor:expand(size) end

---A view expanded to the shape of another tensor, see expand.
---@param other Tensor
---@return Tensor
function Tensor:expand_as(other) end

---The same as sigmoid.
---@param input Tensor
---@return Tensor
function tensor.special.expit(input) end

---exp(x) - 1, exact for small x too.
---@param input Tensor
---@return Tensor
function tensor.expm1(input) end

---exp(x) - 1, exact for small x too.
---@return Tensor
function Tensor:expm1() end

---The same as tensor.expm1.
---@param input Tensor
---@return Tensor
function tensor.special.expm1(input) end

---exp(x) - 1, exact for small x too.
---@param input Tensor
---@return Tensor
function tensor.expm1_(input) end

---exp(x) - 1, exact for small x too.
---@return Tensor
function Tensor:expm1_() end

---Fills the tensor with numbers of an exponential distribution, whose mean is 1 / lambd.
---@param lambd? number
---@param options? {lambd?: number, generator?: Generator}
---@return Tensor
function Tensor:exponential_(lambd, options) end

---Ones on the main diagonal of a matrix of n rows and m (by default n) columns, zeros elsewhere.
---@param n integer
---@param m? integer
---@param options? {m?: integer, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.eye(n, m, options) end

---Makes every element this number.
---@param value number
---@return Tensor
function Tensor:fill_(value) end

---The same as trunc.
---@param input Tensor
---@return Tensor
function tensor.fix(input) end

---The same as trunc.
---@return Tensor
function Tensor:fix() end

---The same as trunc.
---@param input Tensor
---@return Tensor
function tensor.fix_(input) end

---The same as trunc.
---@return Tensor
function Tensor:fix_() end

---Joins the dimensions from start_dim to end_dim (both included) into one. [N, C, H, W] with start_dim = 2
---gives [N, C * H * W]. A view where possible, else a copy; a 0-dim tensor becomes [1].
---@param input Tensor
---@param start_dim? integer
---@param end_dim? integer
---@param options? {start_dim?: integer, end_dim?: integer}
---@return Tensor
function tensor.flatten(input, start_dim, end_dim, options) end

---Joins the dimensions from start_dim to end_dim (both included) into one. [N, C, H, W] with start_dim = 2
---gives [N, C * H * W]. A view where possible, else a copy; a 0-dim tensor becomes [1].
---@param start_dim? integer
---@param end_dim? integer
---@param options? {start_dim?: integer, end_dim?: integer}
---@return Tensor
function Tensor:flatten(start_dim, end_dim, options) end

---A copy with the order of the elements reversed along the given dimensions.
---@param input Tensor
---@param dims integer|integer[]
---@return Tensor
function tensor.flip(input, dims) end

---A copy with the order of the elements reversed along the given dimensions.
---@param dims integer|integer[]
---@return Tensor
function Tensor:flip(dims) end

---A copy with the order reversed along dimension 2: left and right exchanged.
---@param input Tensor
---@return Tensor
function tensor.fliplr(input) end

---A copy with the order reversed along dimension 2: left and right exchanged.
---@return Tensor
function Tensor:fliplr() end

---A copy with the order reversed along dimension 1: up and down exchanged.
---@param input Tensor
---@return Tensor
function tensor.flipud(input) end

---A copy with the order reversed along dimension 1: up and down exchanged.
---@return Tensor
function Tensor:flipud() end

---input to the power of exponent in float64, elementwise.
---@param input Tensor|number
---@param exponent Tensor|number
---@return Tensor
function tensor.float_power(input, exponent) end

---input to the power of exponent in float64, elementwise.
---@param exponent Tensor|number
---@return Tensor
function Tensor:float_power(exponent) end

---The largest whole number not above x. The gradient is zero.
---@param input Tensor
---@return Tensor
function tensor.floor(input) end

---The largest whole number not above x. The gradient is zero.
---@return Tensor
function Tensor:floor() end

---The largest whole number not above x. The gradient is zero.
---@param input Tensor
---@return Tensor
function tensor.floor_(input) end

---The largest whole number not above x. The gradient is zero.
---@return Tensor
function Tensor:floor_() end

---Divides and rounds down, elementwise: floor(input / other). Operator //. Dividing an integer by zero is an
---error. The gradient is zero.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.floor_divide(input, other) end

---Divides and rounds down, elementwise: floor(input / other). Operator //. Dividing an integer by zero is an
---error. The gradient is zero.
---@param other Tensor|number
---@return Tensor
function Tensor:floor_divide(other) end

---Divides and rounds down, elementwise: floor(input / other). Operator //. Dividing an integer by zero is an
---error. The gradient is zero.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.floor_divide_(input, other) end

---Divides and rounds down, elementwise: floor(input / other). Operator //. Dividing an integer by zero is an
---error. The gradient is zero.
---@param other Tensor|number
---@return Tensor
function Tensor:floor_divide_(other) end

---The larger of two numbers, elementwise; of a NaN and a number the number.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.fmax(input, other) end

---The larger of two numbers, elementwise; of a NaN and a number the number.
---@param other Tensor|number
---@return Tensor
function Tensor:fmax(other) end

---The smaller of two numbers, elementwise; of a NaN and a number the number.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.fmin(input, other) end

---The smaller of two numbers, elementwise; of a NaN and a number the number.
---@param other Tensor|number
---@return Tensor
function Tensor:fmin(other) end

---Remainder of division, elementwise, with the sign of input (as C's fmod).
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.fmod(input, other) end

---Remainder of division, elementwise, with the sign of input (as C's fmod).
---@param other Tensor|number
---@return Tensor
function Tensor:fmod(other) end

---Remainder of division, elementwise, with the sign of input (as C's fmod).
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.fmod_(input, other) end

---Remainder of division, elementwise, with the sign of input (as C's fmod).
---@param other Tensor|number
---@return Tensor
function Tensor:fmod_(other) end

---Puts columns of blocks together to images, summing where blocks overlap: input [N, C * kH * kW, L] or [C *
---kH * kW, L] to [N, C, H, W] with output_size = {H, W}. The counterpart of F.unfold.
---@param input Tensor
---@param output_size integer|integer[]
---@param kernel_size integer|integer[]
---@param dilation? integer|integer[]
---@param padding? integer|integer[]
---@param stride? integer|integer[]
---@param options? {dilation?: integer|integer[], padding?: integer|integer[], stride?: integer|integer[]}
---@return Tensor
function F.fold(input, output_size, kernel_size, dilation, padding, stride, options) end

---The part after the point: x - trunc(x).
---@param input Tensor
---@return Tensor
function tensor.frac(input) end

---The part after the point: x - trunc(x).
---@return Tensor
function Tensor:frac() end

---The part after the point: x - trunc(x).
---@param input Tensor
---@return Tensor
function tensor.frac_(input) end

---The part after the point: x - trunc(x).
---@return Tensor
function Tensor:frac_() end

---Mantissas from 1/2 to 1 (without sign) and whole exponents: input = mantissa * 2^exponent.
---@param input Tensor
---@return Tensor, Tensor
function tensor.frexp(input) end

---Mantissas from 1/2 to 1 (without sign) and whole exponents: input = mantissa * 2^exponent.
---@return Tensor, Tensor
function Tensor:frexp() end

---A tensor of these sizes filled with a number, whose kind (float, integer, boolean) gives the dtype.
---@param size integer|integer[]
---@param fill_value number
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.full(size, fill_value, options) end

---A tensor of another one's shape and dtype, filled with a number.
---@param input Tensor
---@param fill_value number
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.full_like(input, fill_value, options) end

---The regularised lower incomplete gamma function P(a, x) = gamma(a, x) / gamma(a), from 0 to 1. It has a
---gradient for x only.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.special.gammainc(input, other) end

---The regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x). It has a gradient for x only.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.special.gammaincc(input, other) end

---The same as lgamma.
---@param input Tensor
---@return Tensor
function tensor.special.gammaln(input) end

---Picks elements along a dimension: in two dimensions with dim = 1, y[i][j] = x[index[i][j]][j]. index counts
---from 1 (negative values from the end), has as many dimensions as the input and gives the result its shape.
---@param input Tensor
---@param dim integer
---@param index Tensor
---@return Tensor
function tensor.gather(input, dim, index) end

---Picks elements along a dimension: in two dimensions with dim = 1, y[i][j] = x[index[i][j]][j]. index counts
---from 1 (negative values from the end), has as many dimensions as the input and gives the result its shape.
---@param dim integer
---@param index Tensor
---@return Tensor
function Tensor:gather(dim, index) end

---The greatest common divisor of whole numbers, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.gcd(input, other) end

---The greatest common divisor of whole numbers, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:gcd(other) end

---The greatest common divisor of whole numbers, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.gcd_(input, other) end

---The greatest common divisor of whole numbers, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:gcd_(other) end

---Where input is greater than or equal to other.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.ge(input, other) end

---Where input is greater than or equal to other.
---@param other Tensor|number
---@return Tensor
function Tensor:ge(other) end

---Where input is greater than or equal to other.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.ge_(input, other) end

---Where input is greater than or equal to other.
---@param other Tensor|number
---@return Tensor
function Tensor:ge_(other) end

---x times the normal distribution function of x: x / 2 * (1 + erf(x / sqrt 2)), elementwise; with approximate
---= "tanh" the formula of Hendrycks and Gimpel 2016.
---@param input Tensor
---@param options? {approximate?: "none"|"tanh"}
---@return Tensor
function F.gelu(input, options) end

---Fills the tensor with how many trials it takes until one succeeds, each with probability p: 1, 2, ...
---@param p number
---@param options? {generator?: Generator}
---@return Tensor
function Tensor:geometric_(p, options) end

---The same as outer.
---@param input Tensor
---@param vec2 Tensor
---@return Tensor
function tensor.ger(input, vec2) end

---The same as outer.
---@param vec2 Tensor
---@return Tensor
function Tensor:ger(vec2) end

---The same as gt.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.greater(input, other) end

---The same as gt.
---@param other Tensor|number
---@return Tensor
function Tensor:greater(other) end

---The same as gt.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.greater_(input, other) end

---The same as gt.
---@param other Tensor|number
---@return Tensor
function Tensor:greater_(other) end

---The same as ge.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.greater_equal(input, other) end

---The same as ge.
---@param other Tensor|number
---@return Tensor
function Tensor:greater_equal(other) end

---The same as ge.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.greater_equal_(input, other) end

---The same as ge.
---@param other Tensor|number
---@return Tensor
function Tensor:greater_equal_(other) end

---Where input is greater than other.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.gt(input, other) end

---Where input is greater than other.
---@param other Tensor|number
---@return Tensor
function Tensor:gt(other) end

---Where input is greater than other.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.gt_(input, other) end

---Where input is greater than other.
---@param other Tensor|number
---@return Tensor
function Tensor:gt_(other) end

---min(max(x + 3, 0), 6) / 6, elementwise.
---@param input Tensor
---@return Tensor
function F.hardsigmoid(input) end

---min(max(x + 3, 0), 6) / 6, elementwise.
---@return Tensor
function Tensor:hardsigmoid_() end

---min(max(x + 3, 0), 6) / 6, elementwise.
---@param input Tensor
---@return Tensor
function F.hardsigmoid_(input) end

---x * hardsigmoid(x), elementwise (Howard et al. 2019).
---@param input Tensor
---@return Tensor
function F.hardswish(input) end

---x * hardsigmoid(x), elementwise (Howard et al. 2019).
---@return Tensor
function Tensor:hardswish_() end

---x * hardsigmoid(x), elementwise (Howard et al. 2019).
---@param input Tensor
---@return Tensor
function F.hardswish_(input) end

---x between min_val and max_val, these beyond, elementwise.
---@param input Tensor
---@param min_val? number
---@param max_val? number
---@param options? {min_val?: number, max_val?: number}
---@return Tensor
function F.hardtanh(input, min_val, max_val, options) end

---x between min_val and max_val, these beyond, elementwise.
---@param min_val? number
---@param max_val? number
---@param options? {min_val?: number, max_val?: number}
---@return Tensor
function Tensor:hardtanh_(min_val, max_val, options) end

---x between min_val and max_val, these beyond, elementwise.
---@param input Tensor
---@param min_val? number
---@param max_val? number
---@param options? {min_val?: number, max_val?: number}
---@return Tensor
function F.hardtanh_(input, min_val, max_val, options) end

---0 where input is negative, values where it is 0, 1 where it is positive. No gradient.
---@param input Tensor
---@param values Tensor
---@return Tensor
function tensor.heaviside(input, values) end

---0 where input is negative, values where it is 0, 1 where it is positive. No gradient.
---@param values Tensor
---@return Tensor
function Tensor:heaviside(values) end

---0 where input is negative, values where it is 0, 1 where it is positive. No gradient.
---@param input Tensor
---@param values Tensor
---@return Tensor
function tensor.heaviside_(input, values) end

---0 where input is negative, values where it is 0, 1 where it is positive. No gradient.
---@param values Tensor
---@return Tensor
function Tensor:heaviside_(values) end

---A histogram: how many elements fall into each of `bins` equal parts of the range from min to max, both
---included. Others do not count. Where min and max are equal the range is that of the data.
---@param input Tensor
---@param bins? integer
---@param min? number
---@param max? number
---@param options? {bins?: integer, min?: number, max?: number}
---@return Tensor
function tensor.histc(input, bins, min, max, options) end

---A histogram: how many elements fall into each of `bins` equal parts of the range from min to max, both
---included. Others do not count. Where min and max are equal the range is that of the data.
---@param bins? integer
---@param min? number
---@param max? number
---@param options? {bins?: integer, min?: number, max?: number}
---@return Tensor
function Tensor:histc(bins, min, max, options) end

---The first n columns of H1 H2 ... Hk, where H_i = I - tau_i v_i v_i^T and v_i is column i of A [..., m, n]
---below its diagonal with a 1 on it.
---@param A Tensor
---@param tau Tensor
---@return Tensor
function tensor.linalg.householder_product(A, tau) end

---Puts tensors side by side: cat along dimension 2, of vectors along dimension 1.
---@param tensors Tensor[]
---@return Tensor
function tensor.hstack(tensors) end

---Squared below delta, linear above: 0.5 d^2 for d = |input - target| < delta, else delta (d - 0.5 delta).
---@param input Tensor
---@param target Tensor
---@param reduction? "none"|"mean"|"sum"
---@param delta? number
---@param options? {reduction?: "none"|"mean"|"sum", delta?: number, weight?: Tensor}
---@return Tensor
function F.huber_loss(input, target, reduction, delta, options) end

---The length of the hypotenuse: sqrt(input^2 + other^2), elementwise, without overflow.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.hypot(input, other) end

---The length of the hypotenuse: sqrt(input^2 + other^2), elementwise, without overflow.
---@param other Tensor|number
---@return Tensor
function Tensor:hypot(other) end

---The length of the hypotenuse: sqrt(input^2 + other^2), elementwise, without overflow.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.hypot_(input, other) end

---The length of the hypotenuse: sqrt(input^2 + other^2), elementwise, without overflow.
---@param other Tensor|number
---@return Tensor
function Tensor:hypot_(other) end

---The modified Bessel function of the first kind of order 0.
---@param input Tensor
---@return Tensor
function tensor.i0(input) end

---The modified Bessel function of the first kind of order 0.
---@return Tensor
function Tensor:i0() end

---The modified Bessel function of the first kind of order 0.
---@param input Tensor
---@return Tensor
function tensor.special.i0(input) end

---The modified Bessel function of the first kind of order 0.
---@param input Tensor
---@return Tensor
function tensor.i0_(input) end

---The modified Bessel function of the first kind of order 0.
---@return Tensor
function Tensor:i0_() end

---The modified Bessel function of the first kind of order 0.
---@param input Tensor
---@return Tensor
function tensor.special.i0_(input) end

---exp(-|x|) i0(x): no overflow.
---@param input Tensor
---@return Tensor
function tensor.special.i0e(input) end

---The modified Bessel function of the first kind of order 1.
---@param input Tensor
---@return Tensor
function tensor.special.i1(input) end

---exp(-|x|) i1(x): no overflow.
---@param input Tensor
---@return Tensor
function tensor.special.i1e(input) end

---The regularised lower incomplete gamma function: tensor.special.gammainc.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.igamma(input, other) end

---The regularised lower incomplete gamma function: tensor.special.gammainc.
---@param other Tensor|number
---@return Tensor
function Tensor:igamma(other) end

---The regularised lower incomplete gamma function: tensor.special.gammainc.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.igamma_(input, other) end

---The regularised lower incomplete gamma function: tensor.special.gammainc.
---@param other Tensor|number
---@return Tensor
function Tensor:igamma_(other) end

---The regularised upper incomplete gamma function: tensor.special.gammaincc.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.igammac(input, other) end

---The regularised upper incomplete gamma function: tensor.special.gammaincc.
---@param other Tensor|number
---@return Tensor
function Tensor:igammac(other) end

---The regularised upper incomplete gamma function: tensor.special.gammaincc.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.igammac_(input, other) end

---The regularised upper incomplete gamma function: tensor.special.gammaincc.
---@param other Tensor|number
---@return Tensor
function Tensor:igammac_(other) end

---A copy of input with the slices of source, times alpha, added to those that a list of positions names. A
---slice that is named several times gets them all.
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param source Tensor
---@param options? {alpha?: number}
---@return Tensor
function tensor.index_add(input, dim, index, source, options) end

---A copy of input with the slices of source, times alpha, added to those that a list of positions names. A
---slice that is named several times gets them all.
---@param dim integer
---@param index Tensor
---@param source Tensor
---@param options? {alpha?: number}
---@return Tensor
function Tensor:index_add(dim, index, source, options) end

---A copy of input with the slices of source, times alpha, added to those that a list of positions names. A
---slice that is named several times gets them all.
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param source Tensor
---@param options? {alpha?: number}
---@return Tensor
function tensor.index_add_(input, dim, index, source, options) end

---A copy of input with the slices of source, times alpha, added to those that a list of positions names. A
---slice that is named several times gets them all.
---@param dim integer
---@param index Tensor
---@param source Tensor
---@param options? {alpha?: number}
---@return Tensor
function Tensor:index_add_(dim, index, source, options) end

---A copy of input in which the slices that a list of positions names are those of source. Of a slice that is
---named several times the last one stays.
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param source Tensor
---@return Tensor
function tensor.index_copy(input, dim, index, source) end

---A copy of input in which the slices that a list of positions names are those of source. Of a slice that is
---named several times the last one stays.
---@param dim integer
---@param index Tensor
---@param source Tensor
---@return Tensor
function Tensor:index_copy(dim, index, source) end

---A copy of input in which the slices that a list of positions names are those of source. Of a slice that is
---named several times the last one stays.
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param source Tensor
---@return Tensor
function tensor.index_copy_(input, dim, index, source) end

---A copy of input in which the slices that a list of positions names are those of source. Of a slice that is
---named several times the last one stays.
---@param dim integer
---@param index Tensor
---@param source Tensor
---@return Tensor
function Tensor:index_copy_(dim, index, source) end

---A copy of input in which the slices that a list of positions names are filled with a 0-dim tensor.
---@overload fun(input: Tensor, dim: integer, index: Tensor, value: number): Tensor
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param value Tensor
---@return Tensor
function tensor.index_fill(input, dim, index, value) end

---A copy of input in which the slices that a list of positions names are filled with a 0-dim tensor.
---@overload fun(self: Tensor, dim: integer, index: Tensor, value: number): Tensor
---@param dim integer
---@param index Tensor
---@param value Tensor
---@return Tensor
function Tensor:index_fill(dim, index, value) end

---A copy of input in which the slices that a list of positions names are filled with a 0-dim tensor.
---@overload fun(input: Tensor, dim: integer, index: Tensor, value: number): Tensor
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param value Tensor
---@return Tensor
function tensor.index_fill_(input, dim, index, value) end

---A copy of input in which the slices that a list of positions names are filled with a 0-dim tensor.
---@overload fun(self: Tensor, dim: integer, index: Tensor, value: number): Tensor
---@param dim integer
---@param index Tensor
---@param value Tensor
---@return Tensor
function Tensor:index_fill_(dim, index, value) end

---A copy of input in which the elements that index tensors choose are `values`, which broadcast to them:
---x[{i, j}] = values. See index for the rules. The values are converted to input's dtype. With accumulate
---they are added to what is there, those of one element one after the other; without it the last one stays.
---@param input Tensor
---@param indices Tensor[]
---@param values Tensor
---@param accumulate? boolean
---@param options? {accumulate?: boolean}
---@return Tensor
function tensor.index_put(input, indices, values, accumulate, options) end

---A copy of input in which the elements that index tensors choose are `values`, which broadcast to them:
---x[{i, j}] = values. See index for the rules. The values are converted to input's dtype. With accumulate
---they are added to what is there, those of one element one after the other; without it the last one stays.
---@param indices Tensor[]
---@param values Tensor
---@param accumulate? boolean
---@param options? {accumulate?: boolean}
---@return Tensor
function Tensor:index_put(indices, values, accumulate, options) end

---A copy of input in which the elements that index tensors choose are `values`, which broadcast to them:
---x[{i, j}] = values. See index for the rules. The values are converted to input's dtype. With accumulate
---they are added to what is there, those of one element one after the other; without it the last one stays.
---@param input Tensor
---@param indices Tensor[]
---@param values Tensor
---@param accumulate? boolean
---@param options? {accumulate?: boolean}
---@return Tensor
function tensor.index_put_(input, indices, values, accumulate, options) end

---A copy of input in which the elements that index tensors choose are `values`, which broadcast to them:
---x[{i, j}] = values. See index for the rules. The values are converted to input's dtype. With accumulate
---they are added to what is there, those of one element one after the other; without it the last one stays.
---@param indices Tensor[]
---@param values Tensor
---@param accumulate? boolean
---@param options? {accumulate?: boolean}
---@return Tensor
function Tensor:index_put_(indices, values, accumulate, options) end

---A copy of the slices of a dimension that a list of positions names, in its order. Positions count from 1,
---negative ones from the end.
---@param input Tensor
---@param dim integer
---@param index Tensor
---@return Tensor
function tensor.index_select(input, dim, index) end

---A copy of the slices of a dimension that a list of positions names, in its order. Positions count from 1,
---negative ones from the end.
---@param dim integer
---@param index Tensor
---@return Tensor
function Tensor:index_select(dim, index) end

---The sums of products over the last dimensions of two tensors.
---@param input Tensor
---@param other Tensor
---@return Tensor
function tensor.inner(input, other) end

---The sums of products over the last dimensions of two tensors.
---@param other Tensor
---@return Tensor
function Tensor:inner(other) end

---Resamples input [N, C, L], [N, C, H, W] or [N, C, D, H, W] to `size` (a number or one for each dimension)
---or by `scale_factor`. mode: "nearest", "nearest-exact", "linear" (3 dimensions), "bilinear", "bicubic" (4),
---"trilinear" (5), "area" (means, as adaptive_avg_pool). align_corners puts the corners' centres on each
---other instead of the edges. antialias (bilinear, bicubic) averages over all that an element of the result
---covers.
---@param input Tensor
---@param size? integer|integer[]
---@param scale_factor? number|number[]
---@param mode? "nearest"|"linear"|"bilinear"|"bicubic"|"trilinear"|"area"|"nearest-exact"
---@param align_corners? boolean
---@param recompute_scale_factor? boolean
---@param antialias? boolean
---@param options? {size?: integer|integer[], scale_factor?: number|number[], mode?: "nearest"|"linear"|"bilinear"|"bicubic"|"trilinear"|"area"|"nearest-exact", align_corners?: boolean, recompute_scale_factor?: boolean, antialias?: boolean}
---@return Tensor
function F.interpolate(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias, options) end

---The inverses of square matrices [..., n, n]. A singular matrix is an error. To solve A X = B, linalg.solve
---is faster and more precise.
---@param A Tensor
---@return Tensor
function tensor.linalg.inv(A) end

---The inverses of square matrices: the same as linalg.inv.
---@param input Tensor
---@return Tensor
function tensor.inverse(input) end

---The inverses of square matrices: the same as linalg.inv.
---@return Tensor
function Tensor:inverse() end

---Where |input - other| <= atol + rtol * |other|. NaN is close to NaN if equal_nan says so.
---@param input Tensor
---@param other Tensor
---@param rtol? number
---@param atol? number
---@param equal_nan? boolean
---@param options? {rtol?: number, atol?: number, equal_nan?: boolean}
---@return Tensor
function tensor.isclose(input, other, rtol, atol, equal_nan, options) end

---Where |input - other| <= atol + rtol * |other|. NaN is close to NaN if equal_nan says so.
---@param other Tensor
---@param rtol? number
---@param atol? number
---@param equal_nan? boolean
---@param options? {rtol?: number, atol?: number, equal_nan?: boolean}
---@return Tensor
function Tensor:isclose(other, rtol, atol, equal_nan, options) end

---Where an element is neither infinite nor NaN.
---@param input Tensor
---@return Tensor
function tensor.isfinite(input) end

---Where an element is neither infinite nor NaN.
---@return Tensor
function Tensor:isfinite() end

---Where the elements are among the test_elements (invert: are not).
---@param elements Tensor|number
---@param test_elements Tensor|number
---@param options? {assume_unique?: boolean, invert?: boolean}
---@return Tensor
function tensor.isin(elements, test_elements, options) end

---Where an element is infinite.
---@param input Tensor
---@return Tensor
function tensor.isinf(input) end

---Where an element is infinite.
---@return Tensor
function Tensor:isinf() end

---Where an element is NaN (not a number).
---@param input Tensor
---@return Tensor
function tensor.isnan(input) end

---Where an element is NaN (not a number).
---@return Tensor
function Tensor:isnan() end

---Where elements are -infinite.
---@param input Tensor
---@return Tensor
function tensor.isneginf(input) end

---Where elements are -infinite.
---@return Tensor
function Tensor:isneginf() end

---Where elements are +infinite.
---@param input Tensor
---@return Tensor
function tensor.isposinf(input) end

---Where elements are +infinite.
---@return Tensor
function Tensor:isposinf() end

---Where elements are real numbers: everywhere.
---@param input Tensor
---@return Tensor
function tensor.isreal(input) end

---Where elements are real numbers: everywhere.
---@return Tensor
function Tensor:isreal() end

---Kullback-Leibler divergence t (log t - x) of targets t from log-probabilities x. "batchmean" divides the
---sum by the first size, which is the mathematical definition. With log_target the target is given as
---logarithms too.
---@param input Tensor
---@param target Tensor
---@param reduction? "none"|"mean"|"sum"|"batchmean"
---@param log_target? boolean
---@param options? {reduction?: "none"|"mean"|"sum"|"batchmean", log_target?: boolean}
---@return Tensor
function F.kl_div(input, target, reduction, log_target, options) end

---Kronecker's product: every element of input times all of other, in blocks.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.kron(input, other) end

---Kronecker's product: every element of input times all of other, in blocks.
---@param other Tensor|number
---@return Tensor
function Tensor:kron(other) end

---The k-th smallest element along a dimension and its position, from 1. NaN counts as the largest.
---@param input Tensor
---@param k integer
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean}
---@return Tensor, Tensor
function tensor.kthvalue(input, k, dim, keepdim, options) end

---The k-th smallest element along a dimension and its position, from 1. NaN counts as the largest.
---@param k integer
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean}
---@return Tensor, Tensor
function Tensor:kthvalue(k, dim, keepdim, options) end

---Mean absolute error: |input - target|. weight, of input's shape, weighs the elements.
---@param input Tensor
---@param target Tensor
---@param reduction? "none"|"mean"|"sum"
---@param options? {reduction?: "none"|"mean"|"sum", weight?: Tensor}
---@return Tensor
function F.l1_loss(input, target, reduction, options) end

---Normalises the last dimensions of input, those of normalized_shape, to mean 0 and variance 1, times weight
---plus bias of that shape (Ba et al. 2016).
---@param input Tensor
---@param normalized_shape integer|integer[]
---@param weight? Tensor
---@param bias? Tensor
---@param eps? number
---@param options? {weight?: Tensor, bias?: Tensor, eps?: number}
---@return Tensor
function F.layer_norm(input, normalized_shape, weight, bias, eps, options) end

---The least common multiple of whole numbers, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.lcm(input, other) end

---The least common multiple of whole numbers, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:lcm(other) end

---The least common multiple of whole numbers, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.lcm_(input, other) end

---The least common multiple of whole numbers, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:lcm_(other) end

---input times 2 to the power of other, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.ldexp(input, other) end

---input times 2 to the power of other, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:ldexp(other) end

---input times 2 to the power of other, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.ldexp_(input, other) end

---input times 2 to the power of other, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:ldexp_(other) end

---Where input is less than or equal to other.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.le(input, other) end

---Where input is less than or equal to other.
---@param other Tensor|number
---@return Tensor
function Tensor:le(other) end

---Where input is less than or equal to other.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.le_(input, other) end

---Where input is less than or equal to other.
---@param other Tensor|number
---@return Tensor
function Tensor:le_(other) end

---x where x > 0, else negative_slope * x, elementwise.
---@param input Tensor
---@param negative_slope? number
---@param options? {negative_slope?: number}
---@return Tensor
function F.leaky_relu(input, negative_slope, options) end

---x where x > 0, else negative_slope * x, elementwise.
---@param negative_slope? number
---@param options? {negative_slope?: number}
---@return Tensor
function Tensor:leaky_relu_(negative_slope, options) end

---x where x > 0, else negative_slope * x, elementwise.
---@param input Tensor
---@param negative_slope? number
---@param options? {negative_slope?: number}
---@return Tensor
function F.leaky_relu_(input, negative_slope, options) end

---Linear interpolation, elementwise: input + weight * (stop - input), which is input for weight 0 and stop
---for weight 1. The weight is a number or a tensor; all three broadcast. (PyTorch's `end` is `stop` here,
---since that is a keyword of Lua.)
---@param input Tensor|number
---@param stop Tensor|number
---@param weight Tensor|number
---@return Tensor
function tensor.lerp(input, stop, weight) end

---Linear interpolation, elementwise: input + weight * (stop - input), which is input for weight 0 and stop
---for weight 1. The weight is a number or a tensor; all three broadcast. (PyTorch's `end` is `stop` here,
---since that is a keyword of Lua.)
---@param stop Tensor|number
---@param weight Tensor|number
---@return Tensor
function Tensor:lerp(stop, weight) end

---Linear interpolation, elementwise: input + weight * (stop - input), which is input for weight 0 and stop
---for weight 1. The weight is a number or a tensor; all three broadcast. (PyTorch's `end` is `stop` here,
---since that is a keyword of Lua.)
---@param input Tensor|number
---@param stop Tensor|number
---@param weight Tensor|number
---@return Tensor
function tensor.lerp_(input, stop, weight) end

---Linear interpolation, elementwise: input + weight * (stop - input), which is input for weight 0 and stop
---for weight 1. The weight is a number or a tensor; all three broadcast. (PyTorch's `end` is `stop` here,
---since that is a keyword of Lua.)
---@param stop Tensor|number
---@param weight Tensor|number
---@return Tensor
function Tensor:lerp_(stop, weight) end

---The same as lt.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.less(input, other) end

---The same as lt.
---@param other Tensor|number
---@return Tensor
function Tensor:less(other) end

---The same as lt.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.less_(input, other) end

---The same as lt.
---@param other Tensor|number
---@return Tensor
function Tensor:less_(other) end

---The same as le.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.less_equal(input, other) end

---The same as le.
---@param other Tensor|number
---@return Tensor
function Tensor:less_equal(other) end

---The same as le.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.less_equal_(input, other) end

---The same as le.
---@param other Tensor|number
---@return Tensor
function Tensor:less_equal_(other) end

---The logarithm of |gamma(x)|; gamma(n + 1) is n!.
---@param input Tensor
---@return Tensor
function tensor.lgamma(input) end

---The logarithm of |gamma(x)|; gamma(n + 1) is n!.
---@return Tensor
function Tensor:lgamma() end

---The logarithm of |gamma(x)|; gamma(n + 1) is n!.
---@param input Tensor
---@return Tensor
function tensor.lgamma_(input) end

---The logarithm of |gamma(x)|; gamma(n + 1) is n!.
---@return Tensor
function Tensor:lgamma_() end

---x W^T + b: input [..., in], weight [out, in], bias [out] to [..., out].
---@param input Tensor
---@param weight Tensor
---@param bias? Tensor
---@param options? {bias?: Tensor}
---@return Tensor
function F.linear(input, weight, bias, options) end

---`steps` numbers at even distances from start to stop, both included.
---@param start number
---@param stop number
---@param steps integer
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.linspace(start, stop, steps, options) end

---Natural logarithm; NaN below zero.
---@param input Tensor
---@return Tensor
function tensor.log(input) end

---Natural logarithm; NaN below zero.
---@return Tensor
function Tensor:log() end

---Natural logarithm; NaN below zero.
---@param input Tensor
---@return Tensor
function tensor.log_(input) end

---Natural logarithm; NaN below zero.
---@return Tensor
function Tensor:log_() end

---Logarithm to base 10.
---@param input Tensor
---@return Tensor
function tensor.log10(input) end

---Logarithm to base 10.
---@return Tensor
function Tensor:log10() end

---Logarithm to base 10.
---@param input Tensor
---@return Tensor
function tensor.log10_(input) end

---Logarithm to base 10.
---@return Tensor
function Tensor:log10_() end

---log(1 + x), exact for small x too.
---@param input Tensor
---@return Tensor
function tensor.log1p(input) end

---log(1 + x), exact for small x too.
---@return Tensor
function Tensor:log1p() end

---The same as tensor.log1p.
---@param input Tensor
---@return Tensor
function tensor.special.log1p(input) end

---log(1 + x), exact for small x too.
---@param input Tensor
---@return Tensor
function tensor.log1p_(input) end

---log(1 + x), exact for small x too.
---@return Tensor
function Tensor:log1p_() end

---Logarithm to base 2.
---@param input Tensor
---@return Tensor
function tensor.log2(input) end

---Logarithm to base 2.
---@return Tensor
function Tensor:log2() end

---Logarithm to base 2.
---@param input Tensor
---@return Tensor
function tensor.log2_(input) end

---Logarithm to base 2.
---@return Tensor
function Tensor:log2_() end

---The logarithm of ndtr, exact far below 0 too.
---@param input Tensor
---@return Tensor
function tensor.special.log_ndtr(input) end

---Fills the tensor with numbers whose logarithms are normal, with this mean and standard deviation.
---@param mean? number
---@param std? number
---@param options? {mean?: number, std?: number, generator?: Generator}
---@return Tensor
function Tensor:log_normal_(mean, std, options) end

---log(softmax(x)) along a dimension, without the loss of digits that taking the logarithm afterwards has.
---@param input Tensor
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function tensor.log_softmax(input, dim, options) end

---log(softmax(x)) along a dimension, without the loss of digits that taking the logarithm afterwards has.
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function Tensor:log_softmax(dim, options) end

---log(softmax(x)) along a dimension, without the loss of digits that taking the logarithm afterwards has.
---@param input Tensor
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function F.log_softmax(input, dim, options) end

---log(exp(input) + exp(other)) without overflow, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.logaddexp(input, other) end

---log(exp(input) + exp(other)) without overflow, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:logaddexp(other) end

---log2(2^input + 2^other) without overflow, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.logaddexp2(input, other) end

---log2(2^input + 2^other) without overflow, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:logaddexp2(other) end

---log of the running sum of exp along a dimension, without overflow.
---@param input Tensor
---@param dim integer
---@return Tensor
function tensor.logcumsumexp(input, dim) end

---log of the running sum of exp along a dimension, without overflow.
---@param dim integer
---@return Tensor
function Tensor:logcumsumexp(dim) end

---The logarithm of the determinants of square matrices; NaN where that is negative, -inf where it is 0.
---@param input Tensor
---@return Tensor
function tensor.logdet(input) end

---The logarithm of the determinants of square matrices; NaN where that is negative, -inf where it is 0.
---@return Tensor
function Tensor:logdet() end

---True where both are not zero.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.logical_and(input, other) end

---True where both are not zero.
---@param other Tensor|number
---@return Tensor
function Tensor:logical_and(other) end

---True where both are not zero.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.logical_and_(input, other) end

---True where both are not zero.
---@param other Tensor|number
---@return Tensor
function Tensor:logical_and_(other) end

---True where an element is zero. Operator ~ of a bool tensor.
---@param input Tensor
---@return Tensor
function tensor.logical_not(input) end

---True where an element is zero. Operator ~ of a bool tensor.
---@return Tensor
function Tensor:logical_not() end

---True where an element is zero. Operator ~ of a bool tensor.
---@param input Tensor
---@return Tensor
function tensor.logical_not_(input) end

---True where an element is zero. Operator ~ of a bool tensor.
---@return Tensor
function Tensor:logical_not_() end

---True where at least one is not zero.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.logical_or(input, other) end

---True where at least one is not zero.
---@param other Tensor|number
---@return Tensor
function Tensor:logical_or(other) end

---True where at least one is not zero.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.logical_or_(input, other) end

---True where at least one is not zero.
---@param other Tensor|number
---@return Tensor
function Tensor:logical_or_(other) end

---True where exactly one is not zero.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.logical_xor(input, other) end

---True where exactly one is not zero.
---@param other Tensor|number
---@return Tensor
function Tensor:logical_xor(other) end

---True where exactly one is not zero.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.logical_xor_(input, other) end

---True where exactly one is not zero.
---@param other Tensor|number
---@return Tensor
function Tensor:logical_xor_(other) end

---log(x / (1 - x)), the inverse of sigmoid. With eps x is first brought into eps to 1 - eps; without it is
---NaN outside of 0 to 1.
---@param input Tensor
---@param eps? number
---@param options? {eps?: number}
---@return Tensor
function tensor.logit(input, eps, options) end

---log(x / (1 - x)), the inverse of sigmoid. With eps x is first brought into eps to 1 - eps; without it is
---NaN outside of 0 to 1.
---@param eps? number
---@param options? {eps?: number}
---@return Tensor
function Tensor:logit(eps, options) end

---log(x / (1 - x)), the inverse of sigmoid. With eps x is first brought into eps to 1 - eps; without it is
---NaN outside of 0 to 1.
---@param input Tensor
---@param eps? number
---@param options? {eps?: number}
---@return Tensor
function tensor.special.logit(input, eps, options) end

---log(x / (1 - x)), the inverse of sigmoid. With eps x is first brought into eps to 1 - eps; without it is
---NaN outside of 0 to 1.
---@param input Tensor
---@param eps? number
---@param options? {eps?: number}
---@return Tensor
function tensor.logit_(input, eps, options) end

---log(x / (1 - x)), the inverse of sigmoid. With eps x is first brought into eps to 1 - eps; without it is
---NaN outside of 0 to 1.
---@param eps? number
---@param options? {eps?: number}
---@return Tensor
function Tensor:logit_(eps, options) end

---log(x / (1 - x)), the inverse of sigmoid. With eps x is first brought into eps to 1 - eps; without it is
---NaN outside of 0 to 1.
---@param input Tensor
---@param eps? number
---@param options? {eps?: number}
---@return Tensor
function tensor.special.logit_(input, eps, options) end

---log(sigmoid(x)), elementwise, without underflow.
---@param input Tensor
---@return Tensor
function F.logsigmoid(input) end

---`steps` numbers whose logarithms to this base lie at even distances from start to stop.
---@param start number
---@param stop number
---@param steps integer
---@param base? number
---@param options? {base?: number, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.logspace(start, stop, steps, base, options) end

---log(sum(exp(x))) over given dimensions, without overflow.
---@param input Tensor
---@param dim integer|integer[]
---@param keepdim? boolean
---@param options? {keepdim?: boolean}
---@return Tensor
function tensor.logsumexp(input, dim, keepdim, options) end

---log(sum(exp(x))) over given dimensions, without overflow.
---@param dim integer|integer[]
---@param keepdim? boolean
---@param options? {keepdim?: boolean}
---@return Tensor
function Tensor:logsumexp(dim, keepdim, options) end

---The X with the least squared error ||A X - B|| (of several the smallest), for A [..., m, n] and B [..., m,
---k] or [..., m]; the sums of squared errors of each column (empty unless m > n and all A have full rank);
---the ranks; and the singular values. The driver "gelsy", which is the default, leaves sums and singular
---values empty, "gelsd" and "gelss" give them. Singular values below rcond times the largest count as 0; by
---default rcond is max(m, n) times the precision.
---@param A Tensor
---@param B Tensor
---@param rcond? number
---@param options? {rcond?: number, driver?: "gelsy"|"gelsd"|"gelss"}
---@return Tensor, Tensor, Tensor, Tensor
function tensor.linalg.lstsq(A, B, rcond, options) end

---Where input is less than other.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.lt(input, other) end

---Where input is less than other.
---@param other Tensor|number
---@return Tensor
function Tensor:lt(other) end

---Where input is less than other.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.lt_(input, other) end

---Where input is less than other.
---@param other Tensor|number
---@return Tensor
function Tensor:lt_(other) end

---P, L and U with A = P L U: a permutation, a lower triangular matrix with ones on its diagonal and an upper
---triangular one, for matrices [..., m, n].
---@param A Tensor
---@return Tensor, Tensor, Tensor
function tensor.linalg.lu(A) end

---The LU factorisation of matrices with row exchanges, compact (see lu_factor_ex), and the pivots. What
---lu_solve takes. A singular matrix is an error.
---@param A Tensor
---@param options? {pivot?: boolean}
---@return Tensor, Tensor
function tensor.linalg.lu_factor(A, options) end

---The LU factorisation of matrices [..., m, n] with row exchanges, A = P L U, compact: L without its ones
---below the diagonal and U on and above it, in one matrix; the pivots (row i was exchanged with row
---pivots[i], from 1); and for each matrix the number of the first pivot that is zero, or 0.
---@param A Tensor
---@param options? {pivot?: boolean, check_errors?: boolean}
---@return Tensor, Tensor, Tensor
function tensor.linalg.lu_factor_ex(A, options) end

---X with A X = b, A given by what linalg.lu_factor returns.
---@param b Tensor
---@param LU_data Tensor
---@param LU_pivots Tensor
---@return Tensor
function tensor.lu_solve(b, LU_data, LU_pivots) end

---X with A X = b, A given by what linalg.lu_factor returns.
---@param LU_data Tensor
---@param LU_pivots Tensor
---@return Tensor
function Tensor:lu_solve(LU_data, LU_pivots) end

---X with A X = B (left = false: X A = B; adjoint: with A transposed), A given by what linalg.lu_factor
---returns.
---@param LU Tensor
---@param pivots Tensor
---@param B Tensor
---@param options? {left?: boolean, adjoint?: boolean}
---@return Tensor
function tensor.linalg.lu_solve(LU, pivots, B, options) end

---P, L and U of A = P L U out of what linalg.lu_factor gives.
---@param LU_data Tensor
---@param LU_pivots Tensor
---@return Tensor, Tensor, Tensor
function tensor.lu_unpack(LU_data, LU_pivots) end

---A copy of input with the value of a 0-dim tensor where mask is true.
---@overload fun(input: Tensor, mask: Tensor, value: number): Tensor
---@param input Tensor
---@param mask Tensor
---@param value Tensor
---@return Tensor
function tensor.masked_fill(input, mask, value) end

---A copy of input with the value of a 0-dim tensor where mask is true.
---@overload fun(self: Tensor, mask: Tensor, value: number): Tensor
---@param mask Tensor
---@param value Tensor
---@return Tensor
function Tensor:masked_fill(mask, value) end

---A copy of input with the value of a 0-dim tensor where mask is true.
---@overload fun(input: Tensor, mask: Tensor, value: number): Tensor
---@param input Tensor
---@param mask Tensor
---@param value Tensor
---@return Tensor
function tensor.masked_fill_(input, mask, value) end

---A copy of input with the value of a 0-dim tensor where mask is true.
---@overload fun(self: Tensor, mask: Tensor, value: number): Tensor
---@param mask Tensor
---@param value Tensor
---@return Tensor
function Tensor:masked_fill_(mask, value) end

---A copy of input in which the places where mask is true hold the elements of source, one after the other.
---mask broadcasts to input.
---@param input Tensor
---@param mask Tensor
---@param source Tensor
---@return Tensor
function tensor.masked_scatter(input, mask, source) end

---A copy of input in which the places where mask is true hold the elements of source, one after the other.
---mask broadcasts to input.
---@param mask Tensor
---@param source Tensor
---@return Tensor
function Tensor:masked_scatter(mask, source) end

---A copy of input in which the places where mask is true hold the elements of source, one after the other.
---mask broadcasts to input.
---@param input Tensor
---@param mask Tensor
---@param source Tensor
---@return Tensor
function tensor.masked_scatter_(input, mask, source) end

---A copy of input in which the places where mask is true hold the elements of source, one after the other.
---mask broadcasts to input.
---@param mask Tensor
---@param source Tensor
---@return Tensor
function Tensor:masked_scatter_(mask, source) end

---The elements of input where mask is true, as one dimension; the two broadcast.
---@param input Tensor
---@param mask Tensor
---@return Tensor
function tensor.masked_select(input, mask) end

---The elements of input where mask is true, as one dimension; the two broadcast.
---@param mask Tensor
---@return Tensor
function Tensor:masked_select(mask) end

---Matrix product of tensors. Two vectors: their dot product. Matrix and vector: a vector. More dimensions:
---batches of matrices in the last two, the others broadcast.
---@param input Tensor
---@param other Tensor
---@return Tensor
function tensor.matmul(input, other) end

---Matrix product of tensors. Two vectors: their dot product. Matrix and vector: a vector. More dimensions:
---batches of matrices in the last two, the others broadcast.
---@param other Tensor
---@return Tensor
function Tensor:matmul(other) end

---Matrix product: the same as tensor.matmul.
---@param input Tensor
---@param other Tensor
---@return Tensor
function tensor.linalg.matmul(input, other) end

---The exponentials of square matrices: the sum of A^k / k!.
---@param input Tensor
---@return Tensor
function tensor.matrix_exp(input) end

---The exponentials of square matrices: the sum of A^k / k!.
---@return Tensor
function Tensor:matrix_exp() end

---The exponentials of square matrices: the sum of A^k / k!.
---@param input Tensor
---@return Tensor
function tensor.linalg.matrix_exp(input) end

---Norms of the matrices in two dimensions, by default the last ones: "fro", the root of the sum of squares,
---or "nuc", the sum of the singular values.
---@overload fun(A: Tensor, ord: number, dim?: integer|integer[], keepdim?: boolean, options?: {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}): Tensor
---@param A Tensor
---@param ord? "fro"|"nuc"
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {ord?: "fro"|"nuc", dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function tensor.linalg.matrix_norm(A, ord, dim, keepdim, options) end

---The n-th power of square matrices [..., n, n]; a negative n is a power of the inverse.
---@param input Tensor
---@param n integer
---@return Tensor
function tensor.matrix_power(input, n) end

---The n-th power of square matrices [..., n, n]; a negative n is a power of the inverse.
---@param n integer
---@return Tensor
function Tensor:matrix_power(n) end

---The n-th power of square matrices [..., n, n]; a negative n is a power of the inverse.
---@param input Tensor
---@param n integer
---@return Tensor
function tensor.linalg.matrix_power(input, n) end

---The ranks of matrices [..., m, n]: how many singular values are above tol, or above max(atol, rtol * the
---largest); without any of these rtol is max(m, n) times the dtype's precision.
---@param A Tensor
---@param tol? number
---@param hermitian? boolean
---@param options? {tol?: number, hermitian?: boolean, atol?: number, rtol?: number}
---@return Tensor
function tensor.linalg.matrix_rank(A, tol, hermitian, options) end

---The largest of all elements. NaN wins.
---@overload fun(input: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean}): Tensor, Tensor
---@overload fun(input: Tensor, other: Tensor): Tensor
---@param input Tensor
---@return Tensor
function tensor.max(input) end

---The largest of all elements. NaN wins.
---@overload fun(self: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean}): Tensor, Tensor
---@overload fun(self: Tensor, other: Tensor): Tensor
---@return Tensor
function Tensor:max() end

---The largest value of each window: input [N, C, L] or [C, L]. stride is kernel_size unless given. With
---return_indices also the positions, from 1 within each sequence.
---@param input Tensor
---@param kernel_size integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param dilation? integer|integer[]
---@param ceil_mode? boolean
---@param return_indices? boolean
---@param options? {stride?: integer|integer[], padding?: integer|integer[], dilation?: integer|integer[], ceil_mode?: boolean, return_indices?: boolean}
---@return Tensor, Tensor
function F.max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, options) end

---The largest value of each window: input [N, C, H, W] or [C, H, W]. stride is kernel_size unless given. With
---return_indices also the positions, from 1 within each H x W plane.
---@param input Tensor
---@param kernel_size integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param dilation? integer|integer[]
---@param ceil_mode? boolean
---@param return_indices? boolean
---@param options? {stride?: integer|integer[], padding?: integer|integer[], dilation?: integer|integer[], ceil_mode?: boolean, return_indices?: boolean}
---@return Tensor, Tensor
function F.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, options) end

---The largest value of each window: input [N, C, D, H, W] or [C, D, H, W]. stride is kernel_size unless
---given. With return_indices also the positions, from 1 within each D x H x W box.
---@param input Tensor
---@param kernel_size integer|integer[]
---@param stride? integer|integer[]
---@param padding? integer|integer[]
---@param dilation? integer|integer[]
---@param ceil_mode? boolean
---@param return_indices? boolean
---@param options? {stride?: integer|integer[], padding?: integer|integer[], dilation?: integer|integer[], ceil_mode?: boolean, return_indices?: boolean}
---@return Tensor, Tensor
function F.max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, options) end

---The larger of two elements; NaN if one of them is. Equal elements share the gradient.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.maximum(input, other) end

---The larger of two elements; NaN if one of them is. Equal elements share the gradient.
---@param other Tensor|number
---@return Tensor
function Tensor:maximum(other) end

---The mean of all elements, or over the given dimension or list of dimensions. NaN where there are none.
---@param input Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function tensor.mean(input, dim, keepdim, options) end

---The mean of all elements, or over the given dimension or list of dimensions. NaN where there are none.
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function Tensor:mean(dim, keepdim, options) end

---The median of all elements: of an even number the lower of the two in the middle. NaN if there is one.
---Elements equal to it share the gradient evenly.
---@overload fun(input: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean}): Tensor, Tensor
---@param input Tensor
---@return Tensor
function tensor.median(input) end

---The median of all elements: of an even number the lower of the two in the middle. NaN if there is one.
---Elements equal to it share the gradient evenly.
---@overload fun(self: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean}): Tensor, Tensor
---@return Tensor
function Tensor:median() end

---Grids of coordinates: of vectors of sizes n1, n2, ... one view of shape [n1, n2, ...] each. With indexing =
---"xy" the first two dimensions change places.
---@param tensors Tensor[]
---@param indexing? "ij"|"xy"
---@param options? {indexing?: "ij"|"xy"}
---@return Tensor ...
function tensor.meshgrid(tensors, indexing, options) end

---The smallest of all elements. NaN wins.
---@overload fun(input: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean}): Tensor, Tensor
---@overload fun(input: Tensor, other: Tensor): Tensor
---@param input Tensor
---@return Tensor
function tensor.min(input) end

---The smallest of all elements. NaN wins.
---@overload fun(self: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean}): Tensor, Tensor
---@overload fun(self: Tensor, other: Tensor): Tensor
---@return Tensor
function Tensor:min() end

---The smaller of two elements; NaN if one of them is. Equal elements share the gradient.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.minimum(input, other) end

---The smaller of two elements; NaN if one of them is. Equal elements share the gradient.
---@param other Tensor|number
---@return Tensor
function Tensor:minimum(other) end

---x * tanh(softplus(x)), elementwise (Misra 2019).
---@param input Tensor
---@return Tensor
function F.mish(input) end

---x * tanh(softplus(x)), elementwise (Misra 2019).
---@return Tensor
function Tensor:mish_() end

---x * tanh(softplus(x)), elementwise (Misra 2019).
---@param input Tensor
---@return Tensor
function F.mish_(input) end

---Product of two matrices: [n, m] times [m, p] is [n, p].
---@param input Tensor
---@param mat2 Tensor
---@return Tensor
function tensor.mm(input, mat2) end

---Product of two matrices: [n, m] times [m, p] is [n, p].
---@param mat2 Tensor
---@return Tensor
function Tensor:mm(mat2) end

---The most frequent value along a dimension, the smallest of those where several are, and the position, from
---1, of its last occurrence.
---@param input Tensor
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean}
---@return Tensor, Tensor
function tensor.mode(input, dim, keepdim, options) end

---The most frequent value along a dimension, the smallest of those where several are, and the position, from
---1, of its last occurrence.
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean}
---@return Tensor, Tensor
function Tensor:mode(dim, keepdim, options) end

---A view with some dimensions moved to new places: another name of movedim.
---@param input Tensor
---@param source integer|integer[]
---@param destination integer|integer[]
---@return Tensor
function tensor.moveaxis(input, source, destination) end

---A view with some dimensions moved to new places: another name of movedim.
---@param source integer|integer[]
---@param destination integer|integer[]
---@return Tensor
function Tensor:moveaxis(source, destination) end

---A view with some dimensions moved to new places; the others keep their order.
---@param input Tensor
---@param source integer|integer[]
---@param destination integer|integer[]
---@return Tensor
function tensor.movedim(input, source, destination) end

---A view with some dimensions moved to new places; the others keep their order.
---@param source integer|integer[]
---@param destination integer|integer[]
---@return Tensor
function Tensor:movedim(source, destination) end

---Mean squared error: (input - target)^2, averaged, summed or left as it is. weight, of input's shape, weighs
---the elements.
---@param input Tensor
---@param target Tensor
---@param reduction? "none"|"mean"|"sum"
---@param options? {reduction?: "none"|"mean"|"sum", weight?: Tensor}
---@return Tensor
function F.mse_loss(input, target, reduction, options) end

---The elements in ascending order along the first dimension: the values that x:sort(1) gives.
---@param input Tensor
---@return Tensor
function tensor.msort(input) end

---The elements in ascending order along the first dimension: the values that x:sort(1) gives.
---@return Tensor
function Tensor:msort() end

---Multiplies input by other, elementwise. Shapes broadcast, dtypes are promoted.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.mul(input, other) end

---Multiplies input by other, elementwise. Shapes broadcast, dtypes are promoted.
---@param other Tensor|number
---@return Tensor
function Tensor:mul(other) end

---Multiplies input by other, elementwise. Shapes broadcast, dtypes are promoted.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.mul_(input, other) end

---Multiplies input by other, elementwise. Shapes broadcast, dtypes are promoted.
---@param other Tensor|number
---@return Tensor
function Tensor:mul_(other) end

---The product of several matrices in the order of multiplications that costs least; the first and the last
---may be vectors.
---@param tensors Tensor[]
---@return Tensor
function tensor.linalg.multi_dot(tensors) end

---The logarithm of the gamma function in p dimensions, for x above (p - 1) / 2.
---@param input Tensor
---@param p integer
---@return Tensor
function tensor.special.multigammaln(input, p) end

---Draws positions, from 1, with the probabilities that the input holds (any weights: they need not sum to 1),
---for a vector or each row of a matrix. Without replacement no position is drawn twice in a row.
---@param input Tensor
---@param num_samples integer
---@param replacement? boolean
---@param options? {replacement?: boolean, generator?: Generator}
---@return Tensor
function tensor.multinomial(input, num_samples, replacement, options) end

---Draws positions, from 1, with the probabilities that the input holds (any weights: they need not sum to 1),
---for a vector or each row of a matrix. Without replacement no position is drawn twice in a row.
---@param num_samples integer
---@param replacement? boolean
---@param options? {replacement?: boolean, generator?: Generator}
---@return Tensor
function Tensor:multinomial(num_samples, replacement, options) end

---The same as mul.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.multiply(input, other) end

---The same as mul.
---@param other Tensor|number
---@return Tensor
function Tensor:multiply(other) end

---The same as mul.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.multiply_(input, other) end

---The same as mul.
---@param other Tensor|number
---@return Tensor
function Tensor:multiply_(other) end

---Product of a matrix [n, m] and a vector [m].
---@param input Tensor
---@param vec Tensor
---@return Tensor
function tensor.mv(input, vec) end

---Product of a matrix [n, m] and a vector [m].
---@param vec Tensor
---@return Tensor
function Tensor:mv(vec) end

---The logarithm of the gamma function in p dimensions, for x above (p - 1) / 2.
---@param input Tensor
---@param p integer
---@return Tensor
function tensor.mvlgamma(input, p) end

---The logarithm of the gamma function in p dimensions, for x above (p - 1) / 2.
---@param p integer
---@return Tensor
function Tensor:mvlgamma(p) end

---The logarithm of the gamma function in p dimensions, for x above (p - 1) / 2.
---@param input Tensor
---@param p integer
---@return Tensor
function tensor.mvlgamma_(input, p) end

---The logarithm of the gamma function in p dimensions, for x above (p - 1) / 2.
---@param p integer
---@return Tensor
function Tensor:mvlgamma_(p) end

---NaN replaced by nan, infinities by posinf and neginf, which are the dtype's largest and smallest number by
---default.
---@param input Tensor
---@param nan? number
---@param posinf? number
---@param neginf? number
---@param options? {nan?: number, posinf?: number, neginf?: number}
---@return Tensor
function tensor.nan_to_num(input, nan, posinf, neginf, options) end

---NaN replaced by nan, infinities by posinf and neginf, which are the dtype's largest and smallest number by
---default.
---@param nan? number
---@param posinf? number
---@param neginf? number
---@param options? {nan?: number, posinf?: number, neginf?: number}
---@return Tensor
function Tensor:nan_to_num(nan, posinf, neginf, options) end

---NaN replaced by nan, infinities by posinf and neginf, which are the dtype's largest and smallest number by
---default.
---@param input Tensor
---@param nan? number
---@param posinf? number
---@param neginf? number
---@param options? {nan?: number, posinf?: number, neginf?: number}
---@return Tensor
function tensor.nan_to_num_(input, nan, posinf, neginf, options) end

---NaN replaced by nan, infinities by posinf and neginf, which are the dtype's largest and smallest number by
---default.
---@param nan? number
---@param posinf? number
---@param neginf? number
---@param options? {nan?: number, posinf?: number, neginf?: number}
---@return Tensor
function Tensor:nan_to_num_(nan, posinf, neginf, options) end

---The mean of the elements that are not NaN, of all or over given dimensions.
---@param input Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function tensor.nanmean(input, dim, keepdim, options) end

---The mean of the elements that are not NaN, of all or over given dimensions.
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function Tensor:nanmean(dim, keepdim, options) end

---The median of all elements that are not NaN, of an even number the lower of the two in the middle.
---@overload fun(input: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean}): Tensor, Tensor
---@param input Tensor
---@return Tensor
function tensor.nanmedian(input) end

---The median of all elements that are not NaN, of an even number the lower of the two in the middle.
---@overload fun(self: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean}): Tensor, Tensor
---@return Tensor
function Tensor:nanmedian() end

---The same as quantile of the elements that are not NaN.
---@param input Tensor|number
---@param q Tensor|number
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean, interpolation?: "linear"|"lower"|"higher"|"midpoint"|"nearest"}
---@return Tensor
function tensor.nanquantile(input, q, dim, keepdim, options) end

---The same as quantile of the elements that are not NaN.
---@param q Tensor|number
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean, interpolation?: "linear"|"lower"|"higher"|"midpoint"|"nearest"}
---@return Tensor
function Tensor:nanquantile(q, dim, keepdim, options) end

---The sum of all elements or over given dimensions, NaN counted as 0.
---@param input Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function tensor.nansum(input, dim, keepdim, options) end

---The sum of all elements or over given dimensions, NaN counted as 0.
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function Tensor:nansum(dim, keepdim, options) end

---A view on `length` positions of a dimension from `start` on. start counts from 1, a negative one from the
---end.
---@param input Tensor
---@param dim integer
---@param start integer
---@param length integer
---@return Tensor
function tensor.narrow(input, dim, start, length) end

---A view on `length` positions of a dimension from `start` on. start counts from 1, a negative one from the
---end.
---@param dim integer
---@param start integer
---@param length integer
---@return Tensor
function Tensor:narrow(dim, start, length) end

---The probability that a standard normal number is below x.
---@param input Tensor
---@return Tensor
function tensor.special.ndtr(input) end

---The inverse of ndtr, for 0 to 1.
---@param input Tensor
---@return Tensor
function tensor.special.ndtri(input) end

---Where the elements differ.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.ne(input, other) end

---Where the elements differ.
---@param other Tensor|number
---@return Tensor
function Tensor:ne(other) end

---Where the elements differ.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.ne_(input, other) end

---Where the elements differ.
---@param other Tensor|number
---@return Tensor
function Tensor:ne_(other) end

---Each element with the opposite sign. Unary operator -.
---@param input Tensor
---@return Tensor
function tensor.neg(input) end

---Each element with the opposite sign. Unary operator -.
---@return Tensor
function Tensor:neg() end

---Each element with the opposite sign. Unary operator -.
---@param input Tensor
---@return Tensor
function tensor.neg_(input) end

---Each element with the opposite sign. Unary operator -.
---@return Tensor
function Tensor:neg_() end

---The same as neg.
---@param input Tensor
---@return Tensor
function tensor.negative(input) end

---The same as neg.
---@return Tensor
function Tensor:negative() end

---The same as neg.
---@param input Tensor
---@return Tensor
function tensor.negative_(input) end

---The same as neg.
---@return Tensor
function Tensor:negative_() end

---A tensor of these sizes and of this tensor's dtype, filled with a number.
---@param size integer|integer[]
---@param fill_value number
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function Tensor:new_full(size, fill_value, options) end

---Ones of these sizes and of this tensor's dtype.
---@param size integer|integer[]
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function Tensor:new_ones(size, options) end

---Zeros of these sizes and of this tensor's dtype.
---@param size integer|integer[]
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function Tensor:new_zeros(size, options) end

---The number of the dtype that is next to input in the direction of other, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.nextafter(input, other) end

---The number of the dtype that is next to input in the direction of other, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:nextafter(other) end

---The number of the dtype that is next to input in the direction of other, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.nextafter_(input, other) end

---The number of the dtype that is next to input in the direction of other, elementwise.
---@param other Tensor|number
---@return Tensor
function Tensor:nextafter_(other) end

---The negative of input at the target class: input [N, C] (or [C], or [N, C, d1, ...]) holds
---log-probabilities, target class numbers from 1. Options as in cross_entropy.
---@param input Tensor
---@param target Tensor
---@param weight? Tensor
---@param options? {weight?: Tensor, ignore_index?: integer, reduction?: "none"|"mean"|"sum"}
---@return Tensor
function F.nll_loss(input, target, weight, options) end

---The positions of the elements that are not 0 (or not false), in row-major order: [n, number of dimensions].
---They count from 1. With as_tuple one vector a dimension, fit for indexing.
---@param input Tensor
---@param options? {as_tuple?: boolean}
---@return Tensor ...
function tensor.nonzero(input, options) end

---The positions of the elements that are not 0 (or not false), in row-major order: [n, number of dimensions].
---They count from 1. With as_tuple one vector a dimension, fit for indexing.
---@param options? {as_tuple?: boolean}
---@return Tensor ...
function Tensor:nonzero(options) end

---The p-norm (sum |x|^p)^(1/p) of all elements or over given dimensions; p = 1, 2, math.huge (the largest
---|x|), 0 (how many are not zero) or any other number. The gradient of the 2-norm at 0 is 0.
---@overload fun(input: Tensor, p: "fro", dim?: integer|integer[], keepdim?: boolean, options?: {dim?: integer|integer[], keepdim?: boolean}): Tensor
---@param input Tensor
---@param p? number
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {p?: number, dim?: integer|integer[], keepdim?: boolean}
---@return Tensor
function tensor.norm(input, p, dim, keepdim, options) end

---The p-norm (sum |x|^p)^(1/p) of all elements or over given dimensions; p = 1, 2, math.huge (the largest
---|x|), 0 (how many are not zero) or any other number. The gradient of the 2-norm at 0 is 0.
---@overload fun(self: Tensor, p: "fro", dim?: integer|integer[], keepdim?: boolean, options?: {dim?: integer|integer[], keepdim?: boolean}): Tensor
---@param p? number
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {p?: number, dim?: integer|integer[], keepdim?: boolean}
---@return Tensor
function Tensor:norm(p, dim, keepdim, options) end

---The norm of a vector or a matrix, or over one or two dimensions. Without ord the root of the sum of squares
---of all elements; with it linalg.vector_norm over one dimension, linalg.matrix_norm over two.
---@overload fun(A: Tensor, ord: "fro"|"nuc", dim?: integer|integer[], keepdim?: boolean, options?: {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}): Tensor
---@param A Tensor
---@param ord? number
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {ord?: number, dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function tensor.linalg.norm(A, ord, dim, keepdim, options) end

---Normal random numbers with this mean and standard deviation, of the given sizes.
---@overload fun(mean: Tensor|number, std: Tensor|number, options?: {generator?: Generator}): Tensor
---@overload fun(mean: Tensor, options?: {generator?: Generator}): Tensor
---@param mean number
---@param std number
---@param size integer|integer[]
---@param options? {generator?: Generator, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.normal(mean, std, size, options) end

---Fills the tensor with normal random numbers.
---@param mean? number
---@param std? number
---@param options? {mean?: number, std?: number, generator?: Generator}
---@return Tensor
function Tensor:normal_(mean, std, options) end

---The same as ne.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.not_equal(input, other) end

---The same as ne.
---@param other Tensor|number
---@return Tensor
function Tensor:not_equal(other) end

---The same as ne.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.not_equal_(input, other) end

---The same as ne.
---@param other Tensor|number
---@return Tensor
function Tensor:not_equal_(other) end

---Of class numbers (from 1) the rows with a 1 at that place and 0 elsewhere: [...] becomes [...,
---num_classes], int64. num_classes = -1 takes the largest class there is.
---@param tensor Tensor
---@param num_classes? integer
---@param options? {num_classes?: integer}
---@return Tensor
function F.one_hot(tensor, num_classes, options) end

---A tensor of ones; sizes as numbers or as one table.
---@param size integer|integer[]
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.ones(size, options) end

---Ones of a tensor's shape and dtype.
---@param input Tensor
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.ones_like(input, options) end

---Outer product of two vectors: [n] and [m] to [n, m].
---@param input Tensor
---@param vec2 Tensor
---@return Tensor
function tensor.outer(input, vec2) end

---Outer product of two vectors: [n] and [m] to [n, m].
---@param vec2 Tensor
---@return Tensor
function Tensor:outer(vec2) end

---Adds elements at the borders. pad holds pairs (before, after) and begins with the last dimension: {left,
---right, top, bottom} for images. mode: "constant" (value, by default 0; negative pads take elements away),
---"reflect" (mirrored without the border element), "replicate" (the border element), "circular" (from the
---other side). The last three work on any dimensions here.
---@param input Tensor
---@param pad integer|integer[]
---@param mode? "constant"|"reflect"|"replicate"|"circular"
---@param value? number
---@param options? {mode?: "constant"|"reflect"|"replicate"|"circular", value?: number}
---@return Tensor
function F.pad(input, pad, mode, value, options) end

---A view with the dimensions in another order: dimension d of the result is dimension dims[d] of the input.
---@param input Tensor
---@param dims integer|integer[]
---@return Tensor
function tensor.permute(input, dims) end

---A view with the dimensions in another order: dimension d of the result is dimension dims[d] of the input.
---@param dims integer|integer[]
---@return Tensor
function Tensor:permute(dims) end

---The Moore-Penrose pseudoinverse of matrices [..., m, n], by their singular values (hermitian = true: by the
---eigenvalues of symmetric ones). Those not above max(atol, rtol * the largest) count as 0; without either
---rtol is max(m, n) times the dtype's precision.
---@param A Tensor
---@param options? {atol?: number, rtol?: number, hermitian?: boolean}
---@return Tensor
function tensor.linalg.pinv(A, options) end

---The pseudoinverse: the same as linalg.pinv with rtol = rcond.
---@param input Tensor
---@param rcond? number
---@param options? {rcond?: number}
---@return Tensor
function tensor.pinverse(input, rcond, options) end

---The pseudoinverse: the same as linalg.pinv with rtol = rcond.
---@param rcond? number
---@param options? {rcond?: number}
---@return Tensor
function Tensor:pinverse(rcond, options) end

---Numbers of a Poisson distribution whose rate the input is, element by element. The gradient is zero.
---@param input Tensor
---@param options? {generator?: Generator}
---@return Tensor
function tensor.poisson(input, options) end

---The n-th derivative of digamma: n = 0 is digamma, n = 1 trigamma.
---@param n integer
---@param input Tensor
---@return Tensor
function tensor.polygamma(n, input) end

---x:polygamma(n): the n-th derivative of digamma.
---@param n integer
---@return Tensor
function Tensor:polygamma(n) end

---The n-th derivative of digamma: n = 0 is digamma, n = 1 trigamma.
---@param n integer
---@param input Tensor
---@return Tensor
function tensor.special.polygamma(n, input) end

---x:polygamma(n): the n-th derivative of digamma.
---@param n integer
---@return Tensor
function Tensor:polygamma_(n) end

---The tensor itself.
---@param input Tensor
---@return Tensor
function tensor.positive(input) end

---The tensor itself.
---@return Tensor
function Tensor:positive() end

---Raises input to the power of exponent, elementwise. Operator ^. Either may be a number. An integer tensor
---cannot be raised to a negative power.
---@param input Tensor|number
---@param exponent Tensor|number
---@return Tensor
function tensor.pow(input, exponent) end

---Raises input to the power of exponent, elementwise. Operator ^. Either may be a number. An integer tensor
---cannot be raised to a negative power.
---@param exponent Tensor|number
---@return Tensor
function Tensor:pow(exponent) end

---Raises input to the power of exponent, elementwise. Operator ^. Either may be a number. An integer tensor
---cannot be raised to a negative power.
---@param input Tensor|number
---@param exponent Tensor|number
---@return Tensor
function tensor.pow_(input, exponent) end

---Raises input to the power of exponent, elementwise. Operator ^. Either may be a number. An integer tensor
---cannot be raised to a negative power.
---@param exponent Tensor|number
---@return Tensor
function Tensor:pow_(exponent) end

---The product of all elements. Integers and bool give int64.
---@overload fun(input: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean, dtype?: Dtype}): Tensor
---@param input Tensor
---@param options? {dtype?: Dtype}
---@return Tensor
function tensor.prod(input, options) end

---The product of all elements. Integers and bool give int64.
---@overload fun(self: Tensor, dim: integer, keepdim?: boolean, options?: {keepdim?: boolean, dtype?: Dtype}): Tensor
---@param options? {dtype?: Dtype}
---@return Tensor
function Tensor:prod(options) end

---The same as digamma.
---@param input Tensor
---@return Tensor
function tensor.special.psi(input) end

---Q and R with input = Q R; some = false makes Q square. The newer name is linalg.qr.
---@param input Tensor
---@param some? boolean
---@param options? {some?: boolean}
---@return Tensor, Tensor
function tensor.qr(input, some, options) end

---Q and R with input = Q R; some = false makes Q square. The newer name is linalg.qr.
---@param some? boolean
---@param options? {some?: boolean}
---@return Tensor, Tensor
function Tensor:qr(some, options) end

---Q with orthonormal columns and upper triangular R with A = Q R, for matrices [..., m, n]. mode "reduced": Q
---is [m, min(m, n)]; "complete": Q is [m, m]; "r": only R is computed, Q is empty.
---@param A Tensor
---@param mode? "reduced"|"complete"|"r"
---@param options? {mode?: "reduced"|"complete"|"r"}
---@return Tensor, Tensor
function tensor.linalg.qr(A, mode, options) end

---The values below which the part q (a number or a vector of such, 0 to 1) of the elements lies, of all or
---along a dimension; several q are the result's first dimension. Between two elements it is interpolated.
---@param input Tensor|number
---@param q Tensor|number
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean, interpolation?: "linear"|"lower"|"higher"|"midpoint"|"nearest"}
---@return Tensor
function tensor.quantile(input, q, dim, keepdim, options) end

---The values below which the part q (a number or a vector of such, 0 to 1) of the elements lies, of all or
---along a dimension; several q are the result's first dimension. Between two elements it is interpolated.
---@param q Tensor|number
---@param dim? integer
---@param keepdim? boolean
---@param options? {dim?: integer, keepdim?: boolean, interpolation?: "linear"|"lower"|"higher"|"midpoint"|"nearest"}
---@return Tensor
function Tensor:quantile(q, dim, keepdim, options) end

---Radians to degrees.
---@param input Tensor
---@return Tensor
function tensor.rad2deg(input) end

---Radians to degrees.
---@return Tensor
function Tensor:rad2deg() end

---Radians to degrees.
---@param input Tensor
---@return Tensor
function tensor.rad2deg_(input) end

---Radians to degrees.
---@return Tensor
function Tensor:rad2deg_() end

---Uniform random numbers in [0, 1) of the given sizes.
---@param size integer|integer[]
---@param options? {generator?: Generator, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.rand(size, options) end

---Uniform random numbers in [0, 1) of input's shape and dtype.
---@param input Tensor
---@param options? {generator?: Generator, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.rand_like(input, options) end

---Random whole numbers from low to high - 1 of the given sizes, int64 unless told otherwise.
---@overload fun(high: integer, size: integer|integer[], options?: {generator?: Generator, dtype?: Dtype, requires_grad?: boolean}): Tensor
---@param low integer
---@param high integer
---@param size integer|integer[]
---@param options? {generator?: Generator, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.randint(low, high, size, options) end

---Random whole numbers in the shape and dtype of the input: randint_like(x, high) from 0, randint_like(x,
---low, high) from low, to high - 1.
---@param input Tensor
---@param low integer
---@param high? integer
---@param options? {high?: integer, generator?: Generator, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.randint_like(input, low, high, options) end

---Normal random numbers, mean 0 and variance 1, of the given sizes.
---@param size integer|integer[]
---@param options? {generator?: Generator, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.randn(size, options) end

---Normal random numbers of input's shape and dtype.
---@param input Tensor
---@param options? {generator?: Generator, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.randn_like(input, options) end

---Fills the tensor with whole numbers: random_(to) from 0 to to - 1, random_(from, to) from `from` to to - 1,
---without bounds all that the dtype holds exactly.
---@param from? integer
---@param to? integer
---@param options? {from?: integer, to?: integer, generator?: Generator}
---@return Tensor
function Tensor:random_(from, to, options) end

---The numbers 1 to n in random order, int64.
---@param n integer
---@param options? {generator?: Generator, requires_grad?: boolean}
---@return Tensor
function tensor.randperm(n, options) end

---The numbers start, start + step, ... up to stop, which may be among them, as in a loop of Lua: int64 if all
---are integers, else float32.
---@param start number
---@param stop number
---@param step? number
---@param options? {step?: number, dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.range(start, stop, step, options) end

---All elements in row-major order, as one dimension: a view where possible, else a copy.
---@param input Tensor
---@return Tensor
function tensor.ravel(input) end

---All elements in row-major order, as one dimension: a view where possible, else a copy.
---@return Tensor
function Tensor:ravel() end

---One divided by each element: 1 / x.
---@param input Tensor
---@return Tensor
function tensor.reciprocal(input) end

---One divided by each element: 1 / x.
---@return Tensor
function Tensor:reciprocal() end

---One divided by each element: 1 / x.
---@param input Tensor
---@return Tensor
function tensor.reciprocal_(input) end

---One divided by each element: 1 / x.
---@return Tensor
function Tensor:reciprocal_() end

---max(x, 0), elementwise. The gradient at 0 is 0.
---@param input Tensor
---@return Tensor
function tensor.relu(input) end

---max(x, 0), elementwise. The gradient at 0 is 0.
---@return Tensor
function Tensor:relu() end

---max(x, 0), elementwise. The gradient at 0 is 0.
---@param input Tensor
---@return Tensor
function F.relu(input) end

---max(x, 0), elementwise. The gradient at 0 is 0.
---@param input Tensor
---@return Tensor
function tensor.relu_(input) end

---max(x, 0), elementwise. The gradient at 0 is 0.
---@return Tensor
function Tensor:relu_() end

---max(x, 0), elementwise. The gradient at 0 is 0.
---@param input Tensor
---@return Tensor
function F.relu_(input) end

---min(max(x, 0), 6), elementwise.
---@param input Tensor
---@return Tensor
function F.relu6(input) end

---min(max(x, 0), 6), elementwise.
---@return Tensor
function Tensor:relu6_() end

---min(max(x, 0), 6), elementwise.
---@param input Tensor
---@return Tensor
function F.relu6_(input) end

---Remainder of division, elementwise, with the sign of other: input - other * floor(input / other). Operator
---%.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.remainder(input, other) end

---Remainder of division, elementwise, with the sign of other: input - other * floor(input / other). Operator
---%.
---@param other Tensor|number
---@return Tensor
function Tensor:remainder(other) end

---Remainder of division, elementwise, with the sign of other: input - other * floor(input / other). Operator
---%.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.remainder_(input, other) end

---Remainder of division, elementwise, with the sign of other: input - other * floor(input / other). Operator
---%.
---@param other Tensor|number
---@return Tensor
function Tensor:remainder_(other) end

---Each slice along dim whose p-norm exceeds maxnorm is scaled down to it.
---@param input Tensor
---@param p number
---@param dim integer
---@param maxnorm number
---@return Tensor
function tensor.renorm(input, p, dim, maxnorm) end

---Each slice along dim whose p-norm exceeds maxnorm is scaled down to it.
---@param p number
---@param dim integer
---@param maxnorm number
---@return Tensor
function Tensor:renorm(p, dim, maxnorm) end

---Each slice along dim whose p-norm exceeds maxnorm is scaled down to it.
---@param input Tensor
---@param p number
---@param dim integer
---@param maxnorm number
---@return Tensor
function tensor.renorm_(input, p, dim, maxnorm) end

---Each slice along dim whose p-norm exceeds maxnorm is scaled down to it.
---@param p number
---@param dim integer
---@param maxnorm number
---@return Tensor
function Tensor:renorm_(p, dim, maxnorm) end

---Repeats each element (of a dimension; without dim of the flattened tensor) `repeats` times in a row.
---@overload fun(input: Tensor, repeats: Tensor, dim?: integer, options?: {dim?: integer}): Tensor
---@param input Tensor
---@param repeats integer
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function tensor.repeat_interleave(input, repeats, dim, options) end

---Repeats each element (of a dimension; without dim of the flattened tensor) `repeats` times in a row.
---@overload fun(self: Tensor, repeats: Tensor, dim?: integer, options?: {dim?: integer}): Tensor
---@param repeats integer
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function Tensor:repeat_interleave(repeats, dim, options) end

---The same elements, in row-major order, in another shape. One size may be -1 and is found from the rest. The
---result is a view where the strides allow it and a copy otherwise.
---@param input Tensor
---@param shape integer|integer[]
---@return Tensor
function tensor.reshape(input, shape) end

---The same elements, in row-major order, in another shape. One size may be -1 and is found from the rest. The
---result is a view where the strides allow it and a copy otherwise.
---@param shape integer|integer[]
---@return Tensor
function Tensor:reshape(shape) end

---The same elements in the shape of another tensor: a view where possible, else a copy.
---@param other Tensor
---@return Tensor
function Tensor:reshape_as(other) end

---A copy with the elements moved on along dimensions; those that leave at the end come in at the front. One
---shift a dimension; without dims the elements move as one row.
---@param input Tensor
---@param shifts integer|integer[]
---@param dims? integer|integer[]
---@param options? {dims?: integer|integer[]}
---@return Tensor
function tensor.roll(input, shifts, dims, options) end

---A copy with the elements moved on along dimensions; those that leave at the end come in at the front. One
---shift a dimension; without dims the elements move as one row.
---@param shifts integer|integer[]
---@param dims? integer|integer[]
---@param options? {dims?: integer|integer[]}
---@return Tensor
function Tensor:roll(shifts, dims, options) end

---The tensor turned by 90 degrees, k times, in the plane of two dimensions, from the first towards the
---second.
---@param input Tensor
---@param k? integer
---@param dims? integer|integer[]
---@param options? {k?: integer, dims?: integer|integer[]}
---@return Tensor
function tensor.rot90(input, k, dims, options) end

---The tensor turned by 90 degrees, k times, in the plane of two dimensions, from the first towards the
---second.
---@param k? integer
---@param dims? integer|integer[]
---@param options? {k?: integer, dims?: integer|integer[]}
---@return Tensor
function Tensor:rot90(k, dims, options) end

---The nearest whole number, halves to the even one; with decimals, to so many places. The gradient is zero.
---@param input Tensor
---@param options? {decimals?: integer}
---@return Tensor
function tensor.round(input, options) end

---The nearest whole number, halves to the even one; with decimals, to so many places. The gradient is zero.
---@param options? {decimals?: integer}
---@return Tensor
function Tensor:round(options) end

---The nearest whole number, halves to the even one; with decimals, to so many places. The gradient is zero.
---@param input Tensor
---@param options? {decimals?: integer}
---@return Tensor
function tensor.round_(input, options) end

---The nearest whole number, halves to the even one; with decimals, to so many places. The gradient is zero.
---@param options? {decimals?: integer}
---@return Tensor
function Tensor:round_(options) end

---The same as vstack.
---@param tensors Tensor[]
---@return Tensor
function tensor.row_stack(tensors) end

---One divided by the square root of each element.
---@param input Tensor
---@return Tensor
function tensor.rsqrt(input) end

---One divided by the square root of each element.
---@return Tensor
function Tensor:rsqrt() end

---One divided by the square root of each element.
---@param input Tensor
---@return Tensor
function tensor.rsqrt_(input) end

---One divided by the square root of each element.
---@return Tensor
function Tensor:rsqrt_() end

---other - alpha * input, elementwise.
---@param input Tensor|number
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function tensor.rsub(input, other, options) end

---softmax(query key^T * scale + attn_mask) value, over the keys (Vaswani et al. 2017). query [..., L, E], key
---[..., S, E], value [..., S, V], result [..., L, V]; scale is 1 / sqrt(E) unless given. attn_mask broadcasts
---to [..., L, S]: bool (true takes part) or numbers that are added. is_causal lets query i see the keys 1 to
---i. dropout_p drops weights, in training or not. With enable_gqa heads (the third dimension from the end) of
---query share those of key and value. Memory grows with the lengths, not with their product. A query that
---sees no key gets zeros.
---@param query Tensor
---@param key Tensor
---@param value Tensor
---@param attn_mask? Tensor
---@param dropout_p? number
---@param is_causal? boolean
---@param options? {attn_mask?: Tensor, dropout_p?: number, is_causal?: boolean, scale?: number, enable_gqa?: boolean}
---@return Tensor
function F.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, options) end

---A copy of input with elements of src written to the places that index gives along a dimension: in two
---dimensions with dim = 1, y[index[i][j]][j] = src[i][j]. Where an element is written twice the last one
---stays; reduce = "add" or "multiply" combines them.
---@overload fun(input: Tensor, dim: integer, index: Tensor, value: number, options?: {reduce?: "none"|"add"|"multiply"}): Tensor
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param src Tensor
---@param options? {reduce?: "none"|"add"|"multiply"}
---@return Tensor
function tensor.scatter(input, dim, index, src, options) end

---A copy of input with elements of src written to the places that index gives along a dimension: in two
---dimensions with dim = 1, y[index[i][j]][j] = src[i][j]. Where an element is written twice the last one
---stays; reduce = "add" or "multiply" combines them.
---@overload fun(self: Tensor, dim: integer, index: Tensor, value: number, options?: {reduce?: "none"|"add"|"multiply"}): Tensor
---@param dim integer
---@param index Tensor
---@param src Tensor
---@param options? {reduce?: "none"|"add"|"multiply"}
---@return Tensor
function Tensor:scatter(dim, index, src, options) end

---A copy of input with elements of src written to the places that index gives along a dimension: in two
---dimensions with dim = 1, y[index[i][j]][j] = src[i][j]. Where an element is written twice the last one
---stays; reduce = "add" or "multiply" combines them.
---@overload fun(input: Tensor, dim: integer, index: Tensor, value: number, options?: {reduce?: "none"|"add"|"multiply"}): Tensor
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param src Tensor
---@param options? {reduce?: "none"|"add"|"multiply"}
---@return Tensor
function tensor.scatter_(input, dim, index, src, options) end

---A copy of input with elements of src written to the places that index gives along a dimension: in two
---dimensions with dim = 1, y[index[i][j]][j] = src[i][j]. Where an element is written twice the last one
---stays; reduce = "add" or "multiply" combines them.
---@overload fun(self: Tensor, dim: integer, index: Tensor, value: number, options?: {reduce?: "none"|"add"|"multiply"}): Tensor
---@param dim integer
---@param index Tensor
---@param src Tensor
---@param options? {reduce?: "none"|"add"|"multiply"}
---@return Tensor
function Tensor:scatter_(dim, index, src, options) end

---A copy of input with elements of src added to the places that index gives along a dimension: in two
---dimensions with dim = 1, y[index[i][j]][j] += src[i][j].
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param src Tensor
---@return Tensor
function tensor.scatter_add(input, dim, index, src) end

---A copy of input with elements of src added to the places that index gives along a dimension: in two
---dimensions with dim = 1, y[index[i][j]][j] += src[i][j].
---@param dim integer
---@param index Tensor
---@param src Tensor
---@return Tensor
function Tensor:scatter_add(dim, index, src) end

---A copy of input with elements of src added to the places that index gives along a dimension: in two
---dimensions with dim = 1, y[index[i][j]][j] += src[i][j].
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param src Tensor
---@return Tensor
function tensor.scatter_add_(input, dim, index, src) end

---A copy of input with elements of src added to the places that index gives along a dimension: in two
---dimensions with dim = 1, y[index[i][j]][j] += src[i][j].
---@param dim integer
---@param index Tensor
---@param src Tensor
---@return Tensor
function Tensor:scatter_add_(dim, index, src) end

---A copy of input in which the elements of src that index sends to one place are combined, along a dimension:
---by sum, product, mean, largest or smallest. include_self tells whether the element that is there counts
---too. Among equal extremes the gradient is divided evenly.
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param src Tensor
---@param reduce "sum"|"prod"|"mean"|"amax"|"amin"
---@param options? {include_self?: boolean}
---@return Tensor
function tensor.scatter_reduce(input, dim, index, src, reduce, options) end

---A copy of input in which the elements of src that index sends to one place are combined, along a dimension:
---by sum, product, mean, largest or smallest. include_self tells whether the element that is there counts
---too. Among equal extremes the gradient is divided evenly.
---@param dim integer
---@param index Tensor
---@param src Tensor
---@param reduce "sum"|"prod"|"mean"|"amax"|"amin"
---@param options? {include_self?: boolean}
---@return Tensor
function Tensor:scatter_reduce(dim, index, src, reduce, options) end

---A copy of input in which the elements of src that index sends to one place are combined, along a dimension:
---by sum, product, mean, largest or smallest. include_self tells whether the element that is there counts
---too. Among equal extremes the gradient is divided evenly.
---@param input Tensor
---@param dim integer
---@param index Tensor
---@param src Tensor
---@param reduce "sum"|"prod"|"mean"|"amax"|"amin"
---@param options? {include_self?: boolean}
---@return Tensor
function tensor.scatter_reduce_(input, dim, index, src, reduce, options) end

---A copy of input in which the elements of src that index sends to one place are combined, along a dimension:
---by sum, product, mean, largest or smallest. include_self tells whether the element that is there counts
---too. Among equal extremes the gradient is divided evenly.
---@param dim integer
---@param index Tensor
---@param src Tensor
---@param reduce "sum"|"prod"|"mean"|"amax"|"amin"
---@param options? {include_self?: boolean}
---@return Tensor
function Tensor:scatter_reduce_(dim, index, src, reduce, options) end

---Where each value would have to be inserted for the sequence to stay in ascending order: positions from 1 to
---n + 1. Before equal elements, or behind them with right (side = "right"). The sequence is a vector, or has
---one row for each row of the values. sorter gives the order (argsort) of a sequence that is not sorted.
---@param sorted_sequence Tensor|number
---@param input Tensor|number
---@param options? {right?: boolean, side?: "left"|"right", sorter?: Tensor|number}
---@return Tensor
function tensor.searchsorted(sorted_sequence, input, options) end

---A view on one position of a dimension, which the result lacks: x:select(1, i) is x[i]. Positions count from
---1, negative ones from the end.
---@param input Tensor
---@param dim integer
---@param index integer
---@return Tensor
function tensor.select(input, dim, index) end

---A view on one position of a dimension, which the result lacks: x:select(1, i) is x[i]. Positions count from
---1, negative ones from the end.
---@param dim integer
---@param index integer
---@return Tensor
function Tensor:select(dim, index) end

---The self-normalising elu: elu with alpha = 1.6733, times 1.0507 (Klambauer et al. 2017).
---@param input Tensor
---@return Tensor
function tensor.selu(input) end

---The self-normalising elu: elu with alpha = 1.6733, times 1.0507 (Klambauer et al. 2017).
---@param input Tensor
---@return Tensor
function F.selu(input) end

---The self-normalising elu: elu with alpha = 1.6733, times 1.0507 (Klambauer et al. 2017).
---@param input Tensor
---@return Tensor
function tensor.selu_(input) end

---The self-normalising elu: elu with alpha = 1.6733, times 1.0507 (Klambauer et al. 2017).
---@return Tensor
function Tensor:selu_() end

---The self-normalising elu: elu with alpha = 1.6733, times 1.0507 (Klambauer et al. 2017).
---@param input Tensor
---@return Tensor
function F.selu_(input) end

---The same as sign.
---@param input Tensor
---@return Tensor
function tensor.sgn(input) end

---The same as sign.
---@return Tensor
function Tensor:sgn() end

---The same as sign.
---@param input Tensor
---@return Tensor
function tensor.sgn_(input) end

---The same as sign.
---@return Tensor
function Tensor:sgn_() end

---1 / (1 + exp(-x)), elementwise: any number to (0, 1).
---@param input Tensor
---@return Tensor
function tensor.sigmoid(input) end

---1 / (1 + exp(-x)), elementwise: any number to (0, 1).
---@return Tensor
function Tensor:sigmoid() end

---1 / (1 + exp(-x)), elementwise: any number to (0, 1).
---@param input Tensor
---@return Tensor
function F.sigmoid(input) end

---1 / (1 + exp(-x)), elementwise: any number to (0, 1).
---@param input Tensor
---@return Tensor
function tensor.sigmoid_(input) end

---1 / (1 + exp(-x)), elementwise: any number to (0, 1).
---@return Tensor
function Tensor:sigmoid_() end

---1 / (1 + exp(-x)), elementwise: any number to (0, 1).
---@param input Tensor
---@return Tensor
function F.sigmoid_(input) end

----1, 0 or 1. The gradient is zero.
---@param input Tensor
---@return Tensor
function tensor.sign(input) end

----1, 0 or 1. The gradient is zero.
---@return Tensor
function Tensor:sign() end

----1, 0 or 1. The gradient is zero.
---@param input Tensor
---@return Tensor
function tensor.sign_(input) end

----1, 0 or 1. The gradient is zero.
---@return Tensor
function Tensor:sign_() end

---Where elements have a minus sign, -0 included.
---@param input Tensor
---@return Tensor
function tensor.signbit(input) end

---Where elements have a minus sign, -0 included.
---@return Tensor
function Tensor:signbit() end

---x * sigmoid(x), elementwise, also known as swish.
---@param input Tensor
---@return Tensor
function F.silu(input) end

---x * sigmoid(x), elementwise, also known as swish.
---@return Tensor
function Tensor:silu_() end

---x * sigmoid(x), elementwise, also known as swish.
---@param input Tensor
---@return Tensor
function F.silu_(input) end

---Sine of an angle in radians.
---@param input Tensor
---@return Tensor
function tensor.sin(input) end

---Sine of an angle in radians.
---@return Tensor
function Tensor:sin() end

---Sine of an angle in radians.
---@param input Tensor
---@return Tensor
function tensor.sin_(input) end

---Sine of an angle in radians.
---@return Tensor
function Tensor:sin_() end

---sin(pi x) / (pi x), 1 at 0.
---@param input Tensor
---@return Tensor
function tensor.sinc(input) end

---sin(pi x) / (pi x), 1 at 0.
---@return Tensor
function Tensor:sinc() end

---sin(pi x) / (pi x), 1 at 0.
---@param input Tensor
---@return Tensor
function tensor.special.sinc(input) end

---sin(pi x) / (pi x), 1 at 0.
---@param input Tensor
---@return Tensor
function tensor.sinc_(input) end

---sin(pi x) / (pi x), 1 at 0.
---@return Tensor
function Tensor:sinc_() end

---sin(pi x) / (pi x), 1 at 0.
---@param input Tensor
---@return Tensor
function tensor.special.sinc_(input) end

---Hyperbolic sine.
---@param input Tensor
---@return Tensor
function tensor.sinh(input) end

---Hyperbolic sine.
---@return Tensor
function Tensor:sinh() end

---Hyperbolic sine.
---@param input Tensor
---@return Tensor
function tensor.sinh_(input) end

---Hyperbolic sine.
---@return Tensor
function Tensor:sinh_() end

---The sign of the determinants of square matrices and the logarithm of their absolute values: no overflow
---where det has one. A singular matrix has 0 and -inf.
---@param A Tensor
---@return Tensor, Tensor
function tensor.slogdet(A) end

---The sign of the determinants of square matrices and the logarithm of their absolute values: no overflow
---where det has one. A singular matrix has 0 and -inf.
---@return Tensor, Tensor
function Tensor:slogdet() end

---The sign of the determinants of square matrices and the logarithm of their absolute values: no overflow
---where det has one. A singular matrix has 0 and -inf.
---@param A Tensor
---@return Tensor, Tensor
function tensor.linalg.slogdet(A) end

---Squared below beta, linear above: 0.5 d^2 / beta for d = |input - target| < beta, else d - 0.5 beta.
---@param input Tensor
---@param target Tensor
---@param reduction? "none"|"mean"|"sum"
---@param beta? number
---@param options? {reduction?: "none"|"mean"|"sum", beta?: number}
---@return Tensor
function F.smooth_l1_loss(input, target, reduction, beta, options) end

---exp(x) / sum(exp(x)) along a dimension: numbers to probabilities that add up to 1. Shapes: any, the same
---out.
---@param input Tensor
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function tensor.softmax(input, dim, options) end

---exp(x) / sum(exp(x)) along a dimension: numbers to probabilities that add up to 1. Shapes: any, the same
---out.
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function Tensor:softmax(dim, options) end

---exp(x) / sum(exp(x)) along a dimension: numbers to probabilities that add up to 1. Shapes: any, the same
---out.
---@param input Tensor
---@param dim integer
---@param options? {dtype?: Dtype}
---@return Tensor
function F.softmax(input, dim, options) end

---log(1 + exp(beta * x)) / beta, elementwise: a smooth relu; x itself where beta * x > threshold.
---@param input Tensor
---@param beta? number
---@param threshold? number
---@param options? {beta?: number, threshold?: number}
---@return Tensor
function F.softplus(input, beta, threshold, options) end

---x / (1 + |x|), elementwise.
---@param input Tensor
---@return Tensor
function F.softsign(input) end

---x / (1 + |x|), elementwise.
---@return Tensor
function Tensor:softsign_() end

---x / (1 + |x|), elementwise.
---@param input Tensor
---@return Tensor
function F.softsign_(input) end

---X with A X = B (left = false: X A = B) for square A [..., n, n] and B [..., n, k] or [n]; batch dimensions
---broadcast. A singular matrix is an error.
---@param A Tensor
---@param B Tensor
---@param options? {left?: boolean}
---@return Tensor
function tensor.linalg.solve(A, B, options) end

---X with A X = B (left = false: X A = B) for triangular A [..., n, n]: only its upper or lower triangle is
---read, with unitriangular as if its diagonal held ones. Batch dimensions broadcast.
---@param A Tensor
---@param B Tensor
---@param options? {left?: boolean, unitriangular?: boolean}
---@return Tensor
function tensor.linalg.solve_triangular(A, B, options) end

---The elements in ascending (or descending) order along a dimension, and the positions they had, from 1.
---Equal elements always keep their order, so that stable changes nothing. NaN counts as the largest.
---@param input Tensor
---@param dim? integer
---@param descending? boolean
---@param options? {dim?: integer, descending?: boolean, stable?: boolean}
---@return Tensor, Tensor
function tensor.sort(input, dim, descending, options) end

---The elements in ascending (or descending) order along a dimension, and the positions they had, from 1.
---Equal elements always keep their order, so that stable changes nothing. NaN counts as the largest.
---@param dim? integer
---@param descending? boolean
---@param options? {dim?: integer, descending?: boolean, stable?: boolean}
---@return Tensor, Tensor
function Tensor:sort(dim, descending, options) end

---Views on pieces of a dimension, each of the given size; the last one may be smaller. Results are several
---values.
---@overload fun(tensor: Tensor, split_size_or_sections: integer|integer[], dim?: integer, options?: {dim?: integer}): Tensor
---@param tensor Tensor
---@param split_size_or_sections integer
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor ...
function tensor.split(tensor, split_size_or_sections, dim, options) end

---Views on pieces of a dimension, each of the given size; the last one may be smaller. Results are several
---values.
---@overload fun(self: Tensor, split_size_or_sections: integer|integer[], dim?: integer, options?: {dim?: integer}): Tensor
---@param split_size_or_sections integer
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor ...
function Tensor:split(split_size_or_sections, dim, options) end

---Square root; NaN below zero.
---@param input Tensor
---@return Tensor
function tensor.sqrt(input) end

---Square root; NaN below zero.
---@return Tensor
function Tensor:sqrt() end

---Square root; NaN below zero.
---@param input Tensor
---@return Tensor
function tensor.sqrt_(input) end

---Square root; NaN below zero.
---@return Tensor
function Tensor:sqrt_() end

---Each element times itself.
---@param input Tensor
---@return Tensor
function tensor.square(input) end

---Each element times itself.
---@return Tensor
function Tensor:square() end

---Each element times itself.
---@param input Tensor
---@return Tensor
function tensor.square_(input) end

---Each element times itself.
---@return Tensor
function Tensor:square_() end

---A view without the dimensions of size 1.
---@overload fun(input: Tensor, dim: integer|integer[]): Tensor
---@param input Tensor
---@return Tensor
function tensor.squeeze(input) end

---A view without the dimensions of size 1.
---@overload fun(self: Tensor, dim: integer|integer[]): Tensor
---@return Tensor
function Tensor:squeeze() end

---A view without the dimensions of size 1.
---@overload fun(input: Tensor, dim: integer|integer[]): Tensor
---@param input Tensor
---@return Tensor
function tensor.squeeze_(input) end

---A view without the dimensions of size 1.
---@overload fun(self: Tensor, dim: integer|integer[]): Tensor
---@return Tensor
function Tensor:squeeze_() end

---Joins tensors of one shape along a new dimension, which becomes dimension dim of the result.
---@param tensors Tensor[]
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function tensor.stack(tensors, dim, options) end

---Standard deviation: the square root of var, see there. The gradient at 0 is 0.
---@overload fun(input: Tensor, unbiased: boolean): Tensor
---@param input Tensor
---@param dim? integer|integer[]
---@param unbiased? boolean
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], unbiased?: boolean, keepdim?: boolean, correction?: number}
---@return Tensor
function tensor.std(input, dim, unbiased, keepdim, options) end

---Standard deviation: the square root of var, see there. The gradient at 0 is 0.
---@overload fun(self: Tensor, unbiased: boolean): Tensor
---@param dim? integer|integer[]
---@param unbiased? boolean
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], unbiased?: boolean, keepdim?: boolean, correction?: number}
---@return Tensor
function Tensor:std(dim, unbiased, keepdim, options) end

---The standard deviation (see std) and the mean of all elements or over given dimensions.
---@param input Tensor
---@param dim? integer|integer[]
---@param unbiased? boolean
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], unbiased?: boolean, keepdim?: boolean, correction?: number}
---@return Tensor, Tensor
function tensor.std_mean(input, dim, unbiased, keepdim, options) end

---Subtracts other, times alpha, from input, elementwise. Shapes broadcast, dtypes are promoted.
---@param input Tensor|number
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function tensor.sub(input, other, options) end

---Subtracts other, times alpha, from input, elementwise. Shapes broadcast, dtypes are promoted.
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function Tensor:sub(other, options) end

---Subtracts other, times alpha, from input, elementwise. Shapes broadcast, dtypes are promoted.
---@param input Tensor|number
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function tensor.sub_(input, other, options) end

---Subtracts other, times alpha, from input, elementwise. Shapes broadcast, dtypes are promoted.
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function Tensor:sub_(other, options) end

---The same as sub.
---@param input Tensor|number
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function tensor.subtract(input, other, options) end

---The same as sub.
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function Tensor:subtract(other, options) end

---The same as sub.
---@param input Tensor|number
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function tensor.subtract_(input, other, options) end

---The same as sub.
---@param other Tensor|number
---@param options? {alpha?: number}
---@return Tensor
function Tensor:subtract_(other, options) end

---The sum of all elements, or over the given dimension or list of dimensions, which are dropped or, with
---keepdim, kept with size 1. Integers and bool are summed as int64.
---@param input Tensor
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function tensor.sum(input, dim, keepdim, options) end

---The sum of all elements, or over the given dimension or list of dimensions, which are dropped or, with
---keepdim, kept with size 1. Integers and bool are summed as int64.
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function Tensor:sum(dim, keepdim, options) end

---Sums input over the dimensions that would have to be broadcast to bring a tensor of this size to input's.
---@param size integer|integer[]
---@return Tensor
function Tensor:sum_to_size(size) end

---U, S and V with input = U diag(S) V^T; some = false gives all vectors. The newer name is linalg.svd, whose
---third result is V^T.
---@param input Tensor
---@param some? boolean
---@param options? {some?: boolean}
---@return Tensor, Tensor, Tensor
function tensor.svd(input, some, options) end

---U, S and V with input = U diag(S) V^T; some = false gives all vectors. The newer name is linalg.svd, whose
---third result is V^T.
---@param some? boolean
---@param options? {some?: boolean}
---@return Tensor, Tensor, Tensor
function Tensor:svd(some, options) end

---U, S and V^T with A = U diag(S) V^T, for matrices [..., m, n]: orthonormal columns in U, orthonormal rows
---in V^T, and the singular values in descending order. With full_matrices = false only the first min(m, n)
---vectors. Vectors are determined up to their sign; their gradient is finite only where the singular values
---differ.
---@param A Tensor
---@param full_matrices? boolean
---@param options? {full_matrices?: boolean}
---@return Tensor, Tensor, Tensor
function tensor.linalg.svd(A, full_matrices, options) end

---The singular values of matrices [..., m, n] in descending order.
---@param A Tensor
---@return Tensor
function tensor.linalg.svdvals(A) end

---A view with two dimensions exchanged: another name of transpose.
---@param input Tensor
---@param axis0 integer
---@param axis1 integer
---@return Tensor
function tensor.swapaxes(input, axis0, axis1) end

---A view with two dimensions exchanged: another name of transpose.
---@param axis0 integer
---@param axis1 integer
---@return Tensor
function Tensor:swapaxes(axis0, axis1) end

---A view with two dimensions exchanged: another name of transpose.
---@param input Tensor
---@param axis0 integer
---@param axis1 integer
---@return Tensor
function tensor.swapaxes_(input, axis0, axis1) end

---A view with two dimensions exchanged: another name of transpose.
---@param axis0 integer
---@param axis1 integer
---@return Tensor
function Tensor:swapaxes_(axis0, axis1) end

---A view with two dimensions exchanged: another name of transpose.
---@param input Tensor
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function tensor.swapdims(input, dim0, dim1) end

---A view with two dimensions exchanged: another name of transpose.
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function Tensor:swapdims(dim0, dim1) end

---A view with two dimensions exchanged: another name of transpose.
---@param input Tensor
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function tensor.swapdims_(input, dim0, dim1) end

---A view with two dimensions exchanged: another name of transpose.
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function Tensor:swapdims_(dim0, dim1) end

---The transpose of a matrix, as a view: [n, m] becomes [m, n]. Tensors of 0 or 1 dimension stay as they are.
---@param input Tensor
---@return Tensor
function tensor.t(input) end

---The transpose of a matrix, as a view: [n, m] becomes [m, n]. Tensors of 0 or 1 dimension stay as they are.
---@return Tensor
function Tensor:t() end

---The transpose of a matrix, as a view: [n, m] becomes [m, n]. Tensors of 0 or 1 dimension stay as they are.
---@param input Tensor
---@return Tensor
function tensor.t_(input) end

---The transpose of a matrix, as a view: [n, m] becomes [m, n]. Tensors of 0 or 1 dimension stay as they are.
---@return Tensor
function Tensor:t_() end

---Picks elements of the tensor taken as one row; the result has the shape of index.
---@param input Tensor
---@param index Tensor
---@return Tensor
function tensor.take(input, index) end

---Picks elements of the tensor taken as one row; the result has the shape of index.
---@param index Tensor
---@return Tensor
function Tensor:take(index) end

---Picks elements along a dimension, as gather does, after input and indices were broadcast in the others. It
---undoes argsort and argmax; without dim both are flattened.
---@param input Tensor
---@param indices Tensor
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function tensor.take_along_dim(input, indices, dim, options) end

---Picks elements along a dimension, as gather does, after input and indices were broadcast in the others. It
---undoes argsort and argmax; without dim both are flattened.
---@param indices Tensor
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor
function Tensor:take_along_dim(indices, dim, options) end

---Tangent of an angle in radians.
---@param input Tensor
---@return Tensor
function tensor.tan(input) end

---Tangent of an angle in radians.
---@return Tensor
function Tensor:tan() end

---Tangent of an angle in radians.
---@param input Tensor
---@return Tensor
function tensor.tan_(input) end

---Tangent of an angle in radians.
---@return Tensor
function Tensor:tan_() end

---Hyperbolic tangent, elementwise: any number to (-1, 1).
---@param input Tensor
---@return Tensor
function tensor.tanh(input) end

---Hyperbolic tangent, elementwise: any number to (-1, 1).
---@return Tensor
function Tensor:tanh() end

---Hyperbolic tangent, elementwise: any number to (-1, 1).
---@param input Tensor
---@return Tensor
function F.tanh(input) end

---Hyperbolic tangent, elementwise: any number to (-1, 1).
---@param input Tensor
---@return Tensor
function tensor.tanh_(input) end

---Hyperbolic tangent, elementwise: any number to (-1, 1).
---@return Tensor
function Tensor:tanh_() end

---Hyperbolic tangent, elementwise: any number to (-1, 1).
---@param input Tensor
---@return Tensor
function F.tanh_(input) end

---x - tanh(x), elementwise.
---@param input Tensor
---@return Tensor
function F.tanhshrink(input) end

---x - tanh(x), elementwise.
---@return Tensor
function Tensor:tanhshrink_() end

---x - tanh(x), elementwise.
---@param input Tensor
---@return Tensor
function F.tanhshrink_(input) end

---Views on exactly `sections` pieces of a dimension; the first ones are larger by one where it must be.
---@param input Tensor
---@param sections integer
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor ...
function tensor.tensor_split(input, sections, dim, options) end

---Views on exactly `sections` pieces of a dimension; the first ones are larger by one where it must be.
---@param sections integer
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor ...
function Tensor:tensor_split(sections, dim, options) end

---The inverse of what tensordot(A, ind) does: A is taken as a square matrix from its last sizes to its first
---ind.
---@param A Tensor
---@param ind? integer
---@param options? {ind?: integer}
---@return Tensor
function tensor.linalg.tensorinv(A, ind, options) end

---X with tensordot(A, X) = B over all dimensions of X; the dimensions in dims are moved to A's end first.
---@param A Tensor
---@param B Tensor
---@param dims? integer|integer[]
---@param options? {dims?: integer|integer[]}
---@return Tensor
function tensor.linalg.tensorsolve(A, B, dims, options) end

---x where x > threshold, else value, elementwise.
---@param input Tensor
---@param threshold number
---@param value number
---@return Tensor
function tensor.threshold(input, threshold, value) end

---x where x > threshold, else value, elementwise.
---@param input Tensor
---@param threshold number
---@param value number
---@return Tensor
function F.threshold(input, threshold, value) end

---x where x > threshold, else value, elementwise.
---@param input Tensor
---@param threshold number
---@param value number
---@return Tensor
function tensor.threshold_(input, threshold, value) end

---x where x > threshold, else value, elementwise.
---@param threshold number
---@param value number
---@return Tensor
function Tensor:threshold_(threshold, value) end

---x where x > threshold, else value, elementwise.
---@param input Tensor
---@param threshold number
---@param value number
---@return Tensor
function F.threshold_(input, threshold, value) end

---A copy that repeats the tensor along its dimensions: what PyTorch calls repeat (a keyword of Lua) and tile.
---One number a dimension of the result; missing ones, for the first dimensions, are 1.
---@param input Tensor
---@param dims integer|integer[]
---@return Tensor
function tensor.tile(input, dims) end

---A copy that repeats the tensor along its dimensions: what PyTorch calls repeat (a keyword of Lua) and tile.
---One number a dimension of the result; missing ones, for the first dimensions, are 1.
---@param dims integer|integer[]
---@return Tensor
function Tensor:tile(dims) end

---The tensor in another dtype: itself if it has that dtype already (and copy is not asked for). Floats become
---integers by cutting off the fraction; bool is true where a number is not 0. Gradients flow between floating
---dtypes.
---@param dtype Dtype
---@param options? {copy?: boolean}
---@return Tensor
function Tensor:to(dtype, options) end

---The k largest (or with largest = false smallest) elements along a dimension and their positions, from 1; in
---order unless sorted = false. Of equal elements the first are taken. NaN counts as the largest.
---@param input Tensor
---@param k integer
---@param dim? integer
---@param largest? boolean
---@param sorted? boolean
---@param options? {dim?: integer, largest?: boolean, sorted?: boolean}
---@return Tensor, Tensor
function tensor.topk(input, k, dim, largest, sorted, options) end

---The k largest (or with largest = false smallest) elements along a dimension and their positions, from 1; in
---order unless sorted = false. Of equal elements the first are taken. NaN counts as the largest.
---@param k integer
---@param dim? integer
---@param largest? boolean
---@param sorted? boolean
---@param options? {dim?: integer, largest?: boolean, sorted?: boolean}
---@return Tensor, Tensor
function Tensor:topk(k, dim, largest, sorted, options) end

---The sum of a matrix's diagonal.
---@param input Tensor
---@return Tensor
function tensor.trace(input) end

---The sum of a matrix's diagonal.
---@return Tensor
function Tensor:trace() end

---A view with two dimensions exchanged.
---@param input Tensor
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function tensor.transpose(input, dim0, dim1) end

---A view with two dimensions exchanged.
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function Tensor:transpose(dim0, dim1) end

---A view with two dimensions exchanged.
---@param input Tensor
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function tensor.transpose_(input, dim0, dim1) end

---A view with two dimensions exchanged.
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function Tensor:transpose_(dim0, dim1) end

---The integral of y by the trapezoidal rule along a dimension, at distances dx or at the points x.
---@param y Tensor
---@param x? Tensor
---@param options? {x?: Tensor, dx?: number, dim?: integer}
---@return Tensor
function tensor.trapezoid(y, x, options) end

---The same as trapezoid.
---@param y Tensor
---@param x? Tensor
---@param options? {x?: Tensor, dx?: number, dim?: integer}
---@return Tensor
function tensor.trapz(y, x, options) end

---X with A X = b for triangular A, and A. The newer name is linalg.solve_triangular(A, b, {upper = ...}).
---@param b Tensor
---@param A Tensor
---@param upper? boolean
---@param transpose? boolean
---@param unitriangular? boolean
---@param options? {upper?: boolean, transpose?: boolean, unitriangular?: boolean}
---@return Tensor, Tensor
function tensor.triangular_solve(b, A, upper, transpose, unitriangular, options) end

---X with A X = b for triangular A, and A. The newer name is linalg.solve_triangular(A, b, {upper = ...}).
---@param A Tensor
---@param upper? boolean
---@param transpose? boolean
---@param unitriangular? boolean
---@param options? {upper?: boolean, transpose?: boolean, unitriangular?: boolean}
---@return Tensor, Tensor
function Tensor:triangular_solve(A, upper, transpose, unitriangular, options) end

---The lower triangle of the matrices in the last two dimensions, the rest 0. diagonal 0 keeps the main
---diagonal, positive ones add diagonals above it, negative ones take away.
---@param input Tensor
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function tensor.tril(input, diagonal, options) end

---The lower triangle of the matrices in the last two dimensions, the rest 0. diagonal 0 keeps the main
---diagonal, positive ones add diagonals above it, negative ones take away.
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function Tensor:tril(diagonal, options) end

---The lower triangle of the matrices in the last two dimensions, the rest 0. diagonal 0 keeps the main
---diagonal, positive ones add diagonals above it, negative ones take away.
---@param input Tensor
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function tensor.tril_(input, diagonal, options) end

---The lower triangle of the matrices in the last two dimensions, the rest 0. diagonal 0 keeps the main
---diagonal, positive ones add diagonals above it, negative ones take away.
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function Tensor:tril_(diagonal, options) end

---The upper triangle of the matrices in the last two dimensions, the rest 0. diagonal 0 keeps the main
---diagonal, positive ones take diagonals away, negative ones add some below it.
---@param input Tensor
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function tensor.triu(input, diagonal, options) end

---The upper triangle of the matrices in the last two dimensions, the rest 0. diagonal 0 keeps the main
---diagonal, positive ones take diagonals away, negative ones add some below it.
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function Tensor:triu(diagonal, options) end

---The upper triangle of the matrices in the last two dimensions, the rest 0. diagonal 0 keeps the main
---diagonal, positive ones take diagonals away, negative ones add some below it.
---@param input Tensor
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function tensor.triu_(input, diagonal, options) end

---The upper triangle of the matrices in the last two dimensions, the rest 0. diagonal 0 keeps the main
---diagonal, positive ones take diagonals away, negative ones add some below it.
---@param diagonal? integer
---@param options? {diagonal?: integer}
---@return Tensor
function Tensor:triu_(diagonal, options) end

---The same as div.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.true_divide(input, other) end

---The same as div.
---@param other Tensor|number
---@return Tensor
function Tensor:true_divide(other) end

---The same as div.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.true_divide_(input, other) end

---The same as div.
---@param other Tensor|number
---@return Tensor
function Tensor:true_divide_(other) end

---The whole part, towards zero. The gradient is zero.
---@param input Tensor
---@return Tensor
function tensor.trunc(input) end

---The whole part, towards zero. The gradient is zero.
---@return Tensor
function Tensor:trunc() end

---The whole part, towards zero. The gradient is zero.
---@param input Tensor
---@return Tensor
function tensor.trunc_(input) end

---The whole part, towards zero. The gradient is zero.
---@return Tensor
function Tensor:trunc_() end

---The tensor in the dtype of another one.
---@param other Tensor
---@return Tensor
function Tensor:type_as(other) end

---Views on every position of a dimension, which they lack.
---@param input Tensor
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor ...
function tensor.unbind(input, dim, options) end

---Views on every position of a dimension, which they lack.
---@param dim? integer
---@param options? {dim?: integer}
---@return Tensor ...
function Tensor:unbind(dim, options) end

---Splits one dimension into several, in row-major order. One of the sizes may be -1.
---@param input Tensor
---@param dim integer
---@param sizes integer|integer[]
---@return Tensor
function tensor.unflatten(input, dim, sizes) end

---Splits one dimension into several, in row-major order. One of the sizes may be -1.
---@param dim integer
---@param sizes integer|integer[]
---@return Tensor
function Tensor:unflatten(dim, sizes) end

---Windows of a size at steps along a dimension, which becomes the number of windows; their elements lie along
---a new last dimension. A view: windows may overlap.
---@param dimension integer
---@param size integer
---@param step integer
---@return Tensor
function Tensor:unfold(dimension, size, step) end

---The blocks of images as columns: input [N, C, H, W] or [C, H, W] to [N, C * kH * kW, L], one column for
---each of the L places of a block, row by row. Outside of the image are zeros.
---@param input Tensor
---@param kernel_size integer|integer[]
---@param dilation? integer|integer[]
---@param padding? integer|integer[]
---@param stride? integer|integer[]
---@param options? {dilation?: integer|integer[], padding?: integer|integer[], stride?: integer|integer[]}
---@return Tensor
function F.unfold(input, kernel_size, dilation, padding, stride, options) end

---Fills the tensor with uniform random numbers in [from, to).
---@param from? number
---@param to? number
---@param options? {from?: number, to?: number, generator?: Generator}
---@return Tensor
function Tensor:uniform_(from, to, options) end

---The different values of all elements, in ascending order (sorted changes nothing); on request also where
---each element's value stands among them, from 1, and how often each occurs. Every NaN is a value of its own.
---With dim the different slices along that dimension, in the order of their elements.
---@param input Tensor
---@param sorted? boolean
---@param return_inverse? boolean
---@param return_counts? boolean
---@param dim? integer
---@param options? {sorted?: boolean, return_inverse?: boolean, return_counts?: boolean, dim?: integer}
---@return Tensor ...
function tensor.unique(input, sorted, return_inverse, return_counts, dim, options) end

---The different values of all elements, in ascending order (sorted changes nothing); on request also where
---each element's value stands among them, from 1, and how often each occurs. Every NaN is a value of its own.
---With dim the different slices along that dimension, in the order of their elements.
---@param sorted? boolean
---@param return_inverse? boolean
---@param return_counts? boolean
---@param dim? integer
---@param options? {sorted?: boolean, return_inverse?: boolean, return_counts?: boolean, dim?: integer}
---@return Tensor ...
function Tensor:unique(sorted, return_inverse, return_counts, dim, options) end

---A view with one more dimension of size 1, which becomes dimension dim of the result.
---@param input Tensor
---@param dim integer
---@return Tensor
function tensor.unsqueeze(input, dim) end

---A view with one more dimension of size 1, which becomes dimension dim of the result.
---@param dim integer
---@return Tensor
function Tensor:unsqueeze(dim) end

---A view with one more dimension of size 1, which becomes dimension dim of the result.
---@param input Tensor
---@param dim integer
---@return Tensor
function tensor.unsqueeze_(input, dim) end

---A view with one more dimension of size 1, which becomes dimension dim of the result.
---@param dim integer
---@return Tensor
function Tensor:unsqueeze_(dim) end

---Variance over all elements or given dimensions: squared deviations from the mean, divided by n - correction
---(unbiased = false is correction = 0).
---@overload fun(input: Tensor, unbiased: boolean): Tensor
---@param input Tensor
---@param dim? integer|integer[]
---@param unbiased? boolean
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], unbiased?: boolean, keepdim?: boolean, correction?: number}
---@return Tensor
function tensor.var(input, dim, unbiased, keepdim, options) end

---Variance over all elements or given dimensions: squared deviations from the mean, divided by n - correction
---(unbiased = false is correction = 0).
---@overload fun(self: Tensor, unbiased: boolean): Tensor
---@param dim? integer|integer[]
---@param unbiased? boolean
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], unbiased?: boolean, keepdim?: boolean, correction?: number}
---@return Tensor
function Tensor:var(dim, unbiased, keepdim, options) end

---The variance (see var) and the mean of all elements or over given dimensions.
---@param input Tensor
---@param dim? integer|integer[]
---@param unbiased? boolean
---@param keepdim? boolean
---@param options? {dim?: integer|integer[], unbiased?: boolean, keepdim?: boolean, correction?: number}
---@return Tensor, Tensor
function tensor.var_mean(input, dim, unbiased, keepdim, options) end

---The same as dot.
---@param input Tensor
---@param other Tensor
---@return Tensor
function tensor.vdot(input, other) end

---The same as dot.
---@param other Tensor
---@return Tensor
function Tensor:vdot(other) end

---The sum of the products of the elements of two tensors along a dimension; the others broadcast.
---@param x Tensor|number
---@param y Tensor|number
---@param options? {dim?: integer}
---@return Tensor
function tensor.linalg.vecdot(x, y, options) end

---The norm (sum |x|^ord)^(1/ord) of all elements or over given dimensions, whatever the shape: math.huge
---gives the largest |x|, -math.huge the smallest, 0 how many are not zero. The gradient of the 2-norm at 0 is
---0.
---@param x Tensor
---@param ord? number
---@param dim? integer|integer[]
---@param keepdim? boolean
---@param options? {ord?: number, dim?: integer|integer[], keepdim?: boolean, dtype?: Dtype}
---@return Tensor
function tensor.linalg.vector_norm(x, ord, dim, keepdim, options) end

---The same elements in another shape, without a copy. One size may be -1 and is found from the rest. The
---result shares its memory with the tensor. Where the strides do not allow a view (after transpose, for
---example) it is an error: use reshape.
---@param shape integer|integer[]
---@return Tensor
function Tensor:view(shape) end

---The same elements in the shape of another tensor, without a copy.
---@param other Tensor
---@return Tensor
function Tensor:view_as(other) end

---Puts tensors below each other: cat along dimension 1 after vectors were made rows.
---@param tensors Tensor[]
---@return Tensor
function tensor.vstack(tensors) end

---The positions where condition is true (or not 0), from 1: one vector a dimension, fit for indexing.
---@overload fun(condition: Tensor|number, input: Tensor|number, other: Tensor|number): Tensor
---@param condition Tensor
---@return Tensor ...
function tensor.where(condition) end

---x:where(condition, other): the elements of x where condition is true, else those of other.
---@param condition Tensor|number
---@param other Tensor|number
---@return Tensor
function Tensor:where(condition, other) end

---x log(1 + y), 0 where x is 0.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.special.xlog1py(input, other) end

---x log(y), 0 where x is 0.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.xlogy(input, other) end

---x log(y), 0 where x is 0.
---@param other Tensor|number
---@return Tensor
function Tensor:xlogy(other) end

---x log(y), 0 where x is 0.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.special.xlogy(input, other) end

---x log(y), 0 where x is 0.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.xlogy_(input, other) end

---x log(y), 0 where x is 0.
---@param other Tensor|number
---@return Tensor
function Tensor:xlogy_(other) end

---x log(y), 0 where x is 0.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.special.xlogy_(input, other) end

---Makes every element 0.
---@return Tensor
function Tensor:zero_() end

---A tensor of zeros; sizes as numbers or as one table.
---@param size integer|integer[]
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.zeros(size, options) end

---Zeros of a tensor's shape and dtype.
---@param input Tensor
---@param options? {dtype?: Dtype, requires_grad?: boolean}
---@return Tensor
function tensor.zeros_like(input, options) end

---Hurwitz's zeta function, the sum of (other + k)^-input over k = 0, 1, ...; input above 1. It has a gradient
---for other only.
---@param input Tensor|number
---@param other Tensor|number
---@return Tensor
function tensor.special.zeta(input, other) end

---The same as tensor(values).
function tensor.tensor(values, options) end

---True for tensors, false for anything else.
function tensor.is_tensor(value) end

---True when the dtype is float32 or float64.
function tensor.is_floating_point(x) end

---The number of elements.
function tensor.numel(x) end

---In x[{...}]: a new dimension of size 1.
tensor.newaxis = {}

---The size of a dimension (from 1, or from -1 backwards); without an argument all sizes, as several values.
function Tensor:size(dim) end

---How many elements lie between neighbours along a dimension; without an argument for all dimensions, as
---several values.
function Tensor:stride(dim) end

---The number of dimensions; also #x counts the first one's size.
function Tensor:dim() end

---The number of dimensions.
function Tensor:ndimension() end

---The number of elements.
function Tensor:numel() end

---The number of elements.
function Tensor:nelement() end

---Bytes of one element.
function Tensor:element_size() end

---Where the first element lies in the memory that views share, in elements.
function Tensor:storage_offset() end

---The address of the first element, as a number.
function Tensor:data_ptr() end

---True when the elements lie row by row without gaps.
function Tensor:is_contiguous() end

---True when the dtype is float32 or float64.
function Tensor:is_floating_point() end

---The element of a one-element tensor as a Lua number (or boolean).
function Tensor:item() end

---One element as a Lua number, by its position in every dimension (from 1).
function Tensor:get(i, j, ...) end

---Writes one element.
function Tensor:set(i, j, ...) end

---The elements as nested tables; a 0-dim tensor gives its number.
function Tensor:totable() end

---The same as totable.
function Tensor:tolist() end

---Converted to float32 (x itself when it is that already).
function Tensor:float() end

---Converted to float64.
function Tensor:double() end

---Converted to int64; fractions are cut off.
function Tensor:long() end

---Converted to uint8.
function Tensor:byte() end

---Converted to bool: true where not zero.
function Tensor:bool() end

---Without an argument the dtype, with one the conversion to it.
function Tensor:type(dtype) end

---The tensor itself: there is no other device.
function Tensor:cpu() end

---Computes the gradients of x for all leaves that it was made of and adds them to their .grad. gradient is
---that of x, 1 where x has one element. With create_graph the gradients can be differentiated again.
function Tensor:backward(gradient, options) end

---The gradients of outputs with respect to inputs, as several values; .grad stays untouched. inputs may be a
---tensor, a list, or a table with names, which gives a table with the same names. An input that was not used
---is an error unless allow_unused (then nil) or materialize_grads (then zeros).
function tensor.grad(outputs, inputs, options) end

---Sets requires_grad (default true) and returns x.
function Tensor:requires_grad_(on) end

---Lets backward keep .grad for this result of an operation, too.
function Tensor:retain_grad() end

---f(gradient) is called when the gradient of x is known; what it returns replaces it. Returns a handle with
---:remove().
function Tensor:register_hook(f) end

---f(x) is called after a gradient was added to x.grad. Returns a handle with :remove().
function Tensor:register_post_accumulate_grad_hook(f) end

---Calls f(...) without recording and returns what it returns. Without f: `local _ <close> = tensor.no_grad()`
---until the end of the block.
function tensor.no_grad(f, ...) end

---The same as no_grad.
function tensor.inference_mode(f, ...) end

---Records during f(...), also inside of no_grad; without f until the end of the block.
function tensor.enable_grad(f, ...) end

---Switches recording on or off during f(...); without f from now on, or with <close> until the end of the
---block.
function tensor.set_grad_enabled(on, f, ...) end

---Whether operations are recorded.
function tensor.is_grad_enabled() end

---During f(...) the first NaN, in a result that is recorded or in a gradient, is an error that names the
---operation and its line; without f until the end of the block. Slow: for finding errors.
function tensor.detect_anomaly(f, ...) end

---The same with a switch.
function tensor.set_detect_anomaly(on, f, ...) end

---Whether numbers too small for a full fraction (in float32 below 1.2e-38) are taken for zeros from now on;
---at first they aren't. Processors take about a hundred times longer for them: gradients that fade in a deep
---network become fast again. Returns whether the processor can.
function tensor.set_flush_denormal(on) end

---Whether NaNs in gradients are looked for.
function tensor.is_anomaly_enabled() end

---torch.autograd's names: grad, Function, detect_anomaly, gradcheck, no_grad, functional.jacobian and the
---others; the same functions as tensor's.
tensor.autograd = {}

---f(...) without keeping what its gradient needs: backward calls f again. Saves memory for time.
function tensor.checkpoint(f, ...) end

---All derivatives of what func returns by its inputs. func is called with the inputs (a tensor, or the
---tensors of a list). For an input [n...] and a result [m...] a tensor [m..., n...]; for a list of inputs
---several values; for several results one value each, a table where inputs is a list. What a result doesn't
---depend on gives zeros, with strict an error.
function tensor.jacobian(func, inputs, options) end

---All second derivatives of func, which returns one element: for an input [n...] a tensor [n..., n...], for a
---list of inputs one table each: the k-th of the i-th are the derivatives by inputs i and k.
function tensor.hessian(func, inputs, options) end

---What func returns, and the product of v with its Jacobian. v has the shape of the result (a list for
---several; 1 when left out for one element), the product that of the inputs (a list for a list).
function tensor.vjp(func, inputs, v, options) end

---What func returns, and the product of its Jacobian with v. v has the shape of the inputs (a list for a
---list; 1 when left out for one element), the product that of the result. func must have second derivatives.
function tensor.jvp(func, inputs, v, options) end

---A function that does to batches what func does to single samples, in one pass: func sees its arguments
---without the batch's dimension. in_dims says where that is in each argument: a number for all, or a list
---with a number or false (not mapped, the same for all samples) for each; out_dims where it goes in the
---results. Gradients of each sample: tensor.grad inside of func by its arguments, mapped or not. randomness =
---"different" allows random operations, which then draw for each sample. What needs the numbers of one sample
---(item, if) cannot be batched; a few operations run in a loop, nnlua.vmap_loops() names them.
function tensor.vmap(func, options) end

---A class of operations with a backward of one's own: `local Square = tensor.Function("Square")`, then
---`function Square.forward(ctx, x)` and `function Square.backward(ctx, grad)`; `Square.apply(x)` runs it.
---forward returns one tensor or several; backward gets a gradient for each of these and returns one for each
---argument of forward, nil for what is no tensor. ctx:save_for_backward(...) keeps tensors for the table
---ctx.saved_tensors, ctx.needs_input_grad[i] tells which arguments need a gradient;
---ctx:mark_non_differentiable(...), ctx:mark_dirty(...), ctx:set_materialize_grads(on) are PyTorch's; other
---fields of ctx are free. With setup_context(ctx, inputs, output) in the class forward has no ctx. backward
---is differentiated itself where gradients of gradients are asked for.
function tensor.Function(name, parent) end

---Checks the gradients of func against differences of its values, for each element of each input (a tensor or
---a list of arguments; float64 is needed) that has requires_grad. Returns true; a wrong gradient is an error
---that names output, input, element and both values, or gives false with raise_exception = false.
function tensor.gradcheck(func, inputs, options) end

---The same for gradients of gradients, by the inputs and by grad_outputs (random ones unless given).
function tensor.gradgradcheck(func, inputs, options) end

---An error unless |actual - expected| <= atol + rtol * |expected| for tensors of one shape and dtype,
---numbers, or tables of these. Without rtol and atol they go by the dtype: 1.3e-6 and 1e-5 for float32, 1e-7
---and 1e-7 for float64, 0 for whole numbers. The text tells how many elements differ and the greatest
---differences with their positions; msg replaces it (a text, or a function of it).
function tensor.testing.assert_close(actual, expected, options) end

---Sums of products over dimensions: the last dims of a with the first dims of b (default 2), or those of two
---lists, dims = {{...}, {...}}.
function tensor.tensordot(a, b, dims) end

---Tensors with at least one dimension.
function tensor.atleast_1d(...) end

---Tensors with at least two dimensions: [n] becomes [1, n].
function tensor.atleast_2d(...) end

---Tensors with at least three dimensions: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1].
function tensor.atleast_3d(...) end

---The tensors, expanded to their common shape.
function tensor.broadcast_tensors(...) end

---The shape that tensors of these shapes broadcast to.
function tensor.broadcast_shapes(...) end

---Joins tensors along the second dimension; vectors are taken as columns.
function tensor.column_stack(tensors) end

---Joins tensors along the third dimension, see atleast_3d.
function tensor.dstack(tensors) end

---Cuts along the second dimension (a vector: along its only one) into so many equal parts, or after so many
---columns each number of a list says.
function tensor.hsplit(x, sections) end

---See tensor.hsplit.
function Tensor:hsplit(sections) end

---Cuts along the first dimension, see hsplit.
function tensor.vsplit(x, sections) end

---See tensor.vsplit.
function Tensor:vsplit(sections) end

---Cuts along the third dimension, see hsplit.
function tensor.dsplit(x, sections) end

---See tensor.dsplit.
function Tensor:dsplit(sections) end

---Parts of these sizes along a dimension (default 1).
function tensor.split_with_sizes(x, sizes, dim) end

---See tensor.split_with_sizes.
function Tensor:split_with_sizes(sizes, dim) end

---A matrix with the given ones along its diagonal and zeros elsewhere.
function tensor.block_diag(...) end

---All combinations of the elements of vectors, one a row.
function tensor.cartesian_prod(...) end

---All choices of r elements of a vector, one a row.
function tensor.combinations(x, options) end

---Powers of the elements of a vector, one row each: x^(N-1) to x^0, N as many as there are elements unless
---given.
function tensor.vander(x, options) end

---Powers x^0 to x^(N-1) of the elements along a new last dimension.
function tensor.linalg.vander(x, options) end

---A matrix with all elements of x on its diagonal.
function tensor.diagflat(x, offset) end

---See tensor.diagflat.
function Tensor:diagflat(offset) end

---The positions of the lower triangle of a row by col matrix: rows and columns, from 1.
function tensor.tril_indices(row, col, options) end

---The positions of the upper triangle of a row by col matrix: rows and columns, from 1.
function tensor.triu_indices(row, col, options) end

---Positions in a flattened tensor, from 1, as positions in each dimension of a shape.
function tensor.unravel_index(index, shape) end

---A copy of x with src at one position of a dimension.
function tensor.select_scatter(x, src, dim, index) end

---See tensor.select_scatter.
function Tensor:select_scatter(src, dim, index) end

---A copy of x with src on a diagonal.
function tensor.diagonal_scatter(x, src, offset, dim1, dim2) end

---See tensor.diagonal_scatter.
function Tensor:diagonal_scatter(src, offset, dim1, dim2) end

---A copy of what x:narrow(dim, start, length) shows.
function tensor.narrow_copy(x, dim, start, length) end

---See tensor.narrow_copy.
function Tensor:narrow_copy(dim, start, length) end

---A copy of x with src at the positions start to stop (both included) of a dimension, every step-th; without
---them at all.
function tensor.slice_scatter(x, src, dim, start, stop, step) end

---See tensor.slice_scatter.
function Tensor:slice_scatter(src, dim, start, stop, step) end

---A copy of x in which slice i of source is combined with slice index[i] of x, along a dimension, by "prod",
---"mean", "amax" or "amin"; include_self: whether what is there counts too.
function tensor.index_reduce(x, dim, index, source, reduce, options) end

---See tensor.index_reduce.
function Tensor:index_reduce(dim, index, source, reduce, options) end

---index_reduce in place.
function Tensor:index_reduce_(dim, index, source, reduce, options) end

---put_ on a copy of x.
function tensor.put(x, index, source, accumulate) end

---put_ on a copy of x.
function Tensor:put(index, source, accumulate) end

---A copy of x with value everywhere.
function tensor.fill(x, value) end

---Estimates of the derivatives of a function by its values x: central differences inside, forward and
---backward ones of edge_order 1 or 2 at the edges, for each dimension (or those of dim) one tensor. spacing:
---a distance, a list of distances or of tensors of coordinates, one for each dimension.
function tensor.gradient(x, options) end

---How many elements (or how much weight) lie in each bin, and the bins' edges. bins: how many of equal width
---from range[1] to range[2] (by default the least and largest element), or a tensor of edges. The last bin
---has its right edge. density: divided by the total and the widths.
function tensor.histogram(x, bins, options) end

---See tensor.histogram.
function Tensor:histogram(bins, options) end

---A raised cosine: 0.5 - 0.5 cos(2 pi n / N), N = window_length (window_length - 1 unless periodic).
function tensor.hann_window(window_length, options) end

---alpha - beta cos(2 pi n / N), N = window_length (window_length - 1 unless periodic).
function tensor.hamming_window(window_length, options) end

---0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N), N = window_length (window_length - 1 unless periodic).
function tensor.blackman_window(window_length, options) end

---A triangle: 1 - |2 n / N - 1|, N = window_length (window_length - 1 unless periodic).
function tensor.bartlett_window(window_length, options) end

---I0(beta sqrt(1 - (2 n / N - 1)^2)) / I0(beta), N = window_length (window_length - 1 unless periodic).
function tensor.kaiser_window(window_length, options) end

---Writes a number to the diagonal of a matrix.
function Tensor:fill_diagonal_(value) end

---Writes the elements of source to positions, from 1, of x taken as one row; with accumulate adds them.
function Tensor:put_(index, source, accumulate) end

---See F.hardshrink.
function Tensor:hardshrink(lambd) end

---See F.prelu.
function Tensor:prelu(weight) end

---Whether the shapes are the same.
function Tensor:is_same_size(other) end

---A tensor of values with the dtype of x.
function Tensor:new_tensor(values, options) end

---A tensor of these sizes with the dtype of x, filled with zeros.
function Tensor:new_empty(...) end

---The elements without those that are equal to the one before; with dim slices. With return_inverse also the
---position of each element among these, with return_counts how often each came.
function tensor.unique_consecutive(x, options) end

---See tensor.unique_consecutive.
function Tensor:unique_consecutive(options) end

---Starts the default stream of random numbers from a whole number.
function tensor.manual_seed(seed) end

---Starts the default stream from a seed that nobody knows before, and returns it.
function tensor.seed() end

---The seed that the default stream started from.
function tensor.initial_seed() end

---The state of the default stream as a uint8 tensor.
function tensor.get_rng_state() end

---Goes on from a state that get_rng_state gave.
function tensor.set_rng_state(state) end

---A stream of random numbers of its own: g:manual_seed(n), g:seed(), g:initial_seed(), g:get_state(),
---g:set_state(s). Functions that draw take it as the option generator.
function tensor.Generator() end

---The version, as text.
nnlua.version = {}

---Sets how many threads compute; without an argument tells.
function nnlua.threads(n) end

---The names of the operations that tensor.vmap runs in a loop over the batch, and how many there are in all.
function nnlua.vmap_loops() end

---Bytes of tensors in use, and the highest number so far.
function nnlua.memory() end

---From now on an operation that would need more fails, after garbage was collected; 0 lifts the limit,
---without an argument it is told.
function nnlua.memory_limit(bytes) end

---Runs f(...) and returns a report of where its time went: print it, or read its fields. seconds is the
---whole, inside what was spent in operations; operations and lines (of your code) are lists, the dearest
---first, of {name, calls, seconds, backward_seconds, flops, bytes}. For a whole script: nnlua --profile
---script.lua.
function nnlua.profile(f, ...) end

---Lists your variables, globals and the prompt's locals, with shapes and bytes.
function nnlua.who() end

---Calls f(...), prints how long it took and what it left in memory, returns what f returned. f may be Lua in
---a string: time "x:matmul(y)".
function nnlua.time(f, ...) end

---Calls f again and again for that long: a table of median, min, max (in seconds) and runs, which prints as a
---line. f may be Lua in a string.
function nnlua.bench(f, options) end

---Runs a Lua file with arguments and returns what it returns. At the prompt its top-level locals stay, too.
function nnlua.run(path, ...) end

---Loads a module again after its file was changed; its table stays the same one, with the new fields.
function nnlua.reload(name) end

---Opens $VISUAL or $EDITOR on the last input and runs what was saved; with a path on that file.
function nnlua.edit(path) end

---Writes what worked at the prompt as a script, with the seed of the random numbers.
function nnlua.save_session(path) end

---After an error: goes to the caller of the failing frame at hand.
function nnlua.up(n) end

---After an error: goes back towards the place where it happened.
function nnlua.down(n) end

---After an error: the variables of the failing frame at hand, as a table. Their names also work alone, until
---a line is run that doesn't ask for them.
function nnlua.locals() end

---Ends the session (so does Ctrl-D), or the script.
---@overload fun()
nnlua.exit = {}

---The same as exit.
---@overload fun()
nnlua.quit = {}

---Wall time in seconds, as a float.
function nnlua.clock() end

---A table: cores, kernels (the instruction set in use), blas (what computes large products).
function nnlua.machine() end

---Calls f(...); returns true when Ctrl-C ended it, else false and what f returned. For library code that has
---to keep something.
function nnlua.catch_interrupt(f, ...) end

---The same as F.alpha_dropout.
function tensor.alpha_dropout(input, options) end

---The same as F.celu.
function tensor.celu(input, options) end

---The same as F.celu_.
function tensor.celu_(input, options) end

---The same as F.channel_shuffle.
function tensor.channel_shuffle(input, groups) end

---The same as F.conv_tbc.
function tensor.conv_tbc(input, weight, bias, options) end

---The same as F.cosine_similarity.
function tensor.cosine_similarity(x1, x2, options) end

---The same as F.feature_alpha_dropout.
function tensor.feature_alpha_dropout(input, options) end

---The same as F.group_norm.
function tensor.group_norm(input, num_groups, options) end

---The same as F.hardshrink.
function tensor.hardshrink(input, options) end

---The same as F.native_channel_shuffle.
function tensor.native_channel_shuffle(input, groups) end

---The same as F.pairwise_distance.
function tensor.pairwise_distance(x1, x2, options) end

---The same as F.pdist.
function tensor.pdist(input, options) end

---The same as F.pixel_shuffle.
function tensor.pixel_shuffle(input, upscale_factor) end

---The same as F.pixel_unshuffle.
function tensor.pixel_unshuffle(input, downscale_factor) end

---The same as F.prelu.
function tensor.prelu(input, weight) end

---The same as F.rms_norm.
function tensor.rms_norm(input, normalized_shape, options) end

---The same as F.rrelu.
function tensor.rrelu(input, options) end

---The same as F.rrelu_.
function tensor.rrelu_(input, options) end

---Pools that return values and positions, as with the option return_indices = true:
---F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices,
---F.adaptive_max_pool1d_with_indices, F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices,
---F.fractional_max_pool2d_with_indices, F.fractional_max_pool3d_with_indices.
function F.adaptive_max_pool1d_with_indices(...) end

---Pools that return values and positions, as with the option return_indices = true:
---F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices,
---F.adaptive_max_pool1d_with_indices, F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices,
---F.fractional_max_pool2d_with_indices, F.fractional_max_pool3d_with_indices.
function F.adaptive_max_pool2d_with_indices(...) end

---Pools that return values and positions, as with the option return_indices = true:
---F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices,
---F.adaptive_max_pool1d_with_indices, F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices,
---F.fractional_max_pool2d_with_indices, F.fractional_max_pool3d_with_indices.
function F.adaptive_max_pool3d_with_indices(...) end

---The places that affine maps give, for grid_sample: theta [N, 2, 3] and size {N, C, H, W} to [N, H, W, 2],
---or [N, 3, 4] and {N, C, D, H, W} to [N, D, H, W, 3]. Places go from -1 to 1 and begin with x, the last
---dimension.
function F.affine_grid(theta, size, options) end

---Dropout for networks of SELU: keeps mean 0 and variance 1 (Klambauer et al. 2017).
function F.alpha_dropout(input, options) end

---y_k = x1^T W_k x2 + b_k: input1 [..., i], input2 [..., j], weight [k, i, j], bias [k] or nil.
function F.bilinear(input1, input2, weight, bias) end

---max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0), elementwise (Barron 2017).
function F.celu(input, options) end

---celu in place: F.celu with inplace = true.
function F.celu_(input, options) end

---Mixes groups of channels: [N, C, ...] is seen as [N, groups, C / groups, ...], of which the two are swapped
---(Zhang et al. 2018).
function F.channel_shuffle(input, groups) end

---Convolution of sequences with time first: input [L, N, C], weight [k, C, K], bias [K] to [L', N, K] with L'
---= L + 2 * pad - k + 1.
function F.conv_tbc(input, weight, bias, options) end

---1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1.
function F.cosine_embedding_loss(input1, input2, target, options) end

---The cosine of the angle between x1 and x2 along dim.
function F.cosine_similarity(x1, x2, options) end

---One minus the Dice coefficient (Milletari et al. 2016), for segmentation: 1 - (2 sum(p t) + smooth) /
---(sum(p) + sum(t) + smooth), the sums over the batch and all places of each class, the mean over the
---classes. input are logits [N, C, ...]; target classes 1..C [N, ...] (softmax) or of input's shape with 0
---and 1 (sigmoid). With from_logits = false input are probabilities.
function F.dice_loss(input, target, options) end

---Sets whole channels of [N, C, ...] or [C, ...] to zero with probability p in training and divides the rest
---by 1 - p: F.dropout1d, F.dropout2d, F.dropout3d by the number of dimensions behind the channels.
function F.dropout1d(input, options) end

---Sets whole channels of [N, C, ...] or [C, ...] to zero with probability p in training and divides the rest
---by 1 - p: F.dropout1d, F.dropout2d, F.dropout3d by the number of dimensions behind the channels.
function F.dropout2d(input, options) end

---Sets whole channels of [N, C, ...] or [C, ...] to zero with probability p in training and divides the rest
---by 1 - p: F.dropout1d, F.dropout2d, F.dropout3d by the number of dimensions behind the channels.
function F.dropout3d(input, options) end

---Sums, means or maxima of bags of embeddings: input [B, L] has a bag a row, input [N] has bags that begin at
---the places offsets [B] (from 1); weight [rows, D]; result [B, D]. Indices count from 1; those equal to
---padding_idx are left out. per_sample_weights (mode "sum") scale the vectors. With include_last_offset the
---last offset is the end.
function F.embedding_bag(input, weight, options) end

---alpha_dropout of whole channels of [N, C, ...].
function F.feature_alpha_dropout(input, options) end

---Cross-entropy in which examples that are easy count less (Lin et al. 2017): (1 - p_t) ^ gamma * -log p_t.
---input are logits [N, C, ...]; target classes 1..C [N, ...], or of input's shape with 0 and 1 for every
---class by itself, which is sigmoid_focal_loss. alpha is a number for the latter, a tensor of class weights
---[C] for the former.
function F.focal_loss(input, target, options) end

---Maxima of windows whose places are drawn by chance, so that sizes shrink by any ratio (Graham 2014):
---F.fractional_max_pool2d and F.fractional_max_pool3d of [N, C, ...] or [C, ...]. Give output_size or
---output_ratio.
function F.fractional_max_pool2d(input, kernel_size, options) end

---Pools that return values and positions, as with the option return_indices = true:
---F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices,
---F.adaptive_max_pool1d_with_indices, F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices,
---F.fractional_max_pool2d_with_indices, F.fractional_max_pool3d_with_indices.
function F.fractional_max_pool2d_with_indices(...) end

---Maxima of windows whose places are drawn by chance, so that sizes shrink by any ratio (Graham 2014):
---F.fractional_max_pool2d and F.fractional_max_pool3d of [N, C, ...] or [C, ...]. Give output_size or
---output_ratio.
function F.fractional_max_pool3d(input, kernel_size, options) end

---Pools that return values and positions, as with the option return_indices = true:
---F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices,
---F.adaptive_max_pool1d_with_indices, F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices,
---F.fractional_max_pool2d_with_indices, F.fractional_max_pool3d_with_indices.
function F.fractional_max_pool3d_with_indices(...) end

---Negative log-likelihood of target under normal distributions with mean input and variance var: (log v + (x
---- y)^2 / v) / 2 with v = max(var, eps); full adds log(2 pi) / 2.
function F.gaussian_nll_loss(input, target, var, options) end

---The first half of dimension dim times the sigmoid of the second half (Dauphin et al. 2017).
function F.glu(input, options) end

---The values of input at the places of a grid: input [N, C, H, W] and grid [N, H', W', 2] to [N, C, H', W'],
---or [N, C, D, H, W] and [N, D', H', W', 3]. Places go from -1 to 1 and begin with x, the last dimension.
---mode: "bilinear", "nearest", "bicubic"; padding_mode says what is outside: "zeros", "border", "reflection";
---align_corners whether -1 and 1 are the outer elements' centres or their edges.
function F.grid_sample(input, grid, options) end

---Normalises groups of channels of [N, C, ...] to mean 0 and variance 1, (x - mean) / sqrt(var + eps); weight
---and bias [C] scale and shift (Wu and He 2018).
function F.group_norm(input, num_groups, options) end

---Samples of the Gumbel-softmax distribution along dim: softmax((logits + Gumbel noise) / tau) (Jang et al.
---2017). With hard = true one-hot vectors whose gradient is that of the soft ones.
function F.gumbel_softmax(logits, options) end

---x where |x| > lambd, else 0, elementwise.
function F.hardshrink(input, options) end

---x where the target is 1, max(0, margin - x) where it is -1.
function F.hinge_embedding_loss(input, target, options) end

---Normalises each channel of each sample of [N, C, ...], (x - mean) / sqrt(var + eps); without
---use_input_stats by the running statistics, which are updated otherwise (Ulyanov et al. 2016).
function F.instance_norm(input, running_mean, running_var, weight, bias, options) end

---cross_entropy of linear(input, linear_weight, linear_bias) in one: the options are those of cross_entropy.
function F.linear_cross_entropy(input, linear_weight, target, options) end

---x / (k + alpha * mean of x^2 over size neighbouring channels)^beta for input [N, C, ...] with at least one
---dimension behind the channels (Krizhevsky et al. 2012). Beyond the first and last channel are zeros.
function F.local_response_norm(input, size, options) end

---The norm_type-norm of each window, (sum of x^p)^(1/p), of [N, C, ...] or [C, ...]: F.lp_pool1d,
---F.lp_pool2d, F.lp_pool3d. math.huge gives the largest absolute value.
function F.lp_pool1d(input, norm_type, kernel_size, options) end

---The norm_type-norm of each window, (sum of x^p)^(1/p), of [N, C, ...] or [C, ...]: F.lp_pool1d,
---F.lp_pool2d, F.lp_pool3d. math.huge gives the largest absolute value.
function F.lp_pool2d(input, norm_type, kernel_size, options) end

---The norm_type-norm of each window, (sum of x^p)^(1/p), of [N, C, ...] or [C, ...]: F.lp_pool1d,
---F.lp_pool2d, F.lp_pool3d. math.huge gives the largest absolute value.
function F.lp_pool3d(input, norm_type, kernel_size, options) end

---max(0, -y (x1 - x2) + margin) for targets of -1 and 1.
function F.margin_ranking_loss(input1, input2, target, options) end

---Pools that return values and positions, as with the option return_indices = true:
---F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices,
---F.adaptive_max_pool1d_with_indices, F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices,
---F.fractional_max_pool2d_with_indices, F.fractional_max_pool3d_with_indices.
function F.max_pool1d_with_indices(...) end

---Pools that return values and positions, as with the option return_indices = true:
---F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices,
---F.adaptive_max_pool1d_with_indices, F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices,
---F.fractional_max_pool2d_with_indices, F.fractional_max_pool3d_with_indices.
function F.max_pool2d_with_indices(...) end

---Pools that return values and positions, as with the option return_indices = true:
---F.max_pool1d_with_indices, F.max_pool2d_with_indices, F.max_pool3d_with_indices,
---F.adaptive_max_pool1d_with_indices, F.adaptive_max_pool2d_with_indices, F.adaptive_max_pool3d_with_indices,
---F.fractional_max_pool2d_with_indices, F.fractional_max_pool3d_with_indices.
function F.max_pool3d_with_indices(...) end

---Puts the values of a max pool back to their places (indices, from 1, as max_pool2d returns them) and zeros
---elsewhere: F.max_unpool1d, F.max_unpool2d, F.max_unpool3d. output_size tells the size where several are
---possible.
function F.max_unpool1d(input, indices, kernel_size, options) end

---Puts the values of a max pool back to their places (indices, from 1, as max_pool2d returns them) and zeros
---elsewhere: F.max_unpool1d, F.max_unpool2d, F.max_unpool3d. output_size tells the size where several are
---possible.
function F.max_unpool2d(input, indices, kernel_size, options) end

---Puts the values of a max pool back to their places (indices, from 1, as max_pool2d returns them) and zeros
---elsewhere: F.max_unpool1d, F.max_unpool2d, F.max_unpool3d. output_size tells the size where several are
---possible.
function F.max_unpool3d(input, indices, kernel_size, options) end

---Sum over the classes i but the target y of max(0, margin - x_y + x_i) ^ p, divided by their number C;
---weight [C] weighs the targets. input [N, C] or [C], target classes 1..C.
function F.multi_margin_loss(input, target, options) end

---Sum of max(0, 1 - x_y + x_i) over the target classes y and the other classes i, divided by C. input [N, C]
---or [C]; target of that shape lists classes from 1, the first -1 ends the list.
function F.multilabel_margin_loss(input, target, options) end

---Binary cross-entropy of logits [..., C] and targets of 0 and 1, the mean over the classes: weight weighs
---these.
function F.multilabel_soft_margin_loss(input, target, options) end

---The same as channel_shuffle.
function F.native_channel_shuffle(input, groups) end

---x divided by its p-norm along dim, or by eps where that is larger.
function F.normalize(input, options) end

---The p-norm of x1 - x2 + eps along the last dimension.
function F.pairwise_distance(x1, x2, options) end

---The p-norm distances between all pairs of rows of input [N, D]: [N (N - 1) / 2], row 1 to 2, 1 to 3, ..., 2
---to 3.
function F.pdist(input, options) end

---Channels become places: [..., C * r^2, H, W] to [..., C, H * r, W * r] with r = upscale_factor (Shi et al.
---2016).
function F.pixel_shuffle(input, upscale_factor) end

---Places become channels, the opposite of pixel_shuffle: [..., C, H * r, W * r] to [..., C * r^2, H, W].
function F.pixel_unshuffle(input, downscale_factor) end

---Negative log-likelihood of counts under Poisson distributions: exp(x) - y x for log_input, else x - y log(x
---+ eps); full adds Stirling's approximation of log y!.
function F.poisson_nll_loss(input, target, options) end

---x where x > 0, else weight * x; weight has one element or one for each channel (dimension 2).
function F.prelu(input, weight) end

---x / sqrt(mean(x^2) + eps) * weight over the last dimensions, whose sizes normalized_shape gives (Zhang and
---Sennrich 2019). Without eps the smallest one of the dtype.
function F.rms_norm(input, normalized_shape, options) end

---Leaky relu: in training with a slope drawn from lower to upper for each element, else with their mean.
function F.rrelu(input, options) end

---rrelu in place: F.rrelu with inplace = true.
function F.rrelu_(input, options) end

---Binary cross-entropy of logits in which examples that are easy count less (Lin et al. 2017), as in
---torchvision: alpha_t (1 - p_t) ^ gamma * bce, p_t the probability given to the target. alpha weighs the
---ones (1 - alpha the zeros), a negative one weighs nothing.
function F.sigmoid_focal_loss(input, target, options) end

---log(1 + exp(-y x)) for targets of -1 and 1.
function F.soft_margin_loss(input, target, options) end

---softmax(-x) along dim.
function F.softmin(input, options) end

---Moves each element by lambd towards zero, and to zero where it is nearer than that.
function F.softshrink(input, options) end

---max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm distance; swap takes the nearer of
---anchor and positive to the negative.
function F.triplet_margin_loss(anchor, positive, negative, options) end

---triplet_margin_loss with a distance of one's own: distance_function(a, b) returns one number a row; without
---it F.pairwise_distance.
function F.triplet_margin_with_distance_loss(anchor, positive, negative, options) end

---The same as interpolate, its older name.
function F.upsample(input, options) end

---interpolate with mode = "bilinear" and align_corners = true.
function F.upsample_bilinear(input, options) end

---interpolate with mode = "nearest".
function F.upsample_nearest(input, options) end

---y = |x|; of the two inverses the positive one.
tensor.distributions.AbsTransform = {}

---y = loc + scale * x; event_dim: how many of the last dimensions are one event.
tensor.distributions.AffineTransform = {}

---The Bernoulli distribution: 1 with probability probs (or sigmoid(logits)), else 0.
---@overload fun(options)
tensor.distributions.Bernoulli = {}

---The beta distribution on 0 to 1 with density proportional to x^(concentration1 - 1) (1 - x)^(concentration0
---- 1).
---@overload fun(concentration1, concentration0, options)
tensor.distributions.Beta = {}

---How many of total_count trials succeed, each with probability probs (or sigmoid(logits)).
---@overload fun(options)
tensor.distributions.Binomial = {}

---A class number from 1 to k with probabilities probs [..., k] (any weights: they are divided by their sum)
---or softmax(logits).
---@overload fun(options)
tensor.distributions.Categorical = {}

---The Cauchy distribution: the ratio of two independent normal numbers, moved and scaled. It has no mean.
---@overload fun(loc, scale, options)
tensor.distributions.Cauchy = {}

---The chi-squared distribution: the sum of df squared standard normal numbers.
---@overload fun(df, options)
tensor.distributions.Chi2 = {}

---Transforms one after the other, the first one first.
tensor.distributions.ComposeTransform = {}

---The Dirichlet distribution over vectors of parts that sum up to 1; concentration [..., k].
---@overload fun(concentration, options)
tensor.distributions.Dirichlet = {}

---What all distributions share: batch_shape, event_shape, sample, rsample, log_prob, entropy, cdf, icdf,
---expand. Fields mean, variance, stddev, mode and support are computed when they are read.
tensor.distributions.Distribution = {}

---The probability of values up to value.
function tensor.distributions.Distribution:cdf() end

---The entropy in nats, for each batch.
function tensor.distributions.Distribution:entropy() end

---All values of a discrete distribution along a new first dimension; expand = false leaves the batch
---dimensions 1.
function tensor.distributions.Distribution:enumerate_support() end

---The same distribution with batch_shape expanded to other sizes, without a copy.
function tensor.distributions.Distribution:expand(...) end

---The inverse of cdf.
function tensor.distributions.Distribution:icdf() end

---The logarithm of the density (or probability) at value, for each batch.
function tensor.distributions.Distribution:log_prob() end

---exp(entropy).
function tensor.distributions.Distribution:perplexity() end

---The same, differentiable by the parameters (the reparameterisation trick), where the family allows it
---(has_rsample).
function tensor.distributions.Distribution:rsample(...) end

---Values for sample_shape independent draws: a tensor [sample_shape..., batch_shape..., event_shape...],
---without gradient. Sizes as numbers or a list, then {generator = g}.
function tensor.distributions.Distribution:sample(...) end

---y = exp(x).
tensor.distributions.ExpTransform = {}

---The exponential distribution: waiting times for events of a rate.
---@overload fun(rate, options)
tensor.distributions.Exponential = {}

---The gamma distribution with density proportional to x^(concentration - 1) exp(-rate x).
---@overload fun(concentration, rate, options)
tensor.distributions.Gamma = {}

---The geometric distribution: how many trials fail before the first succeeds, each with probability probs (or
---sigmoid(logits)).
---@overload fun(options)
tensor.distributions.Geometric = {}

---The Gumbel distribution: the limit of the largest of many numbers.
---@overload fun(loc, scale, options)
tensor.distributions.Gumbel = {}

---The distribution of |x|, x of a Cauchy distribution around 0.
---@overload fun(scale, options)
tensor.distributions.HalfCauchy = {}

---The distribution of |x|, x normal with mean 0 and standard deviation scale.
---@overload fun(scale, options)
tensor.distributions.HalfNormal = {}

---The distribution base_distribution with its last reinterpreted_batch_ndims batch dimensions taken as
---dimensions of the event: log_prob and entropy are summed over them.
---@overload fun(base_distribution, reinterpreted_batch_ndims, options)
tensor.distributions.Independent = {}

---The distribution of 1 / x, x of a gamma distribution.
---@overload fun(concentration, rate, options)
tensor.distributions.InverseGamma = {}

---The Laplace distribution, density exp(-|x - loc| / scale) / (2 scale).
---@overload fun(loc, scale, options)
tensor.distributions.Laplace = {}

---The distribution of exp(x), x normal with mean loc and standard deviation scale.
---@overload fun(loc, scale, options)
tensor.distributions.LogNormal = {}

---One of the k distributions along the last batch dimension of component_distribution, chosen by a
---Categorical mixture_distribution over k classes: a mixture of Gaussians, for instance.
---@overload fun(mixture_distribution, component_distribution, options)
tensor.distributions.MixtureSameFamily = {}

---How often each of k classes comes in total_count independent draws with probabilities probs [..., k] or
---softmax(logits).
---@overload fun(options)
tensor.distributions.Multinomial = {}

---The normal distribution of vectors with mean loc [..., k] and one of covariance_matrix, precision_matrix
---and scale_tril (lower triangular, its product with its transpose is the covariance), all [..., k, k].
---@overload fun(loc, options)
tensor.distributions.MultivariateNormal = {}

---How many trials succeed, each with probability probs (or sigmoid(logits)), before total_count fail.
---@overload fun(total_count, options)
tensor.distributions.NegativeBinomial = {}

---The normal (Gaussian) distribution with mean loc and standard deviation scale.
---@overload fun(loc, scale, options)
tensor.distributions.Normal = {}

---As Categorical, with values that are vectors of one 1 and zeros.
---@overload fun(options)
tensor.distributions.OneHotCategorical = {}

---OneHotCategorical whose rsample passes gradients on to the probabilities as if the sample were these
---(Bengio et al. 2013).
---@overload fun(options)
tensor.distributions.OneHotCategoricalStraightThrough = {}

---The Pareto distribution: values from scale on, density falling as x^-(alpha + 1).
---@overload fun(scale, alpha, options)
tensor.distributions.Pareto = {}

---The Poisson distribution: how many events of a rate come in a unit of time.
---@overload fun(rate, options)
tensor.distributions.Poisson = {}

---y = x^exponent, for positive x.
tensor.distributions.PowerTransform = {}

---A number between 0 and 1 that stands for a Bernoulli one with probability probs or sigmoid(logits).
---@overload fun(temperature, options)
tensor.distributions.RelaxedBernoulli = {}

---A vector of parts of 1 that stands for a one-hot one of the classes with probabilities probs [..., k] or
---softmax(logits).
---@overload fun(temperature, options)
tensor.distributions.RelaxedOneHotCategorical = {}

---y = 1 / (1 + exp(-x)).
tensor.distributions.SigmoidTransform = {}

---y = log(1 + exp(x)).
tensor.distributions.SoftplusTransform = {}

---Student's t distribution with df degrees of freedom, moved by loc and scaled.
---@overload fun(df, options)
tensor.distributions.StudentT = {}

---y = tanh(x): for actions that have bounds.
tensor.distributions.TanhTransform = {}

---An invertible function y = t(x) of tensors, the base of the classes XTransform: t(x); t.inv, its inverse, a
---transform as well; t:log_abs_det_jacobian(x, y), the logarithm of |dy / dx|, summed over event_dim
---dimensions.
tensor.distributions.Transform = {}

---The distribution of t(x), x drawn from base_distribution and t a transform or a list of such, the first one
---first: sample, rsample, log_prob, cdf and icdf by the change of variables.
tensor.distributions.TransformedDistribution = {}

---The uniform distribution on low <= x < high.
---@overload fun(low, high, options)
tensor.distributions.Uniform = {}

---The Weibull distribution: scale times an exponential number to the power of 1 / concentration.
---@overload fun(scale, concentration, options)
tensor.distributions.Weibull = {}

---The Kullback-Leibler divergence E_p[log p(x) - log q(x)] in nats, for each batch, where it has a closed
---form.
function tensor.distributions.kl_divergence(p, q) end

---Makes f(p, q) the divergence of distributions of two classes.
function tensor.distributions.register_kl(type_p, type_q, f) end

---Means over windows that divide the input into output_size parts: nn.AdaptiveAvgPool2d(1) or ({2, 3}); -1
---keeps a size. nn.AdaptiveAvgPool1d and nn.AdaptiveAvgPool3d likewise.
---@overload fun(output_size)
nn.AdaptiveAvgPool1d = {}

---Means over windows that divide the input into output_size parts: nn.AdaptiveAvgPool2d(1) or ({2, 3}); -1
---keeps a size. nn.AdaptiveAvgPool1d and nn.AdaptiveAvgPool3d likewise.
---@overload fun(output_size)
nn.AdaptiveAvgPool2d = {}

---Means over windows that divide the input into output_size parts: nn.AdaptiveAvgPool2d(1) or ({2, 3}); -1
---keeps a size. nn.AdaptiveAvgPool1d and nn.AdaptiveAvgPool3d likewise.
---@overload fun(output_size)
nn.AdaptiveAvgPool3d = {}

---An approximate softmax for many classes, the frequent ones first (Grave et al. 2017):
---nn.AdaptiveLogSoftmaxWithLoss( in_features, n_classes, cutoffs, {div_value = 4, head_bias = false}). The
---classes 1 to cutoffs[1] stand in the head, those up to cutoffs[2] in the first cluster, and so on; cluster
---i projects to in_features / div_value^i features. Called with input [N, in_features] and target [N]
---(classes from 1) it returns the log probabilities of the targets [N] and the loss, the mean of their
---negatives; without the N for one sample.
---@overload fun(in_features, n_classes, cutoffs, options)
nn.AdaptiveLogSoftmaxWithLoss = {}

---Log probabilities of all classes: input [N, in_features] to [N, n_classes].
function nn.AdaptiveLogSoftmaxWithLoss:log_prob(x) end

---The most probable class of each row of input [N, in_features], from 1.
function nn.AdaptiveLogSoftmaxWithLoss:predict(x) end

---Maxima over windows that divide the input into output_size parts: nn.AdaptiveMaxPool2d(output_size,
---{return_indices = false}); -1 keeps a size. nn.AdaptiveMaxPool1d and nn.AdaptiveMaxPool3d likewise.
---@overload fun(output_size, options)
nn.AdaptiveMaxPool1d = {}

---Maxima over windows that divide the input into output_size parts: nn.AdaptiveMaxPool2d(output_size,
---{return_indices = false}); -1 keeps a size. nn.AdaptiveMaxPool1d and nn.AdaptiveMaxPool3d likewise.
---@overload fun(output_size, options)
nn.AdaptiveMaxPool2d = {}

---Maxima over windows that divide the input into output_size parts: nn.AdaptiveMaxPool2d(output_size,
---{return_indices = false}); -1 keeps a size. nn.AdaptiveMaxPool1d and nn.AdaptiveMaxPool3d likewise.
---@overload fun(output_size, options)
nn.AdaptiveMaxPool3d = {}

---Dropout for networks of SELU, which keeps mean 0 and variance 1: nn.AlphaDropout(p).
---@overload fun(options)
nn.AlphaDropout = {}

---The mean of each window of [N, C, L] or [C, L]: nn.AvgPool1d(kernel_size, {stride = kernel_size, padding =
---0, ceil_mode = false, count_include_pad = true}).
---@overload fun(kernel_size, options)
nn.AvgPool1d = {}

---The mean of each window: nn.AvgPool2d(kernel_size, {stride = kernel_size, padding = 0, ceil_mode = false,
---count_include_pad = true, divisor_override = nil}); nn.AvgPool3d likewise.
---@overload fun(kernel_size, options)
nn.AvgPool2d = {}

---The mean of each window: nn.AvgPool2d(kernel_size, {stride = kernel_size, padding = 0, ceil_mode = false,
---count_include_pad = true, divisor_override = nil}); nn.AvgPool3d likewise.
---@overload fun(kernel_size, options)
nn.AvgPool3d = {}

---Binary cross-entropy of probabilities: -(t log p + (1 - t) log(1 - p)), averaged.
---@overload fun(options)
nn.BCELoss = {}

---Sigmoid and binary cross-entropy in one, max(x, 0) - x t + log(1 + exp(-|x|)): input are logits.
---@overload fun(options)
nn.BCEWithLogitsLoss = {}

---Batch normalisation of [N, C] or [N, C, L]: per channel (x - mean) / sqrt(var + eps) * weight + bias, over
---the batch while training, by running statistics in evaluation mode. nn.BatchNorm1d(num_features, {eps =
---1e-5, momentum = 0.1, affine = true, track_running_stats = true}); momentum = false averages over all
---batches.
---@overload fun(num_features, options)
nn.BatchNorm1d = {}

---Batch normalisation of [N, C, H, W]: per channel (x - mean) / sqrt(var + eps) * weight + bias, see
---nn.BatchNorm1d.
---@overload fun(num_features, options)
nn.BatchNorm2d = {}

---Batch normalisation of [N, C, D, H, W]: per channel (x - mean) / sqrt(var + eps) * weight + bias, see
---nn.BatchNorm1d.
---@overload fun(num_features, options)
nn.BatchNorm3d = {}

---y_k = x1^T W_k x2 + b_k: nn.Bilinear(in1_features, in2_features, out_features, {bias = true}).
---@overload fun(in1_features, in2_features, out_features, options)
nn.Bilinear = {}

---A buffer: a tensor that, assigned to a field of a module, is registered there as register_buffer does.
---
---persistent: false leaves it out of state dicts
function nn.Buffer(data, persistent) end

---max(0, x) + min(0, alpha (exp(x / alpha) - 1)).
---@overload fun(options)
nn.CELU = {}

---Connectionist temporal classification: loss(log_probs, targets, input_lengths, target_lengths), with
---log_probs [T, N, C], targets [N, S] classes from 1 without the blank.
---@overload fun(options)
nn.CTCLoss = {}

---Mixes groups of channels of [N, C, ...]: nn.ChannelShuffle(groups).
---@overload fun(groups)
nn.ChannelShuffle = {}

---Goes on from the other side: nn.CircularPad2d(padding), see nn.ReflectionPad2d. nn.CircularPad1d,
---nn.CircularPad3d.
---@overload fun(padding)
nn.CircularPad1d = {}

---Goes on from the other side: nn.CircularPad2d(padding), see nn.ReflectionPad2d. nn.CircularPad1d,
---nn.CircularPad3d.
---@overload fun(padding)
nn.CircularPad2d = {}

---Goes on from the other side: nn.CircularPad2d(padding), see nn.ReflectionPad2d. nn.CircularPad1d,
---nn.CircularPad3d.
---@overload fun(padding)
nn.CircularPad3d = {}

---Adds elements of one value: nn.ConstantPad2d(padding, value), padding a number or {left, right, top,
---bottom} (the last dimension first; negative numbers take elements away). nn.ConstantPad1d and
---nn.ConstantPad3d likewise.
---@overload fun(padding, value)
nn.ConstantPad1d = {}

---Adds elements of one value: nn.ConstantPad2d(padding, value), padding a number or {left, right, top,
---bottom} (the last dimension first; negative numbers take elements away). nn.ConstantPad1d and
---nn.ConstantPad3d likewise.
---@overload fun(padding, value)
nn.ConstantPad2d = {}

---Adds elements of one value: nn.ConstantPad2d(padding, value), padding a number or {left, right, top,
---bottom} (the last dimension first; negative numbers take elements away). nn.ConstantPad1d and
---nn.ConstantPad3d likewise.
---@overload fun(padding, value)
nn.ConstantPad3d = {}

---Convolution (strictly, correlation): nn.Conv2d(in_channels, out_channels, kernel_size, {stride = 1, padding
---= 0, dilation = 1, groups = 1, bias = true, padding_mode = "zeros"}). x [N, in_channels, H, W], weight
---[out_channels, in_channels / groups, kH, kW]; nn.Conv1d and nn.Conv3d likewise. padding = "same" keeps the
---size; padding_mode "reflect", "replicate" or "circular" says what stands outside.
---@overload fun(in_channels, out_channels, kernel_size, options)
nn.Conv1d = {}

---Convolution (strictly, correlation): nn.Conv2d(in_channels, out_channels, kernel_size, {stride = 1, padding
---= 0, dilation = 1, groups = 1, bias = true, padding_mode = "zeros"}). x [N, in_channels, H, W], weight
---[out_channels, in_channels / groups, kH, kW]; nn.Conv1d and nn.Conv3d likewise. padding = "same" keeps the
---size; padding_mode "reflect", "replicate" or "circular" says what stands outside.
---@overload fun(in_channels, out_channels, kernel_size, options)
nn.Conv2d = {}

---Convolution (strictly, correlation): nn.Conv2d(in_channels, out_channels, kernel_size, {stride = 1, padding
---= 0, dilation = 1, groups = 1, bias = true, padding_mode = "zeros"}). x [N, in_channels, H, W], weight
---[out_channels, in_channels / groups, kH, kW]; nn.Conv1d and nn.Conv3d likewise. padding = "same" keeps the
---size; padding_mode "reflect", "replicate" or "circular" says what stands outside.
---@overload fun(in_channels, out_channels, kernel_size, options)
nn.Conv3d = {}

---Transposed convolution: nn.ConvTranspose2d(in_channels, out_channels, kernel_size, {stride = 1, padding =
---0, output_padding = 0, groups = 1, bias = true, dilation = 1}). weight [in_channels, out_channels / groups,
---kH, kW]; called with x and perhaps output_size, which decides where several sizes are possible.
---nn.ConvTranspose1d and nn.ConvTranspose3d likewise.
---@overload fun(in_channels, out_channels, kernel_size, options)
nn.ConvTranspose1d = {}

---Transposed convolution: nn.ConvTranspose2d(in_channels, out_channels, kernel_size, {stride = 1, padding =
---0, output_padding = 0, groups = 1, bias = true, dilation = 1}). weight [in_channels, out_channels / groups,
---kH, kW]; called with x and perhaps output_size, which decides where several sizes are possible.
---nn.ConvTranspose1d and nn.ConvTranspose3d likewise.
---@overload fun(in_channels, out_channels, kernel_size, options)
nn.ConvTranspose2d = {}

---Transposed convolution: nn.ConvTranspose2d(in_channels, out_channels, kernel_size, {stride = 1, padding =
---0, output_padding = 0, groups = 1, bias = true, dilation = 1}). weight [in_channels, out_channels / groups,
---kH, kW]; called with x and perhaps output_size, which decides where several sizes are possible.
---nn.ConvTranspose1d and nn.ConvTranspose3d likewise.
---@overload fun(in_channels, out_channels, kernel_size, options)
nn.ConvTranspose3d = {}

---1 - cos(x1, x2) where target is 1, max(0, cos(x1, x2) - margin) where it is -1: loss(x1, x2, target).
---@overload fun(options)
nn.CosineEmbeddingLoss = {}

---The cosine of the angle between x1 and x2 along dim: nn.CosineSimilarity({dim = 2, eps = 1e-8}).
---@overload fun(options)
nn.CosineSimilarity = {}

---Log-softmax and negative log-likelihood in one: -log(exp(x_t) / sum(exp(x))), averaged. input: logits [N,
---C, ...], target: classes 1..C [N, ...] or probabilities [N, C, ...]. nn.CrossEntropyLoss({weight = nil,
---ignore_index = -100, reduction = "mean", label_smoothing = 0}).
---@overload fun(options)
nn.CrossEntropyLoss = {}

---Local response normalisation of images [N, C, H, W] with an odd window, the last smaller one for an even
---size: nn.CrossMapLRN2d(size, {alpha = 1e-4, beta = 0.75, k = 1}). PyTorch's keeps the first channel in the
---sums of all later ones; here every sum is that of its own window.
---@overload fun(size, options)
nn.CrossMapLRN2d = {}

---One minus the Dice coefficient, for segmentation: input are logits [N, C, ...], target classes 1..C or 0
---and 1 of input's shape.
---@overload fun(options)
nn.DiceLoss = {}

---Sets elements to zero with probability p while training and scales the rest by 1 / (1 - p); passes its
---input on in evaluation mode: nn.Dropout(p).
---@overload fun(options)
nn.Dropout = {}

---Drops whole channels of [N, C, L] or [C, L]: nn.Dropout1d(p).
---@overload fun(options)
nn.Dropout1d = {}

---Drops whole channels of [N, C, H, W] or [C, H, W]: nn.Dropout2d(p).
---@overload fun(options)
nn.Dropout2d = {}

---Drops whole channels of [N, C, D, H, W] or [C, D, H, W]: nn.Dropout3d(p).
---@overload fun(options)
nn.Dropout3d = {}

---x for x > 0, else alpha (exp(x) - 1): nn.ELU(1.0).
---@overload fun(options)
nn.ELU = {}

---A vector for each of the numbers 1 to num_embeddings: nn.Embedding(num_embeddings, embedding_dim,
---{padding_idx = nil, max_norm = nil, norm_type = 2, scale_grad_by_freq = false}). x any shape of whole
---numbers from 1, weight [num_embeddings, embedding_dim], result [..., embedding_dim]. The vector of
---padding_idx starts as zeros and gets no gradient; vectors longer than max_norm (of order norm_type) are cut
---to it in place when they are used; scale_grad_by_freq divides gradients by how often a number occurs in x.
---@overload fun(num_embeddings, embedding_dim, options)
nn.Embedding = {}

---A layer around a given table [num_embeddings, embedding_dim]; freeze = true (the default) keeps it as it
---is.
function nn.Embedding.from_pretrained(embeddings, ...) end

---Sums, means or maxima of bags of embeddings: nn.EmbeddingBag(num_embeddings, embedding_dim, {max_norm =
---nil, norm_type = 2, scale_grad_by_freq = false, mode = "mean", include_last_offset = false, padding_idx =
---nil}), called with x [B, L], or with x [N] and offsets [B], the places (from 1) where the bags begin, and
---perhaps per_sample_weights of the shape of x (mode "sum"). Result [B, embedding_dim].
---@overload fun(num_embeddings, embedding_dim, options)
nn.EmbeddingBag = {}

---A layer around a given table [num_embeddings, embedding_dim]; freeze = true (the default) keeps it as it
---is.
function nn.EmbeddingBag.from_pretrained(embeddings, ...) end

---AlphaDropout of whole channels of [N, C, ...]: nn.FeatureAlphaDropout(p).
---@overload fun(options)
nn.FeatureAlphaDropout = {}

---Joins the dimensions start_dim to end_dim into one: nn.Flatten(2) keeps the batch.
---@overload fun(options)
nn.Flatten = {}

---Cross-entropy in which easy examples count less, (1 - p_t)^gamma * -log p_t: input are logits [N, C, ...],
---target classes 1..C or 0 and 1 of input's shape.
---@overload fun(options)
nn.FocalLoss = {}

---Puts columns of blocks together to images, summing where they overlap: nn.Fold(output_size, kernel_size,
---{dilation = 1, padding = 0, stride = 1}).
---@overload fun(output_size, kernel_size, options)
nn.Fold = {}

---Maxima of windows whose places are drawn by chance: nn.FractionalMaxPool2d(kernel_size, {output_size = nil,
---output_ratio = nil, return_indices = false}); nn.FractionalMaxPool3d likewise.
---@overload fun(kernel_size, options)
nn.FractionalMaxPool2d = {}

---Maxima of windows whose places are drawn by chance: nn.FractionalMaxPool2d(kernel_size, {output_size = nil,
---output_ratio = nil, return_indices = false}); nn.FractionalMaxPool3d likewise.
---@overload fun(kernel_size, options)
nn.FractionalMaxPool3d = {}

---x times the normal distribution function of x, x / 2 (1 + erf(x / sqrt(2))); approximate = "tanh" is x / 2
---(1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016).
---@overload fun(options)
nn.GELU = {}

---Half of the channels times the sigmoid of the other half, along dim (default the last).
---@overload fun(options)
nn.GLU = {}

---Gated recurrent units (Cho et al. 2014): with r = sigmoid(W_ir x + W_hr h), z = sigmoid(W_iz x + W_hz h)
---and n = tanh(W_in x + r (W_hn h + b_hn)), biases else left out here, h' = (1 - z) n + z h:
---nn.GRU(input_size, hidden_size, {num_layers = 1, bias = true, batch_first = false, dropout = 0,
---bidirectional = false}). `y, h = gru(x, h0)` with shapes as for nn.RNN.
---@overload fun(input_size, hidden_size, options)
nn.GRU = {}

---One step of nn.GRU: `h = cell(x, h)`, nn.GRUCell(input_size, hidden_size, {bias = true}). x [N, I] or [I],
---h [N, H] or [H], zeros when left out.
---@overload fun(input_size, hidden_size, options)
nn.GRUCell = {}

---Negative log-likelihood under a normal distribution, (log v + (x - t)^2 / v) / 2: loss(mean, target,
---variance).
---@overload fun(options)
nn.GaussianNLLLoss = {}

---Normalisation over groups of channels of [N, C, ...], (x - mean) / sqrt(var + eps) * weight + bias with
---mean and variance of each group in each sample (Wu and He 2018): nn.GroupNorm(num_groups, num_channels,
---{eps = 1e-5, affine = true}).
---@overload fun(num_groups, num_channels, options)
nn.GroupNorm = {}

---x where |x| > lambd, else 0.
---@overload fun(options)
nn.Hardshrink = {}

---relu6(x + 3) / 6.
---@overload fun(options)
nn.Hardsigmoid = {}

---x * relu6(x + 3) / 6.
---@overload fun(options)
nn.Hardswish = {}

---min(max(x, min_val), max_val).
---@overload fun(options)
nn.Hardtanh = {}

---input where target is 1, max(0, margin - input) where it is -1.
---@overload fun(options)
nn.HingeEmbeddingLoss = {}

---As SmoothL1Loss, times delta: d^2 / 2 where |d| < delta, else delta (|d| - delta / 2), d = input - target.
---@overload fun(options)
nn.HuberLoss = {}

---Returns what it is given; arguments of the constructor are ignored, so that it can stand in for any layer.
nn.Identity = {}

---Normalisation of each channel of each sample of [N, C, L] or [C, L], (x - mean) / sqrt(var + eps) (Ulyanov
---et al. 2016): nn.InstanceNorm1d(num_features, {eps = 1e-5, momentum = 0.1, affine = false,
---track_running_stats = false}).
---@overload fun(num_features, options)
nn.InstanceNorm1d = {}

---The same for [N, C, H, W] or [C, H, W].
---@overload fun(num_features, options)
nn.InstanceNorm2d = {}

---The same for [N, C, D, H, W] or [C, D, H, W].
---@overload fun(num_features, options)
nn.InstanceNorm3d = {}

---Kullback-Leibler divergence of log-probabilities x (input) from probabilities t (target): t (log t - x).
---@overload fun(options)
nn.KLDivLoss = {}

---Keys and values of the positions seen so far, for decoding one position (or a few) at a time: `local cache
---= nn.KVCache()`, then `layer(x, {is_causal = true, cache = cache})` with the new positions only, in any of
---MultiheadAttention, TransformerEncoder(Layer) and TransformerDecoder(Layer). One cache serves all layers of
---a model. cache:length() is the number of positions so far (the offset of positional encodings),
---cache:reset() forgets them, cache:truncate(n) keeps the first n, cache:reorder(indices) takes the given
---elements of the batch (beam search).
nn.KVCache = {}

---Mean of |input - target|.
---@overload fun(options)
nn.L1Loss = {}

---The norm_type-norm of each window: nn.LPPool2d(norm_type, kernel_size, {stride = kernel_size, ceil_mode =
---false}); nn.LPPool1d and nn.LPPool3d likewise.
---@overload fun(norm_type, kernel_size, options)
nn.LPPool1d = {}

---The norm_type-norm of each window: nn.LPPool2d(norm_type, kernel_size, {stride = kernel_size, ceil_mode =
---false}); nn.LPPool1d and nn.LPPool3d likewise.
---@overload fun(norm_type, kernel_size, options)
nn.LPPool2d = {}

---The norm_type-norm of each window: nn.LPPool2d(norm_type, kernel_size, {stride = kernel_size, ceil_mode =
---false}); nn.LPPool1d and nn.LPPool3d likewise.
---@overload fun(norm_type, kernel_size, options)
nn.LPPool3d = {}

---Long short-term memory (Hochreiter and Schmidhuber 1997): gates i, f, o = sigmoid(W x + U h + b) and g =
---tanh(W x + U h + b), each with weights of its own, c' = f c + i g, h' = o tanh(c'): nn.LSTM(input_size,
---hidden_size, {num_layers = 1, bias = true, batch_first = false, dropout = 0, bidirectional = false,
---proj_size = 0, peephole = false}). `y, state = lstm(x, {h0, c0})`, state = {h, c}: h [layers * directions,
---N, P], c [layers * directions, N, H], P = proj_size or else H; shapes of x and y as for nn.RNN. With
---proj_size h is projected to that size (Sak et al. 2014). With peephole the gates i and f also see the cell
---before them and o the new one, by the weights weight_ph_l0 [3 H], ... (Gers et al. 2002).
---@overload fun(input_size, hidden_size, options)
nn.LSTM = {}

---One step of nn.LSTM: `h, c = cell(x, {h, c})`, nn.LSTMCell(input_size, hidden_size, {bias = true, peephole
---= false}). x [N, I] or [I], h and c [N, H] or [H], zeros when left out.
---@overload fun(input_size, hidden_size, options)
nn.LSTMCell = {}

---Makes a module of a function: nn.Lambda(function(x) return x * 2 end).
nn.Lambda = {}

---Layer normalisation over the last dimensions, (x - mean) / sqrt(var + eps) * weight + bias with mean and
---variance of each sample's own (Ba et al. 2016): nn.LayerNorm(normalized_shape, {eps = 1e-5,
---elementwise_affine = true, bias = true}); normalized_shape a number or a table of sizes.
---@overload fun(normalized_shape, options)
nn.LayerNorm = {}

---Batch normalisation whose num_features come from the first input: nn.LazyBatchNorm2d({eps = 1e-5, momentum
---= 0.1, affine = true, track_running_stats = true}), see nn.BatchNorm2d. nn.LazyBatchNorm1d and
---nn.LazyBatchNorm3d likewise.
---@overload fun(options)
nn.LazyBatchNorm1d = {}

---Batch normalisation whose num_features come from the first input: nn.LazyBatchNorm2d({eps = 1e-5, momentum
---= 0.1, affine = true, track_running_stats = true}), see nn.BatchNorm2d. nn.LazyBatchNorm1d and
---nn.LazyBatchNorm3d likewise.
---@overload fun(options)
nn.LazyBatchNorm2d = {}

---Batch normalisation whose num_features come from the first input: nn.LazyBatchNorm2d({eps = 1e-5, momentum
---= 0.1, affine = true, track_running_stats = true}), see nn.BatchNorm2d. nn.LazyBatchNorm1d and
---nn.LazyBatchNorm3d likewise.
---@overload fun(options)
nn.LazyBatchNorm3d = {}

---A convolution whose in_channels come from the first input: nn.LazyConv2d(out_channels, kernel_size, {...}),
---see nn.Conv2d. nn.LazyConv1d and nn.LazyConv3d likewise.
---@overload fun(out_channels, kernel_size, options)
nn.LazyConv1d = {}

---A convolution whose in_channels come from the first input: nn.LazyConv2d(out_channels, kernel_size, {...}),
---see nn.Conv2d. nn.LazyConv1d and nn.LazyConv3d likewise.
---@overload fun(out_channels, kernel_size, options)
nn.LazyConv2d = {}

---A convolution whose in_channels come from the first input: nn.LazyConv2d(out_channels, kernel_size, {...}),
---see nn.Conv2d. nn.LazyConv1d and nn.LazyConv3d likewise.
---@overload fun(out_channels, kernel_size, options)
nn.LazyConv3d = {}

---A transposed convolution whose in_channels come from the first input: nn.LazyConvTranspose2d(out_channels,
---kernel_size, {...}), see nn.ConvTranspose2d. nn.LazyConvTranspose1d and nn.LazyConvTranspose3d likewise.
---@overload fun(out_channels, kernel_size, options)
nn.LazyConvTranspose1d = {}

---A transposed convolution whose in_channels come from the first input: nn.LazyConvTranspose2d(out_channels,
---kernel_size, {...}), see nn.ConvTranspose2d. nn.LazyConvTranspose1d and nn.LazyConvTranspose3d likewise.
---@overload fun(out_channels, kernel_size, options)
nn.LazyConvTranspose2d = {}

---A transposed convolution whose in_channels come from the first input: nn.LazyConvTranspose2d(out_channels,
---kernel_size, {...}), see nn.ConvTranspose2d. nn.LazyConvTranspose1d and nn.LazyConvTranspose3d likewise.
---@overload fun(out_channels, kernel_size, options)
nn.LazyConvTranspose3d = {}

---Instance normalisation whose num_features come from the first input: nn.LazyInstanceNorm2d({eps = 1e-5,
---momentum = 0.1, affine = true, track_running_stats = true}), see nn.InstanceNorm2d. nn.LazyInstanceNorm1d
---and nn.LazyInstanceNorm3d likewise.
---@overload fun(options)
nn.LazyInstanceNorm1d = {}

---Instance normalisation whose num_features come from the first input: nn.LazyInstanceNorm2d({eps = 1e-5,
---momentum = 0.1, affine = true, track_running_stats = true}), see nn.InstanceNorm2d. nn.LazyInstanceNorm1d
---and nn.LazyInstanceNorm3d likewise.
---@overload fun(options)
nn.LazyInstanceNorm2d = {}

---Instance normalisation whose num_features come from the first input: nn.LazyInstanceNorm2d({eps = 1e-5,
---momentum = 0.1, affine = true, track_running_stats = true}), see nn.InstanceNorm2d. nn.LazyInstanceNorm1d
---and nn.LazyInstanceNorm3d likewise.
---@overload fun(options)
nn.LazyInstanceNorm3d = {}

---A Linear layer whose in_features come from the first input: nn.LazyLinear(out_features, {bias = true}).
---Parameters are there from the start, for optimisers, and get their sizes and first values when the layer is
---called.
---@overload fun(out_features, options)
nn.LazyLinear = {}

---x for x > 0, else negative_slope * x: nn.LeakyReLU(0.01).
---@overload fun(options)
nn.LeakyReLU = {}

---Adds a learned vector for each position: nn.LearnedPositionalEncoding(max_len, d_model, {dropout = 0,
---batch_first = false}), parameter weight [max_len, d_model]. Called as nn.SinusoidalPositionalEncoding is.
---@overload fun(max_len, d_model, options)
nn.LearnedPositionalEncoding = {}

---y = x W^T + b on the last dimension: nn.Linear(in_features, out_features, {bias = true}). x [...,
---in_features], weight [out_features, in_features], bias [out_features], result [..., out_features]. Weight
---and bias start uniform within 1 / sqrt(in_features).
---@overload fun(in_features, out_features, options)
nn.Linear = {}

---A linear layer and the cross-entropy of what it gives: loss(input, target). The layer is loss.linear; with
---out_features it gives logits [N, C, out_features...].
---@overload fun(in_features, num_classes, options)
nn.LinearCrossEntropyLoss = {}

---Divides each element by a power of the mean square of neighbouring channels, x / (k + alpha
---mean(x^2))^beta: nn.LocalResponseNorm(size, {alpha = 1e-4, beta = 0.75, k = 1}), see F.local_response_norm.
---@overload fun(size, options)
nn.LocalResponseNorm = {}

---log(sigmoid(x)).
---@overload fun()
nn.LogSigmoid = {}

---log(softmax(x)) along dim.
---@overload fun(options)
nn.LogSoftmax = {}

---Mean of (input - target)^2: nn.MSELoss({reduction = "mean"}); "sum" or "none" instead of "mean".
---@overload fun(options)
nn.MSELoss = {}

---max(0, -target * (x1 - x2) + margin): loss(x1, x2, target).
---@overload fun(options)
nn.MarginRankingLoss = {}

---The largest element of each window: nn.MaxPool2d(kernel_size, {stride = kernel_size, padding = 0, dilation
---= 1, return_indices = false, ceil_mode = false}) for [N, C, H, W] or [C, H, W]; MaxPool1d and MaxPool3d
---likewise. With return_indices also their places, from 1 within each plane.
---@overload fun(kernel_size, options)
nn.MaxPool1d = {}

---The largest element of each window: nn.MaxPool2d(kernel_size, {stride = kernel_size, padding = 0, dilation
---= 1, return_indices = false, ceil_mode = false}) for [N, C, H, W] or [C, H, W]; MaxPool1d and MaxPool3d
---likewise. With return_indices also their places, from 1 within each plane.
---@overload fun(kernel_size, options)
nn.MaxPool2d = {}

---The largest element of each window: nn.MaxPool2d(kernel_size, {stride = kernel_size, padding = 0, dilation
---= 1, return_indices = false, ceil_mode = false}) for [N, C, H, W] or [C, H, W]; MaxPool1d and MaxPool3d
---likewise. With return_indices also their places, from 1 within each plane.
---@overload fun(kernel_size, options)
nn.MaxPool3d = {}

---Puts the values of a max pool back to their places and zeros elsewhere: nn.MaxUnpool2d(kernel_size, {stride
---= kernel_size, padding = 0}), called with values, indices and perhaps output_size. nn.MaxUnpool1d and
---nn.MaxUnpool3d likewise.
---@overload fun(kernel_size, options)
nn.MaxUnpool1d = {}

---Puts the values of a max pool back to their places and zeros elsewhere: nn.MaxUnpool2d(kernel_size, {stride
---= kernel_size, padding = 0}), called with values, indices and perhaps output_size. nn.MaxUnpool1d and
---nn.MaxUnpool3d likewise.
---@overload fun(kernel_size, options)
nn.MaxUnpool2d = {}

---Puts the values of a max pool back to their places and zeros elsewhere: nn.MaxUnpool2d(kernel_size, {stride
---= kernel_size, padding = 0}), called with values, indices and perhaps output_size. nn.MaxUnpool1d and
---nn.MaxUnpool3d likewise.
---@overload fun(kernel_size, options)
nn.MaxUnpool3d = {}

---x * tanh(softplus(x)).
---@overload fun(options)
nn.Mish = {}

---The parent of all modules: registers the parameters, buffers and modules that are assigned to its fields,
---walks over them (parameters, state_dict, to, train, eval), and is called like a function: m(x) runs
---m:forward(x).
nn.Module = {}

---Registers a child module under a name.
function nn.Module:add_module(name, module) end

---Calls f(m) for every module below and then for the module itself. Returns the module.
function nn.Module:apply(f) end

---All buffers, as an array.
function nn.Module:buffers(recurse) end

---The direct children, as an array.
function nn.Module:children() end

---A deep copy: parameters and buffers of its own; what was shared inside stays shared inside. Hooks are not
---copied, but for those of nn.utils.weight_norm and nn.utils.spectral_norm.
function nn.Module:clone() end

---Converts floating parameters and buffers to float64.
function nn.Module:double() end

---Evaluation mode: dropout does nothing, batch normalisation uses its running statistics. Returns the module.
function nn.Module:eval() end

---What stands between the parentheses when the module is printed: its constructor's arguments where they are
---known.
function nn.Module:extra_repr() end

---Converts floating parameters and buffers to float32.
function nn.Module:float() end

---The buffer at a path.
function nn.Module:get_buffer(path) end

---The parameter at a path.
function nn.Module:get_parameter(path) end

---The module at a path as in state dicts: net:get_submodule("layers.0").
function nn.Module:get_submodule(path) end

---Copies the tensors of a state dict into the module's. Returns two lists: missing and unexpected names.
---
---strict: default true: any such name is an error; wrong shapes always are, and then nothing is changed
function nn.Module:load_state_dict(state, strict) end

---The module itself and everything below it, as an array, each once.
function nn.Module:modules() end

---Iterates over name and buffer.
function nn.Module:named_buffers(prefix, recurse) end

---Iterates over name and child.
function nn.Module:named_children() end

---Iterates over path ("" for the module itself) and module.
function nn.Module:named_modules(prefix) end

---Iterates over name and parameter: `for name, p in net:named_parameters() do`.
function nn.Module:named_parameters(prefix, recurse) end

---All parameters, as an array: the module's own first, then its children's, each once.
function nn.Module:parameters(recurse) end

---Registers a tensor that is part of the state but no parameter, such as running means.
---
---persistent: false leaves it out of state dicts
function nn.Module:register_buffer(name, buffer, persistent) end

---f(module, inputs, output) after forward; what it returns replaces the output. Several outputs come as a
---table. Returns a handle with :remove().
function nn.Module:register_forward_hook(f) end

---f(module, inputs) before forward; what it returns (a value or a table of values) replaces the inputs.
---Returns a handle with :remove().
function nn.Module:register_forward_pre_hook(f) end

---f(module, grad_inputs, grad_outputs) when the gradients of the inputs are known; a table it returns
---replaces them. Returns a handle with :remove().
function nn.Module:register_full_backward_hook(f) end

---f(module, grad_outputs) before the module's backward pass; a table it returns replaces them. Returns a
---handle with :remove().
function nn.Module:register_full_backward_pre_hook(f) end

---Registers a child module under a name.
function nn.Module:register_module(name, module) end

---Registers a parameter under a name; nil keeps the place free.
function nn.Module:register_parameter(name, parameter) end

---Says whether all parameters ask for gradients. Returns the module.
function nn.Module:requires_grad_(on) end

---Names (PyTorch's) to tensors: parameters and buffers, without history, on the module's own storage. pairs()
---goes through it in order of registration.
function nn.Module:state_dict(prefix) end

---Converts floating parameters and buffers to a dtype, in place: optimisers keep working. Returns the module.
function nn.Module:to(dtype) end

---Puts the module and everything below it in training mode (or, with false, in evaluation mode). Returns the
---module.
function nn.Module:train(mode) end

---Drops the gradients of all parameters (with {set_to_none = false}: makes them zero).
function nn.Module:zero_grad(set_to_none) end

---Modules under names, in order: nn.ModuleDict({{"linear", m1}, {"pool", m2}}); d.linear, d["pool"].
nn.ModuleDict = {}

---Takes everything out.
function nn.ModuleDict:clear() end

---True when there is an item of this name.
function nn.ModuleDict:contains(name) end

---A list of modules: nn.ModuleList({m1, m2}). It computes nothing itself.
nn.ModuleList = {}

---Hinges between each of several target classes (a list that -1 ends) and each other class: input and target
---[N, C].
---@overload fun(options)
nn.MultiLabelMarginLoss = {}

---Binary cross-entropy of logits [N, C], the mean over the classes.
---@overload fun(options)
nn.MultiLabelSoftMarginLoss = {}

---Hinges between the target class y and each other, sum of max(0, margin - x_y + x_i)^p over i, divided by C:
---input [N, C], target classes 1..C.
---@overload fun(options)
nn.MultiMarginLoss = {}

---Attention of several heads at once (Vaswani et al. 2017): nn.MultiheadAttention(embed_dim, num_heads,
---{dropout = 0, bias = true, add_bias_kv = false, add_zero_attn = false, kdim = nil, vdim = nil, batch_first
---= false}). `y, weights = mha(query, key, value, {key_padding_mask = nil, need_weights = true, attn_mask =
---nil, average_attn_weights = true, is_causal = false, cache = nil})`: query [L, N, E], key [S, N, kdim],
---value [S, N, vdim] ([N, L, E] ... with batch_first, [L, E] ... without batch), y like query, weights [N, L,
---S] ([N, H, L, S] without average_attn_weights), nil without need_weights, which is much faster. attn_mask
---[L, S], [N * H, L, S] or what broadcasts to [N, H, L, S], and key_padding_mask [N, S]: bool, true where
---attention must not go, or numbers that are added. is_causal: position i sees 1 to i. With a cache (see
---nn.KVCache) the keys and values of earlier calls count, too.
---@overload fun(embed_dim, num_heads, options)
nn.MultiheadAttention = {}

---Negative log-likelihood of log-probabilities [N, C, ...] under classes 1..C: -x_t, averaged.
---@overload fun(options)
nn.NLLLoss = {}

---The old name of nn.NLLLoss for images.
nn.NLLLoss2d = {}

---Leaky ReLU with a slope that is learned, one or one a channel: nn.PReLU(num_parameters, {init = 0.25}).
---@overload fun(options)
nn.PReLU = {}

---The p-norm of x1 - x2 along the last dimension: nn.PairwiseDistance({p = 2, eps = 1e-6, keepdim = false}).
---@overload fun(options)
nn.PairwiseDistance = {}

---A module parameter: a leaf tensor on the same storage that asks for gradients (unless told otherwise).
---Assigned to a field of a module it is registered there under the field's name.
---
---data: a tensor
---
---requires_grad: default true
function nn.Parameter(data, requires_grad) end

---Parameters under names, in order: nn.ParameterDict({{"left", p1}, {"right", p2}}).
nn.ParameterDict = {}

---True when there is an item of this name.
function nn.ParameterDict:contains(name) end

---A list of parameters: nn.ParameterList({p1, p2}); plain tensors become parameters.
nn.ParameterList = {}

---Adds a parameter at the end. Returns the list.
function nn.ParameterList:append(v) end

---Adds the parameters of a list. Returns the list.
function nn.ParameterList:extend(list) end

---Channels become places: [N, C * r^2, H, W] to [N, C, H * r, W * r]: nn.PixelShuffle(r).
---@overload fun(upscale_factor)
nn.PixelShuffle = {}

---Places become channels: [N, C, H * r, W * r] to [N, C * r^2, H, W]: nn.PixelUnshuffle(r).
---@overload fun(downscale_factor)
nn.PixelUnshuffle = {}

---Negative log-likelihood of counts t (target) under a Poisson distribution: exp(x) - t x, or x - t log(x +
---eps) with log_input = false.
---@overload fun(options)
nn.PoissonNLLLoss = {}

---x / sqrt(mean(x^2) + eps) * weight over the last dimensions: nn.RMSNorm(normalized_shape, {eps = nil,
---elementwise_affine = true}); without eps the smallest one of the dtype.
---@overload fun(normalized_shape, options)
nn.RMSNorm = {}

---A recurrent layer h' = tanh(W_ih x + b_ih + W_hh h + b_hh) over the steps of a sequence (Elman 1990):
---nn.RNN(input_size, hidden_size, {num_layers = 1, nonlinearity = "tanh", bias = true, batch_first = false,
---dropout = 0, bidirectional = false}). `y, h = rnn(x, h0)`: x [T, N, I] ([N, T, I] with batch_first, [T, I]
---without batch, or a PackedSequence), h0 and h [layers * directions, N, H], h0 zeros when left out; y [T, N,
---H * directions]. nonlinearity is "tanh" or "relu"; dropout acts between layers.
---@overload fun(input_size, hidden_size, options)
nn.RNN = {}

---One step of nn.RNN: `h = cell(x, h)`, nn.RNNCell(input_size, hidden_size, {bias = true, nonlinearity =
---"tanh"}). x [N, I] or [I], h [N, H] or [H], zeros when left out.
---@overload fun(input_size, hidden_size, options)
nn.RNNCell = {}

---Leaky ReLU whose slope is drawn from lower..upper while training and their mean in evaluation mode.
---@overload fun(options)
nn.RReLU = {}

---max(x, 0): nn.ReLU({inplace = false}).
---@overload fun(options)
nn.ReLU = {}

---min(max(x, 0), 6).
---@overload fun(options)
nn.ReLU6 = {}

---Mirrors what lies inside: nn.ReflectionPad2d(padding), padding a number or {left, right, top, bottom} (the
---last dimension first). nn.ReflectionPad1d and nn.ReflectionPad3d likewise.
---@overload fun(padding)
nn.ReflectionPad1d = {}

---Mirrors what lies inside: nn.ReflectionPad2d(padding), padding a number or {left, right, top, bottom} (the
---last dimension first). nn.ReflectionPad1d and nn.ReflectionPad3d likewise.
---@overload fun(padding)
nn.ReflectionPad2d = {}

---Mirrors what lies inside: nn.ReflectionPad2d(padding), padding a number or {left, right, top, bottom} (the
---last dimension first). nn.ReflectionPad1d and nn.ReflectionPad3d likewise.
---@overload fun(padding)
nn.ReflectionPad3d = {}

---A learned number for each head and distance between query and key, to be added to the scores (Raffel et al.
---2020): nn.RelativePositionBias(num_heads, {num_buckets = 32, max_distance = 128, bidirectional = true}),
---parameter weight [num_buckets, num_heads]. `bias = rpb(queries, keys)` is [1, num_heads, queries, keys], a
---mask for F.scaled_dot_product_attention and nn.MultiheadAttention; the last query stands at the last key.
---Near distances have buckets of their own, farther ones share them by their logarithm up to max_distance.
---For decoders: bidirectional = false.
---@overload fun(num_heads, options)
nn.RelativePositionBias = {}

---Repeats the border: nn.ReplicationPad2d(padding), see nn.ReflectionPad2d. nn.ReplicationPad1d,
---nn.ReplicationPad3d.
---@overload fun(padding)
nn.ReplicationPad1d = {}

---Repeats the border: nn.ReplicationPad2d(padding), see nn.ReflectionPad2d. nn.ReplicationPad1d,
---nn.ReplicationPad3d.
---@overload fun(padding)
nn.ReplicationPad2d = {}

---Repeats the border: nn.ReplicationPad2d(padding), see nn.ReflectionPad2d. nn.ReplicationPad1d,
---nn.ReplicationPad3d.
---@overload fun(padding)
nn.ReplicationPad3d = {}

---Turns pairs of numbers of queries and keys by angles that grow with the position, so that their products
---depend on the distance (Su et al. 2021): nn.RotaryEmbedding(dim, {base = 10000, interleaved = false}). `q =
---rope(q, {offset = 0})`, q [..., L, dim] with dim even, the position along the last dimension but one. Pairs
---are i and i + dim / 2, with interleaved = true neighbours.
---@overload fun(dim, options)
nn.RotaryEmbedding = {}

---ELU whose constants keep mean 0 and variance 1: 1.0507 (max(0, x) + min(0, 1.6733 (exp(x) - 1))) (Klambauer
---et al. 2017).
---@overload fun(options)
nn.SELU = {}

---Modules one after the other: nn.Sequential(m1, m2, ...), one list of them, or named {{"conv", m1}, {"relu",
---m2}}.
nn.Sequential = {}

---x * sigmoid(x), also known as swish.
---@overload fun(options)
nn.SiLU = {}

---1 / (1 + exp(-x)).
---@overload fun()
nn.Sigmoid = {}

---Adds sine and cosine waves of the position, of wave lengths from 2 pi to 10000 * 2 pi (Vaswani et al.
---2017): nn.SinusoidalPositionalEncoding(d_model, {max_len = 5000, dropout = 0, batch_first = false}). `y =
---encoding(x, {offset = 0})`, x and y [L, N, d_model] ([N, L, d_model] with batch_first); the first position
---counts as offset + 1, with offset = cache:length() when decoding with a cache.
---@overload fun(d_model, options)
nn.SinusoidalPositionalEncoding = {}

---Squares below beta, absolute values above: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, d = input
---- target.
---@overload fun(options)
nn.SmoothL1Loss = {}

---log(1 + exp(-target * input)) for targets of -1 and 1.
---@overload fun(options)
nn.SoftMarginLoss = {}

---exp(x) / sum(exp(x)) along dim. For cross_entropy leave it out: that takes the logits.
---@overload fun(options)
nn.Softmax = {}

---Softmax over the channels of [N, C, H, W].
---@overload fun()
nn.Softmax2d = {}

---softmax(-x) along dim.
---@overload fun(options)
nn.Softmin = {}

---log(1 + exp(beta x)) / beta.
---@overload fun(options)
nn.Softplus = {}

---Moves x by lambd towards zero.
---@overload fun(options)
nn.Softshrink = {}

---x / (1 + |x|).
---@overload fun()
nn.Softsign = {}

---Batch normalisation of [N, C, ...]. PyTorch's computes the statistics over several processes; of one
---process, which is what there is here, it is BatchNorm. nn.SyncBatchNorm.convert_sync_batchnorm(module)
---returns the module as it is.
---@overload fun(num_features, options)
nn.SyncBatchNorm = {}

---Hyperbolic tangent: (exp(x) - exp(-x)) / (exp(x) + exp(-x)).
---@overload fun()
nn.Tanh = {}

---x - tanh(x).
---@overload fun()
nn.Tanhshrink = {}

---x where x > threshold, else value.
---@overload fun(threshold, value, options)
nn.Threshold = {}

---The encoder-decoder Transformer (Vaswani et al. 2017): nn.Transformer({d_model = 512, nhead = 8,
---num_encoder_layers = 6, num_decoder_layers = 6, dim_feedforward = 2048, dropout = 0.1, activation = "relu",
---custom_encoder = nil, custom_decoder = nil, layer_norm_eps = 1e-5, batch_first = false, norm_first = false,
---bias = true}). `y = model(src, tgt, {src_mask = nil, tgt_mask = nil, memory_mask = nil,
---src_key_padding_mask = nil, tgt_key_padding_mask = nil, memory_key_padding_mask = nil, src_is_causal =
---false, tgt_is_causal = false, memory_is_causal = false})`, src [S, N, E], tgt and y [T, N, E] ([N, S, E]
---... with batch_first). Embeddings and positions are the user's business.
---@overload fun(options)
nn.Transformer = {}

---A mask [size, size] of numbers to add: 0 where position i sees position k <= i, -inf elsewhere:
---nn.Transformer.generate_square_subsequent_mask(size, {dtype = "float32"}).
function nn.Transformer.generate_square_subsequent_mask(size, options) end

---A stack of num_layers copies of a decoder layer: nn.TransformerDecoder(decoder_layer, num_layers, {norm =
---nil}). Called as nn.TransformerDecoderLayer is.
---@overload fun(decoder_layer, num_layers, options)
nn.TransformerDecoder = {}

---Self-attention, attention to a memory and a feed-forward network: nn.TransformerDecoderLayer(d_model,
---nhead, ...), options as nn.TransformerEncoderLayer has them. `y = layer(tgt, memory, {tgt_mask = nil,
---memory_mask = nil, tgt_key_padding_mask = nil, memory_key_padding_mask = nil, tgt_is_causal = false,
---memory_is_causal = false, cache = nil})`, tgt and y [T, N, E], memory [S, N, E] ([N, T, E], [N, S, E] with
---batch_first).
---@overload fun(d_model, nhead, options)
nn.TransformerDecoderLayer = {}

---A stack of num_layers copies of an encoder layer: nn.TransformerEncoder(encoder_layer, num_layers, {norm =
---nil}). `y = encoder(src, {mask = nil, src_key_padding_mask = nil, is_causal = false, cache = nil})`.
---@overload fun(encoder_layer, num_layers, options)
nn.TransformerEncoder = {}

---Self-attention and a feed-forward network, each with a residual connection and layer norm (Vaswani et al.
---2017): nn.TransformerEncoderLayer(d_model, nhead, {dim_feedforward = 2048, dropout = 0.1, activation =
---"relu", layer_norm_eps = 1e-5, batch_first = false, norm_first = false, bias = true}). `y = layer(src,
---{src_mask = nil, src_key_padding_mask = nil, is_causal = false, cache = nil})`, src and y [S, N, E] ([N, S,
---E] with batch_first); masks as nn.MultiheadAttention has them. activation is "relu", "gelu" or a function.
---@overload fun(d_model, nhead, options)
nn.TransformerEncoderLayer = {}

---max(0, d(anchor, positive) - d(anchor, negative) + margin): loss(anchor, positive, negative).
---@overload fun(options)
nn.TripletMarginLoss = {}

---TripletMarginLoss with a distance of one's own: loss(anchor, positive, negative).
---@overload fun(options)
nn.TripletMarginWithDistanceLoss = {}

---Splits dimension dim into these sizes: nn.Unflatten(2, {32, 7, 7}).
---@overload fun(dim, unflattened_size)
nn.Unflatten = {}

---The blocks of images as columns: nn.Unfold(kernel_size, {dilation = 1, padding = 0, stride = 1}), [N, C, H,
---W] to [N, C * kH * kW, L].
---@overload fun(kernel_size, options)
nn.Unfold = {}

---Resamples [N, C, L], [N, C, H, W] or [N, C, D, H, W]: nn.Upsample({size = nil, scale_factor = nil, mode =
---"nearest", align_corners = nil, recompute_scale_factor = nil}); modes as in F.interpolate.
---@overload fun(options)
nn.Upsample = {}

---Resamples images [N, C, H, W] bilinearly, the corners' centres on each other: nn.UpsamplingBilinear2d({size
---= nil, scale_factor = nil}).
---@overload fun(options)
nn.UpsamplingBilinear2d = {}

---Resamples images [N, C, H, W] by the nearest pixel: nn.UpsamplingNearest2d({size = nil, scale_factor =
---nil}).
---@overload fun(options)
nn.UpsamplingNearest2d = {}

---Adds zeros: nn.ZeroPad2d(padding), see nn.ConstantPad2d. nn.ZeroPad1d, nn.ZeroPad3d.
---@overload fun(padding)
nn.ZeroPad1d = {}

---Adds zeros: nn.ZeroPad2d(padding), see nn.ConstantPad2d. nn.ZeroPad1d, nn.ZeroPad3d.
---@overload fun(padding)
nn.ZeroPad2d = {}

---Adds zeros: nn.ZeroPad2d(padding), see nn.ConstantPad2d. nn.ZeroPad1d, nn.ZeroPad3d.
---@overload fun(padding)
nn.ZeroPad3d = {}

---Makes a class of modules: `local Net = nn.class("Net")`, then `function Net:init(...)` and `function
---Net:forward(x)`; `Net(...)` makes an instance. Without an init of its own a class inherits its parent's.
---
---name: what prints and errors call it
---
---parent: another class, a layer for instance; default nn.Module
function nn.class(name, parent) end

---True when m is an instance of the class or of one derived from it; nn.is(t, nn.Parameter) tells parameters.
function nn.is(m, class) end

---Reads what nn.save (or another writer of safetensors) wrote: a state dict, or the table. Options: max_bytes
---(default 512 MiB), the most that the tensors may take.
function nn.load(path, options) end

---Saves a module (its state dict) or a table (tensors, numbers, strings, booleans, tables of these, modules
---and optimisers) to a safetensors file. It is written beside `path` and renamed: the old or the new file is
---whole.
function nn.save(path, value) end

---Runs a model once on zeros of input_shape (with the batch; a list of shapes for several inputs, tensors are
---taken as they are) and prints a line a layer: the shape of its output, the numbers of its own parameters
---and of its multiply-adds, the bytes that its parameters, buffers and output take. Returns the same as a
---table: layers (each with name, type, output_shape, parameters, trainable, multiply_adds, param_bytes,
---output_bytes, bytes) and the sums parameters, trainable, multiply_adds, param_bytes, output_bytes. Counted
---are the multiply-adds of linear, convolutional, recurrent and attention layers, those of biases,
---activations and normalisations are not. dtype is that of the input ("int64" makes ones: token ids); print =
---false prints nothing.
function nn.summary(model, options) end

---Fan-in and fan-out of a weight: numbers of inputs and outputs that a unit is connected to.
---
---t: at least 2-d: [out, in, kernel...]
function nn.init.calculate_fan_in_and_fan_out(t) end

---The factor by which a nonlinearity's weights are scaled: calculate_gain("leaky_relu", 0.2).
function nn.init.calculate_gain(nonlinearity, param) end

---One value everywhere.
function nn.init.constant_(t, val) end

---A convolution's weight that passes its input on, as far as there are channels.
function nn.init.dirac_(t, options) end

---The identity matrix.
function nn.init.eye_(t) end

---He (Kaiming), normal.
function nn.init.kaiming_normal_(t, options) end

---He (Kaiming): uniform with the standard deviation gain / sqrt(fan); the layers' default is a = sqrt(5).
---
---a: slope of a leaky ReLU behind it
---
---mode: "fan_in" keeps the variance forward, "fan_out" backward
---
---nonlinearity: default "leaky_relu"
function nn.init.kaiming_uniform_(t, options) end

---Normal: init.normal_(t, mean, std).
function nn.init.normal_(t, options) end

---Ones.
function nn.init.ones_(t) end

---A (semi-)orthogonal matrix, the dimensions behind the first taken as one.
function nn.init.orthogonal_(t, options) end

---Zeros in a share of each column, the rest normal.
function nn.init.sparse_(t, sparsity, options) end

---Normal with the tails beyond a and b cut off.
function nn.init.trunc_normal_(t, options) end

---Uniform in [a, b): init.uniform_(t, 0, 1).
function nn.init.uniform_(t, options) end

---Xavier (Glorot), normal.
function nn.init.xavier_normal_(t, options) end

---Xavier (Glorot): uniform with the variance 2 / (fan_in + fan_out), times gain squared.
function nn.init.xavier_uniform_(t, options) end

---Zeros.
function nn.init.zeros_(t) end

---Calls a module with other tensors in place of its parameters and buffers (a table by their names in the
---state dict; those that are not named stay): tensor.func.functional_call(net, parameters, x). Gradients go
---to the given tensors: for a network's weights after a step that is itself differentiated, or for each
---sample in vmap.
function tensor.func.functional_call(net, tensors, ...) end

---The function that gives the gradient of f by its argument argnums (default 1: a tensor, or a table of
---tensors, for which it is a table with the same keys). f returns one element. Can be nested, and put into
---vmap for the gradients of each sample.
function tensor.func.grad(f, argnums) end

---The same with the value of f behind the gradient.
function tensor.func.grad_and_value(f, argnums) end

---The functions of tensor under their other path: tensor.func.vmap, tensor.func.hessian, tensor.func.vjp,
---tensor.func.jvp are tensor.vmap, tensor.hessian, tensor.vjp, tensor.jvp.
function tensor.func.hessian(func, inputs, options) end

---The function that gives the Jacobian of f (tensor.jacobian) for its first argument.
function tensor.func.jacrev(f) end

---The functions of tensor under their other path: tensor.func.vmap, tensor.func.hessian, tensor.func.vjp,
---tensor.func.jvp are tensor.vmap, tensor.hessian, tensor.vjp, tensor.jvp.
function tensor.func.jvp(func, inputs, options) end

---The parameters and the buffers of several modules of one kind as two tables of stacked tensors, for an
---ensemble by vmap over functional_call.
function tensor.func.stack_module_state(models) end

---The functions of tensor under their other path: tensor.func.vmap, tensor.func.hessian, tensor.func.vjp,
---tensor.func.jvp are tensor.vmap, tensor.hessian, tensor.vjp, tensor.jvp.
function tensor.func.vjp(func, inputs, options) end

---The functions of tensor under their other path: tensor.func.vmap, tensor.func.hessian, tensor.func.vjp,
---tensor.func.jvp are tensor.vmap, tensor.hessian, tensor.vjp, tensor.jvp.
function tensor.func.vmap(func, options) end

---Scales the gradients of the parameters down so that their norm, all taken together, is at most max_norm;
---returns the norm before. norm_type may be math.huge.
function nn.utils.clip_grad_norm_(parameters, max_norm, options) end

---Clips every element of the parameters' gradients to -clip_value .. clip_value.
function nn.utils.clip_grad_value_(parameters, clip_value) end

---Scales the gradients of the parameters by max_norm / total_norm where that is less than 1.
function nn.utils.clip_grads_with_norm_(parameters, max_norm, norm) end

---Keeps the parameters of a module (or a list of them) as they are: they ask for no gradients any more, so
---backward skips them and optimisers leave them alone. frozen = false lets them learn again. Batch
---normalisations also keep their running statistics when they are in evaluation mode: net.bn:eval().
function nn.utils.freeze(parameters, options) end

---The norm of all tensors of a list (or of one tensor) taken together.
function nn.utils.get_total_norm(tensors, options) end

---All parameters one after the other as one vector, with history.
function nn.utils.parameters_to_vector(parameters) end

---Takes spectral_norm away; the parameter stays as it is. Returns the module.
function nn.utils.remove_spectral_norm(m, name) end

---Takes weight_norm away; the parameter stays as it is. Returns the module.
function nn.utils.remove_weight_norm(m, name) end

---Divides a parameter by its largest singular value (Miyato et al. 2018), which power iterations approximate
---before each call while training, from weight_orig. nn.utils.parametrizations.spectral_norm is the newer
---form. Returns the module.
function nn.utils.spectral_norm(module, options) end

---Writes the elements of a vector into the parameters, one after the other.
function nn.utils.vector_to_parameters(vec, parameters) end

---Splits a parameter into its length and its direction, w = g v / |v| (Salimans and Kingma 2016), computed
---before each call from the parameters weight_g and weight_v. nn.utils.parametrizations.weight_norm is the
---newer form. Returns the module.
function nn.utils.weight_norm(module, options) end

---The rows of several sequences, step by step: data [sum of lengths, ...] holds the first elements of all
---sequences, then the second ones of those that have one, and so on; batch_sizes (int64) says how many there
---are of each step. sorted_indices are the sequences' positions by falling length, unsorted_indices the way
---back; nil when they were in that order. Made by pack_padded_sequence and pack_sequence.
function nn.utils.rnn.PackedSequence(data, batch_sizes, sorted_indices, unsorted_indices) end

---The permutation that undoes another: rnn.invert_permutation(tensor{3, 1, 2}).
function nn.utils.rnn.invert_permutation(permutation) end

---True for what rnn.PackedSequence made.
function nn.utils.rnn.is_packed(v) end

---Packs the sequences of a padded batch: rnn.pack_padded_sequence(input, lengths, {batch_first = false,
---enforce_sorted = true}). input [T, N, ...] ([N, T, ...] with batch_first), lengths a table or tensor of N
---whole numbers, falling unless enforce_sorted is false.
function nn.utils.rnn.pack_padded_sequence(input, lengths, ...) end

---Packs a list of sequences [T_i, ...]: rnn.pack_sequence(sequences, {enforce_sorted = true}).
function nn.utils.rnn.pack_sequence(sequences, ...) end

---The padded batch and the lengths (int64) of packed sequences: `x, lengths =
---rnn.pad_packed_sequence(sequence, {batch_first = false, padding_value = 0, total_length = nil})`. x [T, N,
---...] ([N, T, ...] with batch_first), T the longest length or total_length.
function nn.utils.rnn.pad_packed_sequence(sequence, ...) end

---Stacks sequences [T_i, ...] of different lengths: rnn.pad_sequence(sequences, {batch_first = false,
---padding_value = 0, padding_side = "right"}) is [T, N, ...] ([N, T, ...] with batch_first).
function nn.utils.rnn.pad_sequence(sequences, ...) end

---The sequences of a PackedSequence as a table, in their first order.
function nn.utils.rnn.unpack_sequence(packed_sequences) end

---The sequences of a padded batch as a table: rnn.unpad_sequence(padded, lengths, {batch_first = false}).
function nn.utils.rnn.unpad_sequence(padded_sequences, lengths, ...) end

---Keeps a matrix (or each matrix of a batch) orthogonal: the map is "matrix_exp" or "cayley" of a
---skew-symmetric matrix, or "householder" (the default unless the matrix is square). use_trivialization
---multiplies by a fixed matrix, so that training starts from the parameter's own nearest orthogonal matrix.
---Returns the module.
function nn.utils.parametrizations.orthogonal(module, options) end

---Divides a parameter by its largest singular value (Miyato et al. 2018), which power iterations approximate:
---one each time the parameter is read while training. Tensors of more dimensions are matrices with dimension
---dim in front (default 1, for transposed convolutions 2). Returns the module.
function nn.utils.parametrizations.spectral_norm(module, options) end

---Splits a parameter into its length and its direction, w = g v / |v| (Salimans and Kingma 2016), the length
---for each slice of dimension dim (dim = false: one for all): parametrizations[name].original0 is g,
---original1 is v. Returns the module.
function nn.utils.parametrizations.weight_norm(module, options) end

---What parametrizes one tensor: the parametrizations in order (list[1] is called first) and the tensors that
---they start from: `original`, or `original0`, `original1`, ... where the first one's right_inverse returns
---several. Made by nn.utils.parametrize.register_parametrization.
nn.utils.parametrize.ParametrizationList = {}

---Sets the tensors that the list starts from so that its result is (near) this value.
function nn.utils.parametrize.ParametrizationList:right_inverse(value) end

---Calls f(...) and returns what it returns; inside, each parametrized tensor is computed once and kept.
function nn.utils.parametrize.cached(f, ...) end

---True when the module (or, given a name, that tensor of it) is parametrized.
function nn.utils.parametrize.is_parametrized(m, tensor_name) end

---From now on the parameter or buffer of this name is what the parametrization (a module) makes of the one
---there was: m[tensor_name] computes it, m.parametrizations[tensor_name].original is what is trained. A
---second one is applied to the result of the first. If the parametrization has a method right_inverse,
---assigning to m[tensor_name] goes through it; one that returns several tensors makes several parameters of
---one. unsafe = true allows another shape or dtype. Returns m.
function nn.utils.parametrize.register_parametrization(module, tensor_name, parametrization, options) end

---Takes the parametrizations of a tensor away: the parameter stays as they made it, or with
---leave_parametrized = false as the original. Returns the module.
function nn.utils.parametrize.remove_parametrizations(m, tensor_name, leave_parametrized) end

---The class that the module had before it was parametrized.
function nn.utils.parametrize.type_before_parametrizations(m) end

---Averaged stochastic gradient descent (Polyak and Juditsky 1992): optim.ASGD(parameters, {lr = 1e-2, lambd =
---1e-4, alpha = 0.75, t0 = 1e6, weight_decay = 0, maximize = false}). The mean of the parameters since step
---t0 is opt.state[p].ax.
---@overload fun(parameters, options)
optim.ASGD = {}

---Steps in the ratio of the root mean squares of past steps and gradients (Zeiler 2012): v = rho v + (1 -
---rho) g^2, d = g sqrt(u + eps) / sqrt(v + eps), u = rho u + (1 - rho) d^2, p = p - lr d:
---optim.Adadelta(parameters, {lr = 1, rho = 0.9, eps = 1e-6, weight_decay = 0, maximize = false}).
---@overload fun(parameters, options)
optim.Adadelta = {}

---Steps as Adam's from the means of the squared gradients' rows and columns alone, of a size relative to the
---parameter's (Shazeer and Stern 2018): optim.Adafactor(parameters, {lr = 1e-2, beta2_decay = -0.8, eps =
---{nil, 1e-3}, d = 1, weight_decay = 0, maximize = false}); eps[1] is by default the precision of the dtype,
---eps[2] the least size of a step in relation to lr.
---@overload fun(parameters, options)
optim.Adafactor = {}

---Steps divided by the root of the sum of all squared gradients (Duchi et al. 2011): s = s + g^2, p = p - lr
---g / (sqrt(s) + eps), lr divided by 1 + t lr_decay: optim.Adagrad(parameters, {lr = 1e-2, lr_decay = 0,
---weight_decay = 0, initial_accumulator_value = 0, eps = 1e-10, maximize = false}).
---@overload fun(parameters, options)
optim.Adagrad = {}

---Adam (Kingma and Ba 2015): m = b1 m + (1 - b1) g and v = b2 v + (1 - b2) g^2, both divided by 1 - b^t, then
---p = p - lr m / (sqrt(v) + eps): optim.Adam(parameters, {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8,
---weight_decay = 0, amsgrad = false, maximize = false}); the weight decay is added to the gradient.
---@overload fun(parameters, options)
optim.Adam = {}

---Adam whose weight decay works on the weights themselves, p = p - lr weight_decay p before Adam's step, and
---so is not divided by its root as an L2 penalty would be (Loshchilov and Hutter 2019):
---optim.AdamW(parameters, {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 1e-2, amsgrad = false,
---maximize = false}).
---@overload fun(parameters, options)
optim.AdamW = {}

---Adam with the largest gradient so far, fading, in place of the root mean square (Kingma and Ba 2015): u =
---max(b2 u, |g| + eps), p = p - lr / (1 - b1^t) m / u: optim.Adamax(parameters, {lr = 2e-3, betas = {0.9,
---0.999}, eps = 1e-8, weight_decay = 0, maximize = false}).
---@overload fun(parameters, options)
optim.Adamax = {}

---L-BFGS: optim.LBFGS(parameters, {lr = 1, max_iter = 20, max_eval = nil, tolerance_grad = 1e-7,
---tolerance_change = 1e-9, history_size = 100, line_search_fn = nil}). opt:step(closure) makes up to max_iter
---iterations and calls the closure, which zeroes the gradients, computes the loss, calls backward and returns
---it, as often as it needs (max_eval, max_iter * 5 // 4 unless given). line_search_fn = "strong_wolfe"
---searches along each direction. One group of parameters only.
---@overload fun(parameters, options)
optim.LBFGS = {}

---One step of several iterations; returns the loss at its beginning.
function optim.LBFGS:step(closure) end

---Adam with Nesterov's momentum (Dozat 2016): optim.NAdam(parameters, {lr = 2e-3, betas = {0.9, 0.999}, eps =
---1e-8, weight_decay = 0, momentum_decay = 4e-3, decoupled_weight_decay = false, maximize = false}).
---@overload fun(parameters, options)
optim.NAdam = {}

---Adam that waits with adaptive steps until the variance is known well enough (Liu et al. 2020):
---optim.RAdam(parameters, {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 0,
---decoupled_weight_decay = false, maximize = false}).
---@overload fun(parameters, options)
optim.RAdam = {}

---Steps divided by a running root mean square of the gradient (Tieleman and Hinton 2012): v = alpha v + (1 -
---alpha) g^2, p = p - lr g / (sqrt(v) + eps); centered takes the variance in place of v:
---optim.RMSprop(parameters, {lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0, centered =
---false, maximize = false}).
---@overload fun(parameters, options)
optim.RMSprop = {}

---Steps by the sign of the gradient, longer while it stays and shorter after it changed (Riedmiller and Braun
---1993); for whole batches: optim.Rprop(parameters, {lr = 1e-2, etas = {0.5, 1.2}, step_sizes = {1e-6, 50},
---maximize = false}).
---@overload fun(parameters, options)
optim.Rprop = {}

---Stochastic gradient descent: p = p - lr g; with momentum v = momentum v + (1 - dampening) g (v = g at
---first) and p = p - lr v, with nesterov p = p - lr (g + momentum v); weight_decay adds weight_decay p to g:
---optim.SGD(parameters, {lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0, nesterov = false, maximize
---= false}).
---@overload fun(parameters, options)
optim.SGD = {}

---Several schedules at once, each working on the rate that the one before has left.
---@overload fun(schedulers, options)
optim.lr_scheduler.ChainedScheduler = {}

---The rate times factor for the first total_iters steps.
---@overload fun(optimizer, options)
optim.lr_scheduler.ConstantLR = {}

---Half a cosine wave from the initial rate to eta_min over T_max steps, and back if it goes on (Loshchilov
---and Hutter 2017, without the restarts).
---@overload fun(optimizer, T_max, options)
optim.lr_scheduler.CosineAnnealingLR = {}

---Half a cosine wave from the initial rate to eta_min over T_0 steps, then from the top again, each round
---T_mult times as long (Loshchilov and Hutter 2017). step(epoch) goes to a place, fractions allowed.
---@overload fun(optimizer, T_0, options)
optim.lr_scheduler.CosineAnnealingWarmRestarts = {}

---Up from base_lr to max_lr in step_size_up steps and down in step_size_down, again and again (Smith 2017),
---the momentum the other way round. mode "triangular", "triangular2" (half as high each time), "exp_range"
---(times gamma ^ steps), or scale_fn(x), where x is the cycle, or with scale_mode "iterations" the steps
---taken.
---@overload fun(optimizer, base_lr, max_lr, options)
optim.lr_scheduler.CyclicLR = {}

---The rate times gamma with every step.
---@overload fun(optimizer, gamma, options)
optim.lr_scheduler.ExponentialLR = {}

---What all schedules have in common: optimizer, base_lrs, last_epoch (steps taken so far), step, get_last_lr,
---state_dict, load_state_dict. A schedule of one's own is a table with get_lr(self) and
---`optim.lr_scheduler.LRScheduler` as its parent: local Halving = optim.lr_scheduler.class("Halving",
---"optimizer:any, last_epoch:int=-1").
optim.lr_scheduler.LRScheduler = {}

---The rates that were set last, one a parameter group.
function optim.lr_scheduler.LRScheduler:get_last_lr() end

---The rates to be set; every class has its own.
function optim.lr_scheduler.LRScheduler:get_lr() end

---Goes on from what state_dict gave. The rates of the optimiser are its own state.
function optim.lr_scheduler.LRScheduler:load_state_dict(state) end

---Where the schedule stands, as a table that nn.save takes; functions are not in it.
function optim.lr_scheduler.LRScheduler:state_dict() end

---Sets the rates for the next step. epoch (a number of steps taken) goes there directly.
function optim.lr_scheduler.LRScheduler:step(epoch) end

---The initial rate times lr_lambda(steps taken so far): a function, or a list with one for each parameter
---group.
---@overload fun(optimizer, lr_lambda, options)
optim.lr_scheduler.LambdaLR = {}

---The rate times a factor that goes from start_factor to end_factor in a straight line over total_iters
---steps: a warm-up, for instance.
---@overload fun(optimizer, options)
optim.lr_scheduler.LinearLR = {}

---The rate times gamma after each of these numbers of steps.
---@overload fun(optimizer, milestones, options)
optim.lr_scheduler.MultiStepLR = {}

---The rate so far times lr_lambda(steps taken so far).
---@overload fun(optimizer, lr_lambda, options)
optim.lr_scheduler.MultiplicativeLR = {}

---One cycle over the whole training (Smith and Topin 2018): from max_lr / div_factor up to max_lr in the
---share pct_start of the steps, then down to the initial rate / final_div_factor; the momentum the other way
---round. The number of steps is total_steps, or epochs * steps_per_epoch. anneal_strategy "cos" or "linear";
---three_phase comes down as it went up before it goes to the end.
---@overload fun(optimizer, max_lr, options)
optim.lr_scheduler.OneCycleLR = {}

---The initial rate times (1 - steps / total_iters) ^ power, 0 from there on.
---@overload fun(optimizer, options)
optim.lr_scheduler.PolynomialLR = {}

---The rate times factor when schedule:step(metric) has seen no improvement for more than `patience` steps.
---mode "min" or "max"; an improvement is one by more than threshold, relative ("rel") or absolute ("abs");
---then `cooldown` steps don't count; no rate falls below min_lr.
---@overload fun(optimizer, options)
optim.lr_scheduler.ReduceLROnPlateau = {}

---One schedule after the other: schedulers[i + 1] takes over, from its beginning, after milestones[i] steps.
---@overload fun(optimizer, schedulers, options)
optim.lr_scheduler.SequentialLR = {}

---The rate times gamma every step_size steps.
---@overload fun(optimizer, step_size, options)
optim.lr_scheduler.StepLR = {}

---Makes a class of schedules from its name and the signature of its constructor, whose first argument is the
---optimiser. The class needs get_lr(self), which returns a list of rates; init(self, arguments) may come
---before the first step.
function optim.lr_scheduler.class(name, arguments) end

---A copy of a model that keeps the average of its parameters: after each of the optimiser's steps (or epochs)
---call averaged:update_parameters(model); averaged(x) runs the copy, which is averaged.module.
---avg_fn(average, parameter, n_averaged) returns a new average (multi_avg_fn works on lists, in place);
---default is the plain mean. With use_buffers buffers are averaged too, else taken from the model as they
---are.
---@overload fun(model, options)
optim.swa_utils.AveragedModel = {}

---Takes the parameters of the model into the average; the first time they become it.
function optim.swa_utils.AveragedModel:update_parameters(model) end

---The rate goes to swa_lr in anneal_epochs steps and stays there; anneal_strategy "cos" or "linear".
---@overload fun(optimizer, swa_lr, options)
optim.swa_utils.SWALR = {}

---avg_fn of an exponential moving average: decay * average + (1 - decay) * parameter.
function optim.swa_utils.get_ema_avg_fn(options) end

---multi_avg_fn of an exponential moving average: works in place on lists of tensors.
function optim.swa_utils.get_ema_multi_avg_fn(...) end

---avg_fn of the plain mean, which AveragedModel uses unless told otherwise.
function optim.swa_utils.get_swa_avg_fn() end

---multi_avg_fn of the plain mean: works in place on lists of tensors.
function optim.swa_utils.get_swa_multi_avg_fn() end

---Computes the running statistics of all batch normalisations of a model anew, as plain means over the
---batches of a loader (or a list of batches): an averaged model needs that before it is used.
function optim.swa_utils.update_bn(loader, model) end

---Positions drawn so that all classes come equally often: data.BalancedSampler(set) takes a data set or its
---labels. Options: num_samples (default: as many as there are), generator or seed.
---@overload fun(data_source, options)
data.BalancedSampler = {}

---Lists of positions, a batch each, from another sampler: for the loader's option batch_sampler.
---@overload fun(sampler, batch_size, options)
data.BatchSampler = {}

---Data sets one after the other: data.ConcatDataset({a, b}).
data.ConcatDataset = {}

---A data set from a function: data.from_function(n, f) has n samples, f(i) each: {x, y} or whatever a batch
---needs.
data.DataLoader = {}

---Goes through the batches once, in a new order when shuffle is set: `for x, y in loader:iter() do`. With a
---number, so many batches are left out at the start.
function data.DataLoader:iter(skip) end

---Pictures as bytes [N, H, W] or [N, C, H, W] with labels from 1: a sample is {float32 C x H x W in 0..1,
---label}. Fields: data (the bytes, with channels), targets (int64), classes (names by label).
data.ImageDataset = {}

---Pictures (PNG, JPEG) in folders, one folder a class: data.ImageFolder("pets", {size = {64, 64}}) finds
---pets/cat/1.jpg, pets/dog/2.png and so on. set[i] is {float32 [C, H, W] in 0..1, label}; set.classes are the
---folders' names in order of the alphabet, set.files the paths. Options: size (pictures are brought to it;
---without it they stay as they are), channels (3, or 1 for grey), transform(x), max_bytes (of a picture).
data.ImageFolder = {}

---Positions of a data set in random order. Options: replacement (each draw is from all), num_samples,
---generator or seed.
---@overload fun(data_source, options)
data.RandomSampler = {}

---All positions of a data set in order.
---@overload fun(data_source)
data.SequentialSampler = {}

---Some samples of a data set, by their positions: data.Subset(set, {1, 5, 7}) or with an int64 tensor.
data.Subset = {}

---Some positions in random order: data.SubsetRandomSampler({3, 5, 8}).
---@overload fun(indices, options)
data.SubsetRandomSampler = {}

---Columns under names, in order: data.Table({"x", "name"}, {x = tensor{1, 2}, name = {"a", "b"}}). t.x or
---t["x"] is a column, t[i] a row as a table by name, #t the number of rows, t:names() the names.
data.Table = {}

---A column by its name: a tensor, or a list of strings.
function data.Table:column(name) end

---Puts a value in place of the missing ones of a column: a number, a text, or "mean" or "median" of those
---that are there (of a column of numbers). Returns the value.
function data.Table:fill(name, value) end

---Class numbers from 1 for the different values of a column, and the list of these values: text in the order
---in which it first occurs unless {sorted = true}; numbers in rising order.
function data.Table:labels(name, options) end

---Positions (from 1) of the values that were missing in the file, as a list.
function data.Table:missing(name) end

---The names of the columns, in order.
function data.Table:names() end

---Columns of numbers side by side: t:tensor({"width", "height"}) is float32 [N, 2]; without names all columns
---of numbers. Options: dtype.
function data.Table:tensor(...) end

---Tensors whose first dimensions agree: data.TensorDataset(x, y); set[i] is {x[i], y[i]}.
data.TensorDataset = {}

---Rows order[from .. from + n - 1] of each tensor.
function data.TensorDataset:batch(order, from, n) end

---Positions drawn with these weights: data.WeightedRandomSampler(weights, 1000). Options: replacement (true),
---generator or seed.
---@overload fun(weights, num_samples, options)
data.WeightedRandomSampler = {}

---What DataLoader makes of a list of samples: the fields of one batch, joined field by field, as several
---values.
function data.default_collate(samples) end

---Downloads a file once and returns its path: data.fetch("https://example.org/a.csv", {sha256 = "..."}). A
---file that is there already, with the right checksum, is not loaded again; a download with a checksum that
---was cut off goes on where it stopped. Options: sha256 (64 hexadecimal digits), path (where to keep it),
---root (the folder, default the cache: $NNLUA_CACHE or ~/.cache/nnlua). Needs curl or wget.
function data.fetch(url, options) end

---A data set from a function: data.from_function(n, f) has n samples, f(i) each: {x, y} or whatever a batch
---needs.
function data.from_function(n, f) end

---Goes through k ways of parting a data set, each sample in one validation part: for train, val, fold in
---data.kfold(set, {k = 5, seed = 1}) do ... end. Options: k, shuffle, stratify (true, or labels: each part
---has the classes' shares), seed or generator.
function data.kfold(set, ...) end

---Loads a data set by name. data.load("fashion-mnist") gives set.train and set.test (float32 1 x 28 x 28 in
---0..1, labels 1..10) and set.classes. "iris", "wine", "breast-cancer" and "digits" are data sets of their
---own (#set, set[i], set.x, set.y, set.classes, set.features) with set.train and set.test (four fifths and
---one fifth of each class). "karate-club" is a graph: num_nodes, edges [78, 2], weights, adjacency, y.
---"sunspots" and "airline-passengers" are series: values, times, period, train (the first four fifths), test.
---"mnist" and "cifar-10" are as "fashion-mnist" and come from the network once. "tang-poems" has poems
---(title, author, lines, text) and text. Options: root (where its files are), max_bytes.
function data.load(name, options) end

---A collate_fn for sequences of different length: data.DataLoader(set, {collate_fn = data.pad_collate()}).
---Each field that holds sequences (tensors [L, ...] or lists of numbers) is filled up to its longest; after
---the fields comes the length of each sample's first sequence, int64 [N]. Options: value (1, what is filled
---in).
function data.pad_collate(options) end

---Splits a data set at random into Subsets: data.random_split(set, {50000, 10000}) or by shares {0.9, 0.1}.
---Options: generator or seed. Returns the parts as several values.
function data.random_split(set, lengths, options) end

---Reads a CSV or TSV file as a data.Table: local t = data.read_csv("people.csv"); t.age is a tensor, t.name a
---list of strings, t[1] the first row, t:tensor({"age", "height"}) float32 [N, 2]. A column is int64 where
---all values are whole, float64 where all are numbers or missing (NaN; t:missing("age") tells where), bool,
---or text ("" where missing). Options: separator ("," or, for .tsv, tab), header (false: columns are c1, c2,
---...), names, quote, comment (lines that begin so are skipped), missing (a list of texts), types ({zip =
---"string"}; "number", "integer", "boolean"), encoding ("utf-8", "latin1"), max_bytes. Rows of different
---length and open quotes are errors that name the line.
function data.read_csv(path, options) end

---Reads an IDX file (plain or gzipped) as a tensor. Options: max_bytes (default 512 MiB).
function data.read_idx(path, options) end

---Reads a picture, PNG or JPEG by what the file begins with: uint8 [C, H, W]. Options: max_bytes.
function data.read_image(path, options) end

---Reads a JPEG picture: uint8 [C, H, W] with 1 or 3 channels. Options: max_bytes.
function data.read_jpeg(path, options) end

---Reads an array that numpy.save wrote: unsigned bytes become uint8, other integers int64, halves float32.
---Arrays of Python objects are refused. Options: max_bytes.
function data.read_npy(path, options) end

---Reads the arrays that numpy.savez or savez_compressed wrote, as a table by name. Options: max_bytes (of all
---together).
function data.read_npz(path, options) end

---Reads a PNG picture: uint8 [C, H, W] with 1 (grey), 2 (grey, alpha), 3 or 4 channels. Options: max_bytes.
function data.read_png(path, options) end

---Reads the tensors of a safetensors file, as a table by name in the file's order. Options: max_bytes.
function data.read_safetensors(path, options) end

---Reads a text file as a string; it has to be UTF-8 (a mark at its start is left out), or "latin1" by the
---option encoding. Options: max_bytes.
function data.read_text(path, options) end

---Reads a WAV file: samples as float32 [channels, N] in -1..1, and the rate in samples a second. PCM of 8,
---16, 24 and 32 bits and floats. Options: max_bytes.
function data.read_wav(path, options) end

---Parts a data set in two: local train, test = data.train_test_split(set, {test_size = 0.2, stratify = true,
---seed = 1}). test_size is a share below 1 or a number of samples; stratify (true, or labels) keeps the share
---of each class in both; shuffle = false takes the last samples for the test, as series in time need it.
function data.train_test_split(set, options) end

---Windows of a series as a data set: sample i is {values[i .. i + input - 1], the horizon values that
---follow}: data.windows(tensor.arange(5), 3)[1] is {{0, 1, 2}, {3}}. The series is [N] or [N, D]. Options:
---horizon, step.
function data.windows(values, ...) end

---Writes a data.Table, a tensor [N, D] or a list of rows as CSV, beside and renamed; what read_csv reads is
---the same again: data.write_csv("out.csv", t). Options: separator ("," or, for .tsv, tab), header (a list of
---names; false: none).
function data.write_csv(path, value, options) end

---Writes a tensor as an IDX file (gzipped when the name ends in .gz), beside and renamed.
function data.write_idx(path, value) end

---Writes a picture [H, W], [1, H, W] or [3, H, W] (uint8, or floats from 0 to 1) as JPEG. Options: quality (1
---to 100).
function data.write_jpeg(path, value, options) end

---Writes a tensor for numpy.load, beside and renamed.
function data.write_npy(path, value) end

---Writes tensors by name for numpy.load, beside and renamed. Options: compress.
function data.write_npz(path, tensors, options) end

---Writes a picture [H, W] or [C, H, W] (uint8, or floats from 0 to 1) as PNG, beside and renamed.
function data.write_png(path, value) end

---Writes tensors by name as a safetensors file, beside and renamed.
function data.write_safetensors(path, value) end

---Writes a string, beside and renamed.
function data.write_text(path, value) end

---Writes samples [N] or [channels, N] in -1..1 (what lies outside is cut) as WAV. Options: sample_rate
---(16000), bits (8, 16, 24, or 32 for floats).
function data.write_wav(path, value, options) end

---The middle of each picture, of a size (a number or {height, width}).
---@overload fun(size)
data.transforms.CenterCrop = {}

---Changes brightness, contrast, saturation and hue of each picture (floats 0..1) at random, in random order.
---A number d stands for factors from 1 - d to 1 + d (hue: shifts from -d to d, at most 0.5), or {least,
---most}. Saturation and hue need 3 channels.
---@overload fun(options)
data.transforms.ColorJitter = {}

---One transform after the other.
---@overload fun(transforms)
data.transforms.Compose = {}

---Puts a box of another sample of the batch into each picture, and mixes the labels by area; the box is one
---for the batch, its share drawn from Beta(alpha, alpha). Yun et al. 2019.
---@overload fun(options)
data.transforms.CutMix = {}

---Fills a square of a size at a random place of each picture; what lies outside of the picture is lost.
---Options: value (0). DeVries, Taylor 2017.
---@overload fun(size, options)
data.transforms.Cutout = {}

---Adds normal noise to each number. Options: mean (0), sigma (0.1), clip (true: results stay in 0..1).
---@overload fun(options)
data.transforms.GaussianNoise = {}

---A function of a batch as a transform: T.Lambda(function(x, y) return x * 2, y end).
---@overload fun(lambd)
data.transforms.Lambda = {}

---Each feature to 0..1 as measured on the training data: data.transforms.MinMax():fit(train). Values outside
---of what was seen there lie outside of 0..1. inverse goes back.
---@overload fun()
data.transforms.MinMax = {}

---Measures minimum and maximum; returns the transform.
function data.transforms.MinMax:fit(set) end

---Mixes each sample with another one of the batch, labels too: x is l x + (1 - l) x', y probabilities [N,
---num_classes], which F.cross_entropy takes; l is drawn from Beta(alpha, alpha) once a batch. Zhang et al.
---2017.
---@overload fun(options)
data.transforms.MixUp = {}

---(x - mean) / std for each channel: T.Normalize({0.5}, {0.25}); numbers or lists.
---@overload fun(mean, std)
data.transforms.Normalize = {}

---Adds pixels on all sides. Options: fill, padding_mode.
---@overload fun(padding, options)
data.transforms.Pad = {}

---Turns, moves, stretches and shears each picture at random around its middle. degrees as in RandomRotation.
---Options: translate ({0.1, 0.1}: at most these shares of width and height), scale ({0.9, 1.1}), shear
---(degrees, along x; or {least, most}), interpolation, fill, padding_mode.
---@overload fun(degrees, options)
data.transforms.RandomAffine = {}

---Cuts a piece of a size (a number or {height, width}) from a random place, after padding on all sides.
---Options: padding (0), fill (0), padding_mode ("constant", "edge", "reflect").
---@overload fun(size, options)
data.transforms.RandomCrop = {}

---Fills a random box of each picture with probability p (0.5). Options: scale ({0.02, 0.33}: its share of the
---area), ratio ({0.3, 3.3}: height by width), value (0).
---@overload fun(options)
data.transforms.RandomErasing = {}

---Mirrors each picture left to right with probability p (0.5).
---@overload fun(options)
data.transforms.RandomHorizontalFlip = {}

---A random piece of the picture, brought to a size. Options: scale (its share of the area), ratio (width by
---height), interpolation.
---@overload fun(size, options)
data.transforms.RandomResizedCrop = {}

---Turns each picture by a random angle: degrees is a number (from -d to d) or {least, most},
---counter-clockwise. Options: interpolation ("nearest", "bilinear"), fill, padding_mode.
---@overload fun(degrees, options)
data.transforms.RandomRotation = {}

---Mirrors each picture top to bottom with probability p (0.5).
---@overload fun(options)
data.transforms.RandomVerticalFlip = {}

---Pictures of another size (a number or {height, width}). Options: interpolation ("bilinear", "nearest").
---@overload fun(size, options)
data.transforms.Resize = {}

---(x - mean) / deviation for each feature [N, D] or channel [N, C, H, W], as measured on the training data:
---local t = data.transforms.Standardize():fit(train); t(x); t:inverse(x). train is a tensor or a data set. A
---feature that never changes stays 0. Fields: mean, std (population), float64.
---@overload fun()
data.transforms.Standardize = {}

---Measures mean and deviation; returns the transform.
function data.transforms.Standardize:fit(set) end

---Back to the numbers before.
function data.transforms.Standardize:inverse(x, ...) end

---Bytes 0..255 as float32 0..1; other numbers as float32.
---@overload fun()
data.transforms.ToFloat = {}

---Watches numbers by rules: local alerts = train.alerts({loss = {max = 2}, accuracy = {min = 0.9, patience =
---3}, time = {change = 5}}); alerts:update({loss = 0.3, accuracy = 0.95}) returns a list of {name, value,
---text}, empty when all is well. A rule: min, max, change (so many standard deviations from the mean of what
---came before, after 20 values), patience (only after so many breaches in a row). NaN breaks every rule.
function train.alerts(rules) end

---Bagging (Breiman 1996): n networks, each learnt on as many samples as there are, drawn with replacement;
---f(train, i) learns on a data set and returns the network. Returns their ensemble. Options: n, how (as in
---train.ensemble), seed or generator.
function train.bagging(set, f, options) end

---Scores a way of learning on k parts of a data set in turn: f(train, val, fold) learns on the one, judges on
---the other and returns a number (or a table of numbers by name). Returns {scores, mean, std}; for tables
---mean and std are tables. Options: k, stratify (true: each part has the classes' shares), shuffle, seed or
---generator.
function train.cross_validate(set, f, ...) end

---Watches a stream of inputs or predictions for drift: local monitor = train.drift_monitor(reference),
---reference [N] or [N, D]; monitor:update(x) takes the next ones and returns nil, or {feature, score, text}
---when the last `window` (200) values of a feature differ from the reference for `patience` (2) updates in a
---row. Options: method ("ks": threshold is the chance of a false alarm per look, default 1e-6 over all
---features; "psi": threshold, default 0.25 and what chance alone gives), window, threshold, patience, bins.
function train.drift_monitor(reference, ...) end

---Several networks as one: train.ensemble({a, b, c}). Options: how ("average" of the class probabilities,
---"vote": the share of members for each class, "mean" of the outputs, for regression), weights (one a
---member).
train.ensemble = {}

---Runs a network over a data set or loader in evaluation mode, without gradients: returns a table with
---accuracy (where targets are classes), loss when a loss function is given, and the metrics asked for.
---Options: loss, metrics (names as in `metrics`, or functions by name; they get all outputs and targets),
---batch_size.
function train.evaluate(net, set, options) end

---Trains a network: train.fit(net, loader, {loss = F.cross_entropy, optimizer = opt, epochs = 3, val =
---set.test}). Shows a progress line; returns the history, a list of rows {epoch, loss, lr, val_loss,
---val_accuracy, ..., seconds} with the fields interrupted, stopped (why it ended early), best_epoch and best.
---Ctrl-C ends the training and keeps the network as it is after the last whole batch. Judging: val (a data
---set or loader), metrics (names or functions by name, of the validation). Ending early: patience (epochs
---without a better value), monitor ("val_loss"; any number of a row), mode ("min", "max"), min_delta,
---restore_best (true with patience: the best epoch's weights come back). A loss that is not finite ends it,
---too. Steps: accumulate (batches a step), clip_grad_norm, clip_grad_value, scheduler (stepped after each
---epoch, OneCycleLR and CyclicLR after each batch, or as scheduler_every says), step(net, x, y, ...) in place
---of loss(net(x), y). Files: checkpoint (a file, written after each epoch and every checkpoint_every
---batches), resume (goes on from it: to the same weights, bit for bit), log (a .csv or .jsonl file, a line an
---epoch). Watching: callback(row, net) after each epoch and on_batch({epoch, batch, loss, net, optimizer}),
---which end the training by returning false; plot (true: curves in the terminal; a file's name; or a
---function(history, row)); quiet.
---
---loader: a DataLoader, anything with :iter(), or a data set (then batch_size counts)
function train.fit(net, loader, options) end

---A whole number from low to high, both included.
function train.int_uniform(low, high) end

---The Kolmogorov-Smirnov test of two samples of a number: the greatest distance of their cumulative
---distributions, and about how likely so great a one is if both come from one distribution.
function train.ks_test(a, b) end

---A log file: local log = train.log("run.csv"); log:write({step = 1, loss = 0.5}); log:close(). A name that
---ends in .jsonl (or .json) makes JSON lines, any other CSV, whose columns are those of the first row.
---Options: append (goes on with a file that is there).
function train.log(path, options) end

---Any number from low to high whose logarithm is drawn evenly: for learning rates.
function train.log_uniform(low, high) end

---Tries learning rates from lr_min (1e-6) to lr_max (10), one a batch, each a bit higher, and returns {lrs,
---losses, suggestion}: the rate at which the smoothed loss falls most steeply (nil if it never falls).
---Network, optimiser and random numbers are afterwards as before. Options: loss, optimizer, lr_min, lr_max,
---steps (100), smooth (0.05: the weight of a new loss), stop_factor (4: ends when the loss is so many times
---its lowest), batch_size.
function train.lr_find(net, loader, options) end

---The outputs of a network for all samples of a data set, loader or tensor, as one tensor, in evaluation
---mode.
function train.predict(net, set, options) end

---A line on standard error that shows how far a loop has come, its rate and the remaining time; every figure
---has a column of its own, in which it stays. On a terminal the line is rewritten in place a few times a
---second; the closing lines of parts stay, about fifty of them where there are more. Elsewhere closing lines
---are all that is printed, and one line a minute.
---
---total: how much all parts together hold, in samples for instance; 0: not known
---
---quiet: true prints nothing
function train.progress(total, quiet) end

---The population stability index of two samples of a number: how far their distributions lie apart, over bins
---(10) with equally many of the first. Below 0.1 they are alike, above 0.25 they differ much. NaN is an
---error. Options: bins.
function train.psi(expected, actual, ...) end

---Writes one HTML file about a training, with its curves and pictures inside: train.report("run.html",
---{history = train.fit(...), net = net}). Options: title, history (of train.fit), net (its tree and its
---weights), values (numbers by name), confusion ({predictions, labels, names = {...}}), images (a list of
---{caption, picture [H, W] or [C, H, W]}), text.
function train.report(path, options) end

---Looks for good hyperparameters: f(params, budget) learns with them and returns a score. The space is a
---table of lists or ranges by name: {lr = train.log_uniform(1e-4, 1e-1), hidden = {16, 32, 64}}. Returns
---{best, score, trials}. Methods: "random" (n draws), "grid" (all combinations of lists), "halving" (n draws
---with a small budget, epochs for instance; of each round the best 1/factor go on with factor times the
---budget, up to max_budget). Options: method, n (20), mode ("max" or "min"), budget (1), max_budget, factor
---(3), seed or generator, callback(trial, number), which ends the search by returning false.
function train.search(space, f, options) end

---Stacking (Wolpert 1992): a last network learns from what others say about samples that they have not seen.
---learners is a list of functions f(train) that return a network; meta(set) learns on the set of {what the
---members say, target} and returns the last network. Returns one network of all. Options: k (parts of the
---cross-validation), stratify, probabilities (members' outputs go through softmax; false for regression),
---seed or generator.
function train.stacking(set, learners, meta, options) end

---Numbers about a network: for each parameter (kind "weight") and its gradient, and with an input for what
---each layer gives, a row {name, kind, shape, mean, std, min, max, zeros (their share), nonfinite (how many),
---counts (a histogram from min to max)}. Options: bins (20, 0 for none).
function train.statistics(net, input, ...) end

---Any number from low to high, for the spaces of train.search.
function train.uniform(low, high) end

---Watches a network while it learns: local watch = train.watch(net), then watch:step() after each backward
---pass. Alarms stand in watch.alarms, {kind, layer, text, batch} each, once for a layer: "nan" (an output or
---gradient is not finite), "dead" (the share `dead`, 0.5, of a rectifier's units gave only 0 for `patience`,
---20, batches), "vanishing" and "exploding" (the norm of a weight's gradient is below gradient_low, 1e-7, or
---above gradient_high, 1e3). Options: these, every (looks at every n-th batch), on_alarm(alarm).
---watch:remove() ends it.
function train.watch(net, ...) end

---The share of right predictions. predictions: logits or probabilities [N, C] (the largest counts), or
---classes of the labels' shape; labels: classes from 1.
function metrics.accuracy(predictions, labels) end

---The area under a curve through points (x, y), by trapezoids; x must rise or fall throughout.
function metrics.auc(x, y) end

---The mean precision over the steps of recall (not interpolated): the area under the precision-recall curve
---in steps. Scores [N]; or [N, C] with the classes 1..C, averaged over the classes. Options: positive.
function metrics.average_precision(scores, labels, ...) end

---The mean of the recalls of the classes that occur.
function metrics.balanced_accuracy(predictions, labels) end

---BLEU of a corpus, 0 to 1: the geometric mean of the shares of 1- to n-grams that occur in a reference,
---times a penalty for what is shorter than it (Papineni et al. 2002). candidates: a list of texts;
---references: for each of them a text or a list of texts; a text is a string or a list of tokens. Options: n,
---smooth (adds 1 to the counts of 2-grams and longer ones, for short texts).
function metrics.bleu(candidates, references, ...) end

---Intersection over union of each box of a [N, 4] with each of b [M, 4]: float64 [N, M]. A box is left, top,
---right, bottom.
function metrics.box_iou(a, b) end

---The mean squared distance between the probability of the positive class [N] and what happened (0 or 1).
function metrics.brier_score(probabilities, labels) end

---For bins of probability of the positive class [N]: the share of positive samples and the mean probability,
---as two float64 tensors without empty bins. Options: n_bins.
function metrics.calibration_curve(probabilities, labels, ...) end

---How far confidence and accuracy lie apart (ECE): samples are parted by the probability of the predicted
---class into bins of equal width; the gaps are averaged by the number of samples. Probabilities [N, C]
---(logits go through softmax) or [N]. Options: n_bins, norm ("l1", "l2", or "max" for the largest gap). Guo
---et al. 2017. Also metrics.ece.
function metrics.calibration_error(probabilities, labels, ...) end

---Precision, recall, F1 and number of samples of each class, and their means, as a text to print. Options:
---classes (their names), num_classes.
function metrics.classification_report(predictions, labels, ...) end

---Agreement beyond chance: 1 is full agreement, 0 what chance gives. Options: weights ("linear", "quadratic":
---how much distant classes count).
function metrics.cohen_kappa(predictions, labels, ...) end

---How often each class was taken for which: int64 [C, C], a row for each true class, a column for each
---predicted one. Options: num_classes, normalize ("true", "pred" or "all": float64 shares of the row, the
---column or all).
function metrics.confusion_matrix(predictions, labels, ...) end

---How far confidence and accuracy lie apart (ECE): samples are parted by the probability of the predicted
---class into bins of equal width; the gaps are averaged by the number of samples. Probabilities [N, C]
---(logits go through softmax) or [N]. Options: n_bins, norm ("l1", "l2", or "max" for the largest gap). Guo
---et al. 2017. Also metrics.ece.
function metrics.ece(probabilities, labels, ...) end

---How many tokens have to be put in, taken out or replaced to make one text of the other (Levenshtein).
---Strings are compared by characters, lists by their elements.
function metrics.edit_distance(a, b) end

---1 - variance of the errors / variance of the targets: as metrics.r2, but a constant error costs nothing.
function metrics.explained_variance(predictions, targets) end

---The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). Options as for metrics.precision.
function metrics.f1(predictions, labels, ...) end

---Precision and recall weighed, recall beta times as much as precision. Options as for metrics.precision.
function metrics.fbeta(predictions, labels, ...) end

---Intersection over union of predicted and true pixels (or samples) of each class, also called Jaccard index:
---the mean over classes that occur. Predictions [N, C, H, W] or classes, labels [N, H, W]. Options as for
---metrics.precision.
function metrics.iou(predictions, labels, ...) end

---The mean of -log(probability of the true class). Probabilities [N, C] (logits go through softmax), or [N]
---of the positive class of two. A probability below 2.2e-16 counts as that.
function metrics.log_loss(probabilities, labels) end

---The mean absolute error.
function metrics.mae(predictions, targets) end

---The mean of |error| / |target|.
function metrics.mape(predictions, targets) end

---Matthews' correlation of predicted and true classes, -1 to 1; also metrics.mcc.
function metrics.matthews_corrcoef(predictions, labels) end

---The largest absolute error.
function metrics.max_error(predictions, targets) end

---Matthews' correlation of predicted and true classes, -1 to 1; also metrics.mcc.
function metrics.mcc(predictions, labels) end

---Mean average precision of found boxes, over classes and thresholds of overlap. For each picture, found is
---{boxes [N, 4], scores [N], labels [N]} (by these names) and truth {boxes [M, 4], labels [M]}. A found box
---is right when it overlaps a true one of its class that no surer box has taken. Options: iou (0.5; a list
---gives the mean over it, as COCO takes 0.5, 0.55, ... 0.95), points (0: the whole area under the curve, as
---PASCAL VOC since 2010; 101: as COCO).
function metrics.mean_average_precision(found, truth, ...) end

---The mean squared error.
function metrics.mse(predictions, targets) end

---exp of the mean -log(probability) of the tokens. Takes logits [..., V] and the tokens [...], or a mean loss
---(a number or 0-dim tensor). Options: ignore_index (a target that does not count).
function metrics.perplexity(logits, targets, ...) end

---The share of right ones among those predicted to be of a class. Options: average ("binary": the class
---`positive` alone, the default for two classes; "macro": the mean over classes that occur, the default for
---more; "micro": all counted together; "weighted" by how often a class occurs; "none": float64 [C]),
---num_classes, positive (default 2), zero_division (what 0 / 0 is).
function metrics.precision(predictions, labels, ...) end

---Precision and recall for every threshold, from the lowest on, as three float64 tensors: precision [M + 1]
---and recall [M + 1], which end with the point (1, 0), and thresholds [M]. Options: positive.
function metrics.precision_recall_curve(scores, labels, ...) end

---The share of the targets' variance that is predicted: 1 - sum of squared errors / sum of squared distances
---from the mean. 1 is perfect, 0 what the mean gives, below it is worse than that.
function metrics.r2(predictions, targets) end

---The share of a class's samples that were found. Options as for metrics.precision.
function metrics.recall(predictions, labels, ...) end

---The root of the mean squared error (of each column, averaged).
function metrics.rmse(predictions, targets) end

---The area under the ROC curve: the chance that a positive sample has a higher score than a negative one.
---Scores [N], or [N, C] with the classes 1..C: each class against the rest, averaged. Options: positive,
---average ("macro", "weighted"), multi_class ("ovr": one against the rest, "ovo": each pair).
function metrics.roc_auc(scores, labels, ...) end

---The ROC curve of scores [N] (or [N, 2]: the second column): false positive rates, true positive rates and
---thresholds, from the strictest on, as three float64 tensors. labels: bool, 0 and 1, or the classes 1 and 2
---(2 is positive). Options: positive (the class that counts as such), drop_intermediate (points on straight
---lines are left out).
function metrics.roc_curve(scores, labels, ...) end

---The share of samples whose class is among the k largest scores [N, C]. Of equal scores those of later
---classes count as larger. Options: k (default 5).
function metrics.top_k_accuracy(scores, labels, ...) end

---The edit distance in words of all texts to their references, divided by the words of the references.
function metrics.word_error_rate(texts, references) end

---Byte pair encoding: tokens are the 256 bytes and what joins the most frequent neighbours of a corpus, so
---that any text has tokens and comes back unchanged: text.BPETokenizer(corpus, {vocab_size = 2000}). Options:
---vocab_size (specials and bytes included), specials, min_freq (of a pair that is joined). Reference:
---Sennrich et al. 2016; on bytes: GPT-2.
function text.BPETokenizer(corpus, ...) end

---One token a character (a code point of UTF-8): local tok = text.CharTokenizer(corpus); tok:encode("明月")
---is an int64 tensor, tok:decode(ids) the text again, tok.vocab_size the number of tokens. The corpus is a
---text or a list of texts. Options: specials (default "<pad>", "<unk>", "<bos>", "<eos>", numbers 1 to 4; {}
---for none), min_freq, max_tokens.
function text.CharTokenizer(corpus, ...) end

---Tokens with numbers from 1: the special ones first, then the others, the most frequent first:
---text.Vocab({"a", "b", "a"}, {specials = {"<pad>", "<unk>"}}). vocab["a"] is 3, vocab:lookup_token(3) "a",
---#vocab 4; a token that it lacks has the number of "<unk>" if that is among the special ones. Takes a list
---of tokens or a table of counts by token. Options: specials, min_freq, max_tokens (specials included), unk.
text.Vocab = {}

---True when the token has a number of its own.
function text.Vocab:contains(token) end

---All tokens in the order of their numbers.
function text.Vocab:get_itos() end

---All numbers by token.
function text.Vocab:get_stoi() end

---The numbers of a list of tokens, as a list; a token that is missing is an error unless "<unk>" is there.
function text.Vocab:lookup_indices(tokens) end

---The token of a number.
function text.Vocab:lookup_token(id) end

---The tokens of a list or tensor of numbers, as a list.
function text.Vocab:lookup_tokens(ids) end

---One token a word, a mark of punctuation, or a Chinese or Japanese character: text.WordTokenizer(corpus).
---Options: lower (default true), specials, min_freq, max_tokens. Decoding puts spaces where words meet.
function text.WordTokenizer(corpus, ...) end

---How often each token occurs in each text: float32 [N, vocab_size] from a list of token numbers a text.
function text.bag_of_words(sequences, vocab_size) end

---The characters of a text: text.chars("a明") is {"a", "明"}.
function text.chars(s) end

---A text in small letters: Latin, Greek and Cyrillic ones.
function text.lower(s) end

---Sequences of different length as one tensor: local ids, padding, lengths = text.pad({{5, 6, 7}, {8}}). ids
---is int64 [N, L], padding bool [N, L], true where a row is filled up (as the key_padding_mask of attention
---wants it), lengths int64 [N]. Sequences are lists or tensors. Options: value (1, the usual number of
---"<pad>"), length (longer sequences are cut to it), side ("right", "left").
function text.pad(sequences, ...) end

---A tokenizer from what nn.save kept of it: nn.save("tok.safetensors", tok); tok = text.restore(nn.load(
---"tok.safetensors")).
function text.restore(state) end

---The words of a text: runs of letters and digits (with apostrophes inside), marks of punctuation and Chinese
---and Japanese characters one by one: text.words("Don't 看书!") is {"Don't", "看", "书", "!"}.
function text.words(s) end

---Power (or, with stype = "magnitude", magnitude) in decibels: 10 log10(x / ref), x at least amin (1e-10).
---With top_db nothing lies further below the highest value of a signal.
function audio.amplitude_to_db(x, ...) end

---The matrix [n_mels, n_mfcc] (float64) of the discrete cosine transform, type 2. norm: "ortho" (default) or
---"none".
function audio.create_dct(n_mfcc, n_mels, norm) end

---Overlapping pieces of a signal: [..., T, size], a new one every `hop` samples; what is left at the end is
---dropped.
function audio.frame(x, size, hop) end

---A frequency in Hz as mel: scale "htk" (2595 log10(1 + f / 700)) or "slaney" (linear to 1000 Hz, then
---logarithmic).
function audio.hz_to_mel(f, scale) end

---The signal [..., N] of which real and imaginary parts [..., n_fft // 2 + 1, T] are the short-time Fourier
---transform, or comes nearest to it (Griffin, Lim 1984), as torch.istft gives it. Options as in stft, which
---they have to equal; length (of the signal; what the frames reach otherwise).
function audio.istft(re, im, ...) end

---Triangular filters [n_freqs, n_mels] (float64) from linear frequencies (0 to half the sample rate) to mel
---bands, as torchaudio's melscale_fbanks. Options: norm ("slaney": each filter has area 1), mel_scale ("htk",
---"slaney").
function audio.mel_filterbank(...) end

---The mel spectrogram of [..., N]: [..., n_mels, T]. Options: sample_rate (16000), those of
---audio.spectrogram, f_min (0), f_max (half the sample rate), n_mels (128), norm, mel_scale.
function audio.mel_spectrogram(x, ...) end

---A frequency in mel as Hz; scale as in hz_to_mel.
function audio.mel_to_hz(m, scale) end

---Mel-frequency cepstral coefficients of [..., N]: [..., n_mfcc, T], the cosine transform of the mel
---spectrogram in decibels (at most 80 below the highest), or of its logarithm with log_mels. Options: n_mfcc
---(40), log_mels, those of audio.mel_spectrogram.
function audio.mfcc(x, ...) end

---The spectrogram of [..., N]: |STFT| ^ power, [..., n_fft // 2 + 1, T]. Options as torchaudio's Spectrogram:
---n_fft (400), win_length (n_fft), hop_length (win_length // 2), pad, window ("hann"), power (2; 1 for
---magnitudes), normalized (by the window's energy), center, pad_mode.
function audio.spectrogram(x, ...) end

---The short-time Fourier transform of [..., N]: real and imaginary parts [..., n_fft // 2 + 1, T], as
---torch.stft has them. Options: hop_length (n_fft // 4), win_length (n_fft), window (a name as in
---audio.window or a tensor; none by default), center (frames around their time, the signal padded), pad_mode
---("reflect"), normalized (divided by the root of n_fft).
function audio.stft(x, ...) end

---A window of n samples, periodic as spectra need it: "hann", "hamming", "blackman" or "rectangular";
---float64.
function audio.window(name, n) end

---Attention over the neighbours (Velickovic et al., "Graph attention networks", 2018):
---graph.GATConv(in_channels, out_channels, heads, {concat = true, negative_slope = 0.2, dropout = 0,
---add_self_loops = true, bias = true}), called with x [N, in_channels] and edge_index [2, E]. Result [N,
---heads * out_channels], or their mean [N, out_channels] without concat. With {return_attention_weights =
---true} as a third argument two more values: the edges (with the loops) and their weights [E + N, heads].
---@overload fun(in_channels, out_channels, options)
graph.GATConv = {}

---A graph convolution, D^-1/2 (A + I) D^-1/2 x W^T + b (Kipf and Welling, "Semi-supervised classification
---with graph convolutional networks", 2017): graph.GCNConv(in_channels, out_channels, {improved = false,
---add_self_loops = true, normalize = true, bias = true}), called with x [N, in_channels], edge_index [2, E]
---and perhaps edge_weight [E]. Result [N, out_channels].
---@overload fun(in_channels, out_channels, options)
graph.GCNConv = {}

---f((1 + eps) x + sum(neighbours)), as strong as the Weisfeiler-Leman test (Xu et al., "How powerful are
---graph neural networks?", 2019): graph.GINConv(nn, eps, {train_eps = false}), nn a module from in to out
---channels. Called with x [N, C] and edge_index [2, E].
---@overload fun(nn, options)
graph.GINConv = {}

---W1 sum(weight * neighbours) + W2 x (Morris et al., "Weisfeiler and Leman go neural", 2019):
---graph.GraphConv(in_channels, out_channels, {aggr = "add", bias = true}), called with x [N, in_channels],
---edge_index [2, E] and perhaps edge_weight [E]. Result [N, out_channels].
---@overload fun(in_channels, out_channels, options)
graph.GraphConv = {}

---The parent of layers that pass messages: graph.MessagePassing({aggr = "add"}), aggr one of add, mean, max,
---min, mul. A child calls self:propagate(edge_index, {x = x, ...}) in its forward and may replace message and
---update.
---@overload fun(options)
graph.MessagePassing = {}

---What travels along the edges: [E, ...]. edge.x_j are the sources' features, edge.x_i the targets' (any
---field of the values given to propagate can be asked for so), edge.index the targets, other names the values
---as they were given.
function graph.MessagePassing:message(edge) end

---Sends a message along each edge, reduces those that arrive at a node, and updates the nodes: values.x is
---[N, ...], other fields what message wants. Returns [N, ...]: nodes without a message get zeros.
function graph.MessagePassing:propagate(edge_index, values) end

---What becomes of the reduced messages [N, ...]: themselves, unless a child replaces this.
function graph.MessagePassing:update(out) end

---GraphSAGE, W1 mean(neighbours) + W2 x (Hamilton, Ying and Leskovec, "Inductive representation learning on
---large graphs", 2017): graph.SAGEConv(in_channels, out_channels, {aggr = "mean", normalize = false,
---root_weight = true, bias = true}), called with x [N, in_channels] and edge_index [2, E]. Result [N,
---out_channels], rows of length 1 when normalize.
---@overload fun(in_channels, out_channels, options)
graph.SAGEConv = {}

---Adds an edge from each node to itself: graph.add_self_loops(edge_index, edge_weight, {fill_value = 1,
---num_nodes = nil}) returns edge_index [2, E + N] and the weights [E + N] (nil without edge_weight).
function graph.add_self_loops(edge_index, ...) end

---Many small graphs as one large one without edges between them, as a batch: graph.batch(list) of tables with
---edge_index and x (or num_nodes), perhaps y and edge_attr. Returns a table with x, edge_index, y, edge_attr
---joined, batch [nodes] (the number of each node's graph) and num_graphs. A number y becomes a label of its
---graph.
function graph.batch(list) end

---How often each of the numbers 1 to num_nodes stands in index [E]: [num_nodes], float32 unless dtype says
---otherwise. graph.degree(edge_index[2], n) counts the edges that arrive at each node.
function graph.degree(index, num_nodes, dtype) end

---The edges of an adjacency matrix [N, N] (row: source, column: target): edge_index [2, E] and the entries
---[E].
function graph.dense_to_sparse(adjacency) end

---The weights of a graph convolution, D^-1/2 (A + I) D^-1/2 (Kipf and Welling, 2017):
---graph.gcn_norm(edge_index, edge_weight, num_nodes, {improved = false, add_self_loops = true, dtype =
---"float32"}) returns edge_index with a loop at each node (which weighs 1, 2 when improved, unless the graph
---has one already) and the weights of its edges.
function graph.gcn_norm(edge_index, ...) end

---The Laplacian of a graph as edges and weights: graph.get_laplacian(edge_index, edge_weight, {normalization
---= nil, num_nodes = nil}): D - A without normalization, I - D^-1/2 A D^-1/2 with "sym", I - D^-1 A with
---"rw". Edges from a node to itself are left out. Returns edge_index [2, E + N] and the weights [E + N].
function graph.get_laplacian(edge_index, ...) end

---One row for each graph of a batch, the sum over its nodes: graph.global_add_pool(x, batch, size), x [N, C],
---batch [N] (one graph without), result [graphs, C].
function graph.global_add_pool(x, ...) end

---One row for each graph of a batch, the largest values of its nodes: graph.global_max_pool(x, batch, size).
function graph.global_max_pool(x, ...) end

---One row for each graph of a batch, the mean over its nodes: graph.global_mean_pool(x, batch, size).
function graph.global_mean_pool(x, ...) end

---Takes away the edges from a node to itself: returns edge_index and edge_weight (nil without) of the others.
function graph.remove_self_loops(edge_index, edge_weight) end

---Reduces the slices of src that have the same number in index [E]: graph.scatter(src, index, dim, dim_size,
---{reduce = "sum"}), reduce one of sum (or add), mean, max, min, mul. src [..., E, ...] with E at dim (1),
---result [..., dim_size, ...]; dim_size is the largest number unless given. Places that no slice goes to are
---0 (mul: 1).
function graph.scatter(src, index, ...) end

---Softmax within the groups that index [E] makes of the first dimension of src [E, ...]: attention over the
---edges that arrive at a node. graph.softmax(src, index, num_nodes); the result has the shape of src.
function graph.softmax(src, ...) end

---Adjacency matrices [B, N, N] of a graph or of a batch: graph.to_dense_adj(edge_index, batch, edge_attr,
---max_num_nodes). batch [nodes] numbers the graph of each node; edge_attr [E] are the entries (1); edges
---between the same two nodes add up.
function graph.to_dense_adj(edge_index, ...) end

---Every edge in both directions, each once, sorted by source: graph.to_undirected(edge_index, num_nodes).
function graph.to_undirected(edge_index, num_nodes) end

---The cart with its pole. A state is four numbers: position, speed, angle (radians), angular speed. Action 1
---pushes to the left, 2 to the right. An episode ends when the pole leans by more than 12 degrees, the cart
---leaves the track (2.4 either way), or after max_steps (500); the reward is 1 a step.
---
---options: max_steps, seed (of its starts; drawn from the default generator without)
function rl.CartPole(options) end

---A memory of what happened: capacity rows of state, action, reward, next state and whether it ended; the
---oldest is overwritten.
---
---capacity: how many are kept
---
---width: how many numbers a state has
function rl.Replay(capacity, width) end

---What was still to come at each step: r[t] + gamma r[t+1] + gamma^2 r[t+2] + ...
---
---rewards: a table of numbers
---
---gamma: what a reward is worth one step later, 0 to 1
---
---last: the value of what follows the last step (0)
function rl.returns(rewards, gamma, last) end

---What each layer gives for an input: a table of tensors by the layers' names, in the order in which they
---ran. The input is a tensor or a list of arguments. A layer that runs several times, or gives several
---tensors, counts its last, its first. Options: layers (names; default all that have no layers inside).
function inspect.activations(net, input, ...) end

---Where attention goes: the weights [N, heads, queries, keys] of every nn.MultiheadAttention inside a network
---for an input (a tensor or a list of arguments), in a table by the layers' names.
function inspect.attention(net, input) end

---Where in a picture a convolutional network sees a class (Grad-CAM, Selvaraju et al. 2017): [N, H, W] in
---0..1. layer is a layer with an output [N, C, h, w], or its name. Options: target (a class, or one a sample;
---default the predicted one), resize (true: as large as the picture, false: h x w).
function inspect.grad_cam(net, input, ...) end

---Principal components: points [N, D] in the k (2) directions of greatest variance, [N, k]; these directions
---[k, D]; and the share of the variance that each holds. The largest number of a direction is positive, so
---that the result is one.
function inspect.pca(x, k) end

---How much each number of an input counts for the score of a class: |d score / d input|, of pictures [N, C,
---H, W] the greatest over the channels, [N, H, W]; of other inputs in their shape. Simonyan et al. 2014.
---Options: target (a class, or one a sample; default the predicted one), signed (the gradient itself, in the
---input's shape).
function inspect.saliency(net, input, ...) end

---Points [N, D] in two dimensions such that neighbours stay neighbours (t-SNE, van der Maaten, Hinton 2008):
---[N, 2], float64. Starts from the principal components. Options: n_components, perplexity (30, less than N:
---about how many neighbours count), n_iter (500), learning_rate (default max(N / 48, 50)), early_exaggeration
---(12), method: "exact", in time and memory N^2, the default up to 1,000 points and for other than two
---components; or "barnes_hut", N log N, which takes far groups of points for one as theta (0.5) says;
---callback(step, divergence), seed or generator (unused unless points coincide).
function inspect.tsne(x, ...) end

---What the layers of a network give for an input (in evaluation mode): a histogram each; many zeros after a
---ReLU are dead units.
function plot.activations(net, x, options) end

---Bars, one for each number: plot.bar({cat = 3, dog = 5}), plot.bar({[8] = 0.5, [64] = 0.7}), plot.bar({3,
---5}, {names = {"cat", "dog"}}), or groups of bars: plot.bar({before = {3, 5}, after = {4, 6}}, {names =
---{"cat", "dog"}}). Options: names (of the bars), title, xlabel, xlim, file and the others of plot.line.
function plot.bar(values, options) end

---What was taken for what: plot.confusion(predictions, labels) with logits [N, C] or classes [N], or
---plot.confusion(matrix) of counts, rows being the true classes. Options: names (of the classes), normalize
---(shares of each row), title, file and the others of plot.line.
function plot.confusion(predicted, labels, options) end

---What a layer makes of a picture: each channel of its output as a picture. layer is its path ("conv1",
---"[1].conv"); of a batch the first picture is shown. Options: most (channels shown, 32), normalize (each
---channel by its own range; false: all by the same), colormap, per_row, title, file and the others of
---plot.line.
function plot.feature_maps(net, x, layer, options) end

---The gradients of a network's parameters, after a backward: the same picture as plot.weights gives.
function plot.gradients(net, options) end

---A network as boxes: plot.graph(net, input) runs it once and draws its layers with the shapes that leave
---them, and the operations between them; input is a tensor or a list of arguments. plot.graph(y) draws the
---operations behind a tensor. {file = "net.dot"} writes Graphviz's language, .png, .svg and .html a picture.
---Options: depth (1: only the network's direct children as boxes), title, file and the others of plot.line.
function plot.graph(net, x, options) end

---A matrix as colours: plot.heatmap(weights), of a tensor [H, W] or a table of rows. Options: colormap
---("viridis", "grey", "coolwarm", "blues"), low and high (values of its ends), annotate (write the numbers
---into the cells; up to 12 columns they are anyway), row_names, column_names or names for both, xlabel,
---ylabel, title, file and the others of plot.line.
function plot.heatmap(values, options) end

---A histogram: how many of the values fall into each of `bins` equal ranges. values: a tensor of any shape, a
---table, or several by name: plot.hist({before = a, after = b}). Options: bins (30), density (areas sum to
---1), xlim for the range; the others are plot.line's.
function plot.hist(values, options) end

---Pictures: plot.image(x) of a tensor [H, W], [1, H, W] or [3, H, W] (floats from 0 to 1, or uint8), a batch
---[N, C, H, W], or a list of pictures, which are put side by side. Options: names (below the pictures),
---per_row, low and high (what is black and white), normalize (each picture from its lowest to its highest
---value), colormap for one channel ("viridis" and so on), title, file and the others of plot.line.
function plot.image(pictures, options) end

---Curves: plot.line(y), plot.line(x, y), plot.line({loss = a, val = b}, {title = "training", xlabel =
---"epoch"}). y is a tensor [N], a table of numbers, a matrix [N, K] of K curves, a list of curves or a table
---of curves by name (each may be {x, y}). In a terminal they are drawn there; {file = "loss.png"} writes a
---picture instead (.png, .svg, .html or .txt). NaN leaves a gap. Options: title, xlabel, ylabel, xlim = {low,
---high}, ylim, logx, logy, names (of the curves), legend, file, width and height (of a file, in pixels),
---columns and rows (of text), as ("kitty", "sixel", "blocks" or "ascii" whatever the terminal).
function plot.line(x, y, options) end

---Curves that grow while a program runs: local live = plot.live{title = "training", ylabel = "loss"}; then
---live:add{loss = 0.5, val = 0.6} (or live:add(x, {...})) as often as there is something new, and live:done()
---at the end. In a terminal the picture is redrawn in place, at most every `every` seconds (0.5); elsewhere
---it is drawn once, by done(); with file it is rewritten. Options: every, and those of plot.line.
function plot.live(options) end

---The ROC curve of scores: plot.roc(scores, labels), labels being booleans, 0 and 1, or 1 and 2 (the larger
---one is positive), or several: plot.roc({cnn = {scores, labels}, mlp = {scores, labels}}). The area below
---stands in the legend. Options: title, legend, file and the others of plot.line.
function plot.roc(scores, labels, options) end

---Points: plot.scatter(x, y), plot.scatter(xy) with a matrix [N, 2], plot.scatter({a = {x, y}, b = {x, y}}).
---groups = labels gives each point the colour of its class (from 1), names the classes' names. The other
---options are plot.line's.
function plot.scatter(x, y, options) end

---The parameters of a network: shape, mean, spread, share of zeros and a histogram each. Options: bins (of
---the histograms), title, file and the others of plot.line.
function plot.weights(net, options) end

---Shows the step that waits once more, with what it types for you.
function lesson.again() end

---Hands a value over as the answer to the step that waits: for scripts and other prompts. A step that asks
---for a function gets the function, one that asks for a variable its value, for several a table with their
---names.
function lesson.answer(...) end

---The name of the lesson that runs and the number of its step; nil when none runs.
function lesson.at() end

---Goes back to the step before.
function lesson.back() end

---Helps with the step that waits: a nudge first, then more, then the answer.
function lesson.hint() end

---Asks questions as interviews do, with model answers that would pass, be good or be excellent: those of a
---lesson, or, without a name, five from all that you have begun, the ones that went badly first.
function lesson.interview(name) end

---Loads a lesson of your own from a file, which is run as Lua; docs/writing-a-lesson.md says what stands in
---it. Then lesson "name" starts it, by the name of the file or the id that it states.
function lesson.load(path) end

---The names of all lessons, in the order of learning, as a list.
function lesson.names() end

---Goes on to the next step when this one is done; at the prompt Enter does the same.
function lesson.next() end

---How far you are: lessons done and begun by family, questions that are due.
function lesson.progress() end

---Leaves the lesson; lesson "name" goes on where you were.
function lesson.quit() end

---Begins the lesson that runs from its first step.
function lesson.restart() end

---Lists the lessons in whose names or texts a word occurs.
function lesson.search(word) end

---The answer to the step that waits: typed at the prompt for you to run, shown in a script. In an interview
---it shows what would pass, be good and be excellent.
function lesson.show() end

---Passes the step that waits.
function lesson.skip() end
