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
  {"nnlua.clock()", "Wall time in seconds, as a float."},
  {"nnlua.machine()", "A table: cores, kernels (the instruction set in use), blas (what computes large products)."},
  {"nnlua.catch_interrupt(f, ...)", "Calls f(...); returns true when Ctrl-C ended it, else false and what f returned. "
    .. "For library code that has to keep something."},
}
