-- data.fetch: files from the network, kept on disk. Downloads are made by curl or wget, whichever is there.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local path_of = require "nnlua.data.path"
local signature = require "nnlua.signature"

local bytes = core.bytes

local function quoted(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local function has(program) return os.execute("command -v " .. program .. " >/dev/null 2>&1") == true end

--- The folder where fetched files are kept: $NNLUA_CACHE, else nnlua in $XDG_CACHE_HOME or ~/.cache.
local function cache()
  local own = os.getenv("NNLUA_CACHE")
  if own and own ~= "" then return own end
  local base = os.getenv("XDG_CACHE_HOME")
  if not base or base == "" then base = (os.getenv("HOME") or ".") .. "/.cache" end
  return base .. "/nnlua"
end

-- Makes a folder with those above it.
local function make_folders(path)
  local at = path:sub(1, 1) == "/" and "" or nil
  for part in path:gmatch("[^/]+") do
    at = at and at .. "/" .. part or part
    if not path_of.exists(at) then bytes.make_folder("data.fetch", at) end
  end
end

-- Runs a command; returns true, or false, the last line that it wrote to its standard error, and its exit status.
local function run(command)
  local pipe = io.popen(command .. " 2>&1 >/dev/null")
  local text = pipe:read("a")
  local ok, _, status = pipe:close()
  return ok == true, (text:gsub("%s+$", ""):gsub("^.*\n", "")), status
end

-- What curl's exit status says when a download cannot go on in the middle: an HTTP error (the part is whole or too
-- long), no ranges, a bad place to go on.
local not_in_the_middle = {[22] = true, [33] = true, [36] = true}

-- Continues part from where it ends, or begins it. Quiet; gives up when nothing comes for 30 s.
local function download(url, part)
  if has("curl") then
    local base = "curl --fail --location --silent --show-error --connect-timeout 20 --speed-limit 1 --speed-time 30 "
    local target = ("--output %s -- %s"):format(quoted(part), quoted(url))
    if path_of.exists(part) then
      local ok, text, status = run(base .. "--continue-at - " .. target)
      if ok or not not_in_the_middle[status] then return ok, text end
      os.remove(part) -- the server can't go on in the middle, or has another file now
    end
    return run(base .. target)
  elseif has("wget") then
    local ok, text = run(("wget --no-verbose --continue --tries=2 --timeout=30 --output-document=%s -- %s"):format(
      quoted(part), quoted(url)))
    return ok, text ~= "" and text or "wget failed"
  end
  return false, "neither curl nor wget is installed"
end

local fetch_options = signature("data.fetch", "sha256:string?, path:string?, root:string?")

local function check_sum(path, sum) return not sum or bytes.sha256("data.fetch", path) == sum:lower() end

-- Loads the file to part. What an earlier download left there goes on only where a checksum tells that it belongs to
-- this file; when it does not, the file is loaded from its beginning.
local function load_to(url, part, path, sum)
  if not sum then os.remove(part) end
  local continued = path_of.exists(part)
  local ok, message = download(url, part)
  if not ok then
    fail.raise("data.fetch: cannot load %s: %s. Without a network, put the file at %s", url, message, path)
  end
  if not path_of.exists(part) then bytes.write_file("data.fetch", part, "") end
  if check_sum(part, sum) then return end
  local got = bytes.sha256("data.fetch", part)
  os.remove(part)
  if continued then return load_to(url, part, path, sum) end
  fail.raise("data.fetch: what came from %s has the checksum %s, expected %s", url, got, sum:lower())
end

--- Downloads a file once and returns its path: data.fetch("https://example.org/a.csv", {sha256 = "..."}). A file that
-- is there already, with the right checksum, is not loaded again; a download with a checksum that was cut off goes on
-- where it stopped. Options: sha256 (64 hexadecimal digits), path (where to keep it), root (the folder, default the
-- cache: $NNLUA_CACHE or ~/.cache/nnlua). Needs curl or wget.
--     data.write_text("/tmp/nnlua-example.txt", "hello")
--     local path = data.fetch("file:///tmp/nnlua-example.txt", {path = "/tmp/nnlua-example-2.txt"})
--     data.read_text(path)
--     --> hello
local function fetch(url, options)
  local o = fetch_options(options)
  if type(url) ~= "string" or not url:find("^%a[%w+.-]*://[^%c%s]+$") then
    fail.raise("data.fetch: expected an address such as https://example.org/a.csv, got %s", fail.show(url))
  end
  if o.sha256 and not o.sha256:find("^%x+$") or o.sha256 and #o.sha256 ~= 64 then
    fail.raise("data.fetch: sha256 must be 64 hexadecimal digits, got %s", fail.show(o.sha256))
  end
  local name = url:match("([^/?#]+)[?#]?[^/]*$")
  local path = o.path or (o.root or cache()) .. "/" .. (name or "file")
  path_of.check("data.fetch", path)
  if path_of.exists(path) then
    if check_sum(path, o.sha256) then return path end
    if o.path then
      fail.raise("data.fetch: '%s' is there, but its checksum is %s, not %s; remove it to load it anew", path,
        bytes.sha256("data.fetch", path), o.sha256:lower())
    end
  end
  local folder = path:match("^(.*)/[^/]*$")
  if folder and folder ~= "" then make_folders(folder) end
  load_to(url, path .. ".part", path, o.sha256)
  local renamed, text = os.rename(path .. ".part", path)
  if not renamed then fail.raise("data.fetch: cannot write '%s': %s", path, text) end
  return path
end

return {fetch = fetch, cache = cache}
