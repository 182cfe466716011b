-- Axes: ranges, places for ticks at round numbers, their texts. Knows nothing of how plots are drawn.

local axis = {}

local function finite(v) return v == v and v ~= math.huge and v ~= -math.huge end

--- Lowest and highest finite number in lists of numbers (positive ones only when `log`); nil when there is none.
function axis.range(lists, log)
  local low, high = math.huge, -math.huge
  for _, list in ipairs(lists) do
    for i = 1, #list do
      local v = list[i]
      if finite(v) and (not log or v > 0) then
        if v < low then low = v end
        if v > high then high = v end
      end
    end
  end
  if low > high then return nil end
  return low, high
end

-- The round number (1, 2 or 5 times a power of ten) next to a step.
local function round_step(step)
  local power = 10 ^ math.floor(math.log(step, 10))
  local m = step / power
  return (m < 1.5 and 1 or m < 3.5 and 2 or m < 7.5 and 5 or 10) * power
end

-- Digits after the point that tell multiples of a step apart.
local function digits_of(step)
  return math.max(0, -math.floor(math.log(step, 10) + 1e-9))
end

--- A number for people: few digits, no trailing zeros.
function axis.number(v)
  if v ~= v then return "nan" end
  if v == math.huge or v == -math.huge then return v > 0 and "inf" or "-inf" end
  if v == 0 then return "0" end
  if math.type(v) == "integer" and math.abs(v) < 1e7 then return ("%d"):format(v) end
  local text = ("%.4g"):format(v)
  if text:find("e", 1, true) then
    local mantissa, sign, exponent = text:match("^(.-)e([+-])0*(%d+)$")
    return ("%se%s%s"):format(mantissa, sign == "-" and "-" or "", exponent)
  end
  return text
end

local function log_ticks(low, high, count)
  local first, last = math.ceil(math.log(low, 10) - 1e-9), math.floor(math.log(high, 10) + 1e-9)
  local ticks = {}
  if last - first >= 1 then
    local step = math.max(1, math.ceil((last - first + 1) / math.max(count, 1)))
    for k = first, last, step do ticks[#ticks + 1] = {10.0 ^ k, axis.number(10.0 ^ k)} end
    return ticks
  end
  for k = first - 1, last + 1 do
    for _, m in ipairs {1, 2, 5} do
      local v = m * 10.0 ^ k
      if v >= low * (1 - 1e-9) and v <= high * (1 + 1e-9) then ticks[#ticks + 1] = {v, axis.number(v)} end
    end
  end
  return ticks
end

local function linear_ticks(low, high, count, whole)
  local step = round_step((high - low) / math.max(count, 1))
  if whole and step < 1 then step = 1 end
  local ticks, digits = {}, digits_of(step)
  local largest = math.max(math.abs(low), math.abs(high))
  for k = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) do
    local v = k * step
    local text
    if largest >= 1e6 or largest < 1e-4 then
      text = axis.number(v + 0.0)
    else
      text = ("%." .. digits .. "f"):format(v == 0 and 0 or v)
    end
    ticks[#ticks + 1] = {v, text}
  end
  return ticks
end

--- Ticks of an axis, about `count`: a list of {value, text}. An axis with names has them at 1, 2, ...
function axis.ticks(a, count)
  if a.names then
    local ticks, every = {}, math.ceil(#a.names / math.max(count, 1))
    for i = 1, #a.names, every do ticks[#ticks + 1] = {i, a.names[i]} end
    return ticks
  end
  if a.log then
    local ticks = log_ticks(a.low, a.high, count)
    if #ticks >= 3 or a.high / a.low > 20 then return ticks end
  end
  return linear_ticks(a.low, a.high, count, a.whole)
end

--- Where a value lies on an axis: 0 at its low end, 1 at its high end.
function axis.place(a, v)
  if a.log then
    if v <= 0 then return 0 / 0 end
    return (math.log(v) - math.log(a.low)) / (math.log(a.high) - math.log(a.low))
  end
  return (v - a.low) / (a.high - a.low)
end

--- An axis over lists of numbers. Options: log, limits {low, high}, zero (0 belongs to it), pad (share of the range
-- that is added at both ends), whole (counts: ticks at whole numbers).
function axis.new(lists, options)
  local low, high = axis.range(lists, options.log)
  if not low then low, high = options.log and 0.1 or 0, 1 end
  if options.zero and not options.log then low, high = math.min(low, 0), math.max(high, 0) end
  if high - low <= 1e-9 * math.max(math.abs(low), math.abs(high)) then -- the same, or told apart by rounding only
    local half = options.log and 0 or (low == 0 and 1 or math.abs(low) * 0.1)
    if options.log then low, high = low / 2, high * 2 else low, high = low - half, high + half end
  elseif options.pad then
    if options.log then
      local by = (high / low) ^ options.pad
      low, high = low / by, high * by
    else
      local by = (high - low) * options.pad
      if not (options.zero and low == 0) then low = low - by end
      if not (options.zero and high == 0) then high = high + by end
    end
  end
  local limits = options.limits
  if limits then low, high = limits[1] or low, limits[2] or high end
  return {low = low + 0.0, high = high + 0.0, log = options.log, whole = options.whole, names = options.names}
end

axis.finite = finite

return axis
