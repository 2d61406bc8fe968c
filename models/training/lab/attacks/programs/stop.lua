-- Stops wrk after as many answers as its first argument says.
local left

function init(args)
  left = tonumber(args[1])
end

function response()
  left = left - 1
  if left <= 0 then wrk.thread:stop() end
end
