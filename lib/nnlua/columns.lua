-- Names in columns, going down, each column as wide as its longest name. Knows nothing of colours.

local columns = {}

local GAP = 2

-- Widths of the columns when there are `height` lines; nil when they don't fit.
local function widths_for(widths, height, width)
  local list, sum = {}, -GAP
  for first = 1, #widths, height do
    local w = 0
    for i = first, math.min(first + height - 1, #widths) do w = math.max(w, widths[i]) end
    list[#list + 1], sum = w, sum + w + GAP
    if sum > width and #list > 1 then return nil end
  end
  return list
end

--- Lines with the names in columns, no wider than width. width_of(name) is how many cells a name takes (default: its
-- bytes).
function columns.lines(names, width, width_of)
  local widths, total = {}, 0
  for i, name in ipairs(names) do
    widths[i] = width_of and width_of(name) or #name
    total = total + widths[i] + GAP
  end
  for height = math.max(total // (width + GAP), 1), math.max(#names, 1) do
    local list = widths_for(widths, height, width)
    if list then
      local lines = {}
      for row = 1, math.min(height, #names) do
        local parts = {}
        for column, w in ipairs(list) do
          local i = (column - 1) * height + row
          if names[i] then parts[#parts + 1] = names[i] .. (" "):rep(w - widths[i]) end
        end
        lines[row] = table.concat(parts, (" "):rep(GAP)):gsub("%s+$", "")
      end
      return lines
    end
  end
end

return columns
