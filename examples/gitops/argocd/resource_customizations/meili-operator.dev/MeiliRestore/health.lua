-- Health of a MeiliRestore: Healthy when the data is back, when a DryRun has its plan, and when it was rolled back because somebody asked for that;
-- Degraded when it has failed or went back by itself, Progressing until then. Never Suspended: a sync hook that is Suspended hangs.
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
elseif is("Stalled") or is("Failed") then
  health.status = "Degraded"
elseif is("Ready") then
  health.status = "Healthy"
end
return health
