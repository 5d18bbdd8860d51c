-- Health of a MeiliSnapshot: Healthy when it is stored and verified, Degraded when it has failed for good, Progressing until then.
-- Never Suspended: a sync hook that is Suspended hangs.
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
elseif is("Complete") then
  health.status = "Healthy"
end
return health
