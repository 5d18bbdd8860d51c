-- Health of a MeiliInstance: Healthy when the server is ready and as spec asks (suspended, too: that is what was asked for),
-- Degraded when it does not go on by itself, Progressing until then. Never Suspended: a sync wave behind it would hang.
local health = { status = "Progressing", message = "The operator has not looked at it yet" }
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health
end
local found = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  found[condition.type] = condition
end
local function is(name)
  return found[name] ~= nil and found[name].status == "True"
end
if found["Ready"] ~= nil then
  health.message = found["Ready"].message
end
if is("Reconciling") then
  health.message = found["Reconciling"].message
elseif is("Stalled") then
  health.status = "Degraded"
  health.message = found["Stalled"].message
elseif is("Ready") then
  health.status = "Healthy"
end
return health
