-- Colours: of series, of values (colour maps), and as a terminal takes them. A colour is {red, green, blue}, 0 to 255.

local colors = {}

--- Colours of series: told apart on light and dark grounds, by most who see some colours less well, too.
colors.series = {
  {66, 133, 244}, {234, 88, 50}, {46, 164, 79}, {171, 71, 188}, {230, 159, 0}, {0, 172, 193}, {240, 98, 146},
  {141, 110, 99}, {120, 144, 156}, {158, 157, 36},
}

--- The colour of series i.
function colors.of(i) return colors.series[(i - 1) % #colors.series + 1] end

local maps = {
  viridis = {{68, 1, 84}, {71, 44, 122}, {59, 81, 139}, {44, 113, 142}, {33, 144, 141}, {39, 173, 129}, {92, 200, 99},
    {170, 220, 50}, {253, 231, 37}},
  grey = {{0, 0, 0}, {255, 255, 255}},
  blues = {{247, 251, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}},
  coolwarm = {{59, 76, 192}, {141, 176, 254}, {221, 221, 221}, {244, 152, 122}, {180, 4, 38}},
}
maps.gray = maps.grey

--- Names of the colour maps.
colors.maps = {"blues", "coolwarm", "grey", "viridis"}

--- The colour of a value from 0 to 1 in a map; NaN is grey.
function colors.at(name, v)
  local stops = maps[name]
  if v ~= v then return {128, 128, 128} end
  local place = math.min(math.max(v, 0), 1) * (#stops - 1)
  local i = math.min(math.floor(place), #stops - 2)
  local a, b, t = stops[i + 1], stops[i + 2], place - i
  return {math.floor(a[1] + (b[1] - a[1]) * t + 0.5), math.floor(a[2] + (b[2] - a[2]) * t + 0.5),
    math.floor(a[3] + (b[3] - a[3]) * t + 0.5)}
end

--- Black or white, whichever can be read on a colour.
function colors.on(c)
  return 0.299 * c[1] + 0.587 * c[2] + 0.114 * c[3] > 140 and {0, 0, 0} or {255, 255, 255}
end

local function level(v) return v < 48 and 0 or v < 115 and 1 or (v - 35) // 40 end

--- The number of the nearest of a terminal's 256 colours.
function colors.of_256(c)
  local r, g, b = c[1], c[2], c[3]
  if math.max(r, g, b) - math.min(r, g, b) < 12 then
    local grey = ((r + g + b) / 3 - 8) / 10
    if grey < -0.4 then return 16 end
    if grey > 23.5 then return 231 end
    return 232 + math.max(0, math.min(23, math.floor(grey + 0.5)))
  end
  return 16 + 36 * level(r) + 6 * level(g) + level(b)
end

--- "#4285f4"
function colors.hex(c) return ("#%02x%02x%02x"):format(c[1], c[2], c[3]) end

return colors
