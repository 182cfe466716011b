local ask = {}
function ask.run() return false end
return ask
