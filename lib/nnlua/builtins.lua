-- What the bindings give beside the operations of the registry: how it is called and what it does. Data only; a test
-- holds it against what there really is.

return {
  -- making tensors
  {"tensor(values, {dtype = nil, requires_grad = false})",
    "A tensor of a number, a boolean or nested tables of these (or of tensors): float32 for numbers, bool for booleans "
    .. "unless dtype says otherwise. The data are copied."},
  {"tensor.tensor(values, {dtype = nil, requires_grad = false})", "The same as tensor(values)."},
  {"tensor.is_tensor(value)", "True for tensors, false for anything else."},
  {"tensor.is_floating_point(x)", "True when the dtype is float32 or float64."},
  {"tensor.numel(x)", "The number of elements."},
  {"tensor.newaxis", "In x[{...}]: a new dimension of size 1."},
  -- shape and memory
  {"x.shape", "The sizes, as a list that prints as {2, 3} and compares with tables: x.shape == {2, 3}."},
  {"x:size(dim)", "The size of a dimension (from 1, or from -1 backwards); without an argument all sizes, as several "
    .. "values."},
  {"x:stride(dim)", "How many elements lie between neighbours along a dimension; without an argument for all "
    .. "dimensions, as several values."},
  {"x:dim()", "The number of dimensions; also #x counts the first one's size."},
  {"x:ndimension()", "The number of dimensions."},
  {"x.ndim", "The number of dimensions."},
  {"x:numel()", "The number of elements."},
  {"x:nelement()", "The number of elements."},
  {"x:element_size()", "Bytes of one element."},
  {"x.itemsize", "Bytes of one element."},
  {"x.nbytes", "Bytes of all elements."},
  {"x:storage_offset()", "Where the first element lies in the memory that views share, in elements."},
  {"x:data_ptr()", "The address of the first element, as a number."},
  {"x:is_contiguous()", "True when the elements lie row by row without gaps."},
  {"x:is_floating_point()", "True when the dtype is float32 or float64."},
  {"x.T", "The transposed matrix, a view."},
  {"x.mT", "The last two dimensions swapped, a view."},
  -- values
  {"x:item()", "The element of a one-element tensor as a Lua number (or boolean)."},
  {"x:get(i, j, ...)", "One element as a Lua number, by its position in every dimension (from 1)."},
  {"x:set(i, j, ..., value)", "Writes one element."},
  {"x:totable()", "The elements as nested tables; a 0-dim tensor gives its number."},
  {"x:tolist()", "The same as totable."},
  -- dtypes
  {"x.dtype", "\"float32\", \"float64\", \"int64\", \"uint8\" or \"bool\"."},
  {"x:float()", "Converted to float32 (x itself when it is that already)."},
  {"x:double()", "Converted to float64."},
  {"x:long()", "Converted to int64; fractions are cut off."},
  {"x:byte()", "Converted to uint8."},
  {"x:bool()", "Converted to bool: true where not zero."},
  {"x:type(dtype)", "Without an argument the dtype, with one the conversion to it."},
  {"x:cpu()", "The tensor itself: there is no other device."},
  {"x.device", "\"cpu\"."},
  -- gradients
  {"x:backward(gradient, {retain_graph = false, create_graph = false, inputs = nil})",
    "Computes the gradients of x for all leaves that it was made of and adds them to their .grad. gradient is that of "
    .. "x, 1 where x has one element. With create_graph the gradients can be differentiated again."},
  {"tensor.grad(outputs, inputs, {grad_outputs = nil, retain_graph = false, create_graph = false, "
    .. "allow_unused = false, materialize_grads = false})",
    "The gradients of outputs with respect to inputs, as several values; .grad stays untouched. inputs may be a "
    .. "tensor, a list, or a table with names, which gives a table with the same names. An input that was not used is "
    .. "an error unless allow_unused (then nil) or materialize_grads (then zeros)."},
  {"x.grad", "The gradient that backward has summed up, nil before; may be assigned."},
  {"x.requires_grad", "Whether operations on x are recorded; may be assigned for leaves."},
  {"x:requires_grad_(on)", "Sets requires_grad (default true) and returns x."},
  {"x:retain_grad()", "Lets backward keep .grad for this result of an operation, too."},
  {"x.is_leaf", "True for a tensor that is not the recorded result of an operation."},
  {"x.grad_fn", "The node of the graph that made x: node:name(), node.next_functions, node.id; nil for leaves."},
  {"x._version", "How often the memory of x was changed in place, by x or by a view of it."},
  {"x.data", "The same elements without history, a view."},
  {"x:register_hook(f)", "f(gradient) is called when the gradient of x is known; what it returns replaces it. Returns "
    .. "a handle with :remove()."},
  {"x:register_post_accumulate_grad_hook(f)", "f(x) is called after a gradient was added to x.grad. Returns a handle "
    .. "with :remove()."},
  {"tensor.no_grad(f, ...)", "Calls f(...) without recording and returns what it returns. Without f: "
    .. "`local _ <close> = tensor.no_grad()` until the end of the block."},
  {"tensor.inference_mode(f, ...)", "The same as no_grad."},
  {"tensor.enable_grad(f, ...)", "Records during f(...), also inside of no_grad; without f until the end of the "
    .. "block."},
  {"tensor.set_grad_enabled(on, f, ...)", "Switches recording on or off during f(...); without f from now on, or with "
    .. "<close> until the end of the block."},
  {"tensor.is_grad_enabled()", "Whether operations are recorded."},
  {"tensor.detect_anomaly(f, ...)", "During f(...) the first NaN, in a result that is recorded or in a gradient, is "
    .. "an error that names the operation and its line; without f until the end of the block. Slow: for finding "
    .. "errors."},
  {"tensor.set_detect_anomaly(on, f, ...)", "The same with a switch."},
  {"tensor.set_flush_denormal(on)", "Whether numbers too small for a full fraction (in float32 below 1.2e-38) are "
    .. "taken for zeros from now on; at first they aren't. Processors take about a hundred times longer for them: "
    .. "gradients that fade in a deep network become fast again. Returns whether the processor can."},
  {"tensor.is_anomaly_enabled()", "Whether NaNs in gradients are looked for."},
  {"tensor.autograd", "torch.autograd's names: grad, Function, detect_anomaly, gradcheck, no_grad, functional.jacobian "
    .. "and the others; the same functions as tensor's."},
  {"tensor.checkpoint(f, ...)", "f(...) without keeping what its gradient needs: backward calls f again. Saves memory "
    .. "for time."},
  {"tensor.jacobian(func, inputs, {create_graph = false, strict = false})",
    "All derivatives of what func returns by its inputs. func is called with the inputs (a tensor, or the tensors of a "
    .. "list). For an input [n...] and a result [m...] a tensor [m..., n...]; for a list of inputs several values; "
    .. "for several results one value each, a table where inputs is a list. What a result doesn't depend on gives "
    .. "zeros, with strict an error."},
  {"tensor.hessian(func, inputs, {create_graph = false, strict = false})",
    "All second derivatives of func, which returns one element: for an input [n...] a tensor [n..., n...], for a list "
    .. "of inputs one table each: the k-th of the i-th are the derivatives by inputs i and k."},
  {"tensor.vjp(func, inputs, v, {create_graph = false, strict = false})",
    "What func returns, and the product of v with its Jacobian. v has the shape of the result (a list for several; 1 "
    .. "when left out for one element), the product that of the inputs (a list for a list)."},
  {"tensor.jvp(func, inputs, v, {create_graph = false, strict = false})",
    "What func returns, and the product of its Jacobian with v. v has the shape of the inputs (a list for a list; 1 "
    .. "when left out for one element), the product that of the result. func must have second derivatives."},
  {"tensor.vmap(func, {in_dims = 1, out_dims = 1, randomness = \"error\"})",
    "A function that does to batches what func does to single samples, in one pass: func sees its arguments "
    .. "without the batch's dimension. in_dims says where that is in each argument: a number for all, or a list "
    .. "with a number or false (not mapped, the same for all samples) for each; out_dims where it goes in the "
    .. "results. Gradients of each sample: tensor.grad inside of func by its arguments, mapped or not. "
    .. "randomness = \"different\" allows random operations, which then draw for each sample. What needs the "
    .. "numbers of one sample (item, if) cannot be batched; a few operations run in a loop, nnlua.vmap_loops() "
    .. "names them.",
    "local dots = tensor.vmap(function(a, b) return a:dot(b) end)\n"
    .. "dots(tensor{{1, 2}, {3, 4}}, tensor{{1, 1}, {2, 2}})\n--> {3, 14}"},
  {"tensor.Function(name, parent)",
    "A class of operations with a backward of one's own: `local Square = tensor.Function(\"Square\")`, then `function "
    .. "Square.forward(ctx, x)` and `function Square.backward(ctx, grad)`; `Square.apply(x)` runs it. forward returns "
    .. "one tensor or several; backward gets a gradient for each of these and returns one for each argument of "
    .. "forward, nil for what is no tensor. ctx:save_for_backward(...) keeps tensors for the table ctx.saved_tensors, "
    .. "ctx.needs_input_grad[i] tells which arguments need a gradient; ctx:mark_non_differentiable(...), "
    .. "ctx:mark_dirty(...), ctx:set_materialize_grads(on) are PyTorch's; other fields of ctx are free. With "
    .. "setup_context(ctx, inputs, output) in the class forward has no ctx. backward is differentiated itself where "
    .. "gradients of gradients are asked for."},
  {"tensor.gradcheck(func, inputs, {eps = 1e-6, atol = 1e-5, rtol = 1e-3, raise_exception = true, nondet_tol = 0, "
    .. "check_undefined_grad = true, check_grad_dtypes = false})",
    "Checks the gradients of func against differences of its values, for each element of each input (a tensor or a "
    .. "list of arguments; float64 is needed) that has requires_grad. Returns true; a wrong gradient is an error that "
    .. "names output, input, element and both values, or gives false with raise_exception = false."},
  {"tensor.gradgradcheck(func, inputs, {grad_outputs = nil, eps = 1e-6, atol = 1e-5, rtol = 1e-3, "
    .. "raise_exception = true, nondet_tol = 0, check_undefined_grad = true, check_grad_dtypes = false})",
    "The same for gradients of gradients, by the inputs and by grad_outputs (random ones unless given)."},
  {"tensor.testing.assert_close(actual, expected, {rtol = nil, atol = nil, equal_nan = false, check_dtype = true, "
    .. "msg = nil})",
    "An error unless |actual - expected| <= atol + rtol * |expected| for tensors of one shape and dtype, numbers, or "
    .. "tables of these. Without rtol and atol they go by the dtype: 1.3e-6 and 1e-5 for float32, 1e-7 and 1e-7 for "
    .. "float64, 0 for whole numbers. The text tells how many elements differ and the greatest differences with their "
    .. "positions; msg replaces it (a text, or a function of it)."},
  -- made of other operations (tensor/pieces.lua, tensor/slices.lua)
  {"tensor.tensordot(a, b, dims)",
    "Sums of products over dimensions: the last dims of a with the first dims of b (default 2), or those "
    .. "of two lists, dims = {{...}, {...}}.",
    "tensor.tensordot(tensor{{1, 2}, {3, 4}}, tensor{1, 1}, 1)\n--> {3, 7}"},
  {"tensor.atleast_1d(...)",
    "Tensors with at least one dimension.",
    "tensor.atleast_1d(tensor(3))\n--> {3}"},
  {"tensor.atleast_2d(...)",
    "Tensors with at least two dimensions: [n] becomes [1, n].",
    "tensor.atleast_2d(tensor{1, 2})\n--> {{1, 2}}"},
  {"tensor.atleast_3d(...)",
    "Tensors with at least three dimensions: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1].",
    "tensor.atleast_3d(tensor{1, 2}).shape\n--> {1, 2, 1}"},
  {"tensor.broadcast_tensors(...)",
    "The tensors, expanded to their common shape.",
    "tensor.broadcast_tensors(tensor{1, 2}, tensor{{3}})\n--> {{1, 2}}\t{{3, 3}}"},
  {"tensor.broadcast_shapes(...)",
    "The shape that tensors of these shapes broadcast to.",
    "tensor.broadcast_shapes({2, 1}, {3})\n--> {2, 3}"},
  {"tensor.column_stack(tensors)",
    "Joins tensors along the second dimension; vectors are taken as columns.",
    "tensor.column_stack({tensor{1, 2}, tensor{3, 4}})\n--> {{1, 3}, {2, 4}}"},
  {"tensor.dstack(tensors)",
    "Joins tensors along the third dimension, see atleast_3d.",
    "tensor.dstack({tensor{1, 2}, tensor{3, 4}})\n--> {{{1, 3}, {2, 4}}}"},
  {"tensor.hsplit(x, sections)",
    "Cuts along the second dimension (a vector: along its only one) into so many equal parts, or after "
    .. "so many columns each number of a list says.",
    "tensor.hsplit(tensor{1, 2, 3, 4}, 2)\n--> {1, 2}\t{3, 4}"},
  {"x:hsplit(sections)",
    "See tensor.hsplit.",
    "tensor{1, 2, 3}:hsplit({1})\n--> {1}\t{2, 3}"},
  {"tensor.vsplit(x, sections)",
    "Cuts along the first dimension, see hsplit.",
    "tensor.vsplit(tensor{{1}, {2}}, 2)\n--> {{1}}\t{{2}}"},
  {"x:vsplit(sections)",
    "See tensor.vsplit.",
    "tensor{{1}, {2}}:vsplit(2)\n--> {{1}}\t{{2}}"},
  {"tensor.dsplit(x, sections)",
    "Cuts along the third dimension, see hsplit.",
    "tensor.dsplit(tensor{{{1, 2}}}, 2)\n--> {{{1}}}\t{{{2}}}"},
  {"x:dsplit(sections)",
    "See tensor.dsplit.",
    "tensor{{{1, 2}}}:dsplit(2)\n--> {{{1}}}\t{{{2}}}"},
  {"tensor.split_with_sizes(x, sizes, dim)",
    "Parts of these sizes along a dimension (default 1).",
    "tensor.split_with_sizes(tensor{1, 2, 3}, {1, 2})\n--> {1}\t{2, 3}"},
  {"x:split_with_sizes(sizes, dim)",
    "See tensor.split_with_sizes.",
    "tensor{1, 2, 3}:split_with_sizes({1, 2})\n--> {1}\t{2, 3}"},
  {"tensor.block_diag(...)",
    "A matrix with the given ones along its diagonal and zeros elsewhere.",
    "tensor.block_diag(tensor{{1, 2}}, tensor(3))\n--> {{1, 2, 0}, {0, 0, 3}}"},
  {"tensor.cartesian_prod(...)",
    "All combinations of the elements of vectors, one a row.",
    "tensor.cartesian_prod(tensor{1, 2}, tensor{3, 4})\n--> {{1, 3}, {1, 4}, {2, 3}, {2, 4}}"},
  {"tensor.combinations(x, {r = 2, with_replacement = false})",
    "All choices of r elements of a vector, one a row.",
    "tensor.combinations(tensor{1, 2, 3})\n--> {{1, 2}, {1, 3}, {2, 3}}"},
  {"tensor.vander(x, {N = nil, increasing = false})",
    "Powers of the elements of a vector, one row each: x^(N-1) to x^0, N as many as there are elements "
    .. "unless given.",
    "tensor.vander(tensor{2, 3})\n--> {{2, 1}, {3, 1}}"},
  {"tensor.linalg.vander(x, {N = nil})",
    "Powers x^0 to x^(N-1) of the elements along a new last dimension.",
    "tensor.linalg.vander(tensor{2, 3}, {N = 3})\n--> {{1, 2, 4}, {1, 3, 9}}"},
  {"tensor.diagflat(x, offset)",
    "A matrix with all elements of x on its diagonal.",
    "tensor.diagflat(tensor{1, 2})\n--> {{1, 0}, {0, 2}}"},
  {"x:diagflat(offset)",
    "See tensor.diagflat.",
    "tensor{1, 2}:diagflat()\n--> {{1, 0}, {0, 2}}"},
  {"tensor.tril_indices(row, col, {offset = 0})",
    "The positions of the lower triangle of a row by col matrix: rows and columns, from 1.",
    "tensor.tril_indices(2, 2)\n--> {{1, 2, 2}, {1, 1, 2}}"},
  {"tensor.triu_indices(row, col, {offset = 0})",
    "The positions of the upper triangle of a row by col matrix: rows and columns, from 1.",
    "tensor.triu_indices(2, 2)\n--> {{1, 1, 2}, {1, 2, 2}}"},
  {"tensor.unravel_index(index, shape)",
    "Positions in a flattened tensor, from 1, as positions in each dimension of a shape.",
    "tensor.unravel_index(tensor{4}, {2, 3})\n--> {2}\t{1}"},
  {"tensor.select_scatter(x, src, dim, index)",
    "A copy of x with src at one position of a dimension.",
    "tensor.select_scatter(tensor.zeros(2, 2), tensor{1, 2}, 1, 2)\n--> {{0, 0}, {1, 2}}"},
  {"x:select_scatter(src, dim, index)",
    "See tensor.select_scatter.",
    "tensor.zeros(2, 2):select_scatter(tensor{1, 2}, 1, 2)\n--> {{0, 0}, {1, 2}}"},
  {"tensor.diagonal_scatter(x, src, offset, dim1, dim2)",
    "A copy of x with src on a diagonal.",
    "tensor.diagonal_scatter(tensor.zeros(2, 2), tensor{1, 2})\n--> {{1, 0}, {0, 2}}"},
  {"x:diagonal_scatter(src, offset, dim1, dim2)",
    "See tensor.diagonal_scatter.",
    "tensor.zeros(2, 2):diagonal_scatter(tensor{1, 2})\n--> {{1, 0}, {0, 2}}"},
  {"tensor.narrow_copy(x, dim, start, length)",
    "A copy of what x:narrow(dim, start, length) shows.",
    "tensor.narrow_copy(tensor{1, 2, 3}, 1, 2, 2)\n--> {2, 3}"},
  {"x:narrow_copy(dim, start, length)",
    "See tensor.narrow_copy.",
    "tensor{1, 2, 3}:narrow_copy(1, 2, 2)\n--> {2, 3}"},
  {"tensor.slice_scatter(x, src, dim, start, stop, step)",
    "A copy of x with src at the positions start to stop (both included) of a dimension, every step-th; without them "
    .. "at all.",
    "tensor.slice_scatter(tensor.zeros(4), tensor{1, 2}, 1, 2, 3)\n--> {0, 1, 2, 0}"},
  {"x:slice_scatter(src, dim, start, stop, step)",
    "See tensor.slice_scatter.",
    "tensor.zeros(4):slice_scatter(tensor{1, 2}, {start = 1, step = 2})\n--> {1, 0, 2, 0}"},
  {"tensor.index_reduce(x, dim, index, source, reduce, {include_self = true})",
    "A copy of x in which slice i of source is combined with slice index[i] of x, along a dimension, by \"prod\", "
    .. "\"mean\", \"amax\" or \"amin\"; include_self: whether what is there counts too.",
    "tensor.index_reduce(tensor{1, 1, 1}, 1, tensor{1, 3, 1}, tensor{2, 3, 4}, \"prod\")\n--> {8, 1, 3}"},
  {"x:index_reduce(dim, index, source, reduce, {include_self = true})",
    "See tensor.index_reduce.",
    "tensor{1, 9}:index_reduce(1, tensor{2}, tensor{5}, \"amin\")\n--> {1, 5}"},
  {"x:index_reduce_(dim, index, source, reduce, {include_self = true})",
    "index_reduce in place.",
    "tensor{1, 9}:index_reduce_(1, tensor{2}, tensor{5}, \"amin\")\n--> {1, 5}"},
  {"tensor.put(x, index, source, accumulate)",
    "put_ on a copy of x.",
    "tensor.put(tensor.zeros(3), tensor{2}, tensor{5})\n--> {0, 5, 0}"},
  {"x:put(index, source, accumulate)",
    "put_ on a copy of x.",
    "tensor.zeros(3):put(tensor{2}, tensor{5})\n--> {0, 5, 0}"},
  {"tensor.fill(x, value)",
    "A copy of x with value everywhere.",
    "tensor.fill(tensor{1, 2}, 7)\n--> {7, 7}"},
  {"tensor.gradient(x, {spacing = 1, dim = nil, edge_order = 1})",
    "Estimates of the derivatives of a function by its values x: central differences inside, forward and backward "
    .. "ones of edge_order 1 or 2 at the edges, for each dimension (or those of dim) one tensor. spacing: a "
    .. "distance, a list of distances or of tensors of coordinates, one for each dimension.",
    "tensor.gradient(tensor{1, 4, 9, 16})\n--> {3, 4, 6, 7}"},
  {"tensor.histogram(x, bins, {range = nil, weight = nil, density = false})",
    "How many elements (or how much weight) lie in each bin, and the bins' edges. bins: how many of equal width from "
    .. "range[1] to range[2] (by default the least and largest element), or a tensor of edges. The last bin has its "
    .. "right edge. density: divided by the total and the widths.",
    "tensor.histogram(tensor{1, 2, 1}, 4, {range = {0, 4}})\n--> {0, 2, 1, 0}\t{0, 1, 2, 3, 4}"},
  {"x:histogram(bins, {range = nil, weight = nil, density = false})",
    "See tensor.histogram.",
    "tensor{1, 2, 1}:histogram(tensor{0, 1.5, 3})\n--> {2, 1}\t{0, 1.5, 3}"},
  {"tensor.hann_window(window_length, {periodic = true, dtype = \"float32\"})",
    "A raised cosine: 0.5 - 0.5 cos(2 pi n / N), N = window_length (window_length - 1 unless periodic).",
    "tensor.hann_window(4)\n--> {0, 0.5, 1, 0.5}"},
  {"tensor.hamming_window(window_length, {periodic = true, alpha = 0.54, beta = 0.46, dtype = \"float32\"})",
    "alpha - beta cos(2 pi n / N), N = window_length (window_length - 1 unless periodic).",
    "tensor.hamming_window(3, {periodic = false})\n--> {0.08, 1, 0.08}"},
  {"tensor.blackman_window(window_length, {periodic = true, dtype = \"float32\"})",
    "0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N), N = window_length (window_length - 1 unless periodic).",
    "tensor.blackman_window(4):round({decimals = 2})\n--> {0, 0.34, 1, 0.34}"},
  {"tensor.bartlett_window(window_length, {periodic = true, dtype = \"float32\"})",
    "A triangle: 1 - |2 n / N - 1|, N = window_length (window_length - 1 unless periodic).",
    "tensor.bartlett_window(4)\n--> {0, 0.5, 1, 0.5}"},
  {"tensor.kaiser_window(window_length, {periodic = true, beta = 12, dtype = \"float32\"})",
    "I0(beta sqrt(1 - (2 n / N - 1)^2)) / I0(beta), N = window_length (window_length - 1 unless periodic).",
    "tensor.kaiser_window(3, {periodic = false, beta = 0})\n--> {1, 1, 1}"},
  {"x:fill_diagonal_(value)",
    "Writes a number to the diagonal of a matrix.",
    "tensor.zeros(2, 2):fill_diagonal_(1)\n--> {{1, 0}, {0, 1}}"},
  {"x:put_(index, source, accumulate)",
    "Writes the elements of source to positions, from 1, of x taken as one row; with accumulate adds "
    .. "them.",
    "tensor.zeros(2, 2):put_(tensor{2, 3}, tensor{5, 6})\n--> {{0, 5}, {6, 0}}"},
  {"x:hardshrink(lambd)", "See F.hardshrink.", "tensor{0.2, 2}:hardshrink()\n--> {0, 2}"},
  {"x:prelu(weight)", "See F.prelu.", "tensor{-2, 2}:prelu(tensor{0.5})\n--> {-1, 2}"},
  {"x:is_same_size(other)",
    "Whether the shapes are the same.",
    "tensor{1, 2}:is_same_size(tensor{3, 4})\n--> true"},
  {"x:new_tensor(values, options)",
    "A tensor of values with the dtype of x.",
    "tensor{1}:double():new_tensor({1, 2}).dtype\n--> float64"},
  {"x:new_empty(...)",
    "A tensor of these sizes with the dtype of x, filled with zeros.",
    "tensor{1}:new_empty(2).shape\n--> {2}"},
  {"tensor.unique_consecutive(x, {return_inverse = false, return_counts = false, dim = nil})",
    "The elements without those that are equal to the one before; with dim slices. With return_inverse "
    .. "also the position of each element among these, with return_counts how often each came.",
    "tensor.unique_consecutive(tensor{1, 1, 2, 1})\n--> {1, 2, 1}"},
  {"x:unique_consecutive(options)",
    "See tensor.unique_consecutive.",
    "tensor{1, 1, 2}:unique_consecutive({return_counts = true})\n--> {1, 2}\t{2, 1}"},
  -- random numbers
  {"tensor.manual_seed(seed)", "Starts the default stream of random numbers from a whole number."},
  {"tensor.seed()", "Starts the default stream from a seed that nobody knows before, and returns it."},
  {"tensor.initial_seed()", "The seed that the default stream started from."},
  {"tensor.get_rng_state()", "The state of the default stream as a uint8 tensor."},
  {"tensor.set_rng_state(state)", "Goes on from a state that get_rng_state gave."},
  {"tensor.Generator()", "A stream of random numbers of its own: g:manual_seed(n), g:seed(), g:initial_seed(), "
    .. "g:get_state(), g:set_state(s). Functions that draw take it as the option generator."},
  -- the machine
  {"nnlua.version", "The version, as text."},
  {"nnlua.threads(n)", "Sets how many threads compute; without an argument tells."},
  {"nnlua.vmap_loops()", "The names of the operations that tensor.vmap runs in a loop over the batch, and how many "
    .. "there are in all.", "local names, n = nnlua.vmap_loops()\nprint(#names <= n / 10)\n--> true"},
  {"nnlua.memory()", "Bytes of tensors in use, and the highest number so far."},
  {"nnlua.memory_limit(bytes)", "From now on an operation that would need more fails, after garbage was collected; 0 "
    .. "lifts the limit, without an argument it is told."},
  {"nnlua.profile(f, ...)", "Runs f(...) and returns a report of where its time went: print it, or read its fields. "
    .. "seconds is the whole, inside what was spent in operations; operations and lines (of your code) are lists, the "
    .. "dearest first, of {name, calls, seconds, backward_seconds, flops, bytes}. For a whole script: "
    .. "nnlua --profile script.lua.",
    "local report = nnlua.profile(function() return tensor.ones(3, 4):matmul(tensor.ones(4, 2)) end)\n"
    .. "for _, o in ipairs(report.operations) do if o.name == \"mm\" then print(o.calls, o.flops) end end\n"
    .. "--> 1\t48.0"},
  -- helpers of the prompt; their short names (who, time, ...) work there
  {"nnlua.who()", "Lists your variables, globals and the prompt's locals, with shapes and bytes.",
    "who_example = tensor.ones(3)\nnnlua.who()\nwho_example = nil\nprint(who_example)\n--> nil"},
  {"nnlua.time(f, ...)", "Calls f(...), prints how long it took and what it left in memory, returns what f returned. f "
    .. "may be Lua in a string: time \"x:matmul(y)\".",
    "local sum = nnlua.time(function(a, b) return a + b end, 40, 2)\nprint(sum)\n--> 42"},
  {"nnlua.bench(f, {seconds = 0.5})", "Calls f again and again for that long: a table of median, min, max (in seconds) "
    .. "and runs, which prints as a line. f may be Lua in a string.",
    "local r = nnlua.bench(function() end, {seconds = 0.01})\nprint(r.min <= r.median)\n--> true"},
  {"nnlua.run(path, ...)", "Runs a Lua file with arguments and returns what it returns. At the prompt its top-level "
    .. "locals stay, too.", "data.write_text(\"/tmp/nnlua-run.lua\", \"return 6 * ...\")\n"
    .. "print(nnlua.run(\"/tmp/nnlua-run.lua\", 7))\n--> 42"},
  {"nnlua.reload(name)", "Loads a module again after its file was changed; its table stays the same one, with the new "
    .. "fields.", "local rl = require \"nnlua.rl\"\nprint(nnlua.reload(\"nnlua.rl\") == rl)\n--> true"},
  {"nnlua.edit(path)", "Opens $VISUAL or $EDITOR on the last input and runs what was saved; with a path on that file.",
    "type(nnlua.edit)\n--> function"},
  {"nnlua.save_session(path)", "Writes what worked at the prompt as a script, with the seed of the random numbers.",
    "type(nnlua.save_session)\n--> function"},
  {"nnlua.up(n)", "After an error: goes to the caller of the failing frame at hand.",
    "type(nnlua.up)\n--> function"},
  {"nnlua.down(n)", "After an error: goes back towards the place where it happened.",
    "type(nnlua.down)\n--> function"},
  {"nnlua.locals()", "After an error: the variables of the failing frame at hand, as a table. Their names also work "
    .. "alone, until a line is run that doesn't ask for them.",
    "type(nnlua.locals)\n--> function"},
  {"nnlua.exit()", "Ends the session (so does Ctrl-D), or the script.",
    "print(type(nnlua.exit) ~= \"nil\")\n--> true"},
  {"nnlua.quit()", "The same as exit.", "print(type(nnlua.quit) ~= \"nil\")\n--> true"},
  {"nnlua.clock()", "Wall time in seconds, as a float."},
  {"nnlua.machine()", "A table: cores, kernels (the instruction set in use), blas (what computes large products)."},
  {"nnlua.catch_interrupt(f, ...)", "Calls f(...); returns true when Ctrl-C ended it, else false and what f returned. "
    .. "For library code that has to keep something."},
}
