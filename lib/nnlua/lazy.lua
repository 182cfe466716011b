-- Parts of the library that are loaded when somebody looks at them, so that a start costs what it uses. Knows no part.

local lazy = {}

--- Loads what a table stands for, if it stands for something: for those who look into tables by `next` or `rawget`.
function lazy.load(t)
  local meta = type(t) == "table" and getmetatable(t)
  local load = type(meta) == "table" and rawget(meta, "__load")
  if load then load() end
end

-- Everything of the module's own table moves to the one that stood for it; whoever holds the former reaches the latter.
local function move(real, t)
  for key, value in next, real do rawset(t, key, value) end
  setmetatable(t, getmetatable(real))
  for key in next, real do real[key] = nil end
  setmetatable(real, {__index = t, __newindex = t, __pairs = function() return pairs(t) end})
end

--- A table that becomes module `name` at the first look: reading or setting a field, pairs, #, a call, tostring.
function lazy.part(name)
  local t, meta = {}, {}
  local function load()
    if getmetatable(t) ~= meta then return end
    setmetatable(t, nil)
    package.loaded[name] = nil
    local ok, real = pcall(require, name)
    package.loaded[name] = t
    if ok then
      move(real, t)
    else
      setmetatable(t, meta)
      error(real, 0)
    end
  end
  meta.__load = load
  function meta.__index(_, key) load() return t[key] end
  function meta.__newindex(_, key, value) load() t[key] = value end
  function meta.__pairs() load() return pairs(t) end
  function meta.__len() load() return #t end
  function meta.__call(_, ...) load() return t(...) end
  function meta.__tostring() load() return tostring(t) end
  setmetatable(t, meta)
  package.loaded[name] = t
  return t
end

--- Fields that modules add to tables: open() loads the modules when a field of one of the tables isn't there, when one
-- is new, and before pairs.
function lazy.fields(tables, open)
  local metas, own = {}, {}
  local function load()
    if not metas[1] then return end
    local waiting = metas
    metas = {}
    for i, t in ipairs(tables) do setmetatable(t, own[i]) end
    local ok, problem = pcall(open)
    if not ok then
      metas = waiting
      for i, t in ipairs(tables) do setmetatable(t, waiting[i]) end
      error(problem, 0)
    end
  end
  for i, t in ipairs(tables) do
    own[i] = getmetatable(t)
    local meta = {}
    for key, value in next, own[i] or {} do meta[key] = value end
    meta.__load = load
    function meta.__index(_, key) load() return t[key] end
    function meta.__newindex(_, key, value) load() t[key] = value end
    function meta.__pairs() load() return next, t end
    metas[i] = meta
    setmetatable(t, meta)
  end
end

return lazy
