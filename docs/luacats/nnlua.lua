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
---@field grad_fn userdata? The node of the graph that made x: node:name(), node.next_functions; nil for leaves.
---@field _version integer How often the memory of x was changed in place, by x or by a view of it.
---@field data Tensor The same elements without history, a view.
local Tensor = {}

---@class tensorlib
---@overload fun(values: any, options?: {dtype?: Dtype, requires_grad?: boolean}): Tensor
tensor = {}
tensor.linalg = {}
tensor.testing = {}

F, nn, optim, data, train, metrics, nnlua = {}, {}, {}, {}, {}, {}, {}
nn.init = {}

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

---The means of windows chosen so that the result has output_size: input [N, C, H, W] or [C, H, W]. -1 keeps a
---size.
---@param input Tensor
---@param output_size integer|integer[]
---@return Tensor
function F.adaptive_avg_pool2d(input, output_size) end

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
---@param input Tensor
---@param options? {generator?: Generator}
---@return Tensor
function tensor.bernoulli(input, options) end

---1 with the probability that input holds, else 0, element by element. The gradient is zero.
---@param options? {generator?: Generator}
---@return Tensor
function Tensor:bernoulli(options) end

---1 with the probability that input holds, else 0, element by element. The gradient is zero.
---@overload fun(self: Tensor, p?: number, options?: {p?: number, generator?: Generator}): Tensor
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

---The tensor itself if its elements lie in row-major order without gaps, else a copy that does.
---@return Tensor
function Tensor:contiguous() end

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

---Writes src's elements over the tensor's, converted to its dtype; src broadcasts to its shape.
---@param src Tensor
---@param non_blocking? boolean
---@param options? {non_blocking?: boolean}
---@return Tensor
function Tensor:copy_(src, non_blocking, options) end

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

---1 - erf(x), exact for large x too.
---@param input Tensor
---@return Tensor
function tensor.erfc_(input) end

---1 - erf(x), exact for large x too.
---@return Tensor
function Tensor:erfc_() end

---Inverse of erf on (-1, 1).
---@param input Tensor
---@return Tensor
function tensor.erfinv(input) end

---Inverse of erf on (-1, 1).
---@return Tensor
function Tensor:erfinv() end

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

---exp(x) - 1, exact for small x too.
---@param input Tensor
---@return Tensor
function tensor.expm1(input) end

---exp(x) - 1, exact for small x too.
---@return Tensor
function Tensor:expm1() end

---exp(x) - 1, exact for small x too.
---@param input Tensor
---@return Tensor
function tensor.expm1_(input) end

---exp(x) - 1, exact for small x too.
---@return Tensor
function Tensor:expm1_() end

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

---Puts tensors side by side: cat along dimension 2, of vectors along dimension 1.
---@param tensors Tensor[]
---@return Tensor
function tensor.hstack(tensors) end

---Squared below delta, linear above: 0.5 d^2 for d = |input - target| < delta, else delta (d - 0.5 delta).
---@param input Tensor
---@param target Tensor
---@param reduction? "none"|"mean"|"sum"
---@param delta? number
---@param options? {reduction?: "none"|"mean"|"sum", delta?: number}
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

---Mean absolute error: |input - target|.
---@param input Tensor
---@param target Tensor
---@param reduction? "none"|"mean"|"sum"
---@param options? {reduction?: "none"|"mean"|"sum"}
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

---Mean squared error: (input - target)^2, averaged, summed or left as it is.
---@param input Tensor
---@param target Tensor
---@param reduction? "none"|"mean"|"sum"
---@param options? {reduction?: "none"|"mean"|"sum"}
---@return Tensor
function F.mse_loss(input, target, reduction, options) end

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

---Product of a matrix [n, m] and a vector [m].
---@param input Tensor
---@param vec Tensor
---@return Tensor
function tensor.mv(input, vec) end

---Product of a matrix [n, m] and a vector [m].
---@param vec Tensor
---@return Tensor
function Tensor:mv(vec) end

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

---Normal random numbers with this mean and standard deviation, of the given sizes.
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
function F.selu(input) end

---The self-normalising elu: elu with alpha = 1.6733, times 1.0507 (Klambauer et al. 2017).
---@return Tensor
function Tensor:selu_() end

---The self-normalising elu: elu with alpha = 1.6733, times 1.0507 (Klambauer et al. 2017).
---@param input Tensor
---@return Tensor
function F.selu_(input) end

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
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function tensor.swapdims(input, dim0, dim1) end

---A view with two dimensions exchanged: another name of transpose.
---@param dim0 integer
---@param dim1 integer
---@return Tensor
function Tensor:swapdims(dim0, dim1) end

---The transpose of a matrix, as a view: [n, m] becomes [m, n]. Tensors of 0 or 1 dimension stay as they are.
---@param input Tensor
---@return Tensor
function tensor.t(input) end

---The transpose of a matrix, as a view: [n, m] becomes [m, n]. Tensors of 0 or 1 dimension stay as they are.
---@return Tensor
function Tensor:t() end

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

---x where x > threshold, else value, elementwise.
---@param input Tensor
---@param threshold number
---@param value number
---@return Tensor
function F.threshold(input, threshold, value) end

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

---Fills the tensor with uniform random numbers in [from, to).
---@param from? number
---@param to? number
---@param options? {from?: number, to?: number, generator?: Generator}
---@return Tensor
function Tensor:uniform_(from, to, options) end

---The different values of all elements, in ascending order (sorted changes nothing); on request also where
---each element's value stands among them, from 1, and how often each occurs. Every NaN is a value of its own.
---@param input Tensor
---@param sorted? boolean
---@param return_inverse? boolean
---@param return_counts? boolean
---@param options? {sorted?: boolean, return_inverse?: boolean, return_counts?: boolean}
---@return Tensor ...
function tensor.unique(input, sorted, return_inverse, return_counts, options) end

---The different values of all elements, in ascending order (sorted changes nothing); on request also where
---each element's value stands among them, from 1, and how often each occurs. Every NaN is a value of its own.
---@param sorted? boolean
---@param return_inverse? boolean
---@param return_counts? boolean
---@param options? {sorted?: boolean, return_inverse?: boolean, return_counts?: boolean}
---@return Tensor ...
function Tensor:unique(sorted, return_inverse, return_counts, options) end

---A view with one more dimension of size 1, which becomes dimension dim of the result.
---@param input Tensor
---@param dim integer
---@return Tensor
function tensor.unsqueeze(input, dim) end

---A view with one more dimension of size 1, which becomes dimension dim of the result.
---@param dim integer
---@return Tensor
function Tensor:unsqueeze(dim) end

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

---During f(...) a NaN in a gradient is an error that names the line of the operation; without f until the end
---of the block.
function tensor.detect_anomaly(f, ...) end

---The same with a switch.
function tensor.set_detect_anomaly(on, f, ...) end

---Whether NaNs in gradients are looked for.
function tensor.is_anomaly_enabled() end

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

---Bytes of tensors in use, and the highest number so far.
function nnlua.memory() end

---From now on an operation that would need more fails, after garbage was collected; 0 lifts the limit,
---without an argument it is told.
function nnlua.memory_limit(bytes) end

---Wall time in seconds, as a float.
function nnlua.clock() end

---A table: cores, kernels (the instruction set in use), blas (what computes large products).
function nnlua.machine() end

---Calls f(...); returns true when Ctrl-C ended it, else false and what f returned. For library code that has
---to keep something.
function nnlua.catch_interrupt(f, ...) end

---Means over output_size windows that divide [N, C, ...] or [C, ...] as evenly as it goes.
function F.adaptive_avg_pool1d(input, output_size, options) end

---Means over output_size windows that divide [N, C, ...] or [C, ...] as evenly as it goes.
function F.adaptive_avg_pool3d(input, output_size, options) end

---Maxima over output_size windows that divide [N, C, ...] or [C, ...] as evenly as it goes.
function F.adaptive_max_pool1d(input, output_size, options) end

---Maxima over output_size windows that divide [N, C, ...] or [C, ...] as evenly as it goes.
function F.adaptive_max_pool2d(input, output_size, options) end

---Maxima over output_size windows that divide [N, C, ...] or [C, ...] as evenly as it goes.
function F.adaptive_max_pool3d(input, output_size, options) end

---The mean of each window of [N, C, L] or [C, L].
function F.avg_pool1d(input, kernel_size, options) end

---y_k = x1^T W_k x2 + b_k: input1 [..., i], input2 [..., j], weight [k, i, j], bias [k] or nil.
function F.bilinear(input1, input2, weight, bias) end

---max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0), elementwise (Barron 2017).
function F.celu(input, options) end

---Convolution of sequences: input [N, C, L] or [C, L], weight [K, C / groups, k], bias [K] to [N, K, L'].
---padding = "same" keeps the length.
function F.conv1d(input, weight, bias, options) end

---1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1.
function F.cosine_embedding_loss(input1, input2, target, options) end

---The cosine of the angle between x1 and x2 along dim.
function F.cosine_similarity(x1, x2, options) end

---Sets whole channels of [N, C, ...] or [C, ...] to zero with probability p in training and divides the rest
---by 1 - p: F.dropout1d, F.dropout2d, F.dropout3d by the number of dimensions behind the channels.
function F.dropout1d(input, options) end

---Sets whole channels of [N, C, ...] or [C, ...] to zero with probability p in training and divides the rest
---by 1 - p: F.dropout1d, F.dropout2d, F.dropout3d by the number of dimensions behind the channels.
function F.dropout2d(input, options) end

---Sets whole channels of [N, C, ...] or [C, ...] to zero with probability p in training and divides the rest
---by 1 - p: F.dropout1d, F.dropout2d, F.dropout3d by the number of dimensions behind the channels.
function F.dropout3d(input, options) end

---Negative log-likelihood of target under normal distributions with mean input and variance var: (log v + (x
---- y)^2 / v) / 2 with v = max(var, eps); full adds log(2 pi) / 2.
function F.gaussian_nll_loss(input, target, var, options) end

---The first half of dimension dim times the sigmoid of the second half (Dauphin et al. 2017).
function F.glu(input, options) end

---Normalises groups of channels of [N, C, ...] to mean 0 and variance 1; weight and bias [C] scale and shift
---(Wu and He 2018).
function F.group_norm(input, num_groups, options) end

---x where |x| > lambd, else 0, elementwise.
function F.hardshrink(input, options) end

---x where the target is 1, max(0, margin - x) where it is -1.
function F.hinge_embedding_loss(input, target, options) end

---Normalises each channel of each sample of [N, C, ...]; without use_input_stats by the running statistics,
---which are updated otherwise (Ulyanov et al. 2016).
function F.instance_norm(input, running_mean, running_var, weight, bias, options) end

---max(0, -y (x1 - x2) + margin) for targets of -1 and 1.
function F.margin_ranking_loss(input1, input2, target, options) end

---The largest element of each window of [N, C, L] or [C, L]; with return_indices also their places (from 1).
function F.max_pool1d(input, kernel_size, options) end

---x divided by its p-norm along dim, or by eps where that is larger.
function F.normalize(input, options) end

---The p-norm of x1 - x2 + eps along the last dimension.
function F.pairwise_distance(x1, x2, options) end

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

---log(1 + exp(-y x)) for targets of -1 and 1.
function F.soft_margin_loss(input, target, options) end

---softmax(-x) along dim.
function F.softmin(input, options) end

---Moves each element by lambd towards zero, and to zero where it is nearer than that.
function F.softshrink(input, options) end

---max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm distance; swap takes the nearer of
---anchor and positive to the negative.
function F.triplet_margin_loss(anchor, positive, negative, options) end

---Means over windows that divide the input into output_size parts: nn.AdaptiveAvgPool2d(1) or ({2, 3}).
nn.AdaptiveAvgPool1d = function(output_size) end

---Means over windows that divide the input into output_size parts: nn.AdaptiveAvgPool2d(1) or ({2, 3}).
nn.AdaptiveAvgPool2d = function(output_size) end

---Means over windows that divide the input into output_size parts: nn.AdaptiveAvgPool2d(1) or ({2, 3}).
nn.AdaptiveAvgPool3d = function(output_size) end

---Maxima over windows that divide the input into output_size parts.
nn.AdaptiveMaxPool1d = function(output_size) end

---Maxima over windows that divide the input into output_size parts.
nn.AdaptiveMaxPool2d = function(output_size) end

---Maxima over windows that divide the input into output_size parts.
nn.AdaptiveMaxPool3d = function(output_size) end

---The mean of each window: nn.AvgPool2d(kernel_size, {stride = kernel_size, padding = 0, ceil_mode = false,
---count_include_pad = true, divisor_override = nil}).
nn.AvgPool1d = function(kernel_size, options) end

---The mean of each window: nn.AvgPool2d(kernel_size, {stride = kernel_size, padding = 0, ceil_mode = false,
---count_include_pad = true, divisor_override = nil}).
nn.AvgPool2d = function(kernel_size, options) end

---Binary cross-entropy of probabilities.
nn.BCELoss = function(options) end

---Sigmoid and binary cross-entropy in one: input are logits.
nn.BCEWithLogitsLoss = function(options) end

---Batch normalisation of [N, C] or [N, C, L]: per channel (x - mean) / sqrt(var + eps) * weight + bias, over
---the batch while training, by running statistics in evaluation mode. nn.BatchNorm1d(num_features, {eps =
---1e-5, momentum = 0.1, affine = true, track_running_stats = true}); momentum = false averages over all
---batches.
nn.BatchNorm1d = function(num_features, options) end

---Batch normalisation of [N, C, H, W], see BatchNorm1d.
nn.BatchNorm2d = function(num_features, options) end

---Batch normalisation of [N, C, D, H, W], see BatchNorm1d.
nn.BatchNorm3d = function(num_features, options) end

---y_k = x1^T W_k x2 + b_k: nn.Bilinear(in1_features, in2_features, out_features, {bias = true}).
nn.Bilinear = function(in1_features, in2_features, out_features, options) end

---max(0, x) + min(0, alpha (exp(x / alpha) - 1)).
nn.CELU = function(options) end

---Convolution (strictly, correlation): nn.Conv2d(in_channels, out_channels, kernel_size, {stride = 1, padding
---= 0, dilation = 1, groups = 1, bias = true, padding_mode = "zeros"}). x [N, in_channels, H, W], weight
---[out_channels, in_channels / groups, kH, kW]; Conv1d and Conv3d likewise. padding = "same" keeps the size.
nn.Conv1d = function(in_channels, out_channels, kernel_size, options) end

---Convolution (strictly, correlation): nn.Conv2d(in_channels, out_channels, kernel_size, {stride = 1, padding
---= 0, dilation = 1, groups = 1, bias = true, padding_mode = "zeros"}). x [N, in_channels, H, W], weight
---[out_channels, in_channels / groups, kH, kW]; Conv1d and Conv3d likewise. padding = "same" keeps the size.
nn.Conv2d = function(in_channels, out_channels, kernel_size, options) end

---1 - cos(x1, x2) where target is 1, max(0, cos(x1, x2) - margin) where it is -1: loss(x1, x2, target).
nn.CosineEmbeddingLoss = function(options) end

---Log-softmax and negative log-likelihood in one. input: logits [N, C, ...], target: classes 1..C [N, ...] or
---probabilities [N, C, ...]. nn.CrossEntropyLoss({weight = nil, ignore_index = -100, reduction = "mean",
---label_smoothing = 0}).
nn.CrossEntropyLoss = function(options) end

---Sets elements to zero with probability p while training and scales the rest by 1 / (1 - p); passes its
---input on in evaluation mode: nn.Dropout(p).
nn.Dropout = function(options) end

---Drops whole channels of [N, C, L].
nn.Dropout1d = function(options) end

---Drops whole channels of [N, C, H, W].
nn.Dropout2d = function(options) end

---Drops whole channels of [N, C, D, H, W].
nn.Dropout3d = function(options) end

---x for x > 0, else alpha (exp(x) - 1): nn.ELU(1.0).
nn.ELU = function(options) end

---A vector for each of the numbers 1 to num_embeddings: nn.Embedding(num_embeddings, embedding_dim,
---{padding_idx = nil}). x any shape of whole numbers from 1, weight [num_embeddings, embedding_dim], result
---[..., embedding_dim]. The vector of padding_idx starts as zeros and gets no gradient.
nn.Embedding = function(num_embeddings, embedding_dim, options) end

---Joins the dimensions start_dim to end_dim into one: nn.Flatten(2) keeps the batch.
nn.Flatten = function(options) end

---x times the normal distribution function of x; approximate = "tanh" is its approximation.
nn.GELU = function(options) end

---Half of the channels times the sigmoid of the other half, along dim (default the last).
nn.GLU = function(options) end

---Negative log-likelihood under a normal distribution: loss(mean, target, variance).
nn.GaussianNLLLoss = function(options) end

---Normalisation over groups of channels of [N, C, ...]: nn.GroupNorm(num_groups, num_channels, {eps = 1e-5,
---affine = true}).
nn.GroupNorm = function(num_groups, num_channels, options) end

---x where |x| > lambd, else 0.
nn.Hardshrink = function(options) end

---relu6(x + 3) / 6.
nn.Hardsigmoid = function(options) end

---x * relu6(x + 3) / 6.
nn.Hardswish = function(options) end

---min(max(x, min_val), max_val).
nn.Hardtanh = function(options) end

---input where target is 1, max(0, margin - input) where it is -1.
nn.HingeEmbeddingLoss = function(options) end

---As SmoothL1Loss, times delta.
nn.HuberLoss = function(options) end

---Returns what it is given; arguments of the constructor are ignored, so that it can stand in for any layer.
nn.Identity = {}

---Normalisation of each channel of each sample of [N, C, L]: nn.InstanceNorm1d(num_features, {eps = 1e-5,
---momentum = 0.1, affine = false, track_running_stats = false}).
nn.InstanceNorm1d = function(num_features, options) end

---The same for [N, C, H, W].
nn.InstanceNorm2d = function(num_features, options) end

---The same for [N, C, D, H, W].
nn.InstanceNorm3d = function(num_features, options) end

---Kullback-Leibler divergence of log-probabilities (input) from probabilities (target).
nn.KLDivLoss = function(options) end

---Mean of |input - target|.
nn.L1Loss = function(options) end

---Makes a module of a function: nn.Lambda(function(x) return x * 2 end).
nn.Lambda = {}

---Layer normalisation over the last dimensions: nn.LayerNorm(normalized_shape, {eps = 1e-5,
---elementwise_affine = true, bias = true}); normalized_shape a number or a table of sizes.
nn.LayerNorm = function(normalized_shape, options) end

---x for x > 0, else negative_slope * x: nn.LeakyReLU(0.01).
nn.LeakyReLU = function(options) end

---y = x W^T + b on the last dimension: nn.Linear(in_features, out_features, {bias = true}). x [...,
---in_features], weight [out_features, in_features], bias [out_features], result [..., out_features]. Weight
---and bias start uniform within 1 / sqrt(in_features).
nn.Linear = function(in_features, out_features, options) end

---log(sigmoid(x)).
nn.LogSigmoid = function() end

---log(softmax(x)) along dim.
nn.LogSoftmax = function(options) end

---Mean of (input - target)^2: nn.MSELoss({reduction = "mean"}); "sum" or "none" instead of "mean".
nn.MSELoss = function(options) end

---max(0, -target * (x1 - x2) + margin): loss(x1, x2, target).
nn.MarginRankingLoss = function(options) end

---The largest element of each window: nn.MaxPool2d(kernel_size, {stride = kernel_size, padding = 0, dilation
---= 1, return_indices = false, ceil_mode = false}). With return_indices also their places (from 1 in each
---plane).
nn.MaxPool1d = function(kernel_size, options) end

---The largest element of each window: nn.MaxPool2d(kernel_size, {stride = kernel_size, padding = 0, dilation
---= 1, return_indices = false, ceil_mode = false}). With return_indices also their places (from 1 in each
---plane).
nn.MaxPool2d = function(kernel_size, options) end

---x * tanh(softplus(x)).
nn.Mish = function(options) end

---The parent of all modules: registers the parameters, buffers and modules that are assigned to its fields,
---walks over them (parameters, state_dict, to, train, eval), and is called like a function: m(x) runs
---m:forward(x).
nn.Module = {}

---Modules under names, in order: nn.ModuleDict({{"linear", m1}, {"pool", m2}}); d.linear, d["pool"].
nn.ModuleDict = {}

---A list of modules: nn.ModuleList({m1, m2}). It computes nothing itself.
nn.ModuleList = {}

---Negative log-likelihood of log-probabilities [N, C, ...] under classes 1..C.
nn.NLLLoss = function(options) end

---Leaky ReLU with a slope that is learned, one or one a channel: nn.PReLU(num_parameters, {init = 0.25}).
nn.PReLU = function(options) end

---A module parameter: a leaf tensor on the same storage that asks for gradients (unless told otherwise).
---Assigned to a field of a module it is registered there under the field's name.
---
---data: a tensor
---
---requires_grad: default true
function nn.Parameter(data, requires_grad) end

---Parameters under names, in order: nn.ParameterDict({{"left", p1}, {"right", p2}}).
nn.ParameterDict = {}

---A list of parameters: nn.ParameterList({p1, p2}); plain tensors become parameters.
nn.ParameterList = {}

---Negative log-likelihood of counts (target) under a Poisson distribution.
nn.PoissonNLLLoss = function(options) end

---x / sqrt(mean(x^2) + eps) * weight over the last dimensions: nn.RMSNorm(normalized_shape, {eps = nil,
---elementwise_affine = true}); without eps the smallest one of the dtype.
nn.RMSNorm = function(normalized_shape, options) end

---Leaky ReLU whose slope is drawn from lower..upper while training and their mean in evaluation mode.
nn.RReLU = function(options) end

---max(x, 0): nn.ReLU({inplace = false}).
nn.ReLU = function(options) end

---min(max(x, 0), 6).
nn.ReLU6 = function(options) end

---ELU whose constants keep mean and variance.
nn.SELU = function(options) end

---Modules one after the other: nn.Sequential(m1, m2, ...), one list of them, or named {{"conv", m1}, {"relu",
---m2}}.
nn.Sequential = {}

---x * sigmoid(x), also known as swish.
nn.SiLU = function(options) end

---1 / (1 + exp(-x)).
nn.Sigmoid = function() end

---Squares below beta, absolute values above.
nn.SmoothL1Loss = function(options) end

---log(1 + exp(-target * input)) for targets of -1 and 1.
nn.SoftMarginLoss = function(options) end

---exp(x) / sum(exp(x)) along dim. For cross_entropy leave it out: that takes the logits.
nn.Softmax = function(options) end

---Softmax over the channels of [N, C, H, W].
nn.Softmax2d = function() end

---softmax(-x) along dim.
nn.Softmin = function(options) end

---log(1 + exp(beta x)) / beta.
nn.Softplus = function(options) end

---Moves x by lambd towards zero.
nn.Softshrink = function(options) end

---x / (1 + |x|).
nn.Softsign = function() end

---Hyperbolic tangent.
nn.Tanh = function() end

---x - tanh(x).
nn.Tanhshrink = function() end

---x where x > threshold, else value.
nn.Threshold = function(threshold, value, options) end

---max(0, d(anchor, positive) - d(anchor, negative) + margin): loss(anchor, positive, negative).
nn.TripletMarginLoss = function(options) end

---Splits dimension dim into these sizes: nn.Unflatten(2, {32, 7, 7}).
nn.Unflatten = function(dim, unflattened_size) end

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

---Fan-in and fan-out of a weight: numbers of inputs and outputs that a unit is connected to.
---
---t: at least 2-d: [out, in, kernel...]
function nn.init.calculate_fan_in_and_fan_out(t) end

---The factor by which a nonlinearity's weights are scaled: calculate_gain("leaky_relu", 0.2).
function nn.init.calculate_gain(nonlinearity, param) end

---One value everywhere.
function nn.init.constant_(t, ...) end

---A convolution's weight that passes its input on, as far as there are channels.
function nn.init.dirac_(t, ...) end

---The identity matrix.
function nn.init.eye_(t, ...) end

---He (Kaiming), normal.
function nn.init.kaiming_normal_(t, ...) end

---He (Kaiming): uniform with the standard deviation gain / sqrt(fan); the layers' default is a = sqrt(5).
---
---a: slope of a leaky ReLU behind it
---
---mode: "fan_in" keeps the variance forward, "fan_out" backward
---
---nonlinearity: default "leaky_relu"
function nn.init.kaiming_uniform_(t, ...) end

---Normal: init.normal_(t, mean, std).
function nn.init.normal_(t, ...) end

---Ones.
function nn.init.ones_(t, ...) end

---A (semi-)orthogonal matrix, the dimensions behind the first taken as one.
function nn.init.orthogonal_(t, ...) end

---Zeros in a share of each column, the rest normal.
function nn.init.sparse_(t, ...) end

---Normal with the tails beyond a and b cut off.
function nn.init.trunc_normal_(t, ...) end

---Uniform in [a, b): init.uniform_(t, 0, 1).
function nn.init.uniform_(t, ...) end

---Xavier (Glorot), normal.
function nn.init.xavier_normal_(t, ...) end

---Xavier (Glorot): uniform with the variance 2 / (fan_in + fan_out), times gain squared.
function nn.init.xavier_uniform_(t, ...) end

---Zeros.
function nn.init.zeros_(t, ...) end

---Steps divided by the root of the sum of all squared gradients: optim.Adagrad(parameters, {lr = 1e-2,
---lr_decay = 0, weight_decay = 0, initial_accumulator_value = 0, eps = 1e-10, maximize = false}).
optim.Adagrad = function(parameters, options) end

---Adam: optim.Adam(parameters, {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 0, amsgrad =
---false, maximize = false}); the weight decay is added to the gradient.
optim.Adam = function(parameters, options) end

---Adam whose weight decay works on the weights themselves: optim.AdamW(parameters, {lr = 1e-3, betas = {0.9,
---0.999}, eps = 1e-8, weight_decay = 1e-2, amsgrad = false, maximize = false}).
optim.AdamW = function(parameters, options) end

---What all optimisers have in common. One has param_groups, defaults (the options) and state (opt.state[p] is
---get_state(p)).
optim.Optimizer = {}

---Steps divided by a running root mean square of the gradient: optim.RMSprop(parameters, {lr = 1e-2, alpha =
---0.99, eps = 1e-8, weight_decay = 0, momentum = 0, centered = false, maximize = false}).
optim.RMSprop = function(parameters, options) end

---Stochastic gradient descent: optim.SGD(parameters, {lr = 1e-3, momentum = 0, dampening = 0, weight_decay =
---0, nesterov = false, maximize = false}).
optim.SGD = function(parameters, options) end

---Data sets one after the other: data.ConcatDataset({a, b}).
data.ConcatDataset = {}

---Walks over a data set in batches: data.DataLoader(set, {batch_size = 64, shuffle = true}); set is a data
---set, or tensors {x, y}. Options: batch_size, shuffle, drop_last, sampler (a list of positions, or an object
---with :iter()), batch_sampler (a list of lists), collate_fn(samples), generator or seed for the order.
---num_workers is accepted and changes nothing: batches are gathered by the engine.
data.DataLoader = {}

---Pictures as bytes [N, H, W] or [N, C, H, W] with labels from 1: a sample is {float32 C x H x W in 0..1,
---label}. Fields: data (the bytes, with channels), targets (int64), classes (names by label).
data.ImageDataset = {}

---Some samples of a data set, by their positions: data.Subset(set, {1, 5, 7}) or with an int64 tensor.
data.Subset = {}

---Tensors whose first dimensions agree: data.TensorDataset(x, y); set[i] is {x[i], y[i]}.
data.TensorDataset = {}

---What DataLoader makes of a list of samples: the fields of one batch, joined field by field, as several
---values.
function data.default_collate(samples) end

---Loads a data set by name: data.load("fashion-mnist") gives set.train and set.test (float32 1 x 28 x 28 in
---0..1, labels 1..10) and set.classes. Options: root (where its files are), max_bytes.
function data.load(name, options) end

---Splits a data set at random into Subsets: data.random_split(set, {50000, 10000}) or by shares {0.9, 0.1}.
---Options: generator or seed. Returns the parts as several values.
function data.random_split(set, lengths, options) end

---Reads an IDX file (plain or gzipped) as a tensor. Options: max_bytes (default 512 MiB).
function data.read_idx(path, options) end

---Writes a tensor as an IDX file (gzipped when the name ends in .gz), beside and renamed.
function data.write_idx(path, value) end

---Runs a network over a data set or loader in evaluation mode, without gradients: returns a table with
---accuracy and, when a loss function is given, loss. Options: loss, batch_size.
function train.evaluate(net, set, options) end

---Trains a network: train.fit(net, loader, {loss = F.cross_entropy, optimizer = opt, epochs = 3, val =
---set.test}). Shows a progress line; returns the history, one table an epoch: {epoch, loss, val_loss,
---val_accuracy, seconds}. Ctrl-C ends the training early and keeps the network as it is; the history then has
---interrupted = true. Options: loss(output, target), optimizer, epochs, val (a data set or loader), scheduler
---(stepped after each epoch), callback(row, net) after each epoch, which ends the training by returning
---false, quiet.
---
---loader: a DataLoader, or a data set (then batch_size counts)
function train.fit(net, loader, options) end

---A line on standard error that shows how far a loop has come, its rate and the remaining time. On a terminal
---it is rewritten in place a few times a second, elsewhere only the closing line of each part is printed.
---local p = train.progress(total); p:part("epoch 1/3"); p:step(64, "loss 0.31"); p:done("accuracy 0.91")
---
---total: how much all parts together hold, in samples for instance
---
---quiet: true prints nothing
function train.progress(total, quiet) end

---The share of right predictions. predictions: logits or probabilities [N, C] (the largest counts), or
---classes of the labels' shape; labels: classes from 1.
function metrics.accuracy(predictions, labels) end
