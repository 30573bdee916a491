-- How is an object of one of Andon's four kinds? The same rules as kstatus, which Flux and kubectl follow; a suspended
-- object is no failure here, since Argo CD has a word for it.
local said = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    said[condition.type] = condition
  end
end

local function holds(name)
  return said[name] ~= nil and said[name].status == "True"
end

local function health(status, condition)
  return { status = status, message = condition.reason .. ": " .. (condition.message or "") }
end

if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation or said.Ready == nil then
  return { status = "Progressing", message = "Andon has not looked at this version of the spec yet." }
end
if said.Ready.reason == "Suspended" then
  return health("Suspended", said.Ready)
end
if holds("Stalled") then
  return health("Degraded", said.Stalled)
end
if holds("Reconciling") then
  return health("Progressing", said.Reconciling)
end
if holds("Ready") then
  return health("Healthy", said.Ready)
end
return health("Progressing", said.Ready)
