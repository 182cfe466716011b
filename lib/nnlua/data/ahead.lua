-- Batches made ahead: while a batch is prepared for later, what moves its numbers becomes a step of a work that threads
-- do in the background; tensors are there at once, their data when the work is done. Knows nothing of loaders.

local core = require "nnlua.core"

local feed, files = core.feed, core.files

local ahead = {}

-- The batch under way: the work that takes its steps, and what is to be done when that is over.
local work, after

--- Prepares a batch: calls f(...) with steps going to the work w. Returns what is to be called when w is done (or nil),
-- and f's results.
function ahead.within(w, f, ...)
  work, after = w, nil
  local results = table.pack(core.finally(function() work = nil end, f, ...))
  return after, table.unpack(results, 1, results.n)
end

--- The work of the batch under way, nil when things are done at once.
function ahead.work() return work end

--- Inside of a work: f(), called when it is done, gives the batch.
function ahead.when_done(f) after = f end

--- Rows of a tensor: core.files.batch.
function ahead.batch(...)
  if work then return feed.batch(work, ...) end
  return files.batch(...)
end

--- The functions of core.feed that take a work or nil.
function ahead.warp(...) return feed.warp(work, ...) end
function ahead.normalize(...) return feed.normalize(work, ...) end
function ahead.floats(...) return feed.floats(work, ...) end
function ahead.erase(...) return feed.erase(work, ...) end

local function add_parts(list, t)
  local class = getmetatable(t)
  if type(class) == "table" and class.__name == "Compose" and type(t.transforms) == "table" then
    for _, part in ipairs(t.transforms) do add_parts(list, part) end
  else
    list[#list + 1] = t
  end
  return list
end

--- A transform as a list: the parts of Compose, and of those in it, one after the other.
function ahead.parts(t) return add_parts({}, t) end

--- Whether a transform can be a step of a work for pictures x. One with a generator of its own draws when its batch is
-- due.
function ahead.able(t, x)
  local class = getmetatable(t)
  local able = type(class) == "table" and rawget(class, "ahead")
  return able and not rawget(t, "generator") and core.tensor.is_tensor(x) and able(t, x)
end

return ahead
