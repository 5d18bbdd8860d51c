-- Health of a MeiliSnapshotSchedule: Healthy while it follows the clock or is suspended, which is what was asked for; Degraded when nothing will run until
-- its spec is changed, or the API server refuses what it needs. A snapshot that fails is no reason to fail a sync: the message says so, and an alert fires.
-- Never Suspended: a sync wave behind it would hang.
local health = { status = "Progressing", message = "The operator has not looked at it yet" }
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health
end
local found = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  found[condition.type] = condition
end
local function is(name, value)
  return found[name] ~= nil and found[name].status == value
end
if found["Ready"] ~= nil then
  health.message = found["Ready"].message
end
if is("Reconciling", "True") then
  health.message = found["Reconciling"].message
elseif is("Stalled", "True") then
  health.status = "Degraded"
  health.message = found["Stalled"].message
elseif is("Ready", "True") then
  health.status = "Healthy"
  if is("RetentionHeld", "True") then
    health.message = found["RetentionHeld"].message
  elseif is("Overdue", "True") then
    health.message = found["Overdue"].message
  elseif is("LastSnapshotSucceeded", "False") then
    health.message = found["LastSnapshotSucceeded"].message
  end
end
return health
