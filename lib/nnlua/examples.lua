-- Examples of names whose comment in the source has none, by full name: Lua lines; a line "--> text" holds what the
-- line before prints. Data only; a test runs all of them.

return {
}
