--- Input values from a formula: an integer hash of (seed, flat index), mapped to dyadic rationals.
-- formula.py computes the same numbers, so that fixtures hold outputs only. Every value is exact in
-- float32 and float64. Knows nothing about tensors, operations or files.
local formula = {}

local MASK <const> = 0xFFFFFFFF
local SPECIAL <const> = {
  0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.5, math.huge, -math.huge, 0 / 0, 2.0 ^ 100, -2.0 ^ -100, 3.5, 1.5,
}

local crc_table = {}
for byte = 0, 255 do
  local c = byte
  for _ = 1, 8 do c = (c & 1) == 1 and (0xEDB88320 ~ (c >> 1)) or (c >> 1) end
  crc_table[byte] = c
end

--- The seed that belongs to a name: its CRC-32 without the top bit.
function formula.seed_of(name)
  local c = MASK
  for k = 1, #name do c = crc_table[(c ~ name:byte(k)) & 0xFF] ~ (c >> 8) end
  return (c ~ MASK) & 0x7FFFFFFF
end

--- 32 well mixed bits of (seed, i); products wrap modulo 2^64, which leaves the low 32 bits right.
local function mix(seed, i)
  local x = (seed * 0x9E3779B1 + i * 0x85EBCA6B + 0x12345) & MASK
  x = x ~ (x >> 15)
  x = (x * 0x2C1B3C6D) & MASK
  x = x ~ (x >> 12)
  x = (x * 0x297A2D39) & MASK
  return x ~ (x >> 15)
end
formula.mix = mix

local function gcd(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

--- A step that visits every residue of n once.
local function coprime_step(seed, n)
  local step = mix(seed, 0) % n + 1
  while gcd(step, n) ~= 1 do step = step + 1 end
  return step
end

--- Domains: functions of seed, flat index (from 0) and bound.
formula.domains = {
  any = function(s, i) return (mix(s, i) % 4096 - 2048) / 1024 end,
  wide = function(s, i) return (mix(s, i) % 4096 - 2048) / 256 end,
  small = function(s, i) return (mix(s, i) % 4096 - 2048) / 8192 end,
  positive = function(s, i) return (mix(s, i) % 4096 + 1) / 1024 end,
  variance = function(s, i) return (mix(s, i) % 1024 + 512) / 1024 end,
  above1 = function(s, i) return (mix(s, i) % 4096 + 1088) / 1024 end,
  unit = function(s, i) return (mix(s, i) % 1801 - 900) / 1024 end,
  prob = function(s, i) return (mix(s, i) % 960 + 32) / 1024 end,
  away = function(s, i) return (mix(s, i) // 2 % 2048 + 256) / 1024 * (1 - 2 * (mix(s, i) % 2)) end,
  distinct = function(s, i) return ((s % 65536 + 1) * (i + 1) % 65537 - 32768) / 16384 end,
  int = function(s, i) return mix(s, i) % 19 - 9 end,
  nonzero = function(s, i) return (mix(s, i) // 2 % 9 + 1) * (1 - 2 * (mix(s, i) % 2)) end,
  posint = function(s, i) return mix(s, i) % 9 + 1 end,
  byte = function(s, i) return mix(s, i) % 256 end,
  bool = function(s, i) return mix(s, i) // 128 % 2 end,
  sign = function(s, i) return 1 - mix(s, i) // 128 % 2 * 2 end,
  seldom = function(s, i) return (s + i) % 5 == 0 and 1 or 0 end,
  zero = function() return 0 end,
  one = function() return 1 end,
  special = function(_, i) return SPECIAL[i % #SPECIAL + 1] end,
  shuffled = function(s, i, n) return (mix(s, 1) + i * coprime_step(s, n)) % n end,
  index = function(s, i, n) return mix(s, i) % n + 1 end,
  perm = function(s, i, n) return (mix(s, 1) + i * coprime_step(s, n)) % n + 1 end,
  negindex = function(s, i, n) return -1 - mix(s, i) % n end,
}

--- An array of `count` values of a domain; `n` bounds the index domains.
function formula.values(dom, seed, count, n)
  local f = formula.domains[dom] or error("unknown domain " .. tostring(dom))
  local out = {}
  for i = 1, count do out[i] = f(seed, i - 1, n) end
  return out
end

return formula
